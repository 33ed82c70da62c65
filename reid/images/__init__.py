"""Moved."""

from reid.images.decoding import (
    BOX_SLACK,
    IMAGE_SUFFIXES,
    MAX_BYTES,
    MAX_PIXELS,
    MAX_PIXELS_BY_PILLOW,
    box_fault,
    content,
    decode,
    facts,
    jpeg_bytes,
    read,
    resize,
    size,
    write_jpeg,
    write_png,
)

__all__ = [
    "BOX_SLACK",
    "IMAGE_SUFFIXES",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_PIXELS_BY_PILLOW",
    "box_fault",
    "content",
    "decode",
    "facts",
    "jpeg_bytes",
    "read",
    "resize",
    "size",
    "write_jpeg",
    "write_png",
]
