"""Who is who in a whole season: photo by photo, encounter by encounter, and as a whole assignment, held against the truth.

    python scripts/benchmarks/seasons.py FOLDER [--individuals 40] [--species zebra] [--set nyala=PATH ...] [--links 0.5 0.8]

Drawn: a study of two seasons with a known truth (bursts, two animals a frame, wrong clocks, spoilt files). Season one is
enrolled and calibrates the shared net, which has seen none of these animals; season two is asked without its labels and without
its encounters. `--set` adds real photographs: of the individuals that the shared net was not trained on (`split_unseen` =
test, where there is such a column), every other encounter is enrolled, but for a third of the individuals, which are new; the
rest is asked.

Told of each way: photos in groups under the names told, each photo (encounter, animal) without a name a group of its own. As a
whole for each probability that a link may need; then `discover`, which makes individuals of the asked photos from nothing. Both
look at the photos once, for all links.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import reid
from reid.actions.intake.enroll import net_of
from reid.actions.intake.taking_photos import take_photos
from reid.actions.seasons.season_search import search_season
from reid.evaluation.cluster_agreement import agreement
from reid.formats.readers.photo_lists import read_photos
from reid.records import Outcome, Photo, Sighting
from reid.settings import QuerySettings
from reid.steps.encounters import encounters
from reid.synthetic.cards import write_study
from reid.synthetic.study import Study, plan_study
from reid.terminal import Bars

COLUMNS = ("path", "species", "individual", "captured_at", "encounter", "camera", "side", "season", "x", "y", "width", "height")
Key = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--individuals", type=int, default=40)
    parser.add_argument("--species", default="zebra")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--links", type=float, nargs="+", default=[0.5, 0.65, 0.75, 0.85, 0.9])
    parser.add_argument("--whole-only", action="store_true", help="nothing photo by photo and encounter by encounter")
    parser.add_argument("--set", action="append", default=[], help="NAME=FOLDER with a manifest.csv")
    parser.add_argument("--no-drawn", action="store_true")
    given = parser.parse_args()
    if not given.no_drawn:
        drawn(given.folder / "drawn", given)
    for text in given.set:
        name, _, place = text.partition("=")
        real(given.folder / name, Path(place), given)


def drawn(folder: Path, given: argparse.Namespace) -> None:
    study = Study(given.species, given.individuals, 0.7, seasons=2, cameras=12, burst=3, empty=0.0, people=0.0, seed=given.seed)
    done = write_study(folder / "study", plan_study(study))
    photos = [one for one in read_photos([done.truth]).photos if one.individual]
    first, second = sorted({one.season for one in photos})
    enrolled = manifest(folder / "first.csv", [one for one in photos if one.season == first])
    asked = [one for one in photos if one.season == second]
    settings = QuerySettings(species=given.species, deployments=str(done.deployments))
    compare(f"drawn {given.species}", folder, enrolled, asked, settings, given, keep_encounters=False)


def real(folder: Path, place: Path, given: argparse.Namespace) -> None:
    photos = [one for one in read_photos([place]).photos if one.individual]
    if any(one.column("split_unseen") for one in photos):
        photos = [one for one in photos if one.column("split_unseen") == "test"]
    names = sorted({one.individual for one in photos})
    groups = [f"{one.individual}/{name}" for one, name in zip(photos, encounters(photos, minutes=30), strict=True)]
    half = {name: at % 2 for at, name in enumerate(sorted(set(groups)))}
    new = set(names[::3])
    first = [one for one, group in zip(photos, groups, strict=True) if half[group] == 0 and one.individual not in new]
    asked = [one for one, group in zip(photos, groups, strict=True) if half[group] or one.individual in new]
    first, asked = ([Photo(one.path.absolute(), one.species, one.individual, one.captured_at, one.encounter, one.camera, one.side,
                           name, one.box) for one in part] for part, name in ((first, "1"), (asked, "2")))
    enrolled = manifest(folder / "first.csv", first)
    settings = QuerySettings(species=photos[0].species)
    compare(folder.name, folder, enrolled, asked, settings, given, keep_encounters=True)


def manifest(path: Path, photos: Sequence[Photo], *, named: bool = True, keep_encounters: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for one in photos:
            box = [getattr(one.box, name) for name in ("x", "y", "width", "height")] if one.box else [""] * 4
            when = one.captured_at.isoformat() if one.captured_at else ""
            name, encounter = one.individual if named else "", one.encounter if keep_encounters else ""
            rows.writerow([one.path.absolute(), one.species, name, when, encounter, one.camera, one.side, one.season, *box])
    return path


def compare(
    title: str, folder: Path, enrolled: Path, asked: Sequence[Photo], settings: QuerySettings, given: argparse.Namespace, *,
    keep_encounters: bool,
) -> None:
    gallery = folder / "gallery"
    shutil.rmtree(gallery, ignore_errors=True)
    added = reid.enroll([enrolled], gallery=gallery, progress=Bars())
    fresh = reid.calibrate(gallery=gallery, progress=Bars()).species[0]
    query = manifest(folder / "asked.csv", asked, named=False, keep_encounters=keep_encounters)
    truth = {key(one): one.individual for one in asked}
    old = {one.individual for one in read_photos([enrolled]).photos}
    names = set(truth.values())
    print(f"{title}: {sum(added.added.values())} photos of {len(old)} enrolled, {len(asked)} photos of {len(names)} asked, "
          f"{len(names - old)} of them new; calibrated: {fresh.reason or 'yes'}", flush=True)  # fmt: skip
    by_path: dict[str, list[Key]] = {}
    for one in truth:
        by_path.setdefault(one[0], []).append(one)
    for what, together in (("photo by photo", False), ("encounter by encounter", True)) if not given.whole_only else ():
        told_of = reid.query([query], gallery=gallery, settings=replace(settings, encounters=together)).sightings
        tell(what, truth, dict(each(told_of, by_path)), old)
    shutil.rmtree(folder / "none", ignore_errors=True)
    with reid.Gallery.open(folder / "none", create=True) as opened:
        net_of(opened, settings.species, settings.device)
    photos = take_photos([query], settings).photos
    for what, place in (("as a whole", gallery), ("discover, from nothing", folder / "none")):
        with reid.Gallery.open(place) as opened:
            looks = search_season(
                opened, photos, opened.photos(), replace(settings, encounters=True), Bars(), drawn=place != gallery
            )
        worth = looks.rules.worth[settings.species]
        print(f"  {what}: {f'links learned from {worth.joins} joins' if worth else 'nothing known of links'}", flush=True)
        for link in given.links:
            animals = looks.animals(link)
            whole = {key(look.photo): (at, one.sighting) for at, one in enumerate(animals) for look in one.looks}
            tell(f"{what}, link {link:g}", truth, whole, old if place == gallery else set())


def each(sightings: Sequence[Sighting], by_path: Mapping[str, list[Key]]) -> Iterator[tuple[Key, tuple[Hashable, Sighting]]]:
    """The answer to each photo; the boxes of one frame are told in their order, or all at once where an encounter is."""
    turn: Counter[str] = Counter()
    for at, one in enumerate(sightings):
        for path in one.photos or (one.photo,):
            boxes = by_path[path]
            yield boxes[turn[path] % len(boxes)], (at, one)
            turn[path] += 1


def key(photo: Photo) -> Key:
    return photo.path.absolute().as_posix(), photo.box.key() if photo.box else ""


def tell(what: str, truth: Mapping[Key, str], answers: Mapping[Key, tuple[Hashable, Sighting]], old: set[str]) -> None:
    found: dict[Key, Hashable] = {}
    right = wrong = 0
    for one, (group, sighting) in answers.items():
        known = sighting.decision.outcome == Outcome.KNOWN
        found[one] = sighting.decision.individual if known else ("no name", group)
        right += known and sighting.decision.individual == truth[one]
        wrong += known and sighting.decision.individual != truth[one]
    known = sum(truth[one] in old for one in answers)
    names = f"; right name {right} of {known}, wrong name {wrong} of {len(answers)}" if old else ""
    print(f"  {what}: {told(truth, found)}{names}", flush=True)


def told(truth: Mapping[Key, str], found: Mapping[Key, Hashable]) -> str:
    one = agreement([truth[item] for item in found], list(found.values()))
    return (f"{one.animals} animals in {one.groups} groups, B-cubed {one.b_precision:.3f}/{one.b_recall:.3f} F {one.b_f1:.3f}, "
            f"pairs {one.pair_precision:.3f}/{one.pair_recall:.3f}, adjusted Rand {one.adjusted_rand:.3f}, "
            f"{one.split} animals split, {one.merged} groups merged")  # fmt: skip


if __name__ == "__main__":
    main()
