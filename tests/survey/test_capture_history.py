"""Who was seen when, checked by hand: sides, seasons, effort, and what each program reads."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date

import pytest

from reid.errors import UsageError
from reid.formats.writers.mark import inp
from reid.formats.writers.program_capture import capture_inputs
from reid.formats.writers.secr import secr_files
from reid.records import Deployment, Season
from reid.survey.capture_history import capture_history
from reid.survey.utm import in_metres, utm
from reid.tables.safe_names import plain_names
from tests.survey.captures import CAMERAS, SURVEY, photo

MAY = (Season("2023", date(2023, 5, 1), date(2023, 5, 30)),)


def texts(found) -> dict[str, str]:
    return {one.individual: one.text() for one in found.histories}


def test_an_occasion_without_effort_is_not_known_for_anybody():
    found = capture_history(SURVEY, seasons=MAY, days=5, deployments=CAMERAS)
    assert [one.camera_days for one in found.occasions] == [9, 10, 5, 5, 0, 5]
    assert texts(found) == {"Amara": "1010.0", "Bo": "0100.0", "Zoë": "1000.1"}
    assert [one.name for one in found.occasions] == [f"2023-{at}" for at in range(1, 7)]


def test_without_a_deployments_table_every_occasion_counts_as_sampled():
    assert texts(capture_history(SURVEY, seasons=MAY, days=5))["Amara"] == "101000"


def test_the_last_occasion_of_a_season_may_be_shorter_and_a_day_on_a_bound_belongs_to_its_own():
    found = capture_history([photo("A", 7), photo("B", 8)], seasons=(Season("s", date(2023, 5, 1), date(2023, 5, 10)),), days=7)
    assert [(one.start.day, one.end.day) for one in found.occasions] == [(1, 7), (8, 10)]
    assert texts(found) == {"A": "10", "B": "01"}


def test_seasons_without_dates_run_from_their_first_day_to_their_last():
    found = capture_history([photo("A", 3), photo("A", 9, year=2024), photo("B", 1, year=2024)])
    assert [(one.name, one.start, one.end) for one in found.occasions] == [
        ("2023-1", date(2023, 5, 3), date(2023, 5, 3)),
        ("2024-1", date(2024, 5, 1), date(2024, 5, 9)),
    ]
    assert texts(found) == {"A": "11", "B": "01"}
    assert found.intervals() == (1.0,)


def test_what_is_left_out_is_listed_with_the_reason():
    photos = [
        *SURVEY,
        replace(photo("Dateless", 1), captured_at=None),
        photo("Early", 1, year=2020),
        photo("Off", 3),
        photo("Nowhere", 4, "C9"),
    ]
    found = capture_history(photos, seasons=MAY, deployments=CAMERAS)
    assert {(one.individual, one.reason) for one in found.left_out if one.photo} == {
        ("Dateless", "photo has no date"),
        ("Early", "photo lies outside of all seasons"),
        ("Off", "camera A1 did not work on that day"),
        ("Nowhere", "camera C9 is not in the deployments table"),
    }
    assert {one.individual for one in found.left_out if not one.photo} == {"Dateless", "Early", "Off", "Nowhere"}


@pytest.mark.parametrize(
    ("side", "wanted"),
    [
        ("all", {"Amara": "1010.0", "Bo": "0100.0", "Zoë": "1000.1"}),
        ("left", {"Amara": "1000.0", "Bo": "0100.0"}),
        ("right", {"Amara": "0010.0", "Zoë": "1000.1"}),
        ("both-linked", {"Amara": "1010.0"}),
        ("best", {"Amara": "1000.0", "Bo": "0100.0"}),
    ],
)
def test_a_side_is_chosen_by_rule(side, wanted):
    found = capture_history(SURVEY, seasons=MAY, days=5, deployments=CAMERAS, side=side)
    assert texts(found) == wanted and found.side == ("left" if side == "best" else side)
    if side == "all":
        assert "1 individuals are known from the left only and 1 from the right only" in found.notes[0]


def test_a_photo_of_unknown_side_speaks_for_no_side():
    with pytest.raises(
        UsageError, match="no photo of zebra is left; 1 x photo shows the unknown side, the history is of"
    ):
        capture_history([photo("A", 1, side="")], side="left")


def test_groups_and_covariates_come_from_the_photos_and_what_is_missing_is_told():
    found = capture_history([*SURVEY, photo("Amara", 5, sex="male", age="3")], seasons=MAY, group="sex", covariates=["age"])
    assert [(one.individual, one.group, one.covariates) for one in found.histories] == [
        ("Amara", "female", (3.0,)),
        ("Zoë", "male", (4.5,)),
    ]
    assert [(one.individual, one.reason) for one in found.left_out] == [("Bo", "covariate age is not known")]
    assert found.notes[-1] == "Amara: photos disagree on sex (female on 3, male on 1); the most frequent is taken"


@pytest.mark.parametrize("cell", ["NA", "NaN", "nan", ""])
def test_a_cell_that_says_that_nothing_is_known_is_no_sex_and_no_age(cell):
    photos = [photo("Amara", 1, sex="female", age="3"), *(photo("Amara", day, sex=cell, age=cell) for day in (2, 3))]
    found = capture_history([*photos, photo("Bo", 1, sex=cell, age="2")], seasons=MAY, group="sex", covariates=["age"])
    assert [(one.individual, one.group, one.covariates) for one in found.histories] == [
        ("Amara", "female", (3.0,)), ("Bo", "unknown", (2.0,)),
    ]  # fmt: skip
    assert found.groups == ("female", "unknown") and not any("disagree" in note for note in found.notes)


def test_overlapping_seasons_ask_for_dates():
    photos = [replace(photo("A", day), season=name) for day, name in ((1, "x"), (3, "y"), (5, "x"))]
    with pytest.raises(UsageError, match=r"seasons 'x' .* and 'y' .* overlap; give their dates"):
        capture_history(photos)


# MARK


def test_marks_file_is_the_history_the_frequencies_of_the_groups_the_covariates_and_a_semicolon():
    text = inp(capture_history(SURVEY[:5], seasons=MAY, days=5, deployments=CAMERAS, group="sex", covariates=["age"]))
    statements = [line for line in text.splitlines() if not line.startswith("/*")]
    assert statements == ["1010.0 1 0 3;", "1000.1 0 1 4.5;"]
    assert "/* groups: female, male */" in text and "/* time intervals in years: 0 0 0 0 0 */" in text


def test_the_robust_design_has_no_time_within_a_season_and_years_between():
    seasons = (*MAY, Season("2024", date(2024, 5, 1), date(2024, 5, 10)))
    found = capture_history([*SURVEY, photo("Amara", 6, year=2024)], seasons=seasons, days=10)
    assert found.intervals() == (0.0, 0.0, 1.0)
    assert texts(found)["Amara"] == "1101"


def test_a_name_cannot_end_a_comment_or_a_statement_of_mark():
    text = inp(capture_history([photo("a */ 111 1; b", 1)]))
    assert "/* a * / 111 1, b */" in text and text.count(";") == 1


def test_no_line_of_mark_is_longer_than_240_characters():
    spans = (Season("long", date(2023, 1, 1), date(2023, 8, 8)),)
    found = capture_history([photo(f"{'x' * 300}", 1), photo("B", 2, g="2")], seasons=spans, days=1, group="g")
    assert max(map(len, inp(found).splitlines())) <= 240
    with pytest.raises(UsageError, match="221 occasions: MARK reads lines of 240"):
        inp(capture_history([photo("A", 1)], seasons=(Season("l", date(2023, 1, 1), date(2023, 8, 9)),), days=1))


def parsed_inp(text: str) -> list[tuple[str, list[float]]]:
    """As RMark's convert.inp reads it: comments out, statements by semicolons, words by spaces."""
    bare = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    words = [statement.split() for statement in bare.split(";") if statement.strip()]
    return [(one[0], [float(word) for word in one[1:]]) for one in words]


