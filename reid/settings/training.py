"""Options of training."""

from __future__ import annotations

from dataclasses import dataclass

from reid.errors import UsageError

STAGES = ("species", "embedding", "side")
LOSSES = ("triplet", "arcface", "multi-similarity", "triplet+arcface")
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "bfloat16")
START_WEIGHTS = ("base", "imagenet", "none")
"""`base`: the net that ships with reid; `imagenet`: torchvision's, downloaded; `none`: random; else a safetensors file."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How nets are trained (all stages where a field does not say otherwise)."""

    stages: tuple[str, ...] = ("species", "embedding")
    species: tuple[str, ...] = ()
    """Train stage 2 for these species only; () = every species with enough individuals."""
    column: str = ""
    """Use only the rows whose column of this name is `train`; "" = all rows."""
    backbone: str = "mobilenet_v2"
    weights: str = "base"
    image_size: tuple[int, int] = (192, 288)
    """Height and width in pixels of the embedding nets' input; the photo is squashed to it."""
    species_image_size: tuple[int, int] = (320, 320)
    """Of the species net: an animal may be small in its frame (`scripts/benchmarks/README.md` compares 224 px)."""
    side_image_size: tuple[int, int] = (128, 192)
    """Of the side net: which way an animal faces is seen in a small picture, too."""
    dimension: int = 256
    pooling: str = "gem"
    loss: str = "triplet"
    margin: float = 0.2
    """Triplet margin, in units of cosine."""
    epochs: int = 30
    """Of stage 2; one epoch shows every photo and its mirror image about once."""
    species_epochs: int = 18
    side_epochs: int = 8
    minutes: float | None = None
    """Time budget for the whole training, split over the nets by their photos; None = no limit."""
    individuals_per_batch: int = 12
    photos_per_individual: int = 4
    learning_rate: float = 4e-4
    weight_decay: float = 1e-4
    frozen_blocks: int = 7
    """The first blocks of the backbone that keep their start weights (edges and colours are the same for all animals)."""
    patience: int = 8
    """Epochs without a better validation figure before training stops."""
    validation_share: float = 0.15
    """Share of individuals held out of training, for validation and calibration."""
    min_individuals: int = 6
    """A species with fewer individuals that have two photos uses the shared net that ships."""
    max_false_match: float = 0.01
    """The error that the KNOWN threshold is set for, see `Calibration`."""
    max_wrong_side: float = 0.02
    """Share of photos that the side net may predict a wrong side for; where it is not sure enough for that, it predicts none."""
    device: str = "auto"
    precision: str = "auto"
    """Of the backbone while it learns: float32, bfloat16, or `auto`, the latter where the processor is fast at it."""
    seed: int = 0
    resume: bool = False


def check_train(settings: TrainSettings) -> TrainSettings:
    """The settings, if they make sense together.

    Raises:
        UsageError: which one does not, and what is wanted.
    """
    choices = (
        ("stage", settings.stages, STAGES),
        ("loss", (settings.loss,), LOSSES),
        ("device", (settings.device,), DEVICES),
        ("precision", (settings.precision,), PRECISIONS),
    )
    for name, values, allowed in choices:
        for value in values:
            if value not in allowed:
                raise UsageError(f"{name} {value!r} does not exist; choose from {', '.join(allowed)}")
    if (
        settings.epochs < 1
        or settings.species_epochs < 1
        or settings.side_epochs < 1
        or (settings.minutes is not None and not settings.minutes > 0)
    ):
        raise UsageError("epochs must be at least 1 and minutes above 0")
    if not all(0.0 < share < 1.0 for share in (settings.max_false_match, settings.validation_share, settings.max_wrong_side)):
        raise UsageError("max_false_match, max_wrong_side and validation_share must lie between 0 and 1")
    if settings.individuals_per_batch < 2 or settings.photos_per_individual < 2:
        raise UsageError("individuals_per_batch and photos_per_individual must be at least 2: a triplet needs both")
    if not settings.learning_rate > 0 or settings.patience < 1 or settings.dimension < 1 or settings.frozen_blocks < 0:
        raise UsageError("learning_rate must be above 0, patience and dimension at least 1, frozen_blocks at least 0")
    return settings
