"""The markings of each species as masks over the coat: stripes, rosettes, spots, patches, lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from reid.synthetic.builds import Build
from reid.synthetic.noise import Field, smooth_noise, step


@dataclass(frozen=True, slots=True)
class Make:
    """How an individual is marked on both flanks, beyond where each mark lies: some zebras have few broad stripes.

    size: of the marks against the species' mean, about 0.65 to 1.55. bold: how much of the coat they cover, -1 to 1.
    slant: how they lean, -1 (forwards at the top) to 1. rough: how ragged they are, 0 to 1.
    """

    size: float = 1.0
    bold: float = 0.0
    slant: float = 0.0
    rough: float = 0.5


def make_of(rng: np.random.Generator) -> Make:
    """An individual's make, by chance."""
    return Make(
        float(np.exp(rng.uniform(np.log(0.66), np.log(1.55)))),
        float(rng.uniform(-1, 1)),
        float(rng.uniform(-1, 1)),
        float(rng.random()),
    )


@dataclass(frozen=True, slots=True)
class Cloth:
    """The plane a coat is laid out on: the rest pose seen from one side.

    `x` (1, W) and `y` (H, 1) are body coordinates of the pixels, `fine` the pixels per body length.
    """

    x: Field
    y: Field
    fine: float
    build: Build
    make: Make = Make()

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.y.shape[0], self.x.shape[1]

    def noise(self, rng: np.random.Generator, size: float) -> Field:
        """Smooth noise with bumps of about `size` body lengths."""
        height, width = self.shape
        return smooth_noise(rng, self.shape, (height / self.fine / size, width / self.fine / size))

    def lower(self) -> Field:
        """(H, 1): 0 on trunk and neck, 1 on the legs."""
        return step(0.8 * self.build.belly, 1.5 * self.build.belly, self.y)


@dataclass(frozen=True, slots=True)
class Markings:
    """Where a coat is marked: `mark` and `fill` are (H, W) float32 in [0, 1], `fill` lies below `mark`."""

    mark: Field
    fill: Field


def _scatter(rng: np.random.Generator, cloth: Cloth, spacing: float, jitter: float) -> NDArray[np.float64]:
    """Points (N, 2) as x, y on a jittered brick lattice over the whole cloth."""
    columns = np.arange(float(cloth.x.min()), float(cloth.x.max()), spacing)
    rows = np.arange(float(cloth.y.min()), float(cloth.y.max()), spacing * 0.87)
    x, y = np.meshgrid(columns, rows)
    x = x + (np.arange(len(rows))[:, None] % 2) * spacing / 2
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    return points + rng.uniform(-jitter, jitter, points.shape) * spacing


def _windows(
    cloth: Cloth, points: NDArray[np.float64], reach: NDArray[np.float64]
) -> Iterator[tuple[int, tuple[slice, slice], Field, Field]]:
    """For each point: its number, its window of the cloth, and dx, dy in body lengths inside that window."""
    height, width = cloth.shape
    left, top = float(cloth.x[0, 0]), float(cloth.y[0, 0])
    for number, (px, py) in enumerate(points):
        span = float(reach[number])
        r0, r1 = int((py - span - top) * cloth.fine), int((py + span - top) * cloth.fine) + 2
        c0, c1 = int((px - span - left) * cloth.fine), int((px + span - left) * cloth.fine) + 2
        r0, c0, r1, c1 = max(r0, 0), max(c0, 0), min(r1, height), min(c1, width)
        if r0 < r1 and c0 < c1:
            at = (slice(r0, r1), slice(c0, c1))
            yield number, at, cloth.x[:, at[1]] - np.float32(px), cloth.y[at[0]] - np.float32(py)


