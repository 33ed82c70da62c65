"""Every backbone by name has the channels its entry states and divides the input by 32."""

from __future__ import annotations

from typing import Any
from urllib.error import URLError

import pytest
import torch
from torch import nn
from torchvision import models

from reid.errors import NetError, UsageError
from reid.nets import backbones
from reid.nets.networks import EmbeddingNet, GeneralizedMean, SpeciesNet


@pytest.mark.parametrize("name", backbones.BACKBONES)
def test_a_backbone_is_as_its_entry_says(name: str) -> None:
    with torch.device("meta"):
        net = backbones.build(name)
        maps = net.eval()(torch.zeros(1, 3, 64, 96))
    assert tuple(maps.shape) == (1, backbones.spec(name).channels, 2, 3)
    parameters = sum(parameter.numel() for parameter in net.parameters()) / 1e6
    assert parameters == pytest.approx(backbones.spec(name).parameters_m, abs=0.06)


def test_a_backbone_that_does_not_exist_is_refused_with_the_names() -> None:
    with pytest.raises(UsageError, match="backbone 'vgg' does not exist; choose from mobilenet_v2, "):
        backbones.build("vgg")


def test_weights_that_cannot_be_downloaded_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(**_: Any) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(models, "resnet18", offline)
    with pytest.raises(NetError, match="without internet use --weights base"):
        backbones.build("resnet18", imagenet=True)


def test_embeddings_have_unit_length_whatever_the_photo() -> None:
    torch.manual_seed(0)
    net = EmbeddingNet("mobilenet_v3_small", dimension=16).eval()
    with torch.inference_mode():
        vectors = net(torch.cat([torch.rand(3, 3, 32, 64), torch.zeros(1, 3, 32, 64), torch.ones(1, 3, 32, 64)]))
    assert tuple(vectors.shape) == (5, 16)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(5))


def test_the_net_normalises_its_input_itself() -> None:
    torch.manual_seed(0)
    net = EmbeddingNet("mobilenet_v3_small", dimension=4)
    assert {"mean", "std"}.isdisjoint(net.state_dict())
    net.features = nn.Sequential()
    white = net.maps(torch.ones(1, 3, 1, 1)).flatten().tolist()
    assert white == pytest.approx([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225])


def test_generalised_mean_pooling_is_the_average_at_1_and_near_the_maximum_at_8() -> None:
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    assert GeneralizedMean(1.0)(maps).item() == pytest.approx(3.0)
    assert GeneralizedMean(3.0)(maps).item() == pytest.approx(((1 + 8 + 27 + 216) / 4) ** (1 / 3))
    assert GeneralizedMean(99.0)(maps).item() == pytest.approx(((1 + 2**8 + 3**8 + 6**8) / 4) ** (1 / 8))


def test_generalised_mean_pooling_of_dark_maps_has_a_finite_gradient() -> None:
    pool = GeneralizedMean()
    maps = torch.zeros(1, 2, 2, 2, requires_grad=True)
    pool(maps).sum().backward()
    assert pool.exponent.grad is not None
    assert maps.grad is not None
    assert bool(pool.exponent.grad.isfinite())
    assert bool(maps.grad.isfinite().all())


def test_a_species_net_gives_logits_and_the_average_features_they_come_from() -> None:
    torch.manual_seed(0)
    net = SpeciesNet("mobilenet_v3_small", 3, prototypes=5).eval()
    images = torch.rand(2, 3, 64, 32)
    with torch.inference_mode():
        logits, features = net(images)
        torch.testing.assert_close(features, net.maps(images).mean(dim=(2, 3)))
        torch.testing.assert_close(logits, features @ net.linear.weight.T + net.linear.bias)
    assert tuple(net.prototypes.shape) == (5, 576)
