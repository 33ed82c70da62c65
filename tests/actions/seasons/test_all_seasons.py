"""Every season against every later one."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import reid
from tests.actions import colour_pool
from tests.actions.colour_pool import Taken
from tests.commands import command

NOW = datetime(2024, 5, 1, 12)
DAY = timedelta(days=1)


def test_who_is_met_again_in_a_later_season_did_not_reappear_in_the_one_before(gallery: Path, tmp_path: Path) -> None:
    reid.enroll(
        [colour_pool.write(tmp_path / "eve", [Taken("Eve", when=NOW), Taken("Eve", when=NOW + 365 * DAY)])], gallery=gallery
    )
    report = reid.all_seasons(gallery=gallery)
    told = {pair: {row.individual: row.status for row in rows}.get("Eve") for pair, rows in report.rows.items()}
    assert told == {("2023", "2024"): "new", ("2023", "2025"): "reappeared", ("2024", "2025"): "returned"}
    only = reid.seasons(first="2023", second="2024", gallery=gallery)
    (eve,) = [row for row in only.rows if row.individual == "Eve"]
    assert (eve.status, eve.last_before, eve.photo_before) == ("new", None, "")


def test_all_seasons_tell_halves_and_drift_and_how_sure_a_name_is(gallery: Path, tmp_path: Path) -> None:
    reid.enroll([colour_pool.write(tmp_path / "new coat", [Taken("Fay", when=NOW)])], gallery=gallery, individual="Bo")
    met = [Taken("Ada", when=NOW + DAY), *(Taken("Eve", when=NOW + day * DAY, side="right") for day in (2, 3))]
    photos = colour_pool.write(tmp_path / "2024", met)
    report = reid.all_seasons([photos], gallery=gallery, out=tmp_path / "out")
    (note,) = report.notes
    assert note.startswith("2024: zebra: 2 animals are known from the left only and 1 from the right only; some of them may")
    assert [(species, one.individual) for species, one in report.drift] == [("zebra", "Bo")]
    (ada,) = [row for row in report.rows["2023", "2024"] if row.individual == "Ada"]
    alone = reid.seasons([photos], first="2023", second="2024", gallery=gallery)
    assert ada == next(row for row in alone.rows if row.individual == "Ada") and ada.probability is not None
    page = (tmp_path / "out" / "all-seasons.html").read_text(encoding="utf-8")
    assert "known from the left only" in page and "Changed, or two animals under one name" in page
    told = command("seasons", photos, "--all", "--gallery", gallery, "--out", tmp_path / "out")
    assert told.code == 0 and "known from the left only" in told.err and "'Bo': photos of" in told.err


def test_every_season_is_held_against_every_later_one(gallery: Path, tmp_path: Path) -> None:
    met = [Taken("Ada", when=NOW), Taken("Eve", when=NOW + DAY)]
    met += [Taken("Ada", when=NOW + 365 * DAY), Taken("Bo", when=NOW + 366 * DAY)]
    photos = colour_pool.write(tmp_path / "later", met)
    told = command("seasons", photos, "--all", "--gallery", gallery, "--out", tmp_path / "out", "--json")
    assert told.code == 0, told.err
    pairs = {(one["first"], one["second"]): one for one in told.lines}
    names = ("returned", "reappeared", "new", "review", "doubtful", "not_seen")
    counts = {key: [one[name] for name in names] for key, one in pairs.items()}
    assert counts == {
        ("2023", "2024"): [1, 0, 1, 0, 0, 3],
        ("2023", "2025"): [2, 0, 0, 0, 0, 2],
        ("2024", "2025"): [1, 1, 0, 0, 0, 0],
    }
    with (tmp_path / "out" / "individuals.csv").open(encoding="utf-8") as file:
        rows = {row["individual"]: (row["2023"], row["2024"], row["2025"]) for row in csv.DictReader(file)}
    assert rows == {"Ada": ("3", "1", "1"), "Bo": ("3", "0", "1"), "Cy": ("3", "0", "0"), "Di": ("3", "0", "0")}
    assert "From season to season" in (tmp_path / "out" / "all-seasons.html").read_text(encoding="utf-8")


def test_one_season_alone_is_held_against_none(gallery: Path) -> None:
    told = command("seasons", "--all", "--gallery", gallery)
    assert told.code == 2 and "the only season is 2023; wanted two at least" in told.err
    mixed = command("seasons", "--all", "--from", "2023", "--gallery", gallery)
    assert mixed.code == 2 and "name both seasons, or ask for --all" in mixed.err
