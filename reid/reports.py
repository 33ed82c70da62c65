"""Reports as tables of plain values, for the terminal and for pages alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reid.actions.calibrate import CalibrateReport
    from reid.actions.demo import DemoReport
    from reid.actions.evaluate import EvaluateReport
    from reid.actions.gallery import GallerySummary
    from reid.actions.train import TrainReport

Rows = list[tuple[object, ...]]
Plain = tuple[str, tuple[str, ...], Rows]
"""Title, columns, rows."""


def training(report: TrainReport) -> list[Plain]:
    """The nets now in use, with their figures on photos held out of their training."""
    rows: Rows = []
    for net in report.nets:
        name = "rank_1" if net.stage == "embedding" else "top_1"
        figure = f"{name.replace('_', '-')} {net.figures[name]:.3f}" if name in net.figures else ""
        calibrated = "" if net.stage == "species" else "yes" if net.calibrated else "no: REVIEW only"
        used = net.fingerprint + (" (shared)" if net.shared else "")
        shown = (net.photos, net.individuals or "", net.epochs, round(net.seconds), figure, calibrated, used)
        rows.append((net.stage, net.species or "all", *shown))
    columns = ("stage", "species", "photos", "individuals", "epochs", "seconds", "figure", "calibrated", "net")
    return [(f"Nets of {report.gallery}", columns, rows)]


def calibrated(report: CalibrateReport) -> list[Plain]:
    """Thresholds before and after, what they were learned from, and whether the gallery has outgrown them."""
    rows: Rows = []
    for one in report.species:
        after, before = one.after or one.before, f"{one.before.known_at:.2f}" if one.before else "none"
        notes = [one.reason] if one.after is None else []
        if one.trained_on:
            notes.append(f"{len(one.trained_on)} individuals left out: the net was trained on them")
        if after is not None and 0 < after.checked_up_to < one.enrolled:
            notes.append(f"{one.enrolled} individuals are enrolled: more than these thresholds were checked for")
        shown = (f"{after.known_at:.2f}", f"{after.new_at:.2f}", after.checked_up_to or "") if after else ("", "", "")
        figures = (after.false_match, one.calibration_error) if after is not None and one.after is not None else ("", "")
        rows.append((one.species, one.individuals, one.photos, before, *shown, *figures, "; ".join(notes)))
    columns = (
        "species", "individuals", "photos", "known from, before", "known from", "new from", "checked up to",
        "wrong individual", "calibration error", "note",
    )
    return [(f"Thresholds of {report.gallery} for a stated error of {report.max_false_match:g}", columns, rows)]


def evaluation(report: EvaluateReport) -> list[Plain]:
    """Closed set, open set, species routing."""
    columns = ("species", "protocol", "gallery", "queries", "skipped", "rank-1", "rank-5", "rank-10", "mAP", "MAP@R")
    rows: Rows = [
        (
            one.species,
            protocol,
            one.gallery_photos,
            ranking.queries,
            ranking.skipped,
            ranking.rank_1,
            ranking.rank_5,
            ranking.rank_10,
            ranking.mean_ap,
            ranking.map_at_r,
        )
        for one in report.species
        for protocol, ranking in (("any photo", one.published), ("same side, other encounter", one.strict))
    ]
    tables: list[Plain] = [("Closed set", columns, rows)] if rows else []
    unknown: Rows = [
        (
            one.species,
            found.enrolled,
            found.known_right,
            found.known_wrong,
            found.called_new,
            found.enrolled_review,
            found.unknown,
            found.new_right,
            found.false_match,
            found.unknown_review,
        )
        for one in report.species
        if (found := one.open_set) is not None
    ]
    if unknown:
        tables.append(
            (
                "Open set: enrolled animals, then animals never enrolled",
                (
                    "species",
                    "enrolled",
                    "right",
                    "wrong",
                    "called new",
                    "review",
                    "never enrolled",
                    "new",
                    "false match",
                    "review ",
                ),
                unknown,
            )
        )
    if report.routing is not None:
        routing = report.routing
        shares: Rows = [
            ("all", routing.photos, routing.top_1),
            *((name, "", share) for name, share in routing.recalls.items()),
            ("mean of the species", "", routing.macro_recall),
            ("called unknown", "", routing.called_unknown),
        ]
        tables.append(("Species net: share right", ("species", "photos", "top-1"), shares))
    return tables


def contents(summary: GallerySummary) -> list[Plain]:
    """What is in a gallery."""
    rows: Rows = [
        (
            one.summary.name,
            one.summary.individuals,
            one.summary.photos,
            ", ".join(f"{side or 'unknown'} {count}" for side, count in sorted(one.summary.sides.items())),
            ", ".join(one.summary.seasons),
            one.summary.fingerprint or "none",
            f"known from {one.calibration.known_at:.2f}" if one.calibration else "no: REVIEW only",
        )
        for one in summary.species
    ]
    rows.append(("all", summary.individuals, summary.photos, "", "", summary.species_net or "no species net", ""))
    columns = ("species", "individuals", "photos", "sides", "seasons", "net", "calibrated")
    return [(f"Gallery {summary.folder}", columns, rows)]


def demonstration(report: DemoReport) -> list[Plain]:
    """What the demo decided, against the truth."""
    rows: Rows = [(line.what, line.photos, line.right, line.review, line.wrong, line.note) for line in report.lines]
    return [
        (
            "Decisions on season two against the truth",
            ("the photo shows", "cases", "right", "review", "wrong", "right means"),
            rows,
        ),
        ("Figures", ("figure", "value"), [(name, value) for name, value in report.figures]),
    ]
