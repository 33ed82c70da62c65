"""Who may judge thresholds: the individuals that a net was not trained on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import torch

from reid.actions.training.calibrate import calibrate
from reid.actions.training.enrolled_pool import enrolled_pool
from reid.calibration.score_calibration import study
from reid.nets import net_files
from reid.records import Photo
from reid.store import Enrollment, Gallery
from tests.actions.training.vector_gallery import HELD, OLD, TAUGHT, card, items


def test_the_card_of_an_older_net_names_only_the_held_out_so_all_others_are_left_out(folder: Path) -> None:
    with Gallery.open(folder) as gallery:
        net = net_files.save(card({"held_out_individuals": HELD}), {"weight": torch.full((1,), 2.0)}, gallery.nets_folder)
        vectors = {int(number): vector for number, vector in zip(*gallery.vectors("zebra"), strict=True)}
        gallery.set_embedding_net("zebra", net.fingerprint, 16, calibration=None, vectors=vectors)
        gallery.enroll("zebra", net.fingerprint, items(["newcomer"], 3))
    one = calibrate(gallery=folder, species="zebra").species[0]
    assert (one.individuals, one.trained_on) == (8, ("newcomer", *TAUGHT))


def test_an_animal_enrolled_after_the_training_may_judge(folder: Path) -> None:
    with Gallery.open(folder) as gallery:
        fingerprint = gallery.embedding_net("zebra")
        assert fingerprint is not None
        gallery.enroll("zebra", fingerprint, items(["newcomer"], 3))
    one = calibrate(gallery=folder, species="zebra").species[0]
    assert (one.individuals, one.photos, one.trained_on) == (9, 36, tuple(TAUGHT))


def test_of_several_seasons_thresholds_are_learned_across_them(tmp_path: Path) -> None:
    """Coats change by the season: photos of one day are alike, those of the next year are what comes back."""
    rng = np.random.default_rng(3)
    taken = []
    for name in [f"z{at:02}" for at in range(24)]:
        centre = rng.standard_normal(16)
        for year in (2023, 2024):
            coat = centre + 0.6 * rng.standard_normal(16)
            for hour in range(3):
                vector = coat + 0.05 * rng.standard_normal(16)
                photo = Photo(Path(f"/p/{name}-{year}-{hour}.jpg"), "zebra", name, datetime(year, 5, 1, hour), camera="C1")
                unit = (vector / np.linalg.norm(vector)).astype(np.float32)
                taken.append(Enrollment(name, photo, f"{name}-{year}-{hour}".ljust(64, "0"), 640, 480, unit))
    place = tmp_path / "gallery"
    with Gallery.open(place, create=True) as gallery:
        net = net_files.save(card({"trained_individuals": []}), {"weight": torch.zeros(1)}, gallery.nets_folder)
        gallery.set_embedding_net("zebra", net.fingerprint, 16, calibration=OLD)
        gallery.enroll("zebra", net.fingerprint, taken)
        within = enrolled_pool(gallery, "zebra", net.fingerprint, {f"z{at:02}" for at in range(24)}).pool
    (found,) = calibrate(gallery=place).species
    sure = study(within, max_false_match=0.01)
    assert found.after is not None and sure is not None
    told, too_sure = (one.slope * 0.7 + one.intercept for one in (found.after, sure.calibration))
    assert told > too_sure  # a cosine of 0.7 may well be who came back, a year on
    assert found.after.false_new >= sure.calibration.false_new
