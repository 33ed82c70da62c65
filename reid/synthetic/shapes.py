"""Bodies as smooth unions of cones: a signed distance, where on the coat each pixel lies, and its shading normal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid.synthetic.noise import Field


@dataclass(frozen=True, slots=True)
class Cone:
    """A round-ended cone from (ax, ay) with radius `ra` to (bx, by) with radius `rb`, in body lengths, y down.

    `melt` is how softly it joins the cones before it; `bulge` in [0, 1] how far it stands out of them in the shading.
    """

    ax: float
    ay: float
    bx: float
    by: float
    ra: float
    rb: float
    melt: float = 0.03
    bulge: float = 0.0

    def box(self, margin: float) -> tuple[float, float, float, float]:
        """left, top, right, bottom of the cone with `margin` around it."""
        r = max(self.ra, self.rb) + margin
        return (
            min(self.ax, self.bx) - r,
            min(self.ay, self.by) - r,
            max(self.ax, self.bx) + r,
            max(self.ay, self.by) + r,
        )


@dataclass(frozen=True, slots=True)
class View:
    """How body coordinates fall on the frame: pixel = origin + matrix @ body (an affine map)."""

    matrix: tuple[float, float, float, float]
    origin: tuple[float, float]
    scale: float

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """The pixel (across, down) of a body point."""
        a, b, c, d = self.matrix
        return self.origin[0] + a * x + b * y, self.origin[1] + c * x + d * y

    def box(self, cones: Sequence[Cone], margin: float, size: tuple[int, int]) -> tuple[slice, slice]:
        """Rows and columns of a frame of `size` (H, W) that the cones can touch; empty slices when none."""
        corners = []
        for cone in cones:
            left, top, right, bottom = cone.box(margin)
            corners += [self.pixel(x, y) for x in (left, right) for y in (top, bottom)]
        across, down = [c[0] for c in corners], [c[1] for c in corners]
        top_row, left_column = max(0, int(min(down)) - 1), max(0, int(min(across)) - 1)
        return (
            slice(top_row, max(top_row, min(size[0], int(max(down)) + 2))),
            slice(left_column, max(left_column, min(size[1], int(max(across)) + 2))),
        )

    def body(self, rows: slice, columns: slice) -> tuple[Field, Field]:
        """Body coordinates x, y of the pixels in a window, each (rows, columns) float32."""
        a, b, c, d = self.matrix
        det = a * d - b * c
        across = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - np.float32(self.origin[0])
        down = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(self.origin[1])
        x = across * np.float32(d / det) - down * np.float32(b / det)
        y = down * np.float32(a / det) - across * np.float32(c / det)
        return x, y


@dataclass(frozen=True, slots=True)
class Skin:
    """The visible surface in one window of the frame; every field is (rows, columns) float32.

    `cover` is 0..1 per pixel, `x`/`y` the place on the coat at rest, `nx`/`ny` the normal in body directions.
    """

    rows: slice
    columns: slice
    cover: Field
    x: Field
    y: Field
    nx: Field
    ny: Field


def skin(posed: Sequence[Cone], rest: Sequence[Cone], view: View, size: tuple[int, int]) -> Skin:
    """Join the posed cones into one surface and carry the rest pose's coordinates along.

    Args:
        posed: the cones as they stand in this photo.
        rest: the same cones in the rest pose, where the coat is defined.
        view: body to frame.
        size: (H, W) of the frame.

    Returns:
        The surface, in the smallest window that holds it.
    """
    rows, columns = view.box(posed, 0.02, size)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    distance = np.full(shape, 9, np.float32)
    fields = np.zeros((4, *shape), np.float32)
    for cone, home in zip(posed, rest, strict=True):
        r, c = view.box([cone], cone.melt + 0.02, size)
        r = slice(max(r.start, rows.start), min(r.stop, rows.stop))
        c = slice(max(c.start, columns.start), min(c.stop, columns.stop))
        if r.start >= r.stop or c.start >= c.stop:
            continue
        up, left = rows.start, columns.start
        inner = (slice(r.start - up, r.stop - up), slice(c.start - left, c.stop - left))
        _join(distance[inner], fields[(slice(None), *inner)], cone, home, *view.body(r, c))
    cover: Field = np.clip(0.5 - distance * np.float32(view.scale), 0, 1)
    return Skin(rows, columns, cover, *fields)


def _join(distance: Field, fields: Field, cone: Cone, home: Cone, x: Field, y: Field) -> None:
    """Join one cone into a window, in place (a smooth minimum that also mixes the carried fields)."""
    px, py = x - np.float32(cone.ax), y - np.float32(cone.ay)
    vx, vy = cone.bx - cone.ax, cone.by - cone.ay
    length = max(float(np.hypot(vx, vy)), 1e-4)
    ux, uy = vx / length, vy / length
    along = px * np.float32(ux) + py * np.float32(uy)
    aside = py * np.float32(ux) - px * np.float32(uy)
    reach = np.clip(along, 0, np.float32(length))
    over = along - reach
    radius = cone.ra + reach * np.float32((cone.rb - cone.ra) / length)
    away = np.sqrt(over * over + aside * aside)
    mine = away - radius
    melt = np.float32(cone.melt)
    mix = np.clip(0.5 + 0.5 * (distance - mine) / melt, 0, 1)
    distance += (mine - distance) * mix - melt * mix * (1 - mix)
    hx, hy = home.bx - home.ax, home.by - home.ay
    home_length = max(float(np.hypot(hx, hy)), 1e-4)
    hx, hy = hx / home_length, hy / home_length
    fields[0] += mix * (home.ax + along * np.float32(hx) - aside * np.float32(hy) - fields[0])
    fields[1] += mix * (home.ay + along * np.float32(hy) + aside * np.float32(hx) - fields[1])
    if cone.bulge:
        mix = np.maximum(mix, np.clip(-mine / np.float32(0.06), 0, 1) * np.float32(cone.bulge))
    inverse = 1 / np.maximum(radius, away)
    fields[2] += mix * ((over * np.float32(ux) - aside * np.float32(uy)) * inverse - fields[2])
    fields[3] += mix * ((over * np.float32(uy) + aside * np.float32(ux)) * inverse - fields[3])
