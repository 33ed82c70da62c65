"""The gallery on disk: `Gallery` is the one thing other layers use.

catalog.sqlite is the truth; the FAISS files under cache/ are derived and may be deleted. Importing this loads no faiss.
"""

from reid.store.camps import Conflict
from reid.store.copying import Backup
from reid.store.gallery import Gallery
from reid.store.keeping import NotKept
from reid.store.maps import Map, MapCache
from reid.store.merging import Merged
from reid.store.purging import Purge
from reid.store.rows import (
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
from reid.store.schema import FORMAT

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
