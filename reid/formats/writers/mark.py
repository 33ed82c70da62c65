"""Program MARK's encounter histories (.inp): groups, individual covariates, several seasons, the robust design.

By MARK's help, "Encounter Histories Format" and "Encounter Histories File": the history, one frequency for each group, the
individual covariates, a semicolon; lines of at most 240 characters; comments between /* and */.
"""

from __future__ import annotations

from reid.errors import UsageError
from reid.formats.writers.export_job import ExportJob, Written, history_of, stem_of
from reid.formats.writers.history_tables import occasion_table
from reid.survey.capture_history import CaptureHistory, IndividualHistory

LONGEST_LINE = 240


def write_mark(job: ExportJob, species: str, written: Written) -> None:
    """The .inp file of one species and a table of its occasions. Raises NothingLeft, and UsageError as `inp` does."""
    history = history_of(job, written)
    written.text(job.out / f"{stem_of(species)}.inp", inp(history))
    written.table(job.out / f"{stem_of(species)}-occasions.csv", *occasion_table(history))


def inp(history: CaptureHistory) -> str:
    """The .inp file as text, one statement for each individual under a comment with its name.

    An occasion on which no camera worked is ".", which MARK takes for recaptures, occupancy and the Huggins models; for
    other data types fix p to 0 there.

    Raises:
        UsageError: more occasions than a line of MARK holds.
    """
    if len(history.occasions) + 20 > LONGEST_LINE:
        raise UsageError(
            f"{len(history.occasions)} occasions: MARK reads lines of {LONGEST_LINE} characters; take longer occasions"
        )
    head = [
        f"{history.species or 'animals'}, {len(history.histories)} individuals, {len(history.occasions)} occasions, "
        f"side {history.side}",
        f"occasions: {', '.join(f'{span.name} {span.start} to {span.end}' for span in history.occasions)}",
        f"time intervals in years: {' '.join(f'{years:g}' for years in history.intervals()) or 'none'}",
    ]
    if history.groups:
        head.append(f"groups: {', '.join(history.groups)}")
    if history.covariates:
        head.append(f"individual covariates: {', '.join(history.covariates)}")
    lines = [line for text in head for line in _comment(text)]
    for individual in history.histories:
        lines += [*_comment(individual.individual), *_statement(history, individual)]
    return "\n".join(lines) + "\n"


def _statement(history: CaptureHistory, individual: IndividualHistory) -> list[str]:
    frequencies = ["1" if group == individual.group else "0" for group in history.groups] or ["1"]
    parts = [individual.text(), *frequencies, *(f"{number:.10g}" for number in individual.covariates)]
    lines = [""]
    for part in parts:
        if len(lines[-1]) + len(part) + 2 > LONGEST_LINE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {part}".strip()
    return [*lines[:-1], f"{lines[-1]};"]


def _comment(text: str) -> list[str]:
    """The text as comments of whole lines; what would end a comment or a statement is taken out of it."""
    safe = text.replace("*/", "* /").replace("/*", "/ *").replace(";", ",").replace("\n", " ")
    room = LONGEST_LINE - len("/*  */")
    return [f"/* {safe[at : at + room]} */" for at in range(0, max(len(safe), 1), room)]
