"""Augmented batches: the size asked for, colours in range, repeatable, and no more change than asked for."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reid.training import augmentation as augmenting
from reid.training.augmentation import augment, plain


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def photos(count: int = 6, height: int = 37, width: int = 55) -> Tensor:
    """Smooth, so that resampling by itself changes little."""
    y, x = torch.meshgrid(torch.linspace(0, 3, height), torch.linspace(0, 4, width), indexing="ij")
    waves = [torch.stack([torch.sin(y + k), torch.cos(x - k), torch.sin(x + y * k)], dim=2) for k in range(count)]
    return (torch.stack(waves) * 110 + 128).to(torch.uint8)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.5, 1.0, 1.5]), st.booleans())
def test_the_result_has_the_size_asked_for_and_colours_from_0_to_1(seed: int, strength: float, black: bool) -> None:
    pixels = torch.zeros(4, 37, 55, 3, dtype=torch.uint8) if black else photos(4)
    found = augment(pixels, (32, 64), source(seed), strength=strength)
    assert (tuple(found.shape), found.dtype) == ((4, 3, 32, 64), torch.float32)
    assert bool(found.isfinite().all())
    assert 0.0 <= float(found.min()) <= float(found.max()) <= 1.0


def test_without_strength_only_the_resize_is_left() -> None:
    pixels = photos()
    found = augment(pixels, (32, 48), source(), strength=0.0)
    assert float((found - plain(pixels, (32, 48))).abs().max()) < 0.03
    same = augment(pixels, (37, 55), source(), strength=0.0)
    assert float((same - plain(pixels, (37, 55))).abs().max()) < 1e-3


def test_with_strength_every_photo_changes_and_no_two_alike() -> None:
    pixels = photos(1).repeat(8, 1, 1, 1)
    found = augment(pixels, (37, 55), source())
    apart = (found[:, None] - found[None]).abs().mean(dim=(2, 3, 4)) + torch.eye(8)
    assert float(apart.min()) > 0.01
    assert float((found - plain(pixels, (37, 55))).abs().mean(dim=(1, 2, 3)).min()) > 0.01


def test_more_strength_changes_more() -> None:
    pixels = photos(16)
    before = plain(pixels, (37, 55))
    change = [float((augment(pixels, (37, 55), source(1), strength=s) - before).abs().mean()) for s in (0.1, 0.4, 1.0)]
    assert change[0] < change[1] < change[2]


def test_the_generator_decides_everything() -> None:
    pixels = photos()
    one, two, other = (augment(pixels, (32, 32), source(seed)) for seed in (3, 3, 4))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    torch.manual_seed(1)
    again = augment(pixels, (32, 32), source(3))
    assert torch.equal(one, again)


def test_the_photos_themselves_are_left_alone() -> None:
    pixels = photos()
    before = pixels.clone()
    augment(pixels, (32, 32), source())
    plain(pixels, (32, 32))
    assert torch.equal(pixels, before)


def test_some_frames_turn_grey_as_at_night() -> None:
    red = torch.zeros(200, 8, 8, 3, dtype=torch.uint8)
    red[..., 0] = 200
    found = augment(red, (8, 8), source())
    noise = 0.2
    grey = ((found[:, 0] - found[:, 2]).abs().amax(dim=(1, 2)) < noise).float().mean()
    assert 0.05 < float(grey) < 0.3


@pytest.mark.parametrize("size", [(16, 16), (32, 64)])
def test_the_plain_resize_keeps_flat_colours_and_channel_order(size: tuple[int, int]) -> None:
    flat = torch.tensor([255, 102, 0], dtype=torch.uint8).expand(2, 40, 40, 3)
    found = plain(flat, size)
    assert tuple(found.shape) == (2, 3, *size)
    torch.testing.assert_close(found, torch.tensor([1.0, 0.4, 0.0]).view(1, 3, 1, 1).expand_as(found))


def test_a_photo_of_the_right_size_is_only_scaled_to_0_to_1() -> None:
    pixels = photos(2)
    torch.testing.assert_close(plain(pixels, (37, 55)), pixels.permute(0, 3, 1, 2) / 255.0)


def test_a_softened_pixel_is_the_mean_of_the_nine_around_it_and_a_flat_photo_stays_flat() -> None:
    dot = torch.zeros(1, 1, 5, 6)
    dot[0, 0, 2, 3] = 9.0
    wanted = torch.zeros(5, 6)
    wanted[1:4, 2:5] = 1.0
    torch.testing.assert_close(augmenting._softened(dot)[0, 0], wanted)
    torch.testing.assert_close(augmenting._softened(torch.full((1, 3, 4, 5), 0.7)), torch.full((1, 3, 4, 5), 0.7))


def test_the_frame_is_what_torch_makes_of_the_same_affine_map() -> None:
    a, b, c = torch.tensor([0.9, 1.1]), torch.tensor([0.1, -0.2]), torch.tensor([0.05, 0.3])
    theta = torch.stack([torch.stack([a, b, c], dim=1), torch.stack([-b, a, c], dim=1)], dim=1)
    wanted = torch.nn.functional.affine_grid(theta, [2, 3, 7, 11], align_corners=False)
    across, down = augmenting._places(11, torch.device("cpu")), augmenting._places(7, torch.device("cpu"))[:, None]
    torch.testing.assert_close(augmenting._linear(across, a, down, b, c), wanted[..., 0])
    torch.testing.assert_close(augmenting._linear(across, -b, down, a, c), wanted[..., 1])
