"""Results of training, calibration and upgrade as tables of plain values."""

from __future__ import annotations

import math

from reid.actions.training.results import CalibrateReport, SpeciesUpgrade, TrainReport
from reid.tables.plain_table import PlainTable, Rows


def training(report: TrainReport) -> list[PlainTable]:
    """The nets now in use, with their figures on photos held out of their training."""
    rows: Rows = []
    for net in report.nets:
        name = "rank_1" if net.stage == "embedding" else "top_1"
        figure = f"{name.replace('_', '-')} {net.figures[name]:.3f}" if name in net.figures else ""
        thresholds = "" if net.stage == "species" else "yes" if net.calibrated else "no: REVIEW only"
        used = net.fingerprint + (" (shared)" if net.shared else "")
        shown = (net.photos, net.individuals or "", net.epochs, round(net.seconds), figure, thresholds, used)
        rows.append((net.stage, net.species or "all", *shown))
    columns = ("stage", "species", "photos", "individuals", "epochs", "seconds", "figure", "calibrated", "net")
    return [(f"Nets of {report.gallery}", columns, rows)]


def calibrated(report: CalibrateReport) -> list[PlainTable]:
    """Thresholds before and after, what they were learned from, and whether the gallery has outgrown them."""
    rows: Rows = []
    for one in report.species:
        after, before = one.after or one.before, f"{one.before.known_at:.2f}" if one.before else "none"
        notes = [one.reason] if one.after is None else []
        if one.trained_on:
            notes.append(f"{len(one.trained_on)} individuals left out: the net was, or may have been, trained on them")
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


def upgraded(one: SpeciesUpgrade) -> list[PlainTable]:
    """What a new net means for a species: figures before and after, photos with another nearest individual."""
    thresholds = [found.known_at if found else None for found in (one.calibration_before, one.calibration_after)]
    right = [None if math.isnan(share) else share for share in (one.rank_1_before, one.rank_1_after)]
    rows: Rows = [
        ("net", one.before, one.after),
        ("rank-1 on the gallery's own photos (other encounters)", *right),
        ("known from", *("none: REVIEW only" if found is None else found for found in thresholds)),
    ]
    changes: Rows = [(change.photo_id, change.individual, change.before, change.after) for change in one.changes]
    title = f"Nearest individual changes for {len(changes)} of {one.compared} photos"
    tables = [
        (f"{one.species}: before and after", ("figure", "before", "after"), rows),
        (title, ("photo", "shows", "before", "after"), changes),
    ]
    return [table for table in tables if table[2]]
