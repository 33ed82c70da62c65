"""The training loop: repeatable bit for bit, resumable, within its budget, and loud when it fails."""

from __future__ import annotations

import math
import pickle
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reid.errors import TrainingError
from reid.training import trainer
from reid.training.tasks.embedding_task import EmbeddingTask
from reid.training.trainer import Batch, Epoch, Fitted, Plan, fit
from tests.training.stock import CPU, SETTINGS, embedding_net, herd

PLAN = Plan(epochs=6, learning_rate=1e-2, weight_decay=1e-4, patience=99, seed=0)


class Line:
    """y = 3 x1 - x2 + noise; batch norm and dropout stand for whatever is random or remembers."""

    def __init__(self, figures: Sequence[float] = (), width: int = 4, bad_epoch: int = -1, error: float = 0.0) -> None:
        torch.manual_seed(5)
        self.net: nn.Module = nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width), nn.Dropout(0.3), nn.Linear(width, 1))
        self.extra: nn.Module | None = nn.Linear(1, 1)
        self.figures, self.bad_epoch, self.error = list(figures), bad_epoch, error
        self.epochs_drawn: list[int] = []
        self.validated: list[dict[str, Tensor]] = []

    def parameter_groups(self) -> list[dict[str, Any]]:
        assert self.extra is not None
        return [
            {"params": list(self.net.parameters()), "share": 1.0},
            {"params": list(self.extra.parameters()), "share": 10.0},
        ]

    def start_epoch(self) -> None:
        self.net.train()

    def batches(self, epoch: int) -> Iterator[Batch]:
        self.epochs_drawn.append(epoch)
        source = torch.Generator().manual_seed(epoch)
        for _ in range(5):
            x = torch.randn(8, 2, generator=source)
            yield x, 3 * x[:, :1] - x[:, 1:]

    def loss(self, batch: Batch) -> Tensor:
        assert self.extra is not None
        loss: Tensor = (self.extra(self.net(batch[0])) - batch[1]).square().mean()
        return loss * (math.nan if self.epochs_drawn[-1] == self.bad_epoch else 1.0)

    def validate(self, net: nn.Module) -> dict[str, float]:
        assert not net.training
        self.validated.append({name: value.clone() for name, value in net.state_dict().items()})
        if not self.figures:
            return {}
        found = {"figure": self.figures[len(self.epochs_drawn) - 1]}
        return {**found, "figure_error": self.error} if self.error else found


class Interrupted(Exception):
    """What a user or a power cut does."""


def stop_at(epoch: int) -> Any:
    def told(one: Epoch) -> None:
        if one.number == epoch:
            raise Interrupted("the lights went out")

    return told


def same(one: Fitted, two: Fitted) -> None:
    assert one.state.keys() == two.state.keys()
    for name, value in one.state.items():
        assert torch.equal(value, two.state[name]), name
    assert (one.best_epoch, one.figures, one.stopped) == (two.best_epoch, two.figures, two.stopped)
    assert [(epoch.number, epoch.loss, epoch.figures) for epoch in one.history] == [
        (epoch.number, epoch.loss, epoch.figures) for epoch in two.history
    ]


def embedding_task(figures: bool = True) -> EmbeddingTask:
    taught, groups = herd(range(5))
    held, held_groups = herd(range(20, 23)) if figures else herd(range(0))
    return EmbeddingTask(embedding_net(), taught, groups, held, held_groups, SETTINGS, CPU)


def test_training_learns() -> None:
    found = fit(Line(), replace(PLAN, epochs=30))
    losses = [epoch.loss for epoch in found.history]
    assert len(losses) == 30
    assert sum(losses[-3:]) < 0.5 * sum(losses[:3])


def test_the_same_seed_gives_the_same_net_bit_for_bit_and_another_seed_another() -> None:
    one, two, other = fit(Line(), PLAN), fit(Line(), PLAN), fit(Line(), replace(PLAN, seed=1))
    same(one, two)
    assert any(not torch.equal(value, other.state[name]) for name, value in one.state.items())


