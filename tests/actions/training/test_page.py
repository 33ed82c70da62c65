"""The page of a calibration."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from reid.actions.training.calibrate import calibrate
from reid.pages import plots


def test_the_page_shows_the_diagram_and_needs_nothing_but_itself(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "calibration é.html"
    report = calibrate(gallery=folder, report=place)
    text = place.read_text(encoding="utf-8")
    assert report.page == place
    zebra = report.species[1]
    assert len(zebra.bins) > 1
    dots = [plots.Dot(one.probability, one.right, one.count / 64) for one in zebra.bins]
    synthetic = plots.reliability(
        "How often answers of a probability are right", "mean probability of the best match", "share right", dots
    )
    [(svg, alternative)] = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="([^"]+)">', text)
    assert base64.b64decode(svg, validate=True) == synthetic
    assert alternative == "zebra: how often answers of a probability are right."
    assert "its share of the 64 answers, 1 % where it is less" in text
    text = text.replace(svg, "")
    assert f"<td class=\"figure\">{zebra.bins[0].count}</td>" in text
    assert f"Expected calibration error {zebra.calibration_error:.3f}." in text
    assert "Stays as it was: 2 individuals" in text and "12 individuals were left out" in text
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert "<script" not in text
