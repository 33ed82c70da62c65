"""What a photo's EXIF says: which way is up, when it was taken, and with what camera."""

from __future__ import annotations

import re
import struct
import zlib
from datetime import datetime

from PIL import ExifTags, ImageFile

_ANY_FAULT = (OSError, ValueError, SyntaxError, LookupError, TypeError, AttributeError, ArithmeticError, EOFError,
              RuntimeError, MemoryError, struct.error, zlib.error)
_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
FLIPPED_X, FLIPPED_Y, TRANSPOSED = (2, 3, 6, 7), (3, 4, 7, 8), (5, 6, 7, 8)
"""The orientations, 1 to 8, in which a photo is stored flipped or turned on its side."""


def orientation(photo: ImageFile.ImageFile) -> int:
    """How the photo is stored, from 1 (upright) to 8; 1 where EXIF is absent, damaged or says nonsense."""
    try:
        value = int(photo.getexif().get(ExifTags.Base.Orientation, 1))
    except _ANY_FAULT:
        return 1
    return value if value in range(1, 9) else 1


def date_and_camera(photo: ImageFile.ImageFile) -> tuple[datetime | None, str]:
    """When and with what camera; None and "" where EXIF is absent or damaged: the pixels are still good."""
    try:
        exif = photo.getexif()
        camera = str(exif.get(ExifTags.Base.Model, ""))
        taken = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
    except _ANY_FAULT:
        return None, ""
    camera = "".join(letter for letter in camera if letter.isprintable()).strip()
    date = _DATE.match(str(taken).strip())
    try:
        return (datetime.fromisoformat("{}-{}-{} {}:{}:{}".format(*date.groups())) if date else None), camera
    except ValueError:
        return None, camera
