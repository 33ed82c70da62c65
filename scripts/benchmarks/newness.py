"""Can NEW be trusted? A labelled set asked as a second season, some of its individuals enrolled, by the base net as it ships.

    python scripts/benchmarks/newness.py /work/shared/data/zebra [--share 0.8] [--draws 6]
    python scripts/benchmarks/newness.py /work/shared/data/nyala --only split_unseen=test

For each draw a share of the individuals is enrolled with half of their encounters, which also calibrate; all other photos are
asked. Told: the share of enrolled animals called new (as the calibration stated it, and as it was), the share of the others told
new, and how many of those told new were it: photo by photo, encounter by encounter, and all together as `reid seasons` decides,
without links.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from reid.calibration import score_calibration
from reid.evaluation.metrics import Pool
from reid.formats.readers.photo_lists import read_photos
from reid.nets import inference, net_files
from reid.records import Calibration, Decision, Outcome, Photo, SpeciesGuess, Vectors
from reid.settings import ENCOUNTER_MINUTES
from reid.steps.embedded_photos import embed
from reid.steps.encounters import encounters, stays
from reid.steps.photos import Opened, open_photos
from reid.steps.search import SHORTLIST, Listed, Shortlist
from reid.steps.season.joint_identification import Rules, identify_jointly
from reid.steps.sightings import SearchContext, SearchedPhoto, sight
from reid.store import EnrolledPhoto

SPECIES = SpeciesGuess("animal", 1.0)


class Herd:
    """Photos with their embeddings and encounters."""

    def __init__(self, photos: Sequence[Photo]) -> None:
        net = inference.load(net_files.BASE, "cpu")
        opened = [one for one in open_photos(photos, sizes=[net.card.image_size]) if isinstance(one, Opened)]
        self.photos, self.hashes = [one.photo for one in opened], [one.picture.sha256 for one in opened]
        self.vectors: Vectors = np.concatenate([embed(net, [one.picture]) for one in opened])
        self.groups = encounters(self.photos, minutes=ENCOUNTER_MINUTES)

    def draw(self, seed: int, share: float) -> tuple[list[int], list[int]]:
        """Rows enrolled, rows asked."""
        rng, groups = np.random.default_rng(seed), defaultdict(set)
        for photo, group in zip(self.photos, self.groups, strict=True):
            groups[photo.individual].add(group)
        names = sorted(groups)
        kept: set[tuple[str, str]] = set()
        for place in sorted(rng.permutation(len(names))[: round(share * len(names))].tolist()):
            own = rng.permutation(sorted(groups[names[place]])).tolist()
            kept |= {(names[place], group) for group in own[: (len(own) + 1) // 2]}
        taken = [(photo.individual, group) in kept for photo, group in zip(self.photos, self.groups, strict=True)]
        return np.flatnonzero(taken).tolist(), np.flatnonzero(~np.asarray(taken)).tolist()

    def learn(self, rows: Sequence[int]) -> Calibration | None:
        photos = [self.photos[row] for row in rows]
        groups = stays(photos, [self.groups[row] for row in rows])
        pool = Pool(self.vectors[rows], [one.individual for one in photos], [one.side for one in photos], groups,
                    [self.hashes[row] for row in rows])  # fmt: skip
        return score_calibration.calibrate(pool, max_false_match=0.01)

    def look(self, row: int, rows: Sequence[int]) -> SearchedPhoto:
        """As a query is looked at: the best photo of each individual that has one of the side."""
        photo = self.photos[row]
        fits = [one for one in rows if not photo.side or self.photos[one].side in (photo.side, "")]
        scores = dict(zip(fits, (self.vectors[fits] @ self.vectors[row]).tolist(), strict=True)) if fits else {}
        best: dict[str, Listed] = {}
        for one in sorted(scores, key=lambda one: -scores[one]):
            name = self.photos[one].individual
            best.setdefault(name, Listed(name, scores[one], self.enrolled(one)))
        everybody = {self.photos[one].individual for one in rows}
        flanks = [photo.side] if photo.side else ["left", "right"]
        able = [len({self.photos[one].individual for one in rows if self.photos[one].side in (flank, "")}) for flank in flanks]
        share = sum(able) / (len(able) * len(everybody))
        found = Shortlist(SPECIES.name, len(best), tuple(best.values())[:SHORTLIST], share)
        vectors = {SPECIES.name: self.vectors[[row]]}
        return SearchedPhoto(photo, self.hashes[row], self.groups[row], SPECIES, (found,), None, vectors)

    def enrolled(self, row: int) -> EnrolledPhoto:
        one = self.photos[row]
        return EnrolledPhoto(row, 0, one.individual, SPECIES.name, one.path, "", self.hashes[row], None, one.captured_at,
                             self.groups[row], one.camera, one.side, "", {}, 1, 1)  # fmt: skip


def told(name: str, found: Counter[tuple[bool, Outcome]]) -> str:
    many = {known: sum(count for (own, _), count in found.items() if own == known) for known in (True, False)}
    wrong, right = found[True, Outcome.NEW], found[False, Outcome.NEW]
    precise = f"{right / (right + wrong):.2f}" if right + wrong else "-"
    return (
        f"  {name}: of {many[True]} enrolled {wrong} called new ({wrong / max(1, many[True]):.3f}), of {many[False]} others "
        f"{right} ({right / max(1, many[False]):.2f}); right of those told new: {precise}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", type=Path)
    parser.add_argument("--only", default="", help="COLUMN=VALUE")
    parser.add_argument("--share", type=float, default=0.8, help="of the individuals that are enrolled")
    parser.add_argument("--draws", type=int, default=6)
    given = parser.parse_args()
    column, _, value = given.only.partition("=")
    named = [one for one in read_photos([given.place]).photos if one.individual]
    herd = Herd([one for one in named if not column or one.column(column) == value])
    found: dict[str, Counter[tuple[bool, Outcome]]] = defaultdict(Counter)
    stated = []
    for seed in range(given.draws):
        rows, asked = herd.draw(seed, given.share)
        learned = herd.learn(rows)
        if learned is None:
            continue
        stated.append(learned.false_new)
        names = {herd.photos[row].individual for row in rows}
        looks = [herd.look(row, rows) for row in asked]
        known = SearchContext({SPECIES.name: learned}, {SPECIES.name: "0" * 16})
        who = {one.sha256: herd.photos[row].individual in names for one, row in zip(looks, asked, strict=True)}
        together: dict[str, list[SearchedPhoto]] = defaultdict(list)
        for one in looks:
            together[one.encounter].append(one)

        def count(way: str, decisions: Iterable[tuple[SearchedPhoto, Decision]], who: dict[str, bool] = who) -> None:
            found[way].update((who[one.sha256], decision.outcome) for one, decision in decisions)

        count("photos", ((one, sight([one], known, top=1).decision) for one in looks))
        count("encounters", ((part[0], sight(part, known, top=1).decision) for part in together.values()))
        rules = Rules({SPECIES.name: None}, 1.0, lambda photo: None)
        count("together", ((one.looks[0], one.sighting.decision) for one in identify_jointly(looks, known, rules, {})))
    by = np.mean(stated) if stated else np.nan
    print(f"{given.place.name}, {given.share:g} enrolled, {len(stated)} draws; called new, as the calibrations state: {by:.3f}")
    for name, counts in found.items():
        print(told(name, counts))


if __name__ == "__main__":
    main()
