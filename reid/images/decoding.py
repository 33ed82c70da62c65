"""One photo decoded: upright, RGB, cropped, and scaled down while decoding where that suffices."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from reid.errors import PhotoError, UsageError
from reid.images import exif
from reid.images.opening import opened_file, opened_image
from reid.records.photos import Box, Picture, Pixels, Size

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".tif", ".tiff", ".webp", ".bmp"})
"""Lower-case endings of the files that count as photos in a folder; the content decides how one is decoded."""
BOX_SLACK = 0.001
"""How far a box may reach out of the frame, as a fraction of it: detectors round; it is clipped."""


def read(path: Path, *, box: Box | None = None, shortest: int | None = None, sizes: Sequence[Size] = ()) -> Picture:
    """Decode one photo: upright, RGB, cropped to the box, and scaled down while decoding where that suffices.

    JPEG, MPO (its first picture), PNG, TIFF, WebP and BMP, by content; of several pages the first. Transparency is laid
    on white; 16-bit, 32-bit and float greys are scaled to 8 bits, not clipped.

    Args:
        path: the photo; its bytes are read once.
        box: the part to keep, in fractions of the upright frame; at least one pixel is kept.
        shortest: scale the (cropped) photo so that its shorter side is exactly this many pixels. A shorter side that is
            no longer than this stays as it is: nothing is ever scaled up.
        sizes: (height, width) of each `Picture.inputs` wanted, to which the (cropped) photo is squashed or stretched straight
            from what was decoded. With sizes and no `shortest`, `pixels` is the first of them.

    Raises:
        PhotoError: missing, a folder, empty, no image, truncated, damaged, too large, unreadable, or a box outside.
        UsageError: `shortest` is below 1.
    """
    return decode(content(path), str(path), box=box, shortest=shortest, sizes=sizes)


def content(path: Path) -> bytes:
    """The bytes of a photo's file. Raises PhotoError as `read` does."""
    with opened_file(path) as file:
        return file.read()


def decode(data: bytes, name: str, *, box: Box | None = None, shortest: int | None = None,
           sizes: Sequence[Size] = ()) -> Picture:
    """The same as `read` for a file already in memory; `name` is used in messages only."""
    if shortest is not None and shortest < 1:
        raise UsageError(f"The shorter side must be at least 1 pixel, not {shortest}.")
    if not data:
        raise PhotoError(f"{name}: is empty (0 bytes); copy it again from the camera card.")
    if box is not None and (fault := box_fault(box)):
        raise PhotoError(f"{name}: {fault}")
    with opened_image(io.BytesIO(data), name) as photo:
        if not isinstance(photo, JpegImageFile):  # PNG may carry its EXIF behind the pixels, TIFF turns upright itself
            photo.load()
        frame = _frame(photo, photo.size)
        crop = _crop(frame, box)
        extent = _draft(photo, _factor(crop, shortest, sizes)) or photo.size
        photo.load()
        cut = partial(_cut, _rgb(photo), extent, frame, crop)
        inputs = {wanted: cut(wanted) for wanted in sizes}
        pixels = inputs[sizes[0]] if sizes and shortest is None else cut(_shrunk(crop, shortest))
        facts = exif.read_header(photo)
    digest = hashlib.sha256(data).hexdigest()
    return Picture(pixels, digest, frame.width, frame.height, facts.captured_at, facts.camera, inputs)


def size(path: Path) -> tuple[int, int]:
    """(width, height) of the upright photo in pixels, from its header. Raises PhotoError as `read` does."""
    with opened_file(path) as file, opened_image(file, str(path)) as photo:
        if isinstance(photo, TiffImageFile):  # older Pillows give the size before turning here
            turned = photo.tag_v2.get(ExifTags.Base.Orientation) in exif.TRANSPOSED
            width, height = int(photo.tag_v2[256]), int(photo.tag_v2[257])
            return (height, width) if turned else (width, height)
        if isinstance(photo, PngImageFile):  # Pillow would decode it all to look for EXIF behind the pixels
            file.seek(0)
            data = file.read()
            if not any(mark in data for mark in (b"eXIf", b"Raw profile", b"adobe.xmp")):
                return photo.size
            file.seek(0)
            photo = PngImageFile(file)
        frame = _frame(photo, photo.size)
    return frame.width, frame.height


def header(path: Path) -> exif.Header:
    """When and with what camera a photo was taken, from its EXIF alone. Raises PhotoError as `read` does."""
    with opened_file(path) as file, opened_image(file, str(path)) as photo:
        return exif.read_header(photo)


def box_fault(box: Box) -> str:
    """What is wrong with a box, in one sentence; "" if it lies in the frame (within BOX_SLACK) and has an area."""
    values = (box.x, box.y, box.width, box.height)
    shown = f"the box x={box.x:g} y={box.y:g} width={box.width:g} height={box.height:g}"
    if not all(math.isfinite(value) for value in values):
        return f"{shown} has a value that is no number; give four fractions of the frame."
    if box.width <= 0 or box.height <= 0:
        return f"{shown} has no area; width and height must be above 0."
    if min(box.x, box.y) < -BOX_SLACK or max(box.x + box.width, box.y + box.height) > 1 + BOX_SLACK:
        return f"{shown} reaches outside of the photo; fractions of the upright frame lie between 0 and 1."
    return ""


