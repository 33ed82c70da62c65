"""The coat of one individual: what its flank looks like, at rest and without a scene, in one season."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from reid.synthetic.builds import REST, Build, body_cones, build_of
from reid.synthetic.noise import Field, name_word, smooth_noise, step, stream
from reid.synthetic.patterns import PATTERNS, Cloth, make_of

FINE = 150.0
Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Palette:
    """A species' colours, each red, green, blue in [0, 1]."""

    base: Colour
    under: Colour
    mark: Colour
    fill: Colour
    muzzle: Colour
    foot: Colour
    mane: Colour


PALETTES: Mapping[str, Palette] = MappingProxyType(
    {
        "zebra": Palette(
            (0.90, 0.87, 0.81), (0.93, 0.91, 0.87), (0.11, 0.095, 0.09), (0.55, 0.45, 0.36),
            (0.15, 0.13, 0.12), (0.20, 0.18, 0.17), (0.12, 0.10, 0.10),
        ),
        "leopard": Palette(
            (0.80, 0.60, 0.34), (0.92, 0.87, 0.77), (0.12, 0.09, 0.06), (0.68, 0.45, 0.21),
            (0.76, 0.60, 0.46), (0.72, 0.58, 0.38), (0.5, 0.4, 0.3),
        ),
        "tiger": Palette(
            (0.80, 0.46, 0.16), (0.93, 0.88, 0.80), (0.10, 0.07, 0.06), (0.7, 0.4, 0.2),
            (0.90, 0.80, 0.70), (0.80, 0.58, 0.36), (0.5, 0.3, 0.1),
        ),
        "hyena": Palette(
            (0.66, 0.56, 0.42), (0.60, 0.51, 0.40), (0.20, 0.15, 0.11), (0.4, 0.3, 0.2),
            (0.16, 0.13, 0.12), (0.25, 0.19, 0.15), (0.42, 0.33, 0.23),
        ),
        "giraffe": Palette(
            (0.88, 0.78, 0.58), (0.90, 0.83, 0.68), (0.55, 0.31, 0.13), (0.38, 0.20, 0.08),
            (0.62, 0.50, 0.38), (0.28, 0.22, 0.18), (0.45, 0.26, 0.12),
        ),
        "nyala": Palette(
            (0.47, 0.28, 0.15), (0.42, 0.27, 0.17), (0.94, 0.90, 0.84), (0.4, 0.3, 0.2),
            (0.18, 0.13, 0.11), (0.17, 0.13, 0.12), (0.22, 0.15, 0.11),
        ),
        "deer": Palette(
            (0.64, 0.39, 0.20), (0.88, 0.82, 0.74), (0.95, 0.91, 0.84), (0.5, 0.3, 0.2),
            (0.20, 0.15, 0.13), (0.18, 0.14, 0.12), (0.30, 0.20, 0.13),
        ),
        "boar": Palette(
            (0.25, 0.205, 0.17), (0.21, 0.175, 0.15), (0.12, 0.10, 0.09), (0.34, 0.28, 0.23),
            (0.42, 0.33, 0.30), (0.10, 0.09, 0.08), (0.10, 0.085, 0.075),
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coat:
    """One flank of one individual in one season.

    Attributes:
        pixels: (H, W, 3) uint8, the coat laid out over the rest pose.
        mask: (H, W) bool, true where the animal's body is.
        left: body x of the first column; `top`: body y of the first row.
        build: the individual's measures.
        palette: the species' colours.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    left: float
    top: float
    build: Build
    palette: Palette

    def sample(self, x: Field, y: Field) -> Field:
        """Colours (..., 3) float32 in [0, 1] at body places x, y; bilinear, the border repeated."""
        height, width = self.pixels.shape[:2]
        across = np.clip((x - np.float32(self.left)) * np.float32(FINE), 0, width - 1.01)
        down = np.clip((y - np.float32(self.top)) * np.float32(FINE), 0, height - 1.01)
        column, row = across.astype(np.int32), down.astype(np.int32)
        fx, fy = (across - column)[..., None], (down - row)[..., None]
        flat, at = self.pixels.reshape(-1, 3), row * width + column
        top = flat[at] * (1 - fx) + flat[at + 1] * fx
        bottom = flat[at + width] * (1 - fx) + flat[at + width + 1] * fx
        colours: Field = (top + (bottom - top) * fy) * np.float32(1 / 255)
        return colours


@lru_cache(maxsize=256)  # about 0.4 MB each
def coat_of(species: str, individual: int, side: str, season: int, seed: int) -> Coat:
    """The coat of one flank of one individual in one season.

    The pattern depends on species, individual, side and seed; its make (how broad, how dense) is the same on both flanks.
    The season adds tone, dust, mud and scars. A scar stays in all later seasons.

    Args:
        species: one of `PATTERNS`.
        individual: its number, >= 0.
        side: left or right; the two flanks have different patterns.
        season: 0, 1, 2 ...; season 0 has no scars.
        seed: the world the animals live in.

    Returns:
        The coat, shared between calls: do not write into it.
    """
    kind, flank = name_word(species), name_word(side)
    build = build_of(species, stream("build", seed, kind, individual))
    cones = [cone for layer in body_cones(build, REST).values() for cone in layer]
    boxes = np.array([cone.box(0.05) for cone in cones])
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    x = np.arange(left, right, 1 / FINE, dtype=np.float32)[None, :]
    y = np.arange(top, bottom, 1 / FINE, dtype=np.float32)[:, None]
    cloth = Cloth(x, y, FINE, build, make_of(stream("make", seed, kind, individual)))
    pattern = stream("pattern", seed, kind, individual, flank)
    markings = PATTERNS[species](pattern, cloth)
    palette = PALETTES[species]
    tone = stream("tone", seed, kind, individual)
    weather = stream("season", seed, kind, individual, season)
    colour = _ground(cloth, palette, species, pattern, float(tone.uniform(-0.025, 0.025)))
    contrast = np.float32(weather.uniform(0.86, 1.0))
    colour = _over(colour, palette.fill, markings.fill * contrast)
    colour = _over(colour, palette.mark, markings.mark * contrast * _marked(cloth, species))
    colour = _ends(colour, cloth, palette)
    colour = _weathered(colour, cloth, weather)
    for past in range(1, season + 1):
        colour = _scarred(colour, cloth, stream("scar", seed, kind, individual, flank, past))
    pixels = (np.clip(colour, 0, 1) * 255 + 0.5).astype(np.uint8)
    pixels.setflags(write=False)
    return Coat(pixels, _body_mask(cloth), float(left), float(top), build, palette)


def _over(colour: Field, paint: Colour, mask: Field) -> Field:
    """Paint a colour over an image where `mask` is 1."""
    painted: Field = colour + (np.array(paint, np.float32) - colour) * mask[..., None]
    return painted


def _ground(cloth: Cloth, palette: Palette, species: str, rng: np.random.Generator, tone: float) -> Field:
    """The unmarked coat: base colour, paler below, with the grain of fur."""
    height, width = cloth.shape
    belly = cloth.build.belly
    below = step(0.45 * belly, 1.0 * belly, cloth.y) * step(2.4 * belly, 1.4 * belly, cloth.y)
    between = step(0.40, 0.16, np.abs(cloth.x))
    below = np.broadcast_to(below * between * np.float32(0.85), cloth.shape)
    colour = _over(np.broadcast_to(np.array(palette.base, np.float32), (height, width, 3)), palette.under, below)
    grain = smooth_noise(rng, cloth.shape, (height / 2.2, width / 5)) * np.float32(0.9 if species == "boar" else 0.4)
    cloud = cloth.noise(rng, 0.35)
    shade = 1 + np.float32(tone) + np.float32(0.09) * grain + np.float32(0.035) * cloud
    shaded: Field = colour * shade[..., None]
    return shaded


def _marked(cloth: Cloth, species: str) -> Field:
    """(H, W): how strongly each place takes marks; pale bellies and dark feet take fewer."""
    belly = cloth.build.belly
    strength = {"zebra": 0.25, "giraffe": 0.3, "boar": 0.0}.get(species, 0.55)
    under = step(0.75 * belly, 1.1 * belly, cloth.y) * step(1.7 * belly, 1.2 * belly, cloth.y)
    taken: Field = 1 - under * step(0.55, 0.35, np.abs(cloth.x)) * np.float32(strength)
    return taken


def _ends(colour: Field, cloth: Cloth, palette: Palette) -> Field:
    """Muzzle and feet in their own colours, and the dark line along the back."""
    build = cloth.build
    snout = body_cones(build, REST)["body"][6]
    away = np.hypot(cloth.x - np.float32(snout.bx), cloth.y - np.float32(snout.by))
    colour = _over(colour, palette.muzzle, step(build.muzzle * 1.9, build.muzzle * 0.9, away))
    feet = step(build.leg - 0.12, build.leg - 0.075, cloth.y) * np.ones_like(cloth.x)
    return _over(colour, palette.foot, feet)


def _weathered(colour: Field, cloth: Cloth, rng: np.random.Generator) -> Field:
    """Dust over all of it and mud up the legs, as much as this season brought."""
    dust = step(-0.6, 1.6, cloth.noise(rng, 0.4) + np.float32(rng.uniform(-0.4, 0.6))) * np.float32(0.22)
    tint = (0.66, 0.52, 0.38) if rng.random() < 0.6 else (0.60, 0.57, 0.53)
    colour = _over(colour, tint, dust)
    line = cloth.build.leg - np.float32(rng.uniform(0.1, 0.38))
    mud = step(-0.1, 0.12, cloth.y - line + cloth.noise(rng, 0.07) * np.float32(0.06)) * np.float32(0.5)
    return _over(colour, (0.33, 0.25, 0.18), mud)


def _scarred(colour: Field, cloth: Cloth, rng: np.random.Generator) -> Field:
    """Perhaps one scar: a thin pale-pink line on the flank."""
    px, py, turn = rng.uniform(-0.5, 0.45), rng.uniform(-0.15, 0.15), rng.uniform(0, np.pi)
    length, wide = rng.uniform(0.04, 0.11), rng.uniform(0.006, 0.011)
    if rng.random() < 0.45:
        return colour
    dx, dy = cloth.x - np.float32(px), cloth.y - np.float32(py)
    along = dx * np.float32(np.cos(turn)) + dy * np.float32(np.sin(turn))
    aside = dy * np.float32(np.cos(turn)) - dx * np.float32(np.sin(turn)) + along * along * np.float32(1.5)
    line = step(wide, wide * 0.4, np.abs(aside)) * step(length, length * 0.8, np.abs(along))
    return _over(colour, (0.66, 0.47, 0.42), line * np.float32(0.85))


def _body_mask(cloth: Cloth) -> NDArray[np.bool_]:
    """(H, W): where the trunk, neck, head and near legs lie at rest."""
    inside = np.zeros(cloth.shape, np.bool_)
    for cone in body_cones(cloth.build, REST)["body"]:
        vx, vy = cone.bx - cone.ax, cone.by - cone.ay
        dx, dy = cloth.x - np.float32(cone.ax), cloth.y - np.float32(cone.ay)
        t = np.clip((dx * np.float32(vx) + dy * np.float32(vy)) / np.float32(max(vx * vx + vy * vy, 1e-8)), 0, 1)
        away = np.hypot(dx - t * np.float32(vx), dy - t * np.float32(vy))
        inside |= away < cone.ra + t * np.float32(cone.rb - cone.ra)
    return inside
