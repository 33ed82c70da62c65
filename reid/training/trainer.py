"""The training loop of both stages: one screen, then what it rests on (checkpoints, weight averaging, early stop)."""

from __future__ import annotations

import copy
import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils import deterministic

from reid import threads
from reid.errors import TrainingError
from reid.files import atomic_replace

Batch = tuple[Tensor, Tensor]


class Task(Protocol):
    """What is trained: a net, its batches, its loss, its figure of merit (larger = better)."""

    net: nn.Module
    extra: nn.Module | None
    """Parameters of the loss itself, if it has any."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Groups for the optimiser, each with `share`: its learning rate relative to the plan's."""

    def start_epoch(self) -> None:
        """Put the net's modules into training mode, frozen parts into evaluation mode."""

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of one epoch, the same for the same epoch and seed."""

    def loss(self, batch: Batch) -> Tensor:
        """Scalar loss of a batch."""

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Figures of a net on what was held out; `figure` is the one that decides, nan where nothing can be said.

        Of nets whose figures differ by no more than `figure_error` (0 where absent) the longest trained is the best: while the
        learning rate is high, a better figure is mostly luck.
        """


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to train."""

    epochs: int
    learning_rate: float
    weight_decay: float
    patience: int
    seed: int
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch brought. seconds: since training began; seconds_left: at the pace so far."""

    number: int
    epochs: int
    loss: float
    figures: dict[str, float]
    seconds: float
    seconds_left: float
    photos_per_second: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """The outcome: the best net's state, its figures, and the epochs that led there."""

    state: dict[str, Tensor]
    best_epoch: int
    figures: dict[str, float]
    history: tuple[Epoch, ...]
    stopped: str