def test_an_independent_reading_of_marks_file_gives_the_histories_again():
    found = capture_history(SURVEY, seasons=MAY, days=5, deployments=CAMERAS, group="sex")
    read = parsed_inp(inp(found))
    assert [history for history, _ in read] == [one.text() for one in found.histories]
    assert [numbers for _, numbers in read] == [[1, 0], [1, 0], [0, 1]]


# CAPTURE


def test_capture_gets_a_file_a_season_without_occasions_nobody_sampled():
    seasons = (*MAY, Season("2024", date(2024, 5, 1), date(2024, 5, 5)))
    cameras = (*CAMERAS, Deployment("A1", date(2024, 5, 1), date(2024, 5, 5), -1.25, 36.75))
    files = capture_inputs(capture_history([*SURVEY, photo("Zoë", 2, year=2024)], seasons=seasons, days=5, deployments=cameras))
    text, dropped = files["2023"]
    assert text.splitlines() == [
        "title='zebra 2023'",
        "task read captures occasions=5 x matrix",
        "format='(a8,1x,5f1.0)'",
        "read input data",
        "Amara    10100",
        "Bo       01000",
        "Zoe      10001",
        "task closure test",
        "task model selection",
        "task population estimate all",
    ]
    assert dropped == ("2023-5: no camera worked, so the occasion is dropped",)
    assert "Zoe      1\n" in files["2024"][0] and "Amara" not in files["2024"][0]


