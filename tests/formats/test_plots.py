"""Plots: the same figures give the same bytes, they say what they show, and nothing in them can run."""

from __future__ import annotations

import math
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from reid.formats.plots import Bar, Line, bars, histogram, lines

SVG = "{http://www.w3.org/2000/svg}"
NAN = math.nan


def every_plot() -> dict[str, bytes]:
    band = Line("rank-1", (2.0, 5.0, 10.0), (0.9, 0.8, 0.7), (0.8, 0.7, 0.6), (1.0, 0.9, 0.8))
    return {
        "lines": lines("Size & <script>", "individuals", "share", [band, Line("chance", (2.0, 10.0), (0.5, 0.1), plain=True)],
                       logarithmic=True),
        "bars": bars("Side", "rank-1", [Bar("left $x$", 0.6, 0.5, 0.7), Bar("right", 0.9, NAN, NAN)]),
        "histogram": histogram("Scores", "cosine", "queries", (0.0, 0.5, 1.0), [("right", (0, 3)), ("new", (2, 1))], bound=0.5,
                               bound_name="threshold"),
    }


@pytest.fixture(scope="module")
def plots() -> dict[str, bytes]:
    return every_plot()


def test_the_same_figures_give_the_same_bytes(plots):
    assert every_plot() == plots


def test_a_plot_is_a_whole_svg_that_loads_and_runs_nothing(plots):
    for name, svg in plots.items():
        root = ElementTree.fromstring(svg)
        tags = {node.tag for node in root.iter()}
        assert root.tag == f"{SVG}svg", name
        assert not tags & {f"{SVG}{tag}" for tag in ("script", "image", "text", "foreignObject")}, name
        links = [value for node in root.iter() for key, value in node.attrib.items() if key.endswith("href")]
        assert links and all(link.startswith("#") for link in links), name
        assert b"<dc:date>" not in svg and b"font-family" not in svg, name


def labels(svg: bytes) -> list[str]:
    """matplotlib writes what a group of letters says as a comment before it."""
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    return [(node.text or "").strip() for node in ElementTree.fromstring(svg, parser).iter() if not isinstance(node.tag, str)]


def test_title_axes_and_legend_are_written(plots):
    told = {"Size &amp; &lt;script&gt;", "individuals", "share", "rank-1", "chance", "2", "5", "10"}
    assert told <= set(labels(plots["lines"]))
    assert {"Side", "rank-1", "left $x$", "right", "0.60", "0.90"} <= set(labels(plots["bars"]))
    assert {"Scores", "cosine", "queries", "right", "new", "threshold"} <= set(labels(plots["histogram"]))


def test_the_end_of_a_logarithmic_axis_is_marked_where_there_is_room():
    def marks(end: float) -> set[str]:
        return set(labels(lines("t", "x", "y", [Line("a", (1.0, end), (0.1, 0.2))], logarithmic=True, top=None)))

    assert "35" in marks(35.0) and "25" not in marks(25.0)


def test_a_users_own_style_changes_nothing(plots):
    import matplotlib

    with matplotlib.rc_context({"font.size": 30.0, "axes.grid": False, "svg.hashsalt": "other"}):
        assert every_plot() == plots
        assert matplotlib.rcParams["font.size"] == 30.0


def test_matplotlib_is_loaded_by_the_first_plot_and_not_before():
    code = (
        "import sys\nfrom reid.formats import plots, page\nassert 'matplotlib' not in sys.modules\n"
        "plots.bars('t', 'x', [plots.Bar('a', 0.5, 0.4, 0.6)])\n"
        "print('matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "True False"), done.stderr
