"""Pixels as files and bytes: JPEG and PNG, and pictures made smaller."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from reid.errors import ShapeError
from reid.files import output_file
from reid.records.photos import Pixels


def resize(pixels: Pixels, height: int, width: int) -> Pixels:
    """Squash or stretch a picture to exactly (height, width, 3): bicubic, antialiased. Raises ShapeError."""
    if height < 1 or width < 1:
        raise ShapeError(f"A picture cannot be {height} high and {width} wide; both must be at least 1.")
    return np.array(_image(pixels).resize((width, height), Image.Resampling.BICUBIC))


def write_jpeg(path: Path, pixels: Pixels, *, quality: int = 90, captured_at: datetime | None = None,
               camera: str = "", synced: bool = True) -> None:
    """Write a JPEG, with its EXIF date and camera if given, by an atomic replace (`synced` as of `files.atomic_replace`).

    Raises:
        ShapeError, UsageError: no pixels; it cannot be written.
    """
    exif = Image.Exif()
    if camera:
        exif[ExifTags.Base.Model] = camera
    if captured_at is not None:
        taken = captured_at.strftime("%Y:%m:%d %H:%M:%S")
        exif[ExifTags.IFD.Exif] = {int(ExifTags.Base.DateTimeOriginal): taken}
    out = io.BytesIO()
    _image(pixels).save(out, "JPEG", quality=quality, exif=exif)
    with output_file(path, synced=synced) as temporary:
        temporary.write_bytes(out.getvalue())


def write_png(path: Path, pixels: Pixels) -> None:
    """Write a PNG by an atomic replace. Raises ShapeError, UsageError."""
    out = io.BytesIO()
    _image(pixels).save(out, "PNG")
    with output_file(path) as temporary:
        temporary.write_bytes(out.getvalue())


def jpeg_bytes(pixels: Pixels, *, quality: int = 85, longest: int | None = None) -> bytes:
    """A picture as JPEG bytes, its longer side scaled down to `longest` pixels if it is larger. Raises ShapeError."""
    image = _image(pixels)
    if longest is not None:
        image.thumbnail((longest, longest), Image.Resampling.BICUBIC, reducing_gap=3.0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _image(pixels: Pixels) -> Image.Image:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise ShapeError(f"Pixels are {pixels.dtype} {pixels.shape}; wanted uint8 (height, width, 3), RGB.")
    return Image.fromarray(np.ascontiguousarray(pixels))


