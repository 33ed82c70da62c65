"""The fixed gallery laid out for a test, commands run through the public door, and answers compared with those kept."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import gzip
import io
import json
import math
import os
import re
import shutil
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

import reid

FOLDER = Path(__file__).parent
HERD, ANSWERS = FOLDER / "herd", FOLDER / "answers"
BASE_NET, SPECIES_NET = "6d7e235a22212d61", "ecd7dcce528ef9cd"
"""Fingerprints of the nets that the fixed gallery uses: those that ship."""
REWRITING = bool(os.environ.get("REID_FREEZE"))

PROSE = {"reason", "summary", "note", "notes", "warnings", "error", "remedy", "source", "assumes"}
"""Fields that hold sentences for people: that there is something, or nothing, is kept; the words may change."""
PASSING = {"at", "who", "size", "created", "made_at", "other_mark"}
"""Fields that differ from run to run."""
RELATIVE, ABSOLUTE = 1e-4, 1e-6
COUNTED = {"missed": 0.02, "bounds": 0.02}
"""Fields that hold shares of trials: a trial on the edge falls to the other side on another processor (seen: 0.0025)."""


@dataclass(frozen=True)
class Place:
    """A folder with `photos`, `tables` and `gallery`, laid out anew; the photos are found from the gallery."""

    folder: Path

    @property
    def gallery(self) -> Path:
        return self.folder / "gallery"

    @property
    def first(self) -> Path:
        return self.folder / "photos" / "first"

    @property
    def second(self) -> Path:
        return self.folder / "photos" / "second"

    @property
    def cameras(self) -> Path:
        return self.folder / "tables" / "cameras.csv"

    def copy(self, name: str) -> Place:
        """The same gallery in another folder beside it, to be changed."""
        other = Place(self.folder.parent / name)
        shutil.copytree(self.folder, other.folder, ignore=shutil.ignore_patterns("out-*"))
        return other

    def out(self, name: str) -> Path:
        return self.folder / f"out-{name}"


@dataclass(frozen=True)
class Answer:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


def lay_out(folder: Path) -> Place:
    """The committed gallery, whole again."""
    shutil.copytree(HERD, folder)
    packed = folder / "gallery" / "catalog.sqlite.gz"
    (folder / "gallery" / "catalog.sqlite").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    give_nets(folder / "gallery")
    return Place(folder)


def give_nets(gallery: Path) -> None:
    """Put the nets that ship into the folder of a gallery, by fingerprint, as the gallery keeps them."""
    nets = gallery / "nets"
    nets.mkdir(exist_ok=True)
    for name, fingerprint in (("base", BASE_NET), ("species", SPECIES_NET)):
        for suffix in (".safetensors", ".json"):
            (source,) = Path(reid.__file__).parent.rglob(f"{name}{suffix}")
            shutil.copyfile(source, nets / f"{fingerprint}{suffix}")


def run(*arguments: object) -> Answer:
    """`python -m reid ARGUMENTS` in this process."""
    from reid.__main__ import main

    out, err = io.StringIO(), io.StringIO()
    code, before = 0, sys.argv
    sys.argv = ["reid", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.argv = before
    return Answer(code, out.getvalue(), err.getvalue())


def neutral(value: Any, place: Place) -> Any:
    """The value with the folder of the test named <place>, and entries of the journal without person and day."""
    if isinstance(value, dict):
        return {neutral(key, place): neutral(item, place) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [neutral(item, place) for item in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"(\(entry \d+), [^,()]+, \d{4}-\d\d-\d\d\)", r"\1)", value.replace(str(place.folder), "<place>"))


def written(folder: Path) -> dict[str, Any]:
    """Every file below a folder by name: tables with their columns, texts as lines, of pages and pictures the name alone."""
    files: dict[str, Any] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                columns, *rows = csv.reader(file)
            cells = [dict(zip(columns, map(_cell, row), strict=True)) for row in rows]
            files[name] = {"columns": columns, "rows": cells}
        elif path.suffix == ".xlsx":
            sheets = load_workbook(path).worksheets
            files[name] = [[[str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)] for sheet in sheets]
        elif path.suffix == ".json":
            files[name] = json.loads(path.read_text("utf-8"))
        elif path.suffix in (".inp", ".txt"):
            files[name] = path.read_text("utf-8").splitlines()
        else:
            files[name] = "file"
    return files


def _cell(text: str) -> str | float:
    return float(text) if re.fullmatch(r"-?\d+\.\d+(e-?\d+)?", text) else text


def fields(value: Any, place: Place) -> Any:
    """A record that a function gives, by its fields, as JSON knows them."""
    if dataclasses.is_dataclass(value):
        return {field.name: fields(getattr(value, field.name), place) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): fields(item, place) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [fields(item, place) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return neutral(value.value if isinstance(value, Enum) else str(value), place)


def plain(answer: Answer, place: Place, out: str = "") -> dict[str, Any]:
    """An answer as it is kept: exit code, JSON lines, and what lies in the folder that was written."""
    files = {"files": written(place.out(out))} if out else {}
    return neutral({"code": answer.code, "lines": [_unpacked(line) for line in answer.lines], **files}, place)


def _unpacked(line: Any) -> Any:
    """An entry of the journal holds JSON in JSON."""
    entry = isinstance(line, dict) and {"seq", "before", "after"} <= set(line)
    return {**line, "before": json.loads(line["before"]), "after": json.loads(line["after"])} if entry else line


def kept(name: str) -> Any:
    """The answer kept under this name."""
    return json.loads((ANSWERS / f"{name}.json").read_text("utf-8"))


def check(name: str, answer: Any, growing: Collection[str] = ()) -> None:
    """Compare an answer with the one kept under this name; with REID_FREEZE=1 keep it instead."""
    path = ANSWERS / f"{name}.json"
    now = json.loads(json.dumps(answer, ensure_ascii=False))
    if REWRITING:
        path.parent.mkdir(exist_ok=True)
        path.write_text(_lines(_lasting(now)), encoding="utf-8")
    differences = list(differing(kept(name), now, growing=growing))
    assert not differences, f"{len(differences)} differences from {path.name}:\n" + "\n".join(differences[:20])


def _lasting(value: Any) -> Any:
    """The value without what differs from run to run, so that answers kept anew differ by what is new."""
    if isinstance(value, dict):
        return {key: "differs" if key in PASSING else _lasting(item) for key, item in value.items()}
    return [_lasting(item) for item in value] if isinstance(value, list) else value


def _lines(value: Any) -> str:
    """JSON to be read in a diff: the innermost objects and lists on one line each."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return re.sub(r"[{\[][^{}\[\]]*[}\]]", lambda inner: re.sub(r"\n\s*", " ", inner[0]), text) + "\n"