@dataclass(frozen=True, slots=True)
class _Frame:
    """The upright photo before any scaling, and the EXIF orientation it is stored in."""

    width: int
    height: int
    orientation: int


def _frame(photo: ImageFile.ImageFile, stored: tuple[int, int]) -> _Frame:
    orientation = exif.orientation(photo)
    width, height = stored
    if isinstance(photo, TiffImageFile):  # was turned when it was loaded
        return _Frame(width, height, 1)
    return _Frame(height, width, orientation) if orientation in exif.TRANSPOSED else _Frame(width, height, orientation)


def _crop(frame: _Frame, box: Box | None) -> tuple[int, int, int, int]:
    """Whole pixels (left, top, right, bottom) of the upright frame; at least one pixel."""
    if box is None:
        return 0, 0, frame.width, frame.height
    left = min(max(round(box.x * frame.width), 0), frame.width - 1)
    top = min(max(round(box.y * frame.height), 0), frame.height - 1)
    right = min(max(round((box.x + box.width) * frame.width), left + 1), frame.width)
    bottom = min(max(round((box.y + box.height) * frame.height), top + 1), frame.height)
    return left, top, right, bottom


def _factor(crop: tuple[int, int, int, int], shortest: int | None, sizes: Sequence[Size]) -> float:
    """How far the crop may be scaled down so that nothing asked for is made of fewer pixels; 1 and above: not at all."""
    width, height = crop[2] - crop[0], crop[3] - crop[1]
    factors = [shortest / min(width, height)] if shortest is not None else []
    factors += [max(wanted[0] / height, wanted[1] / width) for wanted in sizes]
    return max(factors, default=1.0)


def _draft(photo: ImageFile.ImageFile, factor: float) -> tuple[float, float] | None:
    """Let the JPEG decoder scale by 1/2, 1/4 or 1/8; the extent of the frame in its pixels, None if it stays whole."""
    if factor >= 1:
        return None
    drafted = photo.draft(None, (math.ceil(photo.width * factor), math.ceil(photo.height * factor)))
    return (drafted[1][2], drafted[1][3]) if drafted else None


def _shrunk(crop: tuple[int, int, int, int], shortest: int | None) -> Size | None:
    """The (height, width) of a crop whose shorter side is to be this; None if it stays as it is."""
    width, height = crop[2] - crop[0], crop[3] - crop[1]
    if shortest is None or (factor := shortest / min(width, height)) >= 1:
        return None
    return max(shortest, round(height * factor)), max(shortest, round(width * factor))


def _cut(image: Image.Image, extent: tuple[float, float], frame: _Frame, crop: tuple[int, int, int, int],
         wanted: Size | None) -> Pixels:
    """Crop and scale in the stored frame, whose whole extent is given in the image's pixels, then turn upright."""
    left, top, right, bottom = crop
    flip_x, flip_y = frame.orientation in exif.FLIPPED_X, frame.orientation in exif.FLIPPED_Y
    turned = frame.orientation in exif.TRANSPOSED
    if flip_x:
        left, right = frame.width - right, frame.width - left
    if flip_y:
        top, bottom = frame.height - bottom, frame.height - top
    area = (top, left, bottom, right) if turned else (left, top, right, bottom)
    if wanted is not None:
        across = extent[0] / (frame.height if turned else frame.width)
        down = extent[1] / (frame.width if turned else frame.height)
        region = (area[0] * across, area[1] * down, area[2] * across, area[3] * down)
        pixels = np.asarray(image.resize(wanted if turned else wanted[::-1], Image.Resampling.BICUBIC, region, reducing_gap=3.0))
    else:
        pixels = np.asarray(image)[area[1] : area[3], area[0] : area[2]]
    pixels = pixels.swapaxes(0, 1) if turned else pixels
    pixels = pixels[:, ::-1] if flip_x else pixels
    return np.array(pixels[::-1] if flip_y else pixels, order="C")  # a copy: writable and free of the file


def _rgb(photo: ImageFile.ImageFile) -> Image.Image:
    if photo.mode == "F" or photo.mode.startswith("I"):
        return _eight_bits(photo).convert("RGB")
    if not photo.has_transparency_data:
        return photo.convert("RGB")
    straight = photo.convert("LA") if photo.mode == "La" else photo
    clear = straight.convert("RGBA")
    white = Image.new("RGB", clear.size, (255, 255, 255))
    white.paste(clear, mask=clear.getchannel("A"))
    return white


def _eight_bits(photo: ImageFile.ImageFile) -> Image.Image:
    """A grey of 16 or 32 bits or of floats in 8 bits: white is the top of the range that its type and values fit."""
    values = np.nan_to_num(np.asarray(photo, dtype=np.float32))
    peak = float(values.max(initial=0.0))
    if photo.mode.startswith("I;16") or isinstance(photo, PngImageFile):
        white = 65535.0
    else:
        tops = (1.0, 255.0, 65535.0) if photo.mode == "F" else (65535.0, 2.0**31 - 1)
        white = next((top for top in tops if peak <= top), peak)
    levels = np.clip(np.rint(values * (255.0 / white)), 0, 255).astype(np.uint8)
    if isinstance(photo, TiffImageFile) and photo.tag_v2.get(262) == 0:  # white is zero; Pillow turns 8-bit greys only
        levels = 255 - levels
    return Image.fromarray(levels)