# secr


def test_secr_gets_captures_and_traps_with_their_usage():
    files = secr_files(capture_history(SURVEY, seasons=MAY, days=5, deployments=CAMERAS, covariates=[]), "zebra")
    assert files.files["zebra-captures.txt"].splitlines() == [
        "# Session ID Occasion Detector",
        "2023 Amara 1 A1",
        "2023 Amara 3 A1",
        "2023 Bo 2 A1",
        "2023 Zoe 1 B-2",
        "2023 Zoe 6 B-2",
    ]
    assert files.files["zebra-traps-2023.txt"].splitlines()[2:] == [
        f"A1 {_x(0)} {_y(0)} 1 1 1 1 0 0",
        f"B-2 {_x(1)} {_y(1)} 1 1 0 0 0 1",
    ]
    assert [line.split(" ", 3)[3] for line in files.files["zebra-traps-2023-days.txt"].splitlines()[2:]] == [
        "4 5 5 5 0 0",
        "5 5 0 0 0 5",
    ]
    assert files.animals["Zoë"] == "Zoe" and files.detectors["B_2"] == "B-2"
    assert "noccasions = c(6)" in files.files["zebra.R"]


def _x(at: int) -> str:
    return f"{in_metres(CAMERAS).points[at][0]:.2f}"


def _y(at: int) -> str:
    return f"{in_metres(CAMERAS).points[at][1]:.2f}"


def test_a_session_without_a_capture_says_so_as_secr_wants():
    seasons = (Season("2022", date(2022, 5, 1), date(2022, 5, 10)), *MAY)
    text = secr_files(capture_history(SURVEY, seasons=seasons, days=5, deployments=CAMERAS), "z").files["z-captures.txt"]
    assert text.splitlines()[1] == "2022 NONE 2 A1"


def test_secr_needs_positions():
    with pytest.raises(UsageError, match="give --deployments"):
        secr_files(capture_history(SURVEY), "z")
    placeless = tuple(replace(one, latitude=None, longitude=None) for one in CAMERAS)
    with pytest.raises(UsageError, match="deployment of A1 has no position"):
        secr_files(capture_history(SURVEY, deployments=placeless), "z")


