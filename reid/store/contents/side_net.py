"""The net that predicts the side of photos whose side is not known: which one is in use."""

from __future__ import annotations

from collections.abc import Callable

from reid.store.catalog.catalog import Catalog
from reid.store.contents import stage_nets, writing


class Sides:
    """The side net of an open gallery, `Gallery.sides`."""

    def __init__(self, catalog: Catalog, publish: Callable[[], None]) -> None:
        """Made by the gallery. publish: called after every change."""
        self._catalog, self._publish = catalog, publish

    def net(self) -> str | None:
        """Fingerprint of the side net; None if none is set."""
        return stage_nets.net_of(self._catalog, "side_net")

    def use_net(self, fingerprint: str, *, why: str = "") -> None:
        """Make `fingerprint` the side net. Raises ModelMismatch if it is an embedding net here."""
        writing.set_stage_net(self._catalog, "side_net", fingerprint, why)
        self._publish()
