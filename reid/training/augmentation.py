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
    tilt = [_uniform(count, -0.08, 0.08, generator, device).view(count, 1, 1) * strength for _ in range(2)]
    across, down = _places(size[1], device), _places(size[0], device)[:, None]
    x, y = (  # written out: torch's affine_grid takes as long as the resampling itself
        _linear(across, cos * zoom_x, down, (shear - sin) * zoom_y, shift_x),
        _linear(across, sin * zoom_x, down, cos * zoom_y, shift_y),
    )
    depth = (x * tilt[0]).add_(y * tilt[1]).add_(1.0)
    grid = torch.stack([x.div_(depth), y.div_(depth)], dim=3)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _places(count: int, device: torch.device) -> Tensor:
    """The middles of so many pixels along an edge that reaches from -1 to 1."""
    return (torch.arange(count, device=device) + 0.5) * (2.0 / count) - 1.0


def _linear(across: Tensor, a: Tensor, down: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """a across + b down + c for each photo: (B, height, width)."""
    a, b, c = (one.view(-1, 1, 1) for one in (a, b, c))
    return (across * a + c) + down * b


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
    images = images.clamp(1e-4, 1.0).log_().mul_(gamma).exp_()
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images.mul_(contrast * gain * cast).add_(mean * (1.0 - contrast) * gain * cast)  # contrast about the mean, then light
    grey = images.mean(dim=1, keepdim=True)
    return images.mul_(saturation).add_(grey.mul_(1.0 - saturation))


def _blur_and_noise(images: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    count, device = len(images), images.device
    soft = _uniform(count, 0.0, 1.0, generator, device) < 0.2 * strength
    if bool(soft.any()):
        images[soft] = _softened(images[soft])
    level = (_uniform(count, -0.03, 0.03, generator, device) * strength).clamp(min=0.0)
    noisy = level > 0.0
    noise = torch.randn((int(noisy.sum()), *images.shape[1:]), generator=generator).to(device)
    images[noisy] += noise.mul_(level[noisy].view(-1, 1, 1, 1))
    return images


def _softened(images: Tensor) -> Tensor:
    """Each pixel the mean of the 3 x 3 around it; the edges count double."""
    for edge in (2, 3):
        count = images.shape[edge]
        before = torch.cat([images.narrow(edge, 0, 1), images.narrow(edge, 0, count - 1)], dim=edge)
        after = torch.cat([images.narrow(edge, 1, count - 1), images.narrow(edge, count - 1, 1)], dim=edge)
        images = before.add_(images).add_(after).mul_(1.0 / 3.0)
    return images


def _cover(images: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Cover one rectangle of some frames with its own mean colour, as grass and branches do (random erasing)."""
    count, _, height, width = images.shape
    draws = torch.rand(count, 5, generator=generator)
    for row in range(count):
        if float(draws[row, 0]) >= 0.35 * strength:
            continue
        tall = int(height * (0.1 + 0.35 * float(draws[row, 1])))
        wide = int(width * (0.1 + 0.35 * float(draws[row, 2])))
        top, left = int((height - tall) * float(draws[row, 3])), int((width - wide) * float(draws[row, 4]))
        patch = images[row, :, top : top + tall, left : left + wide]
        images[row, :, top : top + tall, left : left + wide] = patch.mean(dim=(1, 2), keepdim=True)
    return images
