"""Reports as tables of plain values, for the terminal and for pages alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reid.actions.curation.contents import GallerySummary
    from reid.actions.curation.doctor import DoctorReport
    from reid.actions.curation.individuals import IndividualShown
    from reid.actions.demo.demo import DemoReport
    from reid.actions.evaluation.evaluate import EvaluateReport
    from reid.actions.training.calibrate import CalibrateReport
    from reid.actions.training.train import TrainReport
    from reid.actions.training.upgrade import SpeciesUpgrade
    from reid.evaluation.bootstrap import Estimate
    from reid.store import Detail, EnrolledPhoto, IndividualSummary, JournalEntry, Merged

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


def evaluation(report: EvaluateReport) -> list[Plain]:
    """Closed set, its parts, open set, what speaks against the figures, species routing; tables without rows are left out.

    A figure stands above its 95 % interval.
    """
    tables = [_closed(report), _parts(report), _decided(report), _separated(report), _doubts(report), _routed(report)]
    return [table for table in tables if table[2]]


def spread(figure: Estimate, between: str = "\n") -> str:
    """A figure and its interval, "0.787 (0.70–0.86)"; without the interval where there is none, "" where nothing was measured."""
    if not math.isfinite(figure.value):
        return ""
    if not math.isfinite(figure.low):
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f}{between}({figure.low:.2f}–{figure.high:.2f})"


def _closed(report: EvaluateReport) -> Plain:
    columns = ("species", "protocol", "gallery", "queries", "skipped", "rank-1", "rank-5", "rank-10", "mAP", "MAP@R", "chance")
    rows: Rows = [
        (
            one.species, found.protocol, one.gallery_photos, found.queries, found.skipped,
            *(spread(figure) for figure in (found.rank_1, found.rank_5, found.rank_10, found.mean_ap, found.map_at_r)),
            found.chance,
        )
        for one in report.species
        for found in one.closed_set
    ]
    return "Closed set", columns, rows


def _parts(report: EvaluateReport) -> Plain:
    rows: Rows = [
        (one.species, what, part.name, part.queries, part.individuals, spread(part.rank_1))
        for one in report.species
        for what, parts in (("side", one.sides), ("season", one.seasons))
        for part in parts
        if len(parts) > 1
    ]
    columns = ("species", "by", "part", "queries", "individuals", "rank-1")
    return "Parts of the queries (other encounter, same side)", columns, rows


def _decided(report: EvaluateReport) -> Plain:
    rows: Rows = [
        (
            one.species, found.enrolled,
            *map(spread, (found.known_right, found.known_wrong, found.called_new, found.enrolled_review)),
            found.unknown, *map(spread, (found.new_right, found.false_match, found.unknown_review)),
        )
        for one in report.species
        if (found := one.open_set) is not None
    ]
    columns = ("species", "enrolled", "right", "wrong", "called new", "review", "never enrolled", "new", "false match", "review ")
    return "Open set: enrolled animals, then animals never enrolled", columns, rows


def _separated(report: EvaluateReport) -> Plain:
    rows: Rows = [
        (
            one.species, found.known, found.unknown,
            *(spread(figure) for figure in (
                found.auroc, found.dir_at_1_percent, found.baks, found.baus, found.geometric_mean,
            )),
        )
        for one in report.species
        if (found := one.separation) is not None
    ]
    columns = ("species", "known", "unknown", "AUROC", "DIR at 1 %", "BAKS", "BAUS", "geometric mean")
    return "Open set by the best score alone", columns, rows


def _doubts(report: EvaluateReport) -> Plain:
    """What the figures owe to near-duplicates and to the place."""
    rows: Rows = []
    for one in report.species:
        counted = f"{one.near_duplicates.queries} of {one.query_photos}"
        for found, place in zip_longest(one.closed_set, one.background.by_protocol if one.background else ()):
            shown = (spread(place.rank_1), place.chance) if place else ("", "")
            rows.append((one.species, found.protocol, counted, spread(found.without_near_duplicates), *shown))
    columns = (
        "species", "protocol", "queries with a near-duplicate", "rank-1 without them", "rank-1 of the background", "by chance"
    )
    return "Doubts", columns, rows


def _routed(report: EvaluateReport) -> Plain:
    columns, title = ("species", "photos", "top-1"), "Species net: share right"
    if report.routing is None:
        return title, columns, []
    routing = report.routing
    rows: Rows = [
        ("all", routing.photos, routing.top_1),
        *((name, "", share) for name, share in routing.recalls.items()),
        ("mean of the species", "", routing.macro_recall),
        ("called unknown", "", routing.called_unknown),
    ]
    return title, columns, rows


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
    told = f"told by {summary.side_net}" if summary.side_net else ""
    rows.append(("all", summary.individuals, summary.photos, told, "", summary.species_net or "no species net", ""))
    columns = ("species", "individuals", "photos", "sides", "seasons", "net", "calibrated")
    return [(f"Gallery {summary.folder}", columns, rows)]


def individuals(found: Sequence[IndividualSummary]) -> list[Plain]:
    """Individuals with their permanent ids."""
    rows: Rows = [
        (
            one.id, one.species, one.name, one.photos,
            ", ".join(f"{side or 'unknown'} {n}" for side, n in sorted(one.sides.items())),
            ", ".join(one.seasons), one.first, one.last, f"merged into #{one.merged_into}" if one.merged_into else "",
        )
        for one in found
    ]
    columns = ("id", "species", "individual", "photos", "sides", "seasons", "first", "last", "note")
    return [("Individuals", columns, rows)]


def photos(found: Sequence[EnrolledPhoto]) -> list[Plain]:
    """Enrolled photos with their permanent ids."""
    columns = ("id", "species", "individual", "side", "captured", "season", "camera", "path")
    return [("Photos", columns, [
        (one.id, one.species, one.individual, f"{one.side}{' (predicted)' * one.side_predicted}", one.captured_at, one.season,
         one.camera, one.path) for one in found
    ])]


def individual(shown: IndividualShown) -> list[Plain]:
    """One individual: itself, who was merged into it, its photos, its journal."""
    title = "Individual (removed)" if shown.summary.removed else "Individual"
    parts = [(title, *individuals([shown.summary])[0][1:]), ("Merged into it", *individuals(shown.merged)[0][1:])]
    return [part for part in (*parts, *photos(shown.photos), *log(shown.entries)) if part[2]]


def log(entries: Sequence[JournalEntry]) -> list[Plain]:
    """Entries of the journal in the order given."""
    rows: Rows = [
        (
            one.seq, one.at.astimezone().strftime("%Y-%m-%d %H:%M"), one.who, one.what, one.summary, one.why,
            f"undone by {one.undone_by}" if one.undone_by else "",
        )
        for one in entries
    ]
    return [("Journal", ("entry", "when", "who", "what", "of", "why", "note"), rows)]


def entry(detail: Detail) -> list[Plain]:
    """One entry with every value it altered."""
    rows: Rows = [(one.kind, one.id, one.column, one.before, one.after) for one in detail.altered]
    rows += [(kind, "", "added", "", count) for kind, count in detail.added.items()]
    return [*log([detail.entry]), ("Altered", ("of", "id", "value", "before", "after"), rows)]


def upgraded(one: SpeciesUpgrade) -> list[Plain]:
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


def examined(report: DoctorReport) -> list[Plain]:
    """What the doctor points at."""
    rows: Rows = [(one.level, one.kind, one.species, one.reason, one.do) for one in report.findings]
    return [(f"Doctor: {report.gallery}", ("level", "kind", "species", "what", "command"), rows)] if rows else []


def merged(told: Merged) -> list[Plain]:
    """The conflicts of a merge of galleries, each with both sides."""
    rows: Rows = [(one.species, one.what, one.ours, one.theirs, one.do) for one in told.conflicts]
    columns = ("species", "what", "here", "there", "to take their side")
    return [("Changed by both: stays as it is here", columns, rows)] if rows else []


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
