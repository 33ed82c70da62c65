"""One animal, one decision: what the steps found about a photo, or about all photos of an encounter, put together."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from reid.records import (
    EMPTY,
    SIDE_NET,
    UNKNOWN_SPECIES,
    Calibration,
    Decision,
    Match,
    Outcome,
    Photo,
    Sighting,
    SpeciesGuess,
    Vectors,
)
from reid.steps.cannot_link import APART, overlap
from reid.steps.decision import Candidate, Posterior, decide, evidence, posterior, worth
from reid.steps.encounters import season
from reid.steps.novelty import RETURNING, Field
from reid.steps.search import Listed, Shortlist, comparable_together, could_match
from reid.store import EnrolledPhoto


@dataclass(frozen=True, slots=True)
class SearchedPhoto:
    """One photo after both stages. shortlists: of each species searched, the routed one first; () = not searched."""

    photo: Photo
    sha256: str
    encounter: str
    guess: SpeciesGuess
    shortlists: tuple[Shortlist, ...] = ()
    already: EnrolledPhoto | None = None
    """The enrolled photo with the same content, if this very photo is in the gallery."""
    vectors: Mapping[str, Vectors] = field(default_factory=dict, compare=False)
    """(1, D) embedding by species searched."""
    size: tuple[int, int] = (0, 0)
    """Width and height of the whole photo, in pixels."""


@dataclass(frozen=True, slots=True)
class SearchContext:
    """What is known of the galleries searched, by species: calibration and fingerprint of the embedding net.

    returning: the share of the animals asked about that are enrolled, where it is known (`steps.novelty`).
    """

    calibrations: Mapping[str, Calibration | None]
    fingerprints: Mapping[str, str]
    returning: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClaimedName:
    """A name that another animal has, which this one cannot be: with what chance, in [0, 1], and why not both."""

    chance: float
    reason: str


Claims = Mapping[tuple[str, str], ClaimedName]
"""By (species, individual)."""
NO_NAMES: Claims = {}


def sight(looks: Sequence[SearchedPhoto], known: SearchContext, *, top: int | None, taken: Claims = NO_NAMES) -> Sighting:
    """Decide on photos that show one animal: one photo, or all photos of one encounter.

    Photos of one side in one encounter repeat each other, so their evidence is averaged; two sides are independent views
    of the animal, so their evidence is added.

    Args:
        looks: at least one, of one encounter.
        known: calibrations and nets of the species searched.
        top: matches to tell; None = all that were listed.
        taken: by (species, individual), what other animals leave of a name; P(i) becomes P(i) (1 - chance), and all are
            made to add up to 1 again.
    """
    guess = species_of(looks)
    lead = next(look for look in looks if look.guess.name == guess.name)
    used = [look for look in looks if look.guess.name == guess.name]
    species = tuple(shortlist.species for shortlist in lead.shortlists)
    decision, matches = _decide(used, guess, species, known, taken)
    shown = showing(looks)
    if empty := len(looks) - len(shown):
        frames = "an empty frame" if empty == 1 else f"{empty} empty frames"
        decision = replace(decision, reason=f"{decision.reason}; {frames} of the encounter left out")
    return Sighting(
        photo=str(lead.photo.path), sha256=lead.sha256, species=guess, decision=decision,
        matches=tuple(matches[:top]), side=lead.photo.side, captured_at=lead.photo.captured_at,
        encounter=lead.encounter, camera=lead.photo.camera, season=season(lead.photo),
        embedding_fingerprint=known.fingerprints.get(guess.name, "") if species else "", searched=species,
        photos=tuple(str(look.photo.path) for look in shown), box=lead.photo.box,
        contents=tuple(_content(look) for look in shown) if len(shown) > 1 else (),
        side_net=lead.photo.column(SIDE_NET) if lead.photo.side_predicted else "",
        boxes=tuple(look.photo.box for look in shown),
    )


def _content(look: SearchedPhoto) -> str:
    return f"{look.sha256} {look.photo.box.key()}" if look.photo.box else look.sha256


def showing(looks: Sequence[SearchedPhoto]) -> Sequence[SearchedPhoto]:
    """The photos of an encounter without its empty frames, which show nobody; all of them where nothing else is."""
    return [look for look in looks if look.guess.name != EMPTY] or looks


def species_of(looks: Sequence[SearchedPhoto]) -> SpeciesGuess:
    """The guess that the photos of one encounter agree on most; an animal in any of them outweighs empty frames."""
    weight: dict[str, float] = defaultdict(float)
    for look in looks:
        weight[look.guess.name] += look.guess.probability
    animals = {name: value for name, value in weight.items() if name not in (EMPTY, UNKNOWN_SPECIES)}
    pool = animals or {name: value for name, value in weight.items() if name == UNKNOWN_SPECIES} or weight
    name = max(pool, key=lambda key: pool[key])
    return max((look.guess for look in looks if look.guess.name == name), key=lambda guess: guess.probability)


def _decide(
    used: Sequence[SearchedPhoto], guess: SpeciesGuess, species: Sequence[str], known: SearchContext, taken: Claims
) -> tuple[Decision, list[Match]]:
    """The decision on the photos of one animal, and its matches."""
    unsearched = _without_search(guess, species)
    if unsearched is not None:
        return unsearched, []
    shares = _shares(guess, species)
    by_species = [_matches(name, used, known.calibrations.get(name), shares[name]) for name in species]
    matches = [match for part, _ in by_species for match in part]
    nobody = sum(none for _, none in by_species)
    alone = max(matches, key=lambda one: (one.probability or 0.0, one.score), default=None)
    compared = len(matches)
    matches, nobody = _left(matches, nobody, taken)
    plain = _ranked(matches)
    matches = _reordered(plain, used, known)
    already = enrolled_photo_of(used)
    if already is not None:
        return Decision(Outcome.KNOWN, already.individual, 1.0, "this very photo is enrolled under that name"), matches
    best = matches[0] if matches else None
    lists = {name: [part for photo in used for part in photo.shortlists if part.species == name] for name in species}
    enrolled = sum(could_match(shortlists) for shortlists in lists.values())
    chances = _posterior_of(matches, nobody, all_compared=0 < enrolled <= compared)
    sides = {photo.photo.side for photo in used}
    calibration = _calibration_for(known.calibrations.get(best.species if best else species[0]), sides, best)
    comparable = sum(shares[name] * comparable_together(sides, shortlists) for name, shortlists in lists.items())
    of_field = Field(known.returning.get(guess.name, RETURNING), comparable)
    decision = decide(best.individual if best else None, chances, calibration, enrolled, of_field)
    if decision.outcome == Outcome.NEW and _several(used):
        decision = _of_none(decision, best)
    reason = decision.reason + _lost(alone, decision, taken) + _doubts(plain, matches, species)
    return replace(decision, reason=reason), matches


def _without_search(guess: SpeciesGuess, species: Sequence[str]) -> Decision | None:
    """The decision where stage 1 leaves nothing to search; None where it does."""
    if guess.name == EMPTY:
        return Decision(Outcome.EMPTY, None, guess.probability, f"no animal: {guess.reason}")
    if guess.name == UNKNOWN_SPECIES:
        return Decision(Outcome.UNKNOWN_SPECIES, None, guess.probability, guess.reason)
    if not species:
        reason = f"{guess.name} has no embedding net in this gallery: train or enroll it first"
        return Decision(Outcome.REVIEW, None, None, reason)
    return None


def _posterior_of(matches: Sequence[Match], nobody: float, *, all_compared: bool) -> Posterior | None:
    """What the calibrated matches say of the best one; None where one is not calibrated, or nobody can be excluded.

    all_compared: every individual that could match was on the lists; without a match it is surely none of them.
    """
    if not matches:
        return Posterior({}, 1.0) if all_compared else None
    probability = matches[0].probability
    if probability is None or any(match.probability is None for match in matches):
        return None
    return Posterior({matches[0].individual: probability}, nobody)


def _calibration_for(calibration: Calibration | None, sides: Collection[str], best: Match | None) -> Calibration | None:
    """The calibration by which the photos together are judged: of their side, and of re-ranked scores where these count."""
    if calibration is not None and len(sides) == 1:  # photos of two sides are judged by what holds for both
        calibration = calibration.of_side(next(iter(sides)))
    if calibration is not None and calibration.closer is not None and best is not None and best.local is not None:
        return calibration.closer
    return calibration


def _doubts(plain: Sequence[Match], matches: Sequence[Match], species: Sequence[str]) -> str:
    """What to add to a reason where re-ranking puts another one first than the scores, or the species is unsure."""
    reason = ""
    if plain and plain[0].individual != matches[0].individual:
        chance = "" if plain[0].probability is None else f" ({plain[0].probability:.2f})"
        reason = f"; by the scores alone {plain[0].individual}{chance}: the closer look disagrees"
    if len(species) > 1:
        reason += f"; species unsure, searched {' and '.join(species)}"
    return reason


def _lost(alone: Match | None, decision: Decision, taken: Claims) -> str:
    """What to add to a reason where the best match by itself is another animal; else ""."""
    lost = taken.get((alone.species, alone.individual)) if alone else None
    named = decision.individual if decision.outcome == Outcome.KNOWN else None
    if alone is None or lost is None or lost.chance < 0.5 or named == alone.individual:
        return ""
    return f"; {alone.individual} is another animal with probability {lost.chance:.2f}: {lost.reason}"


def _of_none(decision: Decision, best: Match | None) -> Decision:
    """What is decided of several animals that together are like nobody."""
    reason = "frames of the encounter show several animals, so that this decision is of none of them: ask photo by photo"
    name, chance = (best.individual, best.probability) if best else (None, None)
    return Decision(Outcome.REVIEW, name, chance, reason, decision.nobody, decision.new)


def enrolled_photo_of(looks: Sequence[SearchedPhoto]) -> EnrolledPhoto | None:
    """The first enrolled photo that is one of these, content and box; None where none is enrolled."""
    return next((look.already for look in looks if look.already is not None), None)


def _several(looks: Sequence[SearchedPhoto]) -> bool:
    """Whether two boxes of one frame are two animals."""
    pairs = [(a, b) for at, a in enumerate(looks) for b in looks[:at] if a.sha256 == b.sha256]
    return any(a.photo.box and b.photo.box and overlap(a.photo.box, b.photo.box) < APART for a, b in pairs)


def _shares(guess: SpeciesGuess, species: Sequence[str]) -> dict[str, float]:
    """How the probability is split between the species searched."""
    chances = {guess.name: guess.probability, **dict(guess.alternatives)}
    total = sum(chances.get(name, 0.0) for name in species)
    return {name: chances.get(name, 0.0) / total if total > 0 else 1.0 / len(species) for name in species}


def _matches(
    species: str, used: Sequence[SearchedPhoto], calibration: Calibration | None, share: float
) -> tuple[list[Match], float]:
    """Matches of one species from all photos of the encounter, and the chance that nobody enrolled is shown."""
    lists = [(look.photo.side, one) for look in used for one in look.shortlists if one.species == species]
    best: dict[str, Listed] = {}
    for _, one in lists:
        for listed in one.listed:
            best[listed.individual] = _better(best.get(listed.individual, listed), listed)
    if calibration is None:
        return [_match(species, item, None) for item in best.values()], 0.0
    items = [Candidate(name, _evidence(name, lists, calibration)) for name in best]
    chances = posterior(items, could_match([one for _, one in lists]), calibration.prior)
    return [_match(species, best[name], share * chances.individuals[name]) for name in best], share * chances.nobody


def _left(matches: Sequence[Match], nobody: float, taken: Claims) -> tuple[list[Match], float]:
    """The matches with what other animals leave of their names; one that is certainly another's is gone."""
    if not taken:
        return list(matches), nobody
    left = {(one.species, one.individual): 1.0 for one in matches} | {name: 1.0 - one.chance for name, one in taken.items()}
    kept = [one for one in matches if left[one.species, one.individual] > 0.0]
    chances = [None if one.probability is None else one.probability * left[one.species, one.individual] for one in kept]
    if any(chance is None for chance in chances):
        return kept, nobody
    total = nobody + math.fsum(chance or 0.0 for chance in chances)
    if total <= 0.0:
        return kept, nobody
    return [replace(one, probability=(chance or 0.0) / total) for one, chance in zip(kept, chances, strict=True)], nobody / total


