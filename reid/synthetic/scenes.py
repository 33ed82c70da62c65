"""One frame: a camera's view, the animals in it, what stands before them, and the light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.errors import UsageError
from reid.records import Box
from reid.synthetic.animal import Placed, Sun, cast_shadow, outline, paint_animal
from reid.synthetic.backgrounds import blade_rows, land_of, station
from reid.synthetic.builds import pose_of
from reid.synthetic.coats import coat_of
from reid.synthetic.noise import Field, name_word, smooth_noise, step, stream

SPECIES: tuple[str, ...] = ("zebra", "leopard", "tiger", "hyena", "giraffe", "nyala", "deer")
UNTRAINED_SPECIES = "boar"
LIGHTS = ("day", "dusk", "night")
FLANKS = ("left", "right")


@dataclass(frozen=True, slots=True)
class Scene:
    """What is true of a frame besides its animals.

    Attributes:
        camera: which station; its background never changes.
        light: one of `LIGHTS`.
        seed: the world.
        number: which frame of that camera: weather, blur, noise and grass in front.
        hour: which spell of light; frames with the same hour are lit alike.
    """

    camera: int
    light: str
    seed: int
    number: int
    hour: int


def draw_animal(
    species: str,
    individual: int,
    *,
    side: str,
    season: int = 0,
    scene: int = 0,
    camera: int = 0,
    width: int = 480,
    height: int = 320,
    seed: int = 0,
    light: str | None = None,
    hour: int | None = None,
) -> NDArray[np.uint8]:
    """Draw one photo of one animal.

    Args:
        species: one of `SPECIES`, or `UNTRAINED_SPECIES`.
        individual: its number, >= 0; the coat depends on it.
        side: left or right, the flank the photo shows. A left flank looks left.
        season: 0, 1, 2 ...; the coat keeps its pattern and gains dust, tone and scars.
        scene: which photo: pose, place, light, grass in front, blur.
        camera: which station, >= 0; sets the background and has nothing to do with the individual.
        width: columns of the frame.
        height: rows of the frame.
        seed: the world; another seed has other animals and other places.
        light: day, dusk or night; drawn from the scene when None.
        hour: frames with the same hour are lit alike; drawn from the scene when None.

    Returns:
        (height, width, 3) uint8, red green blue.

    Raises:
        UsageError: an unknown species, side or light.
    """
    placed, view = _planned(species, individual, side, season, scene, camera, seed, light, hour)
    return draw_frame([placed], view, width=width, height=height)


def box_of_animal(
    species: str,
    individual: int,
    *,
    side: str,
    season: int = 0,
    scene: int = 0,
    camera: int = 0,
    width: int = 480,
    height: int = 320,
    seed: int = 0,
) -> Box:
    """Where `draw_animal` puts the animal for the same arguments, as a good detector would box it."""
    placed, _ = _planned(species, individual, side, season, scene, camera, seed, None, None)
    return outline(placed, (height, width))


def _planned(
    species: str, individual: int, side: str, season: int, scene: int, camera: int, seed: int, light: str | None, hour: int | None
) -> tuple[Placed, Scene]:
    """The animal and the camera's view of one photo."""
    _check(species, side, light)
    coat = coat_of(species, individual, side, season, seed)
    rng = stream("pose", seed, name_word(species), individual, name_word(side), season, scene, camera)
    placed = Placed(
        coat,
        side,
        pose_of(species, rng),
        width=float(rng.uniform(0.50, 0.80)),
        across=float(rng.uniform(0.42, 0.58)),
        ground=float(rng.uniform(0.80, 0.94)),
        pitch=float(rng.normal(0, 0.03)),
        turn=float(rng.uniform(0.82, 1.0)),
        shear=float(rng.normal(0, 0.03)),
    )
    number = int(rng.integers(2**31))
    spell = int(rng.integers(2**31)) if hour is None else hour
    drawn = str(rng.choice(LIGHTS, p=(0.64, 0.18, 0.18)))
    return placed, Scene(camera, light or drawn, seed, number, spell)


