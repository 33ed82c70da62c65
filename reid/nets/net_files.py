"""A net on disk: weights as safetensors beside a JSON card. The fingerprint names both files and everything a net made."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from reid.errors import NetError
from reid.files import atomic_replace, make_folder
from reid.nets import backbones
from reid.records import SIDES, Calibration

if TYPE_CHECKING:
    from torch import Tensor, nn

NET_FORMAT = 1
Shapes = Mapping[str, tuple[int, ...]]
"""Of the tensors of a net, by name."""
MAX_CARD_BYTES = 4_000_000
MAX_DIMENSION = 4096
MAX_CLASSES = 10_000
POOLING_NAMES = ("average", "gem")
"""Those of `networks.POOLINGS`, to be known without torch."""
SHIPPED = Path(__file__).parent.parent / "weights"
BASE = SHIPPED / "base.safetensors"
"""The net that ships with reid: every new species starts from it, a thin species uses it as it is."""
SPECIES_BASE = SHIPPED / "species.safetensors"
"""The net that ships for stage 1 to start from: it kept what tells species apart, which `BASE` gave up for individuals."""


@dataclass(frozen=True, slots=True)
class NetCard:
    """What must be known of a net to use it, and what should be known to trust it.

    kind: `species`, `side` or `embedding`. image_size: (height, width) of the input, to which a photo is squashed.
    dimension: of the embedding; 0 for the others. classes: index -> name of the species, of the side; () for an embedding net.
    """

    kind: str
    backbone: str
    image_size: tuple[int, int]
    pooling: str = "average"
    dimension: int = 0
    classes: tuple[str, ...] = ()
    temperature: float = 1.0
    """Logits are divided by it before the softmax (Guo et al., 2017)."""
    prototypes: int = 0
    """Of a species net of before, whose familiarity is the cosine to the nearest of them."""
    axes: int = 0
    """Of a species net's `networks.Familiarity`; 0 = it has none."""
    familiar_at: float = -1.0
    """A photo of less familiarity shows something the net was not trained on."""
    empty_familiar_at: float | None = None
    """The same where the net sees an empty frame: grounds differ more than animals do. None = as for animals."""
    mirrored: bool = False
    """A species net that is asked about photo and mirror image together; nets of before are asked about the photo alone."""
    among: tuple[str, ...] = ()
    """The species that a side net learned from: it is asked about no other."""
    sure_at: float | None = None
    """A side net's best probability below this means "unknown"; above 1 = always."""
    species: str = ""
    """The species an embedding net was trained for; "" = shared by all."""
    training: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    calibration: Calibration | None = None
    fingerprint: str = ""

    def architecture(self) -> dict[str, Any]:
        """Everything that, with the weights, decides what the net answers; goes into the fingerprint."""
        newer = {
            "empty_familiar_at": self.empty_familiar_at, "mirrored": self.mirrored or None,
            "among": list(self.among) or None, "sure_at": self.sure_at, "axes": self.axes or None,
        }  # than the first cards
        more = {name: value for name, value in newer.items() if value is not None}
        return {
            "kind": self.kind, "backbone": self.backbone, "image_size": list(self.image_size), "pooling": self.pooling,
            "dimension": self.dimension, "classes": list(self.classes), "temperature": self.temperature,
            "prototypes": self.prototypes, "familiar_at": self.familiar_at, **more,
        }


def fingerprint(card: NetCard, state: Mapping[str, Tensor]) -> str:
    """16 hex digits of SHA-256 over architecture and weights: equal nets have equal fingerprints on every machine."""
    return fingerprint_of_arrays(card, {name: value.detach().cpu().contiguous().numpy() for name, value in state.items()})


def fingerprint_of_arrays(card: NetCard, arrays: Mapping[str, NDArray[Any]]) -> str:
    """The same of weights that are not in torch."""
    return fingerprint_of_tensors(card, ((name, arrays[name]) for name in sorted(arrays)))


