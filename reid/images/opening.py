"""Files of photos opened by what they hold, without Pillow's warnings: whatever is wrong becomes a PhotoError."""

from __future__ import annotations

import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from reid.errors import PhotoError

MAX_PIXELS = 300_000_000
"""Photos of more pixels are refused before anything is allocated."""
MAX_PIXELS_BY_PILLOW = 178_000_000
"""The same for TIFF and WebP, where Pillow has a bound of its own."""
MAX_BYTES = 512 * 1024 * 1024
"""Larger files are refused before they are read."""
_RAW = frozenset({".nef", ".cr2", ".cr3", ".dng", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw", ".nrw"})


@contextmanager
def opened_image(file: IO[bytes], name: str) -> Iterator[ImageFile.ImageFile]:
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
def opened_file(path: Path) -> Iterator[IO[bytes]]:
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
