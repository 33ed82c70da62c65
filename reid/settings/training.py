"""Options of every verb: frozen dataclasses whose defaults are the only place a default is written.

Resolved once at the door: argument > REID_* environment variable > gallery.json > the default here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from reid.errors import UsageError

DEFAULT_GALLERY = Path("indexes/default")
STAGES = ("species", "embedding", "side")
LOSSES = ("triplet", "arcface", "multi-similarity", "triplet+arcface")
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "bfloat16")
LOG_LIMIT = 20
"""Entries of the journal that are told, where nothing else is said."""
FASTEST = 80.0
"""Kilometres an hour that no animal travels, wherever nothing else is asked for."""
EXPORT_FORMATS = ("mark", "secr", "capture", "camtrapr", "camtrap-dp", "wildbook", "csv", "xlsx", "folders")
CHANGED = ("tell", "add")
SIDE_RULES = ("all", "left", "right", "best", "both-linked")
"""How an export counts half-known animals; see `survey.capture_history`."""
SAMPLING_DESIGNS = ("simpleRandom", "systematicRandom", "clusteredRandom", "experimental", "targeted", "opportunistic")
"""Those that Camtrap DP knows."""
ENCOUNTER_MINUTES = 30.0
"""Photos of one camera closer in time than this belong to one encounter, wherever nothing else is asked for."""
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
    """Share of photos that the side net may tell a wrong side; where it is not sure enough for that, it says none."""
    device: str = "auto"
    precision: str = "auto"
    """Of the backbone while it learns: float32, bfloat16, or `auto`, the latter where the processor is fast at it."""
    seed: int = 0
    resume: bool = False


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How photos are made of videos; `read_photos` takes them from the REID_* variables unless they are given."""

    video: str = "every=2"
    """`every=SECONDS`, or `scenes`: where the picture changes (`scenes=SHARE`: by that share of the grey range, on average)."""
    frames: str = ""
    """Folder for the frames; "" = beside each video, NAME.frames."""


@dataclass(frozen=True, slots=True)
class IntakeSettings(VideoSettings):
    """How photos come in, whichever verb they are given to."""

    box_confidence: float | None = None
    """A detector's box counts from here on, in [0, 1]; None = what its file recommends."""
    clocks: tuple[str, ...] = ()
    """Each CAMERA=OFFSET: what to add to that camera's clock."""
    seasons: tuple[str, ...] = ()
    """Each NAME=START..END, or a table with name, start, end; a photo in none of them keeps its own."""
    deployments: str = ""
    """Path of a table of the cameras; its clock offsets and seasons count."""
    side_path: tuple[str, ...] = ()
    """Each left=PATTERN or right=PATTERN, for photos whose path tells their side; see `photo_selection.sides_by_path`."""
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class EnrollSettings(IntakeSettings):
    """How labelled photos are enrolled and imported."""

    column: str = ""
    """Use only the rows whose column of this name has the value `only`; "" = all rows."""
    only: str = "train"
    changed: str = "tell"
    """A file that was enrolled with another content: `tell` it as a problem and leave it, or `add` it as another photo."""


