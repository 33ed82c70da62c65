"""`reid report`: the page of a season, and that its table of unresolved sightings resolves them."""

from __future__ import annotations

import csv
import html
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import reid
from reid.actions.season_report.results import SeasonPage
from reid.errors import UsageError
from reid.formats.readers.photo_lists import read_photos
from reid.records import Box, Decision, Match, Outcome, Photo, Sighting, SpeciesGuess
from reid.settings import ExportSettings, QuerySettings
from reid.store import EnrolledPhoto, Enrollment, Gallery
from tests.actions import colour_pool
from tests.actions.season_report.drawn_study import decision, written
from tests.commands import command


def test_the_page_is_one_file_that_needs_no_other_and_says_its_size(done: SeasonPage) -> None:
    text = done.page.read_text(encoding="utf-8")
    assert done.size == len(text.encode()) < 1_000_000
    assert sorted(entry.name for entry in done.page.parent.iterdir()) == ["season-doubts.csv", "season.html"]
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', text)
    assert "http" not in re.sub(r'data:[^"]*|http-equiv', "", text)
    assert done.season == "2023" and "<h1>Season 2023</h1>" in text


def test_what_is_hostile_in_a_name_is_only_text(done: SeasonPage) -> None:
    text = done.page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


@pytest.mark.parametrize("asked", [False, True])
def test_who_is_on_the_page_is_what_the_truth_says_of_the_enrolled(
    kept: Path, done: SeasonPage, place: Path, asked: bool
) -> None:
    photos = [one for one in read_photos([kept / "known.csv"]).photos if one.individual and one.column("file") == "whole"]
    seasons = {name: {one.season for one in photos if one.individual == name} for name in {one.individual for one in photos}}
    [zebra] = (done if asked else written(kept, place)).species
    assert {one.name for one in zebra.animals} == set(seasons)
    for one in zebra.animals:
        had = seasons[one.name]
        now, before, earlier = "2023" in had, "2022" in had, "2021" in had
        expected = (
            ("returned" if before else "reappeared" if earlier else "new") if now
            else "not decided" if asked  # the photos asked about wait for a person, and nothing is calibrated
            else "not seen" if before else "not seen for longer"
        )  # fmt: skip
        assert one.status == expected, one.name
        assert one.photos == sum(photo.individual == one.name and photo.season == "2023" for photo in photos)


def test_each_pair_shows_one_animal_on_one_side_before_and_now_and_no_other_pair_is_more_alike(
    kept: Path, done: SeasonPage
) -> None:
    pairs = {one.individual: one for one in done.pairs["zebra"]}
    assert pairs
    with Gallery.open(kept / "gallery") as opened:
        ids, vectors = opened.vectors("zebra")
        row = {int(number): at for at, number in enumerate(ids)}
        photos = opened.photos("zebra")
    for name, pair in pairs.items():
        scores = {
            (one.id, two.id): float(vectors[row[one.id]] @ vectors[row[two.id]])
            for one in photos for two in photos
            if one.individual == two.individual == name and one.season < "2023" == two.season and one.side == two.side
        }  # fmt: skip
        assert pair.score == pytest.approx(max(scores.values()), abs=1e-6)
        assert scores[pair.before.id, pair.after.id] == pytest.approx(pair.score, abs=1e-6)
    back = {one.name for one in done.species[0].animals if one.status in ("returned", "reappeared")}
    assert set(pairs) <= back


def test_who_may_be_in_an_unresolved_sighting_is_not_decided_and_stands_with_its_numbers(done: SeasonPage) -> None:
    text = done.page.read_text(encoding="utf-8")
    numbers = [one.number for one in done.doubts]
    gone = [one for one in done.species[0].animals if one.status == "not decided"]
    assert gone, "nothing is calibrated, so that each of them may be in each of the photos"
    assert {one.status for one in done.species[0].animals}.isdisjoint({"not seen", "not seen for longer"})
    for animal in gone:
        assert animal.perhaps == tuple(numbers)
        start = rf'<th scope="row">{html.escape(animal.name)}</th>'
        row = re.search(rf"{start}(?:<td[^>]*>[^<]*</td>)*<td[^>]*>([^<]*)</td></tr>", text)
        assert row is not None and row[1] == ", ".join(map(str, numbers))


