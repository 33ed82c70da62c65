"""What people read of the project: README, manual, notes, docstrings; their sentences, code and paths."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
MANUAL = ROOT / "reid" / "manual"
NOTES = ROOT / "scripts" / "benchmarks" / "README.md"
CODE_BLOCK = re.compile(r"^```.*?^```|^    .*?$", flags=re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")


def page(name: str) -> str:
    return (MANUAL / f"{name}.md").read_text(encoding="utf-8")


def texts() -> dict[str, str]:
    """README, CONTRIBUTING and the manual's pages, by path."""
    paths = [ROOT / "README.md", ROOT / ".github" / "CONTRIBUTING.md", *sorted(MANUAL.glob("*.md"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths if path.exists()}


def docstrings() -> dict[str, str]:
    """All docstrings and comments under attributes of each file of `reid/`, joined."""
    result = {}
    for path in sorted((ROOT / "reid").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        strings = [
            node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        ]
        result[path.relative_to(ROOT).as_posix()] = "\n".join(strings)
    return result


def without_code(text: str) -> str:
    """The prose alone: no code blocks, comments or targets of links; code within a sentence becomes one word."""
    text = re.sub(r"<!--.*?-->", "", CODE_BLOCK.sub("", text), flags=re.DOTALL)
    return CODE.sub("Code", re.sub(r"\]\([^)]*\)", "]", text))


def sentences(text: str) -> Iterator[str]:
    """Every sentence of a Markdown text; each cell of a table and each point of a list begins a new one."""
    for paragraph in re.split(r"\n\s*\n", without_code(text)):
        pieces = [""]
        for row in paragraph.splitlines():
            if row.startswith("|"):
                pieces += [*row.strip("|").split("|"), ""]
            elif re.match(r"\s*([-*]|\d+\.) |#+ ", row):
                pieces.append(row.strip())
            else:
                pieces[-1] += " " + row.strip()
        for piece in pieces:
            yield from (part.strip() for part in re.split(r"(?<=[.!?:])\s+(?=[A-Z*\[(√\d])", piece) if part.strip())


def length(sentence: str) -> int:
    """Its words; a number is one."""
    return len(re.findall(r"[\w√][\w'.,×%-]*", sentence))


def reid_commands(text: str) -> Iterator[str]:
    """Every `reid ...` of a text: lines of code blocks, and code within sentences."""
    for code in CODE_BLOCK.findall(text):
        yield from (row.split(" #")[0].strip() for row in code.splitlines() if row.strip().startswith("reid "))
    for code in CODE.findall(CODE_BLOCK.sub("", text)):
        if code.startswith("reid "):
            yield code


_PATH = re.compile(
    r"(?<![\w/.<-])((?:[\w.-]+/)*[\w-]+\.py|(?:reid|tests|scripts|\.github|\.ci)/[\w./-]*\w|indexes/README\.md)/?(?![\w/*<{-])"
)
_DOTTED = re.compile(r"`(?:reid\.)?((?:[a-z_]+\.)+[A-Za-z_]+)`")
_ROOMS = tuple(path.name for path in (ROOT / "reid").iterdir() if path.is_dir())
_NO_MODULES = ("calibration.more_slopes",)
"""Attributes of a variable that is called as a room is."""


def lost_paths(text: str, of: str = "README.md") -> list[str]:
    """Paths of the project and dotted names of its modules that a text names and that are not there; `of`: the text's file."""
    places = (ROOT, ROOT / "reid", ROOT / "scripts", ROOT / "scripts" / "benchmarks", (ROOT / of).parent)
    lost = [
        name
        for name in _PATH.findall(text)
        if not any((place / name).exists() or (place / f"{name}.py").exists() for place in places)
    ]
    return lost + [name for name in _DOTTED.findall(text) if name not in _NO_MODULES and not _is_module(name.split("."))]


@cache
def _offered(room: str) -> set[str]:
    """The names that a package offers, and the fields of its dataclasses."""
    package = importlib.import_module(f"reid.{room}")
    kinds = [kind for kind in vars(package).values() if is_dataclass(kind)]
    return set(vars(package)) | {field.name for kind in kinds for field in fields(kind)}


def _is_module(parts: list[str]) -> bool:
    """Whether a dotted name begins with a module of `reid`, or no room of it; settings and records by their room."""
    if parts[0] in ("records", "settings") and parts[1] in _offered(parts[0]):
        return True
    files = [ROOT.joinpath("reid", *parts[:upto]) for upto in range(1, len(parts) + 1)]
    return parts[0] not in _ROOMS or files[-1].is_dir() or any(file.with_suffix(".py").exists() for file in files)
