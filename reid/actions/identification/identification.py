"""An identification kept ready for many questions, over a gallery that others change meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from reid.actions.identification.identifier import Identifier, OnDecided
from reid.errors import ModelMismatch
from reid.records import Photo, Problem, Sighting
from reid.settings import QuerySettings
from reid.store import Where
from reid.store.contract import GalleryStore

TURNS = 5
"""How often a question is asked again because a species got another net in the middle of it."""


class Identification:
    """Answers questions about photos, each by the gallery as it is when the question is asked.

    Nets, calibrations and the numbers of individuals that could match are read again when the gallery has changed, by
    any process. May be used by several threads at once.
    """

    def __init__(self, gallery: GalleryStore, settings: QuerySettings, where: Where | None = None) -> None:
        """Nothing is loaded before the first question.

        Args:
            gallery: open, as long as questions are asked.
            settings: how to identify.
            where: restrict which enrolled photos may match (the side of each query is added to it).
        """
        self.gallery, self.settings, self.where = gallery, settings, where
        self._lock = threading.Lock()
        self._version: object = None
        self._identifier: Identifier | None = None

    def identifier(self) -> Identifier:
        """The identifier of the gallery as it is now: the one of the last question, where nothing was changed since.

        Raises:
            UsageError: as `Identifier`: the species of the settings is not in the gallery (any more), for example.
            GalleryError, NetError: gallery or net cannot be used.
        """
        with self._lock:
            version = self.gallery.version()  # before anything is read: what changes meanwhile is read again next time
            if self._identifier is None or version != self._version:
                self._identifier = Identifier(self.gallery, self.settings, self.where, before=self._identifier)
                self._version = version
            return self._identifier

    def identify(
        self, photos: Sequence[Photo], on_decided: OnDecided | None = None
    ) -> Iterator[tuple[int, Sighting | Problem]]:
        """One question, answered as it goes; see `Identifier.identify`. What is changed meanwhile counts at the next one.

        Raises:
            ModelMismatch: a species got another net in the middle of it.
        """
        return self.identifier().identify(photos, on_decided)

    def ask(self, photos: Sequence[Photo]) -> tuple[Sighting | Problem, ...]:
        """One question with its whole answer; it is asked again where a species got another net in the middle of it.

        Raises:
            ModelMismatch: that happened `TURNS` times.
        """
        for _ in range(TURNS - 1):
            try:
                return tuple(item for _, item in self.identify(photos))
            except ModelMismatch:
                continue
        return tuple(item for _, item in self.identify(photos))
