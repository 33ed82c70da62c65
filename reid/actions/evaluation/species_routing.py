"""How often the species net sends a photo of known species the right way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from reid.actions.evaluation.embedded_photos import Opener
from reid.actions.evaluation.results import RoutingEvaluation
from reid.nets import inference
from reid.records import UNKNOWN_SPECIES, Photo, SpeciesGuess
from reid.settings import QuerySettings
from reid.steps.embedded_photos import classify
from reid.steps.species import route
from reid.store.contract import GalleryStore


def routing(gallery: GalleryStore, photos: Sequence[Photo], device: str, opener: Opener) -> RoutingEvaluation | None:
    """Ask the gallery's species net about the photos of species it knows; None without a net or such photos."""
    fingerprint = gallery.species_net()
    if fingerprint is None:
        return None
    net = inference.load(gallery.nets.path(fingerprint), device)
    chosen = [photo for photo in photos if photo.species in net.card.classes]
    if not chosen:
        return None
    guesses: list[tuple[str, SpeciesGuess]] = []
    for batch in opener.opened("routing species", chosen, net):
        boxed = [item.photo.box is not None for _, item in batch]
        answers = route(net.card, classify(net, [item.picture for _, item in batch]), QuerySettings(), boxed)
        guesses += [(chosen[row].species, guess) for (row, _), guess in zip(batch, answers, strict=True)]
    right: dict[str, list[bool]] = defaultdict(list)
    for truth, guess in guesses:
        best = guess.alternatives[0][0] if guess.name == UNKNOWN_SPECIES else guess.name
        right[truth].append(best == truth)
    recalls = {name: float(np.mean(values)) for name, values in sorted(right.items())}
    return RoutingEvaluation(
        len(guesses),
        float(np.mean([hit for values in right.values() for hit in values])),
        float(np.mean(list(recalls.values()))),
        recalls,
        float(np.mean([guess.name == UNKNOWN_SPECIES for _, guess in guesses])),
    )
