"""Decisions of queries, kept by a gallery in memory; the rules are those of `store.contents.keep_sightings`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reid.records import Sighting
from reid.store.contents.keep_sightings import NotKept
from tests.store.in_memory_state import Decided, Disk, State


@dataclass(frozen=True)
class Answer:
    """A decision. photos: (content, absolute path) of each; animals: content and box of each."""

    sighting: Sighting
    species: str
    individual_id: int
    photos: tuple[tuple[str, str], ...]
    animals: frozenset[str]

    @property
    def marks(self) -> set[str]:
        return {name for photo in self.photos for name in photo} - {""}


def answer_of(sighting: Sighting, species: str, individual_id: int) -> Answer:
    lead = f"{sighting.sha256} {sighting.box.key()}" if sighting.box else sighting.sha256
    paths = sighting.photos or (sighting.photo,)
    contents = [content.split(" ")[0] for content in sighting.contents] or [
        sighting.sha256 if path == sighting.photo else "" for path in paths
    ]
    photos = tuple(zip(contents, (str(Path(path).absolute()) for path in paths), strict=True))
    return Answer(sighting, species, individual_id, photos, frozenset({lead, *sighting.contents}))


def keep(
    state: State, seq: int, disk: Disk, sightings: Sequence[Sighting], looked_at: Sequence[Path]
) -> tuple[NotKept, ...]:
    """Keep what differs in the place of what was kept of the same animals; what was not kept, with the reason."""
    fresh = [answer_of(sighting, sighting.counted_species, _individual(state, sighting)) for sighting in sightings]
    asked = {mark for answer in fresh for mark in answer.marks} | {str(path.absolute()) for path in looked_at}
    old = {
        number: answer_of(row.sighting, row.species, row.individual_id)
        for number, row in sorted(state.sightings.items()) if row.removed_seq is None
    }  # fmt: skip
    old = {number: answer for number, answer in old.items() if answer.marks & asked}
    refused: list[NotKept] = []
    for group in _groups(fresh, list(old.values())):
        refused += _decide(state, seq, disk, [answer for answer in fresh if answer.marks & group],
                           {number: answer for number, answer in old.items() if answer.marks & group}, asked)  # fmt: skip
    return tuple(refused)


def _decide(
    state: State, seq: int, disk: Disk, fresh: list[Answer], old: dict[int, Answer], asked: set[str]
) -> list[NotKept]:
    animals = frozenset[str]().union(*(answer.animals for answer in fresh))
    before = {number: answer for number, answer in old.items() if answer.animals & animals}
    rest = list(before.values())
    for answer in fresh:
        if answer in rest:
            rest.remove(answer)
        else:
            break
    else:
        if not rest:
            return []
    for number, answer in old.items():
        beyond = len(answer.photos) > 1 and not all(asked & {content, path} for content, path in answer.photos)
        if beyond or _one_of_several(answer, old, animals):
            paths = tuple(path for _, path in answer.photos)
            return [NotKept(one.sighting, state.sightings[number].seq, paths) for one in fresh]
    for number in before:
        state.sightings[number] = replace(state.sightings[number], removed_seq=seq)
    for answer in fresh:
        number = disk.fresh("sightings")
        state.sightings[number] = Decided(number, seq, answer.species, answer.individual_id, answer.sighting)
    return []


def _one_of_several(answer: Answer, old: dict[int, Answer], animals: frozenset[str]) -> bool:
    """Whether it is for one of several boxes of a frame that is asked about as a whole."""
    for animal in answer.animals:
        content = animal.split(" ")[0]
        boxes = {other for one in old.values() for other in one.animals if other.split(" ")[0] == content and " " in other}
        if content in animals and len(boxes) > 1:
            return True
    return False


def _groups(fresh: list[Answer], old: list[Answer]) -> list[set[str]]:
    """What photos are known by, of those that are linked by an answer; in the order of the new answers."""
    groups: list[set[str]] = []
    for answer in fresh:
        group = set(answer.marks)
        size = 0
        while size < len(group):
            size = len(group)
            for other in (*fresh, *old):
                if other.marks & group:
                    group |= other.marks
        if group not in groups:
            groups.append(group)
    return groups


def _individual(state: State, sighting: Sighting) -> int:
    """Whom the matched photo shows, for the name may be another's by now; 0 = none."""
    name, species = sighting.decision.individual, sighting.counted_species
    content = next((match.sha256 for match in sighting.matches if match.individual == name), "") if name else ""
    shown = {photo.individual_id for photo in state.live(species) if content and photo.sha256 == content}
    if len(shown) != 1:
        shown = {
            animal.id for animal in state.animals.values()
            if (animal.species, animal.name, animal.removed_seq) == (species, name, None)
        }  # fmt: skip
    return min(shown, default=0)
