"""Program CAPTURE's files: one for each season, without occasions on which nobody could be seen."""

from __future__ import annotations

from datetime import date

from reid.formats.writers.program_capture import capture_inputs
from reid.records import Deployment, Season
from reid.survey.capture_history import capture_history
from tests.survey.captures import CAMERAS, SURVEY, photo

MAY = (Season("2023", date(2023, 5, 1), date(2023, 5, 30)),)


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


def test_a_season_without_a_capture_has_no_file_for_capture():
    seasons = [Season("wet", date(2023, 5, 1), date(2023, 5, 10)), Season("dry", date(2023, 5, 21), date(2023, 5, 25))]
    found = capture_history([photo("Amara", 1)], seasons=seasons, days=5, deployments=CAMERAS)
    files = capture_inputs(found)
    assert files["wet"][0].startswith("title=") and files["dry"][0] == ""