def _blobs(
    rng: np.random.Generator, cloth: Cloth, points: NDArray[np.float64], radii: NDArray[np.float64], rough: float
) -> Field:
    """Solid irregular blobs, softly edged; `rough` in [0, 0.5] is how far they are from round."""
    mark = np.zeros(cloth.shape, np.float32)
    edge = np.float32(1.4 / cloth.fine)
    twist = rng.uniform(0, 2 * np.pi, (len(points), 3))
    bump = rng.uniform(0.3, 1.0, (len(points), 2)) * rough
    for n, at, dx, dy in _windows(cloth, points, radii * (1.2 + 1.5 * rough)):
        angle = np.arctan2(dy, dx)
        radius = 1 + bump[n, 0] * np.cos(2 * angle + twist[n, 0]) + bump[n, 1] * 0.6 * np.cos(3 * angle + twist[n, 1])
        inside = np.clip((radii[n] * radius - np.sqrt(dx * dx + dy * dy)) / edge + 0.5, 0, 1)
        np.maximum(mark[at], inside, out=mark[at])
    return mark


def _stripe_phase(rng: np.random.Generator, cloth: Cloth, rate: float, forks: int) -> Field:
    """The running phase of stripes that cross trunk and neck, ring the legs, and fork at random places."""
    build = cloth.build
    x = cloth.x + cloth.noise(rng, 0.30) * np.float32(0.050) + cloth.noise(rng, 0.12) * np.float32(0.014)
    y = cloth.y + cloth.noise(rng, 0.30) * np.float32(0.045)
    rear = step(-0.12, -0.62, x)
    front = step(0.42, 0.75, x) * step(0.10, -0.25, y)
    trunk = x - y * rear * np.float32(1.5) - y * front * np.float32(0.75) - y * np.float32(0.45 * cloth.make.slant)
    legs = y * np.float32(1.35) + x * np.float32(0.30)
    low = step(0.75 * build.belly, 1.6 * build.belly, y)
    legs += np.where(x < 0, np.float32(-0.55), np.float32(0.1))
    phase: Field = np.float32(rate) * (trunk * (1 - low) + legs * low)
    places = np.stack([rng.uniform(-0.65, 0.95, forks), rng.uniform(-0.6, 0.3, forks)], axis=1)
    for (px, py), turn in zip(places, rng.choice([-1.0, 1.0], forks), strict=True):
        phase += np.float32(turn) * np.arctan2(x - np.float32(px), y - np.float32(py))
    return phase


def zebra(rng: np.random.Generator, cloth: Cloth) -> Markings:
    """Black stripes that warp and fork; a weak shadow stripe between them."""
    make = cloth.make
    phase = _stripe_phase(rng, cloth, float(rng.uniform(55, 60)) / make.size, 12)
    wave = np.cos(phase) + cloth.noise(rng, 0.25) * np.float32(0.12 + 0.36 * make.rough) + np.float32(0.38 * make.bold)
    shadow = step(0.80, 0.98, -np.cos(phase)) * np.float32(0.25) * step(-0.1, -0.5, cloth.x)
    return Markings(step(-0.22, 0.22, wave), shadow.astype(np.float32))


def tiger(rng: np.random.Generator, cloth: Cloth) -> Markings:
    """Thin dark stripes, broken and doubled, on orange."""
    make = cloth.make
    phase = _stripe_phase(rng, cloth, float(rng.uniform(42, 47)) / make.size, 14)
    wave = np.cos(phase) + cloth.noise(rng, 0.16) * np.float32(0.2 + 0.5 * make.rough) + np.float32(0.25 * make.bold)
    wave += cloth.noise(rng, 0.08) * np.float32(0.22)
    gaps = cloth.noise(rng, 0.17) * np.float32(0.42)
    mark = step(0.40, 0.66, wave - np.maximum(gaps, 0))
    doubled = step(0.93, 0.99, np.cos(phase)) * step(0.1, 0.4, gaps)
    return Markings(mark * (1 - doubled * np.float32(0.9)), np.zeros(cloth.shape, np.float32))


