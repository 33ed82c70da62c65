"""Photos as pixels, the only PIL of the project: decode (scaled while decoding), upright, crop, resize, encode.

Colours are taken as sRGB: a colour profile inside a file is not applied, as in every net this project loads.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import stat
import struct
import threading
import uuid
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
from PIL import ExifTags, Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from reid.errors import PhotoError, ShapeError, UsageError
from reid.records import Box, Picture, Pixels, Size

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".tif", ".tiff", ".webp", ".bmp"})
"""Lower-case endings of the files that count as photos in a folder; the content decides how one is decoded."""
MAX_PIXELS = 300_000_000
"""Photos of more pixels are refused before anything is allocated."""
MAX_PIXELS_BY_PILLOW = 178_000_000
"""The same for TIFF and WebP, where Pillow has a bound of its own."""
MAX_BYTES = 512 * 1024 * 1024
"""Larger files are refused before they are read."""
BOX_SLACK = 0.001
"""How far a box may reach out of the frame, as a fraction of it: detectors round; it is clipped."""

_RAW = frozenset({".nef", ".cr2", ".cr3", ".dng", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw", ".nrw"})
_ANY_EXIF_FAULT = (OSError, ValueError, SyntaxError, LookupError, TypeError, AttributeError, ArithmeticError, EOFError,
                   RuntimeError, MemoryError, struct.error, zlib.error)
_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_FLIPPED_X, _FLIPPED_Y, _TRANSPOSED = (2, 3, 6, 7), (3, 4, 7, 8), (5, 6, 7, 8)


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
    with _file(path) as file:
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
    with _photo(io.BytesIO(data), name) as photo:
        if not isinstance(photo, JpegImageFile):  # PNG may carry its EXIF behind the pixels, TIFF turns upright itself
            photo.load()
        frame = _frame(photo, photo.size)
        crop = _crop(frame, box)
        extent = _draft(photo, _factor(crop, shortest, sizes)) or photo.size
        photo.load()
        cut = partial(_cut, _rgb(photo), extent, frame, crop)
        inputs = {size: cut(size) for size in sizes}
        pixels = inputs[sizes[0]] if sizes and shortest is None else cut(_shrunk(crop, shortest))
        captured_at, camera = _exif_facts(photo)
    return Picture(pixels, hashlib.sha256(data).hexdigest(), frame.width, frame.height, captured_at, camera, inputs)


def size(path: Path) -> tuple[int, int]:
    """(width, height) of the upright photo in pixels, from its header. Raises PhotoError as `read` does."""
    with _file(path) as file, _photo(file, str(path)) as photo:
        if isinstance(photo, TiffImageFile):  # older Pillows give the size before turning here
            turned = photo.tag_v2.get(ExifTags.Base.Orientation) in _TRANSPOSED
            width, height = int(photo.tag_v2[256]), int(photo.tag_v2[257])
            return (height, width) if turned else (width, height)
        if isinstance(photo, PngImageFile):  # Pillow would decode it all to look for EXIF behind the pixels
            file.seek(0)
            content = file.read()
            if not any(mark in content for mark in (b"eXIf", b"Raw profile", b"adobe.xmp")):
                return photo.size
            file.seek(0)
            photo = PngImageFile(file)
        frame = _frame(photo, photo.size)
    return frame.width, frame.height


def facts(path: Path) -> tuple[datetime | None, str]:
    """(when, with what camera) a photo was taken, from its EXIF alone. Raises PhotoError as `read` does."""
    with _file(path) as file, _photo(file, str(path)) as photo:
        return _exif_facts(photo)


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


def resize(pixels: Pixels, height: int, width: int) -> Pixels:
    """Squash or stretch a picture to exactly (height, width, 3): bicubic, antialiased. Raises ShapeError."""
    if height < 1 or width < 1:
        raise ShapeError(f"A picture cannot be {height} high and {width} wide; both must be at least 1.")
    return np.array(_image(pixels).resize((width, height), Image.Resampling.BICUBIC))


def write_jpeg(path: Path, pixels: Pixels, *, quality: int = 90, captured_at: datetime | None = None,
               camera: str = "") -> None:
    """Write a JPEG, with its EXIF date and camera if given, beside and swapped in. Raises ShapeError, UsageError."""
    exif = Image.Exif()
    if camera:
        exif[ExifTags.Base.Model] = camera
    if captured_at is not None:
        taken = captured_at.strftime("%Y:%m:%d %H:%M:%S")
        exif[ExifTags.IFD.Exif] = {int(ExifTags.Base.DateTimeOriginal): taken}
    out = io.BytesIO()
    _image(pixels).save(out, "JPEG", quality=quality, exif=exif)
    _swap_in(path, out.getvalue())


def write_png(path: Path, pixels: Pixels) -> None:
    """Write a PNG beside and swapped in. Raises ShapeError, UsageError."""
    out = io.BytesIO()
    _image(pixels).save(out, "PNG")
    _swap_in(path, out.getvalue())


def jpeg_bytes(pixels: Pixels, *, quality: int = 85, longest: int | None = None) -> bytes:
    """A picture as JPEG bytes, its longer side scaled down to `longest` pixels if it is larger. Raises ShapeError."""
    image = _image(pixels)
    if longest is not None:
        image.thumbnail((longest, longest), Image.Resampling.BICUBIC, reducing_gap=3.0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Frame:
    """The upright photo before any scaling, and the EXIF orientation it is stored in."""

    width: int
    height: int
    orientation: int


def _frame(photo: ImageFile.ImageFile, stored: tuple[int, int]) -> _Frame:
    try:
        orientation = int(photo.getexif().get(ExifTags.Base.Orientation, 1))
    except _ANY_EXIF_FAULT:
        orientation = 1
    if orientation not in range(1, 9):
        orientation = 1
    width, height = stored
    if isinstance(photo, TiffImageFile):  # was turned when it was loaded
        return _Frame(width, height, 1)
    return _Frame(height, width, orientation) if orientation in _TRANSPOSED else _Frame(width, height, orientation)


def _exif_facts(photo: ImageFile.ImageFile) -> tuple[datetime | None, str]:
    """When and with what camera; None and "" where EXIF is absent or damaged: the pixels are still good."""
    try:
        exif = photo.getexif()
        camera = str(exif.get(ExifTags.Base.Model, ""))
        taken = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
    except _ANY_EXIF_FAULT:
        return None, ""
    camera = "".join(letter for letter in camera if letter.isprintable()).strip()
    found = _DATE.match(str(taken).strip())
    try:
        return (datetime.fromisoformat("{}-{}-{} {}:{}:{}".format(*found.groups())) if found else None), camera
    except ValueError:
        return None, camera


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
    factors += [max(size[0] / height, size[1] / width) for size in sizes]
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
         size: Size | None) -> Pixels:
    """Crop and scale in the stored frame, whose whole extent is given in the image's pixels, then turn upright."""
    left, top, right, bottom = crop
    flip_x, flip_y = frame.orientation in _FLIPPED_X, frame.orientation in _FLIPPED_Y
    turned = frame.orientation in _TRANSPOSED
    if flip_x:
        left, right = frame.width - right, frame.width - left
    if flip_y:
        top, bottom = frame.height - bottom, frame.height - top
    area = (top, left, bottom, right) if turned else (left, top, right, bottom)
    if size is not None:
        across = extent[0] / (frame.height if turned else frame.width)
        down = extent[1] / (frame.width if turned else frame.height)
        region = (area[0] * across, area[1] * down, area[2] * across, area[3] * down)
        pixels = np.asarray(image.resize(size if turned else size[::-1], Image.Resampling.BICUBIC, region, reducing_gap=3.0))
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


