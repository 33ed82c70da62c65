"""Is the gallery whole? Truth is checked and reported, never repaired; what is derived may be thrown away and made again."""

from __future__ import annotations

import glob
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reid.errors import GalleryError
from reid.files import OLD_SECONDS, TEMPORARY, is_left_over
from reid.records.gallery import EnrolledPhoto
from reid.store.catalog import own_files
from reid.store.catalog.catalog import Catalog
from reid.store.catalog.sqlite_errors import RESTORE
from reid.store.contents import reading
from reid.store.search import vector_source
from reid.store.search.cache_files import damaged_files


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is not as it should be. derived: `--fix` can make it again; else a backup or a person is needed."""

    what: str
    reason: str
    derived: bool


_ROWS = {
    "a photo of an individual that is not there": "SELECT p.id FROM photo p JOIN individual i ON i.id = p.individual_id"
    " WHERE p.removed_seq IS NULL AND i.removed_seq IS NOT NULL",
    "a photo whose species is not that of its individual": "SELECT p.id FROM photo p JOIN individual i"
    " ON i.id = p.individual_id WHERE p.species_id <> i.species_id",
    "an embedding of another length than its net's": "SELECT e.photo_id FROM embedding e JOIN net n ON n.id = e.net_id"
    " WHERE length(e.vector) <> 4 * n.dimension",
    "an entry missing from the journal": "SELECT max(seq) FROM journal HAVING max(seq) <> count(*)",
    "a species whose count of photos is wrong": "SELECT s.id FROM species s WHERE s.photos <> (SELECT count(*)"
    " FROM photo p WHERE p.species_id = s.id AND p.removed_seq IS NULL)",
    "a species whose count of individuals is wrong": "SELECT s.id FROM species s WHERE s.individuals <> (SELECT count(*)"
    " FROM individual i WHERE i.species_id = s.id AND i.removed_seq IS NULL)",
}


class Checkup:
    """Whether an open gallery is whole, `Gallery.checkup`."""

    def __init__(self, catalog: Catalog, cache: Path) -> None:
        """Made by the gallery."""
        self._catalog, self._cache = catalog, cache

    def damage(self) -> list[Damage]:
        """What is wrong with catalogue and cache; nothing is repaired."""
        left = [*_left_over(self._catalog), *_copies_left_over(self._catalog)]
        return [*_truth(self._catalog), *(
            Damage("left over", f"{path.name} was being written when its program was killed", True) for path in left
        ), *(Damage("index", text, True) for text in damaged_files(self._cache))]

    def enrolled_at(self, paths: Sequence[Path]) -> dict[str, tuple[EnrolledPhoto, ...]]:
        """The photos enrolled from files at these paths, by absolute path with forward slashes; of others nothing."""
        return reading.photos_at(self._catalog, [path.absolute().as_posix() for path in paths])

    def clear(self) -> None:
        """Throw away what is derived: the cache, and files left half-written. The next search makes it again.

        Only files of names that reid makes: what else lies in the cache stays, see `foreign`.
        """
        for path in (*own_files.cached(self._cache), *_left_over(self._catalog)):
            path.unlink(missing_ok=True)
        for path in _copies_left_over(self._catalog):
            shutil.rmtree(path, ignore_errors=True)

    def foreign(self) -> list[Path]:
        """What lies in the cache and was not made by reid: nothing ever deletes it."""
        return own_files.foreign(self._cache)


def _truth(catalog: Catalog) -> list[Damage]:
    """What is wrong with the catalogue."""
    found: list[Damage] = []
    try:
        with catalog.reading():
            if reports := catalog.unsound(20):
                return [Damage("catalogue", f"{text}: {RESTORE}", False) for text in reports]
            if strays := catalog.ask("PRAGMA foreign_key_check"):
                text = f"{len(strays)} rows point to rows that are not there, first in {strays[0][0]}"
                found.append(Damage("catalogue", text, False))
            found += _strange(catalog)
            for text, sql in _ROWS.items():
                if rows := catalog.ask(sql):
                    found.append(Damage("catalogue", f"{text}: {len(rows)}, first id {rows[0][0]}", False))
            for row in reading.species_rows(catalog):
                if row.net_id:
                    vector_source.vectors(catalog, row.id, row.net_id, row.dimension)
    except GalleryError as error:
        found.append(Damage("catalogue", str(error), False))
    return found


def _strange(catalog: Catalog) -> list[Damage]:
    """What is not defined as reid defines it: with one such thing nothing can be written."""
    return [Damage("catalogue", f"{one.what}; {one.remedy}", False) for one in catalog.strange()]


def _left_over(catalog: Catalog) -> list[Path]:
    """Files half-written for so long that nobody is writing them any more."""
    return [path for path in own_files.half_written(catalog.path.parent) if _is_old(path)]


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > OLD_SECONDS
    except OSError:  # its writer has put it in its place, or somebody clears it up
        return False


def _copies_left_over(catalog: Catalog) -> list[Path]:
    """What a kill left of backups with a name of the gallery's, of unpacked bundles beside it, and of backups made inside it."""
    folder = catalog.path.parent
    likes = (f"{glob.escape(folder.name)}-*{TEMPORARY}*", f".{glob.escape(folder.name)}{TEMPORARY}*")
    places = [path for like in likes for path in sorted(folder.parent.glob(like))] + sorted(folder.glob(f"*{TEMPORARY}*"))
    return [path for path in places if path.is_dir() and not path.is_symlink() and is_left_over(path)]
