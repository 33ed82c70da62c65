"""When a photo was taken, as cameras write it into EXIF: three tags, and forms that the standard does not know."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from reid import images
from reid.images import Header
from reid.records import Photo
from reid.steps.photos import read_headers

MODEL, CHANGED, IFD, ORIGINAL, DIGITIZED = 0x0110, 0x0132, 0x8769, 0x9003, 0x9004
MORNING, EVENING = datetime(2024, 3, 1, 6, 7, 8), datetime(2024, 3, 1, 18, 7, 8)


def photo(path: Path, **tags: Any) -> Path:
    exif = Image.Exif()
    exif[MODEL] = "CAM"
    if "changed" in tags:
        exif[CHANGED] = tags["changed"]
    exif[IFD] = {number: tags[name] for name, number in (("original", ORIGINAL), ("digitized", DIGITIZED)) if name in tags}
    Image.new("RGB", (32, 24)).save(path, exif=exif)
    return path


@pytest.mark.parametrize(("text", "moment"), [
    ("2024:03:01 06:07:08", MORNING), ("2024:3:1 6:7:8", None), ("2024:3:1 6:07:08", MORNING), ("2024/03/01 06:07:08", MORNING),
    ("2024-03-01T06:07:08", MORNING), ("2024:03:01 06:07", MORNING.replace(second=0)), ("2024:03:01 06:07:08 PM", EVENING),
    ("2024: 3: 1  6:07:08", MORNING), ("2024:03:01 06:07:08.12", MORNING), ("2024:03:01 06:07:08+02:00", MORNING),
    ("0000:00:00 00:00:00", None), ("    :  :     :  :  ", None), ("2024:03:01 06:07:08\0\0", MORNING),
    ("01/03/2024 06:07:08", None),
])  # fmt: skip
def test_the_moment_in_any_of_the_tags_is_read_in_the_forms_that_cameras_write(
    tmp_path: Path, text: str, moment: datetime | None
) -> None:
    for tag in ("original", "digitized", "changed"):
        assert images.header(photo(tmp_path / f"{tag}.jpg", **{tag: text})).captured_at == moment


def test_the_first_tag_that_holds_a_date_counts_and_the_last_one_is_marked(tmp_path: Path) -> None:
    early, late, zero = "2024:03:01 06:07:08", "2024:03:01 18:07:08", "0000:00:00 00:00:00"
    header = {
        "original": photo(tmp_path / "a.jpg", original=early, digitized=late, changed=late),
        "digitized": photo(tmp_path / "b.jpg", original=zero, digitized=early, changed=late),
        "changed": photo(tmp_path / "c.jpg", digitized="", changed=early),
        "none": photo(tmp_path / "d.jpg", original=zero),
    }
    assert {name: images.header(path) for name, path in header.items()} == {
        "original": Header(MORNING, "CAM"), "digitized": Header(MORNING, "CAM"), "changed": Header(MORNING, "CAM", "DateTime"),
        "none": Header(None, "CAM"),
    }
    photos, _ = read_headers([*map(Photo, header.values()), Photo(header["changed"], captured_at=EVENING)])
    assert [(one.captured_at, dict(one.notes)) for one in photos] == [
        (MORNING, {}), (MORNING, {}), (MORNING, {"date_from": "DateTime"}), (None, {}), (EVENING, {}),
    ]
    assert images.read(header["changed"]).captured_at == MORNING
