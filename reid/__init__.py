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
    from reid.actions.counting.count import count
    from reid.actions.curation.contents import gallery, individuals, photos
    from reid.actions.curation.doctor import doctor
    from reid.actions.curation.individuals import (
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
    from reid.actions.curation.journal import log, purge, show_entry, undo
    from reid.actions.demo.demo import demo
    from reid.actions.evaluation.evaluate import evaluate
    from reid.actions.exchange.backup import backup
    from reid.actions.exchange.bundles import bundle, unbundle
    from reid.actions.exchange.export import export
    from reid.actions.exchange.merge_galleries import merge_galleries
    from reid.actions.identification.predict_sides import predict_sides
    from reid.actions.identification.query import query
    from reid.actions.intake.enroll import enroll
    from reid.actions.intake.import_photos import import_photos
    from reid.actions.season_report.report import report
    from reid.actions.seasons.all_seasons import all_seasons
    from reid.actions.seasons.compare_seasons import seasons
    from reid.actions.seasons.discover import discover
    from reid.actions.training.calibrate import calibrate
    from reid.actions.training.train import train
    from reid.actions.training.upgrade import upgrade
    from reid.errors import ReidError
    from reid.records import Decision, Match, Outcome, Photo, Sighting
    from reid.settings import CountSettings, EnrollSettings, ExportSettings, QuerySettings, TrainSettings
    from reid.store import Gallery

__version__ = "0.1.0"

_HOMES = {
    "all_seasons": "reid.actions.seasons.all_seasons",
    "backup": "reid.actions.exchange.backup",
    "bundle": "reid.actions.exchange.bundles",
    "calibrate": "reid.actions.training.calibrate",
    "correct_photos": "reid.actions.curation.individuals",
    "count": "reid.actions.counting.count",
    "demo": "reid.actions.demo.demo",
    "discover": "reid.actions.seasons.discover",
    "doctor": "reid.actions.curation.doctor",
    "enroll": "reid.actions.intake.enroll",
    "evaluate": "reid.actions.evaluation.evaluate",
    "export": "reid.actions.exchange.export",
    "gallery": "reid.actions.curation.contents",
    "import_photos": "reid.actions.intake.import_photos",
    "individuals": "reid.actions.curation.contents",
    "log": "reid.actions.curation.journal",
    "merge_individuals": "reid.actions.curation.individuals",
    "merge_galleries": "reid.actions.exchange.merge_galleries",
    "move_photos": "reid.actions.curation.individuals",
    "photos": "reid.actions.curation.contents",
    "predict_sides": "reid.actions.identification.predict_sides",
    "purge": "reid.actions.curation.journal",
    "query": "reid.actions.identification.query",
    "remove_individual": "reid.actions.curation.individuals",
    "remove_photos": "reid.actions.curation.individuals",
    "rename_individual": "reid.actions.curation.individuals",
    "restore_individual": "reid.actions.curation.individuals",
    "restore_photos": "reid.actions.curation.individuals",
    "report": "reid.actions.season_report.report",
    "seasons": "reid.actions.seasons.compare_seasons",
    "show_entry": "reid.actions.curation.journal",
    "show_individual": "reid.actions.curation.individuals",
    "split_individual": "reid.actions.curation.individuals",
    "train": "reid.actions.training.train",
    "unbundle": "reid.actions.exchange.bundles",
    "undo": "reid.actions.curation.journal",
    "upgrade": "reid.actions.training.upgrade",
    "ReidError": "reid.errors",
    "Decision": "reid.records",
    "Match": "reid.records",
    "Outcome": "reid.records",
    "Photo": "reid.records",
    "Sighting": "reid.records",
    "CountSettings": "reid.settings",
    "EnrollSettings": "reid.settings",
    "ExportSettings": "reid.settings",
    "QuerySettings": "reid.settings",
    "TrainSettings": "reid.settings",
    "Gallery": "reid.store",
}

__all__ = [
    "CountSettings",
    "Decision",
    "EnrollSettings",
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
