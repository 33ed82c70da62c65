"""One HTML file that shows results to a biologist: each query beside its matches, the decision and the reason.

The file needs nothing but itself: pictures are data URIs, there is no script and no font to load. What is written into
it (file names, notes, names of individuals) is taken for hostile and escaped.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reid.errors import ShapeError, UsageError
from reid.files import output_file
from reid.records import Outcome

if TYPE_CHECKING:
    from jinja2 import Template

OUTCOMES = {
    Outcome.KNOWN.value: ("Known", "is in the gallery"),
    Outcome.REVIEW.value: ("Review", "a person must look"),
    Outcome.NEW.value: ("New", "is not in the gallery"),
    Outcome.UNKNOWN_SPECIES.value: ("Unknown species", "species not certain"),
    Outcome.EMPTY.value: ("Empty", "no animal in the frame"),
    "unseen": ("Not seen", "no photo may show it"),
    "failed": ("Failed", "photo not usable"),
}
"""What an answer may come to, in the order of the page: the word on its badge and what it means."""

_MEASURE = re.compile(r"(score|probability) (\S+)")
_SHARE = re.compile(r"[01](\.\d+)?")
_NUMBER = re.compile(
    r"[-+−±<>≤≥~]?\s?\d[\d,.\u2009\u202f]*(\s?[%‰×x])?(\s?(±|[-–/]|of)\s?\d[\d,.]*\s?%?)?(\s\(\d[\d.]*–\d[\d.]*\))?"
)
_NO_VALUE = ("", "-", "–", "—", "n/a")
_NOT_IN_HTML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Shown:
    """One photo on the page.

    A line "score 0.83" is set as a label with its number; "probability 0.97" (in [0, 1]) gets a bar as well. All other
    lines stand as they are.
    """

    picture: bytes | None
    """JPEG bytes; None = the photo could not be shown."""
    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One query or encounter with its decision. Raises UsageError for an outcome that is not in `OUTCOMES`."""

    queries: tuple[Shown, ...]
    matches: tuple[Shown, ...]
    """Best first; the title is the individual's name."""
    outcome: str
    headline: str
    reason: str
    truth: str = ""
    """The individual that it really is; "" where nobody knows."""
    right: bool | None = None
    """Whether the decision agrees with the truth; None = not known."""
    commands: tuple[str, ...] = ()
    """What a person may type to act on it, as it stands: quoted for the shell already."""

    def __post_init__(self) -> None:
        """Refuse an outcome that has no badge."""
        if self.outcome not in OUTCOMES:
            raise UsageError(f'"{self.outcome}" is no outcome of an answer; wanted one of {", ".join(OUTCOMES)}.')


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table; columns of numbers are set to the right. Raises ShapeError for a row that does not fit the columns."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a ragged table."""
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                raise ShapeError(f'Table "{self.title}", row {number}: {len(row)} cells; wanted {len(self.columns)}.')


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One individual of a matrix. cells: how often it was met on each occasion; None = nobody could have been met (NA)."""

    name: str
    mark: str
    cells: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Individuals by occasions. spans: the seasons with the number of their columns. Raises ShapeError where they do not fit."""

    title: str
    spans: tuple[tuple[str, int], ...]
    columns: tuple[str, ...]
    rows: tuple[MatrixRow, ...]
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a ragged matrix."""
        wide = len(self.columns)
        if sum(count for _, count in self.spans) != wide or any(len(row.cells) != wide for row in self.rows):
            raise ShapeError(f'Matrix "{self.title}" has {wide} columns; its seasons and each of its rows must have as many.')


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos side by side, the earlier one first, and what is said of both."""

    title: str
    before: Shown
    after: Shown
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing. svg: a whole SVG file (`pages.plots`); shown as a picture, so that nothing in it can run."""

    svg: bytes
    title: str
    """Said to those who cannot see it; the drawing bears its own."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One chapter of the page; what is empty is left out. gallery is a plain strip of photos."""

    title: str
    intro: str = ""
    answers: tuple[Answer, ...] = ()
    tables: tuple[PageTable, ...] = ()
    gallery: tuple[Shown, ...] = ()
    plots: tuple[Plot, ...] = ()
    matrices: tuple[Matrix, ...] = ()
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page; lead_tables stand before the first section."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    footer: str = ""
    lead_tables: tuple[PageTable, ...] = ()


@dataclass(frozen=True, slots=True)
class _Tally:
    """How many answers of one outcome there are; `key` names the outcome in the style sheet."""

    key: str
    label: str
    meaning: str
    count: int


def write_page(path: Path, page: Page) -> None:
    """Write the page as one UTF-8 file by an atomic replace: an older page stays whole until then.

    Raises:
        UsageError: the file cannot be written.
    """
    text = render(page)
    with output_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def render(page: Page) -> str:
    """The page as HTML. The same page gives the same text.

    Control characters become U+FFFD, as do the lone surrogates that Python puts where a file name is not UTF-8.
    """
    answers = [answer for section in page.sections for answer in section.answers]
    text = _template().render(
        page=page,
        tallies=_tallies(answers),
        answers=len(answers),
        wrong=sum(answer.right is False for answer in answers),
        judged=sum(answer.right is not None for answer in answers),
    )
    return _NOT_IN_HTML.sub("\N{REPLACEMENT CHARACTER}", text)


@cache
def _template() -> Template:
    """The page's template from the package, wherever that is installed."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(loader=PackageLoader("reid.pages"), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    environment.globals["outcomes"] = tuple(OUTCOMES)
    environment.filters.update(tallies=_tallies, label=_label, after_badge=_after_badge, measure=_measure,
                               share=_share, numeric=_numeric_columns, data_uri=_data_uri)
    return environment.get_template("page.html")


def _tallies(answers: Iterable[Answer]) -> list[_Tally]:
    """The outcomes that occur, in the order of `OUTCOMES`."""
    counts = Counter(answer.outcome for answer in answers)
    return [_Tally(key, *OUTCOMES[key], counts[key]) for key in OUTCOMES if counts[key]]


def _label(outcome: str) -> str:
    return OUTCOMES[outcome][0]


def _after_badge(answer: Answer) -> str:
    """The headline without the word that the badge before it says already: "Known: zebra-003" gives "zebra-003"."""
    label = _label(answer.outcome)
    if answer.headline == label:
        return ""
    return answer.headline.removeprefix(f"{label}: ")


def _measure(line: str) -> tuple[str, str] | None:
    """("score", "0.83") of a line that gives one, else None."""
    size = _MEASURE.fullmatch(line)
    return (size[1], size[2]) if size else None


def _share(name: str, value: str) -> str:
    """How long the bar of a measure is, in per cent; "" where it has none."""
    if name != "probability" or not _SHARE.fullmatch(value) or float(value) > 1:
        return ""
    return f"{100 * float(value):.4g}"


def _numeric_columns(table: PageTable) -> tuple[bool, ...]:
    """For each column whether it holds numbers and gaps only, and at least one number."""
    return tuple(
        any(cell.strip() not in _NO_VALUE for cell in cells)
        and all(cell.strip() in _NO_VALUE or _NUMBER.fullmatch(cell.strip()) for cell in cells)
        for cells in ([row[column] for row in table.rows] for column in range(len(table.columns)))
    )


def _data_uri(picture: bytes, kind: str = "jpeg") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"
