"""What a photo's EXIF says: which way is up, when it was taken, and with what camera."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PIL import ExifTags, ImageFile

from reid.dates import read_moment

_ANY_FAULT = (OSError, ValueError, SyntaxError, LookupError, TypeError, AttributeError, ArithmeticError, EOFError,
              RuntimeError, MemoryError, struct.error, zlib.error)
FLIPPED_X, FLIPPED_Y, TRANSPOSED = (2, 3, 6, 7), (3, 4, 7, 8), (5, 6, 7, 8)
"""The orientations, 1 to 8, in which a photo is stored flipped or turned on its side."""


def orientation(photo: ImageFile.ImageFile) -> int:
    """How the photo is stored, from 1 (upright) to 8; 1 where EXIF is absent, damaged or says nonsense."""
    try:
        value = int(photo.getexif().get(ExifTags.Base.Orientation, 1))
    except _ANY_FAULT:
        return 1
    return value if value in range(1, 9) else 1


@dataclass(frozen=True, slots=True)
class Header:
    """When and with what camera a photo was taken; None and "" = EXIF is absent, damaged or does not say.

    date_from: "DateTime" where that is all that EXIF has: programs that change a picture write it, too; else "".
    """

    captured_at: datetime | None = None
    camera: str = ""
    date_from: str = ""


def read_header(photo: ImageFile.ImageFile) -> Header:
    """What EXIF says: DateTimeOriginal, else DateTimeDigitized, else DateTime. Damaged EXIF says nothing: the pixels are good."""
    try:
        exif = photo.getexif()
        camera = str(exif.get(ExifTags.Base.Model, ""))
        taken: Mapping[int, Any] = exif.get_ifd(ExifTags.IFD.Exif)
        texts = [taken.get(ExifTags.Base.DateTimeOriginal), taken.get(ExifTags.Base.DateTimeDigitized)]
        moments = [_moment(text) for text in (*texts, exif.get(ExifTags.Base.DateTime))]
    except _ANY_FAULT:
        return Header()
    camera = "".join(letter for letter in camera if letter.isprintable()).strip()
    original, digitized, changed = moments
    return Header(original or digitized or changed, camera, "" if original or digitized or not changed else "DateTime")


def _moment(text: object) -> datetime | None:
    """The moment of an EXIF tag; None where it is absent or no date, such as the zeros of a clock that was never set."""
    try:
        return read_moment(str(text).strip("\0 ")) if text else None
    except ValueError:
        return None
