"""The manual is whole and true: every command, option, setting, variable and function has its place, and its code runs."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from fnmatch import fnmatch
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import typer

import reid
from reid import errors, manual, settings
from reid.cli import app
from tests import prose
from tests.commands import command
from tests.test_architecture import ONE_DOOR
from tests.user_folder import ROOT, block, lines, run

LONGEST_SENTENCE = 30
SHARED = ("help", "version")
"""Options that no command explains by itself."""


def _commands(entry: Any, name: str = "reid") -> Iterator[tuple[str, set[str]]]:
    """Every command and group with its options."""
    options = {option for parameter in entry.params for option in (*parameter.opts, *parameter.secondary_opts)}
    yield name, {option for option in options if option.startswith("--") and option[2:] not in SHARED}
    for part, below in getattr(entry, "commands", {}).items():
        yield from _commands(below, f"{name} {part}")


COMMANDS = dict(_commands(typer.main.get_command(app)))


def _command_of(code: str) -> str:
    """The longest command that a line begins with: `reid photos list --removed` -> reid photos list."""
    words = code.split()
    found = [" ".join(words[:upto]) for upto in range(1, len(words) + 1) if " ".join(words[:upto]) in COMMANDS]
    return found[-1] if found else ""


def _places() -> dict[str, str]:
    """What `commands.md` says of each command: the section, or the row of a table with the table's head."""
    places: dict[str, str] = {}
    for section in re.split(r"^(?=##)", prose.page("commands"), flags=re.MULTILINE):
        title = section.partition("\n")[0]
        if title.startswith("### `"):
            places[_command_of(prose.CODE.findall(title)[0])] = section
        head = ""
        for row in section.splitlines():
            head = (head or row) if row.startswith("|") else ""
            if row.startswith("| `reid"):
                places.setdefault(_command_of(prose.CODE.findall(row)[0]), f"{head}\n{row}")
    return places


# ---------------------------------------------------------------- nothing is missing


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "reid"])
def test_a_command_has_its_place_with_every_option(name: str) -> None:
    place = _places().get(name, "")
    if name == "reid manual":
        place = prose.page("commands").split("## Read this manual")[1]
    assert place, f"commands.md has no section or row of `{name}`"
    explained = set(re.findall(r"--[a-z-]*[a-z]", place))
    assert COMMANDS[name] - explained == set(), name


@pytest.mark.parametrize("name", [*prose.texts(), "scripts/benchmarks/README.md"])
def test_every_command_that_a_text_shows_exists_with_its_options(name: str) -> None:
    wrong = []
    for code in prose.reid_commands((ROOT / name).read_text(encoding="utf-8")):
        found = _command_of(code)
        options = set(re.findall(r"(?<=\s)--[a-z-]*[a-z]", code)) - {"--help", "--version"}
        rest = code.removeprefix(found).split()
        is_group = any(name.startswith(f"{found} ") for name in COMMANDS)
        if is_group and rest and not rest[0].startswith("-") and rest[0] != "COMMAND":
            wrong.append(code)
        wrong += [f"{code}: {option}" for option in options - COMMANDS.get(found, set())]
    assert wrong == []


SETTINGS = [kind for kind in vars(settings).values() if is_dataclass(kind) and isinstance(kind, type)]


def _shown(value: object) -> str:
    """A default as `settings.md` writes it."""
    if value is None:
        return "none"
    if value in ("", (), {}):
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return f"`{('x' if isinstance(value[0], int) else ',').join(str(part) for part in value)}`"
    return f"`{value}`"