def draw_empty(
    *,
    scene: int,
    camera: int = 0,
    width: int = 480,
    height: int = 320,
    seed: int = 0,
    light: str | None = None,
) -> NDArray[np.uint8]:
    """Draw one frame without an animal: (height, width, 3) uint8; arguments as for `draw_animal`."""
    _check(SPECIES[0], "left", light)
    rng = stream("empty", seed, scene, camera)
    drawn = str(rng.choice(LIGHTS, p=(0.64, 0.18, 0.18)))
    number, spell = int(rng.integers(2**31)), int(rng.integers(2**31))
    return draw_frame([], Scene(camera, light or drawn, seed, number, spell), width=width, height=height)


def draw_frame(animals: Sequence[Placed], scene: Scene, *, width: int = 480, height: int = 320) -> NDArray[np.uint8]:
    """Compose animals onto a camera's view.

    Args:
        animals: any number, the farthest first.
        scene: camera, light and chance.
        width: columns of the frame.
        height: rows of the frame.

    Returns:
        (height, width, 3) uint8.
    """
    chance = stream("frame", scene.seed, scene.camera, scene.number)
    sky = stream("light", scene.seed, scene.camera, scene.hour)
    frame, horizon = _background(scene, chance, width, height)
    night = scene.light == "night"
    if night:
        _fall_off(frame, horizon)
    sun = _sun(scene.light, sky)
    for animal in animals:
        cast_shadow(frame, animal, 0.25 if night else 0.5)
        paint_animal(frame, animal, sun)
    _before(frame, chance, scene.camera)
    _graded(frame, scene.light, sky)
    return _exposed(frame, chance, night)


def _check(species: str, side: str, light: str | None) -> None:
    if species not in (*SPECIES, UNTRAINED_SPECIES):
        raise UsageError(f"species is {species!r}; drawn species are {', '.join((*SPECIES, UNTRAINED_SPECIES))}")
    if side not in FLANKS:
        raise UsageError(f"side is {side!r}; it must be left or right")
    if light is not None and light not in LIGHTS:
        raise UsageError(f"light is {light!r}; it must be one of {', '.join(LIGHTS)}")


