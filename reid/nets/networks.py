"""The two nets: a softmax species CNN for stage 1, an embedding net for stage 2. Needs torch: import when first used."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from reid.nets import backbones


class GeneralizedMean(nn.Module):
    """Generalised-mean pooling with one learned exponent (Radenovic et al., 2019): 1 = average, large = maximum."""

    def __init__(self, exponent: float = 3.0) -> None:
        """Start from `exponent`."""
        super().__init__()
        self.exponent = nn.Parameter(torch.tensor(exponent))

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C)."""
        exponent = self.exponent.clamp(1.0, 8.0)
        return maps.clamp(min=1e-5).pow(exponent).mean(dim=(2, 3)).pow(1.0 / exponent)


class GlobalAverage(nn.Module):
    """Global average pooling."""

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C)."""
        return maps.mean(dim=(2, 3))


POOLINGS: dict[str, type[nn.Module]] = {"gem": GeneralizedMean, "average": GlobalAverage}


class _Normalised(nn.Module):
    """A backbone that takes RGB in [0, 1] and normalises it itself, so that no caller can forget to."""

    mean: Tensor
    std: Tensor

    def __init__(self, backbone: str, *, imagenet: bool = False) -> None:
        super().__init__()
        self.features = backbones.build(backbone, imagenet=imagenet)
        self.register_buffer("mean", torch.tensor(backbones.MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(backbones.STD).view(1, 3, 1, 1), persistent=False)

    def maps(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in [0, 1] -> feature maps (B, C, H/32, W/32)."""
        out: Tensor = self.features((images - self.mean) / self.std)
        return out

    def early_maps(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in [0, 1] -> maps of the last block at 1/8 of the input, averaged to (B, C, H/16, W/16).

        Edges and textures: of a coat that is what tells places apart. With `TrainSettings.frozen_blocks` as it is, these
        blocks of the default backbone stay as they came, so their maps do not depend on the training.
        """
        return self.both_maps(images)[1]

    def both_maps(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) RGB in [0, 1] -> the feature maps of `maps` and those of `early_maps`, in one pass."""
        maps = early = (images - self.mean) / self.std
        for block in self.features:
            maps = block(maps)
            if maps.shape[2] * 8 >= images.shape[2]:
                early = maps
        return maps, functional.avg_pool2d(early, 2)


class EmbeddingNet(_Normalised):
    """Stage 2: backbone, pooling, linear, batch-norm neck (Luo et al., 2019), unit vector."""

    def __init__(
        self, backbone: str, *, dimension: int = 256, pooling: str = "gem", imagenet: bool = False
    ) -> None:
        """Build with random weights; `imagenet` downloads torchvision's for the backbone."""
        super().__init__(backbone, imagenet=imagenet)
        self.pool = POOLINGS[pooling]()
        self.linear = nn.Linear(backbones.spec(backbone).channels, dimension, bias=False)
        self.neck = nn.BatchNorm1d(dimension)
        self.neck.bias.requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in [0, 1] -> embeddings (B, D) of unit length."""
        return self.head(self.maps(images))

    def head(self, maps: Tensor) -> Tensor:
        """Feature maps (B, C, h, w) -> embeddings (B, D) of unit length."""
        return functional.normalize(self.neck(self.linear(self.pool(maps))), dim=1)


class Familiarity(nn.Module):
    """How like the photos that taught a species net a photo is, larger = more alike: energy of its logits less its distance.

    The distance is the Mahalanobis distance to the nearest class, a covariance for all, of which the `axes` of widest spread are
    kept and all other directions count alike: |x - m|^2 - |A (x - m)|^2 + min over the classes of (b - 2 w (x - m)).

    middle: (C,) m. axes: (r, C) A. weight: (classes, C) w. bias: (classes,) b. scales: (2,) what distance and energy count.
    """

    middle: Tensor
    axes: Tensor
    weight: Tensor
    bias: Tensor
    scales: Tensor

    def __init__(self, channels: int, classes: int, axes: int) -> None:
        """With room for the numbers, which `reid.training.tasks.species_novelty` learns."""
        super().__init__()
        self.register_buffer("middle", torch.zeros(channels))
        self.register_buffer("axes", torch.zeros(axes, channels))
        self.register_buffer("weight", torch.zeros(classes, channels))
        self.register_buffer("bias", torch.zeros(classes))
        self.register_buffer("scales", torch.ones(2))

    def distance(self, features: Tensor) -> Tensor:
        """Pooled features (B, C) -> squared distance to the nearest class (B,), unscaled."""
        away = features - self.middle
        nearest = (self.bias - 2.0 * away @ self.weight.T).min(dim=1).values
        return (away * away).sum(dim=1) - ((away @ self.axes.T) ** 2).sum(dim=1) + nearest

    def forward(self, features: Tensor, logits: Tensor) -> Tensor:
        """Pooled features (B, C) and logits (B, classes) -> familiarity (B,)."""
        return self.scales[1] * logits.logsumexp(dim=1) - self.scales[0] * self.distance(features)


class SpeciesNet(_Normalised):
    """Stage 1: backbone, global average pooling, dropout, linear; softmax is taken by the caller.

    familiarity: tells what the net has never seen anything like; None in nets of before, and while one is trained.
    prototypes: (P, C) unit feature vectors of training photos, which did that in nets of before.
    """

    prototypes: Tensor

    def __init__(
        self, backbone: str, classes: int, *, prototypes: int = 0, axes: int = 0, imagenet: bool = False
    ) -> None:
        """Build with random weights for a number of classes, with room for prototypes or for a familiarity of so many axes."""
        super().__init__(backbone, imagenet=imagenet)
        self.pool = GlobalAverage()
        self.dropout = nn.Dropout(0.2)
        channels = backbones.spec(backbone).channels
        self.linear = nn.Linear(channels, classes)
        self.register_buffer("prototypes", torch.zeros(prototypes, channels))
        self.familiarity = Familiarity(channels, classes, axes) if axes else None

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) RGB in [0, 1] -> logits (B, classes) and pooled features (B, C)."""
        return self.head(self.maps(images))

    def head(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Feature maps (B, C, h, w) -> logits (B, classes) and pooled features (B, C)."""
        features = self.pool(maps)
        return self.linear(self.dropout(features)), features


class NetOutputs(nn.Module):
    """All that inference asks of a net, in one pass: what the runtime runs and what is exported."""

    def __init__(self, net: nn.Module) -> None:
        """Of an `EmbeddingNet` or a `SpeciesNet`."""
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) RGB in [0, 1] -> embeddings (B, D), early maps (B, h, w, C); or logits (B, classes), familiarity (B,)."""
        if isinstance(self.net, EmbeddingNet):
            maps, early = self.net.both_maps(images)
            return self.net.head(maps), early.permute(0, 2, 3, 1)
        assert isinstance(self.net, SpeciesNet)
        logits, features = self.net(images)
        if self.net.familiarity is not None:
            return logits, self.net.familiarity(features, logits)
        if not len(self.net.prototypes):
            return logits, torch.ones_like(logits[:, 0])
        near = functional.normalize(features, dim=1) @ functional.normalize(self.net.prototypes, dim=1).T
        return logits, near.max(dim=1).values


class FromPixels(nn.Module):
    """`NetOutputs` to photos as they are decoded."""

    def __init__(self, net: nn.Module) -> None:
        """Of an `EmbeddingNet` or a `SpeciesNet`."""
        super().__init__()
        self.answers = NetOutputs(net)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, H, W, 3) uint8 RGB -> as `NetOutputs`."""
        out: tuple[Tensor, Tensor] = self.answers(pixels.permute(0, 3, 1, 2).float() / 255.0)
        return out