def test_an_embedding_net_trained_twice_or_interrupted_and_resumed_is_the_same_bit_for_bit(tmp_path: Path) -> None:
    plan = replace(PLAN, epochs=3, learning_rate=1e-3)
    whole = fit(embedding_task(), plan)
    with pytest.raises(Interrupted, match="the lights went out"):
        fit(embedding_task(), plan, checkpoint=tmp_path / "c", on_epoch=stop_at(2))
    same(whole, fit(embedding_task(), plan, checkpoint=tmp_path / "c", resume=True))
    assert len(whole.history) == 3
    assert 0.0 <= whole.figures["figure"] <= 1.0


@pytest.mark.parametrize("epoch", [1, 2, 5, 6])
def test_training_interrupted_and_resumed_gives_the_same_net_bit_for_bit(tmp_path: Path, epoch: int) -> None:
    figures = [0.1, 0.5, 0.3, 0.4, 0.2, 0.45]
    whole = fit(Line(figures), PLAN)
    with pytest.raises(Interrupted, match="the lights went out"):
        fit(Line(figures), PLAN, checkpoint=tmp_path / "c", on_epoch=stop_at(epoch))
    task = Line(figures)
    task.epochs_drawn = list(range(epoch - 1))  # the script of figures goes on where it stopped
    same(whole, fit(task, PLAN, checkpoint=tmp_path / "c", resume=True))
    assert task.epochs_drawn == list(range(6))


def test_a_finished_training_is_resumed_to_its_net_at_once(tmp_path: Path) -> None:
    figures = [0.1, 0.5, 0.3, 0.4, 0.9, 0.9]
    for plan in (PLAN, replace(PLAN, patience=2)):
        whole = fit(Line(figures), plan, checkpoint=tmp_path / "c")
        task = Line(figures)
        same(whole, fit(task, plan, checkpoint=tmp_path / "c", resume=True))
        assert task.epochs_drawn == []


def test_without_resume_a_checkpoint_is_not_looked_at_and_without_a_checkpoint_resume_starts_afresh(
    tmp_path: Path,
) -> None:
    whole = fit(Line(), PLAN)
    (tmp_path / "c").write_bytes(b"garbage")
    same(whole, fit(Line(), PLAN, checkpoint=tmp_path / "c"))
    same(whole, fit(Line(), PLAN, checkpoint=tmp_path / "none yet", resume=True))


def test_the_returned_net_is_the_average_as_it_was_in_the_best_epoch() -> None:
    task = Line([0.1, 0.7, 0.3, 0.2, 0.6, 0.5])
    found = fit(task, PLAN)
    assert (found.best_epoch, found.figures, found.stopped) == (2, {"figure": 0.7}, "all epochs done")
    for name, value in task.validated[1].items():
        assert torch.equal(found.state[name], value), name
    weight = next(iter(task.net.state_dict().values()))
    assert not torch.equal(next(iter(found.state.values())), weight)


def test_the_average_moves_most_of_the_way_in_the_first_step() -> None:
    task = Line()
    start = {name: value.clone() for name, value in task.net.state_dict().items()}
    run = trainer._Run(task, PLAN, "")
    task.epochs_drawn = [0]
    run.set_learning_rate()
    run.step(task.loss(next(task.batches(0))))
    for name, value in task.net.state_dict().items():
        mean = run.average.state_dict()[name]
        if value.is_floating_point():
            torch.testing.assert_close(mean, start[name] + (value - start[name]) * (1 - 2 / 11))
        else:
            assert int(mean) == int(value) == 1


def test_the_learning_rate_warms_up_then_falls_along_a_cosine_and_each_group_has_its_share() -> None:
    task = Line()
    run = trainer._Run(task, PLAN, "")

    def rates() -> list[float]:
        run.set_learning_rate()
        return [float(group["lr"]) for group in run.optimizer.param_groups]

    assert rates() == pytest.approx([1e-2 / 30, 1e-1 / 30])
    run.steps, run.epoch = 1000, 3
    assert rates() == pytest.approx([1e-2 * 0.51, 1e-1 * 0.51])
    run.epoch = 6
    assert rates() == pytest.approx([1e-2 * 0.02, 1e-1 * 0.02])


