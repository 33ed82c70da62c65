"""The page a biologist reads: what stands on it, that nothing on it can run, and that it needs nothing but itself."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reid import records
from reid.errors import ShapeError, UsageError
from reid.pages.html import (
    OUTCOMES,
    Answer,
    Matrix,
    MatrixRow,
    Page,
    PageTable,
    Pair,
    Plot,
    Section,
    Shown,
    render,
    write_page,
)

VOID = {"meta", "input", "img", "br", "link"}
JPEG = b"\xff\xd8\xff\xe0 not really a picture \x00\xfe\xff<>&\"'"
HOSTILE = "<script>alert('x')</script>\"'&<img src=x onerror=alert(1)>{{ 7 * 7 }}</style>"


class Node:
    """One element: its tag, its attributes, its children in order (text and elements)."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: list[Node | str] = []

    def text(self) -> str:
        words = " ".join(child if isinstance(child, str) else child.text() for child in self.children)
        return " ".join(words.split())

    def find(self, tag: str = "", name: str = "") -> list[Node]:
        """All elements below of this tag and class (or id), in the order of the page."""
        found = []
        for child in self.children:
            if isinstance(child, Node):
                names = [*child.attributes.get("class", "").split(), child.attributes.get("id", "")]
                if tag in ("", child.tag) and (not name or name in names):
                    found.append(child)
                found += child.find(tag, name)
        return found

    def texts(self, tag: str = "", name: str = "") -> list[str]:
        return [node.text() for node in self.find(tag, name)]


