"""Builds and poses: what each species' body measures, and the cones that stand for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import cos, pi, sin
from types import MappingProxyType

import numpy as np

from reid.synthetic.shapes import Cone

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Build:
    """Measures of a species in trunk lengths (hip to shoulder is 0.8), angles in radians."""

    chest: float
    belly: float
    rump: float
    leg: float
    limb: float
    neck: float
    neck_up: float
    neck_base: float
    poll: float
    head: float
    head_down: float
    skull: float
    muzzle: float
    ear: float
    ear_wide: float
    tail: float
    tail_wide: float
    slope: float = 0.0
    tuft: float = 0.0
    mane: float = 0.0
    horns: str = ""
    paws: bool = False


BUILDS: Mapping[str, Build] = MappingProxyType(
    {
        "zebra": Build(
            0.25, 0.27, 0.25, 0.93, 0.046, 0.50, 0.80, 0.20, 0.115, 0.42, 0.72, 0.115, 0.066, 0.17, 0.045,
            0.42, 0.022, tuft=0.04, mane=0.075,
        ),
        "leopard": Build(
            0.195, 0.19, 0.185, 0.66, 0.052, 0.27, 0.45, 0.165, 0.125, 0.19, 0.45, 0.135, 0.075, 0.075, 0.055,
            0.92, 0.036, paws=True,
        ),
        "tiger": Build(
            0.225, 0.22, 0.21, 0.71, 0.064, 0.26, 0.38, 0.19, 0.15, 0.22, 0.45, 0.16, 0.09, 0.075, 0.06,
            0.90, 0.042, paws=True,
        ),
        "hyena": Build(
            0.245, 0.225, 0.185, 0.84, 0.05, 0.42, 0.50, 0.205, 0.135, 0.33, 0.42, 0.135, 0.072, 0.13, 0.07,
            0.30, 0.03, slope=0.15, tuft=0.055, mane=0.05, paws=True,
        ),
        "giraffe": Build(
            0.26, 0.245, 0.215, 1.28, 0.05, 1.10, 1.02, 0.20, 0.085, 0.34, 0.62, 0.088, 0.05, 0.14, 0.035,
            0.48, 0.018, slope=0.16, tuft=0.04, mane=0.03, horns="ossicones",
        ),
        "nyala": Build(
            0.22, 0.235, 0.22, 0.88, 0.036, 0.45, 0.85, 0.155, 0.09, 0.33, 0.70, 0.088, 0.05, 0.17, 0.055,
            0.32, 0.03, slope=-0.01, tuft=0.035, mane=0.03, horns="spiral",
        ),
        "deer": Build(
            0.205, 0.215, 0.205, 0.86, 0.033, 0.46, 0.92, 0.13, 0.08, 0.31, 0.70, 0.085, 0.045, 0.16, 0.05,
            0.18, 0.03, slope=-0.02, tuft=0.03, horns="antlers",
        ),
        "boar": Build(
            0.30, 0.28, 0.23, 0.68, 0.046, 0.24, 0.10, 0.26, 0.18, 0.46, 0.42, 0.17, 0.058, 0.13, 0.055,
            0.28, 0.014, slope=0.06, tuft=0.022, mane=0.05, horns="tusks",
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pose:
    """How an animal stands: joint angles in radians away from rest."""

    neck: float = 0.0
    head: float = 0.0
    legs: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    knees: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    tail: float = 0.0
    ears: float = 0.0


REST = Pose(legs=(0.02, -0.02, 0.02, -0.02))
LAYERS = ("far_ear", "far_legs", "tail", "mane", "body", "horns", "near_ear")


def build_of(species: str, rng: np.random.Generator) -> Build:
    """An individual's build: the species' measures, each within 3 % (too little to tell individuals apart)."""
    build = BUILDS[species]
    names = ("chest", "belly", "rump", "leg", "limb", "neck", "head", "ear", "tail")
    factors = rng.uniform(0.97, 1.03, len(names))
    return replace(build, **{n: getattr(build, n) * float(f) for n, f in zip(names, factors, strict=True)})


def pose_of(species: str, rng: np.random.Generator) -> Pose:
    """A pose as a camera trap catches it: standing, walking or with the head low."""
    walking = rng.random() < 0.6
    phase, stride = float(rng.uniform(0, 2 * pi)), float(rng.uniform(0.18, 0.40) if walking else rng.uniform(0.0, 0.1))
    offsets = (0.0, pi, 0.6 * pi, 1.6 * pi)  # near fore, far fore, near hind, far hind
    legs = tuple(stride * sin(phase + o) for o in offsets)
    knees = tuple((0.75 if walking else 0.1) * max(0.0, cos(phase + o)) * stride * 2 for o in offsets)
    low = rng.random() < 0.3
    reach = 0.5 if species == "giraffe" else 1.0
    neck = float(rng.uniform(0.55, 1.05) * reach if low else rng.uniform(-0.15, 0.32))
    head = float(rng.uniform(-0.5, 0.0) if low else rng.uniform(-0.3, 0.2))
    return Pose(neck, head, legs, knees, float(rng.uniform(-0.5, 0.6)), float(rng.uniform(-0.3, 0.3)))  # type: ignore[arg-type]


def _at(start: Point, length: float, angle: float) -> Point:
    """The point `length` away from `start`; angle 0 is forward, growing towards the ground."""
    return start[0] + length * cos(angle), start[1] + length * sin(angle)


def _cone(a: Point, b: Point, ra: float, rb: float, melt: float = 0.03, bulge: float = 0.0) -> Cone:
    return Cone(*a, *b, ra, rb, melt, bulge)


def foot_drop(build: Build) -> float:
    """How far below the body axis the ground lies."""
    return build.leg


def body_cones(build: Build, pose: Pose) -> dict[str, list[Cone]]:
    """The cones of each layer of an animal facing right, in body coordinates (shoulder at (0.4, 0), y down).

    Args:
        build: the individual's measures.
        pose: joint angles.

    Returns:
        A list per name in `LAYERS`; the same build always gives the same cones in the same order, whatever the pose.
    """
    hip, shoulder = (-0.40, build.slope), (0.40, 0.0)
    middle = (0.02, 0.45 * build.slope + 0.03)
    body = [
        _cone(hip, middle, build.rump, build.belly, 0.05),
        _cone(middle, shoulder, build.belly, build.chest, 0.08),
        _cone((0.30, -0.35 * build.chest), (0.42, -0.2 * build.chest), build.chest * 0.72, build.chest * 0.8, 0.06),
    ]
    layers: dict[str, list[Cone]] = {name: [] for name in LAYERS}
    layers["body"] = body
    _neck_and_head(build, pose, layers)
    for index, (fore, near) in enumerate(((True, True), (True, False), (False, True), (False, False))):
        cones = _leg(build, fore, pose.legs[index], pose.knees[index], 0.0 if near else 0.07)
        layers["body" if near else "far_legs"] += cones
    _tail(build, pose, layers)
    return layers


def _leg(build: Build, fore: bool, swing: float, bend: float, shift: float) -> list[Cone]:
    """One leg, four cones from the trunk to the foot; `shift` sets the far legs a little off the near ones."""
    limb, width = build.limb, 1.35 if build.paws else 1.0
    if fore:
        top = (0.40 + shift, 0.06)
        length = build.leg - top[1]
        bones = ((0.40, 0.10), (0.30, -0.05), (0.24, 0.02))
        bends = (0.0, bend, 0.0)
        radii = (build.chest * 0.52, limb * 1.55, limb * 1.05 * width**0.5, limb * 0.82 * width)
    else:
        top = (-0.43 + shift, build.slope + 0.02)
        length = build.leg - top[1]
        bones = ((0.38, -0.30), (0.30, 0.52), (0.36, -0.06))
        bends = (-bend * 0.4, bend, bend * 0.2)
        radii = (build.rump * 0.82, limb * 1.9, limb * 1.15, limb * 0.85 * width)
    fit = 1.0 / sum(share * cos(lean) for share, lean in bones)
    joints, angle = [top], 0.5 * pi - swing
    for (share, lean), extra in zip(bones, bends, strict=True):
        angle += extra
        joints.append(_at(joints[-1], share * fit * length, angle + lean))
    foot = _at(joints[-1], limb * (1.0 if build.paws else 0.5), 0.35)
    radius = limb * (0.95 if build.paws else 1.0)
    joints[-1] = (joints[-1][0], joints[-1][1] - radius)
    return [
        _cone(joints[0], joints[1], radii[0], radii[1], 0.05, 0.55),
        _cone(joints[1], joints[2], radii[1], radii[2], 0.03),
        _cone(joints[2], joints[3], radii[2], radii[3], 0.02),
        _cone(joints[3], (foot[0], joints[3][1] + 0.25 * radius), radii[3] * 1.02, radius * 0.82, 0.015),
    ]


def _neck_and_head(build: Build, pose: Pose, layers: dict[str, list[Cone]]) -> None:
    """Neck, head, ears, mane and horns, added to the layers they belong to."""
    root = (0.47, -0.22 * build.chest)
    lift = pose.neck - build.neck_up
    bow = _at(root, build.neck * 0.55, lift - 0.10)
    poll = _at(bow, build.neck * 0.45, lift + 0.10)
    nod = build.head_down + 0.65 * pose.neck + pose.head
    nose = _at(poll, build.head, nod)
    half = 0.5 * (build.neck_base + build.poll)
    brow = _at(poll, build.head * 0.42, nod)
    layers["body"] += [
        _cone(root, bow, build.neck_base, half, 0.09),
        _cone(bow, poll, half, build.poll, 0.05),
        _cone(poll, brow, build.skull, build.skull * 0.86, 0.05, 0.25),
        _cone(brow, nose, build.skull * 0.74, build.muzzle, 0.05, 0.25),
        _cone(_at(brow, build.skull * 0.3, nod + 0.5 * pi), nose, build.skull * 0.5, build.muzzle * 0.8, 0.04),
    ]
    crown = _at(poll, build.skull * 0.72, nod - 0.62 * pi)
    ear_tip = _at(crown, build.ear, nod - 0.75 * pi + pose.ears)
    layers["near_ear"].append(_cone(crown, ear_tip, build.ear_wide, build.ear_wide * (0.8 if build.paws else 0.25)))
    far = _at(crown, build.skull * 0.5, nod - 0.12)
    far_tip = _at(far, build.ear, nod - 0.58 * pi + pose.ears)
    layers["far_ear"].append(_cone(far, far_tip, build.ear_wide * 0.9, build.ear_wide * (0.7 if build.paws else 0.2)))
    if build.mane:
        up = 0.5 * pi
        start = _at(root, build.neck_base * 0.95, lift - up - 0.5)
        mid, end = _at(bow, half * 0.95, lift - up), _at(poll, build.poll * 0.85, lift - up + 0.2)
        front = _at(poll, build.skull * 0.95, nod - up)
        layers["mane"] += [
            _cone(start, mid, build.mane * 0.4, build.mane),
            _cone(mid, end, build.mane, build.mane),
            _cone(end, front, build.mane, build.mane * 0.6),
        ]
    if build.horns:
        _horns(build, poll, nose, nod, layers)


def _horns(build: Build, poll: Point, nose: Point, nod: float, layers: dict[str, list[Cone]]) -> None:
    """Horns, antlers, ossicones or tusks: one chain per side, the far one slightly forward."""
    if build.horns == "tusks":
        base = _at(nose, 0.07, nod + 0.75 * pi)
        layers["horns"].append(_cone(base, _at(base, 0.085, nod - 0.42 * pi), 0.013, 0.004))
        return
    chains = {
        "ossicones": [((0.13, -0.66), 0.020, 0.022)],
        "spiral": [((0.14, -0.74), 0.028, 0.024), ((0.14, -0.56), 0.024, 0.018), ((0.16, -0.74), 0.018, 0.006)],
        "antlers": [((0.17, -0.86), 0.018, 0.015), ((0.18, -0.60), 0.015, 0.012), ((0.14, -0.44), 0.012, 0.006)],
    }
    for offset in (0.0, 0.30):
        at = _at(poll, build.skull * (0.9 - offset * 0.2), nod - 0.5 * pi + offset)
        for order, ((length, turn), ra, rb) in enumerate(chains[build.horns]):
            to = _at(at, length, nod + (turn + offset * 0.12) * pi)
            layers["horns"].append(_cone(at, to, ra, rb, 0.01))
            if build.horns == "antlers":
                tine = _at(at, 0.09 + 0.02 * order, nod + (turn + 0.42) * pi)
                layers["horns"].append(_cone(at, tine, rb, 0.004, 0.008))
            at = to


def _tail(build: Build, pose: Pose, layers: dict[str, list[Cone]]) -> None:
    """The tail, as four cones that hang and curl, with a tuft at the end where the species has one."""
    at = (-0.40 - build.rump * 0.86, build.slope - build.rump * 0.42)
    long = build.tail > 0.6
    turns = (0.0, 0.30, 0.75) if long else (-0.05, 0.02, 0.08)
    angle = pi * (0.68 if long else 0.62) + 0.25 * pose.tail
    for order in range(4):
        to = _at(at, build.tail / 4, angle)
        wide = build.tuft if order == 3 and build.tuft else build.tail_wide
        layers["tail"].append(_cone(at, to, build.tail_wide, wide, 0.03))
        at, angle = to, angle + (turns[order] if order < 3 else 0.0) * (1 + pose.tail)


def head_points(build: Build, pose: Pose) -> dict[str, Point]:
    """Where the eye, nostril and mouth corner lie in body coordinates, for this pose."""
    layers = body_cones(build, pose)
    skull, snout = layers["body"][5], layers["body"][6]
    nod = float(np.arctan2(snout.by - snout.ay, snout.bx - snout.ax))
    eye = _at((skull.bx, skull.by), build.skull * 0.34, nod - 0.55 * pi)
    nose = (snout.bx, snout.by)
    return {
        "eye": eye,
        "nostril": _at(nose, build.muzzle * 0.6, nod - 0.22 * pi),
        "mouth": _at(nose, build.muzzle * 0.55, nod + 0.30 * pi),
        "jaw": _at(nose, build.head * 0.30, nod + 0.86 * pi),
    }