def _background(scene: Scene, rng: np.random.Generator, width: int, height: int) -> tuple[Field, float]:
    """A copy of the station's view, nudged a little as a camera on a tree is."""
    wide, tall = width + max(2, width // 12), height + max(2, height // 12)
    picture, horizon = station(scene.camera, scene.seed, tall, wide)
    left, top = int(rng.integers(0, wide - width + 1)), int(rng.integers(0, tall - height + 1))
    view = picture[top : top + height, left : left + width].copy()
    return view, (horizon * tall - top) / height


def _sun(light: str, rng: np.random.Generator) -> Sun:
    """The light of an hour: from above by day, low at dusk, from the camera at night."""
    side = float(rng.uniform(-0.55, 0.55))
    if light == "night":
        return Sun(0.0, -0.12, 0.99, 0.30, 0.95, eyeshine=1.0)
    if light == "dusk":
        return Sun(side * 1.4, -0.42, 0.60, 0.56, 0.50)
    return Sun(side, -0.72, 0.55, 0.50, 0.66)


def _fall_off(frame: Field, horizon: float) -> None:
    """The flash reaches near ground and leaves the distance dark, in place."""
    y = np.linspace(0, 1, frame.shape[0], dtype=np.float32)[:, None]
    reach = np.float32(0.20) + np.float32(0.62) * step(horizon - 0.1, 1.0, y)
    sky = step(horizon, horizon - 0.2, y) * np.float32(0.12)
    frame *= (reach - sky)[..., None]


def _before(frame: Field, rng: np.random.Generator, camera: int) -> None:
    """What stands before the animal: a little grass nearly always, tall grass or a branch sometimes; in place."""
    colour = land_of(camera).grass
    kind = float(rng.random())
    tall = float(rng.uniform(0.22, 0.38)) if kind < 0.22 else float(rng.uniform(0.06, 0.14))
    dense = float(rng.uniform(0.15, 0.4)) if kind < 0.22 else float(rng.uniform(0.3, 0.7))
    blade_rows(frame, rng, colour, 0.985, tall, dense)
    blade_rows(frame, rng, colour, 1.06, tall, dense)
    if kind > 0.88:
        _branch(frame, rng, land_of(camera).leaves)


def _branch(frame: Field, rng: np.random.Generator, leaves: tuple[float, float, float]) -> None:
    """A leafy branch across a corner of the frame, out of focus; in place."""
    height, width = frame.shape[:2]
    x = np.arange(width, dtype=np.float32)[None, :] / np.float32(height)
    y = np.arange(height, dtype=np.float32)[:, None] / np.float32(height)
    if rng.random() < 0.5:
        x = np.float32(width / height) - x
    line: Field = y - np.float32(rng.uniform(0.1, 0.5)) - x * np.float32(rng.uniform(-0.35, 0.25))
    line += smooth_noise(rng, (1, width), (1, 5)) * np.float32(0.02)
    reach = float(rng.uniform(0.45, 0.8))
    near = step(reach, reach - 0.1, x)
    stem = step(0.012, 0.006, np.abs(line) + x * np.float32(0.008)) * near
    frame += (np.array((0.20, 0.15, 0.11), np.float32) - frame) * stem[..., None]
    clumps = smooth_noise(rng, (height, width), (34, 34 * width / height))
    clumps += smooth_noise(rng, (height, width), (9, 9 * width / height)) * np.float32(0.5)
    clumps -= np.abs(line) * np.float32(8)
    leaf = step(-0.23, -0.03, clumps) * near
    tone = (0.8 + 0.35 * smooth_noise(rng, (height, width), (30, 45)))[..., None]
    frame += (np.array(leaves, np.float32) * tone - frame) * leaf[..., None]


def _graded(frame: Field, light: str, rng: np.random.Generator) -> None:
    """The colour and strength of the light, in place; night is infra-red grey."""
    height, width = frame.shape[:2]
    warm, gain = float(rng.uniform(-0.05, 0.06)), float(rng.uniform(0.86, 1.10))
    if light == "dusk":
        frame *= np.array((0.82, 0.66, 0.58), np.float32) * np.float32(gain)
        frame += np.array((0.03, 0.02, 0.05), np.float32)
    elif light == "night":
        grey = frame @ np.array((0.45, 0.37, 0.18), np.float32)
        x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        spot = np.float32(1.12 * gain) - np.float32(0.55) * (x * x + y * y * np.float32(0.7))
        frame[:] = (grey * np.clip(spot, 0.25, 1.3) + 0.02)[..., None]
    else:
        frame *= np.array((1 + warm, 1.0, 1 - warm), np.float32) * np.float32(gain)


def _exposed(frame: Field, rng: np.random.Generator, night: bool) -> NDArray[np.uint8]:
    """Lens and sensor: a little blur, a vignette, noise; then 8 bits."""
    height, width = frame.shape[:2]
    soft = np.float32(rng.uniform(0.0, 0.30))
    for axis in (0, 1):
        middle = frame if axis == 0 else frame.swapaxes(0, 1)
        blurred = middle[1:-1] * (1 - soft) + (middle[:-2] + middle[2:]) * (soft / 2)
        middle[1:-1] = blurred
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    frame *= (1 - np.float32(0.13) * (x * x + y * y))[..., None]
    strength = np.float32(rng.uniform(0.012, 0.028) if night else rng.uniform(0.004, 0.014))
    frame += (rng.standard_normal((height, width), np.float32) * strength)[..., None]
    np.clip(frame, 0, 1, out=frame)
    pixels: NDArray[np.uint8] = (frame * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    return pixels
