"""Plots: the same figures give the same bytes, they say what they show, and nothing in them can run."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from reid.pages.plots import Bar, Dot, Line, Spot, bars, histogram, lines, places, reliability

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
        "places": places("Where & when", "east", "north", "encounters",
                         [Spot("A <1>", 0.0, 0.0, 12, "5"), Spot("B", 2.0, 1.0, 3, "2"), Spot("C", 1.0, 3.0, 0)]),
        "reliability": reliability("Right?", "probability", "share right", [Dot(0.0, 0.25, 0.04), Dot(0.9, 1.0, 0.96)]),
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
    told = {"Right?", "probability", "share right", "as often as told", "1 % of answers", "10 %", "50 %"}
    assert told | {"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"} == set(labels(plots["reliability"]))


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+\.?\d*", text)]


def groups(svg: bytes) -> dict[str, ElementTree.Element]:
    return {node.attrib["id"]: node for node in ElementTree.fromstring(svg).iter(f"{SVG}g") if "id" in node.attrib}


def dots(svg: bytes) -> list[tuple[float, float, float]]:
    """Probability, share right and area of each dot in the order drawn, measured against the frame of the axes."""
    found = groups(svg)
    outlines = {f"#{node.get('id')}": node.get("d", "") for node in ElementTree.fromstring(svg).iter(f"{SVG}path")}
    left, bottom, right, _, _, top = numbers(found["patch_2"].find(f"{SVG}path").attrib["d"])[:6]
    told = []
    for name in [name for name in found if name.startswith("dot-")]:
        [place] = found[name].iter(f"{SVG}use")
        x, y = float(place.attrib["x"]), float(place.attrib["y"])
        radius = max(numbers(outlines[place.attrib["{http://www.w3.org/1999/xlink}href"]]))
        told.append(((x - left) / (right - left), (y - bottom) / (top - bottom), math.pi * radius**2))
    return told


def test_a_dot_stands_at_its_probability_and_share_right_the_largest_at_the_bottom(plots):
    assert [one[:2] for one in dots(plots["reliability"])] == [pytest.approx((0.9, 1.0)), pytest.approx((0.0, 0.25))]


def test_the_area_of_a_dot_follows_its_share_but_the_smallest_can_be_seen():
    drawn = [Dot(share, share, share) for share in (0.64, 0.32, 0.02, 1e-6, 0.0)]
    areas = [area for *_, area in dots(reliability("t", "x", "y", drawn))]
    assert areas[0] == pytest.approx(math.pi / 4 * 1200 * 0.64, rel=1e-4)
    assert [area / areas[0] for area in areas] == pytest.approx([1, 1 / 2, 1 / 32, 1 / 64, 1 / 64], rel=1e-4)


def test_the_diagonal_goes_from_corner_to_corner_of_a_square(plots):
    found = groups(plots["reliability"])
    [line], frame = found["diagonal"].findall(f"{SVG}path"), found["patch_2"].find(f"{SVG}path")
    left, bottom, right, _, _, top = numbers(frame.attrib["d"])[:6]
    assert numbers(line.attrib["d"]) == pytest.approx([left, bottom, right, top])
    assert right - left == pytest.approx(bottom - top)


def test_a_reliability_diagram_without_an_answer_is_an_empty_square():
    assert dots(reliability("t", "x", "y", [])) == []


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
        "import sys\nfrom reid.pages import html, plots\nassert 'matplotlib' not in sys.modules\n"
        "plots.bars('t', 'x', [plots.Bar('a', 0.5, 0.4, 0.6)])\n"
        "print('matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "True False"), done.stderr


def test_a_map_keeps_the_proportions_of_the_ground_and_the_area_of_a_dot_follows_its_count(plots):
    told = set(labels(plots["places"]))
    assert {"Where &amp; when", "east", "north", "encounters", "none", "12", "3", "1", "A &lt;1&gt;", "B", "C", "5", "2"} <= told
    found = groups(plots["places"])
    outlines = {f"#{node.get('id')}": node.get("d", "") for node in ElementTree.fromstring(plots["places"]).iter(f"{SVG}path")}
    at, wide = {}, {}
    for number, name in enumerate(("A", "B", "C"), start=1):
        [use] = found[f"spot-{number}"].iter(f"{SVG}use")
        at[name] = (float(use.attrib["x"]), -float(use.attrib["y"]))
        xs = numbers(outlines[use.attrib["{http://www.w3.org/1999/xlink}href"]])[::2]
        wide[name] = max(xs) - min(xs)
    east, north = (at["B"][0] - at["A"][0]) / 2, (at["C"][1] - at["A"][1]) / 3
    assert east == pytest.approx(north, rel=0.01) and east > 0
    assert (wide["A"] / wide["B"]) ** 2 == pytest.approx(12 / 3, rel=0.02)
    assert "A &lt;1&gt;" not in labels(places("m", "x", "y", "n", [Spot("A <1>", 0.0, 0.0, 1)], names=False))