def test_an_unresolved_sighting_of_an_earlier_season_is_named_where_an_animal_is_called_new(place: Path) -> None:
    gallery = place / "gallery"
    with Gallery.open(gallery) as opened:
        first: dict[str, str] = {}
        for photo in opened.photos("zebra"):
            first[photo.individual] = min(first.get(photo.individual, photo.season), photo.season)
    late = sorted(name for name, season in first.items() if season > "2021")
    assert late, first
    settings = ExportSettings(days=10)
    plain = reid.report(out=place / "plain.html", gallery=gallery, of=first[late[0]], settings=settings)
    assert not any("be said that they are new" in note for note in plain.notes)
    decision(gallery, "p", 3, Outcome.REVIEW, late[0], year=2021)
    noted = reid.report(out=place / "noted.html", gallery=gallery, of=first[late[0]], settings=settings)
    (note,) = (note for note in noted.notes if "be said that they are new" in note)
    assert note.startswith("zebra: unresolved sightings of earlier seasons may show") and late[0] in note


def test_a_doubt_is_settled_by_the_command_beside_it(kept: Path, done: SeasonPage, place: Path) -> None:
    with Gallery.open(kept / "gallery") as opened:
        known = {(str(one.path), one.box.key() if one.box else "") for one in opened.photos() if one.season == "2023"}
    asked = [(str(photo.path), photo.box.key()) for one in done.doubts for photo in one.photos if photo.box]
    assert asked and not all(one in known for one in asked)
    assert done.doubts_table is not None
    last = done.doubts[-1]
    shown = re.search(rf"<code>(reid enroll season-doubts.csv --column doubt --only {last.key} .*?)</code>",
                      done.page.read_text(encoding="utf-8"))
    assert shown is not None
    told = shlex.split(html.unescape(shown[1]))
    moved = {"season-doubts.csv": str(done.doubts_table), str(kept / "gallery"): str(place / "gallery")}
    answer = command(*(moved.get(one, one) for one in told[1:]), "--json")
    assert answer.code == 0, answer.err
    assert answer.lines[0]["added"] == {"zebra": len(last.photos)}
    again = written(kept, place, kept / "study" / "cards" / "2023" / "detections.json")
    settled = {(photo.path, photo.box) for photo in last.photos}
    assert {(photo.path, photo.box) for one in again.doubts for photo in one.photos} == {
        (photo.path, photo.box) for one in done.doubts for photo in one.photos
    } - settled


def test_decisions_that_were_kept_are_doubts_until_the_photo_is_enrolled(kept: Path, place: Path) -> None:
    with (kept / "study" / "truth.csv").open(encoding="utf-8", newline="") as file:
        row = next(
            one for one in csv.DictReader(file)
            if one["season"] == "2023" and one["file"] == "whole" and one["individual"] in ("zebra-001", "zebra-003", "zebra-005")
        )  # fmt: skip
    photo = kept / "study" / row["path"]
    for _ in range(2):  # asked twice, it is one doubt
        answer = reid.query([photo], gallery=place / "gallery", record=True)
    with Gallery.open(place / "gallery") as opened:
        assert [one.sighting for one in opened.sightings()] == [*answer.sightings]
    done = written(kept, place)
    assert [one.sighting for one in done.doubts] == [*answer.sightings]
    assert done.doubts[0].sighting.matches
    reid.enroll([photo], gallery=place / "gallery", species="zebra", individual="Nobody")
    assert written(kept, place).doubts == ()