def fit(
    task: Task, plan: Plan, *, checkpoint: Path | None = None, resume: bool = False, signature: str = "",
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Fitted:
    """Train a task.

    AdamW with a warm-up and a cosine decay; the validated and returned net is the running average of the weights (Polyak
    averaging). With `plan.minutes` the schedule follows the clock, else the epochs; only the latter repeats exactly.

    Args:
        task: what to train.
        plan: how.
        checkpoint: written after every epoch, and removed by the caller once the net is saved.
        resume: go on from the checkpoint if it exists; one of a finished training gives its net at once.
        signature: of the photos and settings; a checkpoint with another one is refused.
        on_epoch: called with every finished epoch.

    Raises:
        TrainingError: the loss is no number, or the checkpoint is of another task.
    """
    threads.keep_memory()
    torch.manual_seed(plan.seed)
    on_cpu = next(task.net.parameters()).device.type == "cpu"
    kept = torch.are_deterministic_algorithms_enabled(), deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.use_deterministic_algorithms(on_cpu)  # else sums of gradients over several threads come in any order
    deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # it took a sixth to a third of a step
    try:
        return _fit(task, plan, checkpoint, resume, signature, on_epoch)
    finally:
        torch.use_deterministic_algorithms(kept[0])
        deterministic.fill_uninitialized_memory = kept[1]  # type: ignore[attr-defined]


def _fit(
    task: Task, plan: Plan, checkpoint: Path | None, resume: bool, signature: str, on_epoch: Callable[[Epoch], None] | None
) -> Fitted:
    run = _Run(task, plan, signature)
    if resume and checkpoint is not None and checkpoint.exists():
        run.load(checkpoint)
    while not (stopped := run.why_stop()):
        torch.manual_seed(plan.seed * 100_003 + run.epoch)
        task.start_epoch()
        losses, photos = [], 0
        with closing(ahead(task.batches(run.epoch))) as batches:
            for batch in batches:
                losses.append(run.learn(batch))
                photos += len(batch[0])
                if run.time_is_up():
                    break
        run.close_epoch(sum(losses) / max(1, len(losses)), photos, task.validate(run.average))
        if on_epoch is not None:
            on_epoch(run.history[-1])
        if checkpoint is not None:
            run.save(checkpoint)
    return Fitted(run.best_state, run.best_epoch, run.best_figures, tuple(run.history), stopped)


class _Run:
    """The state of one training: optimiser, averaged net, best net so far, clock."""

    def __init__(self, task: Task, plan: Plan, signature: str) -> None:
        self.task, self.plan, self.signature = task, plan, signature
        self.groups = [dict(group) for group in task.parameter_groups()]
        self.shares = [float(group.pop("share")) for group in self.groups]
        self.optimizer = torch.optim.AdamW(self.groups, lr=plan.learning_rate, weight_decay=plan.weight_decay, fused=True)
        self.average = copy.deepcopy(task.net).eval()
        self.steps = self.steps_in_epoch = self.epoch = 0
        self.epoch_steps = 0
        self.best_epoch, self.improved, self.best = 0, 0, -math.inf
        self.best_state = _state(self.average)
        self.best_figures: dict[str, float] = {}
        self.history: list[Epoch] = []
        self.before = 0.0
        self.began = time.monotonic()
        self.epoch_began = self.began

    def seconds(self) -> float:
        return self.before + time.monotonic() - self.began

    def time_is_up(self) -> bool:
        return self.plan.minutes is not None and self.seconds() >= 60.0 * self.plan.minutes

    def why_stop(self) -> str:
        """Why training is over; "" while it is not. The first epoch is always trained."""
        if self.epoch >= self.plan.epochs:
            return "all epochs done"
        if self.epoch and self.time_is_up():
            return "the time given is used up"
        if self.epoch - self.improved >= self.plan.patience:
            return f"no better figure for {self.plan.patience} epochs"
        return ""

    def progress(self) -> float:
        """How much of the training is behind us, in [0, 1]."""
        within = self.steps_in_epoch / self.epoch_steps if self.epoch_steps else 0.0
        done = (self.epoch + min(1.0, within)) / self.plan.epochs
        if self.plan.minutes is not None:
            done = max(done, self.seconds() / (60.0 * self.plan.minutes))
        return min(1.0, done)

    def set_learning_rate(self) -> None:
        warm = min(1.0, (self.steps + 1) / 30.0)
        rate = self.plan.learning_rate * warm * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * self.progress())))
        for group, share in zip(self.optimizer.param_groups, self.shares, strict=True):
            group["lr"] = rate * share

    def learn(self, batch: Batch) -> float:
        """One step on a batch; its loss. Raises TrainingError where that is no number."""
        self.set_learning_rate()
        loss = self.task.loss(batch)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingError("the loss is no longer a number; use a lower learning rate")
        self.step(loss)
        return value

    def step(self, loss: Tensor) -> None:
        """Follow the gradient of a loss, and let the average follow the weights."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([p for group in self.groups for p in group["params"]], 5.0)
        self.optimizer.step()
        self.steps += 1
        self.steps_in_epoch += 1
        decay = min(0.98, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for mean, value in zip(self.average.state_dict().values(), self.task.net.state_dict().values(), strict=True):
                if mean.is_floating_point():
                    mean.lerp_(value, 1.0 - decay)
                else:
                    mean.copy_(value)

    def close_epoch(self, loss: float, photos: int, figures: dict[str, float]) -> None:
        self.epoch += 1
        self.epoch_steps, self.steps_in_epoch = self.steps_in_epoch, 0
        figure, error = figures.get("figure", math.nan), figures.get("figure_error", 0.0)
        if math.isnan(figure) or figure > self.best - error:
            self.improved = self.epoch
        if math.isnan(figure) or figure >= self.best - error:  # of equals the longest trained
            self.best = -math.inf if math.isnan(figure) else max(figure, self.best)
            self.best_epoch, self.best_figures, self.best_state = self.epoch, figures, _state(self.average)
        took, self.epoch_began = time.monotonic() - self.epoch_began, time.monotonic()
        spent = self.seconds()
        left = spent / self.epoch * (self.plan.epochs - self.epoch)
        if self.plan.minutes is not None:
            left = max(0.0, min(left, 60.0 * self.plan.minutes - spent))
        self.history.append(
            Epoch(self.epoch, self.plan.epochs, loss, figures, spent, left, photos / max(took, 1e-9))
        )

    def save(self, path: Path) -> None:
        extra = self.task.extra
        content = {
            "signature": self.signature, "net": self.task.net.state_dict(), "average": self.average.state_dict(),
            "extra": extra.state_dict() if extra is not None else {}, "optimizer": self.optimizer.state_dict(),
            "numbers": [self.steps, self.epoch, self.epoch_steps, self.best_epoch, self.improved, self.best, self.seconds()],
            "best_state": self.best_state, "best_figures": self.best_figures,
            "history": [asdict(epoch) for epoch in self.history],
        }
        with atomic_replace(path) as temporary:
            torch.save(content, temporary)

    def load(self, path: Path) -> None:
        try:
            content = torch.load(path, weights_only=True)
            if content["signature"] != self.signature:
                raise ValueError("it is of other photos or settings")
            self.task.net.load_state_dict(content["net"])
            self.average.load_state_dict(content["average"])
            if self.task.extra is not None:
                self.task.extra.load_state_dict(content["extra"])
            self.optimizer.load_state_dict(content["optimizer"])
            self.steps, self.epoch, self.epoch_steps, self.best_epoch, self.improved, self.best, self.before = content["numbers"]
            self.best_state, self.best_figures = content["best_state"], content["best_figures"]
            self.history = [Epoch(**values) for values in content["history"]]
        except (OSError, RuntimeError, KeyError, TypeError, ValueError, EOFError, UnpicklingError) as error:
            why = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise TrainingError(
                f"{path} cannot be resumed from ({why}); delete it or train without --resume"
            ) from error


def ahead(batches: Iterator[Batch], count: int = 2) -> Generator[Batch, None, None]:
    """The same batches in the same order, up to `count` of them made by another thread while one is learned from."""
    with ThreadPoolExecutor(1, "reid batches") as pool:
        waiting = deque(pool.submit(next, batches, None) for _ in range(count))
        try:
            while (batch := waiting.popleft().result()) is not None:
                waiting.append(pool.submit(next, batches, None))
                yield batch
        finally:
            for future in waiting:
                future.cancel()


def half(device: torch.device, precision: str) -> torch.autocast:
    """A context in which convolutions and matrix products run in bfloat16, or in which nothing changes.

    Args:
        device: where the net computes.
        precision: `float32`, `bfloat16`, or `auto`: bfloat16 where the hardware is faster at it.
    """
    fast = threads.fast_bfloat16() if device.type == "cpu" else torch.cuda.is_bf16_supported(including_emulation=False)
    on = precision == "bfloat16" or (precision == "auto" and fast)
    return torch.autocast(device.type, torch.bfloat16, enabled=on)


def _state(net: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in net.state_dict().items()}
