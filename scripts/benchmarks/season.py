"""From the camera cards to the capture history, season by season, against a known truth.

    python scripts/benchmarks/season.py FOLDER [--individuals 100] [--seasons 5] [--minutes 8] [--rules known,person]
    python scripts/benchmarks/season.py FOLDER --real /work/shared/data

A study is drawn (`reid.synthetic.Study`: bursts, two animals a frame, wrong clocks, spoilt files, days without work). Season one
is enrolled by its labels and trains the net (`--minutes 0`: the base net as it ships, calibrated on it); every later one comes in
as MegaDetector's JSON with the table of deployments, through `reid seasons`, and is settled by a rule:

    known    what was told KNOWN is enrolled under that name, nothing else is
    new      beside it, what was told NEW is enrolled as a new individual
    person   beside KNOWN, a person decides every review and every new animal right; how many decisions that took is told

Then everything is exported, read back, and the histories are held against what the readable photos show: a row is right when
the individual's photos are all of one animal, no other row has any of it, and it has exactly the seasons of that animal. The
count is held against the animals that lived there, seen or not. What is in FOLDER already is used again.
"""

from __future__ import annotations

import argparse
import csv
import math
import re
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import openpyxl

import reid
from reid import synthetic
from reid.formats.readers.photo_lists import BOX_COLUMNS, PHOTO_COLUMNS, read_photos
from reid.records import EMPTY, Outcome, Photo
from reid.settings import CountSettings, ExportSettings, QuerySettings, TrainSettings
from reid.steps.season.joint_identification import Animal
from reid.terminal import Bars

RULES = ("known", "new", "person")
DAYS = 10
"""Of an occasion within a season."""
Key = tuple[str, str]
"""A photo and its box."""


@dataclass(frozen=True)
class Truth:
    """Who is on each readable photo, in which seasons that shows each animal, and how many lived in each season."""

    who: Mapping[Key, str]
    seasons: Mapping[str, frozenset[str]]
    lived: Mapping[str, int]


def key(photo: Photo) -> Key:
    return str(photo.path.resolve()), photo.box.key() if photo.box else ""


def truth_of(photos: Sequence[Photo], lived: Mapping[str, int]) -> Truth:
    shown: dict[str, set[str]] = defaultdict(set)
    for photo in photos:
        shown[photo.individual].add(photo.season or str(photo.captured_at.year if photo.captured_at else ""))
    return Truth({key(one): one.individual for one in photos}, {name: frozenset(had) for name, had in shown.items()}, lived)


def labelled(folder: Path, photos: Sequence[Photo], name: str) -> Path:
    """A manifest of photos with their labels."""
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow((*PHOTO_COLUMNS, *BOX_COLUMNS))
        for one in photos:
            box = [getattr(one.box, column) if one.box else "" for column in BOX_COLUMNS]
            rows.writerow((*(getattr(one, column) for column in PHOTO_COLUMNS), *box))
    return path


@dataclass
class Settled:
    """What a rule did in one season. animals: with a photo of a readable file; decided: by a person."""

    known: int = 0
    wrong: int = 0
    new: int = 0
    review: int = 0
    decided: int = 0
    mixed: int = 0


def settle(folder: Path, gallery: Path, season: str, animals: Sequence[Animal], rule: str, truth: Truth, species: str) -> Settled:
    """Enroll what the rule says of one season's animals, through `reid enroll` and a manifest."""
    told, chosen, number = Settled(), [], 0
    for one in animals:
        outcome = one.sighting.decision.outcome
        if outcome not in (Outcome.KNOWN, Outcome.NEW, Outcome.REVIEW):
            continue
        looks = [look for look in one.looks if look.guess.name != EMPTY]  # an encounter may begin or end without the animal
        shown = Counter(truth.who.get(key(look.photo), "?") for look in looks)
        own = shown.most_common(1)[0][0]
        told.mixed += len(shown) > 1
        told.known += outcome == Outcome.KNOWN
        told.new += outcome == Outcome.NEW
        told.review += outcome == Outcome.REVIEW
        name = ""
        if outcome == Outcome.KNOWN:
            name = one.sighting.decision.individual or ""
            told.wrong += name != own
        elif rule == "person":
            told.decided += 1  # looking at each photo, a person parts what was put together wrongly, and leaves what shows nobody
            shown_on = [(look.photo, truth.who.get(key(look.photo), "")) for look in looks]
            chosen += [replace(photo, species=species, individual=who) for photo, who in shown_on if who]
        elif rule == "new" and outcome == Outcome.NEW:
            number += 1
            name = f"new-{season}-{number:03d}"
        if name:
            chosen += [replace(look.photo, species=species, individual=name) for look in looks]
    if chosen:
        reid.enroll([labelled(folder, chosen, f"settled-{rule}-{season}.csv")], gallery=gallery)
    return told


