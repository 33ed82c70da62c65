"""`reid demo`: the whole job on drawn animals, held against the truth. Nothing is canned: every figure is measured."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid import synthetic
from reid.actions.demo.page import page
from reid.actions.demo.results import DEMO_KINDS, DemoCase, DemoReport, DemoRow, DemoSettings
from reid.actions.evaluation.evaluate import evaluate
from reid.actions.identification.query import query
from reid.actions.intake.enroll import enroll
from reid.actions.intake.taking_photos import take_photos
from reid.actions.seasons.compare_seasons import seasons
from reid.actions.seasons.results import SeasonsReport
from reid.actions.training.results import TrainReport
from reid.actions.training.train import train
from reid.errors import UsageError
from reid.files import make_folder
from reid.pages.html import write_page
from reid.progress import SILENT, Progress
from reid.records import EMPTY, Outcome, Photo, Problem, Sighting

Frame = tuple[synthetic.DrawnPhoto, NDArray[np.uint8]]


def demo(
    folder: Path = Path("demo"), *, seed: int = 1, settings: DemoSettings | None = None, progress: Progress = SILENT
) -> DemoReport:
    """Draw animals, train, enroll season one, query season two, re-identify across both, compare with the truth.

    Args:
        folder: made; everything lands in it. One that holds anything else than an earlier demo is refused.
        seed: of the drawn animals and of the training.
        settings: None = `DemoSettings()`.
        progress: called for every step.

    Raises:
        UsageError: the folder holds other things.
    """
    began = time.monotonic()
    settings = settings or DemoSettings()
    _claim(folder)
    gallery = folder / "gallery"
    first, second, corrupt = _draw(folder, settings, seed, progress)
    trained = train([first], gallery=gallery, settings=replace(settings.train, seed=seed), progress=progress)
    enroll([first], gallery=gallery, progress=progress)
    answers = query([second, corrupt], gallery=gallery, progress=progress)
    cases = _cases(answers.sightings, answers.problems, take_photos([second]).photos, settings)
    across = seasons(
        [second, corrupt], first="2023", second="2024", gallery=gallery, out=folder / "seasons", progress=progress
    )
    lines = tuple(_line(kind, [case for case in cases if case.kind == kind]) for kind in DEMO_KINDS)
    seconds = time.monotonic() - began
    took = ("seconds for everything", f"{seconds:.0f}")
    figures = (*_first(cases), *_figures(trained, across, second, gallery, progress), took)
    assert across.html is not None
    report = DemoReport(folder, folder / "report.html", lines, figures, across.html, seconds)
    write_page(report.page, page(report, cases))
    progress.finish()
    return report


def _claim(folder: Path) -> None:
    mark = folder / "reid-demo.txt"
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise UsageError(f"{folder} holds other things; name a folder that is new or empty")
    if (folder / "gallery").exists():
        raise UsageError(f"{folder} holds a demo already: open {folder / 'report.html'}, or name another folder")
    make_folder(folder)
    mark.write_text("Made by `reid demo`; may be deleted.\n", encoding="utf-8")


def _draw(folder: Path, settings: DemoSettings, seed: int, progress: Progress) -> tuple[Path, Path, Path]:
    """Two seasons of photos with manifests, and one file that is cut off in the middle."""
    per = settings.photos_per_encounter
    kinds = len(settings.species)
    counts = [
        kinds * len(numbers) * settings.encounters[season] * per + settings.empty_frames[season]
        for season, numbers in enumerate((settings.first_season, settings.second_season))
    ]
    progress.start("drawing animals", sum(counts) + settings.untrained)
    done = 0

    def counted(photos: Iterable[Frame]) -> Iterator[Frame]:
        nonlocal done
        for photo in photos:
            done += 1
            progress.advance(done)
            yield photo

    winter, summer = (
        synthetic.draw_season(
            settings.species,
            numbers,
            season=season,
            encounters=settings.encounters[season],
            photos_per_encounter=per,
            empty_frames=settings.empty_frames[season],
            seed=seed,
        )
        for season, numbers in enumerate((settings.first_season, settings.second_season))
    )
    strangers = synthetic.draw_season(
        [synthetic.UNTRAINED_SPECIES],
        range(settings.untrained),
        season=1,
        encounters=1,
        photos_per_encounter=1,
        seed=seed + 1,
    )
    own = ((replace(photo, encounter=f"{photo.encounter}-boar"), pixels) for photo, pixels in strangers)
    first, second = folder / "season-2023", folder / "season-2024"
    synthetic.write_photos(first, counted(winter))
    written = synthetic.write_photos(second, counted(chain(summer, own)))
    corrupt = folder / "IMG_cut_off.JPG"
    corrupt.write_bytes((second / written[0].path).read_bytes()[:9000])
    return first, second, corrupt


def _cases(
    sightings: Sequence[Sighting], problems: Sequence[Problem], photos: Sequence[Photo], settings: DemoSettings
) -> list[DemoCase]:
    """Every photo of season two with the truth about it."""
    truth = {str(photo.path): photo for photo in photos}
    enrolled = {synthetic.individual_name(name, number) for name in settings.species for number in settings.first_season}
    cases = [_case(sighting, truth[sighting.photo], enrolled) for sighting in sightings]
    corrupt = [problem for problem in problems if problem.path not in truth]
    lost = [problem for problem in problems if problem.path in truth]
    cases += [DemoCase("corrupt file", "cut off in the middle", "right", None, problem) for problem in corrupt]
    return cases + [DemoCase("returning animal", truth[one.path].individual, "wrong", None, one) for one in lost]


def _case(sighting: Sighting, photo: Photo, enrolled: set[str]) -> DemoCase:
    outcome = sighting.decision.outcome
    if photo.species == EMPTY:
        return DemoCase("empty frame", EMPTY, _verdict(outcome == Outcome.EMPTY, outcome), sighting)
    if photo.species == synthetic.UNTRAINED_SPECIES:
        verdict = _verdict(outcome == Outcome.UNKNOWN_SPECIES, outcome)
        return DemoCase("species nobody trained on", photo.species, verdict, sighting)
    if photo.individual in enrolled:
        right = outcome == Outcome.KNOWN and sighting.decision.individual == photo.individual
        return DemoCase("returning animal", photo.individual, _verdict(right, outcome), sighting)
    verdict = _verdict(outcome == Outcome.NEW, outcome)
    return DemoCase("animal never enrolled", f"{photo.individual}, not enrolled", verdict, sighting)


def _verdict(right: bool, outcome: Outcome) -> str:
    """Asking a person, and honestly not knowing the species, is neither right nor wrong."""
    if right:
        return "right"
    return "review" if outcome in (Outcome.REVIEW, Outcome.UNKNOWN_SPECIES) else "wrong"


def _line(kind: str, cases: Sequence[DemoCase]) -> DemoRow:
    count = Counter(case.verdict for case in cases)
    return DemoRow(kind, len(cases), count["right"], count["review"], count["wrong"], DEMO_KINDS[kind])


def _first(cases: Sequence[DemoCase]) -> tuple[tuple[str, str], ...]:
    """How often the right individual is ranked first, whatever was decided."""
    returning = [case for case in cases if case.kind == "returning animal"]
    ranked = [one.sighting.matches[:1] if one.sighting else () for one in returning]
    hits = sum(match.individual == case.truth for case, first in zip(returning, ranked, strict=True) for match in first)
    return (("returning animals: right individual ranked first", f"{hits} of {len(returning)}"),)


def _figures(
    trained: TrainReport, across: SeasonsReport, second: Path, gallery: Path, progress: Progress
) -> tuple[tuple[str, str], ...]:
    """What the demo measured besides its decisions."""
    found: list[tuple[str, str]] = []
    for net in trained.nets:
        name = "rank_1" if net.stage == "embedding" else "top_1"
        if name in net.figures:
            what = "individuals held out of training" if net.stage == "embedding" else "photos held out of training"
            label = f"{net.species or 'species net'}: {name.replace('_', '-')} on {what}"
            found.append((label, f"{net.figures[name]:.3f}"))
    names = {row.individual for row in across.rows if row.status == "returned"}
    found.append(("individuals reported as returned, by encounters", str(len(names))))
    found += [
        (f"rows of the season table: {status}", str(across.count(status))) for status in ("new", "review", "doubtful", "not seen")
    ]
    routing = evaluate([second], gallery=gallery, species="", progress=progress).routing
    if routing is not None:
        found.append(("season two: species right, of those trained on", f"{routing.top_1:.3f}"))
    return tuple(found)


