"""What keeps a gallery from being trusted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reid.actions.curation.results import DoctorReport, Finding

FINDINGS = tuple(Finding(level, "kind", "zebra", level) for level in ("broken", "derived", "missing", "look"))


def test_what_is_derived_is_broken_until_it_is_fixed() -> None:
    report = DoctorReport(Path("gallery"), FINDINGS, 0, 3, ())
    assert [finding.level for finding in report.broken] == ["broken", "derived"]
    assert [finding.level for finding in replace(report, fixed=1).broken] == ["broken"]