def take_in(
    folder: Path, gallery: Path, cards: Mapping[str, Path], deployments: Path | None, rule: str, truth: Truth, species: str,
) -> None:
    """Every season after the first, through `reid seasons`."""
    first, *later = cards
    for season in later:
        began = time.monotonic()
        settings = QuerySettings(species=species, deployments=str(deployments or ""))
        report = reid.seasons([cards[season]], first=first, second=season, gallery=gallery, settings=settings)
        told = settle(folder, gallery, season, report.animals, rule, truth, species)
        print(
            f"  {rule}, {season}: {sum(len(one.looks) for one in report.animals)} photos and boxes; told {told.known} animals "
            f"known ({told.wrong} wrong), {told.new} new, {told.review} review ({told.mixed} made of two animals); "
            f"{told.decided} decided by a person; {len(report.problems)} files not read; {time.monotonic() - began:.0f} s",
            flush=True,
        )


def compare(photos: Sequence[Photo], truth: Truth, seasons: Sequence[str]) -> str:
    """The exported histories against what the readable photos show."""
    names: dict[str, Counter[str]] = defaultdict(Counter)
    had: dict[str, set[str]] = defaultdict(set)
    for one in photos:
        names[one.individual][truth.who.get(key(one), "?")] += 1
        had[one.individual].add(one.season or str(one.captured_at.year if one.captured_at else ""))
    under: dict[str, set[str]] = defaultdict(set)
    for name, shown in names.items():
        for own in shown:
            under[own].add(name)
    right = sum(
        len(shown) == 1 and len(under[own]) == 1 and had[name] == truth.seasons.get(own)
        for name, shown in names.items() for own in shown
    )  # fmt: skip
    cells = sum(
        (season in truth.seasons[own]) == any(season in had[name] for name in under.get(own, ()))
        for own in truth.seasons for season in seasons
    )  # fmt: skip
    split = sum(len(found) > 1 for own, found in under.items() if own in truth.seasons)
    merged = sum(len(set(shown) - {"?"}) > 1 for shown in names.values())
    absent = sum(own not in under for own in truth.seasons)
    many = len(truth.seasons)
    return (
        f"{len(names)} rows for {many} animals with a readable photo: {right} right ({right / many:.3f}), {split} animals split, "
        f"{merged} rows of two animals, {absent} animals in no row; {cells / (many * len(seasons)):.3f} of the cells right"
    )


