"""The page of `reid calibrate --report`."""

from __future__ import annotations

from reid.actions.training.results import CalibrateReport, SpeciesCalibration
from reid.pages import plots
from reid.pages.html import Page, PageTable, Plot, Section


def page(report: CalibrateReport) -> Page:
    """The page of `reid calibrate --report`: thresholds before and after, and a reliability diagram for each species."""
    return Page(
        f"Calibration of {report.gallery.name}",
        f"Stated error: at most {report.max_false_match:g} of all queries are decided KNOWN with a wrong individual.",
        tuple(_section(one) for one in report.species),
    )


def _section(one: SpeciesCalibration) -> Section:
    left_out = f" {len(one.trained_on)} individuals were left out: the net has, or may have, seen them." if one.trained_on else ""
    basis = f"{one.photos} photos of {one.individuals} individuals that the net was not trained on.{left_out}"
    if one.after is None:
        return Section(one.species, f"Stays as it was: {one.reason}. There are {basis}")
    rows = [("before", one.before), ("after", one.after), ("left side", one.after.left), ("right side", one.after.right)]
    thresholds = PageTable(
        "Thresholds",
        ("", "stated error", "known from", "new from", "wrong individual", "called new", "checked up to"),
        tuple(
            (
                name, f"{found.max_false_match:g}", f"{found.known_at:.3f}", f"{found.new_at:.3f}",
                f"{found.false_match:.4f}", f"{found.false_new:.4f}", str(found.checked_up_to or "-"),
            )
            for name, found in rows if found is not None
        ),
        "Known from and new from: the least probability, for the gallery size that asks for most. Wrong individual and "
        "called new: shares measured on the same photos, each individual judged by a fit that did not see it. Checked up "
        f"to: individuals in a gallery that these photos can speak for; {one.enrolled} are enrolled now.",
    )
    bins = PageTable(
        "Reliability",
        ("probability", "answers", "mean probability", "share right"),
        tuple((f"{b.low:.1f} to {b.high:.1f}", str(b.count), f"{b.probability:.3f}", f"{b.right:.3f}") for b in one.bins),
        f"Expected calibration error {one.calibration_error:.3f}.",
    )
    return Section(one.species, f"Learned from {basis}", tables=(thresholds, bins), plots=(_diagram(one),))


def _diagram(one: SpeciesCalibration) -> Plot:
    answers = sum(b.count for b in one.bins)
    dots = [plots.Dot(b.probability, b.right, b.count / answers) for b in one.bins]
    title = "How often answers of a probability are right"
    return Plot(
        plots.reliability(title, "mean probability of the best match", "share right", dots),
        f"{one.species}: {title[0].lower()}{title[1:]}.",
        f"The area of a dot is its share of the {answers} answers, 1 % where it is less; the table has the figures.",
    )
