"""All photos of a season decided as a whole: who is who, and which unknown ones are one animal.

1. Photos of an encounter show one animal; where a frame of it holds several boxes, as many animals as its fullest frame.
2. Each of these is asked as a query is. Animals of one frame, and animals too far apart for the time between, never get one
   name: what one has, the other has not (`steps.season.assignment`).
3. Those that got no name are put together where their photos say so (`steps.season.clustering`), and each group is asked once
more as one animal, by all its photos.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from reid.records import Outcome, Photo, Sighting
from reid.settings import FASTEST
from reid.steps.cannot_link import CannotLinkConflict, LocatedDetection, Position, cannot_be_one, seconds
from reid.steps.novelty import share_returning
from reid.steps.season.assignment import Name, exclusive, together
from reid.steps.season.clustering import ClusterInput, LinkCalibration, PhotoGroup, clusters
from reid.steps.season.encounter_animals import animals_of_encounters
from reid.steps.sightings import ClaimedName, SearchContext, SearchedPhoto, enrolled_photo_of, showing, sight, species_of

Conflicts = Mapping[tuple[int, int], CannotLinkConflict]
UNDECIDED = (Outcome.NEW, Outcome.REVIEW)


@dataclass(frozen=True, slots=True)
class Link:
    """What holds two parts of an animal together: the two photos most alike, their cosine, and the chance that it is right."""

    photos: tuple[str, str]
    cosine: float
    probability: float


@dataclass(frozen=True, slots=True)
class Animal:
    """One animal of the season with one decision.

    sighting: the decision, by all its photos. looks: its photos, without empty frames of its encounters, which show nobody;
    those are left where there is no animal. parts: what each of its encounters alone would say. ties: what holds the encounters
    together, the weakest first; () for one encounter, and between encounters that were given one name. sides: that its photos
    show, of left and right. first, last: when it was seen; None = not known.
    """

    sighting: Sighting
    looks: tuple[SearchedPhoto, ...]
    parts: tuple[Sighting, ...]
    ties: tuple[Link, ...]
    sides: tuple[str, ...]
    first: datetime | None
    last: datetime | None

    @property
    def species(self) -> str:
        """Of the enrolled photo that it is, else as its sighting counts."""
        already = enrolled_photo_of(self.looks)
        return already.species if already is not None else self.sighting.counted_species

    @property
    def name(self) -> Name | None:
        """The individual it was decided to be; None unless KNOWN."""
        if self.sighting.decision.outcome != Outcome.KNOWN or self.sighting.decision.individual is None:
            return None
        return self.species, self.sighting.decision.individual


@dataclass(frozen=True, slots=True)
class Rules:
    """What a joint identification uses.

    worth: of a link, by species; None = nothing is known, encounters stay alone. link_at: the probability that a link needs.
    place: where a photo was taken. fastest: kilometres an hour. top: matches to tell.
    """

    worth: Mapping[str, LinkCalibration | None]
    link_at: float
    place: Callable[[Photo], Position | None]
    fastest: float = FASTEST
    top: int = 5


def identify_jointly(
    looks: Sequence[SearchedPhoto], known: SearchContext, rules: Rules, enrolled: Mapping[Name, Sequence[LocatedDetection]]
) -> tuple[Animal, ...]:
    """Decide on all photos of a season.

    Args:
        looks: the photos after both stages, with their vectors.
        known: of the galleries searched.
        rules: see there.
        enrolled: enrolled photos that may be of the same frames or days, by name.

    Returns:
        The animals by their first photo in the order given. Several may have one name: they are one individual.
    """
    units = animals_of_encounters(looks)
    first = _decided(units, known, rules, enrolled)
    decided = [unit for unit, one in enumerate(first) if one.decision.outcome not in UNDECIDED]
    groups: list[tuple[tuple[int, ...], tuple[Link, ...]]] = [((unit,), ()) for unit in decided]
    open_by_species: dict[str, list[int]] = defaultdict(list)
    for unit, one in enumerate(first):
        if one.decision.outcome in UNDECIDED:
            open_by_species[one.species.name].append(unit)
    apart = cannot_be_one([_snaps(unit, rules) for unit in units], rules.fastest)
    for name, members in open_by_species.items():
        groups += _linked(name, members, units, apart, rules)
    groups.sort(key=lambda one: one[0])
    together_ = [[look for unit in members for look in units[unit]] for members, _ in groups]
    final = _decided(together_, known, rules, enrolled)
    final = _decided(together_, replace(known, returning=returning(final) | dict(known.returning)), rules, enrolled)
    return tuple(
        _animal(one, found, [replace(first[unit], matches=first[unit].matches[: rules.top]) for unit in members], ties, rules)
        for one, found, (members, ties) in zip(final, together_, groups, strict=True)
    )


def returning(animals: Sequence[Sighting]) -> dict[str, float]:
    """By species, the share of the animals that are enrolled, as all of them together tell."""
    found: dict[str, list[float]] = defaultdict(list)
    for one in animals:
        if one.decision.new is not None:
            found[one.species.name].append(one.decision.new)
    return {species: share_returning(chances) for species, chances in found.items()}


def _snaps(looks: Sequence[SearchedPhoto], rules: Rules) -> list[LocatedDetection]:
    """Where and when the animal was; where it was no longer, it was not."""
    return [LocatedDetection(one.sha256, one.photo.box, one.photo.captured_at, rules.place(one.photo)) for one in showing(looks)]


def _decided(
    groups: Sequence[Sequence[SearchedPhoto]],
    known: SearchContext,
    rules: Rules,
    enrolled: Mapping[Name, Sequence[LocatedDetection]],
) -> list[Sighting]:
    """One decision for each group, no name twice where two cannot be one; matches are not cut."""
    names = list(enrolled)
    every = [*(_snaps(group, rules) for group in groups), *(enrolled[name] for name in names)]
    barred: list[dict[Name, ClaimedName]] = [{} for _ in groups]
    apart: dict[tuple[int, int], CannotLinkConflict] = {}
    for (a, b), conflict in cannot_be_one(every, rules.fastest).items():
        if b < len(groups):
            apart[a, b] = conflict
        elif a < len(groups):
            barred[a][names[b - len(groups)]] = ClaimedName(1.0, f"with an enrolled photo, {conflict.reason}")
    found = [sight(group, known, top=None, taken=own) for group, own in zip(groups, barred, strict=True)]
    chances = [_chances(group, one) for group, one in zip(groups, found, strict=True)]
    best, shares = together(chances, apart), exclusive(chances, apart)
    for row, why in sorted(_reasons(apart, chances).items()):
        taken = {name: ClaimedName(share, why[name]) for name, share in shares[row].items() if share > 0.0}
        found[row] = _kept(sight(groups[row], known, top=None, taken=taken | barred[row]), best[row])
    return found


def _chances(group: Sequence[SearchedPhoto], one: Sighting) -> dict[Name, float]:
    already = enrolled_photo_of(group)
    if already is not None:
        return {(already.species, already.individual): 1.0}
    return {(match.species, match.individual): match.probability for match in one.matches if match.probability}


def _reasons(apart: Conflicts, chances: Sequence[Mapping[Name, float]]) -> dict[int, dict[Name, str]]:
    """By animal and name, why another animal has the name: by the one that most likely has it, on a tie the first."""
    best: dict[int, dict[Name, tuple[float, str]]] = defaultdict(dict)
    for pair, one in apart.items():
        for row, other in (pair, pair[::-1]):
            known = best[row]
            for name, chance in chances[other].items():
                if name not in known or chance > known[name][0]:
                    known[name] = chance, one.reason
    return {row: {name: reason for name, (_, reason) in known.items()} for row, known in best.items()}


def _kept(one: Sighting, name: Name | None) -> Sighting:
    """The decision, unless the best assignment of the whole says otherwise: then a person must look."""
    decision = one.decision
    if decision.outcome != Outcome.KNOWN or decision.individual == (name[1] if name else None) or decision.probability == 1.0:
        return one
    other = f"it would be {name[1]}" if name else "nobody enrolled"
    reason = f"{decision.reason}; but with the animals it cannot be, {other}"
    return replace(one, decision=replace(decision, outcome=Outcome.REVIEW, reason=reason))


def _linked(
    species: str, members: Sequence[int], units: Sequence[Sequence[SearchedPhoto]], apart: Conflicts, rules: Rules
) -> list[tuple[tuple[int, ...], tuple[Link, ...]]]:
    """Groups of undecided units of one species, by their numbers, with what links them."""
    embedded = {unit: [photo for photo in units[unit] if species in photo.vectors] for unit in members}
    alone: list[tuple[tuple[int, ...], tuple[Link, ...]]] = [((unit,), ()) for unit, photos in embedded.items() if not photos]
    able = [unit for unit, photos in embedded.items() if photos]
    if not able:
        return alone
    members_of = _cluster_input(species, [embedded[unit] for unit in able], _between(able, apart))
    paths = [str(photo.photo.path) for unit in able for photo in embedded[unit]]
    groups = clusters(members_of, rules.worth.get(species), probability=rules.link_at)
    return alone + [(tuple(able[row] for row in group.units), _links(group, paths)) for group in groups]


def _cluster_input(
    species: str, units: Sequence[Sequence[SearchedPhoto]], apart: frozenset[tuple[int, int]]
) -> ClusterInput:
    """Units of embedded photos, photo by photo."""
    photos = [(row, photo) for row, unit in enumerate(units) for photo in unit]
    vectors = np.concatenate([photo.vectors[species] for _, photo in photos])
    sides = [photo.photo.side for _, photo in photos]
    return ClusterInput(vectors, sides, np.asarray([row for row, _ in photos], np.int64), apart)


def _between(units: Sequence[int], apart: Conflicts) -> frozenset[tuple[int, int]]:
    """The pairs of these units that cannot be one animal, by their places among them."""
    place = {unit: row for row, unit in enumerate(units)}
    return frozenset((place[a], place[b]) for a, b in apart if a in place and b in place)


def _links(group: PhotoGroup, paths: Sequence[str]) -> tuple[Link, ...]:
    """What holds a group together, by the paths of its photos."""
    return tuple(
        Link((paths[pair.photos[0]], paths[pair.photos[1]]), pair.cosine, pair.probability) for pair in group.links
    )


def _animal(
    one: Sighting, looks: Sequence[SearchedPhoto], parts: Sequence[Sighting], ties: tuple[Link, ...], rules: Rules
) -> Animal:
    own = [look for look in looks if look.guess.name == species_of(looks).name]
    kept = showing(looks)
    dates = sorted((when for look in kept if (when := look.photo.captured_at) is not None), key=seconds)
    sides = tuple(side for side in ("left", "right") if any(look.photo.side == side for look in own))
    shown = replace(one, matches=one.matches[: rules.top])
    return Animal(
        shown, tuple(kept), tuple(parts), ties, sides, dates[0] if dates else None, dates[-1] if dates else None
    )