def export_all(folder: Path, gallery: Path, deployments: Path | None, species: str) -> list[Photo]:
    """Every format, each read back: by reid's own readers where it has one, else by a few lines that know the format alone."""
    settings = ExportSettings(species=species, deployments=deployments, time_zone="+03:00", scientific={species: "Equus quagga"})
    found: dict[str, int] = {}
    for name in ("csv", "mark", "capture", "camtrapr", "wildbook", "xlsx", *(("camtrap-dp", "secr") if deployments else ())):
        out = folder / f"export-{name}"
        shutil.rmtree(out, ignore_errors=True)
        reid.export(name, out, gallery=gallery, settings=replace(settings, days=0 if name in ("csv", "xlsx") else DAYS))
    stem = re.sub(r"[^A-Za-z0-9.-]", "-", species)
    photos = list(read_photos([folder / "export-csv" / f"{stem}-photos.csv"]).photos)
    with (folder / "export-csv" / f"{stem}-history.csv").open(encoding="utf-8", newline="") as file:
        found["csv"] = len(list(csv.DictReader(file)))
    lines = (folder / "export-mark" / f"{stem}.inp").read_text("utf-8").splitlines()
    found["mark"] = sum(int(one[1]) for line in lines if (one := re.match(r"(?:/\*.*?\*/)?\s*[01.]+\s+(\d+)", line)))
    for name, path, column in (("camtrapr", "records.csv", "Individual"), ("camtrap-dp", "observations.csv", "individualID")):
        if not (deployments or name == "camtrapr"):
            continue
        with (folder / f"export-{name}" / path).open(encoding="utf-8", newline="") as file:
            found[name] = len({row[column] for row in csv.DictReader(file)} - {""})
    sheet = openpyxl.load_workbook(folder / "export-wildbook" / "wildbook.xlsx", read_only=True)["encounters"]
    header, *rows = sheet.iter_rows(values_only=True)
    found["wildbook"] = len({row[header.index("MarkedIndividual.individualID")] for row in rows} - {None})
    found["capture"] = len({
        line.split()[0] for path in (folder / "export-capture").glob("*.inp") for line in path.read_text("utf-8").splitlines()
        if re.fullmatch(r"\S+ +[01]+", line.strip())
    })  # fmt: skip
    if deployments:
        captures = (folder / "export-secr" / f"{stem}-captures.txt").read_text("utf-8").splitlines()
        rows = [line.split() for line in captures if line.strip() and not line.startswith("#")]
        found["secr"] = len({row[1] for row in rows} - {"NONE"})  # so secr calls a session in which nothing was caught
    book = openpyxl.load_workbook(folder / "export-xlsx" / f"{stem}.xlsx", read_only=True)
    found["xlsx"] = sum(1 for _ in book["history"].iter_rows(min_row=2))
    wanted = len({one.individual for one in photos})
    bad = {name: count for name, count in found.items() if count != wanted}
    print(f"  exports read back: {', '.join(found)}: {wanted} individuals in each" + (f", BUT {bad}" if bad else ""), flush=True)
    return photos


def count_all(gallery: Path, deployments: Path | None, species: str, truth: Truth) -> None:
    """Each season's number against the animals that lived there."""
    settings = CountSettings(species=species, deployments=deployments, days=DAYS, draws=0)
    for scope in reid.count(gallery=gallery, settings=settings).species[0].scopes:
        if scope.name not in truth.lived:
            continue
        lived = truth.lived[scope.name]
        told = [
            f"{one.method} {one.number:.0f} ({one.lower:.0f} to {one.upper:.0f}"
            + ("" if math.floor(one.lower) <= lived <= math.ceil(one.upper) else ", misses it") + ")"
            for one in scope.estimates if one.number is not None and one.lower is not None and one.upper is not None
        ]  # fmt: skip
        alive = f"{scope.seen} seen, {scope.known_alive} known alive"
        print(f"  {scope.name}: {lived} lived there, {alive}; {', '.join(told)}", flush=True)


def calibrate(gallery: Path, max_false_match: float) -> None:
    for one in reid.calibrate(gallery=gallery, max_false_match=max_false_match).species:
        print(f"  {one.species}: calibrated {one.after is not None} {one.reason}", flush=True)


