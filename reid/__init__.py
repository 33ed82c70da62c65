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
    from reid.actions.backup import backup
    from reid.actions.calibrate import calibrate
    from reid.actions.camps import bundle, merge_galleries, unbundle
    from reid.actions.counting import count
    from reid.actions.demo import demo
    from reid.actions.discover import discover
    from reid.actions.doctor import doctor
    from reid.actions.enroll import enroll
    from reid.actions.evaluate import evaluate
    from reid.actions.export import export
    from reid.actions.gallery import gallery, individuals, photos
    from reid.actions.identities import (
        correct_photos,
        merge_individuals,
        move_photos,
        remove_individual,
        remove_photos,
        rename_individual,
        restore_individual,
        restore_photos,
        show_individual,
        split_individual,
    )
    from reid.actions.importing import import_photos
    from reid.actions.journal import log, purge, show_entry, undo
    from reid.actions.query import query
    from reid.actions.report import report
    from reid.actions.seasons import seasons
    from reid.actions.seasons_all import all_seasons
    from reid.actions.sides import predict_sides
    from reid.actions.train import train
    from reid.actions.upgrade import upgrade
    from reid.errors import ReidError
    from reid.records import Decision, Match, Outcome, Photo, Sighting
    from reid.settings import CountSettings, ExportSettings, QuerySettings, TrainSettings
    from reid.store import Gallery

__version__ = "0.1.0"

_HOMES = {
    "all_seasons": "reid.actions.seasons_all",
    "backup": "reid.actions.backup",
    "bundle": "reid.actions.camps",
    "calibrate": "reid.actions.calibrate",
    "correct_photos": "reid.actions.identities",
    "count": "reid.actions.counting",
    "demo": "reid.actions.demo",
    "discover": "reid.actions.discover",
    "doctor": "reid.actions.doctor",
    "enroll": "reid.actions.enroll",
    "evaluate": "reid.actions.evaluate",
    "export": "reid.actions.export",
    "gallery": "reid.actions.gallery",
    "import_photos": "reid.actions.importing",
    "individuals": "reid.actions.gallery",
    "log": "reid.actions.journal",
    "merge_individuals": "reid.actions.identities",
    "merge_galleries": "reid.actions.camps",
    "move_photos": "reid.actions.identities",
    "photos": "reid.actions.gallery",
    "predict_sides": "reid.actions.sides",
    "purge": "reid.actions.journal",
    "query": "reid.actions.query",
    "remove_individual": "reid.actions.identities",
    "remove_photos": "reid.actions.identities",
    "rename_individual": "reid.actions.identities",
    "restore_individual": "reid.actions.identities",
    "restore_photos": "reid.actions.identities",
    "report": "reid.actions.report",
    "seasons": "reid.actions.seasons",
    "show_entry": "reid.actions.journal",
    "show_individual": "reid.actions.identities",
    "split_individual": "reid.actions.identities",
    "train": "reid.actions.train",
    "unbundle": "reid.actions.camps",
    "undo": "reid.actions.journal",
    "upgrade": "reid.actions.upgrade",
    "ReidError": "reid.errors",
    "Decision": "reid.records",
    "Match": "reid.records",
    "Outcome": "reid.records",
    "Photo": "reid.records",
    "Sighting": "reid.records",
    "CountSettings": "reid.settings",
    "ExportSettings": "reid.settings",
    "QuerySettings": "reid.settings",
    "TrainSettings": "reid.settings",
    "Gallery": "reid.store",
}

__all__ = [
    "CountSettings",
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
    "all_seasons",
    "backup",
    "bundle",
    "calibrate",
    "correct_photos",
    "count",
    "demo",
    "discover",
    "doctor",
    "enroll",
    "evaluate",
    "export",
    "gallery",
    "import_photos",
    "individuals",
    "log",
    "merge_galleries",
    "merge_individuals",
    "move_photos",
    "photos",
    "predict_sides",
    "purge",
    "query",
    "remove_individual",
    "remove_photos",
    "rename_individual",
    "report",
    "restore_individual",
    "restore_photos",
    "seasons",
    "show_entry",
    "show_individual",
    "split_individual",
    "train",
    "unbundle",
    "undo",
    "upgrade",
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
