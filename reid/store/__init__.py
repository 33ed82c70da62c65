"""The gallery on disk: `Gallery` is the one thing other layers use.

catalog.sqlite is the truth; the FAISS files under cache/ are derived and may be deleted. Importing this loads no faiss.
"""

from reid.records.gallery import (
    Alteration,
    Correction,
    Detail,
    Enrolled,
    EnrolledPhoto,
    Enrollment,
    Found,
    IndividualSummary,
    JournalEntry,
    KeptSighting,
    SpeciesSummary,
    Where,
)
from reid.store.catalog.schema import CATALOG_FORMAT as FORMAT
from reid.store.contents.keep_sightings import NotKept
from reid.store.gallery import Gallery
from reid.store.history.purge import Purge
from reid.store.layout.copy_gallery import Backup
from reid.store.search.feature_maps import Map, MapCache
from reid.store.sync.merge import Merged
from reid.store.sync.three_way import Conflict

__all__ = [
    "FORMAT",
    "Alteration",
    "Backup",
    "Conflict",
    "Correction",
    "Detail",
    "Enrolled",
    "EnrolledPhoto",
    "Enrollment",
    "Found",
    "Gallery",
    "IndividualSummary",
    "JournalEntry",
    "KeptSighting",
    "Map",
    "MapCache",
    "Merged",
    "NotKept",
    "Purge",
    "SpeciesSummary",
    "Where",
]
