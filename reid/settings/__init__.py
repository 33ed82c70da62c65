"""Options of every verb: frozen dataclasses whose defaults are the only place a default is written.

Resolved once at the door: argument > REID_* environment variable > gallery.json > the default.
"""

from reid.settings.export import EXPORT_FORMATS, SAMPLING_DESIGNS, SIDE_RULES, CountSettings, ExportSettings
from reid.settings.intake import CHANGED, EnrollSettings, IntakeSettings, VideoSettings
from reid.settings.query import ENCOUNTER_MINUTES, FASTEST, QuerySettings
from reid.settings.resolving import DEFAULT_GALLERY, LOG_LIMIT, gallery_folder, pair, parse, parse_image_size, resolve, user_name
from reid.settings.search import SearchSettings
from reid.settings.training import DEVICES, LOSSES, PRECISIONS, STAGES, START_WEIGHTS, TrainSettings, check_train

__all__ = [
    "CHANGED",
    "DEFAULT_GALLERY",
    "DEVICES",
    "ENCOUNTER_MINUTES",
    "EXPORT_FORMATS",
    "FASTEST",
    "LOG_LIMIT",
    "LOSSES",
    "PRECISIONS",
    "SAMPLING_DESIGNS",
    "SIDE_RULES",
    "STAGES",
    "START_WEIGHTS",
    "CountSettings",
    "EnrollSettings",
    "ExportSettings",
    "IntakeSettings",
    "QuerySettings",
    "SearchSettings",
    "TrainSettings",
    "VideoSettings",
    "check_train",
    "gallery_folder",
    "pair",
    "parse",
    "parse_image_size",
    "resolve",
    "user_name",
]
