"""Program CAPTURE's input: an X matrix for each season, and the tasks that are usually asked of it.

By "User's Guide for Interactive Program CAPTURE" (Rexstad and Burnham 1991) and White and others 1982.
"""

from __future__ import annotations

from reid.formats.writers.export_job import NAME_COLUMNS, ExportJob, Written, history_of, stem_of
from reid.survey.capture_history import CaptureHistory
from reid.tables.safe_names import plain_names

ID_WIDTH = 8


def write_capture(job: ExportJob, species: str, written: Written) -> None:
    """A file for each season of one species, and a table of the names in them. Raises NothingLeft."""
    history = history_of(job, written)
    seasons = plain_names(history.seasons)
    for season, (text, dropped) in capture_inputs(history).items():
        if not text:
            written.notes.append(f"{species}: in season {season} no camera worked or no animal was met: no file for CAPTURE")
            continue
        written.text(job.out / f"{stem_of(species)}-{seasons[season]}.inp", text)
        written.notes += [f"{species}: {note}" for note in dropped]
    names = plain_names((individual.individual for individual in history.histories), longest=ID_WIDTH)
    rows = [("animal", *pair) for pair in names.items()]
    written.table(job.out / f"{stem_of(species)}-names.csv", NAME_COLUMNS, rows)


def capture_inputs(history: CaptureHistory) -> dict[str, tuple[str, tuple[str, ...]]]:
    """For each season the input file ("" where no occasion or no animal is left), and what was left out of it.

    CAPTURE knows closed populations and no missing values: each season has a file of its own, occasions on which no
    camera worked are dropped from it and named, and individuals not seen in the season are not in it.
    """
    names = plain_names((individual.individual for individual in history.histories), longest=ID_WIDTH)
    files = {}
    for season in history.seasons:
        all_of_it = [at for at, occasion in enumerate(history.occasions) if occasion.season == season]
        used = [at for at in all_of_it if history.occasions[at].sampled]
        dropped = tuple(
            f"{history.occasions[at].name}: no camera worked, so the occasion is dropped" for at in all_of_it if at not in used
        )
        rows = []
        for individual in history.histories:
            digits = "".join("1" if individual.seen[at] else "0" for at in used)
            if "1" in digits:
                rows.append(f"{names[individual.individual]:<{ID_WIDTH}} {digits}")
        if not rows:
            files[season] = "", dropped
            continue
        title = f"{history.species} {season}".replace("'", " ").encode("ascii", "replace").decode("ascii")
        head = [
            f"title='{title}'",
            f"task read captures occasions={len(used)} x matrix",
            f"format='(a{ID_WIDTH},1x,{len(used)}f1.0)'",
            "read input data",
        ]
        tasks = ["task closure test", "task model selection", "task population estimate all"]
        files[season] = "\n".join([*head, *rows, *tasks]) + "\n", dropped
    return files