@pytest.mark.parametrize("kind", SETTINGS, ids=lambda kind: kind.__name__)
def test_a_setting_stands_in_its_table_with_its_variable_and_its_default(kind: Any) -> None:
    sections = prose.page("settings").split("\n## ")
    (section,) = [section for section in sections if re.match(rf"`(reid\.)?{kind.__name__}`", section)]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in section.splitlines() if row.startswith("| `")]
    inherited = {field.name for base in kind.__mro__[1:] if is_dataclass(base) for field in fields(base)}
    wanted = [field.name for field in fields(kind) if field.name not in inherited]
    assert [(row[0], row[1], row[2]) for row in rows] == [
        (f"`{name}`", f"`REID_{name.upper()}`", _shown(getattr(kind(), name))) for name in wanted
    ]
    assert all(len(row) == 4 and row[3] for row in rows)


def test_every_variable_is_in_a_page() -> None:
    code = "".join(path.read_text("utf-8") for folder in ("reid", "scripts", "tests") for path in (ROOT / folder).rglob("*.py"))
    pages = "".join(text for name, text in prose.texts().items() if name.startswith("reid/manual/"))
    names = set(re.findall(r"\bREID_[A-Z]+(?:_[A-Z]+)*\b", code))
    assert {"REID_GALLERY", "REID_USER"} <= names
    assert sorted(name for name in names if name not in pages) == []


def test_every_public_name_and_every_error_is_on_the_page_about_python() -> None:
    text = prose.page("from_python")
    assert [name for name in reid.__all__ if not re.search(rf"`reid\.{name}`", text)] == []
    classes = {kind for kind in vars(errors).values() if isinstance(kind, type) and kind is not errors.ReidError}
    rows = set(re.findall(r"^\| `(\w+)` \| (\d+) \|", text, flags=re.MULTILINE))
    assert rows == {(kind.__name__, str(kind.exit_code)) for kind in classes if issubclass(kind, errors.ReidError)}


def test_every_package_that_is_needed_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["video"]]
    names = [re.match(r"[\w-]+", requirement)[0] for requirement in needed]  # type: ignore[index]
    assert [name for name in names if not re.search(rf"^\|[^|]*\b{name}\b", prose.page("architecture"), re.MULTILINE)] == []


def test_every_package_is_explained_beside_its_door() -> None:
    modules = {"PIL": "pillow", "faiss": "faiss-cpu", "pytorch_metric_learning": "pytorch-metric-learning"}
    rows = [row for row in prose.page("architecture").splitlines() if row.startswith("| ")]
    for module, doors in ONE_DOOR.items():
        if module != "sqlite3":  # of Python itself
            package = modules.get(module, module)
            (row,) = [row for row in rows if re.match(rf"\|[^|]*\b{package}\b", row)]
            assert any(door.rstrip("/") in row for door in doors) or module == "torchvision", package


WORDS = (
    "encounter", "calibrated", "probability", "score", "rank-1", "mAP", "BAKS", "BAUS", "open set", "side", "season", "sighting",
    "known", "review", "new", "unknown species", "empty", "not enrolled", "unresolved sighting", "re-ranking", "novelty",
    "cannot-link", "calibration", "gallery", "enroll", "embedding", "replica", "synchronise", "label audit", "review priority",
    "joint identification", "local correspondence", "link", "multiple imputation", "sampled capture histories", "bundle",
    "migrated", "synthetic animals", "independent events", "species novelty score", "restored as of", "atomic replace",
)  # fmt: skip


def test_the_glossary_explains_the_words_that_a_reader_meets_in_alphabetical_order() -> None:
    rows = re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \|$", prose.page("glossary"), flags=re.MULTILINE)
    explained = {word for cell, _ in rows for word in cell.split(", ")}
    assert [word for word in WORDS if word not in explained] == []
    order = [cell.lower() for cell, _ in rows if cell[0].isalpha()]
    assert order == sorted(order)


# ---------------------------------------------------------------- pages


def test_the_index_names_every_page_and_every_page_begins_with_its_heading() -> None:
    assert set(manual.page_names()) == {path.stem for path in prose.MANUAL.glob("*.md")} - {"index"}
    for page in manual.manual_pages():
        assert page.text.startswith("# ") and len(page.first_line) > 10


