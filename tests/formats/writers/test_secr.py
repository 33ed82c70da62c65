"""The files of R's secr: captures, traps, usage, and the R that reads them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import date

import pytest

from reid.errors import UsageError
from reid.formats.writers.secr import secr_files
from reid.records import Deployment, Season
from reid.survey.capture_history import capture_history
from reid.survey.utm import in_metres
from tests.survey.captures import CAMERAS, SURVEY, photo

MAY = (Season("2023", date(2023, 5, 1), date(2023, 5, 30)),)


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
