"""Re-identification of individual animals in photographs.

    import reid

    reid.train(["photos.csv"], gallery="indexes/zebra")
    reid.enroll(["photos.csv"], gallery="indexes/zebra")
    report = reid.query(["new"], gallery="indexes/zebra")

Every command of the command line is a function here, with the same defaults and the same answer. Nothing heavy (torch,
faiss) is imported before it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reid.actions.calibrate import calibrate
    from reid.actions.demo import demo
    from reid.actions.enroll import enroll
    from reid.actions.evaluate import evaluate
    from reid.actions.export import export
    from reid.actions.gallery import gallery, individuals, photos
    from reid.actions.importing import import_photos
    from reid.actions.query import query
    from reid.actions.seasons import seasons
    from reid.actions.train import train
    from reid.errors import ReidError
    from reid.records import Decision, Match, Outcome, Photo, Sighting
    from reid.settings import ExportSettings, QuerySettings, TrainSettings
    from reid.store import Gallery

__version__ = "0.1.0"

_HOMES = {
    "calibrate": "reid.actions.calibrate",
    "demo": "reid.actions.demo",
    "enroll": "reid.actions.enroll",
    "evaluate": "reid.actions.evaluate",
    "export": "reid.actions.export",
    "gallery": "reid.actions.gallery",
    "import_photos": "reid.actions.importing",
    "individuals": "reid.actions.gallery",
    "photos": "reid.actions.gallery",
    "query": "reid.actions.query",
    "seasons": "reid.actions.seasons",
    "train": "reid.actions.train",
    "ReidError": "reid.errors",
    "Decision": "reid.records",
    "Match": "reid.records",
    "Outcome": "reid.records",
    "Photo": "reid.records",
    "Sighting": "reid.records",
    "ExportSettings": "reid.settings",
    "QuerySettings": "reid.settings",
    "TrainSettings": "reid.settings",
    "Gallery": "reid.store",
}

__all__ = [
    "Decision",
    "ExportSettings",
    "Gallery",
    "Match",
    "Outcome",
    "Photo",
    "QuerySettings",
    "ReidError",
    "Sighting",
    "TrainSettings",
    "__version__",
    "calibrate",
    "demo",
    "enroll",
    "evaluate",
    "export",
    "gallery",
    "import_photos",
    "individuals",
    "photos",
    "query",
    "seasons",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'reid' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