def test_the_pages_are_resources_of_the_package_and_every_data_file_is_packed() -> None:
    assert resources.files("reid.manual").joinpath("glossary.md").read_text(encoding="utf-8") == prose.page("glossary")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    patterns = project["package-data"]["reid"]
    listed = subprocess.run(["git", "ls-files", "-z", "reid"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    data = [name.removeprefix("reid/") for name in listed.split("\0") if name and not name.endswith(".py")]
    assert [name for name in data if not any(fnmatch(name, pattern) for pattern in patterns)] == []


@pytest.mark.parametrize("name", list(prose.texts()))
def test_links_between_pages_lead_somewhere(name: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", prose.texts()[name])
    assert [target for target in targets if not (ROOT / name).parent.joinpath(target).exists()] == []


@pytest.mark.parametrize("name", list(prose.texts()))
def test_a_sentence_has_at_most_thirty_words(name: str) -> None:
    long = [sentence for sentence in prose.sentences(prose.texts()[name]) if prose.length(sentence) > LONGEST_SENTENCE]
    assert long == []


def test_sentences_are_counted_as_people_do() -> None:
    text = "# A head\n\nOne `a b c` two. Three\nfour 0.5 (0.1 to 0.2).\n\n| a | b c |\n|---|---|\n\n```sh\nreid x\n```\n- five"
    assert [(part, prose.length(part)) for part in prose.sentences(text) if prose.length(part)] == [
        ("# A head", 2), ("One Code two.", 3), ("Three four 0.5 (0.1 to 0.2).", 6), ("a", 1), ("b c", 2), ("- five", 1),
    ]  # fmt: skip


# ---------------------------------------------------------------- the code runs


@pytest.fixture
def folder(walked: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder after the README's walk, as the working folder."""
    copy = tmp_path / "user"
    shutil.copytree(walked[0], copy)
    monkeypatch.chdir(copy)
    monkeypatch.delenv("REID_GALLERY", raising=False)
    return copy


def _blocks() -> list[tuple[str, str]]:
    marks = [(name, mark) for name, text in prose.texts().items() for mark in re.findall(r"<!-- (run: \w+) -->", text)]
    return [(name, mark) for name, mark in marks if "python" not in mark]


def _run(code: str) -> list[str]:
    """Each command in this process; what it printed."""
    answers = []
    for line in lines(code):
        answer = command(*shlex.split(line)[1:])
        assert answer.code == 0, f"{line}\n{answer.out}\n{answer.err}"
        answers.append(answer.out)
    return answers


@pytest.mark.parametrize(("name", "mark"), _blocks(), ids=[mark[5:] for _, mark in _blocks()])
def test_the_commands_of_a_page_run(name: str, mark: str, folder: Path) -> None:
    answers = _run(block(prose.texts()[name], mark))
    if mark == "run: exchange":
        assert (folder / "export-mark" / "zebra.inp").exists() and "wrote histories/zebra-history.csv" in answers[-1]
        assert "zebra-captures.txt" in answers[-3] and (folder / "export-camtrap-dp" / "observations.csv").exists()
        assert (folder / "season.html").exists()
    if mark == "run: count":
        assert (folder / "counts" / "count.csv").exists() and (folder / "counts" / "look.csv").exists()
    if mark == "run: correct":
        assert "Amina" in answers[2] and "typing error" in answers[4]
    if mark == "run: replicas":
        assert (folder / "indexes" / "south" / "catalog.sqlite").exists()
        assert "Asha" in command("individuals", "list", "--species", "zebra").out


def test_the_python_of_the_manual_runs(folder: Path) -> None:
    (folder / "script.py").write_text(block(prose.page("from_python"), "run: python"), encoding="utf-8")
    printed = run(f"{sys.executable} script.py", folder)
    assert printed.startswith("['Amara'") and "UsageError 2 400" in printed
