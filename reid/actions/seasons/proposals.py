"""The animals of unlabelled photos as proposed individuals, and what of them is enrolled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from reid.actions.seasons.results import PROPOSAL_STATUSES, Proposal
from reid.actions.seasons.season_table import side_word
from reid.steps.cannot_link import seconds
from reid.steps.encounters import season
from reid.steps.season.joint_identification import Animal
from reid.steps.sightings import SearchedPhoto
from reid.store import Enrollment
from reid.store.contract import GalleryStore


def proposals_of(gallery: GalleryStore, animals: Sequence[Animal], name: str) -> list[tuple[Proposal, Animal]]:
    """Each animal with its name: those without one get the next free number, in the order of their first photos."""
    used: dict[str, set[str]] = defaultdict(set)
    for one in (*gallery.individuals(), *gallery.individuals(removed=True)):
        used[one.species].add(one.name)
    found = []
    for animal in sorted(animals, key=_first):
        proposal = ""
        if animal.name is None:
            start = name or "-".join(part for part in ("new", season(animal.looks[0].photo)) if part)
            numbers = (f"{start}-{at:03d}" for at in range(1, len(used[animal.species]) + 2))
            proposal = next(one for one in numbers if one not in used[animal.species])
            used[animal.species].add(proposal)
        found.append((_proposal(animal, proposal), animal))
    return found


def _first(one: Animal) -> tuple[bool, float, str]:
    return one.first is None, seconds(one.first) if one.first else 0.0, one.sighting.photo


def _proposal(animal: Animal, proposal: str) -> Proposal:
    decision = animal.sighting.decision
    weakest = animal.ties[0] if animal.ties else None
    best = animal.sighting.matches[0].individual if animal.sighting.matches else ""
    status = PROPOSAL_STATUSES[decision.outcome]
    return Proposal(
        status, animal.species, "" if status == "new" else decision.individual or best, proposal, decision.probability,
        tuple(look.photo.path for look in animal.looks), len(animal.parts), side_word(animal.sides), animal.first, animal.last,
        weakest.probability if weakest else None, weakest.cosine if weakest else None, weakest.photos if weakest else (),
        decision.reason,
    )


def new_enrollments(proposals: Sequence[tuple[Proposal, Animal]]) -> dict[str, list[Enrollment]]:
    """What is to be enrolled, by species: the photos of the new ones."""
    found: dict[str, list[Enrollment]] = defaultdict(list)
    for one, animal in proposals:
        if one.status == "new":
            found[one.species] += [
                _enrollment(one, look) for look in animal.looks if one.species in look.vectors and look.already is None
            ]
    return {species: items for species, items in found.items() if items}


def _enrollment(one: Proposal, look: SearchedPhoto) -> Enrollment:
    photo = replace(look.photo, season=season(look.photo))
    return Enrollment(one.proposal, photo, look.sha256, *look.size, look.vectors[one.species][0])