def drawn_study(given: argparse.Namespace) -> None:
    study = synthetic.Study(individuals=given.individuals, seasons=given.seasons, cameras=given.cameras, width=given.width,
                        height=given.width * 2 // 3, seed=given.seed)  # fmt: skip
    plan = synthetic.plan_study(study)
    began = time.monotonic()
    made = synthetic.write_study(given.folder / "drawn", plan)
    print(
        f"{len(plan.frames)} frames of {study.individuals} animals, {study.seasons} seasons, {study.cameras} cameras "
        f"({sum(bool(one.clock_error) for one in plan.cameras)} with a wrong clock), "
        f"{sum(one.state != 'whole' for one in plan.frames)} files spoilt, "
        f"{sum(len(one.animals) == 2 for one in plan.frames)} frames of two; drawn in {time.monotonic() - began:.0f} s",
        flush=True,
    )
    shown = [one for one in read_photos([made.truth]).photos if one.individual and one.column("file") == "whole"]
    lived = {name: sum(at in one.seasons for one in plan.animals) for at, name in enumerate(plan.seasons)}
    truth = truth_of(shown, lived)
    first = labelled(given.folder, [one for one in shown if one.season == plan.seasons[0]], "first.csv")
    start = given.folder / "start"
    if not (start / "gallery.json").exists():
        began = time.monotonic()
        if given.minutes:
            settings = TrainSettings(
                stages=("embedding", "side"), minutes=given.minutes, epochs=60, patience=60, validation_share=0.3,
                image_size=(160, 224), max_false_match=given.max_false_match,
            )  # fmt: skip
            for net in reid.train([first], gallery=start, settings=settings, progress=Bars()).nets:
                print(f"  {net.stage} net: {net.epochs} epochs, {net.figures}", flush=True)
        reid.enroll([first], gallery=start, progress=Bars())
        if not given.minutes:
            calibrate(start, given.max_false_match)
        print(f"  trained and enrolled in {time.monotonic() - began:.0f} s", flush=True)
    for rule in given.rules.split(","):
        gallery = given.folder / rule / "gallery"
        if not gallery.exists():
            shutil.copytree(start, gallery)
            take_in(given.folder, gallery, made.detections, made.deployments, rule, truth, study.species)
        print(f"{rule}:", flush=True)
        photos = export_all(given.folder / rule, gallery, made.deployments, study.species)
        print(f"  histories: {compare(photos, truth, plan.seasons)}", flush=True)
        count_all(gallery, made.deployments, study.species, truth)
        settings = ExportSettings(deployments=made.deployments)
        page = reid.report(out=given.folder / rule / "season.html", gallery=gallery, settings=settings)
        pairs = sum(map(len, page.pairs.values()))
        print(f"  page of {page.season}: {page.size / 1e6:.1f} MB, {pairs} pairs of photos", flush=True)


def real_photos(given: argparse.Namespace) -> None:
    """Seals of 2015 to 2019, the base net as it ships, calibrated on the first; leopard cats of camera_trap, by the month.

    Where their cameras stood is not known, so the formats that ask for it (Camtrap DP, secr) are not written.
    """
    for name, species in (("seal", "harbour_seal"), ("camera_trap", "leopard_cat")):
        by = "%Y" if name == "seal" else "%Y-%m"
        known = [
            replace(one, season=one.captured_at.strftime(by))
            for one in read_photos([given.real / name]).photos
            if one.individual and one.species == species and one.captured_at
        ]
        seasons = sorted({one.season for one in known})
        folder = given.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        many = len({one.individual for one in known})
        print(f"{name}: {len(known)} photos, {many} individuals, {', '.join(seasons)}", flush=True)
        truth = truth_of(known, {})
        for rule in given.rules.split(","):
            gallery = folder / rule / "gallery"
            shutil.rmtree(gallery, ignore_errors=True)
            first = labelled(folder, [one for one in known if one.season == seasons[0]], "first.csv")
            reid.enroll([first], gallery=gallery)
            calibrate(gallery, given.max_false_match)
            bare = [replace(one, individual="", species="") for one in known]
            hidden = {
                name: labelled(folder, [one for one in bare if one.season == name], f"{name}.csv") for name in seasons
            }
            take_in(folder, gallery, hidden, None, rule, truth, species)
            print(f"{rule}:", flush=True)
            print(f"  histories: {compare(export_all(folder / rule, gallery, None, species), truth, seasons)}", flush=True)
            page = reid.report(out=folder / rule / "season.html", gallery=gallery)
            print(f"  page of {page.season}: {page.size / 1e6:.1f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--individuals", type=int, default=100)
    parser.add_argument("--seasons", type=int, default=5)
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--width", type=int, default=360)
    parser.add_argument("--minutes", type=float, default=8.0, help="of training; 0 = the base net as it ships")
    parser.add_argument("--max-false-match", type=float, default=0.01)
    parser.add_argument("--rules", default="known,person", help=", ".join(RULES))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--real", type=Path, help="folder of the real photographs; nothing is drawn then")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    real_photos(given) if given.real else drawn_study(given)


if __name__ == "__main__":
    main()