def _evidence(name: str, lists: Sequence[tuple[str, Shortlist]], calibration: Calibration) -> float:
    by_side: dict[str, list[float]] = defaultdict(list)
    for side, one in lists:
        own = {listed.individual: listed for listed in one.listed}
        if name in own:
            by_side[side].append(worth(own[name].score, own[name].local, calibration.of_side(side)))
        elif own and len(own) < one.enrolled:  # below the end of the list; else not enrolled with this side
            by_side[side].append(evidence(min(listed.score for listed in own.values()), calibration.of_side(side)))
    return sum(fmean(values) for values in by_side.values())


def _match(species: str, item: Listed, probability: float | None) -> Match:
    photo = item.photo
    return Match(
        species, item.individual, 0, item.score, probability, str(photo.path), photo.side, photo.captured_at,
        photo.sha256, item.local,
    )


def _better(one: Listed, other: Listed) -> Listed:
    """The higher score, with the photo that a closer look, else the score, found the more alike."""
    first, second = ((item.fused if item.fused is not None else -math.inf, item.score) for item in (one, other))
    shown = other if second > first else one
    return replace(shown, score=max(one.score, other.score))


def _ranked(matches: Sequence[Match]) -> list[Match]:
    """Ranked by probability, then by score; where one is uncalibrated, by score alone."""
    calibrated = all(match.probability is not None for match in matches)
    order = sorted(matches, key=lambda match: (-(match.probability or 0.0) if calibrated else 0.0, -match.score))
    return _numbered(order)