@contextmanager
def _photo(file: IO[bytes], name: str) -> Iterator[ImageFile.ImageFile]:
    """Open by signature and keep Pillow quiet; whatever its decoders raise becomes a PhotoError."""
    with _no_warnings():
        try:
            photo = _open(file, name)
            yield photo
        except PhotoError:
            raise
        except MemoryError as fault:
            raise PhotoError(f"{name}: does not fit in memory; save it smaller.") from fault
        except Exception as fault:
            what = str(fault) or type(fault).__name__
            short = "truncated" in what.lower() or isinstance(fault, EOFError)
            raise PhotoError(f"{name}: {'is truncated' if short else 'cannot be decoded'} ({what}); copy it again from "
                             "the camera card.") from fault


def _open(file: IO[bytes], name: str) -> ImageFile.ImageFile:
    """Read the header. Plugins are called one by one: `Image.open` obeys a global bound and warns."""
    head = file.read(16)
    file.seek(0)
    if Path(name).suffix.lower() in _RAW:
        raise PhotoError(f"{name}: is a camera raw file; export it as JPEG.")
    photo: ImageFile.ImageFile
    bound = MAX_PIXELS
    if head.startswith(b"\xff\xd8\xff"):
        photo = JpegImageFile(file)
    elif head.startswith(b"\x89PNG\r\n\x1a\n"):
        photo = PngImageFile(file)
    elif head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        photo, bound = TiffImageFile(file), MAX_PIXELS_BY_PILLOW
    elif head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        photo, bound = WebPImageFile(file), MAX_PIXELS_BY_PILLOW
    elif head.startswith(b"BM"):
        photo = BmpImageFile(file)
    else:
        kind = "a HEIC or AVIF photo" if head[4:8] == b"ftyp" else "no image"
        raise PhotoError(f"{name}: is {kind}; wanted JPEG, PNG, TIFF, WebP or BMP. Convert it or leave it out.")
    if photo.width * photo.height > bound:
        raise PhotoError(f"{name}: has {photo.width} x {photo.height} pixels, more than the {bound // 1_000_000} "
                         "million that are decoded; save it smaller.")
    return photo


