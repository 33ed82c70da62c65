"""Plots as SVG files, the only matplotlib of the project. The same figures give the same bytes.

Letters are drawn as paths, so a plot looks the same everywhere and needs no font. Colours can be distinguished by most
colour-blind eyes, and each line has a mark of its own.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#14603f", "#1d4f91", "#b3541e", "#65408a", "#4c5258")
MARKS = ("o", "s", "^", "D", "v")
QUIET = "#585f53"
SIZE = (6.2, 4.1)
"""Width and height of a plot in inches, with letters of 11 points."""
LARGEST_DOT = 1200.0
"""Square of the width in points of the dot that stands for all answers; the areas of others follow their share."""
LEAST_DOT = 12.0
"""The same of the smallest dot drawn: what stands for less must still be seen."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: y over x; with `low` and `high` a band around it. plain: thin, dashed and without marks."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a share in [0, 1] with its interval; low and high may be nan."""

    name: str
    value: float
    low: float
    high: float
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Dot:
    """Answers of about one probability. right: the share of them that is right. share: of all answers. All in [0, 1]."""

    probability: float
    right: float
    share: float


@dataclass(frozen=True, slots=True)
class Spot:
    """One place on a map: x to the east, y to the north, in one unit. count: what its area stands for, 0 = a cross.

    label: written inside where it is met, "" = nothing. name: written beside it.
    """

    name: str
    x: float
    y: float
    count: int
    label: str = ""


def lines(title: str, x_label: str, y_label: str, drawn: Sequence[Line], *, logarithmic: bool = False,
          top: float | None = 1.0) -> bytes:
    """Lines over a common x, on a logarithmic axis if asked; y runs from 0 to `top` (None = as far as needed)."""
    with _axes(title, x_label, y_label) as (axes, out):
        for number, line in enumerate(drawn):
            colour = QUIET if line.plain else COLOURS[number % len(COLOURS)]
            if line.plain:
                axes.plot(line.x, line.y, color=colour, linewidth=1.2, linestyle=(0, (4, 3)), label=line.name)
                continue
            few = len(line.x) <= 16
            width = 1.8 if few else 1.6 + 1.5 * (len(drawn) - 1 - number)  # a line below another stays to be seen
            axes.plot(line.x, line.y, color=colour, linewidth=width, marker=MARKS[number % len(MARKS)] if few else "",
                      markersize=5, label=line.name)
            if line.low and all(math.isfinite(value) for value in (*line.low, *line.high)):
                axes.fill_between(line.x, line.low, line.high, color=colour, alpha=0.16, linewidth=0)
        if logarithmic:
            axes.set_xscale("log")
            _plain_ticks(axes, sorted({value for line in drawn for value in line.x}))
        axes.set_ylim(0.0, top if top is None else top * 1.02)
        axes.legend(frameon=False, loc="best")
    return out.getvalue()


def bars(title: str, x_label: str, drawn: Sequence[Bar]) -> bytes:
    """Bars of shares that lie one below the other, the first on top, with the interval of each and its value."""
    with _axes(title, x_label, "", height=1.25 + 0.42 * len(drawn)) as (axes, out):
        for place, bar in enumerate(drawn):
            axes.barh(place, bar.value, height=0.62, color=COLOURS[bar.colour % len(COLOURS)], alpha=0.85)
            end = bar.value
            if math.isfinite(bar.low) and math.isfinite(bar.high):
                axes.plot((bar.low, bar.high), (place, place), color="#22271f", linewidth=1.4, marker="|", markersize=8)
                end = max(end, bar.high)
            axes.text(end + 0.015, place, f"{bar.value:.2f}", va="center", fontsize=10)
        axes.set_yticks(range(len(drawn)), [bar.name for bar in drawn])
        axes.set_ylim(len(drawn) - 0.4, -0.6)
        axes.set_xlim(0.0, 1.1)
        axes.set_xticks((0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
    return out.getvalue()


def histogram(title: str, x_label: str, y_label: str, edges: Sequence[float],
              counts: Sequence[tuple[str, Sequence[int]]], *, bound: float = math.nan, bound_name: str = "") -> bytes:
    """Counts of several kinds over the same bins, as steps over each other; `bound` is marked by an upright line."""
    with _axes(title, x_label, y_label) as (axes, out):
        for number, (name, values) in enumerate(counts):
            axes.stairs(values, edges, color=COLOURS[number], fill=True, alpha=0.30)
            axes.stairs(values, edges, color=COLOURS[number], linewidth=1.5, label=name)
        if math.isfinite(bound):
            axes.axvline(bound, color=QUIET, linewidth=1.2, linestyle=(0, (4, 3)), label=bound_name)
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="y", integer=True)
        axes.legend(frameon=False, loc="best")
    return out.getvalue()


def reliability(title: str, x_label: str, y_label: str, drawn: Sequence[Dot]) -> bytes:
    """A reliability diagram (DeGroot and Fienberg, 1983): share right over probability, both from 0 to 1.

    The area of a dot follows its share of all answers, down to `LEAST_DOT`. On the diagonal all of them should lie.
    """
    with _axes(title, x_label, y_label, height=4.4) as (axes, out):
        [diagonal] = axes.plot((0.0, 1.0), (0.0, 1.0), color=QUIET, linewidth=1.2, linestyle=(0, (4, 3)), gid="diagonal")
        # the largest first: a small dot on a large one stays to be seen
        for number, dot in enumerate(sorted(drawn, key=lambda answers: -answers.share), start=1):
            axes.plot(dot.probability, dot.right, gid=f"dot-{number}", clip_on=False, **_round(dot.share))
        axes.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0), aspect="equal", anchor="W")
        ticks = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
        axes.set_xticks(ticks)
        axes.set_yticks(ticks)
        axes.tick_params(pad=7)  # a large dot in a corner leaves the numbers to be read
        sizes = [axes.plot([], [], **_round(share))[0] for share in (0.01, 0.1, 0.5)]
        axes.legend([diagonal, *sizes], ["as often as told", "1 % of answers", "10 %", "50 %"], frameon=False,
                    loc="upper left", bbox_to_anchor=(1.04, 1.0), labelspacing=1.1, handlelength=2.4)
    return out.getvalue()


def places(title: str, x_label: str, y_label: str, count_name: str, drawn: Sequence[Spot], *, names: bool = True) -> bytes:
    """Places as on a plain map, both axes to one scale; the area of a dot follows its count, up to the largest one's."""
    most = max((spot.count for spot in drawn), default=0)
    with _axes(title, x_label, y_label, height=5.2) as (axes, out):
        for number, spot in enumerate(sorted(drawn, key=lambda point: -point.count), start=1):
            if spot.count:
                axes.plot(spot.x, spot.y, gid=f"spot-{number}", clip_on=False, **_round(spot.count / most))
                axes.text(spot.x, spot.y, spot.label, fontsize=8, ha="center", va="center", color="#10150f")
            else:
                axes.plot(spot.x, spot.y, gid=f"spot-{number}", marker="x", linestyle="", color=QUIET, markersize=7)
            if names:
                away = 3 + math.sqrt(LARGEST_DOT * spot.count / most) / 2 if spot.count else 6
                axes.annotate(spot.name, (spot.x, spot.y), (0, -away), textcoords="offset points", fontsize=7.5, ha="center",
                              va="top", color=QUIET)
        axes.set_aspect("equal", adjustable="datalim")
        axes.margins(0.12)
        shown = sorted({most, max(1, most // 4), 1}) if most else []
        handles = [axes.plot([], [], **_round(count / most))[0] for count in shown]
        if any(not spot.count for spot in drawn):
            handles += axes.plot([], [], marker="x", linestyle="", color=QUIET, markersize=7)
        axes.legend(handles, [*map(str, shown), "none"][:len(handles)], title=count_name, frameon=False, loc="upper left",
                    bbox_to_anchor=(1.02, 1.0), labelspacing=1.6, handlelength=2.4)
    return out.getvalue()


def _round(share: float) -> dict[str, Any]:
    """How a dot for this share of the answers is drawn."""
    return {"linestyle": "", "marker": "o", "markersize": math.sqrt(max(LARGEST_DOT * share, LEAST_DOT)), "color": COLOURS[0],
            "alpha": 0.7, "markeredgewidth": 0.0}


@contextmanager
def _axes(title: str, x_label: str, y_label: str, height: float = SIZE[1]) -> Iterator[tuple[Axes, io.BytesIO]]:
    """Axes to draw on; the buffer holds the SVG afterwards. No window system and no state of pyplot is touched."""
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    style: Any = {
        "svg.hashsalt": "reid", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 11.0,
        "axes.labelsize": 11.0,
        "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": QUIET, "axes.grid": True,
        "grid.color": "#d5d8cb", "grid.linewidth": 0.7, "axes.axisbelow": True, "legend.fontsize": 10.0,
        "text.parse_math": False, "figure.facecolor": "white",
    }
    out = io.BytesIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a user's matplotlibrc changes no page
        matplotlib.rcParams.update(style)
        figure = Figure(figsize=(SIZE[0], height), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1))
        figure.suptitle(title, x=0.02, horizontalalignment="left", fontsize=12.5, fontweight="bold")
        axes = figure.add_subplot()
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        yield axes, out
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})


def _plain_ticks(axes: Axes, values: Sequence[float]) -> None:
    """Marks at 1, 2, 5, 10, ... as plain numbers, and at the end where there is room."""
    wanted = [digit * 10.0**power for power in range(-4, 7) for digit in (1, 2, 5)]
    shown = [value for value in wanted if values[0] <= value <= values[-1]]
    if len(shown) > 8:
        shown = [value for value in shown if f"{value:e}".startswith("1")]
    if shown and values[-1] > 1.4 * shown[-1]:
        shown.append(values[-1])
    axes.set_xticks(shown, [f"{value:g}" for value in shown])
    axes.set_xticks([], minor=True)
