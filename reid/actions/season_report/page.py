"""The page of a season, drawn from the figures of `report`."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from reid.actions.season_report.camera_map import where
from reid.actions.season_report.history_matrix import history_matrix
from reid.actions.season_report.results import (
    REPORT_MEANING,
    REPORT_STATUSES,
    IndividualFigures,
    PhotoPair,
    SeasonCount,
    SeasonPage,
    SpeciesSeason,
    Unenrolled,
    UnresolvedSighting,
    best_guess,
)
from reid.pages import plots, sighting_cards
from reid.pages.html import Answer, Page, PageTable, Pair, Plot, Section, Shown
from reid.records import Box, Photo
from reid.store import EnrolledPhoto
from reid.store.contract import GalleryStore

SMALL, QUALITY = 220, 70
"""Longest side in pixels and JPEG quality of a thumbnail: about 7 kB, so that a hundred pairs stay a file one can mail."""
MOST_NEW = 24
"""Sightings decided as new that are shown."""
DOUBT_PHOTOS, DOUBT_MATCHES, MOST_DOUBTS = 2, 3, 60
"""Photos and matches shown of an unresolved sighting, and how many of them are on the page; the table beside it holds all."""


def page(done: SeasonPage, gallery: GalleryStore) -> Page:
    """The whole page: in short, then the chapters of each species, the unresolved sightings, and what was left out."""
    sections: list[Section] = []
    for one in done.species:
        title = f"{one.species}: " if len(done.species) > 1 else ""
        unenrolled = next((asked for asked in done.unenrolled if asked.species == one.species), Unenrolled(one.species, 0, 0, ()))
        sections += [
            history_matrix(one, title),
            _discovery(one, title),
            where(one, title),
            _returned(one, title, done.pairs[one.species], unenrolled, gallery),
            _new(one, title, gallery, unenrolled),
            _not_seen(one, title, done.doubts),
        ]
    sections += [_doubts(done, gallery), _left_out(done)]
    start, end = min(one.start for one in _counts(done)), max(one.end for one in _counts(done))
    nets = ", ".join(f"{one.species} {gallery.embedding_net(one.species)}" for one in done.species)
    return Page(
        f"Season {done.season}",
        f"Gallery {gallery.name}, {start} to {end}",
        tuple(one for one in sections if _says_something(one)),
        footer=f"Made by `reid report` from {gallery.where} at entry {gallery.head()} of its journal. Nets: {nets}.",
        lead_tables=(_summary(done),),
    )


def _says_something(one: Section) -> bool:
    return bool(one.intro or one.answers or one.tables or one.gallery or one.plots or one.matrices or one.pairs)


def _counts(done: SeasonPage) -> list[SeasonCount]:
    return [count for one in done.species for count in one.seasons if count.season == done.season]


def _summary(done: SeasonPage) -> PageTable:
    """The season in numbers, a column for each species."""
    now = _counts(done)
    rows = [("individuals seen", *(str(one.individuals) for one in now), "known individuals with a photo of the season")]
    rows += [(status, *(str(one.count(status)) for one in done.species), REPORT_MEANING[status]) for status in REPORT_STATUSES]
    rows += [
        ("ever seen", *(str(len(one.animals)) for one in done.species), "up to the end of the season"),
        ("encounters", *(str(one.encounters) for one in now), "of the known individuals in the season"),
        ("photos", *(str(one.photos) for one in now), "that show them"),
        ("camera-days", *(_days(one.effort) for one in now), "days on which a camera worked, over all cameras"),
        *_not_enrolled(done),
        ("unresolved sightings", *(_doubted(done, one.species) for one in done.species), "decisions that wait for a person"),
    ]
    return PageTable("In short", ("", *(one.species for one in done.species), "meaning"), tuple(rows), note=" ".join(done.notes))


def _not_enrolled(done: SeasonPage) -> list[tuple[str, ...]]:
    """What rests on decisions alone; nothing where all photos are enrolled."""
    rows = [
        ("known, not enrolled", *(str(one.known) for one in done.unenrolled), "sightings of one of them; counted above"),
        ("new, not enrolled", *(str(one.new) for one in done.unenrolled), "decided as new; not counted: one may be in several"),
    ]
    return rows if any(one.known or one.new for one in done.unenrolled) else []


def _doubted(done: SeasonPage, species: str) -> str:
    return str(sum(doubt.sighting.counted_species == species for doubt in done.doubts))


def _discovery(one: SpeciesSeason, title: str) -> Section:
    """How fast individuals became known, over the study and in each season."""
    came = plots.Line("as they came", *_xy(one.discovered))
    expected = plots.Line("expected in any order", *_xy(one.expected), plain=True)
    name, across = f"{one.species}: individuals known", "encounters since the start of the study"
    curves = [Plot(plots.lines(name, across, "individuals", [came, expected], top=None), f"{name}, by encounters.")]
    counts = [count for count in one.seasons if len(count.curve) > 1][-len(plots.COLOURS) :]
    if len(counts) > 1:
        name = f"{one.species}: individuals in each season"
        curves.append(Plot(
            plots.lines(name, "encounters of the season, in any order", "individuals expected",
                        [plots.Line(count.season, *_xy(count.curve)) for count in counts], top=None),
            f"{name}, expected for so many encounters.",
        ))  # fmt: skip
    rows = tuple(
        (count.season, f"{count.start:%d %b} – {count.end:%d %b}".replace(" ", "\N{NO-BREAK SPACE}"), _days(count.effort),
         str(count.photos), str(count.encounters),
         str(count.individuals), str(count.new),
         f"{100 * count.encounters / count.effort:.1f}" if count.effort else "–")
        for count in one.seasons
    )  # fmt: skip
    columns = ("season", "days", "camera-days", "photos", "encounters", "individuals", "of them new", "in 100 camera-days")
    return Section(
        f"{title}Discovery and effort",
        "A curve that still climbs says that there are individuals nobody has met; one that has levelled off, that few are left. "
        "Expected: the mean over all orders of the encounters (Hurlbert 1971).",
        tables=(PageTable("Seasons", columns, rows),), plots=tuple(curves),
    )


def _xy(points: Sequence[tuple[int, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return tuple(float(x) for x, _ in points), tuple(float(y) for _, y in points)


def _returned(
    one: SpeciesSeason, title: str, pairs: Sequence[PhotoPair], unenrolled: Unenrolled, gallery: GalleryStore
) -> Section:
    """The best pair of photos of each animal that came back."""
    animals = {animal.name: animal for animal in one.animals}
    back = [animal for animal in one.animals if animal.status in ("returned", "reappeared")]
    shown = tuple(
        Pair(pair.individual, _photo(gallery, pair.before), _photo(gallery, pair.after),
             (f"score {pair.score:.2f} · {animals[pair.individual].status} · {_times(animals[pair.individual].encounters)} "
              f"in {one.season}{' · identified, not enrolled' if isinstance(pair.after, Photo) else ''}",))
        for pair in pairs
    )  # fmt: skip
    without = {animal.name for animal in back} - {pair.individual for pair in pairs}
    asked = without & set(unenrolled.animals)
    more = f" Told from photos that are not enrolled, without a pair: {', '.join(sorted(asked))}." if asked else ""
    more += f" No two photos of one side: {', '.join(sorted(without - asked))}." if without - asked else ""
    intro = f"Each with its two most alike photos, one of before and one of {one.season}, of one side.{more}" if back else ""
    return Section(f"{title}Came back ({len(back)})", intro, pairs=shown)


def _photo(gallery: GalleryStore, one: EnrolledPhoto | Photo) -> Shown:
    """A thumbnail; that of an enrolled photo is empty where its file is another one by now."""
    path = gallery.locate(one) or one.path if isinstance(one, EnrolledPhoto) else one.path
    taken = f"{one.captured_at:%Y-%m-%d %H:%M}" if one.captured_at else "no date"
    about = f"{one.side or 'side unknown'}{f' · {one.camera}' if one.camera else ''}"
    return _small(path, one.box, taken, about, sha256=one.sha256 if isinstance(one, EnrolledPhoto) else "")


def _new(one: SpeciesSeason, title: str, gallery: GalleryStore, unenrolled: Unenrolled) -> Section:
    """Individuals seen for the first time, with the first photo; and sightings decided as new that are not enrolled."""
    new = [animal for animal in one.animals if animal.status == "new"]
    first: dict[str, tuple[datetime, EnrolledPhoto]] = {}
    for photo in gallery.photos(one.species):
        taken = photo.captured_at.replace(tzinfo=None) if photo.captured_at else datetime.max
        if photo.individual not in first or taken < first[photo.individual][0]:
            first[photo.individual] = (taken, photo)
    shown = []
    for animal in new:
        pictured = _photo(gallery, first[animal.name][1])
        times = f"{_times(animal.encounters)}, {_many(animal.photos, 'photo')}"
        shown.append(Shown(pictured.picture, animal.name, (pictured.title, *pictured.lines, times)))
    intro = [f"{REPORT_MEANING['new'].capitalize()}."] if new else []
    if unenrolled.fresh:
        some = f", of which the first {MOST_NEW} are shown" if len(unenrolled.fresh) > MOST_NEW else ""
        intro.append(
            f"Not counted: {_many(len(unenrolled.fresh), 'sighting')} decided as a new animal and not enrolled{some}. One animal "
            "may be in several: reid seasons and reid discover put them together; then enroll each under a name of its own."
        )
    for number, fresh in enumerate(unenrolled.fresh[:MOST_NEW], start=1):
        pictured = _photo(gallery, fresh.photos[0])
        chance = fresh.sighting.decision.probability
        lines = (pictured.title, fresh.sighting.camera, "" if chance is None else f"probability {chance:.2f}")
        shown.append(Shown(pictured.picture, f"new, not enrolled {number}", tuple(line for line in lines if line)))
    more = f", and {len(unenrolled.fresh)} not enrolled" if unenrolled.fresh else ""
    return Section(f"{title}New ({len(new)}{more})", " ".join(intro), gallery=tuple(shown))


def _not_seen(one: SpeciesSeason, title: str, doubts: Sequence[UnresolvedSighting]) -> Section:
    """Individuals seen before and not in the season, and which unresolved sightings they may be in."""
    perhaps: dict[str, list[int]] = defaultdict(list)
    for doubt in doubts:
        if doubt.sighting.counted_species == one.species and (name := best_guess(doubt.sighting)):
            perhaps[name].append(doubt.number)
    tables = []
    for status in ("not seen", "not seen for longer", "not decided"):
        gone = [animal for animal in one.animals if animal.status == status]
        if gone:
            rows = tuple(
                (animal.name, _day(animal.before), _day(animal.first), ", ".join(_before(animal, one)),
                 ", ".join(map(str, animal.perhaps or perhaps[animal.name])) or "–")
                for animal in gone
            )  # fmt: skip
            columns = ("individual", "last seen", "first seen", "seasons in which it was seen", "may be in unresolved sighting")
            tables.append(PageTable(f"{REPORT_MEANING[status].capitalize()} ({len(gone)})", columns, rows))
    total = one.count("not seen") + one.count("not seen for longer")
    open_ones = f", not decided ({one.count('not decided')})" if one.count("not decided") else ""
    return Section(f"{title}Not seen ({total}){open_ones}", tables=tuple(tables))


def _before(animal: IndividualFigures, one: SpeciesSeason) -> Iterable[str]:
    names = one.history.seasons
    return (name for name in animal.seasons if names.index(name) < names.index(one.season))


def _doubts(done: SeasonPage, gallery: GalleryStore) -> Section:
    """What a person must look at, with the command that enrolls it once they agree."""
    if not done.doubts or done.doubts_table is None:
        return Section("Unresolved sightings (0)", "No decision of this season waits for a person.")
    table, folder = shlex.quote(done.doubts_table.name), shlex.quote(gallery.where)
    boxes = {(photo.sha256, photo.individual): photo.box for photo in gallery.photos()}
    shown = done.doubts[:MOST_DOUBTS]
    more = f" The first {len(shown)} are shown, the table has all." if len(shown) < len(done.doubts) else ""
    return Section(
        f"Unresolved sightings ({len(done.doubts)})",
        "A person must look, the likeliest first. The command under each says yes to the first match; put another name in it, or "
        f"a new one for an animal that was never enrolled. Run it in the folder of {done.doubts_table.name}.{more}",
        answers=tuple(_doubt(one, boxes, table, folder) for one in shown),
    )


def _doubt(doubt: UnresolvedSighting, boxes: Mapping[tuple[str, str], Box | None], table: str, folder: str) -> Answer:
    sighting, many = doubt.sighting, len(doubt.photos)
    queries = tuple(
        _small(photo.path, photo.box, photo.path.name, sighting_cards.facts(photo.side, photo.captured_at, photo.camera),
               f"one of {many} photos" if many > 1 and photo is doubt.photos[0] else "")
        for photo in doubt.photos[:DOUBT_PHOTOS]
    )  # fmt: skip
    matches = tuple(
        _small(one.photo, boxes.get((one.sha256, one.individual)), one.individual, f"score {one.score:.2f}",
               f"probability {one.probability:.2f}" if one.probability is not None else "",
               sighting_cards.facts(one.side, one.captured_at), sha256=one.sha256)
        for one in sighting.matches[:DOUBT_MATCHES]
    )  # fmt: skip
    name = best_guess(sighting) or "NEW-NAME"
    who = f"--species {shlex.quote(sighting.counted_species)} --individual {shlex.quote(name)}"
    command = f"reid enroll {table} --column doubt --only {doubt.key} {who} --gallery {folder}"
    new = sighting.decision.nobody
    first = "perhaps new, or" if new is not None and new > (sighting.decision.probability or 0.0) else "perhaps"
    title = f"Review: unresolved sighting {doubt.number}, {first} {name}"
    return Answer(queries, matches, "review", title, sighting.decision.reason, commands=(command,))


def _small(path: str | Path, box: Box | None, title: str, *lines: str, sha256: str = "") -> Shown:
    """A thumbnail; empty lines are left out. sha256: as for `sighting_cards.picture`."""
    drawn = sighting_cards.picture(path, box, longest=SMALL, quality=QUALITY, sha256=sha256)
    return Shown(drawn, title, tuple(line for line in lines if line))


def _left_out(done: SeasonPage) -> Section:
    """Photos that do not count, by reason, and those that could not be read."""
    counted = Counter((one.species, one.reason) for one in done.left_out if one.photo)
    tables = []
    if counted:
        rows = tuple((species, reason, str(count)) for (species, reason), count in counted.most_common())
        tables.append(PageTable("Enrolled photos that do not count", ("species", "reason", "photos"), rows))
    whole = tuple((one.species, one.individual, one.reason) for one in done.left_out if not one.photo)
    if whole:
        tables.append(PageTable("Individuals that do not count", ("species", "individual", "reason"), whole))
    if done.problems:
        unread = tuple((problem.path, problem.reason) for problem in done.problems)
        tables.append(PageTable("Not read", ("photo", "reason"), unread))
    return Section("What is not on this page", tables=tuple(tables))


def _times(encounters: int) -> str:
    return _many(encounters, "encounter")


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _days(effort: float | None) -> str:
    return "–" if effort is None else f"{effort:.0f}"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "–"
