"""The decisions of queries, kept: what differs takes the place of what was kept of the same animals, the rest stays.

A decision for several photos stays unless all of them are asked about again: a later answer about one of them alone would
leave the others without any. So do the decisions for several animals of one frame where a later answer is about the whole frame.
Such an answer is not kept, and that is reported. A photo in no answer was asked about, too: an empty frame of an encounter.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from reid.errors import GalleryError
from reid.records import Box, Sighting
from reid.store.catalog.catalog import Catalog, Change, Row, to_json
from reid.store.contents.reading import iso

_COLUMNS = """path, sha256, species, outcome, individual_id, individual, probability, reason, captured_at, encounter, camera,
    side, season, fingerprint, details, seq"""
_INSERT_SIGHTING = f"INSERT INTO sighting ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_TOUCHED = f"""WITH asked AS MATERIALIZED (SELECT value FROM json_each(?))
    SELECT id, {_COLUMNS} FROM sighting WHERE removed_seq IS NULL AND sha256 IN asked
    UNION SELECT id, {_COLUMNS} FROM sighting WHERE removed_seq IS NULL AND json_array_length(details, '$.photos') > 1
    AND EXISTS (SELECT 1 FROM json_each(coalesce(json_extract(details, '$.contents'), json_extract(details, '$.photos'))) p
        WHERE p.value IN asked OR substr(p.value, 1, instr(p.value, ' ') - 1) IN asked)"""
"""The decisions that are kept of some photos: by content; of the other photos of an encounter that was kept before their
contents were, by path."""


@dataclass(frozen=True, slots=True)
class NotKept:
    """A decision that was not kept, for the entry `seq` had kept one for more, which stays.

    photos: that it is for; one alone: it is for one of several animals in it, and the whole frame was asked about.
    """

    sighting: Sighting
    seq: int
    photos: tuple[str, ...]

    def __str__(self) -> str:
        """Why, and what to do, for the person who asked."""
        if len(self.photos) == 1:
            return (
                f"its decision was not kept: entry {self.seq} kept one for each of several animals in it, which stay; ask with "
                f"their boxes (the table or the detections that name them), or `reid undo {self.seq}` first"
            )
        more = ", ".join(sorted({Path(path).name for path in self.photos} - {Path(self.sighting.photo).name})[:3])
        return (
            f"its decision was not kept: entry {self.seq} kept one for all {len(self.photos)} photos of its encounter, which "
            f"stays, as the others ({more}) would be left without any; ask about them all together to decide anew "
            f"(`--record` with their folder), or `reid undo {self.seq}` first"
        )


@dataclass(frozen=True, slots=True)
class _Answer:
    """A decision as a row without its seq. photos: (content, absolute path) of each, "" = not known.

    animals: content and box of each.
    """

    values: Row
    photos: tuple[tuple[str, str], ...]
    animals: frozenset[str]

    @classmethod
    def of(cls, values: Row) -> _Answer:
        """From its row."""
        path, sha256, details = values[0], values[1], json.loads(values[-1])
        lead = f"{sha256} {Box(*details['box']).key()}" if details.get("box") else sha256
        paths, contents = details["photos"] or [path], details.get("contents") or []
        known = [content.split(" ")[0] for content in contents] or [sha256 if name == path else "" for name in paths]
        rooted = map(_rooted, paths)  # once they were kept as they were given
        return cls(values, tuple(zip(known, rooted, strict=True)), frozenset({lead, *contents}))

    @property
    def marks(self) -> set[str]:
        """What its photos are known by: content, or path where that is not known."""
        return {self.values[1], *(content or path for content, path in self.photos)}


_New = tuple[Sighting, _Answer]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A decision that is kept: its id and the entry that kept it."""

    id: int
    seq: int
    answer: _Answer

    def goes_beyond(self, asked: set[str]) -> bool:
        """Whether it is for more photos than those asked about (by content and path)."""
        return not all(asked & {content, path} for content, path in self.answer.photos) and len(self.answer.photos) > 1


def keep_sightings(catalog: Catalog, sightings: Sequence[Sighting], looked_at: Iterable[Path] = ()) -> tuple[NotKept, ...]:
    """Keep the decisions of queries, in one transaction; see `Gallery.add_sightings`.

    Those that are linked by a photo (the animals of one frame, of one encounter) are written again together where one of them
    differs, for of each photo those of the newest change count (`actions.identification.unresolved_sightings`); all others stay
    as they are.

    Args:
        catalog: of the gallery.
        sightings: the decisions.
        looked_at: the photos asked about, those that are in no decision, too.

    Returns:
        Those that were not kept, because a decision for more photos than were asked about stays, or those for several animals
        of a frame that was asked about as a whole.
    """
    with catalog.change("add_sightings", "") as change:
        fresh = [(sighting, _Answer.of(_sighting(change, sighting))) for sighting in sightings]
        asked = {name for _, answer in fresh for photo in answer.photos for name in photo} - {""}
        asked |= {_rooted(_text(str(path))) for path in looked_at}
        groups = [_decide(new, kept, asked) for new, kept in _linked(fresh, _touched(change, asked))]
        removed = [number for group in groups for number in group.removed]
        rows = [row for group in groups for row in group.rows]
        if rows:
            change.put_many("UPDATE sighting SET removed_seq = ? WHERE id = ?", ((change.seq, number) for number in removed))
            ids = [change.put(_INSERT_SIGHTING, (*row, change.seq)) for row in rows]
            change.after = {
                "sightings": len(ids), "first_sighting_id": ids[0], "last_sighting_id": ids[-1], "replaced": len(removed),
            }
    return tuple(refused for group in groups for refused in group.refused)


