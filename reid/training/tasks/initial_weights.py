"""What a net starts from: the net that ships for its stage, torchvision's ImageNet weights, a safetensors file, or nothing."""

from __future__ import annotations

from pathlib import Path

import torch

from reid.errors import NetError, UsageError
from reid.nets import backbones, net_files
from reid.nets.networks import EmbeddingNet, SpeciesNet
from reid.settings import START_WEIGHTS, TrainSettings
from reid.training.dataset import Decoded
from reid.training.tasks.closed_form_heads import settle_neck, start_head


def embedding_net(settings: TrainSettings, decoded: Decoded, device: torch.device) -> EmbeddingNet:
    """An embedding net with its start weights; its head is settled on, or made from, the photos' features.

    Raises:
        UsageError: no such weights, or of another backbone.
    """
    torch.manual_seed(settings.seed)
    net = EmbeddingNet(
        settings.backbone, dimension=settings.dimension, pooling=settings.pooling,
        imagenet=settings.weights == "imagenet",
    )
    loaded = _fill(net, _path(settings, net_files.BASE), settings.backbone)
    if "linear.weight" in loaded:
        settle_neck(net, decoded, settings.image_size, device, settings.seed)
    elif settings.weights != "none":
        start_head(net, decoded, settings.image_size, device, settings.seed)
    return net


def species_net(settings: TrainSettings, classes: int) -> SpeciesNet:
    """A species net with its start weights; its head is new.

    Raises:
        UsageError: no such weights, or of another backbone.
    """
    torch.manual_seed(settings.seed)
    net = SpeciesNet(settings.backbone, classes, imagenet=settings.weights == "imagenet")
    _fill(net, _path(settings, net_files.SPECIES_BASE), settings.backbone, only="features.")
    return net


def fingerprint(settings: TrainSettings, stage: str) -> str:
    """What a stage's start weights are, for the card: a name, or the fingerprint of a net of ours."""
    path = _path(settings, net_files.BASE if stage == "embedding" else net_files.SPECIES_BASE)
    if path is None:
        return settings.weights
    return net_files.read_card(path).fingerprint if path.with_suffix(".json").exists() else path.name


def _fill(net: EmbeddingNet | SpeciesNet, path: Path | None, backbone: str, only: str = "") -> set[str]:
    """Load what fits of the start weights into a net; returns the names loaded."""
    if path is None:
        return set()
    try:
        state = net_files.read_state(path)
    except NetError as error:
        raise UsageError(f"start weights: {error}") from error
    own = net.state_dict()
    fitting = {
        name: value for name, value in state.items()
        if name.startswith(only) and name in own and own[name].shape == value.shape
    }
    wanted = {name for name in own if name.startswith("features.") and not name.endswith(".num_batches_tracked")}
    if not wanted <= set(fitting):
        raise UsageError(
            f"the weights {path} are not of backbone {backbone}; choose --backbone to fit "
            f"({', '.join(backbones.BACKBONES)}), or --weights imagenet"
        )
    if "linear.weight" not in fitting or "neck.running_var" not in fitting:
        fitting = {name: value for name, value in fitting.items() if name.startswith("features.")}
    net.load_state_dict(fitting, strict=False)
    return set(fitting)


def _path(settings: TrainSettings, shipped: Path) -> Path | None:
    if settings.weights in ("imagenet", "none"):
        return None
    if settings.weights == "base":
        return shipped
    path = Path(settings.weights)
    if not path.is_file():
        raise UsageError(f"weights {settings.weights!r}: no such file; choose {', '.join(START_WEIGHTS)} or a safetensors file")
    return path