def fingerprint_of_tensors(card: NetCard, tensors: Iterable[tuple[str, NDArray[Any]]]) -> str:
    """The same of tensors that come one by one, sorted by name."""
    digest = hashlib.sha256(json.dumps(card.architecture(), sort_keys=True).encode())
    for name, value in tensors:
        digest.update(f"{name}|torch.{value.dtype}|{list(value.shape)}|".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()[:16]


def shipped(mark: str) -> bool:
    """Whether the net of the fingerprint `mark` is one that ships."""
    return any(read_card(path).fingerprint == mark for path in (BASE, SPECIES_BASE))


def read_arrays(path: Path) -> dict[str, NDArray[Any]] | None:
    """The weights of a net without torch; None where they are not those of its card: `load` says what is wrong."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(path)
    except (SafetensorError, OSError, LookupError, TypeError, ValueError):
        return None
    card = read_card(path)
    return arrays if fingerprint_of_arrays(card, arrays) == card.fingerprint else None


def read_shapes(path: Path) -> Shapes | None:
    """The shapes of the tensors of a safetensors file, without their numbers; None where it is no such file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, MemoryError):
        return None


def read_fingerprint(path: Path, card: NetCard) -> str:
    """The `fingerprint` of a card with the tensors of a safetensors file, one in memory at a time; "" where none can be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return fingerprint_of_tensors(card, ((name, file.get_tensor(name)) for name in sorted(file.keys())))
    except (SafetensorError, OSError, LookupError, TypeError, ValueError, MemoryError):
        return ""


def save(card: NetCard, state: Mapping[str, Tensor], folder: Path, *, name: str = "") -> NetCard:
    """Write `<name or fingerprint>.safetensors` and `.json` into a folder, each by an atomic replace, weights first.

    Args:
        card: of the net; its fingerprint is filled in.
        state: the net's tensors.
        folder: is made if absent.
        name: of the files without suffix; "" = the fingerprint.

    Returns:
        The card with its fingerprint.

    Raises:
        NetError: a weight is no finite number.
    """
    from safetensors.torch import save as as_bytes

    bad = [key for key, value in state.items() if value.is_floating_point() and not bool(value.isfinite().all())]
    if bad:
        raise NetError(f"the net is not saved: {bad[0]} holds values that are no numbers; train again with a lower rate")
    card = replace(card, fingerprint=fingerprint(card, state))
    make_folder(folder)
    stem = name or card.fingerprint
    weights, text = folder / f"{stem}.safetensors", folder / f"{stem}.json"
    with atomic_replace(weights) as temporary:
        temporary.write_bytes(as_bytes({key: value.detach().cpu().contiguous() for key, value in state.items()}))
    with atomic_replace(text) as temporary:
        temporary.write_text(json.dumps(_to_json(card), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def read_card(path: Path) -> NetCard:
    """The card beside a weights file.

    Raises:
        NetError: missing, too large, of a newer format, or not a card.
    """
    text = path.with_suffix(".json")
    try:
        if text.stat().st_size > MAX_CARD_BYTES:
            raise NetError(f"{text}: the card has {text.stat().st_size} bytes; wanted at most {MAX_CARD_BYTES}")
        values = json.loads(text.read_text(encoding="utf-8"))
        if values["format"] > NET_FORMAT:
            raise NetError(f"{text}: written by a newer reid (card format {values['format']}); update reid")
        return _checked(_from_json(values), text)
    except FileNotFoundError as error:
        raise NetError(f"{text} is missing; a net is a .safetensors file with its .json card beside it") from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise NetError(f"{text} is no card of a net ({type(error).__name__}: {error}); take it from a backup") from error


def load(path: Path) -> tuple[NetCard, nn.Module]:
    """Build the net of a card and fill it with its weights; nothing but tensors is ever loaded.

    Raises:
        NetError: damaged, incomplete, or not the net its card describes.
    """
    card = read_card(path)
    state = read_state(path)
    net = build(card)
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        raise NetError(f"{path} does not hold the net that its card describes: {str(error).splitlines()[-1]}") from error
    found = fingerprint(card, state)
    if found != card.fingerprint:
        raise NetError(f"{path} is damaged: its fingerprint is {found}, its card says {card.fingerprint}")
    return card, net.eval()


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Raises:
        NetError: missing, or no safetensors file (a pickle is refused, not opened).
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise NetError(f"the net {path} is missing; take it from a backup or train again") from error
    except (SafetensorError, OSError, ValueError, MemoryError) as error:
        raise NetError(f"{path} is no safetensors file ({error}); reid opens no other format") from error


def build(card: NetCard, *, imagenet: bool = False) -> nn.Module:
    """The net of a card with start weights: random, or torchvision's for the backbone."""
    from reid.nets.networks import EmbeddingNet, SpeciesNet

    if card.kind in ("species", "side"):
        return SpeciesNet(card.backbone, len(card.classes), prototypes=card.prototypes, axes=card.axes, imagenet=imagenet)
    return EmbeddingNet(card.backbone, dimension=card.dimension, pooling=card.pooling, imagenet=imagenet)


