"""Pictures about pictures: two photos side by side and what connects them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from reid.errors import ShapeError
from reid.records import Pixels

GAP, STRIP, TEXT = 14, 30, 16
"""Pixels between the photos, of the strip with the titles above them, and of its letters."""
FINER = 2
"""Lines are drawn so many times larger and scaled down: that makes them smooth."""
DOT_RADIUS = 10
"""Radius of the numbered dot at each end of a line."""
DIM = 0.45
"""Brightness of places that play no part, as a share of their own."""
GLOW = 0.06
"""How far a place shines, as a fraction of the frame."""
WEAK, STRONG = (64, 156, 255), (255, 196, 0)
"""Colours of the weakest and the strongest line: distinct to every eye, and seldom those of fur."""
FULL = 0.6
"""The strength from which a line has the colour of the strongest, and its places are fully bright."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A place (x, y) of the left photo and its place in the right one, fractions of each frame; strength in [0, 1]."""

    left: tuple[float, float]
    right: tuple[float, float]
    strength: float


def connected(
    left: Pixels, right: Pixels, strokes: Sequence[Stroke], *, titles: tuple[str, str] = ("", ""), height: int = 360,
    lines: int = 16,
) -> Pixels:
    """Two photos side by side: what plays a part is bright, the strongest strokes are lines with a number at each end.

    Args:
        left, right: (H, W, 3) uint8 RGB, of any two sizes.
        strokes: strongest first; all of them make places bright.
        titles: above each photo; letters that the built-in font lacks are shown as boxes.
        height: to which both photos are scaled, in pixels.
        lines: drawn at most, spread over the animal: of strokes that start close together only the strongest.

    Raises:
        ShapeError: a photo is not (H, W, 3) uint8, or the height is below 32.
    """
    if height < 32:
        raise ShapeError(f"a picture {height} pixels high shows nothing; wanted at least 32")
    shares = np.array([min(1.0, stroke.strength / FULL) for stroke in strokes])
    photos = [
        _lit(_scaled(photo, height), np.array([getattr(stroke, end) for stroke in strokes]).reshape(-1, 2), shares)
        for photo, end in ((left, "left"), (right, "right"))
    ]
    offset = photos[0].width + GAP
    canvas = Image.new("RGB", (offset + photos[1].width, STRIP + height), (24, 24, 24))
    canvas.paste(photos[0], (0, STRIP))
    canvas.paste(photos[1], (offset, STRIP))
    canvas = _with_lines(canvas, photos, offset, _spread(strokes, lines))
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(TEXT)
    for at, title in zip((0, offset), titles, strict=True):
        pen.text((at + 8, (STRIP - TEXT) // 2 - 1), title, fill=(235, 235, 235), font=font)
    return np.array(canvas)


def _scaled(pixels: Pixels, height: int) -> Image.Image:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise ShapeError(f"Pixels are {pixels.dtype} {pixels.shape}; wanted uint8 (height, width, 3), RGB.")
    width = min(4 * height, max(1, round(height * pixels.shape[1] / pixels.shape[0])))  # a box may be a mere line
    return Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height), Image.Resampling.BICUBIC)


def _lit(photo: Image.Image, places: NDArray[np.float64], strength: NDArray[np.float64]) -> Image.Image:
    """The photo dimmed, but for the places, each as bright as it is strong."""
    rows, columns = (np.arange(side) + 0.5 for side in (photo.height // 8, photo.width // 8))
    down = np.exp(-(((rows[None] / len(rows) - places[:, 1:]) / GLOW) ** 2) / 2)
    across = np.exp(-(((columns[None] / len(columns) - places[:, :1]) / GLOW) ** 2) / 2)
    light = (np.sqrt(strength)[:, None, None] * down[:, :, None] * across[:, None, :]).max(axis=0, initial=0.0)
    mask = Image.fromarray(np.rint(255 * np.clip(light, 0, 1)).astype(np.uint8)).resize(photo.size, Image.Resampling.BICUBIC)
    dark = photo.point([round(DIM * value) for value in range(256)] * 3)
    return Image.composite(photo, dark, mask)


def _spread(strokes: Sequence[Stroke], most: int) -> list[Stroke]:
    """The strongest strokes of which no two start within `GLOW` of each other."""
    chosen: list[Stroke] = []
    for stroke in strokes:
        if len(chosen) == most:
            break
        if all(np.hypot(stroke.left[0] - other.left[0], stroke.left[1] - other.left[1]) > GLOW for other in chosen):
            chosen.append(stroke)
    return chosen


def _with_lines(
    canvas: Image.Image, photos: Sequence[Image.Image], offset: int, strokes: Sequence[Stroke]
) -> Image.Image:
    large = canvas.resize((canvas.width * FINER, canvas.height * FINER), Image.Resampling.NEAREST)  # the photos stay as they are
    pen = ImageDraw.Draw(large)
    font, radius = ImageFont.load_default(FINER * 1.3 * DOT_RADIUS), FINER * DOT_RADIUS
    for number, stroke in reversed(list(enumerate(strokes, start=1))):  # the strongest lie on top
        share = min(1.0, stroke.strength / FULL)
        colour = tuple(round(weak + share * (strong - weak)) for weak, strong in zip(WEAK, STRONG, strict=True))
        ends = [
            (FINER * (start + x * photo.width), FINER * (STRIP + y * photo.height))
            for (x, y), photo, start in ((stroke.left, photos[0], 0), (stroke.right, photos[1], offset))
        ]
        pen.line(ends, fill=colour, width=round(FINER * (0.5 + share)))
        for x, y in ends:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline=(0, 0, 0), width=FINER)
            pen.text((x, y), str(number), fill=(0, 0, 0), font=font, anchor="mm")
    return large.resize(canvas.size, Image.Resampling.BOX)
