"""Photos as pixels, the only PIL of the project: opened by content, decoded (scaled while decoding), upright, cropped, encoded.

Colours are taken as sRGB: a colour profile inside a file is not applied, as in every net this project loads.
"""

from reid.images.decoding import BOX_SLACK, IMAGE_SUFFIXES, box_fault, content, decode, header, read, size
from reid.images.encoding import jpeg_bytes, resize, write_jpeg, write_png
from reid.images.exif import Header
from reid.images.opening import MAX_BYTES, MAX_PIXELS, MAX_PIXELS_BY_PILLOW

__all__ = [
    "BOX_SLACK",
    "IMAGE_SUFFIXES",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_PIXELS_BY_PILLOW",
    "Header",
    "box_fault",
    "content",
    "decode",
    "header",
    "jpeg_bytes",
    "read",
    "resize",
    "size",
    "write_jpeg",
    "write_png",
]
