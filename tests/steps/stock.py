"""What the tests of the steps search in: enrolled photos, a gallery in memory, shortlists written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reid.records import Calibration, Vectors
from reid.steps.search import Listed, Shortlist
from reid.store import EnrolledPhoto, Found, Where

ANYWHERE = Where()


def enrolled_photo(number: int, individual: str, individual_id: int, species: str = "zebra", side: str = "") -> EnrolledPhoto:
    return EnrolledPhoto(
        number,
        individual_id,
        individual,
        species,
        Path(f"/g/{number}.jpg"),
        "",
        f"{number:064x}",
        None,
        None,
        "",
        "",
        side,
        "",
        {},
        640,
        480,
    )


class InMemory:
    """A `Searchable` of one species: photos in the order enrolled, found by plain sums."""

    def __init__(self, photos: Sequence[EnrolledPhoto], vectors: Vectors) -> None:
        self.rows, self.vectors = {photo.id: photo for photo in photos}, vectors
        self.asked: list[int] = []

    def search(
        self,
        species: str,
        queries: Vectors,
        k: int,
        *,
        where: Where = ANYWHERE,
        fingerprint: str | None = None,
    ) -> Found:
        self.asked.append(k)
        photos = list(self.rows.values())
        passing = [row for row, one in enumerate(photos) if not where.side or one.side in (where.side, "")]
        scores = self.vectors @ queries[0]
        order = sorted(passing, key=lambda row: (-scores[row], photos[row].id))[:k]
        pad = k - len(order)
        return Found(
            np.asarray([[*scores[order], *[-np.inf] * pad]], np.float32),
            np.asarray([[*(photos[row].id for row in order), *[-1] * pad]], np.int64),
        )

    def photos_by_id(self, photo_ids: Sequence[int]) -> tuple[EnrolledPhoto, ...]:
        return tuple(self.rows[number] for number in photo_ids)

    def count_individuals(self, species: str, where: Where = ANYWHERE) -> int:
        passing = [one for one in self.rows.values() if not where.side or one.side in (where.side, "")]
        return len({one.individual for one in passing if where.individuals is None or one.individual in where.individuals})


def calibration(**changes: Any) -> Calibration:
    """ln LR = 20 * score - 10, at most 6; KNOWN from 0.8, NEW from 0.6."""
    values: dict[str, Any] = {
        "slope": 20.0,
        "intercept": -10.0,
        "ceiling": 6.0,
        "known_at": 0.8,
        "new_at": 0.6,
        "prior": 0.5,
        "max_false_match": 0.01,
        "false_match": 0.0,
        "false_new": 0.0,
        "individuals": 10,
        "photos": 40,
        "comparisons": 400,
    }
    return Calibration(**{**values, **changes})


def shortlist(scores: Mapping[str, float], species: str = "zebra", enrolled: int | None = None) -> Shortlist:
    falling = sorted(scores.items(), key=lambda item: -item[1])
    listed = tuple(
        Listed(name, score, enrolled_photo(number, name, number, species)) for number, (name, score) in enumerate(falling)
    )
    return Shortlist(species, len(listed) if enrolled is None else enrolled, listed)
