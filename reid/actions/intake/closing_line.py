"""The line that ends a run: what came of it, how many photos have no date, and how many inputs could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from reid.records import Outcome, Sighting

_NOUNS = frozenset({"decisions", "individuals", "nets", "photos", "seasons"})


def closing_line(
    counts: Mapping[str, int], *, nothing: str, undated: int = 0, unread: int = 0, left: Mapping[str, int] | None = None
) -> str:
    """`54 known, 39 review, 15 new; 3 photos without a date; 2 not read`.

    Args:
        counts: what came of the run, in this order, by the word for it; zeros are left out.
        nothing: the words where all of them are zero.
        undated: photos that were read and have no date.
        unread: inputs that could not be read.
        left: more that a person must know of, by the words for it; zeros are left out.
    """
    parts = [", ".join(_counted(counts)) or nothing]
    parts += _counted({"photos without a date": undated, "not read": unread, **(left or {})})
    return "; ".join(parts)


def _counted(counts: Mapping[str, int]) -> list[str]:
    """`3 photos`, `1 photo`: each count that is not zero with its words."""
    counted = []
    for words, count in counts.items():
        noun, *more = words.split(" ")
        noun = noun.removesuffix("s") if count == 1 and noun in _NOUNS else noun
        counted += [" ".join((str(count), noun, *more))] if count else []
    return counted


def outcome_counts(sightings: Iterable[Sighting]) -> dict[str, int]:
    """How many decisions say what, by the words for people, in the order of `Outcome`."""
    count = Counter(sighting.decision.outcome for sighting in sightings)
    return {outcome.value.replace("_", " "): count[outcome] for outcome in Outcome}
