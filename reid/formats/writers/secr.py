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


def secr_files(found: CaptureHistory, stem: str) -> SecrFiles:
    """Captures (stem-captures.txt), traps of each session, once with usage 0 or 1 and once with days, and the R that reads them.

    A detector is one camera at one place. Several photos of an animal at a detector on one occasion are one line (secr's
    `proximity`).

    Raises:
        UsageError: no deployments table, or one without positions.
    """
    if not found.deployments:
        raise UsageError("secr needs to know where the cameras stood and when: give --deployments TABLE")
    grid = in_metres(found.deployments)
    keys = [(one.camera, round(x, 2), round(y, 2)) for one, (x, y) in zip(found.deployments, grid.points, strict=True)]
    several: dict[str, list[tuple[str, float, float]]] = {}
    for key in dict.fromkeys(keys):
        several.setdefault(key[0], []).append(key)
    called = {
        key: camera if at == 0 else f"{camera} place {at + 1}" for camera, own in several.items() for at, key in enumerate(own)
    }
    detectors = plain_names(called.values())
    animals = plain_names((one.individual for one in found.histories if one.individual != NOBODY), allowed=r"A-Za-z0-9._-")
    sessions = plain_names(found.seasons)
    files = {f"{stem}-captures.txt": _captures(found, [detectors[called[key]] for key in keys], animals, sessions)}
    for season in found.seasons:
        for binary in (True, False):
            lines = _traps(found, season, keys, {key: detectors[name] for key, name in called.items()}, binary)
            what = "0 or 1" if binary else "days"
            head = [
                f"# {_ascii(found.species)} {sessions[season]}, usage in {what}, positions: {grid.name}",
                "# Detector X Y Usage",
            ]
            files[_traps_name(stem, sessions[season], binary)] = "\n".join([*head, *lines]) + "\n"
    files[f"{stem}.R"] = _script(found, stem, sessions)
    return SecrFiles(files, animals, {name: detectors[name] for name in called.values()}, sessions)


def _traps_name(stem: str, session: str, binary: bool) -> str:
    return f"{stem}-traps-{session}{'' if binary else '-days'}.txt"


def _captures(found: CaptureHistory, detectors: list[str], animals: dict[str, str], sessions: dict[str, str]) -> str:
    lines = []
    for season in found.seasons:
        own = []
        for one in found.histories:
            seen = {
                (found.occasions[capture.occasion].number, detectors[capture.deployment])
                for capture in one.captures
                if found.occasions[capture.occasion].season == season
            }
            numbers = "".join(f" {number:.10g}" for number in one.covariates)
            group = f" {_ascii(one.group).replace(' ', '-')}" if found.groups else ""
            name = animals.get(one.individual, "NONE-animal")
            own += [f"{sessions[season]} {name} {number} {detector}{group}{numbers}" for number, detector in sorted(seen)]
        last = max(one.number for one in found.occasions if one.season == season)
        empty = " NA" * (bool(found.groups) + len(found.covariates))
        lines += own or [f"{sessions[season]} {NOBODY} {last} {detectors[0]}{empty}"]
    names = [*(["group"] if found.groups else []), *found.covariates]
    head = ["# Session ID Occasion Detector" + "".join(f" {_ascii(name)}" for name in names)]
    return "\n".join([*head, *lines]) + "\n"


def _traps(
    found: CaptureHistory,
    season: str,
    keys: list[tuple[str, float, float]],
    names: dict[tuple[str, float, float], str],
    binary: bool,
) -> list[str]:
    occasions = [one for one in found.occasions if one.season == season]
    lines = []
    for key, name in names.items():
        usage = []
        for occasion in occasions:
            worked = sum(
                effort_days(one, occasion.start, occasion.end)
                for own, one in zip(keys, found.deployments, strict=True)
                if own == key
            )
            usage.append(str(int(worked > 0) if binary else worked))
        lines.append(f"{name} {key[1]:.2f} {key[2]:.2f} {' '.join(usage)}")
    return lines


def _script(found: CaptureHistory, stem: str, sessions: dict[str, str]) -> str:
    def quoted(names: list[str]) -> str:
        return ", ".join(f'"{name}"' for name in names)

    counts = [sum(one.season == season for one in found.occasions) for season in found.seasons]
    covariates = [*(["group"] if found.groups else []), *(_ascii(name) for name in found.covariates)]
    more = f"  covnames = c({quoted(covariates)}),\n" if covariates else ""
    traps = {
        binary: quoted([_traps_name(stem, sessions[season], binary) for season in found.seasons]) for binary in (True, False)
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
