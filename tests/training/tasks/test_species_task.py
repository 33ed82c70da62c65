"""Training of the species net: it learns, weighs thin classes up, is honest, and knows what it never saw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from reid import images
from reid.nets import inference, net_files
from reid.nets.net_files import NetCard
from reid.training.tasks import species_novelty, species_task
from reid.training.tasks.species_task import SpeciesTask, class_weights, finished, temperature
from reid.training.trainer import Plan, fit
from tests.training.stock import CPU, SETTINGS, SIZE, species_net, species_photos

COLOURS = {"lion": (220, 60, 30), "zebra": (230, 230, 230), "frog": (20, 60, 220)}
PLAN = Plan(epochs=2, learning_rate=1e-3, weight_decay=1e-4, patience=99, seed=0)


@pytest.fixture(scope="module")
def trained() -> tuple[SpeciesTask, dict[str, torch.Tensor]]:
    task = SpeciesTask(
        species_net(3), tuple(COLOURS), species_photos(COLOURS, 12), species_photos(COLOURS, 5, seed=1), SETTINGS, CPU
    )
    return task, {name: value.clone() for name, value in task.net.state_dict().items()}


def test_three_colours_are_told_apart_by_the_head_alone_and_after_training(
    trained: tuple[SpeciesTask, dict[str, torch.Tensor]],
) -> None:
    task, before = trained
    assert task.validate(task.net)["top_1"] == 1.0
    found = fit(task, PLAN)
    assert (found.figures["top_1"], found.figures["macro_recall"]) == (1.0, 1.0)
    assert found.figures["figure"] == pytest.approx(1.0 - 0.05 * found.figures["log_loss"])
    assert not torch.equal(found.state["features.5.block.0.0.weight"], before["features.5.block.0.0.weight"])
    for name, value in before.items():
        if name.split(".")[:2] in (["features", "0"], ["features", "1"]) or "running" in name:
            assert torch.equal(found.state[name], value), name


def test_the_figures_by_hand(trained: tuple[SpeciesTask, dict[str, torch.Tensor]], monkeypatch: pytest.MonkeyPatch) -> None:
    task, _ = trained
    guesses = torch.tensor([0] * 5 + [1, 1, 1, 1, 0] + [2, 0, 0, 0, 1])
    monkeypatch.setattr(task, "logits", lambda net, held: functional.one_hot(guesses, 3).float())
    figures = task.validate(task.net)
    assert figures["top_1"] == pytest.approx(10 / 15)
    assert figures["macro_recall"] == pytest.approx((1.0 + 0.8 + 0.2) / 3)
    right, wrong = np.log(np.e + 2) - 1, np.log(np.e + 2)
    assert figures["log_loss"] == pytest.approx((10 * right + 5 * wrong) / 15)


def test_macro_recall_is_over_the_classes_that_were_held_out() -> None:
    held = species_photos({"zebra": COLOURS["zebra"]}, 4, seed=2)
    task = SpeciesTask(species_net(3), tuple(COLOURS), species_photos(COLOURS, 6), held, SETTINGS, CPU)
    figures = task.validate(task.net)
    assert figures["macro_recall"] == figures["top_1"] == 1.0


def test_nothing_held_out_gives_no_figures_and_neutral_calibration() -> None:
    taught = species_photos(COLOURS, 4)
    task = SpeciesTask(species_net(3), tuple(COLOURS), taught, taught.subset([]), SETTINGS, CPU)
    assert task.validate(task.net) == {}
    logits = task.logits(task.net, task.held)
    assert tuple(logits.shape) == (0, 3)
    assert temperature(logits, task.held_labels) == 1.0
    card, _ = finished(task)
    assert (card.familiar_at, card.empty_familiar_at) == (species_novelty.ALWAYS, None)


def test_the_same_seed_shows_the_same_batches_and_every_photo_once() -> None:
    taught = species_photos(COLOURS, 15)
    task = SpeciesTask(species_net(3), tuple(COLOURS), taught, taught.subset([]), SETTINGS, CPU)
    before = taught.pixels.copy()
    one, two, other = (list(task.batches(epoch)) for epoch in (0, 0, 1))
    assert [len(labels) for _, labels in one] == [32, 13]
    assert torch.cat([labels for _, labels in one]).bincount().tolist() == [15, 15, 15]
    assert all(torch.equal(a[0], b[0]) and torch.equal(a[1], b[1]) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one[0][0], other[0][0])
    assert tuple(one[0][0].shape[1:]) == (3, *SIZE)
    assert (taught.pixels == before).all()


def test_mirrored_features_are_those_of_the_flipped_photos(
    trained: tuple[SpeciesTask, dict[str, torch.Tensor]],
) -> None:
    task, _ = trained
    flipped = replace(task.taught, store=np.ascontiguousarray(task.taught.pixels[:, :, ::-1]), rows=None)
    torch.testing.assert_close(task.features(task.net, task.taught, mirrored=True), task.features(task.net, flipped))


def test_a_finished_net_is_asked_about_photo_and_mirror_image_and_its_bounds_are_of_both(
    trained: tuple[SpeciesTask, dict[str, torch.Tensor]],
) -> None:
    task, _ = trained
    card, state = finished(task)
    assert card.mirrored and card.classes == tuple(COLOURS) and card.prototypes == 0
    net = inference.of_torch(card, whole(card, state), CPU)
    pixels = [images.resize(one, *SIZE) for one in task.held.pixels]
    answer = net.classify(pixels)
    assert float((answer.familiarity >= card.familiar_at - 1e-4).mean()) > 0.9
    judge: Any = whole(card, state).familiarity
    near = [judge(*reversed(task.answers(task.net, task.held, mirrored=mirrored))) for mirrored in (False, True)]
    assert card.familiar_at == species_novelty.bound((near[0] + near[1]) / 2)
    alone = inference.of_torch(replace(card, mirrored=False), whole(card, state), CPU)
    one, other = alone.classify(pixels), alone.classify([np.ascontiguousarray(photo[:, ::-1]) for photo in pixels])
    assert answer.familiarity == pytest.approx((one.familiarity + other.familiarity) / 2, abs=1e-3)
    together = np.sqrt(one.probabilities * other.probabilities)  # of averaged logits: the geometric mean, scaled to sum to 1
    assert answer.probabilities == pytest.approx(together / together.sum(axis=1, keepdims=True), abs=1e-4)


def test_bounds_are_learned_on_the_photos_as_a_query_sees_them_where_those_are_given(
    trained: tuple[SpeciesTask, dict[str, torch.Tensor]],
) -> None:
    task, _ = trained
    shrunk = np.stack([images.resize(one, *SIZE) for one in task.held.pixels])
    kept = [0, 2, 3, 5, 6, 7, 8, 10, 12, 14]  # some could not be read again
    card, state = finished(task, replace(task.held, store=shrunk, rows=None).subset(kept))
    answer = inference.of_torch(card, whole(card, state), CPU).classify(list(shrunk[kept]))
    assert card.familiar_at == pytest.approx(float(np.quantile(answer.familiarity, species_novelty.UNFAMILIAR_SHARE)), abs=1e-3)


def test_a_finished_net_finds_colours_that_it_never_saw_less_familiar_than_its_own(
    trained: tuple[SpeciesTask, dict[str, torch.Tensor]],
) -> None:
    task, _ = trained
    card, state = finished(task)
    net = inference.of_torch(card, whole(card, state), CPU)
    known = species_photos(COLOURS, 6, seed=5)
    strange = species_photos({"parrot": (40, 220, 40), "flamingo": (240, 60, 240)}, 6, seed=5)
    own, other = (net.classify([images.resize(one, *SIZE) for one in some.pixels]).familiarity for some in (known, strange))
    assert float((own[:, None] > other[None]).mean()) > 0.9
    assert float(np.median(other)) < card.familiar_at < float(np.median(own))


def whole(card: NetCard, state: dict[str, torch.Tensor]) -> nn.Module:
    net = net_files.build(card)
    net.load_state_dict(state)
    return net


def test_class_weights_are_one_over_the_root_of_the_frequency_cut_and_one_on_average() -> None:
    counts = torch.tensor([400, 100, 25, 2])
    labels = torch.arange(4).repeat_interleave(counts)
    found = class_weights(labels, 4)
    assert (found / found[0]).tolist() == pytest.approx([1.0, 2.0, 4.0, species_task.MAX_CLASS_WEIGHT])
    assert float((found * counts).sum()) == pytest.approx(float(counts.sum()))
    assert class_weights(torch.tensor([0, 1, 2]), 3).tolist() == pytest.approx([1.0, 1.0, 1.0])


def test_a_class_without_photos_has_a_finite_weight() -> None:
    assert bool(class_weights(torch.tensor([0, 0, 1]), 3).isfinite().all())


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_a_known_over_confidence(scale: float) -> None:
    torch.manual_seed(0)
    honest = 2.0 * torch.randn(6000, 4)
    labels = torch.multinomial(torch.softmax(honest, dim=1), 1)[:, 0]
    assert temperature(scale * honest, labels) == pytest.approx(scale, rel=0.08)


def test_a_net_without_an_error_among_n_photos_claims_one_error_in_n_plus_2() -> None:
    logits = torch.tensor([[8.0, 0.0]]).repeat(20, 1)
    assert temperature(logits, torch.zeros(20, dtype=torch.int64)) == pytest.approx(8 / np.log(21), rel=0.02)
