"""Training of the side net: which flank a photo shows, and how sure a net must be before it says so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reid.nets.inference import mirrored_classes
from reid.nets.net_files import NetCard
from reid.nets.networks import SpeciesNet
from reid.records import SIDES, Photo
from reid.settings import TrainSettings
from reid.training import splits
from reid.training.dataset import Decoded
from reid.training.tasks.species_task import SpeciesTask, temperature

CLASSES = tuple(side for side in SIDES if side)
NEVER = 2.0
"""The `sure_at` of a net that may say no side at all: no probability reaches it."""


def hold_out(photos: Sequence[Photo], groups: Sequence[str], *, share: float, seed: int) -> tuple[list[int], list[int]]:
    """Split rows into (taught, held out) as `splits.hold_out_groups` does, but no individual ever stands on both sides.

    Where one individual has all photos of a side, they teach: a net judged by animals that it knows would seem too good.
    groups: encounter of each photo; those of photos without a name stand for individuals.
    """
    owners = [f"{photo.species}/{photo.individual}" if photo.individual else group
              for photo, group in zip(photos, groups, strict=True)]  # fmt: skip
    taught, held = splits.hold_out_groups([photo.side for photo in photos], owners, share=share, seed=seed)
    known = {owners[row] for row in taught}
    held = [row for row in held if owners[row] not in known]
    return sorted(set(range(len(photos))) - set(held)), held


class SideTask(SpeciesTask):
    """A `trainer.Task` for the side net: as stage 1, but the mirror image of a left flank is a right flank.

    So photos of one side alone teach both. No figure decides which epoch is kept: what is held out chooses nothing, and can
    say how often the net is wrong.
    """

    def __init__(
        self, net: SpeciesNet, taught: Decoded, held: Decoded, settings: TrainSettings, device: torch.device
    ) -> None:
        """As `SpeciesTask`; no individual on both sides of taught and held."""
        super().__init__(net, CLASSES, taught, held, settings, device, size=settings.side_image_size)

    def class_of(self, photo: Photo) -> str:
        """Its side."""
        return photo.side

    def mirrored_labels(self, labels: Tensor) -> Tensor:
        """The other side."""
        return torch.tensor(mirrored_classes(self.classes))[labels]

    def validate(self, net: nn.Module) -> dict[str, float]:
        """The share of held-out photos whose side is predicted right, photo and mirror image asked together."""
        if not self.held.photos:
            return {}
        logits = self.both(net)
        return {"top_1": float((logits.argmax(dim=1) == self.held_labels).float().mean())}

    def both(self, net: nn.Module) -> Tensor:
        """Logits (N, classes) of what is held out, photo and mirror image asked together, as `Runtime.sides` does."""
        plain, mirrored = (self.answers(net, self.held, mirrored=turned)[0] for turned in (False, True))
        return (plain + mirrored[:, mirrored_classes(self.classes)]) / 2


def threshold(chances: NDArray[np.float64], right: NDArray[np.bool_], most_wrong: float) -> float:
    """How sure a net must be, so that at most a share `most_wrong` of all photos gets a wrong side.

    The smallest threshold t with (1 + wrong answers at t) / (1 + photos) <= most_wrong: conformal risk control (Angelopoulos et
    al., 2022), by which the expected share holds for photos like the held-out ones. The 1 stands for the photo to come: with
    fewer than 1 / most_wrong - 1 photos no threshold is good enough. Nor does a photo get a side of which the net is less sure
    than of every held-out one: it may show neither flank. Photos are counted, as if each were of another animal: held-out photos
    of few individuals, many of each, say less than their number, and the share of wrong sides may then come out higher.

    Args:
        chances: (N,) probability of the best side of each held-out photo.
        right: (N,) whether it is the side shown.
        most_wrong: in (0, 1).

    Returns:
        In [0, 1]; a probability on it counts as reached. `NEVER` where there are too few photos.
    """
    allowed = int(np.floor(most_wrong * (len(chances) + 1) + 1e-9)) - 1
    if allowed < 0:
        return NEVER
    wrong = np.sort(chances[~right])[::-1]
    if len(wrong) <= allowed:
        return float(chances.min())
    return float(np.nextafter(wrong[allowed], NEVER))  # the wrong answers from there on are not given


def finished(task: SideTask, net: nn.Module) -> NetCard:
    """The card of a trained side net: its temperature, how sure it must be, and its figures on what was held out."""
    settings = task.settings
    logits, labels = task.both(net), task.held_labels
    warmth = temperature(logits, labels)
    best, guesses = torch.softmax(logits / warmth, dim=1).max(dim=1)
    chances, right = best.double().numpy(), (guesses == labels).numpy()
    sure_at = threshold(chances, right, settings.max_wrong_side)
    sure = chances >= sure_at
    figures = {"max_wrong_side": settings.max_wrong_side, "held_out": float(len(right))}
    if len(right):
        figures |= {
            "top_1": float(right.mean()), "coverage": float(sure.mean()), "wrong_side": float((sure & ~right).mean()),
        }
    return NetCard(
        kind="side",
        backbone=settings.backbone,
        image_size=settings.side_image_size,
        classes=task.classes,
        temperature=warmth,
        mirrored=True,
        among=tuple(sorted({photo.species for photo in task.taught.photos})),
        sure_at=sure_at,
        figures=figures,
    )