def test_the_command_tells_counts_and_size_and_an_unknown_season_is_refused(kept: Path, place: Path) -> None:
    hidden = kept / "study" / "cards"
    aside = hidden.rename(hidden.with_name("away"))
    out = place / "of 2022.html"
    try:
        answer = command("report", "--of", "2022", "--out", out, "--gallery", place / "gallery", "--json")
    finally:
        aside.rename(hidden)
    assert answer.code == 0, answer.err
    [line] = answer.lines
    assert (line["season"], line["size"], line["doubts"]) == ("2022", out.stat().st_size, 0)
    with Gallery.open(place / "gallery") as opened:
        earlier = {one.individual for one in opened.photos() if one.season <= "2022"}
    assert sum(line["individuals"]["zebra"].values()) == len(earlier)
    assert "no deployments table was given" in answer.err
    assert out.read_text(encoding="utf-8").count("cannot be shown</span>") >= 2, "the photos were gone"
    with pytest.raises(UsageError, match="there is no season '1999'; photos, enrolled or given, are of 2021, 2022, 2023"):
        reid.report(of="1999", out=out, gallery=place / "gallery")
    with pytest.raises(UsageError, match="the gallery has no photo of lion to report on"):
        reid.report(out=out, gallery=place / "gallery", settings=ExportSettings(species="lion"))


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium to print with")
def test_a_browser_prints_the_page_on_a4_and_shows_every_picture(done: SeasonPage, tmp_path: Path) -> None:
    base = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    pdf = tmp_path / "season.pdf"
    subprocess.run([*base, f"--print-to-pdf={pdf}", done.page.as_uri()], check=True, capture_output=True, timeout=120)
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf.read_bytes())
    assert {(round(float(wide)), round(float(tall))) for wide, tall in sizes} == {(595, 842)}
    pictures = {one for one in re.findall(r'src="data:image/jpeg;base64,([^"]+)"', done.page.read_text(encoding="utf-8"))}
    assert len(re.findall(rb"/Filter /DCTDecode", pdf.read_bytes())) == len(pictures), "each JPEG is in the print"


