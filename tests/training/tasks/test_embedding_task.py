"""Training of an embedding net: what it is shown, what stays frozen, how it starts, and how a collapse shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reid.evaluation import metrics
from reid.evaluation.metrics import Pool
from reid.nets.networks import EmbeddingNet
from reid.records import Box, Photo
from reid.settings import TrainSettings
from reid.training import augmentation
from reid.training.dataset import Decoded
from reid.training.tasks.embedding_task import COLLAPSED_AT, EmbeddingTask, embed, mean_cosine, pool_of, settle_head
from reid.training.trainer import Plan, fit
from tests.training.stock import CPU, SETTINGS, SIZE, awake, embedding_net, herd

PLAN = Plan(epochs=4, learning_rate=1e-3, weight_decay=1e-4, patience=99, seed=0)


def task(settings: TrainSettings = SETTINGS, taught: int = 6, held: int = 4) -> EmbeddingTask:
    one, groups = herd(range(taught))
    two, held_groups = herd(range(20, 20 + held)) if held else (one.subset([]), [])
    return EmbeddingTask(embedding_net(), one, groups, two, held_groups, settings, CPU)


def state(net: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in net.state_dict().items()}


def test_training_lowers_the_loss() -> None:
    losses = [epoch.loss for epoch in fit(task(replace(SETTINGS, loss="arcface"), held=0), replace(PLAN, epochs=6)).history]
    assert losses[-1] < 0.8 * losses[0]


def test_frozen_blocks_keep_their_weights_and_statistics_and_the_others_learn() -> None:
    training = task(replace(SETTINGS, frozen_blocks=3))
    before = state(training.net)
    found = fit(training, replace(PLAN, epochs=2))
    frozen = [name for name in before if name.split(".")[:2] in (["features", str(block)] for block in range(3))]
    assert any(name.endswith("running_mean") for name in frozen)
    for after in (training.net.state_dict(), found.state):
        assert [name for name in frozen if not torch.equal(before[name], after[name])] == []
        for name in (
            "features.3.block.0.0.weight",
            "features.3.block.0.1.running_mean",
            "linear.weight",
            "neck.running_var",
        ):
            assert not torch.equal(before[name], after[name]), name
        assert torch.equal(before["neck.bias"], after["neck.bias"])


def test_a_batch_is_individuals_times_photos_of_the_size_asked_for() -> None:
    batches = list(task().batches(0))
    assert len(batches) >= 6
    for images, labels in batches[:4]:
        assert tuple(images.shape) == (8, 3, *SIZE)
        assert images.is_contiguous(memory_format=torch.channels_last)
        assert sorted(labels.bincount().tolist())[-4:] == [2, 2, 2, 2]


def test_an_epoch_repeats_exactly_and_the_next_one_differs() -> None:
    training = task()
    one, two, other = ([images for images, _ in training.batches(epoch)] for epoch in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one[0], other[0])


def test_a_mirrored_example_shows_the_photo_flipped_left_to_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augmentation, "augment", lambda pixels, size, generator: augmentation.plain(pixels, size))
    training = task(replace(SETTINGS, image_size=(37, 37)))
    whole = augmentation.plain(torch.from_numpy(training.taught.pixels), (37, 37))
    of_label = {one.label: (training.taught.photos[one.row].individual, one.mirrored) for one in training.examples}
    seen = set()
    for images, labels in training.batches(0):
        for image, label in zip(images, labels.tolist(), strict=True):
            individual, mirrored = of_label[label]
            candidates = whole[[one.individual == individual for one in training.taught.photos]]
            candidates = candidates.flip(3) if mirrored else candidates
            assert float((candidates - image).abs().amax(dim=(1, 2, 3)).min()) < 1e-6
            seen.add(mirrored)
    assert seen == {False, True}


def test_the_decoded_photos_are_never_changed(tmp_path: Path) -> None:
    training = task()
    mapped = np.memmap(tmp_path / "pixels", np.uint8, "w+", shape=training.taught.pixels.shape)
    mapped[:] = training.taught.pixels
    before = training.taught.pixels.copy()
    training.taught = Decoded(training.taught.photos, mapped, ())
    assert len(list(training.batches(0))) > 1
    training.validate(training.net)
    assert (mapped == before).all()


def test_every_trained_parameter_is_in_one_group_and_frozen_ones_in_none() -> None:
    training = task()
    groups = training.parameter_groups()
    inside = [id(one) for group in groups for one in group["params"]]
    assert len(inside) == len(set(inside))
    wanted = {id(one) for one in [*training.net.parameters(), *training.objective.parameters()] if one.requires_grad}
    assert set(inside) == wanted
    assert id(training.net.neck.bias) not in inside
    assert [group["share"] for group in groups] == [1.0, 1.0, 2.0, 10.0]
    assert all(group["weight_decay"] == 0.0 for group in groups if all(one.ndim == 1 for one in group["params"]))


def test_validation_ranks_held_out_photos_against_other_encounters_of_their_side() -> None:
    training = task()
    figures = training.validate(training.net)
    vectors = embed(training.net, training.held, SIZE, CPU)
    pool = pool_of(vectors, training.held, training.held_groups)
    wanted = metrics.rank(pool, pool, same_side=True, other_encounter=True)
    assert wanted.queries == 16
    assert (figures["rank_1"], figures["mean_ap"]) == (wanted.rank_1, wanted.mean_ap)
    assert figures["figure"] == pytest.approx((wanted.rank_1 + wanted.mean_ap) / 2)
    assert figures["mean_cosine"] == pytest.approx(mean_cosine(pool))


def test_a_collapsed_net_shows_in_the_mean_cosine() -> None:
    training = task()
    assert training.validate(training.net)["mean_cosine"] < COLLAPSED_AT
    with torch.no_grad():
        training.net.neck.weight.fill_(1e-6)
        training.net.neck.bias.fill_(1.0)
    assert training.validate(training.net)["mean_cosine"] == pytest.approx(1.0, abs=1e-4)
    assert task(held=0).validate(training.net)["mean_cosine"] == pytest.approx(1.0, abs=1e-4)


def test_the_mean_cosine_by_hand() -> None:
    vectors = np.asarray([[1, 0], [1, 0], [0, 1], [-1, 0]], np.float32)
    blank = ["", "", "", ""]
    # pairs of different individuals, each twice: a1-b 0, a2-b 0, a1-c -1, a2-c -1, b-c 0
    assert mean_cosine(Pool(vectors, list("aabc"), blank, blank, list("1234"))) == pytest.approx(-0.4)
    assert mean_cosine(Pool(vectors[:2], list("aa"), blank[:2], blank[:2], list("12"))) == 0.0


def test_a_pool_tells_two_boxes_of_one_photo_apart() -> None:
    whole, part = Photo(Path("a.jpg"), individual="x"), Photo(Path("a.jpg"), individual="x", box=Box(0, 0, 0.5, 1))
    decoded = Decoded((whole, part, part), np.zeros((3, 4, 4, 3), np.uint8), ())
    hashes = pool_of(np.eye(3, dtype=np.float32), decoded, ["g"] * 3).hashes
    assert hashes[0] != hashes[1] == hashes[2]


def test_embeddings_do_not_depend_on_the_batch_and_are_the_nets_own() -> None:
    net, decoded = embedding_net(), herd(range(3))[0]
    one, many = embed(net, decoded, SIZE, CPU, batch=1), embed(net, decoded, SIZE, CPU, batch=5)
    assert one == pytest.approx(many, abs=1e-5)
    with torch.inference_mode():
        wanted = net(augmentation.plain(torch.from_numpy(decoded.pixels), SIZE)).numpy()
    assert many == pytest.approx(wanted, abs=1e-5)
    assert embed(net, decoded.subset([]), SIZE, CPU).shape[0] == 0


HEAD = {"linear.weight", "neck.weight", "neck.bias", "neck.running_mean", "neck.running_var"}


def judged(monkeypatch: pytest.MonkeyPatch, training: EmbeddingTask, *answers: dict[str, float]) -> None:
    """What the held-out individuals say of the head as trained, and then of the one in closed form."""
    waiting = list(answers)
    monkeypatch.setattr(type(training), "known_of", lambda self, net: waiting.pop(0))


@pytest.mark.parametrize(
    ("trained", "closed", "kept"),
    [
        ({"a": 0.9, "b": 0.8}, {"a": 0.5, "b": 0.6}, "as trained"),  # worse by 0.3, standard error 0.1
        ({"a": 0.9, "b": 0.5}, {"a": 0.6, "b": 0.7}, "in closed form"),  # worse by 0.05, standard error 0.25
        ({"a": 0.9}, {"a": 0.8}, "as trained"),
        ({"a": 0.5, "b": 0.5}, {"a": 0.5, "b": 0.5}, "in closed form"),
        ({}, {}, "in closed form"),
    ],
)  # fmt: skip
def test_the_head_in_closed_form_is_taken_unless_held_out_individuals_are_clearly_known_worse(
    trained: dict[str, float], closed: dict[str, float], kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = task()
    before = state(training.net)
    judged(monkeypatch, training, trained, closed)
    steps: list[int] = []
    figures, head = settle_head(training, {"figure": 0.75, "rank_1": 0.25}, steps.append)
    assert steps == [1, 2, 3]
    changed = {name for name, value in training.net.state_dict().items() if not torch.equal(before[name], value)}
    assert head == kept
    if kept == "as trained":
        assert changed == set()
        lost = sum(trained.values()) / len(trained) - sum(closed.values()) / len(closed)
        assert figures == {"figure": 0.75, "rank_1": 0.25, "closed_head": pytest.approx(0.75 - lost)}
    else:
        assert "linear.weight" in changed and changed <= HEAD
        assert figures == {**training.validate(training.net), "trained_head": 0.75}


def test_how_well_held_out_individuals_are_known_is_the_figure_of_each_and_nothing_without_any() -> None:
    training = task()
    known, figures = training.known_of(training.net), training.validate(training.net)
    assert set(known) == {photo.individual for photo in training.held.photos}
    assert sum(known.values()) / len(known) == pytest.approx(figures["figure"])  # as many photos of each
    assert task(held=0).known_of(training.net) == {}


def test_a_head_stays_as_trained_where_nobody_has_two_photos() -> None:
    training = task()
    training.taught = training.taught.subset([0, 4, 8])
    assert len({photo.individual for photo in training.taught.photos}) == 3
    assert settle_head(training, {"figure": -1.0}) == ({"figure": -1.0}, "as trained")


def test_a_net_with_many_dimensions_and_gem_pooling_is_trained_too() -> None:
    torch.manual_seed(0)
    settings = replace(SETTINGS, dimension=32, pooling="gem", loss="multi-similarity")
    net = awake(EmbeddingNet(SETTINGS.backbone, dimension=32, pooling="gem"))
    decoded, groups = herd(range(6))
    training = EmbeddingTask(net, decoded, groups, decoded.subset([]), [], settings, CPU)
    assert training.parameter_groups()[-1]["share"] == 2.0
    found = fit(training, replace(PLAN, epochs=1))
    assert float(found.state["pool.exponent"]) != 3.0
    assert np.isfinite(found.history[0].loss)


def test_images_are_augmented_with_the_tasks_generator_only(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[int, ...]] = []
    real = augmentation.augment

    def spy(pixels: torch.Tensor, size: tuple[int, int], generator: torch.Generator) -> torch.Tensor:
        called.append(tuple(pixels.shape))
        found: torch.Tensor = real(pixels, size, generator)
        return found

    monkeypatch.setattr(augmentation, "augment", spy)
    training = task()
    torch.manual_seed(1)
    one = next(training.batches(3))[0]
    torch.manual_seed(2)
    assert torch.equal(one, next(training.batches(3))[0])
    assert called == [(8, 37, 37, 3)] * 2


def test_batches_of_several_species_hold_several_animals_of_each() -> None:
    one, groups = herd(range(12))
    photos = tuple(
        replace(photo, species=("zebra", "leopard", "deer")[int(photo.individual[1:]) % 3]) for photo in one.photos
    )
    mixed = replace(one, photos=photos)
    settings = replace(SETTINGS, individuals_per_batch=6)
    training = EmbeddingTask(embedding_net(), mixed, groups, mixed.subset([]), [], settings, CPU)
    species_of = {item.label: photos[item.row].species for item in training.examples}
    sizes = []
    for _, labels in training.batches(0):
        shown: dict[str, set[int]] = {}
        for label in labels.tolist():
            shown.setdefault(species_of[label], set()).add(label)
        sizes.append(len(labels))
        assert len(shown) <= 3
        assert all(len(animals) >= 2 for animals in shown.values())  # a triplet within the species in every batch
    assert max(sizes) == 3 * 2 * SETTINGS.photos_per_individual


def test_the_backbone_learns_in_bfloat16_where_asked_and_the_embedding_stays_float32() -> None:
    decoded, groups = herd(range(6))
    losses = []
    for precision in ("float32", "bfloat16"):
        settings = replace(SETTINGS, precision=precision)
        training = EmbeddingTask(embedding_net(), decoded, groups, decoded.subset([]), [], settings, CPU)
        loss = training.loss(next(training.batches(0)))
        assert loss.dtype == torch.float32
        losses.append(float(loss.detach()))
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)
