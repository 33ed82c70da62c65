"""The page of a season, drawn from figures made by hand."""

from __future__ import annotations

import shlex
from datetime import date
from pathlib import Path

import numpy as np

from reid.actions.season_report.page import page
from reid.actions.season_report.results import PhotoPair, SeasonPage, UnresolvedSighting
from reid.images import write_jpeg
from reid.pages.html import Page, Section
from reid.records import Decision, Match, Outcome, Photo, Sighting, SpeciesGuess
from reid.survey.capture_history import LeftOut
from tests.actions.season_report.by_hand import animal, content, figures, gallery, occasion, photo
from tests.store.in_memory import InMemoryGallery

OCCASIONS = (occasion("2023"), occasion("2024"))


def jpeg(path: Path, grey: int) -> Path:
    write_jpeg(path, np.full((32, 48, 3), grey, np.uint8))
    return path


def study(folder: Path) -> InMemoryGallery:
    """Ada of 2023 and of 2024, whose files are there."""
    photos = [photo("Ada", year, path=jpeg(folder / f"{year}.jpg", year - 1950)) for year in (2023, 2024)]
    return gallery(folder / "Été", [(one, 0.0) for one in photos])


def drawn(opened: InMemoryGallery, *, doubts: tuple[UnresolvedSighting, ...] = ()) -> Page:
    before, after = opened.photos("zebra", "Ada")
    zebra = figures(OCCASIONS, animals=(animal("Ada", "returned", (1, 1)), animal("Bo", "not seen", (1, 0))))
    done = SeasonPage(
        Path("season.html"), "2024", 0, (zebra,), {"zebra": (PhotoPair("Ada", before, after, 0.876),)}, doubts,
        Path("season doubts.csv") if doubts else None, (LeftOut("zebra", "Bo", "", "no date"),), ("a note",), (),
    )  # fmt: skip
    return page(done, opened)


def section(of: Page, title: str) -> Section:
    (wanted,) = (one for one in of.sections if one.title.startswith(title))
    return wanted


def test_the_season_in_short_stands_first_and_the_footer_says_from_which_state(tmp_path: Path) -> None:
    opened = study(tmp_path)
    made = drawn(opened)
    (short,) = made.lead_tables
    assert {row[0]: row[1] for row in short.rows} == {
        "individuals seen": "1", "returned": "1", "reappeared": "0", "new": "0", "not seen": "1", "not seen for longer": "0",
        "not decided": "0", "ever seen": "2", "encounters": "2", "photos": "3", "camera-days": "–", "unresolved sightings": "0",
    }  # fmt: skip
    start, end = date(2024, 5, 1), date(2024, 5, 20)
    assert (made.title, made.subtitle, short.note) == ("Season 2024", f"Gallery Été, {start} to {end}", "a note")
    assert f"at entry {opened.head()} of its journal" in made.footer
    assert section(made, "What is not on this page").tables[0].rows == (("zebra", "Bo", "no date"),)


def test_who_came_back_is_shown_before_and_now_with_the_score(tmp_path: Path) -> None:
    (pair,) = section(drawn(study(tmp_path)), "Came back (1)").pairs
    assert pair.lines == ("score 0.88 · returned · 1 encounter in 2024",)
    assert (pair.before.title, pair.after.title, pair.before.lines) == ("2023-05-02 09:00", "2024-05-02 09:00", ("left · C1",))
    assert pair.before.picture is not None and pair.after.picture is not None


def test_a_file_that_was_replaced_is_not_shown_as_the_photo_that_was_enrolled(tmp_path: Path) -> None:
    opened = study(tmp_path)
    jpeg(tmp_path / "2023.jpg", 250)
    (pair,) = section(drawn(opened), "Came back").pairs
    assert pair.before.picture is None and pair.before.title == "2023-05-02 09:00"
    assert pair.after.picture is not None, "the other one is as it was"


def doubt(opened: InMemoryGallery, asked: Path) -> UnresolvedSighting:
    best = opened.photos("zebra", "Ada")[0]
    sighting = Sighting(
        str(asked), content(Photo(asked)), SpeciesGuess("zebra", 0.9), Decision(Outcome.REVIEW, None, 0.6, "a test", 0.3),
        (Match("zebra", "Ada", 1, 0.8, 0.6, str(best.path), sha256=best.sha256),), "left", None, "", "C1", "2024", "",
    )  # fmt: skip
    return UnresolvedSighting(1, sighting, (Photo(asked),), 3)


def test_an_unresolved_sighting_stands_with_its_match_and_the_command_that_settles_it(tmp_path: Path) -> None:
    opened = study(tmp_path)
    open_one = doubt(opened, jpeg(tmp_path / "asked.jpg", 128))
    (answer,) = section(drawn(opened, doubts=(open_one,)), "Unresolved sightings (1)").answers
    assert answer.headline == "Review: unresolved sighting 1, perhaps Ada"
    assert answer.commands == (
        f"reid enroll 'season doubts.csv' --column doubt --only {open_one.key} --species zebra --individual Ada "
        f"--gallery {shlex.quote(opened.where)}",
    )
    assert answer.queries[0].picture is not None and answer.matches[0].picture is not None
    jpeg(tmp_path / "2023.jpg", 250)
    (answer,) = section(drawn(opened, doubts=(open_one,)), "Unresolved sightings (1)").answers
    assert answer.matches[0].picture is None and answer.queries[0].picture is not None
