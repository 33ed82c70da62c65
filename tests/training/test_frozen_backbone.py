"""What makes a net faster to train changes nothing of what it computes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reid.nets.networks import EmbeddingNet
from reid.training.frozen_backbone import Body, StridedDepthwise, few_at_once


def awake(backbone: str) -> EmbeddingNet:
    """A net whose running statistics and norms are not those of a new one."""
    torch.manual_seed(0)
    net = EmbeddingNet(backbone, dimension=8, pooling="average")
    for one in net.modules():
        if isinstance(one, nn.BatchNorm2d):
            nn.init.uniform_(one.weight, 0.5, 1.5)
            nn.init.uniform_(one.bias, -0.5, 0.5)
            one.running_mean, one.running_var = torch.rand(one.num_features) - 0.5, torch.rand(one.num_features) + 0.5
    return net.eval()


@pytest.mark.parametrize("backbone", ["mobilenet_v2", "mobilenet_v3_small", "resnet18"])
def test_a_body_with_untrained_blocks_gives_the_maps_of_its_net(backbone: str) -> None:
    net = awake(backbone)
    images = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(Body(net, 3)(images), net.maps(images), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(Body(net, 0)(images), net.maps(images), rtol=1e-5, atol=1e-5)


def test_the_net_itself_keeps_its_weights_and_their_names() -> None:
    net = awake("mobilenet_v2")
    before = {name: value.clone() for name, value in net.state_dict().items()}
    Body(net, 7)
    assert before.keys() == net.state_dict().keys()
    assert all(torch.equal(value, net.state_dict()[name]) for name, value in before.items())


def test_gradients_reach_the_trained_blocks_alone_and_are_those_of_the_net() -> None:
    net = awake("mobilenet_v2")
    images = torch.rand(2, 3, 64, 96)
    net.maps(images).square().sum().backward()
    wanted = {name: one.grad.clone() for name, one in net.named_parameters() if one.grad is not None}
    net.zero_grad()
    Body(net, 7)(images).square().sum().backward()
    for name, one in net.named_parameters():
        if name.startswith("features"):
            trained = int(name.split(".")[1]) >= 7
            assert (one.grad is not None) is trained, name
            if trained:
                torch.testing.assert_close(one.grad, wanted[name], rtol=1e-2, atol=1e-2 * float(wanted[name].abs().max()))


def test_a_strided_depthwise_convolution_computes_in_float32_inside_of_bfloat16() -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8)
    wide = StridedDepthwise(8, 8, 3, stride=2, padding=1, groups=8)
    wide.load_state_dict(plain.state_dict())
    images = torch.rand(2, 8, 9, 9).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = wide(images)
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, plain(images.float()).bfloat16())
    assert torch.equal(wide(images.float()), plain(images.float()))


def test_only_the_trained_strided_depthwise_convolutions_are_widened() -> None:
    net = awake("mobilenet_v2")
    Body(net, 7)
    wide = [name for name, one in net.named_modules() if isinstance(one, StridedDepthwise)]
    assert wide == ["features.7.conv.1.0", "features.14.conv.1.0"]


@pytest.mark.parametrize("count", [1, 7, 8, 17, 48])
def test_a_batch_goes_through_frozen_blocks_in_parts_of_eight_and_what_is_left_over(count: int) -> None:
    images = torch.arange(count)
    parts = few_at_once(images)
    assert torch.equal(torch.cat(parts), images)
    assert len(parts) == max(1, count // 8) and all(len(part) == 8 for part in parts[:-1])