def test_a_camera_moved_within_a_season_is_two_detectors():
    cameras = (
        Deployment("A1", date(2023, 5, 1), date(2023, 5, 5), x=100, y=200),
        Deployment("A1", date(2023, 5, 6), date(2023, 5, 30), x=400, y=200),
    )
    files = secr_files(capture_history([photo("A", 1), photo("A", 8)], seasons=MAY, days=5, deployments=cameras), "z").files
    assert files["z-captures.txt"].splitlines()[1:] == ["2023 A 1 A1", "2023 A 2 A1-place-2"]
    assert files["z-traps-2023.txt"].splitlines()[2:] == ["A1 100.00 200.00 1 0 0 0 0 0", "A1-place-2 400.00 200.00 0 1 1 1 1 1"]


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_reads_the_files_of_secr_as_its_own_readers_do(tmp_path):
    """read.capthist and read.traps come down to these calls of read.table (secr 2.5, R/DENSITY.R and R/read.traps.R)."""
    for name, text in secr_files(capture_history(SURVEY, seasons=MAY, days=5, deployments=CAMERAS), "z").files.items():
        (tmp_path / name).write_text(text, "utf-8")
    script = tmp_path / "read.R"
    script.write_text(
        """
      captures <- read.table("z-captures.txt", as.is = TRUE, comment.char = "#",
        colClasses = c("character", "character", NA, "character"))
      traps <- read.table("z-traps-2023.txt", row.names = 1, as.is = TRUE, colClasses = c("character", NA, NA, "character"))
      usage <- gsub(" ", "", apply(traps[, 3:ncol(traps)], 1, paste, collapse = " "))
      stopifnot(all(captures$V4 %in% rownames(traps)), all(nchar(usage) == 6))
      cat(paste(captures$V2, captures$V3, captures$V4), sep = "\\n"); cat(paste(rownames(traps), usage), sep = "\\n")
      invisible(parse("z.R"))
    """,
        "utf-8",
    )
    done = subprocess.run(
        ["Rscript", "--vanilla", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:7] == [
        "Amara 1 A1",
        "Amara 3 A1",
        "Bo 2 A1",
        "Zoe 1 B-2",
        "Zoe 6 B-2",
        "A1 111100",
        "B-2 110001",
    ]


# Positions and names


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone", "x", "y"),
    [
        (0.0, 3.0, 31, 500000.0, 0.0),  # the middle of a zone on the equator, by definition
        (43.642567, -79.387139, 17, 630084, 4833438),  # CN Tower, Wikipedia "Universal Transverse Mercator"
    ],
)
def test_utm_agrees_with_published_positions(latitude, longitude, zone, x, y):
    found = utm(latitude, longitude, zone)
    assert found == (pytest.approx(x, abs=1), pytest.approx(y, abs=1))


def test_the_distance_of_two_cameras_on_the_grid_is_the_distance_on_the_ground():
    a, b = in_metres(
        (replace(CAMERAS[0], latitude=0.0, longitude=39.0), replace(CAMERAS[0], latitude=0.009, longitude=39.0))
    ).points
    assert b[1] - a[1] == pytest.approx(0.9996 * 0.009 * 110574.3, rel=1e-4)  # a degree of latitude at the equator is 110,574 m


def test_plain_names_stay_different_and_do_not_depend_on_the_order():
    names = ["Zoë", "Zoe", "a b", "a_b", "Ñandú", "熊"]
    assert plain_names(names) == plain_names(reversed(names))
    assert sorted(plain_names(names).values()) == ["Nandu", "Zoe", "Zoe-2", "a-b", "a-b-2", "x"]
    assert max(len(one) for one in plain_names([f"individual {at}" for at in range(200)], longest=8).values()) == 8
    assert len(set(plain_names([f"individual {at}" for at in range(200)], longest=8).values())) == 200


def test_a_season_without_a_capture_has_no_file_for_capture():
    seasons = [Season("wet", date(2023, 5, 1), date(2023, 5, 10)), Season("dry", date(2023, 5, 21), date(2023, 5, 25))]
    found = capture_history([photo("Amara", 1)], seasons=seasons, days=5, deployments=CAMERAS)
    files = capture_inputs(found)
    assert files["wet"][0].startswith("title=") and files["dry"][0] == ""


def test_a_covariate_that_is_no_finite_number_leaves_its_animal_out():
    found = capture_history([photo("Amara", 1, age="inf"), photo("Bo", 2, age="3")], covariates=["age"])
    assert [one.individual for one in found.histories] == ["Bo"]
    assert [one.reason for one in found.left_out] == ["covariate age is 'inf', no number"]


def test_cameras_south_of_the_equator_count_from_ten_thousand_kilometres():
    (_, north), = in_metres((replace(CAMERAS[0], latitude=0.009, longitude=39.0),)).points
    (_, south), = in_metres((replace(CAMERAS[0], latitude=-0.009, longitude=39.0),)).points
    assert north == pytest.approx(994.8, abs=1) and south == pytest.approx(10_000_000 - 994.8, abs=1)
