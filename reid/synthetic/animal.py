"""Paint one animal onto a frame: limbs behind, trunk, head, eye, each lit as a round body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid.records import Box
from reid.synthetic.builds import REST, Pose, body_cones, head_points
from reid.synthetic.coats import Coat, Colour
from reid.synthetic.noise import Field, step
from reid.synthetic.shapes import Cone, View, skin


@dataclass(frozen=True, slots=True)
class Placed:
    """One animal and how it stands in the frame.

    Attributes:
        coat: the flank that faces the camera.
        side: left or right: the flank shown; a left flank looks left.
        pose: joint angles.
        width: breadth of the animal as a share of the frame's.
        across: where its middle is, 0 (left edge) to 1.
        ground: where its feet are, 0 (top edge) to 1.
        pitch: lean in radians; `turn` in (0, 1]: foreshortening, 1 is a pure side view; `shear`: perspective slant.
    """

    coat: Coat
    side: str
    pose: Pose
    width: float = 0.62
    across: float = 0.5
    ground: float = 0.86
    pitch: float = 0.0
    turn: float = 1.0
    shear: float = 0.0


@dataclass(frozen=True, slots=True)
class Sun:
    """Where light comes from (unit vector right, down, towards the camera) and how strong light and shade are."""

    right: float = -0.25
    down: float = -0.72
    near: float = 0.64
    ambient: float = 0.50
    direct: float = 0.62
    eyeshine: float = 0.0


def view_of(placed: Placed, size: tuple[int, int]) -> View:
    """The map from body coordinates to a frame of `size` (H, W); feet on the ground, never taller than the frame."""
    cones = [cone for layer in body_cones(placed.coat.build, placed.pose).values() for cone in layer]
    boxes = np.array([cone.box(0.0) for cone in cones])
    left, top = boxes[:, :2].min(axis=0)
    right = boxes[:, 2].max()
    facing = -1.0 if placed.side == "left" else 1.0
    tall = placed.coat.build.leg - top
    scale = min(placed.width * size[1] / (right - left) / placed.turn**0.5, 1.02 * placed.ground * size[0] / tall)
    cos, sin = float(np.cos(placed.pitch)), float(np.sin(placed.pitch))
    matrix = (
        facing * scale * placed.turn * cos,
        -facing * scale * placed.turn * sin,
        scale * (sin + placed.shear),
        scale * cos,
    )
    middle = 0.5 * (left + right)
    across = placed.across * size[1] - matrix[0] * middle
    down = placed.ground * size[0] - scale * placed.coat.build.leg
    return View(matrix, (float(across), float(down)), float(scale))


def outline(placed: Placed, size: tuple[int, int]) -> Box:
    """The box around the animal, cut at the frame's edges.

    Args:
        placed: the animal.
        size: (height, width) of the frame in pixels.
    """
    view = view_of(placed, size)
    cones = [cone for layer in body_cones(placed.coat.build, placed.pose).values() for cone in layer]
    ends = [(x, y, radius) for cone in cones for x, y, radius in ((cone.ax, cone.ay, cone.ra), (cone.bx, cone.by, cone.rb))]
    points = [(*view.pixel(x, y), radius * view.scale) for x, y, radius in ends]
    left, right = min(x - r for x, _, r in points), max(x + r for x, _, r in points)
    top, bottom = min(y - r for _, y, r in points), max(y + r for _, y, r in points)
    left, right = max(0.0, left / size[1]), min(1.0, right / size[1])
    top, bottom = max(0.0, top / size[0]), min(1.0, bottom / size[0])
    return Box(left, top, right - left, bottom - top)


def cast_shadow(frame: Field, placed: Placed, strength: float) -> None:
    """Darken the ground under the animal, in place."""
    height, width = frame.shape[:2]
    view = view_of(placed, (height, width))
    centre, down = view.pixel(0.02, placed.coat.build.leg)
    long, deep = view.scale * placed.turn * 0.80, view.scale * 0.11
    rows = slice(max(0, int(down - 3 * deep)), min(height, int(down + 3 * deep) + 1))
    if rows.start >= rows.stop:
        return
    x = (np.arange(width, dtype=np.float32)[None, :] - np.float32(centre)) / np.float32(long)
    y = (np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(down)) / np.float32(deep)
    dark = step(1.25, 0.2, np.sqrt(x * x + y * y)) * np.float32(strength)
    frame[rows] *= (1 - dark)[..., None]


def paint_animal(frame: Field, placed: Placed, sun: Sun) -> None:
    """Paint an animal, in place.

    Args:
        frame: (H, W, 3) float32 in [0, 1].
        placed: the animal.
        sun: the light.
    """
    coat, size = placed.coat, (frame.shape[0], frame.shape[1])
    view = view_of(placed, size)
    posed, rest = body_cones(coat.build, placed.pose), body_cones(coat.build, REST)
    facing = -1.0 if placed.side == "left" else 1.0
    horn = (0.80, 0.76, 0.66) if coat.build.horns == "tusks" else (0.34, 0.27, 0.21)
    if coat.build.horns == "ossicones":
        horn = (0.42, 0.29, 0.18)
    plain: dict[str, Colour | None] = {"mane": coat.palette.mane, "horns": horn}
    shade = {"far_legs": 0.58, "far_ear": 0.66, "tail": 0.86, "mane": 0.92}
    for name, cones in posed.items():
        if cones:
            tint = plain.get(name)
            _paint(frame, cones, rest[name], view, coat, sun, facing, shade.get(name, 1.0), tint)
        if name == "near_ear":
            _paint_inner_ear(frame, cones, view, coat)
    _paint_face(frame, placed, view, sun)


def _paint(
    frame: Field,
    posed: Sequence[Cone],
    rest: Sequence[Cone],
    view: View,
    coat: Coat,
    sun: Sun,
    facing: float,
    shade: float,
    tint: Colour | None,
) -> None:
    """Paint one layer of cones: colour from the coat (mixed with `tint`), light from the normal."""
    surface = skin(posed, rest, view, (frame.shape[0], frame.shape[1]))
    if surface.cover.size == 0:
        return
    colour = coat.sample(surface.x, surface.y)
    if tint is not None:
        colour += (np.array(tint, np.float32) - colour) * np.float32(0.55 if shade < 1 else 1.0)
    out = np.minimum(surface.nx * surface.nx + surface.ny * surface.ny, 1)
    toward = np.sqrt(1 - out * np.float32(0.97))
    light = surface.nx * np.float32(sun.right * facing) + surface.ny * np.float32(sun.down)
    light += toward * np.float32(sun.near)
    bright = sun.ambient + np.float32(sun.direct) * np.clip(light, -0.25, 1)
    bright *= (0.72 + 0.28 * step(0.0, 0.55, toward)) * np.float32(shade)
    colour *= bright[..., None]
    part = frame[surface.rows, surface.columns]
    part += (colour - part) * surface.cover[..., None]


def _paint_inner_ear(frame: Field, cones: Sequence[Cone], view: View, coat: Coat) -> None:
    """The paler or pinker inside of the near ear."""
    ear = cones[0]
    x0, y0 = ear.ax + 0.35 * (ear.bx - ear.ax), ear.ay + 0.35 * (ear.by - ear.ay)
    inner = Cone(x0, y0, ear.ax + 0.8 * (ear.bx - ear.ax), ear.ay + 0.8 * (ear.by - ear.ay), ear.ra * 0.5, ear.rb * 0.4)
    base = np.array(coat.palette.base) * 0.45 + np.array((0.20, 0.13, 0.10))
    _dab(frame, inner, view, (float(base[0]), float(base[1]), float(base[2])), 0.8)


def _dab(frame: Field, cone: Cone, view: View, colour: Colour, strength: float) -> None:
    """One flat spot of colour in the shape of a cone."""
    surface = skin([cone], [cone], view, (frame.shape[0], frame.shape[1]))
    part = frame[surface.rows, surface.columns]
    part += (np.array(colour, np.float32) - part) * (surface.cover * np.float32(strength))[..., None]


def _paint_face(frame: Field, placed: Placed, view: View, sun: Sun) -> None:
    """Eye with its highlight (or eyeshine), nostril and mouth."""
    build = placed.coat.build
    points = head_points(build, placed.pose)
    size = 0.020 + 0.045 * build.skull
    (ex, ey), (nx, ny) = points["eye"], points["nostril"]
    (mx, my), (jx, jy) = points["mouth"], points["jaw"]
    _dab(frame, Cone(mx, my, jx, jy, 0.007, 0.004), view, (0.10, 0.07, 0.06), 0.7)
    _dab(frame, Cone(nx, ny, nx - 0.01, ny + 0.012, 0.014, 0.010), view, (0.06, 0.04, 0.04), 0.85)
    rim = (0.07, 0.05, 0.04)
    _dab(frame, Cone(ex - 0.014, ey, ex + 0.012, ey + 0.005, size * 0.95, size * 0.8), view, rim, 0.75)
    if sun.eyeshine:
        glow = (0.95 * sun.eyeshine, 0.97 * sun.eyeshine, 0.92 * sun.eyeshine)
        _dab(frame, Cone(ex, ey, ex + 0.002, ey, size * 0.7, size * 0.7), view, glow, 1.0)
        return
    _dab(frame, Cone(ex, ey, ex + 0.004, ey, size * 0.66, size * 0.66), view, (0.16, 0.09, 0.04), 0.9)
    _dab(frame, Cone(ex - 0.006, ey - 0.010, ex - 0.002, ey - 0.010, 0.007, 0.006), view, (0.95, 0.95, 0.92), 0.9)