def _reordered(matches: Sequence[Match], used: Sequence[SearchedPhoto], known: SearchContext) -> list[Match]:
    """The matches of each species that a closer look was taken at, in its order on the ranks they hold together.

    Where closer looks are calibrated, the probabilities know of them and the order is right already. Else they are those of
    the cosines and stay: where the two disagree about the first, a person is asked rather than KNOWN decided.
    """
    fused: dict[tuple[str, str], float] = {}
    for side, found in ((look.photo.side, found) for look in used for found in look.shortlists):
        calibration = known.calibrations.get(found.species)
        if calibration is not None and calibration.of_side(side).closer is not None:
            continue
        for listed in found.listed:
            if listed.fused is not None:
                key = (found.species, listed.individual)
                fused[key] = max(listed.fused, fused.get(key, -math.inf))
    order = list(matches)
    for species in {name for name, _ in fused}:
        places = [row for row, one in enumerate(matches) if one.species == species and (species, one.individual) in fused]
        falling = sorted((matches[row] for row in places), key=lambda one: -fused[one.species, one.individual])
        for place, one in zip(places, falling, strict=True):
            order[place] = one
    return _numbered(order)


def _numbered(order: Sequence[Match]) -> list[Match]:
    return [replace(one, rank=rank) for rank, one in enumerate(order, start=1)]