@contextmanager
def _file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file after a look at what it is: a pipe would block, a huge file would fill the memory."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise PhotoError(f"{path}: does not exist; check the path.") from None
    except (OSError, ValueError) as fault:
        raise PhotoError(f"{path}: cannot be reached ({fault}); check the path and its permissions.") from fault
    if not stat.S_ISREG(status.st_mode):
        kind = "folder; name a photo in it" if path.is_dir() else "device or pipe; copy the photo to a file first"
        raise PhotoError(f"{path}: is a {kind}.")
    if status.st_size == 0:
        raise PhotoError(f"{path}: is empty (0 bytes); copy it again from the camera card.")
    if status.st_size > MAX_BYTES:
        raise PhotoError(f"{path}: has {status.st_size >> 20} MB, more than the {MAX_BYTES >> 20} MB that are read; "
                         "save it smaller.")
    try:
        with path.open("rb") as file:
            yield file
    except OSError as fault:
        raise PhotoError(f"{path}: cannot be read ({fault.strerror}); check its permissions.") from fault


_quiet_lock = threading.Lock()
_quiet_count = 0
_quiet_filters = warnings.catch_warnings()


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Ignore Pillow's warnings. One filter for all threads that decode: `catch_warnings` in each would mix them up."""
    global _quiet_count, _quiet_filters
    with _quiet_lock:
        _quiet_count += 1
        if _quiet_count == 1:
            _quiet_filters = warnings.catch_warnings()
            _quiet_filters.__enter__()
            warnings.filterwarnings("ignore", module=r"PIL\.|reid\.images")
    try:
        yield
    finally:
        with _quiet_lock:
            _quiet_count -= 1
            if _quiet_count == 0:
                _quiet_filters.__exit__(None, None, None)


def _image(pixels: Pixels) -> Image.Image:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise ShapeError(f"Pixels are {pixels.dtype} {pixels.shape}; wanted uint8 (height, width, 3), RGB.")
    return Image.fromarray(np.ascontiguousarray(pixels))


def _swap_in(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as fault:
        beside.unlink(missing_ok=True)
        raise UsageError(f"{path}: not written ({fault.strerror}); name a folder that can be written to.") from fault
