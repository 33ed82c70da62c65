"""The losses of metric learning, by name. The only pytorch_metric_learning.

triplet: Schroff et al. 2015 (FaceNet) with semi-hard mining; arcface: Deng et al. 2019; multi-similarity: Wang et al.
2019. A sum of two is written `triplet+arcface`. Scores are cosines, larger = more alike, in all of them.
"""

from __future__ import annotations

from torch import Tensor, nn

from reid.errors import UsageError

ARCFACE_WEIGHT = 0.05
"""Of ArcFace beside a triplet loss: its values are about twenty times larger."""


class Objective(nn.Module):
    """A loss over a batch of embeddings with integer class labels; may have parameters of its own (ArcFace)."""

    def __init__(self, name: str, *, classes: int, dimension: int, margin: float) -> None:
        """Build the loss.

        Args:
            name: `triplet`, `arcface`, `multi-similarity` or a sum, `triplet+arcface`.
            classes: number of training classes; labels are 0 ... classes - 1.
            dimension: of the embeddings.
            margin: of the triplet loss, in units of cosine.

        Raises:
            UsageError: no such loss.
        """
        super().__init__()
        from pytorch_metric_learning import distances, losses, miners

        cosine = distances.CosineSimilarity()
        parts = name.split("+")
        self.triplet = self.arcface = self.multi = None
        for part in parts:
            if part == "triplet":
                self.triplet = losses.TripletMarginLoss(margin=margin, distance=cosine)
                self.miner = miners.TripletMarginMiner(margin=margin, type_of_triplets="semihard", distance=cosine)
            elif part == "arcface":
                self.arcface = losses.ArcFaceLoss(classes, dimension, margin=20.0, scale=32)
            elif part == "multi-similarity":
                self.multi = losses.MultiSimilarityLoss(alpha=2, beta=40, base=0.5)
                self.multi_miner = miners.MultiSimilarityMiner(epsilon=0.1)
            else:
                raise UsageError(f"loss {part!r} does not exist; choose triplet, arcface, multi-similarity or a sum a+b")
        self.arcface_weight = ARCFACE_WEIGHT if len(parts) > 1 else 1.0

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """(B, D) unit vectors and (B,) labels -> scalar loss."""
        total = embeddings.sum() * 0.0
        if self.triplet is not None:
            total = total + self.triplet(embeddings, labels, self.miner(embeddings, labels))
        if self.multi is not None:
            total = total + self.multi(embeddings, labels, self.multi_miner(embeddings, labels))
        if self.arcface is not None:
            total = total + self.arcface_weight * self.arcface(embeddings, labels)
        return total
