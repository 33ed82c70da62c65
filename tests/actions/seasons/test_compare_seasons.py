"""Seasons as a whole, and every season against every other."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import reid
from reid.actions.seasons.results import SeasonsReport
from reid.errors import UsageError
from reid.settings import QuerySettings
from reid.store import Gallery
from tests.actions import colour_pool
from tests.actions.colour_pool import Taken
from tests.commands import command

NOW = datetime(2024, 5, 1, 12)
DAY = timedelta(days=1)


def statuses(report: SeasonsReport) -> dict[str, str]:
    return {row.individual or row.proposal: row.status for row in report.rows}


def test_new_encounters_become_proposed_individuals_with_their_weakest_link(gallery: Path, tmp_path: Path) -> None:
    met = [Taken("Ada", when=NOW), *(Taken("Eve", when=NOW + day * DAY) for day in (1, 2, 5)), Taken("Flo", when=NOW + 3 * DAY)]
    photos = colour_pool.write(tmp_path / "2024", met)
    report = reid.seasons([photos], first="2023", second="2024", gallery=gallery, out=tmp_path / "out")
    assert statuses(report) == {
        "Ada": "returned", "Bo": "not seen", "Cy": "not seen", "Di": "not seen", "new-2024-001": "new", "new-2024-002": "new",
    }
    eve = next(row for row in report.rows if row.proposal == "new-2024-001")
    assert (eve.photos, eve.encounters, eve.first_again, eve.last_again) == (3, 3, NOW + DAY, NOW + 5 * DAY)
    assert eve.link_probability is not None and eve.link_probability > 0.5
    assert eve.link_score is not None and eve.link_score > 0.9 and len(eve.link_photos) == 2
    assert "3 encounters, the weakest link right with probability" in eve.reason
    with (tmp_path / "out" / "seasons.csv").open(encoding="utf-8") as file:
        rows = {row["proposal"]: row for row in csv.DictReader(file)}
    assert rows["new-2024-001"]["link_photos"] == " | ".join(eve.link_photos)
    page = (tmp_path / "out" / "seasons.html").read_text(encoding="utf-8")
    assert "new-2024-001" in page and "weakest link" in page


def test_links_that_are_not_sure_enough_are_not_made(gallery: Path, tmp_path: Path) -> None:
    met = colour_pool.write(tmp_path / "2024", [Taken("Eve", when=NOW + day * DAY) for day in range(3)])
    sure = QuerySettings(link=1.0)
    report = reid.seasons([met], first="2023", second="2024", gallery=gallery, settings=sure)
    assert report.count("new") == 3
    with pytest.raises(UsageError, match=r"link 0, 80 km/h: wanted a probability in \(0, 1\], such as 0.65"):
        reid.seasons([met], first="2023", second="2024", gallery=gallery, settings=replace(sure, link=0.0))


def test_two_animals_of_one_frame_are_two_rows(gallery: Path, tmp_path: Path) -> None:
    met = colour_pool.write(tmp_path / "2024", [Taken("Ada", "Ada", when=NOW), Taken("Bo", "Eve", when=NOW + DAY)])
    report = reid.seasons([met], first="2023", second="2024", gallery=gallery)
    assert statuses(report)["Ada"] == "doubtful"
    told = [(row.status, row.individual, row.photos) for row in report.rows if row.photos]
    assert told == [("returned", "Bo", 1), ("new", "", 1), ("review", "Ada", 1), ("review", "Ada", 1)]
    assert all("two animals of one frame" in row.reason for row in report.rows if row.status == "review")


def test_one_animal_is_not_told_at_two_far_cameras_at_once(gallery: Path, tmp_path: Path) -> None:
    table = tmp_path / "cameras.csv"
    rows = ("camera,start,end,latitude,longitude", "C1,2024-01-01,2024-12-31,-2,34", "C2,2024-01-01,2024-12-31,-2,34.2")
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    met = colour_pool.write(
        tmp_path / "2024", [Taken("Ada", when=NOW), Taken("Ada", when=NOW + timedelta(minutes=4), camera="C2")]
    )

    def told(settings: QuerySettings) -> int:
        return sum(row.photos for row in reid.seasons(
            [met], first="2023", second="2024", gallery=gallery, settings=settings
        ).rows if row.individual == "Ada" and row.status == "returned")

    assert told(QuerySettings()) == 2  # nobody knows where the cameras are
    assert told(QuerySettings(deployments=str(table))) < 2
    assert told(QuerySettings(deployments=str(table), kilometres_an_hour=1000.0)) == 2


def test_halves_are_halves_until_an_encounter_shows_both_sides(gallery: Path, tmp_path: Path) -> None:
    left = [Taken("Eve", when=NOW + day * DAY) for day in range(2)]
    right = [Taken("Eve", when=NOW + day * DAY, side="right") for day in (10, 11)]
    report = reid.seasons([colour_pool.write(tmp_path / "a", left + right)], first="2023", second="2024", gallery=gallery)
    told = [(row.status, row.sides, row.encounters) for row in report.rows if row.encounters]
    assert told == [("new", "left", 2), ("review", "right", 2)]  # whoever is enrolled is so from the left only
    (right_one,) = [row for row in report.rows if row.status == "review"]
    assert right_one.reason.startswith("everybody enrolled is known from the other side only")
    assert "zebra: 1 animals are known from the left only and 1 from the right only" in report.notes[0]
    both = [Taken("Eve", when=NOW + 5 * DAY, side=side, encounter="both") for side in ("left", "right")]
    report = reid.seasons([colour_pool.write(tmp_path / "b", left + right + both)], first="2023", second="2024", gallery=gallery)
    new = [row for row in report.rows if row.status == "new"]
    assert [(row.sides, row.encounters) for row in new] == [("both", 5)] and report.notes == ()


def test_an_individual_that_an_animal_under_review_may_be_is_doubtful(gallery: Path, tmp_path: Path) -> None:
    met = colour_pool.write(tmp_path / "2024", [Taken("Ada", "Ada", when=NOW)])
    report = reid.seasons([met], first="2023", second="2024", gallery=gallery)
    ada = next(row for row in report.rows if row.individual == "Ada" and row.status == "doubtful")
    assert ada.proposal == "new-2024-001" and ada.first_again == NOW and (ada.photos, ada.encounters) == (0, 0)
    assert ada.reason == "new-2024-001, under review, may be it with probability 0.50, and 1 other may be"
    assert {row.individual for row in report.rows if row.status == "not seen"} == {"Bo", "Cy", "Di"}


def test_photos_given_that_are_enrolled_already_count_once(gallery: Path, tmp_path: Path) -> None:
    reid.enroll(
        [colour_pool.write(tmp_path / "enrolled", [Taken("Ada", when=NOW + day * DAY) for day in range(2)])], gallery=gallery
    )
    fresh = colour_pool.write(tmp_path / "fresh", [Taken("Ada", when=NOW + 5 * DAY, side="left")])
    for given, wanted in (([], 2), ([tmp_path / "enrolled"], 2), ([tmp_path / "enrolled", fresh], 3)):
        report = reid.seasons(given, first="2023", second="2024", gallery=gallery)
        (ada,) = [row for row in report.rows if row.individual == "Ada"]
        assert (ada.status, ada.photos, ada.encounters, ada.events) == ("returned", wanted, wanted, wanted)


def test_events_are_independent_by_the_interval_asked_for(gallery: Path, tmp_path: Path) -> None:
    taken = [Taken(name, when=NOW + timedelta(minutes=at)) for name in ("Ada", "Eve") for at in (0, 40, 80)]
    met = colour_pool.write(tmp_path / "2024", taken)

    def told(minutes: float) -> set[int]:
        settings = QuerySettings(independent_minutes=minutes)
        report = reid.seasons([met], first="2023", second="2024", gallery=gallery, settings=settings)
        return {row.events for row in report.rows if row.photos}

    assert (told(30), told(60), told(100)) == ({3}, {2}, {1})


def test_who_changed_between_the_seasons_is_listed_by_seasons_and_by_doctor(gallery: Path, tmp_path: Path) -> None:
    reid.enroll([colour_pool.write(tmp_path / "new coat", [Taken("Fay", when=NOW)])], gallery=gallery, individual="Ada")
    reid.enroll([colour_pool.write(tmp_path / "same coat", [Taken("Bo", when=NOW)])], gallery=gallery)
    report = reid.seasons(first="2023", second="2024", gallery=gallery, out=tmp_path / "out")
    assert [(name, one.individual, one.oldest, one.newest) for name, one in report.drift] == [("zebra", "Ada", "2023", "2024")]
    assert "Changed, or two animals under one name" in (tmp_path / "out" / "seasons.html").read_text(encoding="utf-8")
    (found,) = [one for one in reid.doctor(gallery=gallery).findings if one.kind == "drift"]
    assert found.individuals == ("Ada",) and "fit those of 2023 badly" in found.reason


def test_the_decisions_of_a_season_are_kept_once_for_each_encounter(gallery: Path, tmp_path: Path) -> None:
    met = [Taken("Ada", when=NOW), Taken("Eve", when=NOW + DAY), Taken("Eve", when=NOW + 2 * DAY)]
    met.append(Taken("Bo", "Fay", when=NOW + 3 * DAY))
    photos = colour_pool.write(tmp_path / "2024", met)
    told = command(
        "seasons", photos, "--from", "2023", "--to", "2024", "--gallery", gallery, "--out", tmp_path / "out", "--record"
    )
    assert told.code == 0, told.err
    with Gallery.open(gallery) as opened:
        kept = [one.sighting for one in opened.sightings()]
    assert sorted((one.decision.outcome.value, one.decision.individual or "") for one in kept) == [
        ("known", "Ada"), ("known", "Bo"), ("new", ""), ("new", ""), ("new", ""),
    ]
    assert len({one.encounter for one in kept}) == 5 and all(one.decision.nobody is not None for one in kept)


def test_no_decision_is_kept_where_the_page_cannot_be_written(gallery: Path, tmp_path: Path) -> None:
    photos = colour_pool.write(tmp_path / "card", [Taken("Ada", when=NOW)])
    out = photos / "manifest.csv" / "out"
    with pytest.raises(UsageError, match=r"manifest\.csv/out: cannot be made"):
        reid.seasons([photos], first="2023", second="2024", gallery=gallery, out=out, record=True)
    with Gallery.open(gallery) as opened:
        assert opened.sightings() == ()
    with pytest.raises(UsageError, match=r"manifest\.csv/out: cannot be made"):
        reid.all_seasons([photos], gallery=gallery, out=out)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder that nobody can write to, not even root, is Linux's /proc")
def test_no_decision_is_kept_where_the_folder_is_there_and_cannot_be_written_to(gallery: Path, tmp_path: Path) -> None:
    photos = colour_pool.write(tmp_path / "card", [Taken("Ada", when=NOW)])
    fault = pytest.raises(UsageError, match="/proc: cannot be written to")
    with fault:
        reid.seasons([photos], first="2023", second="2024", gallery=gallery, out=Path("/proc"), record=True)
    with Gallery.open(gallery) as opened:
        assert opened.sightings() == ()
    with fault:
        reid.all_seasons([photos], gallery=gallery, out=Path("/proc"))
    with fault:
        reid.report(gallery=gallery, out=Path("/proc/season.html"))
    with fault:
        reid.export("mark", Path("/proc/export"), gallery=gallery)
    with fault:
        reid.count(gallery=gallery, out=Path("/proc/counts"))
    with fault:
        reid.calibrate(gallery=gallery, report=Path("/proc/calibration.html"))
    with fault:
        reid.query([photos], gallery=gallery, why=Path("/proc/why"), record=True)


def test_kept_photos_are_named_so_that_they_are_found_from_another_folder(
    gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    colour_pool.write(tmp_path / "card", [Taken("Ada", when=NOW)])
    monkeypatch.chdir(tmp_path)
    reid.seasons([Path("card")], first="2023", second="2024", gallery=gallery, record=True)
    reid.query([Path("card")], gallery=gallery, record=True)
    with Gallery.open(gallery) as opened:
        kept = [one.sighting for one in opened.sightings()]
    assert kept and all(Path(path).is_absolute() for one in kept for path in (one.photo, *one.photos))
    assert all(Path(one.photo).is_relative_to(tmp_path / "card") and Path(one.photo).is_file() for one in kept)


def test_decisions_kept_twice_are_kept_once(gallery: Path, tmp_path: Path) -> None:
    met = [Taken("Ada", when=NOW), Taken("Bo", "Fay", when=NOW + DAY), Taken("Eve", when=NOW + 2 * DAY)]
    photos = colour_pool.write(tmp_path / "2024", met)
    reid.seasons([photos], first="2023", second="2024", gallery=gallery, record=True)
    before = reid.log(gallery=gallery)
    reid.seasons([photos], first="2023", second="2024", gallery=gallery, record=True)
    assert reid.log(gallery=gallery) == before
    reid.remove_individual("Bo", gallery=gallery)
    reid.seasons([photos], first="2023", second="2024", gallery=gallery, record=True)
    assert reid.log(gallery=gallery)[0].summary == "4 sightings, in place of 4"
    with Gallery.open(gallery) as opened:
        kept = [one.sighting.decision.individual or "" for one in opened.sightings()]
    assert sorted(kept) == ["", "", "", "Ada"]


def test_photos_that_cannot_be_read_are_named_where_there_is_no_other(gallery: Path, tmp_path: Path) -> None:
    (tmp_path / "2024").mkdir()
    (tmp_path / "2024" / "spoilt.jpg").write_bytes(b"no picture")
    given = (tmp_path / "2024", "--gallery", gallery, "--out", tmp_path / "out")
    told = command("seasons", *given, "--from", "2023", "--to", "2024")
    assert told.code == 2 and "nothing is of season '2024'" in told.err
    assert "could not be read: " in told.err and "spoilt.jpg" in told.err and "undated" not in told.err
    told = command("seasons", *given, "--all")
    assert told.code == 2 and "wanted two at least" in told.err and "spoilt.jpg" in told.err
    reid.enroll([colour_pool.write(tmp_path / "later", [Taken("Ada", when=NOW)])], gallery=gallery)
    told = command("seasons", *given, "--from", "2023", "--to", "2024")
    assert told.code == 1 and "spoilt.jpg" in told.err and "1 returned" in told.out
    told = command("seasons", *given, "--all")
    assert told.code == 1 and "spoilt.jpg" in told.err
    assert "spoilt.jpg" in (tmp_path / "out" / "all-seasons.html").read_text(encoding="utf-8")


def test_a_season_of_sightings_without_a_doubt_can_be_counted(gallery: Path, tmp_path: Path) -> None:
    photos = colour_pool.write(tmp_path / "2024", [Taken("Ada", when=NOW + day * DAY) for day in range(2)])
    reid.seasons([photos], first="2023", second="2024", gallery=gallery, record=True)
    told = command("count", "--gallery", gallery)
    assert told.code == 0 and "2 sightings not enrolled (2 known, 0 new, 0 open)" in told.out