def leopard(rng: np.random.Generator, cloth: Cloth) -> Markings:
    """Rosettes on the trunk; small solid spots on head, neck, legs and tail."""
    build = cloth.build
    make = cloth.make
    points = _scatter(rng, cloth, 0.112 * make.size, 0.12 + 0.26 * make.rough)
    trunk = (np.abs(points[:, 0]) < 0.60) & (points[:, 1] < 0.75 * build.belly)
    trunk &= ~((points[:, 0] > 0.42) & (points[:, 1] < -0.12))
    radii = rng.uniform(0.038, 0.054, len(points)) * make.size * (1 + 0.18 * make.bold)
    mark, fill = np.zeros(cloth.shape, np.float32), np.zeros(cloth.shape, np.float32)
    edge = np.float32(1.4 / cloth.fine)
    twist = rng.uniform(0, 2 * np.pi, (len(points), 3))
    gap = rng.uniform(0.1, 1.0, len(points))
    for n, at, dx, dy in _windows(cloth, points[trunk], radii[trunk] * 1.45):
        n = int(np.flatnonzero(trunk)[n])
        angle, away = np.arctan2(dy, dx), np.sqrt(dx * dx + dy * dy)
        radius = radii[n] * (0.78 + 0.17 * np.cos(2 * angle + twist[n, 0]))
        wide = radii[n] * np.clip(0.24 + 0.09 * make.bold + gap[n] * 0.34 * np.cos((2 + n % 2) * angle + twist[n, 1]), 0, 0.4)
        ring = np.clip((wide - np.abs(away - radius)) / edge + 0.5, 0, 1) * (wide > 0.004)
        np.maximum(mark[at], ring.astype(np.float32), out=mark[at])
        np.maximum(fill[at], np.clip((radius - away) / edge / 2, 0, 1), out=fill[at])
    small = _scatter(rng, cloth, 0.078, 0.28)
    plain = (np.abs(small[:, 0]) > 0.56) | (small[:, 1] > 0.72 * build.belly)
    plain |= (small[:, 0] > 0.45) & (small[:, 1] < -0.10)
    plain &= rng.random(len(small)) < 0.88
    spots = _blobs(rng, cloth, small[plain], rng.uniform(0.014, 0.026, int(plain.sum())), 0.35)
    return Markings(np.maximum(mark, spots), fill)


def hyena(rng: np.random.Generator, cloth: Cloth) -> Markings:
    """Irregular dark blotches of many sizes, thinning out on neck and legs."""
    make = cloth.make
    points = _scatter(rng, cloth, 0.105 * make.size, 0.42)
    keep = rng.random(len(points)) < np.where(points[:, 0] > 0.62, 0.25, 0.74 + 0.2 * make.bold)
    keep &= points[:, 1] < cloth.build.leg * 0.72
    points = points[keep]
    radii = rng.uniform(0.016, 0.048, len(points)) * np.where(points[:, 1] > cloth.build.belly, 0.6, 1.0) * make.size
    return Markings(_blobs(rng, cloth, points, radii, 0.2 + 0.3 * make.rough), np.zeros(cloth.shape, np.float32))


def giraffe(rng: np.random.Generator, cloth: Cloth) -> Markings:
    """Brown patches parted by pale lines, smaller on the neck's end and the legs."""
    make = cloth.make
    points = _scatter(rng, cloth, 0.20 * make.size, 0.18 + 0.3 * make.rough)
    first, second = np.full(cloth.shape, 1, np.float32), np.full(cloth.shape, 1, np.float32)
    wobble_x, wobble_y = cloth.noise(rng, 0.10) * np.float32(0.018), cloth.noise(rng, 0.10) * np.float32(0.018)
    for _, at, dx, dy in _windows(cloth, points, np.full(len(points), 0.36 * make.size)):
        away = np.hypot(dx + wobble_x[at], dy + wobble_y[at])
        near = np.minimum(first[at], away)
        second[at] = np.minimum(second[at], np.maximum(first[at], away))
        first[at] = near
    gap = second - first + cloth.noise(rng, 0.06) * np.float32(0.008)
    fade = step(0.78 * cloth.build.leg, 0.55 * cloth.build.leg, cloth.y)
    centre = step(0.05, 0.0, first) * np.float32(0.5)
    pale = 0.022 - 0.013 * make.bold
    return Markings(step(pale, pale + 0.014, gap) * fade, (centre * fade).astype(np.float32))


