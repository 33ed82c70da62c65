"""Why this match: the query beside the enrolled photo it was matched with, and which places of the two belong together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reid import images
from reid.errors import PhotoError
from reid.images import annotating
from reid.records import Picture, Sighting
from reid.steps.embedded_photos import Unavailable
from reid.steps.local_matching import Lines
from reid.steps.reranking import Reranker
from reid.steps.search import SHORTLIST, Listed, Shortlist
from reid.steps.sightings import SearchedPhoto

SHARPNESS = 480
"""Shorter side in pixels to which the photos are opened for a drawing."""


def explain(looks: Sequence[SearchedPhoto], sighting: Sighting, closer: Reranker, path: Path) -> bool:
    """Draw one decision: a query beside its best match, with lines between the places that agree.

    Of an encounter the photo is taken that is most like the match. The lines are those that the place-by-place score
    counts, less what the other animals of the shortlist share; they are drawn whether or not the order went by them.

    Args:
        looks: the photos of the decision.
        sighting: the decision on them.
        closer: of the best match's species.
        path: of the JPEG to write.

    Returns:
        False where there is nothing to draw: no match, or one of the two photos is gone or another one now.

    Raises:
        UsageError: the picture cannot be written.
    """
    found = _pair(looks, sighting)
    if found is None:
        return False
    look, shortlist, listed = found
    match = closer.picture_of(listed.photo, SHARPNESS)
    try:
        query = images.read(look.photo.path, box=look.photo.box, shortest=SHARPNESS)
    except PhotoError:
        return False
    if isinstance(match, Unavailable) or query.sha256 != look.sha256:
        return False
    agreement = _lines(closer, query, shortlist, listed)
    if agreement is None:
        return False
    lines, local = agreement
    strokes = [
        annotating.Stroke((float(a), float(b)), (float(c), float(d)), float(strength))
        for (a, b), (c, d), strength in zip(lines.query, lines.match, lines.strength, strict=True)
    ]
    titles = (look.photo.path.name, _title(sighting, local))
    images.write_jpeg(path, annotating.connected(query.pixels, match.pixels, strokes, titles=titles))
    return True


def _pair(looks: Sequence[SearchedPhoto], sighting: Sighting) -> tuple[SearchedPhoto, Shortlist, Listed] | None:
    """The photo of the encounter and its list in which the best match stands best."""
    if not sighting.matches:
        return None
    best = sighting.matches[0]
    pairs = [
        (look, one, listed)
        for look in looks
        for one in look.shortlists
        for listed in one.listed
        if (one.species, listed.individual) == (best.species, best.individual)
    ]
    return max(pairs, key=lambda pair: pair[2].score if pair[2].fused is None else pair[2].fused, default=None)


def _lines(closer: Reranker, query: Picture, shortlist: Shortlist, wanted: Listed) -> tuple[Lines, float] | None:
    """The correspondences with one photo of the shortlist and its place-by-place score; None if its file is another now."""
    photos = {wanted.photo.id: wanted.photo} | {one.photo.id: one.photo for one in shortlist.listed[:SHORTLIST]}
    compared, rows = closer.compare(closer.map_of(query), list(photos.values()))
    if wanted.photo.id not in rows:
        return None
    row = rows[wanted.photo.id]
    return compared.lines(row), float(compared.scores[row])


def _title(sighting: Sighting, local: float) -> str:
    best = sighting.matches[0]
    parts = [best.individual, f"score {best.score:.2f}", f"places {local:.2f}"]
    parts += [f"probability {best.probability:.2f}"] if best.probability is not None else []
    return " · ".join((*parts, f"decision: {sighting.decision.outcome.value}"))
