"""A drawn study, its season's page, and decisions that were kept."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from pathlib import Path

import reid
from reid import synthetic
from reid.actions.season_report.results import SeasonPage
from reid.records import Box, Decision, Match, Outcome, Sighting, SpeciesGuess
from reid.settings import ExportSettings, QuerySettings
from reid.store import Gallery

STUDY = synthetic.Study(
    individuals=7, seasons=3, cameras=4, days=20, visits=2.5, burst=2, pairs=0.2, width=96, height=64, seed=11
)
HOSTILE = "<script>alert(1)</script>'\"&"
"""What zebra-000 is called here."""


def written(kept: Path, place: Path, *photos: Path) -> SeasonPage:
    settings = ExportSettings(deployments=kept / "study" / "deployments.csv", days=10)
    query = QuerySettings(deployments=str(kept / "study" / "deployments.csv"))
    out = place / "page" / "season.html"
    return reid.report(photos, out=out, gallery=place / "gallery", settings=settings, query=query)


def decision(
    gallery: Path, content: str, day: int, outcome: Outcome, name: str = "zebra-002", box: Box | None = None,
    *, year: int = 2024,
) -> Sighting:  # fmt: skip
    """A kept decision about a photo of May of a year that may show `name`."""
    with Gallery.open(gallery) as opened:
        photo = next(one for one in opened.photos("zebra") if one.individual == name)
        match = Match("zebra", name, 1, 0.8, 0.7, str(photo.path), sha256=photo.sha256)
        told = name if outcome == Outcome.KNOWN else None
        sighting = Sighting(
            f"/cards/{content}.jpg", sha256(content.encode()).hexdigest(), SpeciesGuess("zebra", 0.9),
            Decision(outcome, told, 0.7, "a test", 0.2), (match,), "left", datetime(year, 5, day, 9), "", "C1", str(year),
            opened.embedding_net("zebra") or "", ("zebra",), (f"/cards/{content}.jpg",), box=box,
        )  # fmt: skip
        opened.add_sightings([sighting])
    return sighting
