"""Drawn photographs of animals with individual coats, so that demo, tests and docs need no real ones."""

from reid.synthetic.cards import DrawnStudy, write_study
from reid.synthetic.coats import coat_of
from reid.synthetic.scenes import LIGHTS, SPECIES, UNTRAINED_SPECIES, Scene, box_of_animal, draw_animal, draw_empty, draw_frame
from reid.synthetic.seasons import DrawnPhoto, draw_season, individual_name, write_photos
from reid.synthetic.study import Study, StudyPlan, plan_study

__all__ = [
    "LIGHTS",
    "SPECIES",
    "UNTRAINED_SPECIES",
    "DrawnPhoto",
    "DrawnStudy",
    "Scene",
    "Study",
    "StudyPlan",
    "box_of_animal",
    "coat_of",
    "draw_animal",
    "draw_empty",
    "draw_frame",
    "draw_season",
    "individual_name",
    "plan_study",
    "write_photos",
    "write_study",
]
