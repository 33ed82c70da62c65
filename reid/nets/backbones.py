"""Backbones by name: torchvision's convolutional nets cut off before their pooling and classifier. The only torchvision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reid.errors import NetError, UsageError

if TYPE_CHECKING:
    from torch import nn

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""Of ImageNet, RGB in [0, 1]: what every backbone here was first trained on."""


@dataclass(frozen=True, slots=True)
class BackboneSpec:
    """One backbone: torchvision's names for the net and its ImageNet weights, and its output channels."""

    constructor: str
    weights: str
    channels: int
    parameters_m: float
    """Millions of parameters of the part we use."""


BACKBONES = {
    "mobilenet_v2": BackboneSpec("mobilenet_v2", "MobileNet_V2_Weights", 1280, 2.2),
    "mobilenet_v3_small": BackboneSpec("mobilenet_v3_small", "MobileNet_V3_Small_Weights", 576, 0.9),
    "mobilenet_v3_large": BackboneSpec("mobilenet_v3_large", "MobileNet_V3_Large_Weights", 960, 3.0),
    "efficientnet_b0": BackboneSpec("efficientnet_b0", "EfficientNet_B0_Weights", 1280, 4.0),
    "efficientnet_v2_s": BackboneSpec("efficientnet_v2_s", "EfficientNet_V2_S_Weights", 1280, 20.2),
    "convnext_tiny": BackboneSpec("convnext_tiny", "ConvNeXt_Tiny_Weights", 768, 27.8),
    "resnet18": BackboneSpec("resnet18", "ResNet18_Weights", 512, 11.2),
    "resnet50": BackboneSpec("resnet50", "ResNet50_Weights", 2048, 23.5),
}


def spec(name: str) -> BackboneSpec:
    """The backbone of that name.

    Raises:
        UsageError: there is none; the names are listed.
    """
    if name not in BACKBONES:
        raise UsageError(f"backbone {name!r} does not exist; choose from {', '.join(BACKBONES)}")
    return BACKBONES[name]


def build(name: str, *, imagenet: bool = False) -> nn.Sequential:
    """A backbone as a sequence of blocks: (B, 3, H, W) normalised RGB -> (B, C, H/32, W/32).

    Args:
        name: one of `BACKBONES`.
        imagenet: start from torchvision's ImageNet weights (downloaded once by torchvision); else random.

    Raises:
        UsageError: no such backbone.
        NetError: the ImageNet weights could not be downloaded.
    """
    from torch import nn
    from torchvision import models

    entry = spec(name)
    weights = getattr(models, entry.weights).DEFAULT if imagenet else None
    try:
        net: Any = getattr(models, entry.constructor)(weights=weights)
    except (OSError, RuntimeError) as error:  # no internet; a download cut off has the wrong hash
        raise NetError(
            f"torchvision's ImageNet weights for {name} could not be downloaded ({error}); "
            "without internet use --weights base (ships with reid) or a safetensors file"
        ) from error
    if hasattr(net, "features"):
        return nn.Sequential(*net.features.children())
    stem = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool)
    return nn.Sequential(stem, net.layer1, net.layer2, net.layer3, net.layer4)
