"""What commands answer about the fixed gallery stays as it was: outcomes, names, orders, numbers, and the files they write.

Numbers are equal to 1e-4 (another processor adds in another order); sentences for people may change (`place.PROSE`), and a new
field of an answer is no difference. `REID_FREEZE=1 pytest tests/frozen` keeps the present answers instead (`answers/`): do that
only for a change that is meant, and say why in the commit.
"""

from __future__ import annotations

import pytest

import reid
from tests.frozen.place import Place, check, fields, plain, run

READ = {
    "gallery": ["gallery"],
    "gallery_individuals": ["gallery", "individuals"],
    "individuals": ["individuals", "list"],
    "individuals_removed": ["individuals", "list", "--removed"],
    "individual": ["individuals", "show", "Zoë"],
    "photos": ["photos", "list"],
    "photos_removed": ["photos", "list", "--removed"],
    "log": ["log"],
    "log_of_one": ["log", "--individual", "zebra-007"],
    "doctor": ["doctor"],
    "doctor_files": ["doctor", "--files", "--species", "drawn deer"],
}


@pytest.mark.parametrize("name", READ)
def test_what_is_in_the_gallery(name: str, herd: Place) -> None:
    check(name, plain(run(*READ[name], "--gallery", herd.gallery, "--json"), herd))


def test_a_query(herd: Place) -> None:
    answer = run("query", herd.second, "--gallery", herd.gallery, "--json", "--why", herd.out("query"))
    check("query", plain(answer, herd, "query"))


def test_a_query_of_encounters(herd: Place) -> None:
    check("query_encounters", plain(run("query", herd.second, "--gallery", herd.gallery, "--json", "--encounters"), herd))


def test_a_query_with_options(herd: Place) -> None:
    options = ("--species", "drawn zebra", "--top", 2, "--fade", 0.1, "--returning", 0.02, "--clock", "CAM-01=+1h")
    check("query_options", plain(run("query", herd.second, "--gallery", herd.gallery, "--json", *options), herd))


def test_a_query_of_a_species_without_thresholds_looks_closer(editable: Place) -> None:
    assert run("undo", 7, "--gallery", editable.gallery).code == 0
    check("query_uncalibrated", plain(run("query", editable.second, "--gallery", editable.gallery, "--json"), editable))


def test_seasons(herd: Place) -> None:
    options = ("--from", "2023", "--to", "2024", "--out", herd.out("seasons"), "--deployments", herd.cameras)
    check("seasons", plain(run("seasons", herd.second, "--gallery", herd.gallery, "--json", *options), herd, "seasons"))


def test_all_seasons(herd: Place) -> None:
    answer = run("seasons", herd.second, "--all", "--gallery", herd.gallery, "--json", "--out", herd.out("all"))
    check("seasons_all", plain(answer, herd, "all"))


def test_discover(herd: Place) -> None:
    options = ("--out", herd.out("discover"), "--link", 0.5)
    check("discover", plain(run("discover", herd.second, "--gallery", herd.gallery, "--json", *options), herd, "discover"))


YEARS = ("--season", "2023=2023-01-01..2023-12-31", "--season", "2024=2024-01-01..2024-12-31")


def test_count(herd: Place) -> None:
    options = (*YEARS, "--days", 120, "--deployments", herd.cameras, "--draws", 40, "--out", herd.out("count"))
    check("count", plain(run("count", "--gallery", herd.gallery, "--json", *options), herd, "count"))


def test_report(herd: Place) -> None:
    options = ("--out", herd.out("report") / "season.html", "--days", 60, "--deployments", herd.cameras)
    answer = run("report", herd.second, "--gallery", herd.gallery, "--json", *options)
    check("report", plain(answer, herd, "report"))


def test_the_figures_of_a_report(herd: Place) -> None:
    herd.out("figures").mkdir()
    page = reid.report([herd.second], out=herd.out("figures") / "season.html", gallery=herd.gallery, of="2024")
    shown = ("species", "animals", "seasons", "places", "discovered", "expected")
    species = [{name: fields(getattr(season, name), herd) for name in shown} for season in page.species]
    doubts = [fields((doubt.number, doubt.sighting.photos, doubt.sighting.decision), herd) for doubt in page.doubts]
    check("report_figures", {"species": species, "doubts": doubts, "unenrolled": fields(page.unenrolled, herd)})


def test_evaluate(herd: Place) -> None:
    herd.out("evaluate").mkdir()
    options = ("--report", herd.out("evaluate") / "page.html")
    check("evaluate", plain(run("evaluate", herd.first, "--gallery", herd.gallery, "--json", *options), herd, "evaluate"))


EXPORTS = ("csv", "mark", "secr", "capture", "camtrapr", "camtrap-dp", "wildbook", "folders")


@pytest.mark.parametrize("name", EXPORTS)
def test_export(name: str, herd: Place) -> None:
    out = f"export-{name}"
    options = ("--out", herd.out(out), "--days", 60, "--deployments", herd.cameras, "--time-zone", "+03:00")
    check(f"export_{name}", plain(run("export", name, "--gallery", herd.gallery, "--json", *options), herd, out))


def test_import_looks_first(herd: Place) -> None:
    answer = run("import", herd.first, "--gallery", herd.gallery, "--json", "--dry-run", "--deployments", herd.cameras)
    check("import_dry_run", plain(answer, herd))


def test_calibrate(editable: Place) -> None:
    answer = run("calibrate", "--gallery", editable.gallery, "--json", "--max-false-match", 0.1)
    check("calibrate", plain(answer, editable))
