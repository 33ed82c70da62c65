"""One animal, one decision: photos, sides, species and galleries put together."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reid.records import EMPTY, UNKNOWN_SPECIES, Box, Calibration, Outcome, Photo, SpeciesGuess
from reid.steps.search import Shortlist
from reid.steps.sightings import ClaimedName, SearchContext, SearchedPhoto, sight
from tests.steps.stock import calibration, enrolled_photo, shortlist

ZEBRA = SpeciesGuess("zebra", 0.9, (("lion", 0.1),), fingerprint="s" * 16)


def look(*lists: Shortlist, name: str = "q.jpg", side: str = "", guess: SpeciesGuess = ZEBRA, **facts: Any) -> SearchedPhoto:
    photo = Photo(Path(name), captured_at=datetime(2024, 5, 1), camera="C1", side=side)
    return SearchedPhoto(photo, f"sha-{name}", "E1", guess, tuple(lists), **facts)


def known(**calibrations: Calibration | None) -> SearchContext:
    return SearchContext(calibrations, dict.fromkeys(calibrations, "n" * 16))


CALIBRATED = known(zebra=calibration())


def chance(evidence: float, others: float = 0.0, enrolled: int = 1) -> float:
    """P(i) by hand, prior 1/2: LR / (N + LR + the other LRs)."""
    return math.exp(evidence) / (enrolled + math.exp(evidence) + others)


def test_one_photo_is_decided_by_bayes_over_its_shortlist() -> None:
    found = sight([look(shortlist({"Ada": 0.7, "Bo": 0.5}), side="left")], CALIBRATED, top=5)
    assert (found.decision.outcome, found.decision.individual) == (Outcome.KNOWN, "Ada")
    assert found.decision.probability == pytest.approx(chance(4.0, 1.0, 2))
    assert [(one.individual, one.rank, one.score) for one in found.matches] == [("Ada", 1, 0.7), ("Bo", 2, 0.5)]
    assert [one.probability for one in found.matches] == pytest.approx([chance(4.0, 1.0, 2), chance(0.0, math.exp(4), 2)])


def test_a_sighting_carries_the_facts_of_its_photo_and_nets() -> None:
    found = sight([look(shortlist({"Ada": 0.7}), name="a/é.jpg", side="left")], CALIBRATED, top=5)
    assert (found.photo, found.sha256, found.side, found.camera, found.encounter) == (
        str(Path("a/é.jpg")),
        "sha-a/é.jpg",
        "left",
        "C1",
        "E1",
    )
    assert (found.season, found.captured_at) == ("2024", datetime(2024, 5, 1))
    assert (found.embedding_fingerprint, found.searched, found.species) == ("n" * 16, ("zebra",), ZEBRA)
    assert found.photos == (str(Path("a/é.jpg")),) and found.boxes == (None,)


def test_only_as_many_matches_are_told_as_asked_for_and_the_decision_is_the_same() -> None:
    one = look(shortlist({"Ada": 0.7, "Bo": 0.6, "Cy": 0.5}))
    short, long = sight([one], CALIBRATED, top=1), sight([one], CALIBRATED, top=9)
    assert [match.individual for match in short.matches] == ["Ada"]
    assert short.decision == long.decision


def test_photos_of_one_side_average_their_evidence() -> None:
    looks = [look(shortlist({"Ada": 0.7}), name="1", side="left"), look(shortlist({"Ada": 0.6}), name="2", side="left")]
    found = sight(looks, CALIBRATED, top=5)
    assert found.matches[0].probability == pytest.approx(chance(3.0))
    assert found.matches[0].score == 0.7
    assert found.photos == ("1", "2")


def test_two_sides_add_their_evidence() -> None:
    looks = [
        look(shortlist({"Ada": 0.7}), name="1", side="left"),
        look(shortlist({"Ada": 0.6}), name="2", side="right"),
    ]
    assert sight(looks, CALIBRATED, top=5).matches[0].probability == pytest.approx(chance(6.0))


def test_repeating_a_photo_proves_nothing_more() -> None:
    once = look(shortlist({"Ada": 0.62, "Bo": 0.55}), side="left")
    one, many = sight([once], CALIBRATED, top=5), sight([once] * 7, CALIBRATED, top=5)
    assert many.decision.probability == pytest.approx(one.decision.probability)


def test_the_photos_of_an_encounter_overrule_one_misleading_photo() -> None:
    looks = [
        look(shortlist({"Ada": 0.55, "Bo": 0.60}), name="1", side="left"),
        look(shortlist({"Ada": 0.80, "Bo": 0.40}), name="2", side="left"),
    ]
    found = sight(looks, CALIBRATED, top=5)
    assert [one.individual for one in found.matches] == ["Ada", "Bo"]
    assert found.matches[0].probability == pytest.approx(chance((1 + 6) / 2, math.exp((2 - 2) / 2), 2))


def test_somebody_below_the_end_of_a_full_shortlist_is_given_the_last_score_on_it() -> None:
    looks = [
        look(shortlist({"Ada": 0.7, "Bo": 0.6}, enrolled=9), name="1", side="left"),
        look(shortlist({"Cy": 0.6, "Bo": 0.55}, enrolled=9), name="2", side="left"),
    ]
    found = {one.individual: one.probability for one in sight(looks, CALIBRATED, top=5).matches}
    weights = {"Ada": math.exp((4 + 1) / 2), "Bo": math.exp((2 + 1) / 2), "Cy": math.exp((2 + 2) / 2)}
    total = 9 + sum(weights.values())
    assert found == pytest.approx({name: weight / total for name, weight in weights.items()})


def test_a_side_that_nobody_is_enrolled_with_says_nothing_against_anybody() -> None:
    left = look(shortlist({"Ada": 0.7}), name="1", side="left")
    right = look(shortlist({}), name="2", side="right")
    for looks in ([left, right], [right, left]):
        found = sight(looks, CALIBRATED, top=5)
        assert (found.decision.outcome, found.decision.individual) == (Outcome.KNOWN, "Ada")
        assert found.decision.probability == pytest.approx(chance(4.0))
        assert "among 1 enrolled" in found.decision.reason


def test_a_side_that_one_individual_is_not_enrolled_with_says_nothing_against_it() -> None:
    looks = [
        look(shortlist({"Ada": 0.7, "Bo": 0.5}), name="1", side="left"),
        look(shortlist({"Bo": 0.2}), name="2", side="right"),
    ]
    found = sight(looks, CALIBRATED, top=5)
    assert (found.decision.outcome, found.decision.individual) == (Outcome.KNOWN, "Ada")
    assert found.decision.probability == pytest.approx(chance(4.0, math.exp(-6), 2))


SIDED = known(zebra=calibration(left=calibration(slope=10.0, intercept=-5.0, known_at=0.6), checked_up_to=1))


def test_a_photo_of_a_side_is_judged_by_that_sides_calibration() -> None:
    lists = shortlist({"Ada": 0.7})
    left = sight([look(lists, side="left")], SIDED, top=5).decision
    assert (left.outcome, left.probability) == (Outcome.KNOWN, pytest.approx(chance(2.0)))
    assert "(needs 0.60)" in left.reason
    for side in ("right", ""):
        found = sight([look(lists, side=side)], SIDED, top=5).decision
        assert (found.outcome, found.probability) == (Outcome.KNOWN, pytest.approx(chance(4.0)))
        assert "(needs 0.80)" in found.reason


def test_photos_of_two_sides_each_give_their_sides_evidence_and_need_what_holds_for_all() -> None:
    looks = [
        look(shortlist({"Ada": 0.6}), name="1", side="left"),
        look(shortlist({"Ada": 0.5}), name="2", side="right"),
    ]
    found = sight(looks, SIDED, top=5).decision
    assert (found.outcome, found.probability) == (Outcome.REVIEW, pytest.approx(chance(1.0 + 0.0)))
    assert "below 0.80" in found.reason


def test_a_sighting_warns_where_more_could_match_than_was_checked_for() -> None:
    few, many = (sight([look(shortlist({"Ada": 0.7}, enrolled=count))], SIDED, top=5) for count in (1, 2))
    assert "checked for" not in few.decision.reason
    assert "checked for up to 1 individuals only" in many.decision.reason


def test_uncalibrated_is_ranked_by_score_and_left_for_review() -> None:
    found = sight([look(shortlist({"Ada": 0.7, "Bo": 0.99}))], known(zebra=None), top=5)
    assert [(one.individual, one.probability) for one in found.matches] == [("Bo", None), ("Ada", None)]
    assert (found.decision.outcome, found.decision.individual, found.decision.probability) == (
        Outcome.REVIEW,
        "Bo",
        None,
    )


def test_with_nobody_enrolled_the_animal_is_new() -> None:
    found = sight([look(shortlist({}))], CALIBRATED, top=5)
    assert (found.decision.outcome, found.matches, found.searched) == (Outcome.NEW, (), ("zebra",))


def test_an_animal_unlike_all_enrolled_is_new_with_a_probability() -> None:
    found = sight([look(shortlist({"Ada": 0.1, "Bo": 0.0}))], CALIBRATED, top=5)
    assert found.decision.outcome is Outcome.NEW
    assert found.decision.nobody == pytest.approx(2 / (2 + 2 * math.exp(-6)))
    assert found.decision.probability == pytest.approx(1 / (1 + 1 / 40))  # ten held out say no more: one of 40 may be missed


def test_an_animal_like_nobody_is_for_a_person_where_many_enrolled_ones_could_not_be_compared() -> None:
    alike = shortlist({"Ada": 0.1, "Bo": 0.0})
    halves = replace(alike, comparable=0.5)
    found = sight([look(halves)], CALIBRATED, top=5).decision
    assert (found.outcome, found.new) == (Outcome.REVIEW, pytest.approx(1 / (1 + 0.5 + 0.5 / 40)))
    assert found.reason.endswith("new 0.66, below 0.90: 0.50 of the enrolled animals are not known from the side it shows")
    both = [look(replace(halves, listed=one), side=side) for side, one in (("left", alike.listed), ("right", alike.listed))]
    assert sight(both, CALIBRATED, top=5).decision.outcome is Outcome.NEW  # from both sides anybody can be compared


def test_frames_of_several_animals_are_not_one_new_animal() -> None:
    """Two enrolled animals in one encounter look like none of the enrolled, together."""
    plain = look(shortlist({"Ada": 0.1, "Bo": 0.0}))
    one, other = (replace(plain, photo=replace(plain.photo, box=Box(x, 0.0, 0.4, 1.0))) for x in (0.0, 0.5))
    assert sight([one], CALIBRATED, top=5).decision.outcome is Outcome.NEW
    found = sight([one, other], CALIBRATED, top=5).decision
    assert found.outcome is Outcome.REVIEW and "show several animals" in found.reason
    assert sight([one, one], CALIBRATED, top=5).decision.outcome is Outcome.NEW
    assert sight([one, replace(other, sha256="another frame")], CALIBRATED, top=5).decision.outcome is Outcome.NEW


def test_nobody_with_a_photo_of_the_side_is_not_yet_new() -> None:
    found = sight([look(replace(shortlist({}), comparable=0.0))], CALIBRATED, top=5).decision
    assert (found.outcome, found.individual) == (Outcome.REVIEW, None)
    assert found.reason == "everybody enrolled is known from the other side only"


@pytest.mark.parametrize(("returning", "outcome"), [(0.5, Outcome.NEW), (0.8, Outcome.NEW), (0.85, Outcome.REVIEW)])
def test_the_more_animals_are_enrolled_ones_the_surer_new_must_be(returning: float, outcome: Outcome) -> None:
    asked = replace(CALIBRATED, returning={"zebra": returning})
    found = sight([look(shortlist({"Ada": 0.1, "Bo": 0.0}))], asked, top=5).decision
    assert found.outcome is outcome
    assert found.new == pytest.approx((1 - returning) / (1 - returning + returning / 40))
    if outcome is Outcome.REVIEW:
        assert found.reason.endswith("below 0.90: 0.85 of all animals asked about are enrolled ones")


def test_a_species_without_a_net_is_left_for_review() -> None:
    found = sight([look()], known(), top=5)
    assert (found.decision.outcome, found.searched, found.embedding_fingerprint) == (Outcome.REVIEW, (), "")
    assert "zebra has no embedding net" in found.decision.reason


@pytest.mark.parametrize(("name", "outcome"), [(EMPTY, Outcome.EMPTY), (UNKNOWN_SPECIES, Outcome.UNKNOWN_SPECIES)])
def test_empty_and_unknown_photos_are_not_searched(name: str, outcome: Outcome) -> None:
    guess = SpeciesGuess(name, 0.7, reason="because")
    found = sight([look(guess=guess)], CALIBRATED, top=5)
    assert (found.decision.outcome, found.decision.individual, found.decision.probability) == (outcome, None, 0.7)
    assert "because" in found.decision.reason
    assert (found.matches, found.searched, found.embedding_fingerprint) == ((), (), "")


def test_one_animal_outweighs_many_empty_frames() -> None:
    empty = SpeciesGuess(EMPTY, 0.99)
    looks = [look(name="1", guess=empty), look(shortlist({"Ada": 0.8}), name="2"), look(name="3", guess=empty)]
    found = sight(looks, CALIBRATED, top=5)
    assert (found.species, found.photo, found.decision.individual) == (ZEBRA, "2", "Ada")
    assert found.photos == ("2",), "an empty frame is no sighting of the animal"
    assert found.decision.reason.endswith("; 2 empty frames of the encounter left out")
    nothing = sight([look(name="1", guess=empty), look(name="3", guess=empty)], CALIBRATED, top=5)
    assert (nothing.decision.outcome, nothing.photos) == (Outcome.EMPTY, ("1", "3"))


def test_the_species_that_most_photos_agree_on_is_taken_and_its_photos_alone_decide() -> None:
    lion = SpeciesGuess("lion", 0.95)
    looks = [
        look(shortlist({"Leo": 0.9}, "lion"), name="1", guess=lion),
        look(shortlist({"Ada": 0.7}), name="2", side="left"),
        look(shortlist({"Ada": 0.6}), name="3", side="left"),
    ]
    found = sight(looks, known(zebra=calibration(), lion=calibration()), top=5)
    assert (found.species.name, found.searched) == ("zebra", ("zebra",))
    assert found.decision.probability == pytest.approx(chance(3.0))


UNSURE = SpeciesGuess("zebra", 0.5, (("lion", 0.3), (EMPTY, 0.2)))
BOTH = known(zebra=calibration(), lion=calibration())


def test_two_species_searched_share_the_probability_as_the_species_net_saw_them() -> None:
    lists = shortlist({"Ada": 0.6}), shortlist({"Leo": 0.7}, "lion")
    found = sight([look(*lists, guess=UNSURE)], BOTH, top=5)
    zebra, lion = 0.625, 0.375
    wanted = {"Ada": zebra * chance(2.0), "Leo": lion * chance(4.0)}
    assert {one.individual: one.probability for one in found.matches} == pytest.approx(wanted)
    assert [one.individual for one in found.matches] == ["Ada", "Leo"]
    assert (found.decision.outcome, found.searched) == (Outcome.REVIEW, ("zebra", "lion"))
    assert found.decision.reason.endswith("species unsure, searched zebra and lion")
    assert "nobody enrolled 0.08" in found.decision.reason
    assert zebra * (1 - chance(2.0)) + lion * (1 - chance(4.0)) == pytest.approx(0.08, abs=0.005)


def test_animals_of_two_species_with_one_name_stay_two_animals() -> None:
    lists = shortlist({"Kibo": 0.6}), shortlist({"Kibo": 0.9}, "lion")
    found = sight([look(*lists, guess=UNSURE)], BOTH, top=5)
    told = [(one.species, one.individual, one.probability) for one in found.matches]
    assert [(species, name) for species, name, _ in told] == [("zebra", "Kibo"), ("lion", "Kibo")]
    assert found.decision.probability == told[0][2] == pytest.approx(0.625 * chance(2.0))
    assert sum(one.probability or 0.0 for one in found.matches) <= 1.0


def test_a_sure_second_species_takes_over_from_the_routed_one() -> None:
    lists = shortlist({"Ada": 0.1}), shortlist({"Leo": 0.9}, "lion")
    close = SpeciesGuess("zebra", 0.51, (("lion", 0.49),))
    loose = known(zebra=calibration(), lion=calibration(known_at=0.48))
    found = sight([look(*lists, guess=close)], loose, top=5)
    assert (found.decision.outcome, found.decision.individual, found.matches[0].species) == (
        Outcome.KNOWN,
        "Leo",
        "lion",
    )
    assert found.species.name == "zebra"


def test_where_one_of_two_species_is_uncalibrated_a_person_must_look() -> None:
    lists = shortlist({"Ada": 0.6}), shortlist({"Leo": 0.9}, "lion")
    found = sight([look(*lists, guess=UNSURE)], known(zebra=calibration(), lion=None), top=5)
    assert [one.individual for one in found.matches] == ["Leo", "Ada"]
    assert (found.decision.outcome, found.decision.probability) == (Outcome.REVIEW, None)


def test_nobody_enrolled_in_either_species_is_new() -> None:
    found = sight([look(shortlist({}), shortlist({}, "lion"), guess=UNSURE)], BOTH, top=5)
    assert found.decision.outcome is Outcome.NEW


def test_a_photo_that_is_enrolled_already_is_known_under_its_name_whatever_the_search_says() -> None:
    there = enrolled_photo(7, "Zoe", 3)
    found = sight([look(shortlist({"Ada": 0.9}), already=there)], CALIBRATED, top=5)
    assert (found.decision.outcome, found.decision.individual, found.decision.probability) == (
        Outcome.KNOWN,
        "Zoe",
        1.0,
    )
    assert "this very photo is enrolled" in found.decision.reason
    assert found.matches[0].individual == "Ada"


def looked_closer(found: Shortlist, fused: dict[str, float]) -> Shortlist:
    """The shortlist in the order of `fused`; an individual without a value got no closer look."""
    listed = [replace(one, fused=fused.get(one.individual), local=fused.get(one.individual)) for one in found.listed]
    return replace(found, listed=tuple(sorted(listed, key=lambda one: -(one.fused or 0.0))))


def test_a_closer_look_orders_the_matches_and_leaves_their_probabilities() -> None:
    plain = shortlist({"Ada": 0.7, "Bo": 0.5, "Cy": 0.4})
    before = sight([look(plain)], CALIBRATED, top=5)
    after = sight([look(looked_closer(plain, {"Bo": 0.9, "Ada": 0.6}))], CALIBRATED, top=5)
    assert [(one.individual, one.rank) for one in after.matches] == [("Bo", 1), ("Ada", 2), ("Cy", 3)]
    chances = {one.individual: one.probability for one in before.matches}
    assert {one.individual: one.probability for one in after.matches} == chances
    assert [one.local for one in after.matches] == [0.9, 0.6, None]


def test_where_cosine_and_closer_look_disagree_about_the_first_a_person_is_asked() -> None:
    plain = shortlist({"Ada": 0.7, "Bo": 0.5})
    assert sight([look(plain)], CALIBRATED, top=5).decision.outcome == Outcome.KNOWN
    decision = sight([look(looked_closer(plain, {"Bo": 0.9, "Ada": 0.6}))], CALIBRATED, top=5).decision
    assert (decision.outcome, decision.individual) == (Outcome.REVIEW, "Bo")
    assert re.search(r"; by the scores alone Ada \(0\.\d\d\): the closer look disagrees$", decision.reason)


def test_where_both_agree_about_the_first_the_decision_is_as_without_a_closer_look() -> None:
    plain = shortlist({"Ada": 0.7, "Bo": 0.5})
    closer = looked_closer(plain, {"Ada": 0.9, "Bo": 0.6})
    assert sight([look(closer)], CALIBRATED, top=5).decision == sight([look(plain)], CALIBRATED, top=5).decision


def test_an_individual_without_a_closer_look_keeps_its_rank() -> None:
    plain = shortlist({"Ada": 0.7, "Bo": 0.6, "Cy": 0.5})
    found = sight([look(looked_closer(plain, {"Cy": 0.9, "Ada": 0.2}))], CALIBRATED, top=5)
    assert [one.individual for one in found.matches] == ["Cy", "Bo", "Ada"]


def test_of_an_encounter_the_photo_counts_that_matches_best_place_by_place() -> None:
    one, two = shortlist({"Ada": 0.7, "Bo": 0.6}), shortlist({"Bo": 0.65, "Ada": 0.6})
    looks = [look(looked_closer(one, {"Ada": 0.8, "Bo": 0.3})), look(looked_closer(two, {"Bo": 0.9, "Ada": 0.1}))]
    found = sight(looks, CALIBRATED, top=5)
    assert [(match.individual, match.local, match.score) for match in found.matches] == [("Bo", 0.9, 0.65), ("Ada", 0.8, 0.7)]


def test_a_closer_look_at_one_of_two_species_moves_nobody_of_the_other() -> None:
    zebra, lion = shortlist({"Ada": 0.7, "Bo": 0.6}), shortlist({"Leo": 0.65}, "lion")
    both = known(zebra=None, lion=None)
    found = sight([look(looked_closer(zebra, {"Bo": 0.9, "Ada": 0.1}), lion)], both, top=5)
    assert [one.individual for one in found.matches] == ["Bo", "Leo", "Ada"]


CLOSER = replace(calibration(), closer=replace(calibration(), slope=10.0, more_slopes=(20.0,), known_at=0.9))


def looked_at(scores: dict[str, tuple[float, float | None]]) -> Shortlist:
    found = shortlist({name: score for name, (score, _) in scores.items()})
    listed = tuple(
        replace(one, local=scores[one.individual][1], fused=one.score + 8.0 * (scores[one.individual][1] or 0.0))
        if scores[one.individual][1] is not None else one
        for one in found.listed
    )
    return replace(found, listed=listed)


def test_the_evidence_of_a_calibrated_closer_look_decides_and_orders() -> None:
    found = sight([look(looked_at({"Ada": (0.7, 0.0), "Bo": (0.6, 0.3)}))], known(zebra=CLOSER), top=5)
    closer = CLOSER.closer
    assert closer is not None
    ada = max(-closer.ceiling, min(closer.ceiling, 10.0 * 0.7 + closer.intercept))
    bo = max(-closer.ceiling, min(closer.ceiling, 10.0 * 0.6 + 20.0 * 0.3 + closer.intercept))
    assert bo > ada
    assert [one.individual for one in found.matches] == ["Bo", "Ada"]
    assert [one.probability for one in found.matches] == pytest.approx(
        [chance(bo, math.exp(ada), 2), chance(ada, math.exp(bo), 2)]
    )
    assert "needs 0.90" in found.decision.reason or "below 0.90" in found.decision.reason
    assert "disagrees" not in found.decision.reason


def test_an_individual_that_was_not_looked_at_counts_by_its_cosine() -> None:
    found = sight([look(looked_at({"Ada": (0.7, 0.1), "Bo": (0.5, None)}))], known(zebra=CLOSER), top=5)
    closer = CLOSER.closer
    assert closer is not None
    ada = max(-closer.ceiling, min(closer.ceiling, 10.0 * 0.7 + 20.0 * 0.1 + closer.intercept))
    assert {one.individual: one.probability for one in found.matches} == pytest.approx(
        {"Ada": chance(ada, 1.0, 2), "Bo": chance(0.0, math.exp(ada), 2)}
    )


AWAY = {("zebra", "Ada"): ClaimedName(1.0, "it is in the same frame")}


def test_who_can_only_be_somebody_that_is_another_animal_is_new_and_the_reason_says_so() -> None:
    found = sight([look(shortlist({"Ada": 0.7}))], CALIBRATED, top=5, taken=AWAY)
    assert (found.decision.outcome, found.matches) == (Outcome.NEW, ())
    told = "everybody enrolled that it could be compared with is another animal; Ada is another animal"
    assert found.decision.reason.startswith(told)


def test_who_could_be_an_animal_known_from_its_other_side_only_is_not_new_because_the_rest_is_taken() -> None:
    found = sight([look(replace(shortlist({"Ada": 0.7}), comparable=0.5), side="left")], CALIBRATED, top=5, taken=AWAY)
    assert found.decision.outcome is Outcome.REVIEW
    assert "0.50 of the enrolled animals are not known from the side it shows" in found.decision.reason


def test_a_photo_whose_only_match_is_its_own_file_is_for_a_person() -> None:
    """Enrolled whole, asked with a box: the one photo of the one animal may not match itself."""
    found = sight([look(replace(shortlist({}), enrolled=1))], CALIBRATED, top=5).decision
    assert (found.outcome, found.individual) == (Outcome.REVIEW, None)
    assert "of this very file" in found.reason


def test_of_two_sides_at_least_all_that_are_listed_could_be_meant() -> None:
    """Ada is known from the left only and Bo from the right only: two could match, not one."""
    looks = [look(shortlist({"Ada": 0.7}), side="left"), look(shortlist({"Bo": 0.5}), side="right", name="r.jpg")]
    found = sight(looks, CALIBRATED, top=5)
    assert found.matches[0].probability == pytest.approx(chance(4.0, 1.0, 2))
    assert "among 2 enrolled" in found.decision.reason


def test_of_two_species_the_one_whose_animals_could_not_be_compared_counts() -> None:
    unsure = SpeciesGuess("zebra", 0.5, (("lion", 0.5),), fingerprint="s" * 16)
    lists = shortlist({}), replace(shortlist({}, species="lion"), comparable=0.0)
    both = known(zebra=calibration(), lion=calibration())
    found = sight([look(*lists, side="left", guess=unsure)], both, top=5).decision
    assert found.outcome is Outcome.REVIEW


def test_an_encounter_of_several_animals_tells_the_chance_of_its_best_match_not_of_a_new_animal() -> None:
    plain = look(shortlist({"Ada": 0.1, "Bo": 0.0}))
    looks = [replace(plain, photo=replace(plain.photo, box=Box(x, 0.0, 0.4, 1.0))) for x in (0.0, 0.5)]
    found = sight(looks, CALIBRATED, top=5)
    assert (found.decision.individual, found.decision.probability) == ("Ada", found.matches[0].probability)
    assert found.decision.new == pytest.approx(1 / (1 + 1 / 40))