def _to_json(card: NetCard) -> dict[str, Any]:
    return {
        "format": NET_FORMAT, "fingerprint": card.fingerprint, **card.architecture(), "species": card.species,
        "input": {"colour": "RGB", "range": [0, 1], "mean": list(backbones.MEAN), "std": list(backbones.STD),
                  "fit": "squashed to image_size (height, width)"},
        "calibration": card.calibration.to_json() if card.calibration else None,
        "figures": {key: round(value, 6) for key, value in card.figures.items() if math.isfinite(value)},
        "training": dict(card.training),
    }


def _from_json(values: Mapping[str, Any]) -> NetCard:
    height, width = values["image_size"]
    if not re.fullmatch("[0-9a-f]{16}", str(values["fingerprint"])):  # it names files: no path may hide in it
        raise ValueError(f"fingerprint {values['fingerprint']!r} is not 16 hex digits")
    return NetCard(
        kind=str(values["kind"]), backbone=str(values["backbone"]), image_size=(int(height), int(width)),
        pooling=str(values["pooling"]), dimension=int(values["dimension"]), classes=tuple(map(str, values["classes"])),
        temperature=float(values["temperature"]), prototypes=int(values["prototypes"]), axes=int(values.get("axes", 0)),
        familiar_at=float(values["familiar_at"]),
        empty_familiar_at=None if values.get("empty_familiar_at") is None else float(values["empty_familiar_at"]),
        mirrored=bool(values.get("mirrored", False)), among=tuple(map(str, values.get("among", ()))),
        sure_at=None if values.get("sure_at") is None else float(values["sure_at"]),
        species=str(values["species"]), training=dict(values["training"]),
        figures={str(key): float(value) for key, value in values["figures"].items()},
        calibration=Calibration.from_json(values["calibration"]) if values["calibration"] else None,
        fingerprint=str(values["fingerprint"]),
    )


def _checked(card: NetCard, path: Path) -> NetCard:
    sizes_fit = all(32 <= edge <= 1024 for edge in card.image_size)
    outputs, most = (card.dimension, MAX_DIMENSION) if card.kind == "embedding" else (len(card.classes), MAX_CLASSES)
    heads_fit = 1 <= outputs <= most and 0 <= card.prototypes <= 100_000 and 0.0 < card.temperature < math.inf
    heads_fit &= 0 <= card.axes <= MAX_DIMENSION
    if card.kind == "side" and (card.sure_at is None or not set(card.classes) <= set(SIDES)):
        raise NetError(f"{path}: the card of a side net needs sure_at, and sides for classes, met {card.classes}")
    if card.kind not in ("species", "side", "embedding") or card.backbone not in backbones.BACKBONES:
        raise NetError(f"{path}: a {card.kind!r} net on backbone {card.backbone!r} cannot be built by this reid; update it")
    if not sizes_fit or not heads_fit or card.pooling not in POOLING_NAMES:
        raise NetError(f"{path}: the card's sizes are absurd (input {card.image_size}, dimension {card.dimension})")
    return card
