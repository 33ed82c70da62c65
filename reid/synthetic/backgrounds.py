"""Camera stations: each camera looks at one place, which stays the same from photo to photo."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from reid.synthetic.noise import Field, cloudy_noise, smooth_noise, step, stream

BIOMES = ("savanna", "forest", "bush", "rock", "meadow")


@dataclass(frozen=True, slots=True)
class Land:
    """Colours of a biome: sky at the top and at the horizon, far hills, foliage, ground far and near, grass;
    where the horizon is, and how much of the ground carries grass."""

    sky: tuple[float, float, float]
    haze: tuple[float, float, float]
    hills: tuple[float, float, float]
    leaves: tuple[float, float, float]
    far: tuple[float, float, float]
    near: tuple[float, float, float]
    grass: tuple[float, float, float]
    horizon: float
    grassy: float


LANDS = {
    "savanna": Land(
        (0.47, 0.66, 0.87), (0.87, 0.88, 0.84), (0.56, 0.60, 0.56), (0.33, 0.38, 0.19),
        (0.77, 0.68, 0.42), (0.60, 0.48, 0.28), (0.80, 0.69, 0.38), 0.42, 0.8,
    ),
    "forest": Land(
        (0.40, 0.50, 0.33), (0.62, 0.70, 0.50), (0.24, 0.33, 0.20), (0.17, 0.27, 0.12),
        (0.35, 0.36, 0.19), (0.31, 0.24, 0.15), (0.30, 0.40, 0.16), 0.50, 0.45,
    ),
    "bush": Land(
        (0.66, 0.74, 0.80), (0.86, 0.85, 0.78), (0.45, 0.47, 0.34), (0.35, 0.38, 0.20),
        (0.66, 0.53, 0.36), (0.60, 0.43, 0.29), (0.58, 0.53, 0.27), 0.36, 0.4,
    ),
    "rock": Land(
        (0.60, 0.70, 0.82), (0.86, 0.90, 0.95), (0.52, 0.56, 0.63), (0.20, 0.27, 0.22),
        (0.86, 0.88, 0.92), (0.78, 0.80, 0.84), (0.55, 0.50, 0.37), 0.40, 0.12,
    ),
    "meadow": Land(
        (0.56, 0.71, 0.86), (0.85, 0.89, 0.87), (0.36, 0.47, 0.36), (0.20, 0.33, 0.14),
        (0.48, 0.58, 0.27), (0.34, 0.45, 0.18), (0.42, 0.53, 0.23), 0.38, 0.85,
    ),
}  # fmt: skip


def land_of(camera: int) -> Land:
    """The land a camera stands in."""
    return LANDS[BIOMES[camera % len(BIOMES)]]


@lru_cache(maxsize=64)
def station(camera: int, seed: int, height: int, width: int) -> tuple[Field, float]:
    """What a camera sees by plain daylight when no animal is there.

    Args:
        camera: its number, >= 0; the biome goes round with it.
        seed: the world.
        height: rows of the picture.
        width: columns.

    Returns:
        (H, W, 3) float32 in [0, 1], read-only and shared, and the horizon as a share of the height.
    """
    rng = stream("station", seed, camera)
    biome, land = BIOMES[camera % len(BIOMES)], land_of(camera)
    tint = rng.uniform(0.93, 1.07, 3).astype(np.float32)
    horizon = land.horizon + float(rng.uniform(-0.05, 0.05))
    picture = np.empty((height, width, 3), np.float32)
    _sky(picture, rng, land, horizon)
    _hills(picture, rng, land, horizon, snow=biome == "rock")
    if biome in ("forest", "bush", "meadow"):
        _tree_line(picture, rng, land, horizon, tall=0.34 if biome == "forest" else 0.13)
    _ground(picture, rng, land, horizon)
    if biome == "forest":
        _trunks(picture, rng, horizon)
    if biome == "savanna":
        _acacias(picture, rng, land, horizon)
    for share in (0.03, 0.08, 0.15, 0.24, 0.35, 0.48, 0.62):
        foot = horizon + (share + float(rng.uniform(-0.03, 0.03))) * (1 - horizon)
        blade_rows(picture, rng, land.grass, foot, tall=0.022 + 0.085 * share, dense=land.grassy)
    if biome == "rock":
        _rocks(picture, rng, horizon)
    if biome in ("bush", "meadow", "savanna"):
        _bushes(picture, rng, land, horizon, 7 if biome == "bush" else 3)
    picture *= tint
    np.clip(picture, 0, 1, out=picture)
    picture.setflags(write=False)
    return picture, horizon


def _rgb(colour: tuple[float, float, float]) -> Field:
    return np.array(colour, np.float32)


def _lay(picture: Field, colour: Field, cover: Field) -> None:
    """Lay a colour over the picture where `cover` is 1, in place."""
    picture += (colour - picture) * cover[..., None]


def _sky(picture: Field, rng: np.random.Generator, land: Land, horizon: float) -> None:
    height, width = picture.shape[:2]
    fall = np.clip(np.linspace(0, 1 / horizon, height, dtype=np.float32), 0, 1)[:, None, None]
    picture[:] = _rgb(land.sky) * (1 - fall) + _rgb(land.haze) * fall
    clouds = step(0.0, 1.1, cloudy_noise(rng, (height, width), (9, 4), 4)) * np.float32(0.5)
    _lay(picture, _rgb((0.95, 0.95, 0.94)), clouds)


def _ridge(rng: np.random.Generator, width: int, cells: float, octaves: int) -> Field:
    """(1, W): a skyline, about zero."""
    return cloudy_noise(rng, (1, width), (1, cells), octaves)


def _hills(picture: Field, rng: np.random.Generator, land: Land, horizon: float, snow: bool) -> None:
    height, width = picture.shape[:2]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    for order in range(2):
        tall = (0.16 if snow else 0.055) * (1 - 0.4 * order)
        line = np.float32(horizon - tall * 0.8) - np.float32(tall) * _ridge(rng, width, 3 + 2 * order, 5)
        cover = np.clip((y - line) * height + 0.5, 0, 1)
        colour = _rgb(land.hills) * np.float32(1 - 0.14 * order) + _rgb(land.haze) * np.float32(0.2 - 0.12 * order)
        _lay(picture, colour, cover)
        if snow:
            caps = cover * step(0.2, -0.1, (y - line) * 9 + cloudy_noise(rng, (height, width), (12, 18)) * 0.5)
            _lay(picture, _rgb((0.93, 0.95, 0.98)), caps * np.float32(0.8))


def _tree_line(picture: Field, rng: np.random.Generator, land: Land, horizon: float, tall: float) -> None:
    height, width = picture.shape[:2]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    for order in range(3):
        rise = np.float32(tall * (1.25 - 0.35 * order))
        crowns = _ridge(rng, width, 7 + 4 * order, 6) * np.float32(0.42)
        line = np.float32(horizon + 0.015 * order) - rise - rise * crowns
        leaves = cloudy_noise(rng, (height, width), (26, 38), 4)
        cover = np.clip((y - line) * height * 0.6 + leaves * 2, 0, 1)
        shade = np.float32(1.25 - 0.24 * order) + np.float32(0.26) * leaves
        colour = _rgb(land.leaves) * shade[..., None] + _rgb(land.haze) * np.float32(0.16 - 0.07 * order)
        _lay(picture, colour, cover * (y < horizon + 0.05))


def _ground(picture: Field, rng: np.random.Generator, land: Land, horizon: float) -> None:
    height, width = picture.shape[:2]
    top = int(horizon * height)
    deep = height - top
    t = np.linspace(0, 1, deep, dtype=np.float32)[:, None]
    patches = cloudy_noise(rng, (deep, width), (9, 5), 4)
    fine = smooth_noise(rng, (deep, width), (deep / 2, width / 4))
    mix = np.clip(t + np.float32(0.28) * patches, 0, 1)[..., None]
    colour = _rgb(land.far) * (1 - mix) + _rgb(land.near) * mix
    colour *= (1 + (0.05 + 0.10 * t) * fine + np.float32(0.07) * patches)[..., None]
    picture[top:] = colour


def _trunks(picture: Field, rng: np.random.Generator, horizon: float) -> None:
    height, width = picture.shape[:2]
    x = np.linspace(0, width / height, width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    bark = cloudy_noise(rng, (height, width), (16, 70), 3)
    for near in np.sort(rng.uniform(0, 1, 9)):
        foot, wide = horizon + 0.16 * near, 0.012 + 0.04 * near**2
        at, lean = rng.uniform(0, width / height), rng.uniform(-0.05, 0.05)
        flare = wide * (1 + 0.9 * np.exp((y - foot) * np.float32(26)))
        off = (x - at + lean * y) / flare
        cover = np.clip((1 - np.abs(off)) * flare * height + 0.5, 0, 1) * step(foot + 0.006, foot - 0.006, y)
        light = np.clip(0.72 - 0.34 * off, 0.25, 1) * (1 + np.float32(0.22) * bark) * np.float32(0.95 - 0.2 * near)
        _lay(picture, _rgb((0.42, 0.34, 0.26)) * light[..., None], cover)


def _acacias(picture: Field, rng: np.random.Generator, land: Land, horizon: float) -> None:
    height, width = picture.shape[:2]
    x = np.linspace(0, width / height, width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    leaves = cloudy_noise(rng, (height, width), (22, 34), 4)
    for _ in range(int(rng.integers(2, 5))):
        at, size = rng.uniform(0, width / height), rng.uniform(0.07, 0.20)
        foot = horizon + 0.02
        crown = foot - size * 1.05
        stem = np.clip((size * 0.045 - np.abs(x - at - (y - foot) * 0.1)) * height + 0.5, 0, 1)
        _lay(picture, _rgb((0.30, 0.24, 0.18)), stem * (y < foot) * (y > crown))
        flat = 1 - ((x - at) / (size * 1.15)) ** 2 - ((y - crown) / (size * 0.34)) ** 2
        cover = step(0.0, 0.22, flat + np.float32(0.35) * leaves)
        shade = np.clip(0.95 - (y - crown) / size * 1.1 + 0.3 * leaves, 0.4, 1.5)
        _lay(picture, _rgb(land.leaves) * shade[..., None], cover)


def _bushes(picture: Field, rng: np.random.Generator, land: Land, horizon: float, many: int) -> None:
    height, width = picture.shape[:2]
    x = np.linspace(0, width / height, width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    leaves = cloudy_noise(rng, (height, width), (30, 46), 4)
    for near in np.sort(rng.uniform(0, 0.5, many)):
        at, size = rng.uniform(0, width / height), rng.uniform(0.04, 0.10) * (0.8 + 1.6 * near)
        foot = horizon + near * (1 - horizon) * 0.6
        round_ = 1 - ((x - at) / (size * 1.5)) ** 2 - ((y - foot + size * 0.7) / size) ** 2
        cover = step(0.0, 0.25, round_ + np.float32(0.45) * leaves)
        cover *= step(0.05, -0.10, (y - foot) / np.float32(size) + np.float32(0.12) * leaves)
        shade = np.clip(0.85 - (y - foot + size * 0.7) / size * 0.45 + 0.35 * leaves, 0.35, 1.6)
        tone = rng.uniform(0.85, 1.2)
        _lay(picture, _rgb(land.leaves) * (shade * np.float32(tone))[..., None], cover)


def _rocks(picture: Field, rng: np.random.Generator, horizon: float) -> None:
    height, width = picture.shape[:2]
    x = np.linspace(0, width / height, width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    grain = cloudy_noise(rng, (height, width), (14, 20), 5)
    for near in np.sort(rng.uniform(0, 0.7, 8)):
        at, size = rng.uniform(0, width / height), rng.uniform(0.03, 0.10) * (0.6 + 1.6 * near)
        foot = horizon + near * (1 - horizon) * 0.7
        lump = 1 - np.abs((x - at) / (size * 1.6)) ** 2.6 - np.abs((y - foot + size * 0.4) / (size * 0.9)) ** 2.2
        cover = step(0.0, 0.12, lump + np.float32(0.22) * grain)
        cover *= step(0.12, -0.02, (y - foot) / np.float32(size) + np.float32(0.10) * grain)
        shade = np.clip(0.75 - (y - foot + size * 0.3) / size * 0.40 + 0.28 * grain - (x - at) / size * 0.1, 0.3, 1.5)
        _lay(picture, _rgb((0.50, 0.48, 0.46)) * shade[..., None], cover)
        cap = cover * step(-0.25, -0.75, (y - foot + size * 0.4) / size + 0.3 * grain)
        _lay(picture, _rgb((0.93, 0.95, 0.98)), cap)


def blade_rows(
    picture: Field,
    rng: np.random.Generator,
    colour: tuple[float, float, float],
    foot: float,
    tall: float,
    dense: float,
) -> None:
    """Grow a row of grass blades, in place.

    Args:
        picture: (H, W, 3) float32.
        rng: which blades.
        colour: of the grass.
        foot: where the blades are rooted, 0 (top) to 1 (bottom) or beyond.
        tall: their height as a share of the picture's.
        dense: share of the places that carry a blade, 0 to 1.
    """
    height, width = picture.shape[:2]
    top, bottom = int(max(0.0, (foot - 1.6 * tall) * height)), int(min(1.0, foot + 0.4 * tall) * height)
    if top >= bottom:
        return
    up = np.float32(foot) - np.arange(top, bottom, dtype=np.float32)[:, None] / np.float32(height)
    up = up + smooth_noise(rng, (1, width), (1, 5)) * np.float32(0.35 * tall)
    rooted = np.clip(up / np.float32(0.4 * tall), 0, 1)
    part = picture[top:bottom]
    for _ in range(3):
        wide = max(2.0, tall * height * float(rng.uniform(0.10, 0.16)))
        cells = int(width / wide) + 8
        lean = np.float32(rng.uniform(-0.45, 0.45)) * np.float32(height)
        bend = up * lean * (np.float32(0.4) + up / np.float32(max(tall, 1e-3)))
        at = (np.arange(width, dtype=np.float32)[None, :] + bend) / np.float32(wide) + 4
        at = np.clip(at, 0, cells - 1.001)
        cell = at.astype(np.int32)
        thick = 0.75 + 0.6 * smooth_noise(rng, (1, cells), (1, max(2, cells // 9)))[0]
        reach = (rng.uniform(0.35, 1.2, cells) * (rng.random(cells) < dense * thick) * tall).astype(np.float32)[cell]
        tone = rng.uniform(0.62, 1.22, cells).astype(np.float32)[cell]
        middle = rng.uniform(0.35, 0.65, cells).astype(np.float32)[cell]
        half = np.float32(0.40) * (1 - up / np.maximum(reach, np.float32(1e-3)))
        cover = np.clip((half - np.abs(at - cell - middle)) * np.float32(wide) + 0.4, 0, 1) * (reach > 0.004) * rooted
        shade = tone * (0.72 + 0.4 * np.clip(up / np.float32(tall), 0, 1))
        part += (_rgb(colour) * shade[..., None] - part) * cover[..., None]
