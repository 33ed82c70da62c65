"""`evaluate` from photos to figures, and its page: on drawn zebras and deer and the net that ships, nothing is trained."""

import csv
import math
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import reid
from reid import synthetic
from reid.actions.evaluation.embedded_photos import encounters_of
from reid.actions.evaluation.results import EvaluateReport
from reid.actions.evaluation.tables import evaluation as evaluation_tables
from reid.errors import UsageError
from reid.records import Photo
from reid.tables import json_lines


@pytest.fixture(scope="module")
def herd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Photos of five zebras and three deer, each in four encounters, and a gallery that has a net for both."""
    folder = tmp_path_factory.mktemp("herd")
    animals = {"zebra": range(5), "deer": range(3)}
    synthetic.write_photos(folder / "photos", synthetic.draw_season(list(animals), animals, season=0, encounters=4,
                                                            photos_per_encounter=1, width=160, height=112, seed=11))
    with (folder / "photos" / "manifest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    one_each = folder / "one of each.csv"
    write(one_each, [next(row for row in rows if row["species"] == name) for name in animals], folder / "photos")
    reid.enroll([one_each], gallery=folder / "gallery")
    return folder / "photos", folder / "gallery"


def write(table: Path, rows: list[dict[str, Any]], photos: Path, **more: str) -> None:
    with table.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(dict.fromkeys([*rows[0], *more])))
        out.writeheader()
        out.writerows({**more, **row, "path": photos / row["path"]} for row in rows)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page") / "page é.html"


@pytest.fixture(scope="module")
def measured(herd: tuple[Path, Path], page: Path) -> EvaluateReport:
    photos, gallery = herd
    return reid.evaluate([photos], gallery=gallery, species="zebra", report=page)


def test_the_figures_of_before_and_those_with_intervals_agree(measured: EvaluateReport):
    [zebra] = measured.species
    any_photo, other, strict, *closer = zebra.closed_set
    assert [one.protocol for one in closer] == ["any photo, with a closer look", "other encounter, same side, with a closer look"]
    for ranking, found in ((zebra.published_closer, closer[0]), (zebra.strict_closer, closer[1])):
        assert ranking is not None and ranking.queries == found.queries and ranking.rank_1 == found.rank_1.value
    for ranking, found in ((zebra.published, any_photo), (zebra.strict, strict)):
        assert (ranking.queries, ranking.skipped) == (found.queries, found.skipped)
        for name in ("rank_1", "rank_5", "rank_10", "mean_ap", "map_at_r"):
            figure = getattr(found, name)
            assert figure.value == pytest.approx(getattr(ranking, name), abs=1e-12)
            assert 0.0 <= figure.low <= figure.high <= 1.0
    assert other.queries == any_photo.queries == 20
    assert sum(side.queries for side in zebra.sides) == strict.queries
    assert [(season.name, season.queries) for season in zebra.seasons] == [("2023", strict.queries)]
    assert zebra.seasons[0].rank_1 == strict.rank_1
    for points in (zebra.by_gallery_size, zebra.by_photos):
        assert points[-1].rank_1.value == pytest.approx(strict.rank_1.value, abs=1e-12)
    assert zebra.by_gallery_size[-1].count == zebra.individuals == 5
    assert zebra.near_duplicates.pairs == 0 and strict.without_near_duplicates == strict.rank_1
    assert any_photo.chance == other.chance == pytest.approx(3 / 19)


def test_a_report_measures_the_open_set_and_the_background_too(measured: EvaluateReport):
    [zebra] = measured.species
    assert zebra.open_set is not None and zebra.separation is not None and zebra.background is not None
    assert zebra.separation.known == zebra.open_set.enrolled
    assert zebra.separation.unknown <= zebra.open_set.unknown == 20
    assert (zebra.background.boxes, zebra.background.ellipses) == (20, 0)
    hidden = zebra.background.by_protocol[1]
    assert (hidden.protocol, hidden.chance) == ("other encounter", pytest.approx(3 / 19))
    assert zebra.background.by_protocol[0].rank_1 != zebra.closed_set[0].rank_1


def test_without_a_report_neither_is_measured_unless_asked_for(herd: tuple[Path, Path]):
    photos, gallery = herd
    plain = reid.evaluate([photos], gallery=gallery, species="deer").species[0]
    assert (plain.open_set, plain.separation, plain.background) == (None, None, None)
    asked = reid.evaluate([photos], gallery=gallery, species="deer", probe=True).species[0]
    assert asked.background is not None and asked.open_set is None
    assert json_lines.plain(asked.closed_set) == json_lines.plain(plain.closed_set)
    assert asked.published == plain.published


def test_the_page_holds_every_figure_and_needs_nothing_but_itself(measured: EvaluateReport, page: Path):
    text = page.read_text(encoding="utf-8")
    for found in measured.species[0].closed_set:
        assert found.rank_1.spread(" ") in text and found.mean_ap.spread(" ") in text
    assert measured.species[0].separation is not None
    assert measured.species[0].separation.auroc.spread(" ") in text
    assert text.count("data:image/svg+xml;base64,") >= 6
    assert "in 20 photos the boxes of the animals were filled" in text and "ellipse" not in text
    assert "<script" not in text
    assert set(re.findall(r'(?:src|href)="([a-z]+:|/|#)', text)) <= {"data:", "#"}
    assert list(page.parent.iterdir()) == [page]


def test_the_terminal_shows_the_intervals_and_json_has_them(measured: EvaluateReport):
    tables = {title: (columns, rows) for title, columns, rows in evaluation_tables(measured)}
    columns, rows = tables["Closed set"]
    strict = measured.species[0].closed_set[2]
    assert rows[2][columns.index("rank-1")] == f"{strict.rank_1.value:.3f}\n({strict.rank_1.low:.2f}–{strict.rank_1.high:.2f})"
    assert "Open set by the best score alone" in tables and "What speaks against the figures" in tables
    told = json_lines.plain(measured)["species"][0]["closed_set"][2]["rank_1"]
    assert told == {"value": strict.rank_1.value, "low": strict.rank_1.low, "high": strict.rank_1.high}
    assert "NaN" not in json_lines.line(measured)


def test_the_same_photo_in_two_files_is_told_and_a_photo_that_is_asked_against_itself_is_not(
    herd: tuple[Path, Path], tmp_path: Path
):
    photos, gallery = herd
    with (photos / "manifest.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["species"] == "deer"]
    copy = tmp_path / "copy of it.jpg"
    copy.write_bytes((photos / rows[0]["path"]).read_bytes())
    rows = [*rows[:-1], {**rows[-1], "part": "both"}, {**rows[0], "path": str(copy), "part": "test"}]
    write(tmp_path / "table.csv", rows, photos, part="train")
    options = {"species": "deer", "column": "part", "known": "train,both", "asked": "test,both"}
    [deer] = reid.evaluate([tmp_path / "table.csv"], gallery=gallery, **options).species
    audit = deer.near_duplicates
    assert (deer.gallery_photos, deer.query_photos) == (12, 2)
    assert (audit.pairs, audit.same_file, audit.queries, audit.two_names) == (1, 1, 1, 0)
    assert audit.listed[0].query == copy.as_posix() and audit.listed[0].photo.endswith(rows[0]["path"])
    assert deer.closed_set[0].queries == 2
    alone = deer.closed_set[0].without_near_duplicates
    assert alone.value in (0.0, 1.0) and math.isnan(alone.low)


def test_an_encounter_split_between_gallery_and_queries_stays_one_encounter():
    def taken(minute: int) -> Photo:
        return Photo(Path(f"{minute}.jpg"), "zebra", "a", captured_at=datetime(2024, 5, 1, 12, minute), camera="c")

    photos = [taken(minute) for minute in (0, 4, 8, 12, 59)]
    asked, known = encounters_of(photos[::2], photos[1::2])
    assert len({*asked[:2], *known}) == 1
    assert asked[2] != asked[0]


def test_a_page_that_cannot_be_written_is_told_before_anything_is_measured(tmp_path: Path):
    with pytest.raises(UsageError, match="no page can be written there; name a file in a folder that exists"):
        reid.evaluate([tmp_path], gallery=tmp_path, report=tmp_path / "missing" / "page.html")
    with pytest.raises(UsageError, match="no page can be written there"):
        reid.evaluate([tmp_path], gallery=tmp_path, report=tmp_path)