class Tree(HTMLParser):
    """Builds the tree and refuses a tag that is closed out of turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def tree(page: Page) -> Node:
    parser = Tree()
    parser.feed(render(page))
    parser.close()
    assert [node.tag for node in parser.open] == [""], "tags left open"
    return parser.open[0]


def answer(outcome: str = "known", **more: object) -> Answer:
    plain = Answer((Shown(JPEG, "IMG_0007.jpg"),), (), outcome, f"{OUTCOMES[outcome][0]}: something", "The reason.")
    return replace(plain, **more)  # type: ignore[arg-type]


def page_of(*answers: Answer, **more: object) -> Page:
    return Page("Demo", "Seven species", (Section("Season 2024", answers=answers, **more),))  # type: ignore[arg-type]


FULL = Answer(
    queries=(Shown(JPEG, "IMG_0007.jpg", ("left, 2024-06-11 17:48",)), Shown(JPEG + b"2", "IMG_0008.jpg")),
    matches=(
        Shown(JPEG + b"3", "zebra-003", ("score 0.83", "probability 0.97", "CAM-02")),
        Shown(JPEG + b"4", "zebra-001", ("score 0.52", "probability 0.02")),
        Shown(None, "zebra-002", ("score -0.10", "probability 1e-5", "probability 1.01")),
    ),
    outcome="known", headline="Known: zebra-003", reason="Far ahead of the next.", truth="zebra-003", right=True,
)


def test_an_answer_shows_query_matches_decision_and_reason_in_order() -> None:
    [article] = tree(page_of(FULL)).find("article")
    assert article.texts("h3") == ["1.1 Known zebra-003"]
    assert article.texts("p", "reason") == ["Far ahead of the next."]
    [queries] = article.find("div", "queries")
    assert queries.texts("span", "title") == ["IMG_0007.jpg", "IMG_0008.jpg"]
    assert queries.texts("span", "line") == ["left, 2024-06-11 17:48"]
    [matches] = article.find("ol", "matches")
    assert [item.texts("span", "title") for item in matches.find("li")] == [
        ["1 zebra-003"], ["2 zebra-001"], ["3 zebra-002"]]
    assert matches.find("li")[0].texts("span", "measure") == ["score 0.83", "probability 0.97"]
    assert matches.find("li")[0].texts("span", "line") == ["CAM-02"]


def test_pictures_are_embedded_byte_for_byte_with_alternative_texts() -> None:
    images = tree(page_of(FULL)).find("img")
    assert [image.attributes["alt"] for image in images] == [
        "Query: IMG_0007.jpg", "Query: IMG_0008.jpg", "Match 1: zebra-003", "Match 2: zebra-001"]
    heads, bodies = zip(*(image.attributes["src"].split(",") for image in images), strict=True)
    assert set(heads) == {"data:image/jpeg;base64"}
    assert [base64.b64decode(body, validate=True) for body in bodies] == [JPEG, JPEG + b"2", JPEG + b"3", JPEG + b"4"]


def test_a_photo_without_a_picture_says_so_in_its_place() -> None:
    [missing] = tree(page_of(FULL)).find("div", "missing")
    assert missing.attributes["aria-label"] == "Match 3: zebra-002 (cannot be shown)"
    assert missing.text() == "cannot be shown"


def test_a_probability_between_0_and_1_is_a_bar_and_everything_else_is_not() -> None:
    lines = ("probability 0.97", "probability 0", "probability 1.0", "probability 1.01", "probability 1e-5",
             "probability high", "probability -0.1", "score 0.83", "Probability 0.5", "probability 0.5 or so")
    root = tree(page_of(gallery=(Shown(JPEG, "x", lines),)))
    assert [bar.find("span")[0].attributes["style"] for bar in root.find("span", "bar")] == [
        "width:97%", "width:0%", "width:100%"]
    assert root.texts("span", "measure") == list(lines[:8])
    assert root.texts("span", "line") == list(lines[8:])


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_has_a_badge_with_its_word_and_a_drawn_sign(outcome: str) -> None:
    root = tree(page_of(answer(outcome)))
    [article] = root.find("article")
    assert outcome in article.attributes["class"].split()
    [badge] = article.find("span", "badge")
    assert badge.text() == OUTCOMES[outcome][0]
    [use] = badge.find("use")
    assert [node.tag for node in root.find(name=use.attributes["href"].removeprefix("#"))] == ["symbol"]
    assert article.texts("h3") == [f"1.1 {OUTCOMES[outcome][0]} something"]


def test_the_outcomes_are_those_of_the_records_and_two_more() -> None:
    assert list(OUTCOMES) == [*(outcome.value for outcome in records.Outcome), "unseen", "failed"]
    assert answer(records.Outcome.UNKNOWN_SPECIES).outcome == "unknown_species"


@pytest.mark.parametrize(("headline", "shown"), [
    ("Known: zebra-003", "1.1 Known zebra-003"), ("Known", "1.1 Known"), ("zebra-003", "1.1 Known zebra-003"),
    ("Knowntown", "1.1 Known Knowntown"), ("", "1.1 Known")])
def test_the_headline_does_not_repeat_the_badge(headline: str, shown: str) -> None:
    assert tree(page_of(answer(headline=headline))).texts("h3") == [shown]


def test_an_outcome_without_a_badge_is_refused() -> None:
    with pytest.raises(UsageError, match='"match" is no outcome of an answer; wanted one of known, review, new'):
        Answer((), (), "match", "", "")


@pytest.mark.parametrize(("truth", "right", "shown"), [
    ("zebra-003", True, ["Right it is zebra-003"]), ("zebra-009", False, ["Wrong it is zebra-009"]),
    ("", True, ["Right"]), ("", False, ["Wrong"]), ("zebra-003", None, ["It is zebra-003"]), ("", None, [])])
def test_right_and_wrong_are_said_in_words_where_the_truth_is_known(truth: str, right: bool | None,
                                                                   shown: list[str]) -> None:
    [article] = tree(page_of(answer(truth=truth, right=right))).find("article")
    assert article.texts("p", "truth") == shown
    assert ("wrong" in article.attributes["class"].split()) == (right is False)


def test_the_match_that_is_the_right_one_is_marked_wherever_it_stands() -> None:
    def marked(truth: str) -> list[str]:
        items = tree(page_of(replace(FULL, truth=truth, right=False))).find("li")
        return [item.texts("span", "title")[0] for item in items if item.find("span", "true-one")]

    assert marked("zebra-001") == ["2 zebra-001"]
    assert marked("zebra-00") == marked("zebra-0010") == []
    assert marked("") == []


def test_the_contents_count_each_sections_outcomes_and_the_filter_counts_all() -> None:
    page = Page("Demo", "", (
        Section("Zebras", answers=(answer("new"), answer("known", right=True), answer("known", right=False))),
        Section("Leopards", answers=(answer("failed", right=False), answer("known"))),
        Section("Numbers"),
    ))
    root = tree(page)
    [contents] = root.find("nav", "contents")
    assert contents.texts("a") == ["Zebras", "Leopards", "Numbers"]
    assert contents.texts("ul", "tally") == ["2 known 1 new", "1 known 1 failed"]
    assert [link.attributes["href"] for link in contents.find("a")] == ["#section-1", "#section-2", "#section-3"]
    assert [node.attributes["id"] for node in root.find("section")] == ["section-1", "section-2", "section-3"]
    meaning = {key: OUTCOMES[key][1] for key in OUTCOMES}
    assert root.find("form", "filter")[0].texts("label") == [
        "All 5", f"Known {meaning['known']} 3", f"New {meaning['new']} 1", f"Failed {meaning['failed']} 1",
        "Wrong of 3 with a known truth 2"]


def test_the_filter_starts_at_all_and_has_a_rule_for_each_of_its_choices() -> None:
    page = page_of(*(answer(outcome, right=False) for outcome in OUTCOMES))
    root = tree(page)
    choices = root.find("input")
    assert [choice.attributes["id"] for choice in choices if "checked" in choice.attributes] == ["show-all"]
    assert {choice.attributes["name"] for choice in choices} == {"show"}
    hides = dict(re.findall(r"body:has\(#(\S+):checked\) \.answer:not\(\.(\w+)\) \{ display: none; \}", render(page)))
    assert hides == {f"show-{outcome}": outcome for outcome in [*OUTCOMES, "wrong"]}
    assert [choice.attributes["id"] for choice in choices] == ["show-all", *hides]


def test_a_section_knows_what_the_filter_would_leave_of_it() -> None:
    root = tree(page_of(answer("new"), answer("empty", right=False)))
    assert root.find("section")[0].attributes["class"].split() == ["section", "with-new", "with-empty", "with-wrong"]
    assert len(root.find("p", "nothing")) == 1
    assert tree(page_of()).find("p", "nothing") == []


def test_without_answers_there_is_no_filter_and_without_truth_no_choice_of_wrong() -> None:
    assert tree(page_of()).find("form") == []
    assert tree(page_of(answer("new"))).find(name="show-wrong") == []


def test_tables_have_headings_for_rows_and_columns_and_numbers_to_the_right() -> None:
    table = PageTable("Counts", ("Individual", "Photos", "Rank-1", "Seen", "Gap", "Range"),
                  (("zebra-003", "1,204", "0.96", "2024-06-11", "", "81 %"), ("7", "–", "0.9", "3", "", "0.8-0.9")),
                  note="Drawn animals.")
    [shown] = tree(Page("Demo", "", (), lead_tables=(table,))).find("div", "table")
    assert shown.texts("caption") == ["Counts"]
    heads = shown.find("thead")[0].find("th")
    assert [head.text() for head in heads] == list(table.columns)
    assert {head.attributes["scope"] for head in heads} == {"col"}
    assert [head.attributes.get("class", "") for head in heads] == ["", "figure", "figure", "", "", "figure"]
    rows = [row.find("th") + row.find("td") for row in shown.find("tbody")[0].find("tr")]
    assert [tuple(cell.text() for cell in row) for row in rows] == list(table.rows)
    assert {row[0].attributes["scope"] for row in rows} == {"row"}
    for row in rows:
        assert [cell.attributes.get("class", "") for cell in row] == ["", "figure", "figure", "short", "short", "figure"]
    assert shown.texts("p", "note") == ["Drawn animals."]


def test_dates_are_not_broken_and_only_a_table_of_many_columns_is_set_closer() -> None:
    row = ("CAM-01", "2023-05-01", "01 May – 20 May", "a sentence that may be broken")
    tables = (PageTable("few", tuple("abcd"), (row,)), PageTable("many", tuple("abcdefg"), ((*row, "1", "2", "3"),)))
    few, many = tree(page_of(tables=tables)).find("table")
    assert [cell.text() for cell in few.find("td", "short")] == list(row[1:3])
    assert (few.attributes.get("class", ""), many.attributes.get("class", "")) == ("", "wide")


def test_a_row_that_does_not_fit_its_columns_is_refused() -> None:
    with pytest.raises(ShapeError, match=r'Table "Counts", row 2: 1 cells; wanted 2\.'):
        PageTable("Counts", ("a", "b"), (("1", "2"), ("3",)))


def hostile_page() -> Page:
    """A page with hostile text in every field of every record that holds text."""
    shown = Shown(JPEG, HOSTILE, (HOSTILE, f"score {HOSTILE}", "score <script>", "probability <b>"))
    table = PageTable(HOSTILE, (HOSTILE, HOSTILE), ((HOSTILE, HOSTILE),), note=HOSTILE)
    entry = Answer((shown,), (shown, replace(shown, picture=None)), "review", HOSTILE, HOSTILE, HOSTILE, False)
    untold = replace(entry, right=None)
    section = Section(HOSTILE, HOSTILE, (entry, untold), (table,), (shown,))
    return Page(HOSTILE, HOSTILE, (section,), HOSTILE, (table,))


def test_hostile_text_in_any_field_stays_text() -> None:
    root = tree(hostile_page())
    assert root.find("script") == root.find("b") == []
    assert {image.attributes["src"][:5] for image in root.find("img")} == {"data:"}
    assert not [name for node in root.find() for name in node.attributes if name.startswith("on")]
    for where in ("h1", "h2", "h3", "caption", "footer", "title", "td"):
        assert any(HOSTILE in text for text in root.texts(where)), where
    for name in ("subtitle", "intro", "reason", "truth", "note", "line", "title"):
        assert any(HOSTILE in text for text in root.texts(name=name)), name
    assert root.find("img")[0].attributes["alt"] == f"Photo: {HOSTILE}"


def test_hostile_text_stands_in_every_text_field_of_the_test_above() -> None:
    page = hostile_page()
    [section] = page.sections
    for record in (page, section, *section.tables, *section.answers, *section.gallery):
        texts = [getattr(record, field.name) for field in fields(record) if field.type == "str"]
        assert [text for text in texts if text not in (HOSTILE, "review")] == []


def test_names_that_are_not_utf8_and_control_characters_become_visible_marks(tmp_path: Path) -> None:
    write_page(tmp_path / "page.html", page_of(answer(headline="Known: IMG_\udce9\x00\x1b.jpg")))
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "IMG_\ufffd\ufffd\ufffd.jpg" in text


def test_the_page_needs_nothing_from_outside_and_forbids_it() -> None:
    text = render(hostile_page())
    root = tree(hostile_page())
    assert re.findall(r"https?:|url\(|@import|@font-face", text) == []
    assert root.find("script") == root.find("link") == root.find("iframe") == []
    for node in root.find():
        assert node.attributes.get("href", "#").startswith("#")
    [policy] = [node for node in root.find("meta") if node.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert policy.attributes["content"].split("; ")[:3] == [
        "default-src 'none'", "img-src data:", "style-src 'unsafe-inline'"]


def test_ids_are_unique_and_every_reference_leads_somewhere() -> None:
    root = tree(Page("Demo", "", (Section("A", answers=(FULL, FULL)), Section("B", answers=(FULL,)))))
    ids = [node.attributes["id"] for node in root.find() if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    targets = {node.attributes["href"][1:] for node in root.find() if "href" in node.attributes}
    targets |= {node.attributes["aria-labelledby"] for node in root.find("section")}
    assert targets - set(ids) == set()
    assert {"answer-1-1", "answer-1-2", "answer-2-1"} <= set(ids)


def test_headings_go_down_one_level_at_a_time() -> None:
    root = tree(Page("Demo", "", (Section("A", answers=(FULL,)), Section("B", answers=(FULL,)))))
    levels = [node.tag for node in root.find() if re.fullmatch(r"h\d", node.tag)]
    assert levels == ["h1", "h2", "h2", "h3", "h2", "h3"]  # the contents have a heading too


def luminance(colour: str) -> float:
    parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_has_the_contrast_wcag_asks_for_in_light_and_dark() -> None:
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
                   for block in re.findall(r":root \{(.*?)\}", render(page_of()), re.DOTALL))
    names = ("known", "review", "new", "unknown", "empty", "failed")
    pairs = [(name, f"{name}-tint") for name in names] + [(name, "paper") for name in (*names, "ink", "quiet", "link")]
    pairs += [("quiet", "plate"), ("ink", "plate")] + [("quiet", f"{name}-tint") for name in names]
    assert light.keys() == dark.keys()
    for colours in (light, dark):
        for front, back in pairs:
            low, high = sorted((luminance(colours[front]), luminance(colours[back])))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (front, back, colours["paper"])


def test_what_is_empty_is_left_out() -> None:
    root = tree(Page("Demo", "", ()))
    assert root.texts("h1") == ["Demo"]
    assert root.find("nav") == root.find("footer") == root.find("p") == root.find("table") == root.find("form") == []


def test_the_file_is_what_render_gives_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "résultats d’été.html"
    path.write_text("an older page")
    page = page_of(answer(reason="Ñandú – 100 %"))
    write_page(path, page)
    assert path.read_bytes() == render(page).encode()
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_place_that_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    with pytest.raises(UsageError, match=r"page\.html: not written \(.+\); name a folder that can be written to\."):
        write_page(tmp_path / "page.html", page_of())
    with pytest.raises(UsageError, match="No such file or directory"):
        write_page(tmp_path / "absent" / "page.html", page_of())
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]


def test_the_template_engine_is_loaded_only_when_a_page_is_made() -> None:
    code = "import sys, reid.pages.html as p; print('jinja2' in sys.modules); p.render(p.Page('a', '', ())); " \
           "print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          cwd=Path(__file__).parents[2])
    assert done.stdout.split() == ["False", "True"]


def test_a_plot_is_a_picture_with_its_title_as_text_and_its_note_below() -> None:
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    [figure] = tree(page_of(plots=(Plot(svg, 'rank-1 "by" <season>', "Two seasons."),))).find("figure", "plot")
    [image] = figure.find("img")
    head, body = image.attributes["src"].split(",")
    assert (head, base64.b64decode(body, validate=True)) == ("data:image/svg+xml;base64", svg)
    assert image.attributes["alt"] == 'rank-1 "by" <season>'
    assert figure.texts("figcaption") == ["Two seasons."]
    assert figure.find("script") == []


def test_a_figure_with_its_interval_stands_to_the_right_like_a_number() -> None:
    table = PageTable("t", ("name", "rank-1"), (("any photo", "0.787 (0.70–0.86)"), ("strict", "0.5"), ("none", "–")))
    [shown] = tree(page_of(tables=(table,))).find("table")
    assert [cell.text() for cell in shown.find(name="figure")] == ["rank-1", "0.787 (0.70–0.86)", "0.5", "–"]


MATRIX = Matrix(
    "Who <when>", (("2022", 2), ("2023", 1)), ("1", "2", "1"),
    (MatrixRow("Ada & co", "returned", (1, 0, 3)), MatrixRow("Bo", "new", (None, None, 1))),
)  # fmt: skip


def test_a_matrix_counts_where_an_animal_was_met_and_tells_apart_not_met_and_not_known() -> None:
    [table] = tree(page_of(matrices=(MATRIX,))).find("table", "matrix")
    head, columns, first, second = table.find("tr")
    assert [(one.text(), one.attributes.get("colspan")) for one in head.find("th")] == [
        ("individual", None), ("", None), ("2022", "2"), ("2023", "1"),
    ]  # fmt: skip
    assert columns.texts("th") == ["1", "2", "1"]
    assert (first.texts("th"), first.texts("td")) == (["Ada & co"], ["returned", "1", "·", "3"])
    assert (second.texts("th"), second.texts("td")) == (["Bo"], ["new", "–", "–", "1"])
    assert [one.attributes.get("class") for one in first.find("td")[1:]] == ["seen", None, "seen often"]


def test_a_ragged_matrix_is_refused() -> None:
    with pytest.raises(ShapeError, match='Matrix "Who <when>" has 3 columns; its seasons and each of its rows must have as many'):
        replace(MATRIX, spans=(("2022", 2),))
    with pytest.raises(ShapeError, match="has 3 columns"):
        replace(MATRIX, rows=(MatrixRow("Ada", "", (1, 0)),))


def test_a_pair_shows_both_photos_the_earlier_one_first_each_with_a_text_for_those_who_do_not_see() -> None:
    pair = Pair("Ada", Shown(JPEG, "2022-05-01", ("left",)), Shown(None, "2023-05-02"), ("score 0.91",))
    [shown] = tree(page_of(pairs=(pair,))).find("article", "pair")
    assert shown.find("img")[0].attributes["alt"] == "Ada, before: 2022-05-01"
    assert shown.find("div", "missing")[0].attributes["aria-label"] == "Ada, after: 2023-05-02 (cannot be shown)"
    assert shown.texts("h3") == ["Ada"] and shown.texts("p", "line") == ["score 0.91"]


def test_the_command_of_an_answer_stands_as_it_is_typed() -> None:
    command = "reid enroll 'my doubts.csv' --individual \"A & B\""
    [shown] = tree(page_of(answer(commands=(command,)))).find("pre", "command")
    assert shown.text() == command
    assert tree(page_of(answer())).find("pre") == []


def test_a_choice_of_one_kind_is_not_offered() -> None:
    assert tree(page_of(answer(right=None))).find("form") == []


def test_long_tables_may_be_parted_between_sheets_and_repeat_their_heads() -> None:
    rows = tuple((str(at),) for at in range(21))
    long, short = tree(page_of(tables=(PageTable("t", ("n",), rows), PageTable("u", ("n",), rows[1:])))).find("div", "table")
    assert (long.attributes["class"], short.attributes["class"]) == ("table long", "table")
    style = render(page_of())
    assert "thead { display: table-header-group; }" in style and "@page { size: A4;" in style