def test_training_stops_when_the_figure_has_not_been_better_for_a_while() -> None:
    found = fit(Line([0.1, 0.7, 0.3, 0.2, 0.6, 0.9]), replace(PLAN, patience=3))
    assert (len(found.history), found.best_epoch, found.stopped) == (5, 2, "no better figure for 3 epochs")


@pytest.mark.parametrize(("figures", "best"), [
    ([0.7, 0.9, 0.85, 0.81, 0.82, 0.79], 5),  # the last within the error of 0.9, whatever came between
    ([0.9, 0.85, 0.82, 0.79, 0.76, 0.7], 3),  # measured against the best there was, not against the one kept
    ([0.1, 0.2, 0.3, 0.5, 0.7, 0.9], 6),
])  # fmt: skip
def test_of_figures_within_their_error_the_longest_trained_net_is_kept(figures: list[float], best: int) -> None:
    found = fit(Line(figures, error=0.101), PLAN)
    assert (found.best_epoch, found.figures["figure"]) == (best, figures[best - 1])


def test_a_figure_within_its_error_of_the_best_does_not_count_as_a_stop() -> None:
    found = fit(Line([0.9, 0.85, 0.82, 0.83, 0.81, 0.85], error=0.101), replace(PLAN, patience=2))
    assert (len(found.history), found.stopped) == (6, "all epochs done")


def test_without_figures_the_last_epoch_is_taken_and_nothing_stops_early() -> None:
    found = fit(Line(), replace(PLAN, patience=1))
    assert (found.best_epoch, len(found.history), found.figures) == (6, 6, {})


def test_the_time_given_ends_training_within_an_epoch_and_a_net_is_still_returned() -> None:
    task = Line([0.3] * 6)
    found = fit(task, replace(PLAN, minutes=1e-9))
    assert (found.stopped, len(found.history), task.epochs_drawn) == ("the time given is used up", 1, [0])
    assert found.history[0].seconds_left == 0.0
    assert all(bool(value.isfinite().all()) for value in found.state.values())


def test_the_time_given_follows_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def told(epoch: Epoch) -> None:
        now[0] += 20.0

    found = fit(Line(), replace(PLAN, epochs=100, minutes=1.0), on_epoch=told)
    assert len(found.history) == 3
    assert [epoch.seconds for epoch in found.history] == [0.0, 20.0, 40.0]
    assert found.history[1].seconds_left == 40.0


def test_time_spent_before_an_interruption_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def told(epoch: Epoch) -> None:
        now[0] += 25.0
        if epoch.number == 2:
            raise Interrupted("the lights went out")

    plan = replace(PLAN, epochs=100, minutes=1.0)
    with pytest.raises(Interrupted, match="the lights went out"):
        fit(Line(), plan, checkpoint=tmp_path / "c", on_epoch=told)
    found = fit(Line(), plan, checkpoint=tmp_path / "c", resume=True, on_epoch=lambda epoch: now.__setitem__(0, now[0] + 25))
    assert [epoch.number for epoch in found.history] == [1, 2, 3]


