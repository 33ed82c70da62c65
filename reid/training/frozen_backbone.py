"""Nets made faster to train on a CPU without changing what they compute: blocks that stay as they are, and slow gradients."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from reid.nets.networks import EmbeddingNet, SpeciesNet

PHOTOS_AT_ONCE = 8
"""That pass together through blocks that are not trained: their maps, the widest of a net, are kept for no gradient."""


class StridedDepthwise(nn.Conv2d):
    """A depthwise convolution with a stride that computes in float32 where the others compute in bfloat16.

    oneDNN has no fast gradient for it in bfloat16: two layers of MobileNetV2 took a quarter of a whole step.
    """

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, h, w), of the kind that the other layers give."""
        kind = torch.get_autocast_dtype(input.device.type) if torch.is_autocast_enabled(input.device.type) else input.dtype
        with torch.autocast(input.device.type, enabled=False):
            return super().forward(input.float()).to(kind)


class Body:
    """The maps of a net in training whose first blocks are not trained: these answer as `fused` copies, without gradients."""

    def __init__(self, net: EmbeddingNet | SpeciesNet, untrained: int) -> None:
        """untrained: how many blocks of the backbone keep their weights and running statistics."""
        blocks = list(net.features.children())
        self._mean, self._std = net.mean, net.std
        self._start, self._rest = fused(blocks[:untrained]), blocks[untrained:]
        if net.mean.device.type == "cpu":
            _widen(self._rest)

    def __call__(self, images: Tensor) -> Tensor:
        """As `maps` of the net: (B, 3, H, W) RGB in [0, 1] -> (B, C, H/32, W/32)."""
        with torch.no_grad():
            maps = torch.cat([self._start((some - self._mean) / self._std) for some in few_at_once(images)])
        for block in self._rest:
            maps = block(maps)
        return maps


def few_at_once(images: Tensor) -> tuple[Tensor, ...]:
    """A batch in parts of `PHOTOS_AT_ONCE`, the last with what is left over: smaller parts would take other kernels."""
    full = max(1, len(images) // PHOTOS_AT_ONCE)
    sizes = [PHOTOS_AT_ONCE] * (full - 1) + [len(images) - PHOTOS_AT_ONCE * (full - 1)]
    parts: tuple[Tensor, ...] = images.split(sizes)  # type: ignore[no-untyped-call]
    return parts


def fused(blocks: Sequence[nn.Module]) -> nn.Sequential:
    """Copies of blocks that are not trained, each batch norm folded into the convolution before it, in evaluation mode."""
    copies = nn.Sequential(*(copy.deepcopy(block) for block in blocks)).eval().requires_grad_(False)
    _fold(copies)
    return copies


def _fold(part: nn.Module) -> None:
    for (name, one), (following, norm) in pairwise(part.named_children()):
        if isinstance(one, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d) and isinstance(part, nn.Sequential):
            setattr(part, name, fuse_conv_bn_eval(one, norm))
            setattr(part, following, nn.Identity())
    for child in part.children():
        _fold(child)


def _widen(blocks: Sequence[nn.Module]) -> None:
    """Turn strided depthwise convolutions into `StridedDepthwise`, in place: optimisers and checkpoints hold their weights."""
    for one in (one for block in blocks for one in block.modules()):
        if type(one) is nn.Conv2d and one.groups == one.in_channels > 1 and max(one.stride) > 1:
            one.__class__ = StridedDepthwise
