"""Two seasons as a table and as a page: counts, then every animal with its best pair of photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reid.actions.seasons.results import SEASON_MEANING, SEASON_STATUSES, SeasonRow
from reid.actions.seasons.tables import called, counts
from reid.pages import sighting_cards
from reid.pages.html import Answer, Page, PageTable, Section
from reid.records import Outcome, Problem, Sighting

_BADGES = {"returned": "known", "reappeared": "known", "new": "new", "review": "review", "doubtful": "review",
           "not seen": "unseen", "not decided": "review"}  # fmt: skip


def page(
    first: str, second: str, rows: Sequence[SeasonRow], sightings: Sequence[Sighting], problems: Sequence[Problem],
    subtitle: str, tables: Sequence[PageTable] = (),
) -> Page:
    """The page of two seasons.

    Args:
        first, second: names of the seasons.
        rows: as `season_rows.rows` gives them.
        sightings: those that are empty or of unknown species are shown at the end.
        problems: photos that could not be read.
        subtitle: under the title.
        tables: more of them, after the counts.
    """
    sections = [
        Section(f"{status.capitalize()} ({len(own)})", SEASON_MEANING[status], answers=tuple(_answer(row) for row in own))
        for status in SEASON_STATUSES
        if (own := [row for row in rows if row.status == status])
    ]
    unnamed = [one for one in sightings if one.decision.outcome in (Outcome.EMPTY, Outcome.UNKNOWN_SPECIES)]
    if unnamed:
        sections.append(
            Section(
                f"Not identified ({len(unnamed)})",
                SEASON_MEANING["not identified"],
                answers=tuple(sighting_cards.answer(one, matches=0) for one in unnamed),
            )
        )
    if problems:
        sections.append(Section(f"Not read ({len(problems)})", answers=sighting_cards.failures(problems)))
    return Page(f"Season {first} to season {second}", subtitle, tuple(sections), lead_tables=(counts(rows), *tables))


def _answer(row: SeasonRow) -> Answer:
    numbers = f"{row.photos} photos, {row.encounters} encounters, {row.events} events"
    again = sighting_cards.facts(row.species, row.first_again, numbers, _sides(row))
    title = row.proposal or row.individual
    queries = [sighting_cards.shown(row.photo_again, title or "not named", again)] if row.photo_again else []
    if row.link_photos:
        about = f"weakest link {row.link_score:.2f}, right with probability {row.link_probability:.2f}"
        queries += [sighting_cards.shown(path, Path(path).name, about) for path in row.link_photos]
    chance = f"probability {row.probability:.2f}" if row.probability is not None else ""
    facts = sighting_cards.facts("", row.last_before)
    before = (
        (sighting_cards.shown(row.photo_before, row.individual or "nearest enrolled", facts, chance),) if row.photo_before else ()
    )
    name = called(row.status, row.individual, row.proposal)
    headline = f"{row.status.capitalize()}: {name}" if name else row.status.capitalize()
    return Answer(tuple(queries), before, _BADGES[row.status], headline, row.reason)


def _sides(row: SeasonRow) -> str:
    return {"": "side not known", "both": "both sides"}.get(row.sides, f"{row.sides} side only")
