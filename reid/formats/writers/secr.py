"""Text files for R's `secr`: the captures, and for each session the traps with their usage.

By secr's vignette "Data input for secr" and the help of read.capthist and read.traps: identifiers without spaces or commas,
no underscore in a detector's, metres for positions, usage and covariates after the coordinates, "NONE" for a session
without a capture.
"""

from __future__ import annotations

from dataclasses import dataclass

from reid.errors import UsageError
from reid.formats.writers.export_job import NAME_COLUMNS, ExportJob, Written, history_of, stem_of
from reid.survey.capture_history import CaptureHistory
from reid.survey.effort import effort_days
from reid.survey.utm import in_metres
from reid.tables.safe_names import plain_names

NOBODY = "NONE"


@dataclass(frozen=True, slots=True)
class SecrFiles:
    """files: name -> text. animals, detectors, sessions: our name -> the name in the files."""

    files: dict[str, str]
    animals: dict[str, str]
    detectors: dict[str, str]
    sessions: dict[str, str]


def write_secr(job: ExportJob, species: str, written: Written) -> None:
    """The files of one species and a table of the names in them. Raises NothingLeft, and UsageError as `secr_files` does."""
    made = secr_files(history_of(job, written), stem_of(species))
    for name, text in made.files.items():
        written.text(job.out / name, text)
    names = [
        (kind, ours, theirs)
        for kind, called in (("animal", made.animals), ("detector", made.detectors), ("session", made.sessions))
        for ours, theirs in called.items()
    ]
    written.table(job.out / f"{stem_of(species)}-names.csv", NAME_COLUMNS, names)


def secr_files(history: CaptureHistory, stem: str) -> SecrFiles:
    """Captures (stem-captures.txt), traps of each session, once with usage 0 or 1 and once with days, and the R that reads them.

    A detector is one camera at one place. Several photos of an animal at a detector on one occasion are one line (secr's
    `proximity`).

    Raises:
        UsageError: no deployments table, or one without positions.
    """
    if not history.deployments:
        raise UsageError("secr needs to know where the cameras stood and when: give --deployments TABLE")
    grid = in_metres(history.deployments)
    keys = [
        (place.camera, round(x, 2), round(y, 2)) for place, (x, y) in zip(history.deployments, grid.points, strict=True)
    ]
    several: dict[str, list[tuple[str, float, float]]] = {}
    for key in dict.fromkeys(keys):
        several.setdefault(key[0], []).append(key)
    called = {
        key: camera if at == 0 else f"{camera} place {at + 1}"
        for camera, places in several.items()
        for at, key in enumerate(places)
    }
    detectors = plain_names(called.values())
    known = (row.individual for row in history.histories if row.individual != NOBODY)
    animals = plain_names(known, allowed=r"A-Za-z0-9._-")
    sessions = plain_names(history.seasons)
    files = {f"{stem}-captures.txt": _captures(history, [detectors[called[key]] for key in keys], animals, sessions)}
    for season in history.seasons:
        for binary in (True, False):
            lines = _traps(history, season, keys, {key: detectors[name] for key, name in called.items()}, binary)
            what = "0 or 1" if binary else "days"
            head = [
                f"# {_ascii(history.species)} {sessions[season]}, usage in {what}, positions: {grid.name}",
                "# Detector X Y Usage",
            ]
            files[_traps_name(stem, sessions[season], binary)] = "\n".join([*head, *lines]) + "\n"
    files[f"{stem}.R"] = _script(history, stem, sessions)
    return SecrFiles(files, animals, {name: detectors[name] for name in called.values()}, sessions)


def _traps_name(stem: str, session: str, binary: bool) -> str:
    return f"{stem}-traps-{session}{'' if binary else '-days'}.txt"


def _captures(history: CaptureHistory, detectors: list[str], animals: dict[str, str], sessions: dict[str, str]) -> str:
    lines = []
    for season in history.seasons:
        rows = []
        for individual in history.histories:
            seen = {
                (history.occasions[capture.occasion].number, detectors[capture.deployment])
                for capture in individual.captures
                if history.occasions[capture.occasion].season == season
            }
            numbers = "".join(f" {number:.10g}" for number in individual.covariates)
            group = f" {_ascii(individual.group).replace(' ', '-')}" if history.groups else ""
            name = animals.get(individual.individual, "NONE-animal")
            rows += [f"{sessions[season]} {name} {number} {detector}{group}{numbers}" for number, detector in sorted(seen)]
        last = max(occasion.number for occasion in history.occasions if occasion.season == season)
        empty = " NA" * (bool(history.groups) + len(history.covariates))
        lines += rows or [f"{sessions[season]} {NOBODY} {last} {detectors[0]}{empty}"]
    names = [*(["group"] if history.groups else []), *history.covariates]
    head = ["# Session ID Occasion Detector" + "".join(f" {_ascii(name)}" for name in names)]
    return "\n".join([*head, *lines]) + "\n"


def _traps(
    history: CaptureHistory,
    season: str,
    keys: list[tuple[str, float, float]],
    names: dict[tuple[str, float, float], str],
    binary: bool,
) -> list[str]:
    occasions = [occasion for occasion in history.occasions if occasion.season == season]
    lines = []
    for key, name in names.items():
        usage = []
        for occasion in occasions:
            worked = sum(
                effort_days(deployment, occasion.start, occasion.end)
                for place, deployment in zip(keys, history.deployments, strict=True)
                if place == key
            )
            usage.append(str(int(worked > 0) if binary else worked))
        lines.append(f"{name} {key[1]:.2f} {key[2]:.2f} {' '.join(usage)}")
    return lines


def _script(history: CaptureHistory, stem: str, sessions: dict[str, str]) -> str:
    def quoted(names: list[str]) -> str:
        return ", ".join(f'"{name}"' for name in names)

    counts = [sum(occasion.season == season for occasion in history.occasions) for season in history.seasons]
    covariates = [*(["group"] if history.groups else []), *(_ascii(name) for name in history.covariates)]
    more = f"  covnames = c({quoted(covariates)}),\n" if covariates else ""
    traps = {
        binary: quoted([_traps_name(stem, sessions[season], binary) for season in history.seasons]) for binary in (True, False)
    }
    return (
        "# Reads these files into secr: https://cran.r-project.org/package=secr\n"
        "library(secr)\n"
        f'captures <- read.capthist("{stem}-captures.txt",\n  c({traps[True]}),\n'
        f'  detector = "proximity", noccasions = c({", ".join(map(str, counts))}),\n{more}  fmt = "trapID")\n'
        "summary(captures)\n"
        "# The same with usage in days:\n"
        f'# read.capthist("{stem}-captures.txt", c({traps[False]}),\n'
        f'#   detector = "proximity", noccasions = c({", ".join(map(str, counts))}), binary.usage = FALSE)\n'
    )


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")