def nyala(rng: np.random.Generator, cloth: Cloth) -> Markings:
    """Thin white lines down the flank, some broken, and a few white spots on haunch, shoulder and cheek."""
    mark = np.zeros(cloth.shape, np.float32)
    belly = cloth.build.belly
    wander = cloth.noise(rng, 0.22) * np.float32(0.020)
    edge = np.float32(1.4 / cloth.fine)
    make = cloth.make
    lines = max(4, round(10 / make.size))
    across = np.sort(np.linspace(-0.56, 0.44, lines) + rng.uniform(-0.035, 0.035, lines))
    for px in across:
        top, bottom = rng.uniform(-1.05, -0.6) * belly, rng.uniform(0.15, 0.95) * belly
        lean, half = rng.uniform(-0.12, 0.12) + 0.3 * make.slant, rng.uniform(0.007, 0.011) * (1 + 0.45 * make.bold)
        line = np.clip((half - np.abs(cloth.x - px + lean * cloth.y + wander)) / edge + 0.5, 0, 1)
        line = line * step(top - 0.02, top + 0.02, cloth.y) * step(bottom + 0.02, bottom - 0.02, cloth.y)
        if rng.random() < 0.45:
            hole = rng.uniform(top, bottom)
            line = line * step(0.012, 0.03, np.abs(cloth.y - np.float32(hole)))
        np.maximum(mark, line, out=mark, casting="unsafe")
    many = int(rng.integers(17, 21)) + round(9 * make.bold)
    haunch = np.stack([rng.uniform(-0.62, -0.20, many), rng.uniform(-0.1, 0.30, many)], axis=1)
    haunch[: many // 3, 0] += 0.72
    cheek = np.stack([rng.uniform(0.55, 1.05, 5), rng.uniform(-0.6, -0.2, 5)], axis=1)
    points = np.concatenate([haunch, cheek])
    spots = _blobs(rng, cloth, points, rng.uniform(0.010, 0.020, len(points)), 0.2)
    return Markings(np.maximum(mark, spots), np.zeros(cloth.shape, np.float32))


def deer(rng: np.random.Generator, cloth: Cloth) -> Markings:
    """White spots in loose rows on the flank, as on a fallow deer or chital."""
    belly = cloth.build.belly
    make = cloth.make
    points = _scatter(rng, cloth, 0.088 * make.size, 0.1 + 0.4 * make.rough)
    keep = (points[:, 0] > -0.68) & (points[:, 0] < 0.60) & (np.abs(points[:, 1]) < 0.92 * belly)
    keep |= (points[:, 0] > -0.66) & (points[:, 0] < -0.28) & (points[:, 1] > 0) & (points[:, 1] < 1.5 * belly)
    keep &= rng.random(len(points)) < 0.76 + 0.18 * make.bold
    points = points[keep]
    radii = rng.uniform(0.012, 0.025, len(points)) * make.size
    return Markings(
        _blobs(rng, cloth, points, radii, 0.22), np.zeros(cloth.shape, np.float32)
    )


def boar(rng: np.random.Generator, cloth: Cloth) -> Markings:
    """No pattern: bristles in tufts a little darker and lighter."""
    tufts = step(0.2, 1.0, cloth.noise(rng, 0.09) + cloth.noise(rng, 0.04)) * np.float32(0.55)
    return Markings(tufts, step(0.3, 1.2, cloth.noise(rng, 0.2)) * np.float32(0.5))


PATTERNS: Mapping[str, Callable[[np.random.Generator, Cloth], Markings]] = MappingProxyType(
    {
        "zebra": zebra,
        "leopard": leopard,
        "tiger": tiger,
        "hyena": hyena,
        "giraffe": giraffe,
        "nyala": nyala,
        "deer": deer,
        "boar": boar,
    }
)
