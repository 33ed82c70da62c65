"""What a command's arguments name: photos, folders, manifests in the states people leave them in."""

from __future__ import annotations

import time
import unicodedata
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from reid import images
from reid.errors import ManifestError, UsageError
from reid.formats.readers.photo_lists import PhotoList, read_photos
from reid.records import Box, Photo, Problem

DATA = Path(__file__).parents[3] / "../shared/data"


def touch(path: Path) -> Path:
    """A photo whose content does not matter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def table(folder: Path, text: str, *, name: str = "photos.csv", encoding: str = "utf-8", photos: str = "a b c") -> Path:
    for photo in photos.split():
        touch(folder / f"{photo}.jpg")
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def sheet(path: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def only_problem(found: PhotoList) -> str:
    assert found.photos == () and len(found.problems) == 1, found
    return str(found.problems[0])


# Manifests


def test_every_column_arrives_in_its_field_and_the_rest_in_the_notes(tmp_path):
    path = table(tmp_path, "Path , SPECIES,individual,captured_at,encounter,camera,side,season,Split_Published,Remark\n"
                           "a.jpg,Panthera  pardus , 007,2019-03-07 18:05:59,e 1,Cam  A,L,2019,train,\n")
    assert read_photos([path]) == PhotoList((Photo(
        tmp_path / "a.jpg", "Panthera pardus", "007", datetime(2019, 3, 7, 18, 5, 59), "e 1", "Cam A", "left", "2019",
        None, {"split_published": "train"}, "photos.csv, row 2"),), ())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_from_any_spreadsheet_program_reads_the_same(tmp_path, delimiter, encoding, newline):
    lines = [["path", "individual", "camera"], ["a.jpg", "Zoë", '"Wald, oben; links"'], [], ["b.jpg", "Ñandú", ""]]
    path = table(tmp_path, newline.join(delimiter.join(line) for line in lines) + newline, encoding=encoding)
    photos = read_photos([path]).photos
    assert [(p.path.name, p.individual, p.camera, p.origin) for p in photos] == [
        ("a.jpg", "Zoë", "Wald, oben; links", "photos.csv, row 2"), ("b.jpg", "Ñandú", "", "photos.csv, row 4")]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_r_and_pandas_write_for_a_missing_value_is_missing_and_told_once(tmp_path, kind):
    columns = ["path", "species", "individual", "captured_at", "encounter", "camera", "side", "season", "sex"]
    rows = [
        ["a.jpg", "zebra", *["NA"] * 6, "NA"],
        ["b.jpg", "nan", "NaN", *["nan"] * 5, ""],
        ["c.jpg", "zebra", "Nan", "2023-05-01", "E", "C", "left", "S", ""],
    ]
    if kind == "xlsx":
        given = sheet(tmp_path / "photos.xlsx", [columns, *rows])
        for name in "abc":
            touch(tmp_path / f"{name}.jpg")
    else:
        given = table(tmp_path, "\n".join(map(",".join, [columns, *rows])))
    found = read_photos([given])
    assert found.problems == () and [(one.species, one.individual) for one in found.photos] == [
        ("zebra", ""), ("", ""), ("zebra", "Nan"),
    ]  # fmt: skip
    assert [one.notes["sex"] for one in found.photos if one.notes] == ["NA"]
    assert all((one.captured_at, one.encounter, one.camera, one.side, one.season) == (None, "", "", "", "")
               for one in found.photos[:2])  # fmt: skip
    (note,) = found.notes
    assert note.startswith(f"photos.{kind}: NA and NaN were read as empty cells, in species (1 row), individual (2 rows), ")
    assert "a name like this must be written otherwise" in note


def test_a_manifest_with_the_path_alone_is_enough(tmp_path):
    assert [p.path.name for p in read_photos([table(tmp_path, "path\na.jpg\nb.jpg\n")]).photos] == ["a.jpg", "b.jpg"]


def test_a_spreadsheet_reads_like_its_csv(tmp_path):
    table(tmp_path, "path\n")
    path = sheet(tmp_path / "photos.xlsx", [
        ["Path", "Individual", "captured_at", "season", "Weight", None],
        ["a.jpg", 7.0, datetime(2019, 3, 7, 18, 5, 59), 2019, 7.25, None],
        [None, None, None, None, None, None],
        ["b.jpg", "007", date(2019, 3, 7), "2019", True, None],
        ["c.jpg", 12, "2019:03:07 18:05:59", None, None, None]])
    assert [(p.path.name, p.individual, p.captured_at, p.season, dict(p.notes), p.origin)
            for p in read_photos([path]).photos] == [
        ("a.jpg", "7", datetime(2019, 3, 7, 18, 5, 59), "2019", {"weight": "7.25"}, "photos.xlsx, row 2"),
        ("b.jpg", "007", datetime(2019, 3, 7), "2019", {"weight": "TRUE"}, "photos.xlsx, row 4"),
        ("c.jpg", "12", datetime(2019, 3, 7, 18, 5, 59), "", {}, "photos.xlsx, row 5")]


def test_a_spreadsheets_time_that_fell_short_of_its_second_is_rounded(tmp_path):
    table(tmp_path, "path\n")
    path = sheet(tmp_path / "p.xlsx", [["path", "captured_at"], ["a.jpg", datetime(2019, 3, 7, 18, 5, 58, 999000)]])
    assert read_photos([path]).photos[0].captured_at == datetime(2019, 3, 7, 18, 5, 59)


@pytest.mark.parametrize(("text", "wanted"), [
    ("2020-03-04", datetime(2020, 3, 4)), ("2020/03/04 05:06", datetime(2020, 3, 4, 5, 6)), ("", None),
    ("2020:03:04 05:06:07", datetime(2020, 3, 4, 5, 6, 7)), ("2020-03-04T05:06:07.891", datetime(2020, 3, 4, 5, 6, 7)),
    ("2020-03-04T05:06:07Z", datetime(2020, 3, 4, 5, 6, 7)),
    ("2020-03-04 05:06:07+0200", datetime(2020, 3, 4, 5, 6, 7)), ("43894", datetime(2020, 3, 4)),
    ("4-Mar-2020 05:06:07", datetime(2020, 3, 4, 5, 6, 7)), ("2020-03-04 5:06", datetime(2020, 3, 4, 5, 6))])
def test_dates_are_read_by_the_wall_clock(tmp_path, text, wanted):
    assert read_photos([table(tmp_path, f"path,captured_at\na.jpg,{text}\n")]).photos[0].captured_at == wanted


@pytest.mark.parametrize(("text", "reason"), [
    ("03/04/2020", 'captured_at: "03/04/2020" may be read day first or month first; write it as 2020-03-04'),
    ("25.12.2020 10:00", "day first or month first"), ("4-3-20", "day first or month first"),
    ("2020-02-30", 'captured_at: "2020-02-30" is no date (day is out of range for month)'),
    ("2020-03-04 25:00", "is no date (hour must be in 0..23"), ("0000:00:00 00:00:00", "is no date"),
    ("2020", 'captured_at: "2020" is no date; write 2020-03-04'), ("438940", "is no date"), ("2020-03/04", "is no date"),
    ("spring", "is no date")])
def test_a_bad_date_is_a_problem_with_its_row_and_column(tmp_path, text, reason):
    problem = only_problem(read_photos([table(tmp_path, f"path,captured_at\na.jpg,{text}\n")]))
    assert problem.startswith("a.jpg (photos.csv, row 2): captured_at: ") and reason in problem


@pytest.mark.parametrize(("text", "wanted"), [
    ("L", "left"), ("r", "right"), ("Left", "left"), ("RIGHT", "right"), ("", ""), ("unknown", "")])
def test_sides_are_read_in_the_ways_people_write_them(tmp_path, text, wanted):
    assert read_photos([table(tmp_path, f"path,side\na.jpg,{text}\n")]).photos[0].side == wanted


def test_a_bad_side_is_a_problem(tmp_path):
    problem = only_problem(read_photos([table(tmp_path, "path,side\na.jpg,both\n")]))
    assert problem == 'a.jpg (photos.csv, row 2): side: "both" is no side; write left, right, or leave it empty.'


def test_bad_rows_do_not_cost_the_good_ones(tmp_path):
    (tmp_path / "folder").mkdir()
    path = table(tmp_path, "path,individual\na.jpg,1\n,2\n\ngone.jpg,3\nfolder,4\nb.jpg,5,6\nc.jpg,#N/A\na\0b.jpg,8\n")
    found = read_photos([path])
    assert [(p.path.name, p.individual) for p in found.photos] == [("a.jpg", "1")]
    fix = "; mend the path, or move the table: paths count from its folder."
    assert [str(p) for p in found.problems] == [
        " (photos.csv, row 3): path: is empty; name the photo.",
        f"gone.jpg (photos.csv, row 5): path: there is no such file (looked for {tmp_path / 'gone.jpg'}){fix}",
        f"folder (photos.csv, row 6): path: is a folder, not a photo (looked for {tmp_path / 'folder'}){fix}",
        "b.jpg (photos.csv, row 7): row: has 1 more cells than the header; quote cells that hold the separator.",
        'c.jpg (photos.csv, row 8): individual: "#N/A" is an error of the spreadsheet; mend the formula.',
        f"a\0b.jpg (photos.csv, row 9): path: there is no such file (looked for {tmp_path / 'a'}\0b.jpg){fix}",
    ]


def test_paths_from_windows_absolute_paths_and_accents_are_found(tmp_path):
    inside, outside = touch(tmp_path / "lists/Fotos 1/Zoë.jpg"), touch(tmp_path / "else/b.jpg")
    path = table(tmp_path / "lists", f"path\nFotos 1\\Zoë.jpg\n{outside}\n../else/c.jpg\n", photos="")
    touch(tmp_path / "else/c.jpg")
    found = read_photos([path])
    assert found.problems == ()
    assert [p.path.resolve() for p in found.photos] == [inside, outside, tmp_path / "else/c.jpg"]


def test_the_same_photo_and_box_a_second_time_is_a_problem(tmp_path):
    path = table(tmp_path, "path,x,y,width,height\na.jpg,,,,\na.jpg,0,0,0.5,0.5\n./a.jpg,,,,\na.jpg,0,0,.5,.5\n")
    found = read_photos([path, tmp_path / "a.jpg"])
    assert [p.box for p in found.photos] == [None, Box(0, 0, 0.5, 0.5)]
    assert [(p.origin, p.reason) for p in found.problems] == [
        ("photos.csv, row 4", "the same photo and box were named before (photos.csv, row 2); the first is used."),
        ("photos.csv, row 5", "the same photo and box were named before (photos.csv, row 3); the first is used."),
        ("", "the same photo and box were named before (photos.csv, row 2); the first is used.")]


# Boxes


def photo_of(path: Path, width: int, height: int, orientation: int = 1) -> Path:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.new("RGB", (width, height)).save(path, exif=exif)
    return path


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_box_in_pixels_cuts_exactly_those_pixels(tmp_path_factory, data):
    width, height = data.draw(st.integers(3, 500)), data.draw(st.integers(3, 500))
    x, y = data.draw(st.integers(0, width - 2)), data.draw(st.integers(0, height - 2))
    across, down = data.draw(st.integers(2, width - x)), data.draw(st.integers(2, height - y))
    folder = tmp_path_factory.mktemp("box")
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    images.write_png(folder / "a.png", pixels)
    path = table(folder, f"path;x;y;width;height\na.png;{x};{y};{across},0;{down}\n", photos="")
    photo = read_photos([path]).photos[0]
    assert np.array_equal(images.read(photo.path, box=photo.box).pixels, pixels[y : y + down, x : x + across])


@settings(max_examples=60, deadline=None)
@given(corners=st.tuples(*[st.floats(0, 1, allow_subnormal=False)] * 4))
def test_a_box_in_fractions_is_kept_or_refused_and_never_leaves_the_frame(tmp_path_factory, corners):
    path = table(tmp_path_factory.mktemp("box"), "path,x,y,width,height\na.jpg,{!r},{!r},{!r},{!r}\n".format(*corners))
    found, (x, y, width, height) = read_photos([path]), corners
    for photo in found.photos:
        box = photo.box
        assert box is not None and (box.x, box.y) == (x, y)
        assert abs(box.width - width) <= 0.00101 and abs(box.height - height) <= 0.00101
        assert 0 < box.width <= 1 - box.x and 0 < box.height <= 1 - box.y
    fits = x + width <= 1 and y + height <= 1 and width > 0 and height > 0
    assert found.photos or not (fits and min(width, height) > 1e-9)
    assert len(found.photos) + len(found.problems) == 1


def test_a_pixel_box_counts_in_the_upright_photo(tmp_path):
    photo_of(tmp_path / "a.jpg", 200, 100, orientation=6)
    path = table(tmp_path, "path,x,y,width,height\na.jpg,50,100,50,100\n", photos="")
    assert read_photos([path]).photos[0].box == Box(0.5, 0.5, 0.5, 0.5)


@pytest.mark.parametrize(("cells", "reason"), [
    ("nan,0,1,1", 'x: "nan" is no length'), ("-0.1,0,0.5,0.5", 'x: "-0.1" is no length'),
    ("0,0,0.5,", "height: is empty, but x, y, width not; give all four or none."),
    ("0,zero,1,1", 'y: "zero" is no number'),
    ("0.6,0,0.5,1", "x,y,width,height: the box x=0.6 y=0 width=0.5 height=1 reaches outside of the photo"),
    ("0,0,0,1", "has no area"), ("inf,0,1,1", 'x: "inf" is no length'),
    ("150,0,51,10", "the box x=150 y=0 width=51 height=10 reaches outside of the photo of 200 x 100 pixels."),
    ("1,0,0.0005,1", "nothing of the box lies in the photo")])
def test_a_bad_box_is_a_problem_that_names_the_column(tmp_path, cells, reason):
    photo_of(tmp_path / "a.jpg", 200, 100)
    problem = only_problem(read_photos([table(tmp_path, f"path,x,y,width,height\na.jpg,{cells}\n", photos="")]))
    assert problem.startswith("a.jpg (photos.csv, row 2): ") and reason in problem


def test_a_pixel_box_on_a_file_that_is_no_photo_is_a_problem(tmp_path):
    problem = only_problem(read_photos([table(tmp_path, "path,x,y,width,height\na.jpg,10,10,20,20\n")]))
    assert "the photo's size is needed" in problem and "is no image" in problem


def test_width_and_height_alone_are_notes_but_half_a_box_is_refused(tmp_path):
    assert read_photos([table(tmp_path, "path,width,height\na.jpg,200,100\n")]).photos[0].notes == {
        "width": "200", "height": "100"}
    with pytest.raises(ManifestError, match=r"photos\.csv: has no column y, height; a box needs"):
        read_photos([table(tmp_path, "path,x,width\na.jpg,1,2\n")])


# Tables that cannot be read at all


@pytest.mark.parametrize(("text", "reason"), [
    ("", "has no header"), ("\n\n", "has no header"), ("path,side\n", "has a header but no row"),
    ("path\n\n , \n", "has a header but no row"), ("file,side\na.jpg,L\n", r'has no column "path" \(met: file, side\)'),
    ("path,Side,side \na.jpg,L,R\n", 'has the column "side" twice'), ("PK\3\4junk", "is no text table"),
    ('path,camera\na.jpg,x\nb.jpg,"never closed\nc.jpg,y\n', "row 3: cannot be read as CSV .*never closed")])
def test_a_hopeless_csv_is_named_with_what_is_wanted(tmp_path, text, reason):
    with pytest.raises(ManifestError, match=rf"photos\.csv.*{reason}"):
        read_photos([table(tmp_path, text)])


def test_a_hopeless_spreadsheet_is_named(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK\3\4 no zip")
    (tmp_path / "b.xls").write_bytes(b"x")
    for name, reason in {"a.xlsx": "cannot be read as a spreadsheet", "b.xls": r"save it as \.xlsx or CSV",
                         "gone.csv": "there is no such table", "gone.xlsx": "there is no such table"}.items():
        with pytest.raises(ManifestError, match=rf"{name}: .*{reason}"):
            read_photos([tmp_path / name])
    with pytest.raises(ManifestError, match="has no header"):
        read_photos([sheet(tmp_path / "empty.xlsx", [])])
    with pytest.raises(ManifestError, match='has no column "path"'):
        read_photos([sheet(tmp_path / "other.xlsx", [["a", "b"], [1, 2]])])


# Photos and folders


def test_a_photo_named_directly_is_just_that(tmp_path):
    photo = touch(tmp_path / "a.jpg")
    found = read_photos([photo, tmp_path / "gone.jpg"])
    assert found == PhotoList((Photo(photo),), (Problem(str(tmp_path / "gone.jpg"), "there is no such file."),))


def test_nothing_named_is_refused():
    with pytest.raises(UsageError, match="No photo was named"):
        read_photos([])


def test_a_hundred_thousand_rows_are_read_in_seconds(tmp_path):
    touch(tmp_path / "a.jpg")
    rows = [f"a.jpg,Zebra,{n},2019-03-07 18:05:59,e{n},cam,L,2019,{n / 2e5:.6f},0.1,0.4,0.4,x" for n in range(20_000)]
    path = table(tmp_path, "path,species,individual,captured_at,encounter,camera,side,season,x,y,width,height,split\n"
                 + "\n".join(rows) + "\n")
    begun = time.perf_counter()
    found = read_photos([path])
    assert time.perf_counter() - begun < 10  # a fifth of the rows: far below a minute for all
    assert len(found.photos) + len(found.problems) == 20_000
    assert found.photos[-1].individual == "19999" and found.photos[-1].column("split") == "x"


@pytest.mark.skipif(not DATA.is_dir(), reason="the real photographs are not on this machine")
@pytest.mark.parametrize(("name", "photos", "individuals"), [
    ("zebra", 362, 35), ("seal", 102, 13), ("nyala", 1942, 237)])
def test_the_real_manifests_read_without_a_problem(name, photos, individuals):
    found = read_photos([DATA / name])
    assert found.problems == ()
    assert len(found.photos) == photos and len({p.individual for p in found.photos} - {""}) == individuals


@pytest.mark.parametrize(("on_disk", "in_table"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFC", "NFC"), ("NFD", "NFD")])
@pytest.mark.parametrize("name", ["Zoë é.jpg", "größe\\Å.jpg", "ệ.jpg", "한글.jpg", "ñandú.jpg"])
def test_a_photo_is_found_whether_its_accents_are_composed_or_not(tmp_path, on_disk, in_table, name):
    path = tmp_path / unicodedata.normalize(on_disk, name.replace("\\", "/"))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"a")
    (tmp_path / "photos.csv").write_text(f"path,individual\n{unicodedata.normalize(in_table, name)},Zoë\n", "utf-8")
    (photo,) = read_photos([tmp_path / "photos.csv"]).photos
    assert (photo.path, photo.individual) == (path, "Zoë")


def test_a_table_with_a_title_above_its_header_and_one_on_the_second_sheet_are_read(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"a")
    (tmp_path / "photos.csv").write_text("Kruger 2024\n\nFile,RelativePath,DateTime\na.jpg,,13-Mar-2024 06:07:08\n", "utf-8")
    (photo,) = read_photos([tmp_path / "photos.csv"]).photos
    assert (photo.captured_at, photo.origin) == (datetime(2024, 3, 13, 6, 7, 8), "photos.csv, row 4")