def differing(before: Any, now: Any, where: str = "", field: str = "", growing: Collection[str] = ()) -> Iterator[str]:
    """Each place where two answers differ.

    A field that is new is no difference; one that is gone is one, and so is another length or order of a list.

    Args:
        before, now: as JSON knows them.
        where: the way to them, for people.
        field: the name of the field they are in.
        growing: fields whose list may have got longer at its end.
    """
    if field in PASSING:
        return
    if field in PROSE and not isinstance(before, dict):
        if bool(before) != bool(now):
            yield f"{where}: {before!r} -> {now!r}"
    elif isinstance(before, dict) and isinstance(now, dict):
        for key, value in before.items():
            if key in now:
                yield from differing(value, now[key], f"{where}.{key}", key, growing)
            else:
                yield f"{where}.{key} is gone"
    elif isinstance(before, list) and isinstance(now, list):
        latest = now[: len(before)] if field in growing else now
        if len(before) != len(latest):
            yield f"{where}: {len(before)} -> {len(now)} items"
        for row, (old, new) in enumerate(zip(before, latest, strict=False)):
            yield from differing(old, new, f"{where}[{row}]", field, growing)
    elif not _equal(before, now, COUNTED.get(field, ABSOLUTE)):
        yield f"{where}: {before!r} -> {now!r}"


def _equal(before: Any, now: Any, absolute: float) -> bool:
    """Numbers within the tolerances where one of them is no whole number; all else exactly."""
    numbers = [value for value in (before, now) if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) == 2 and any(isinstance(value, float) for value in numbers):
        return math.isclose(before, now, rel_tol=RELATIVE, abs_tol=absolute)
    return type(before) is type(now) and bool(before == now)
