"""Augmentation of whole batches, as field photos vary: framing, perspective, light, colour cast, infra-red, blur, grass."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def augment(
    pixels: Tensor, size: tuple[int, int], generator: torch.Generator, *, strength: float = 1.0
) -> Tensor:
    """Vary a batch at random.

    Args:
        pixels: (B, H, W, 3) uint8 RGB.
        size: (height, width) of the result.
        generator: source of all randomness, on the CPU.
        strength: scales every change; 0 leaves only the resize.

    Returns:
        (B, 3, height, width) float32 RGB in [0, 1], on the device of `pixels`.
    """
    images = pixels.permute(0, 3, 1, 2).float().div_(255.0)
    images = _frame(images, size, generator, strength)
    images = _light(images, generator, strength)
    images = _blur_and_noise(images, generator, strength)
    return _cover(images, generator, strength).clamp_(0.0, 1.0)


def plain(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """The same batch without any change: (B, H, W, 3) uint8 -> (B, 3, height, width) float32 in [0, 1]."""
    images = pixels.permute(0, 3, 1, 2).float().div_(255.0)
    if images.shape[2:] == size:
        return images
    return functional.interpolate(images, size=size, mode="bilinear", antialias=True, align_corners=False)


def _uniform(count: int, low: float, high: float, generator: torch.Generator, device: torch.device) -> Tensor:
    return torch.empty(count).uniform_(low, high, generator=generator).to(device)


def _frame(images: Tensor, size: tuple[int, int], generator: torch.Generator, strength: float) -> Tensor:
    """Random zoom, shift, rotation, shear and slight perspective in one resampling."""
    count, device = len(images), images.device
    angle = _uniform(count, -0.14, 0.14, generator, device) * strength
    zoom_x = 1.0 - _uniform(count, -0.04, 0.24, generator, device) * strength
    zoom_y = 1.0 - _uniform(count, -0.04, 0.24, generator, device) * strength
    shear = _uniform(count, -0.12, 0.12, generator, device) * strength
    room_x, room_y = (1.0 - zoom_x).clamp(min=0.0), (1.0 - zoom_y).clamp(min=0.0)
    shift_x = _uniform(count, -1.0, 1.0, generator, device) * room_x
    shift_y = _uniform(count, -1.0, 1.0, generator, device) * room_y
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.stack([
        torch.stack([cos * zoom_x, (shear - sin) * zoom_y, shift_x], dim=1),
        torch.stack([sin * zoom_x, cos * zoom_y, shift_y], dim=1),
    ], dim=1)
    grid = functional.affine_grid(theta, [count, 3, *size], align_corners=False)
    tilt = torch.stack([_uniform(count, -0.08, 0.08, generator, device) for _ in range(2)], dim=1) * strength
    depth = 1.0 + (grid * tilt.view(count, 1, 1, 2)).sum(dim=3, keepdim=True)
    return functional.grid_sample(images, grid / depth, mode="bilinear", padding_mode="reflection", align_corners=False)


def _light(images: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Exposure, contrast, colour cast, gamma; some frames turn grey, as at night under infra-red."""
    count, device = len(images), images.device
    shape = (count, 1, 1, 1)
    gamma = torch.exp(_uniform(count, -0.35, 0.35, generator, device) * strength).view(shape)
    contrast = torch.exp(_uniform(count, -0.35, 0.35, generator, device) * strength).view(shape)
    gain = torch.exp(_uniform(count, -0.25, 0.25, generator, device) * strength).view(shape)
    cast = torch.exp(_uniform(count * 3, -0.12, 0.12, generator, device) * strength).view(count, 3, 1, 1)
    saturation = (1.0 + _uniform(count, -0.5, 0.3, generator, device) * strength).view(shape)
    grey_share = _uniform(count, 0.0, 1.0, generator, device).view(shape) < 0.15 * strength
    saturation = torch.where(grey_share, torch.zeros_like(saturation), saturation)
    images = images.clamp(1e-4, 1.0).pow(gamma)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = ((images - mean) * contrast + mean) * gain * cast
    grey = images.mean(dim=1, keepdim=True)
    return grey + (images - grey) * saturation


def _blur_and_noise(images: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    count, device = len(images), images.device
    draw = _uniform(count, 0.0, 1.0, generator, device)
    soft = draw < 0.2 * strength
    if bool(soft.any()):
        images = images.clone()
        images[soft] = functional.avg_pool2d(images[soft], 3, stride=1, padding=1, count_include_pad=False)
    level = (_uniform(count, -0.03, 0.03, generator, device) * strength).clamp(min=0.0).view(count, 1, 1, 1)
    return images + level * torch.randn(images.shape, generator=generator).to(device)


def _cover(images: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Cover one rectangle of some frames with its own mean colour, as grass and branches do (random erasing)."""
    count, _, height, width = images.shape
    draws = torch.rand(count, 5, generator=generator)
    images = images.clone()
    for row in range(count):
        if float(draws[row, 0]) >= 0.35 * strength:
            continue
        tall = int(height * (0.1 + 0.35 * float(draws[row, 1])))
        wide = int(width * (0.1 + 0.35 * float(draws[row, 2])))
        top, left = int((height - tall) * float(draws[row, 3])), int((width - wide) * float(draws[row, 4]))
        patch = images[row, :, top : top + tall, left : left + wide]
        images[row, :, top : top + tall, left : left + wide] = patch.mean(dim=(1, 2), keepdim=True)
    return images