@dataclass(frozen=True, slots=True)
class _Change:
    """What becomes of decisions that are linked. removed: ids of kept ones. rows: that take their place."""

    removed: tuple[int, ...] = ()
    rows: tuple[Row, ...] = ()
    refused: tuple[NotKept, ...] = ()


def _decide(fresh: Sequence[_New], kept: Sequence[_Kept], asked: set[str]) -> _Change:
    """What becomes of new decisions and the kept ones that share a photo with them: nothing where they are the same."""
    animals = frozenset[str]().union(*(answer.animals for _, answer in fresh))
    before = [old for old in kept if not old.answer.animals.isdisjoint(animals)]
    if Counter(answer.values for _, answer in fresh) == Counter(old.answer.values for old in before):
        return _Change()
    stays = next((old for old in kept if old.goes_beyond(asked)), None) or _several_of(kept, animals)
    if stays:
        photos = tuple(path for _, path in stays.answer.photos)
        return _Change(refused=tuple(NotKept(sighting, stays.seq, photos) for sighting, _ in fresh))
    return _Change(tuple(old.id for old in before), tuple(answer.values for _, answer in fresh))


def _several_of(kept: Sequence[_Kept], animals: frozenset[str]) -> _Kept | None:
    """A decision for one of several animals of a frame, each in its box, where the frame is asked about as a whole; else None."""
    boxes: dict[str, set[str]] = defaultdict(set)
    for content, _, box in (animal.partition(" ") for old in kept for animal in old.answer.animals):
        boxes[content].add(box)
    whole = {animal for animal in animals if " " not in animal and len(boxes[animal] - {""}) > 1}
    return next((old for old in kept if any(animal.partition(" ")[0] in whole for animal in old.answer.animals)), None)


def _touched(change: Change, asked: set[str]) -> list[_Kept]:
    """The decisions that are kept of any of the photos asked about, the oldest first."""
    kept, current = [], f"{_rooted('')}{os.sep}"
    names = asked | {name.removeprefix(current) for name in asked}  # as they were kept once
    for number, *values, seq in change.ask(_TOUCHED, (to_json(sorted(names)),)):
        try:
            kept.append(_Kept(number, seq, _Answer.of(tuple(values))))
        except (KeyError, TypeError, ValueError) as error:
            reason = f"sighting {number} of the gallery cannot be read (at {error}): `reid doctor` examines it"
            raise GalleryError(reason) from error
    return kept


def _linked(fresh: Sequence[_New], kept: Sequence[_Kept]) -> list[tuple[list[_New], list[_Kept]]]:
    """New decisions and kept ones that share a photo, be it by way of others; in the order of the new ones."""
    above: dict[str, str] = {}

    def top(mark: str) -> str:
        while above.setdefault(mark, mark) != mark:
            above[mark] = mark = above[above[mark]]
        return mark

    marks = [*(answer.marks | {path for _, path in answer.photos} for _, answer in fresh), *(old.answer.marks for old in kept)]
    for first, *rest in map(sorted, marks):
        for mark in rest:
            above[top(mark)] = top(first)
    groups: dict[str, tuple[list[_New], list[_Kept]]] = defaultdict(lambda: ([], []))
    for new in fresh:
        groups[top(new[1].values[1])][0].append(new)
    for old in kept:
        groups[top(old.answer.values[1])][1].append(old)
    return [group for group in groups.values() if group[0]]


def _sighting(change: Change, sighting: Sighting) -> Row:
    named = sighting.decision.individual
    species = sighting.counted_species
    matches = [
        {**asdict(match), "captured_at": iso(match.captured_at) if match.captured_at else None}
        for match in sighting.matches
    ]
    details = {
        "species": asdict(sighting.species), "matches": matches, "searched": sighting.searched,
        "photos": [_text(path) for path in sighting.photos], "nobody": sighting.decision.nobody, "side_net": sighting.side_net,
        "box": astuple(sighting.box) if sighting.box else None,
        "boxes": [astuple(box) if box else None for box in sighting.boxes],
        **({"contents": sighting.contents} if sighting.contents else {}),
    }
    return (
        _text(sighting.photo), sighting.sha256, species, sighting.decision.outcome.value,
        _individual_of(change, sighting, species), named, sighting.decision.probability, sighting.decision.reason,
        iso(sighting.captured_at) if sighting.captured_at else None,
        sighting.encounter, sighting.camera, sighting.side, sighting.season, sighting.embedding_fingerprint,
        to_json(details),
    )


def _individual_of(change: Change, sighting: Sighting, species: str) -> int | None:
    """The individual that was decided: the one the matched photo shows, for its name may be another's by now."""
    named = sighting.decision.individual
    content = next((match.sha256 for match in sighting.matches if match.individual == named), "") if named else ""
    shown = content and change.ask(
        "SELECT DISTINCT p.individual_id FROM photo p JOIN species s ON s.id = p.species_id"
        " WHERE p.sha256 = ? AND s.name = ? AND p.removed_seq IS NULL",
        (content, species),
    )
    if not shown or len(shown) > 1:  # a frame may show several: then the name says which
        shown = change.ask(
            "SELECT i.id FROM individual i JOIN species s ON s.id = i.species_id"
            " WHERE s.name = ? AND i.name = ? AND i.removed_seq IS NULL",
            (species, named),
        )
    return shown[0][0] if shown else None


def _rooted(path: str) -> str:
    return str(Path(path).absolute())


def _text(path: str) -> str:
    """A decision is kept whatever the bytes of the file's name."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
