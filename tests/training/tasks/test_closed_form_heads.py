"""Heads made from photos without training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from reid.evaluation import metrics
from reid.nets.networks import EmbeddingNet
from reid.training import augmentation
from reid.training.dataset import Decoded
from reid.training.tasks import closed_form_heads
from reid.training.tasks.closed_form_heads import several_of_one, start_head, whiten_head, whitening
from reid.training.tasks.embedding_task import embed, pool_of
from tests.training.stock import CPU, SIZE, embedding_net, herd


def mean_ap(net: EmbeddingNet, decoded: Decoded, groups: list[str]) -> float:
    pool = pool_of(embed(net, decoded, SIZE, CPU), decoded, groups)
    return metrics.rank(pool, pool, other_encounter=True).mean_ap


def test_a_head_started_from_principal_components_beats_a_random_one() -> None:
    decoded, groups = herd(range(30, 50))
    random, started = [], []
    for seed in range(3):
        net = embedding_net(seed)
        random.append(mean_ap(net, decoded, groups))
        start_head(net, decoded, SIZE, CPU, seed)
        vectors = embed(net, decoded, SIZE, CPU)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(80), abs=1e-5)
        with torch.inference_mode():
            maps = net.maps(augmentation.plain(torch.from_numpy(decoded.pixels), SIZE))
            parts = net.neck(net.linear(net.pool(maps)))
        assert parts.mean(dim=0).numpy() == pytest.approx(np.zeros(8), abs=1e-3)
        assert float(parts.var(dim=0).mean()) == pytest.approx(1.0, abs=0.01)
        started.append(mean_ap(net, decoded, groups))
    assert sum(started) > sum(random)


@pytest.mark.parametrize("photos", [2, 3, 80])
def test_a_head_is_started_from_however_many_photos_there_are(photos: int) -> None:
    net: Any = embedding_net()
    decoded = herd(range(20))[0]
    start_head(net, decoded.subset(range(photos)), SIZE, CPU, 0)
    assert all(bool(value.isfinite().all()) for value in net.state_dict().values())
    rows = net.linear.weight.norm(dim=1) > 0
    assert int(rows.sum()) == min(8, photos)


def features_of(net: EmbeddingNet, decoded: Decoded) -> np.ndarray[Any, Any]:
    with torch.inference_mode():
        return net.pool(net.maps(augmentation.plain(torch.from_numpy(decoded.pixels), SIZE))).double().numpy()


def test_whitening_levels_what_varies_within_a_class_but_for_the_damping(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = [0, 0, 1, 1, 1, 2]
    away = [[3.0, 0.1], [-3.0, -0.1], [2.0, 0.5], [0.0, -1.0], [-2.0, 0.5], [9.0, 9.0]]
    features = torch.tensor(away, dtype=torch.float64) + 50.0 * torch.tensor(labels, dtype=torch.float64)[:, None]
    parts = [np.sqrt(2.0) * np.asarray(away[:2]), np.sqrt(1.5) * np.asarray(away[2:5])]
    within = np.concatenate(parts).T @ np.concatenate(parts) / 5
    for damping in (0.3, 1e-9):
        monkeypatch.setattr(closed_form_heads, "DAMPING", damping)
        found = whitening(features, torch.tensor(labels)).numpy()
        damped = within + damping * np.trace(within) / 2 * np.eye(2)
        assert found.T @ damped @ found == pytest.approx(np.eye(2), abs=1e-9)


def test_a_whitened_head_gives_the_cosines_of_whitened_features_and_touches_nothing_else() -> None:
    net, (decoded, _) = embedding_net(), herd(range(2))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    whiten_head(net, decoded, SIZE, CPU, 0)
    after = net.state_dict()
    assert {name for name in before if not torch.equal(before[name], after[name])} <= {
        "linear.weight", "neck.weight", "neck.bias", "neck.running_mean", "neck.running_var"
    }
    features = features_of(net, decoded)
    labels = torch.tensor([["a", "b"].index(name) for name in _letters(decoded)])
    turned = (features - features.mean(axis=0)) @ whitening(torch.from_numpy(features), labels).numpy()
    wanted = turned / np.linalg.norm(turned, axis=1, keepdims=True)
    found = embed(net, decoded, SIZE, CPU)
    assert len(decoded.photos) == 8  # as many photos as numbers in an embedding, so that none of the components is lost
    assert found @ found.T == pytest.approx(wanted @ wanted.T, abs=1e-3)


def _letters(decoded: Decoded) -> list[str]:
    names = sorted({photo.individual for photo in decoded.photos})
    assert {photo.side for photo in decoded.photos} == {decoded.photos[0].side}
    return ["ab"[names.index(photo.individual)] for photo in decoded.photos]


def test_a_whitened_head_is_the_same_each_time_and_tells_animals_apart_that_it_was_not_made_from() -> None:
    taught, (asked, groups) = herd(range(10))[0], herd(range(30, 50))
    random, whitened = [], []
    for seed in range(3):
        net = embedding_net(seed)
        random.append(mean_ap(net, asked, groups))
        whiten_head(net, taught, SIZE, CPU, seed)
        once = net.linear.weight.clone()
        whiten_head(net, taught, SIZE, CPU, seed)
        assert torch.equal(once, net.linear.weight)
        whitened.append(mean_ap(net, asked, groups))
    assert sum(whitened) > sum(random)


def test_one_photo_of_each_individual_tells_nothing_of_what_varies_within_one() -> None:
    decoded = herd(range(3))[0]
    assert several_of_one(decoded.photos)
    assert not several_of_one([])
    assert not several_of_one(decoded.subset([0, 4, 8]).photos)