def test_a_loss_that_is_no_number_ends_training_with_advice(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no longer a number; use a lower learning rate"):
        fit(Line(bad_epoch=2), PLAN, checkpoint=tmp_path / "c")
    good = torch.load(tmp_path / "c", weights_only=True)
    assert all(bool(value.isfinite().all()) for value in good["net"].values())


def test_a_checkpoint_of_another_net_or_of_other_photos_is_refused(tmp_path: Path) -> None:
    fit(Line(), PLAN, checkpoint=tmp_path / "c", signature="a")
    with pytest.raises(TrainingError, match=r"cannot be resumed from .*delete it or train without --resume"):
        fit(Line(width=5), PLAN, checkpoint=tmp_path / "c", resume=True, signature="a")
    with pytest.raises(TrainingError, match="it is of other photos or settings"):
        fit(Line(), PLAN, checkpoint=tmp_path / "c", resume=True, signature="b")


@pytest.mark.parametrize("damage", ["garbage", "empty", "truncated", "another file"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "c"
    fit(Line(), replace(PLAN, epochs=1), checkpoint=path)
    data = path.read_bytes()
    if damage == "another file":
        torch.save([1, 2], path)
    else:
        path.write_bytes({"garbage": b"garbage" * 99, "empty": b"", "truncated": data[: len(data) // 2]}[damage])
    with pytest.raises(TrainingError, match="cannot be resumed from"):
        fit(Line(), PLAN, checkpoint=path, resume=True)


@pytest.mark.parametrize("missing", ["numbers", "best_state", "history", "optimizer"])
def test_a_checkpoint_that_lacks_something_is_refused(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "c"
    fit(Line(), replace(PLAN, epochs=1), checkpoint=path)
    content = torch.load(path, weights_only=True)
    del content[missing]
    torch.save(content, path)
    with pytest.raises(TrainingError, match="cannot be resumed from"):
        fit(Line(), PLAN, checkpoint=path, resume=True)


def test_a_checkpoint_that_holds_code_is_refused_and_never_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "sprung",)

    path = tmp_path / "c"
    torch.save({"net": Trap(), "signature": ""}, path)
    with pytest.raises(TrainingError, match="cannot be resumed from"):
        fit(Line(), PLAN, checkpoint=path, resume=True)
    path.write_bytes(pickle.dumps(Trap(), protocol=2))
    with pytest.raises(TrainingError, match="cannot be resumed from"):
        fit(Line(), PLAN, checkpoint=path, resume=True)
    assert not (tmp_path / "sprung").exists()


def test_only_the_checkpoint_is_left_in_its_folder(tmp_path: Path) -> None:
    fit(Line(), replace(PLAN, epochs=2), checkpoint=tmp_path / "zebra.checkpoint")
    assert [path.name for path in tmp_path.iterdir()] == ["zebra.checkpoint"]


def test_a_figure_that_only_stays_as_good_ends_training_and_the_longest_trained_of_equals_is_kept() -> None:
    found = fit(Line([0.5, 1.0, 1.0, 1.0, 1.0, 1.0]), replace(PLAN, patience=3))
    assert (len(found.history), found.best_epoch, found.stopped) == (5, 5, "no better figure for 3 epochs")


def test_batches_made_ahead_come_in_order_and_no_further_ahead_than_asked() -> None:
    made: list[int] = []

    def batches() -> Iterator[Batch]:
        for number in range(6):
            made.append(number)
            yield torch.tensor([number]), torch.tensor([number])

    found = []
    for batch in trainer.ahead(batches(), 2):
        found.append(int(batch[0]))
        assert len(made) <= len(found) + 2
    assert found == made == [0, 1, 2, 3, 4, 5]


def test_a_batch_that_cannot_be_made_stops_the_training_with_its_own_error() -> None:
    def batches() -> Iterator[Batch]:
        yield torch.zeros(1), torch.zeros(1)
        raise TrainingError("the photo is gone")

    found = trainer.ahead(batches())
    next(found)
    with pytest.raises(TrainingError, match="the photo is gone"):
        next(found)


def test_who_leaves_early_leaves_no_thread_behind() -> None:
    found = trainer.ahead(Line().batches(0))
    next(found)
    found.close()
    assert [one.name for one in threading.enumerate() if one.name.startswith("reid batches")] == []


def test_training_puts_the_settings_of_torch_back() -> None:
    before = torch.are_deterministic_algorithms_enabled(), torch.utils.deterministic.fill_uninitialized_memory
    fit(Line(), replace(PLAN, epochs=1))
    assert (torch.are_deterministic_algorithms_enabled(), torch.utils.deterministic.fill_uninitialized_memory) == before
