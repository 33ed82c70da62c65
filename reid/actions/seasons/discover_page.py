"""What `discover` found, as tables and as a page with pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reid.actions.seasons.results import PROPOSAL_STATUSES, DiscoverReport, Proposal
from reid.actions.seasons.tables import PROPOSAL_COLUMNS, PROPOSED_PHOTO_COLUMNS, called, cells, proposed_photo_rows
from reid.files import writable_folder
from reid.pages import sighting_cards
from reid.pages.html import Answer, Page, PageTable, Section, Shown, write_page
from reid.steps.season.joint_identification import Animal
from reid.tables.tables import write_table

SHOWN_OF_AN_ANIMAL = 6
"""Photos of one animal on the page: of different encounters first."""
PROPOSAL_MEANING = {
    "new": "proposed individuals; look at the weakest link of each, mend photos.csv, and enroll that",
    "review": "perhaps an individual that is enrolled: a person must look",
    "known": "enrolled already",
}


def write(report: DiscoverReport, out: Path) -> DiscoverReport:
    """Write individuals.csv, photos.csv (a manifest) and discover.html into a folder, which is made if absent."""
    proposals = report.proposals
    files = (writable_folder(out) / "individuals.csv", out / "photos.csv", out / "discover.html")
    write_table(files[0], ("photos", *PROPOSAL_COLUMNS), [(len(one.photos), *cells(one, PROPOSAL_COLUMNS)) for one in proposals])
    pairs = list(zip(report.proposals, report.animals, strict=True))
    write_table(files[1], PROPOSED_PHOTO_COLUMNS, [row for one, animal in pairs for row in proposed_photo_rows(one, animal)])
    write_page(files[2], page(report))
    return replace(report, files=files)


def page(report: DiscoverReport) -> Page:
    """Each animal with its photos and its weakest link, those that need a look first."""
    species = sorted({one.species for one in report.proposals})
    statuses = tuple(PROPOSAL_STATUSES.values())
    counts = PageTable(
        "Animals by species", ("species", *statuses, "left side only", "right side only"),
        tuple(
            (
                name, *(str(sum((one.species, one.status) == (name, status) for one in report.proposals)) for status in statuses),
                *(str(sum((one.species, one.sides) == (name, side) for one in report.proposals)) for side in ("left", "right")),
            )
            for name in species
        ),
        note="Left and right of an animal look different: one known from the left only and one from the right only may be one "
        "animal. `reid individuals merge` links them, as does an encounter that shows both sides.",
    )
    pairs = list(zip(report.proposals, report.animals, strict=True))
    sections = [
        Section(f"{status.capitalize()} ({len(own)})", PROPOSAL_MEANING[status], answers=own)
        for status in statuses
        if (own := tuple(_answer(one, animal) for one, animal in pairs if one.status == status))
    ]
    if report.problems:
        sections.append(Section(f"Not read ({len(report.problems)})", answers=sighting_cards.failures(report.problems)))
    left = f"{report.left} photos show no animal, or one of unknown species" if report.left else ""
    done = f"{report.enrolled} photos were enrolled" if report.entries else "nothing was enrolled"
    return Page("Individuals proposed", ". ".join(part for part in (done, left, *report.notes) if part), tuple(sections),
                lead_tables=(counts,))  # fmt: skip


def _answer(one: Proposal, animal: Animal) -> Answer:
    firsts: dict[str, int] = {}
    for row, look in enumerate(animal.looks):
        firsts.setdefault(look.encounter, row)
    order = [*firsts.values(), *(row for row in range(len(animal.looks)) if row not in firsts.values())][:SHOWN_OF_AN_ANIMAL]
    queries = tuple(_shown(animal, row) for row in order)
    links: tuple[Shown, ...] = ()
    if one.link_photos:
        about = f"probability {one.link_probability:.2f}", f"score {one.link_score:.2f}"
        links = tuple(sighting_cards.shown(path, "weakest link", *about) for path in one.link_photos)
    matches = tuple(sighting_cards.match(match) for match in animal.sighting.matches[:1]) if one.status != "new" else ()
    name = called(one.status, one.individual, one.proposal)
    sides = {"": "side not known", "both": "both sides"}.get(one.sides, f"{one.sides} side only")
    reason = f"{len(one.photos)} photos, {one.encounters} encounters, {sides}. {one.reason}"
    return Answer(queries, links + matches, one.status, f"{one.status.capitalize()}: {name}", reason)


def _shown(animal: Animal, row: int) -> Shown:
    photo = animal.looks[row].photo
    return sighting_cards.shown(photo.path, photo.path.name, sighting_cards.facts(photo.side, photo.captured_at, photo.camera))