@dataclass(frozen=True, slots=True)
class QuerySettings(IntakeSettings):
    """How photos are identified."""

    top: int = 5
    species: str = ""
    """Skip stage 1 and take this species."""
    side: str = ""
    """The side of photos whose manifest names none."""
    encounters: bool = False
    """One decision per encounter instead of one per photo."""
    encounter_minutes: float = ENCOUNTER_MINUTES
    """Photos of one camera closer in time than this belong to one encounter."""
    min_species_probability: float = 0.6
    """Below it a photo is of unknown species and stage 2 is not run."""
    min_pair_probability: float = 0.85
    """Unless the best two species together reach this: then it is one of the two, and both galleries are searched."""
    close_species_ratio: float = 2.0
    """When the best species is less than this many times as likely as the second, both galleries are searched."""
    rerank: int = 20
    """So many individuals of a shortlist get a closer look, their photos matched place by place; 0 = none.

    It is taken where held-out photos have shown that it helps to tell individuals apart (`Calibration.closer`),
    and where nothing is calibrated. It needs the enrolled photos' files; those that are gone count by their cosine."""
    fade: float = 0.0
    """What a year between two photos takes off their score, so that recent seasons weigh more; 0 = nothing. Nobody has calibrated
    it: with 0.05, a photo five years old must be 0.25 more alike."""
    independent_minutes: float = ENCOUNTER_MINUTES
    """Photos of an individual at one camera closer than this to the last that counted are no event of their own."""
    returning: float = 0.0
    """Share of the animals asked about that are enrolled already, in (0, 1): the more they are, the surer NEW must be. 0 = not
    stated: a query takes 0.5, `seasons` and `discover` estimate it from all animals of the photos given."""
    link: float = 0.65
    """A link between two encounters of a season needs at least this probability of being right, in (0, 1].

    This and the next two are of `scripts/benchmarks/seasons.py` (figures in README.md there): the surest links that put animals
    together about as well as any."""
    discover_link: float = 0.75
    """The same for what `discover` proposes, where seldom anybody is known who says what a link is worth."""
    enroll_link: float = 0.85
    """The same for what `discover` enrolls: a false merge costs more than a split, which `reid individuals merge` mends."""
    kilometres_an_hour: float = FASTEST
    """No animal travels faster, so that nobody is at two far places at once."""
    batch: int = 16


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How a gallery is searched; `Gallery.open` takes them from the REID_* variables unless they are given."""

    exact_numbers: int = 80_000_000
    """Up to so many numbers (photos times D) of a species every vector is looked at: 312,500 photos at D = 256."""
    probes: int = 640
    """Above it: inverted lists looked into, of about the square root of the number of photos."""
    candidates: int = 384
    """Above it: photos whose vectors themselves are compared, at least."""
    rewrite_photos: int = 1000
    rewrite_share: float = 0.1
    """The cache is written anew when the photos changed since are more than both this many and this share of it."""


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What goes into an export. See `survey.capture_history` for occasions, sides, groups and covariates."""

    species: str = ""
    """Only this species; "" = each species by itself."""
    seasons: tuple[str, ...] = ()
    """Each NAME=START..END, or a table with name, start, end; () = as the photos say."""
    days: int = 0
    """Length of an occasion; 0 = a season is one occasion."""
    deployments: Path | None = None
    clocks: tuple[str, ...] = ()
    """Each CAMERA=OFFSET, what to add to that camera's clock; it goes before the deployments table's,
    which is for photos given and not for enrolled ones (they were put right when they came in)."""
    side: str = "all"
    group: str = ""
    covariates: tuple[str, ...] = ()
    independent_minutes: float = 0.0
    """camtrapR: records of an individual at a station closer than this are one event."""
    encounter_minutes: float = ENCOUNTER_MINUTES
    time_zone: str = ""
    scientific: Mapping[str, str] = field(default_factory=dict)
    """Species as we call it -> its scientific name."""
    copy: bool = False
    """Camtrap DP: copy the photos into the package."""
    title: str = "Individuals identified with reid"
    contributor: str = "unknown"
    sampling_design: str = "opportunistic"


@dataclass(frozen=True, slots=True)
class CountSettings:
    """How animals are counted. species, seasons, days, deployments, clocks and side as in `ExportSettings`."""

    species: str = ""
    seasons: tuple[str, ...] = ()
    days: int = 0
    deployments: Path | None = None
    clocks: tuple[str, ...] = ()
    side: str = "all"
    method: str = ""
    """The estimator that says which photos to look at; "" = chapman for two occasions, chao for more."""
    draws: int = 200
    """Histories drawn from the probabilities of doubtful sightings; 0 = none."""
    look: int = 10
    """So many photos to look at next are told."""
    compare: bool = True
    """Compare doubtful photos with each other, for which they are opened: else one new animal counts as many."""
    seed: int = 0