def test_a_photo_asked_now_takes_the_place_of_its_kept_decision_wherever_that_was_asked_from(
    kept: Path, done: SeasonPage, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(kept / "study")
    first = done.doubts[0].sighting
    path = str(Path(first.photo).relative_to(Path.cwd()))
    with Gallery.open(place / "gallery") as opened:
        opened.add_sightings([replace(first, photo=path, photos=(path,), boxes=(first.box,))])
    again = written(kept, place, kept / "study" / "cards" / "2023" / "detections.json")
    assert [one.sighting.photo for one in again.doubts] == [one.sighting.photo for one in done.doubts]


def test_photos_of_another_season_are_told_and_no_page_is_written(place: Path, kept: Path) -> None:
    with pytest.raises(UsageError, match=r"none of the \d+ photos given is of season 2021, the page's; they are of: 2023"):
        reid.report(
            [kept / "study" / "cards" / "2023" / "detections.json"], out=place / "other.html", of="2021",
            gallery=place / "gallery", query=QuerySettings(deployments=str(kept / "study" / "deployments.csv")),
        )
    assert not (place / "other.html").exists()


def test_photos_without_dates_are_of_no_season_even_where_seasons_are_given(tmp_path: Path) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", None)
    with Gallery.open(gallery) as opened:
        vector = np.eye(48, dtype=np.float32)[0]
        item = Enrollment("Ada", Photo(Path("/cards/a.jpg"), "zebra", "Ada"), "a" * 64, 10, 10, vector)
        opened.enroll("zebra", opened.embedding_net("zebra") or "", [item])
    for seasons in ((), ("dry=2024-05-01..2024-05-31",)):
        with pytest.raises(UsageError, match="no photo has a date, so that none is of a season"):
            reid.report(out=tmp_path / "page.html", gallery=gallery, settings=ExportSettings(seasons=seasons))


def test_photos_that_cannot_be_read_are_named_and_not_taken_for_another_season(place: Path, tmp_path: Path) -> None:
    (tmp_path / "spoilt.jpg").write_bytes(b"no picture")
    done = reid.report([tmp_path / "spoilt.jpg"], out=place / "spoilt.html", gallery=place / "gallery")
    assert [Path(one.path).name for one in done.problems] == ["spoilt.jpg"] and done.page.exists()


def test_a_season_of_which_nothing_is_enrolled_has_a_page_of_its_kept_decisions(place: Path) -> None:
    gallery = place / "gallery"
    before = reid.report(out=place / "before.html", gallery=gallery)
    open_one = decision(gallery, "p", 3, Outcome.REVIEW, "zebra-004")
    decision(gallery, "q", 8, Outcome.KNOWN)
    decision(gallery, "r", 9, Outcome.KNOWN)
    decision(gallery, "s", 10, Outcome.NEW)
    done = reid.report(out=place / "season.html", gallery=gallery)
    assert (before.season, done.season) == ("2023", "2024")
    [zebra], [count] = done.species, [one for one in done.species[0].seasons if one.season == "2024"]
    assert {one.name: one.status for one in zebra.animals if one.photos} == {"zebra-002": "returned"}
    assert (count.individuals, count.photos, count.encounters) == (1, 2, 2)
    assert (str(count.start), str(count.end)) == ("2024-05-03", "2024-05-10"), "what is open or new is of the season, too"
    assert zebra.count("not seen") == zebra.count("not seen for longer") == 0, "the open one may show any of them"
    assert zebra.count("not decided") == len(zebra.animals) - 1
    assert [one.sighting for one in done.doubts] == [open_one]
    assert (done.unenrolled[0].known, done.unenrolled[0].new) == (2, 1)
    text = done.page.read_text(encoding="utf-8")
    [pair] = done.pairs["zebra"]
    assert isinstance(pair.after, Photo) and pair.after.path == Path("/cards/q.jpg") and pair.score == 0.8
    assert isinstance(pair.before, EnrolledPhoto) and (pair.individual, pair.before.individual) == ("zebra-002", "zebra-002")
    assert "returned · 2 encounters in 2024 · identified, not enrolled" in text and "known, not enrolled" in text
    assert "new, not enrolled 1" in text and "Not counted: 1 sighting decided as a new animal and not enrolled." in text
    earlier = reid.report(out=place / "earlier.html", gallery=gallery, of="2023")
    assert earlier.doubts == () and earlier.unenrolled[0].known == 0
    assert [(one.name, one.status) for one in earlier.species[0].animals] == [
        (one.name, one.status) for one in before.species[0].animals
    ]


def test_a_season_in_which_nobody_known_was_met_says_so_where_a_table_would_be_empty(place: Path) -> None:
    gallery = place / "gallery"
    decision(gallery, "p", 3, Outcome.REVIEW, "zebra-004")
    done = reid.report(out=place / "season.html", gallery=gallery, settings=reid.ExportSettings(days=7))
    text = done.page.read_text(encoding="utf-8")
    assert done.season == "2024" and done.species[0].places == ()
    assert "No camera of the season is known" in text and ">Cameras<" not in text
    assert "occasions of 7 days" in text
    whole = reid.report(out=place / "whole.html", gallery=gallery)
    assert "occasions of one season each" in whole.page.read_text(encoding="utf-8")


def test_each_photo_of_an_encounter_in_doubt_is_enrolled_with_its_own_box(place: Path) -> None:
    gallery = place / "gallery"
    boxes = (Box(0.0, 0.0, 0.5, 1.0), Box(0.25, 0.0, 0.5, 1.0), None)
    one = decision(gallery, "p", 3, Outcome.REVIEW, "zebra-004", boxes[0])
    paths = ("/cards/p.jpg", "/cards/p2.jpg", "/cards/p3.jpg")
    with Gallery.open(gallery) as opened:
        opened.add_sightings([replace(one, photos=paths, boxes=boxes)])
        assert opened.sightings()[0].sighting.boxes == boxes
    done = reid.report(out=place / "boxes.html", gallery=gallery, of="2024")
    assert done.doubts_table is not None
    with done.doubts_table.open(encoding="utf-8") as file:
        rows = [(Path(row["path"]).name, row["x"], row["width"]) for row in csv.DictReader(file)]
    assert rows == [("p.jpg", "0.0", "0.5"), ("p2.jpg", "0.25", "0.5"), ("p3.jpg", "", "")]
    text = done.page.read_text(encoding="utf-8")
    assert "unresolved sighting 1, perhaps zebra-004" in text


def test_kept_decisions_go_by_the_names_of_today(place: Path) -> None:
    gallery = place / "gallery"
    decision(gallery, "p", 3, Outcome.REVIEW, "zebra-004")
    decision(gallery, "q", 4, Outcome.KNOWN, "zebra-004")
    decision(gallery, "r", 5, Outcome.KNOWN, "zebra-002")
    reid.rename_individual("zebra-004", "Amara", gallery=gallery, species="zebra")
    reid.remove_individual("zebra-002", gallery=gallery, species="zebra")
    done = reid.report(out=place / "today.html", gallery=gallery, of="2024")
    assert done.unenrolled[0].animals == ("Amara",)
    assert done.doubts_table is not None
    with done.doubts_table.open(encoding="utf-8") as file:
        rows = [(Path(row["path"]).name, row["individual"], row["best_guess"]) for row in csv.DictReader(file)]
    assert rows == [("p.jpg", "", "Amara"), ("r.jpg", "", "")]
    text = done.page.read_text(encoding="utf-8")
    assert "a test; zebra-002 is not in the gallery any more" in text and "zebra-004" not in text
    assert "--individual NEW-NAME" in text


def test_seasons_given_by_dates_name_the_kept_decisions_too(place: Path) -> None:
    gallery = place / "gallery"
    decision(gallery, "p", 3, Outcome.REVIEW)
    settings = ExportSettings(seasons=("early=2024-05-01..2024-05-05", "before=2021-01-01..2023-12-31"))
    done = reid.report(out=place / "early.html", gallery=gallery, settings=settings)
    assert (done.season, len(done.doubts)) == ("early", 1)


def test_enrolling_one_animal_of_a_frame_leaves_the_doubt_about_the_other(kept: Path, place: Path) -> None:
    gallery = place / "gallery"
    boxes = [Box(0.0, 0.0, 0.5, 1.0), Box(0.5, 0.0, 0.5, 1.0)]
    with Gallery.open(gallery) as opened:
        row = next(one for one in opened.photos("zebra") if one.individual == "zebra-002" and one.season == "2023")
        match = Match("zebra", "zebra-004", 1, 0.8, 0.7, str(row.path), sha256=row.sha256)
        opened.add_sightings([
            Sighting(str(row.path), row.sha256, SpeciesGuess("zebra", 0.9), Decision(Outcome.REVIEW, None, 0.5, "a test", 0.5),
                     (match,), "left", row.captured_at, "", row.camera, "2023", "", ("zebra",), (str(row.path),), box=box)
            for box in (row.box, boxes[1])
        ])  # fmt: skip
    assert [one.sighting.box for one in reid.report(out=place / "one.html", gallery=gallery, of="2023").doubts] == [boxes[1]]


def test_the_page_and_seasons_tell_the_same_of_the_same_gallery(place: Path) -> None:
    gallery = place / "gallery"
    table = reid.seasons(first="2022", second="2023", gallery=gallery)
    zebra = reid.report(out=place / "page.html", gallery=gallery, of="2023").species[0]
    for status in ("returned", "not seen"):
        assert {row.individual for row in table.rows if row.status == status} == {
            one.name for one in zebra.animals if one.status == status
        }, status
    new = {one.name for one in zebra.animals if one.status == "new"}
    assert {row.individual for row in table.rows if row.status in ("reappeared", "new")} == new | {
        one.name for one in zebra.animals if one.status == "reappeared"
    }
