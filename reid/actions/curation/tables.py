"""What is in a gallery, and what was changed in it, as tables of plain values."""

from __future__ import annotations

from collections.abc import Sequence

from reid.actions.curation.results import DoctorReport, GallerySummary, IndividualShown
from reid.store import Detail, EnrolledPhoto, IndividualSummary, JournalEntry
from reid.tables.plain_table import PlainTable, Rows


def contents(summary: GallerySummary) -> list[PlainTable]:
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
    predicted = f"predicted by {summary.side_net}" if summary.side_net else ""
    rows.append(("all", summary.individuals, summary.photos, predicted, "", summary.species_net or "no species net", ""))
    columns = ("species", "individuals", "photos", "sides", "seasons", "net", "calibrated")
    return [(f"Gallery {summary.folder}", columns, rows)]


def individuals(found: Sequence[IndividualSummary]) -> list[PlainTable]:
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


def photos(found: Sequence[EnrolledPhoto]) -> list[PlainTable]:
    """Enrolled photos with their permanent ids."""
    columns = ("id", "species", "individual", "side", "captured", "season", "camera", "path")
    return [("Photos", columns, [
        (one.id, one.species, one.individual, f"{one.side}{' (predicted)' * one.side_predicted}", one.captured_at, one.season,
         one.camera, one.path) for one in found
    ])]


def individual(shown: IndividualShown) -> list[PlainTable]:
    """One individual: itself, who was merged into it, its photos, its journal."""
    title = "Individual (removed)" if shown.summary.removed else "Individual"
    parts = [(title, *individuals([shown.summary])[0][1:]), ("Merged into it", *individuals(shown.merged)[0][1:])]
    return [part for part in (*parts, *photos(shown.photos), *log(shown.entries)) if part[2]]


def log(entries: Sequence[JournalEntry]) -> list[PlainTable]:
    """Entries of the journal in the order given."""
    rows: Rows = [
        (
            one.seq, one.at.astimezone().strftime("%Y-%m-%d %H:%M"), one.who, one.what, one.summary, one.why,
            f"undone by {one.undone_by}" if one.undone_by else "",
        )
        for one in entries
    ]
    return [("Journal", ("entry", "when", "who", "what", "of", "why", "note"), rows)]


def entry(detail: Detail) -> list[PlainTable]:
    """One entry with every value it altered."""
    rows: Rows = [(one.kind, one.id, one.column, one.before, one.after) for one in detail.altered]
    rows += [(kind, "", "added", "", count) for kind, count in detail.added.items()]
    return [*log([detail.entry]), ("Altered", ("of", "id", "value", "before", "after"), rows)]


def examined(report: DoctorReport) -> list[PlainTable]:
    """What the doctor points at."""
    rows: Rows = [(one.level, one.kind, one.species, one.reason, one.do) for one in report.findings]
    return [(f"Doctor: {report.gallery}", ("level", "kind", "species", "what", "command"), rows)] if rows else []