_Settings = TypeVar(
    "_Settings", TrainSettings, VideoSettings, EnrollSettings, QuerySettings, SearchSettings, ExportSettings, CountSettings
)


def resolve(settings: _Settings, given: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> _Settings:
    """Fill settings from the arguments given (None = not given), then REID_* variables, then the defaults.

    Raises:
        UsageError: a variable's text is no value of the field's type.
    """
    environment = os.environ if environment is None else environment
    hints = get_type_hints(type(settings))
    changes: dict[str, Any] = {}
    for one in fields(settings):
        if given.get(one.name) is not None:
            changes[one.name] = given[one.name]
        elif (text := environment.get(f"REID_{one.name.upper()}")) is not None:
            changes[one.name] = parse(text, hints[one.name], f"REID_{one.name.upper()}")
    return replace(settings, **changes)


def parse(text: str, kind: Any, name: str) -> Any:
    """The value that a text stands for: bool, int, float, str, HEIGHTxWIDTH or a comma-separated list."""
    try:
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.strip().lower()]
        if kind in (int, float, str):
            return kind(text)
        if kind == tuple[int, int]:
            return parse_image_size(text)
        if kind == tuple[str, ...]:
            return tuple(part.strip() for part in text.split(",") if part.strip())
        if kind == Path | None:
            return Path(text) if text else None
        if kind == Mapping[str, str]:
            return dict(pair(part, name) for part in text.split(",") if part.strip())
        return float(text)
    except (KeyError, ValueError):
        raise UsageError(f"{name}={text!r} cannot be read; wanted {getattr(kind, '__name__', kind)}") from None


def pair(text: str, name: str) -> tuple[str, str]:
    """`NAME=VALUE` as its two parts, white space trimmed.

    Raises:
        UsageError: there is no `=`, or nothing on one side of it; `name` says of what.
    """
    key, found, value = text.partition("=")
    if not found or not key.strip() or not value.strip():
        raise UsageError(f"{name} {text!r}: wanted NAME=VALUE")
    return key.strip(), " ".join(value.split())


def parse_image_size(text: str) -> tuple[int, int]:
    """`224` or `192x256` (height x width) as (height, width); multiples of 32 from 32 to 1024.

    Raises:
        UsageError: no such size.
    """
    parts = text.lower().split("x")
    try:
        sizes = [int(part) for part in parts]
    except ValueError:
        sizes = []
    if len(sizes) not in (1, 2) or any(size % 32 or not 32 <= size <= 1024 for size in sizes):
        raise UsageError(f"image size {text!r}: wanted 224 or HEIGHTxWIDTH, multiples of 32 between 32 and 1024")
    return sizes[0], sizes[-1]


def gallery_folder(given: Path | None, environment: Mapping[str, str] | None = None) -> Path:
    """The gallery's folder: the argument, else REID_GALLERY, else indexes/default."""
    environment = os.environ if environment is None else environment
    return given if given is not None else Path(environment.get("REID_GALLERY") or DEFAULT_GALLERY)


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
    if not all(0.0 < one < 1.0 for one in (settings.max_false_match, settings.validation_share, settings.max_wrong_side)):
        raise UsageError("max_false_match, max_wrong_side and validation_share must lie between 0 and 1")
    if settings.individuals_per_batch < 2 or settings.photos_per_individual < 2:
        raise UsageError("individuals_per_batch and photos_per_individual must be at least 2: a triplet needs both")
    if not settings.learning_rate > 0 or settings.patience < 1 or settings.dimension < 1 or settings.frozen_blocks < 0:
        raise UsageError("learning_rate must be above 0, patience and dimension at least 1, frozen_blocks at least 0")
    return settings
