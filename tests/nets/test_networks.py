"""The nets' heads on small numbers: pooling, unit length, distance and energy, and one pass for all that is asked."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch.nn import functional

from reid.nets import backbones
from reid.nets.networks import (
    POOLINGS,
    EmbeddingNet,
    Familiarity,
    FromPixels,
    GeneralizedMean,
    GlobalAverage,
    NetOutputs,
    SpeciesNet,
)

BACKBONE = "mobilenet_v3_small"


@cache
def embedding() -> EmbeddingNet:
    torch.manual_seed(1)
    return EmbeddingNet(BACKBONE, dimension=4).eval()


@cache
def species(prototypes: int = 0, axes: int = 0) -> SpeciesNet:
    torch.manual_seed(2)
    return SpeciesNet(BACKBONE, 3, prototypes=prototypes, axes=axes).eval()


def pixels(count: int = 2) -> torch.Tensor:
    return torch.randint(0, 256, (count, 64, 64, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))


def test_a_generalised_mean_lies_between_the_average_and_the_maximum() -> None:
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    assert GlobalAverage()(maps).tolist() == [[3.0]]
    assert GeneralizedMean(1.0)(maps).item() == pytest.approx(3.0)
    assert GeneralizedMean(2.0)(maps).item() == pytest.approx((50 / 4) ** 0.5)
    assert GeneralizedMean(99.0)(maps).item() == pytest.approx(GeneralizedMean(8.0)(maps).item())
    assert GeneralizedMean()(-maps).item() == pytest.approx(1e-5, rel=1e-3), "nothing below zero is averaged"
    assert {"gem": GeneralizedMean, "average": GlobalAverage} == POOLINGS


@torch.inference_mode()
def test_an_embedding_has_unit_length_and_pixels_are_normalised_inside() -> None:
    net, photos = embedding(), pixels().permute(0, 3, 1, 2) / 255.0
    vectors = net(photos)
    assert vectors.shape == (2, 4)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))
    normal = (photos - torch.tensor(backbones.MEAN).view(3, 1, 1)) / torch.tensor(backbones.STD).view(3, 1, 1)
    torch.testing.assert_close(net.maps(photos), net.features(normal))
    assert not {"mean", "std"} & net.state_dict().keys(), "they are no weights, and files of nets do not hold them"


@torch.inference_mode()
def test_both_maps_of_one_pass_are_those_of_two() -> None:
    net, photos = embedding(), pixels().permute(0, 3, 1, 2) / 255.0
    maps, early = net.both_maps(photos)
    torch.testing.assert_close(maps, net.maps(photos))
    torch.testing.assert_close(early, net.early_maps(photos))
    assert maps.shape[2:] == (2, 2) and early.shape[2:] == (4, 4)


def test_familiarity_is_energy_less_the_distance_to_the_nearest_class() -> None:
    known = Familiarity(2, 2, 1)
    known.middle[:] = torch.tensor([1.0, 0.0])
    known.axes[:] = torch.tensor([[0.0, 0.5]])
    known.weight[:] = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    known.bias[:] = torch.tensor([1.0, 2.0])
    known.scales[:] = torch.tensor([2.0, 3.0])
    features, logits = torch.tensor([[3.0, 2.0]]), torch.tensor([[0.0, 1.0]])
    # away (2, 2): 8, less (0.5 * 2)^2 = 1, and the nearest of 1 - 2 * 2 = -3 and 2 - 2 * 2 = -2
    assert known.distance(features).item() == pytest.approx(4.0)
    assert known(features, logits).item() == pytest.approx(3 * logits.logsumexp(dim=1).item() - 2 * 4.0)


@torch.inference_mode()
def test_a_species_net_answers_logits_and_how_familiar_a_photo_is() -> None:
    photos = pixels()
    logits, familiarity = FromPixels(species())(photos)
    assert logits.shape == (2, 3) and familiarity.tolist() == [1.0, 1.0], "a net that learned nothing of it finds all familiar"
    net = species(prototypes=2)
    images = photos.permute(0, 3, 1, 2) / 255.0
    features = net(images)[1]
    net.prototypes[:] = functional.normalize(torch.stack([features[0], -features[1]]), dim=1)
    assert FromPixels(net)(photos)[1][0].item() == pytest.approx(1.0, abs=1e-5)
    newer = species(axes=2)
    assert newer.familiarity is not None
    both = NetOutputs(newer)(images)
    torch.testing.assert_close(both[1], newer.familiarity(newer(images)[1], both[0]))


@torch.inference_mode()
def test_all_of_an_embedding_net_is_answered_in_one_pass_with_channels_last() -> None:
    net, photos = embedding(), pixels()
    vectors, maps = FromPixels(net)(photos)
    images = photos.permute(0, 3, 1, 2).float() / 255.0
    torch.testing.assert_close(vectors, net(images))
    torch.testing.assert_close(maps, net.early_maps(images).permute(0, 2, 3, 1))


def test_the_neck_has_no_bias_to_learn() -> None:
    net = embedding()
    assert not net.neck.bias.requires_grad and net.neck.weight.requires_grad and net.linear.bias is None
