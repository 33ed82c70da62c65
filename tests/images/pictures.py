"""Small pictures whose colours say which way is up."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image

TURN = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270}
"""How a camera stores an upright scene under each EXIF orientation."""


def corners(height: int = 40, width: int = 60) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Red top left, green top right, blue bottom left, white bottom right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (250, 10, 20)
    pixels[: height // 2, width // 2 :] = (10, 240, 30)
    pixels[height // 2 :, : width // 2] = (20, 30, 230)
    pixels[height // 2 :, width // 2 :] = (255, 255, 255)
    return pixels


def save(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def near(pixel: Any, wanted: tuple[int, int, int], tolerance: int) -> bool:
    return bool(np.abs(np.asarray(pixel, int) - np.asarray(wanted)).max() <= tolerance)


def stored(orientation: int, kind: str, pixels: Any) -> bytes:
    image = Image.fromarray(pixels)
    image = image.transpose(TURN[orientation]) if orientation in TURN else image
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    return encoded(image, kind, exif=exif, **options)


def cmyk_jpeg(adobe: bool) -> bytes:
    """C=200 M=50 Y=10 K=20 (0 = no ink), stored inverted as all programs do, with Adobe's marker or without."""
    data = encoded(Image.new("CMYK", (40, 40), (200, 50, 10, 20)), "JPEG", quality=100)
    at = data.index(b"\xff\xee")
    return data if adobe else data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0] :]
