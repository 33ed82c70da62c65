"""The page of an evaluation: every figure with its interval, its plot, and what speaks against it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reid.actions.evaluation.results import EvaluateReport, SpeciesEvaluation
from reid.actions.evaluation.tables import evaluation
from reid.evaluation.background import ELLIPSE
from reid.evaluation.bootstrap import DRAWS, Estimate
from reid.evaluation.closed_set import ANY_PHOTO, CLOSER_LOOK, OTHER_ENCOUNTER, STRICT, ClosedSet, ResultGroup
from reid.evaluation.gallery_growth import Point
from reid.evaluation.near_duplicates import BITS, NEAR_BITS
from reid.evaluation.open_set import OPEN_SET_FOLDS, Separation
from reid.pages import plots, sighting_cards
from reid.pages.html import Page, PageTable, Plot, Section, Shown, write_page
from reid.tables.plain_table import PlainTable

Examples = Mapping[str, Sequence[tuple[Path, bytes]]]
"""By species: photos with what the net saw of them in the background-only probe, as small JPEGs."""

DUPLICATES_SHOWN = 40
"""Near-duplicates named on the page."""
SHARE = "rank-1 (share of queries)"
MEANINGS = (
    ("rank-k", "share of queries whose individual is among the first k photos of the ranking"),
    ("mAP, MAP@R", "mean average precision over the whole ranking, and cut at R, the number of the individual's photos"),
    (ANY_PHOTO.name, "every photo may match but the query itself: how most published figures are made"),
    (OTHER_ENCOUNTER.name, "photos of the query's own encounter are left out: near-copies cannot help"),
    (STRICT.name, "also only photos of the query's flank, or of unknown flank: as in the field"),
    (CLOSER_LOOK.strip(", "), "the best individuals' photos are matched with the query by local features, and that counts too"),
    ("chance", "rank-1 of a match drawn blindly from the allowed photos"),
    ("AUROC", "chance that an enrolled animal's best score is above that of one never enrolled; 0.5 = no better than a coin"),
    ("DIR at 1 %", "detection and identification rate: enrolled animals named right, above the score that 1 % of others exceed"),
    ("BAKS, BAUS", "mean over individuals of the share of their photos named right, and of those rejected as new when not "
                   f"enrolled; each threshold is set on the individuals of the other {OPEN_SET_FOLDS - 1} of "
                   f"{OPEN_SET_FOLDS} folds only"),
    ("95 %", f"intervals: percentiles of {DRAWS:,} draws of whole individuals of the queries, with replacement; where all "
             "queries agree, the exact binomial interval for as many individuals"),
)


def write(path: Path, report: EvaluateReport, *, protocol: str, examples: Examples) -> None:
    """Write the page. protocol: which photos were asked against which. Raises UsageError where it cannot be written."""
    write_page(path, page(report, protocol=protocol, examples=examples))


def page(report: EvaluateReport, *, protocol: str, examples: Examples) -> Page:
    """The evaluation as a page: a summary, then chapters for each species."""
    sections: list[Section] = []
    for one in report.species:
        sections += [_closed_set(one), _growth(one), _parts(one), _open_set(one),
                     _background(one, examples.get(one.species, ())), _near_duplicates(one)]
    if report.routing is not None:
        sections.append(Section("Which species?", "What the species net says of photos of known species.",
                                tables=_tables(evaluation(report), "Species net")))
    if report.problems:
        sections.append(Section(f"Not read ({len(report.problems)})", answers=sighting_cards.failures(report.problems)))
    sections.append(Section("What the figures mean", tables=(PageTable("Words", ("figure", "meaning"), MEANINGS),)))
    left = f" No net for: {', '.join(report.left_out)}." if report.left_out else ""
    return Page(
        "How good is it?",
        f"Photos whose individual is known: {protocol}. Figures with 95 % intervals over individuals.{left}",
        tuple(section for section in sections if section.tables or section.plots or section.answers),
        footer="Made by `reid evaluate`. Nets: "
        + ", ".join(f"{one.species} {one.fingerprint}" for one in report.species) + ".",
        lead_tables=(_summary(report),) if report.species else (),
    )


def _summary(report: EvaluateReport) -> PageTable:
    found = []
    for one in report.species:
        strict, any_photo = _of(one, STRICT.name), _of(one, ANY_PHOTO.name)
        unknown, hidden = one.separation, one.background
        found.append((
            one.species, str(one.query_photos), str(one.gallery_photos), str(one.individuals), _figure(strict.rank_1),
            _figure(any_photo.rank_1), _figure(unknown.geometric_mean) if unknown else "–",
            _figure(hidden.by_protocol[-1].rank_1) if hidden else "–", _number(strict.chance),
        ))
    names = ("species", "queries", "gallery photos", "gallery individuals", "rank-1", f"rank-1, {ANY_PHOTO.name}",
             "√(BAKS × BAUS)", "rank-1, background only", "rank-1 by chance")
    columns, *rows = zip(names, *found, strict=True)
    return PageTable("In short", columns, tuple(rows), note=f"Where nothing else is said: {STRICT.name}.")


def _closed_set(one: SpeciesEvaluation) -> Section:
    figures = (
        (found.protocol, str(found.queries), str(found.skipped),
         *map(_figure, (found.rank_1, found.rank_5, found.rank_10, found.mean_ap, found.map_at_r)), _number(found.chance))
        for found in one.closed_set
    )
    names = ("matched with", "queries", "skipped", "rank-1", "rank-5", "rank-10", "mAP", "MAP@R", "rank-1 by chance")
    columns, *rows = zip(names, *figures, strict=True)
    drawn = [
        plots.Line(f"{found.protocol} ({found.queries} queries)", tuple(map(float, range(1, len(found.cmc) + 1))), found.cmc)
        for found in one.closed_set
        if found.cmc
    ]
    shown = (Plot(plots.lines(f"{one.species}: cumulative match characteristic", "rank k (photos of the gallery, best first)",
                              "share of queries found by rank k", drawn, logarithmic=True),
                  f"Cumulative match characteristic of {one.species}, by protocol."),) if drawn else ()
    return Section(
        f"{one.species}: every animal is enrolled",
        f"{one.query_photos} queries against {one.gallery_photos} photos of {one.individuals} individuals. A query is skipped "
        "where the protocol leaves no photo of its own individual.",
        tables=(PageTable("Closed set", columns, tuple(rows)),), plots=shown,
    )


def _growth(one: SpeciesEvaluation) -> Section:
    shown = []
    if len(one.by_gallery_size) > 1:
        sizes = tuple(float(point.count) for point in one.by_gallery_size)
        chance = plots.Line("by chance (1 / individuals)", sizes, tuple(1 / size for size in sizes), plain=True)
        shown.append(_curve(f"{one.species}: rank-1 and the gallery's size", "individuals enrolled", one.by_gallery_size, chance))
    if len(one.by_photos) > 1:
        shown.append(_curve(f"{one.species}: rank-1 and photos per individual", "photos enrolled of each individual (at most)",
                            one.by_photos))
    rows = [(f"{point.count} individuals", _figure(point.rank_1)) for point in one.by_gallery_size]
    rows += [(f"{point.count} photos of each" if point.count > 1 else "1 photo of each", _figure(point.rank_1))
             for point in one.by_photos]
    return Section(
        f"{one.species}: how the gallery matters",
        f"What rank-1 would be with fewer individuals, or fewer photos of each, drawn at random ({STRICT.name}): the exact mean "
        "over all draws. An individual with fewer photos is enrolled with all it has.",
        tables=(PageTable("rank-1 by what is enrolled", ("enrolled", "rank-1"), tuple(rows)),) if rows else (),
        plots=tuple(shown),
    )


def _curve(title: str, x_label: str, points: Sequence[Point], *more: plots.Line) -> Plot:
    x = tuple(float(point.count) for point in points)
    y, low, high = zip(*((point.rank_1.value, point.rank_1.low, point.rank_1.high) for point in points), strict=True)
    line = plots.Line("rank-1, 95 % interval", x, y, low, high)
    return Plot(plots.lines(title, x_label, SHARE, [line, *more], logarithmic=True), f"{title}.")


def _parts(one: SpeciesEvaluation) -> Section:
    tables, shown = [], []
    for what, parts in (("side", one.sides), ("season", one.seasons)):
        if [part.name for part in parts] in ([], ["not known"]):
            continue
        rows = tuple((part.name, str(part.queries), str(part.individuals), _figure(part.rank_1)) for part in parts)
        tables.append(PageTable(f"By {what} of the query", (what, "queries", "individuals", "rank-1"), rows))
        if len(parts) > 1:
            title = f"{one.species}: rank-1 by {what}"
            shown.append(Plot(plots.bars(title, SHARE, [_bar(part) for part in parts]), f"{title} of the query."))
    return Section(f"{one.species}: sides and seasons", f"Queries by flank and by season ({STRICT.name}).",
                   tables=tuple(tables), plots=tuple(shown))


def _bar(part: ResultGroup) -> plots.Bar:
    return plots.Bar(f"{part.name} ({part.queries})", part.rank_1.value, part.rank_1.low, part.rank_1.high)


def _open_set(one: SpeciesEvaluation) -> Section:
    found = one.separation
    if found is None:
        return Section("")
    rows = tuple((name, _figure(figure)) for name, figure in (
        ("AUROC", found.auroc), ("DIR at 1 % false matches", found.dir_at_1_percent), ("BAKS", found.baks),
        ("BAUS", found.baus), ("√(BAKS × BAUS)", found.geometric_mean),
    ))
    tables = [PageTable("By the best score alone", ("figure", "value"), rows,
                    note=f"{found.known} queries asked with their individual's half of the gallery, {found.unknown} with the "
                         f"other half. Mean of the cross-validated thresholds: score {_number(found.threshold)}.")]
    if one.open_set is not None:
        had = one.open_set
        decided = (
            ("enrolled", str(had.enrolled), _figure(had.known_right), _figure(had.known_wrong), _figure(had.called_new),
             _figure(had.enrolled_review)),
            ("never enrolled", str(had.unknown), "–", _figure(had.false_match), _figure(had.new_right),
             _figure(had.unknown_review)),
        )
        tables.append(PageTable("By the decision that a query is answered with",
                            ("animal", "asked", "known, right", "known, wrong", "new", "review"), decided,
                            note="All answers are review where the gallery is not calibrated for the species."))
    return Section(
        f"{one.species}: animals never enrolled",
        "Half of the individuals are taken out of the gallery in turn, so that every query is asked as an enrolled animal and "
        f"as an unknown one ({STRICT.name}).",
        tables=tuple(tables), plots=tuple(_open_set_plots(one.species, found)),
    )


def _open_set_plots(species: str, found: Separation) -> Iterator[Plot]:
    had = found.histogram
    if had.edges:
        kinds = (("enrolled, named right", had.right), ("enrolled, named wrong", had.wrong), ("never enrolled", had.unknown))
        title = f"{species}: best scores"
        drawn = plots.histogram(title, "score of the best match (cosine)", "queries", had.edges, kinds, bound=found.threshold,
                                bound_name="threshold")
        yield Plot(drawn, f"{title} of enrolled and other animals.")
    points = [(rate, share) for rate, share in found.curve if math.isfinite(share) and rate * found.unknown >= 1]
    if len(points) > 1:
        rates, shares = zip(*points, strict=True)
        title = f"{species}: identification against false matches"
        line = plots.Line("detection and identification rate", tuple(100 * rate for rate in rates), shares)
        drawn = plots.lines(title, "false matches (% of animals never enrolled)", "enrolled animals named right (share)", [line],
                            logarithmic=True)
        yield Plot(drawn, f"{title}.")


def _background(one: SpeciesEvaluation, examples: Sequence[tuple[Path, bytes]]) -> Section:
    hidden = one.background
    if hidden is None:
        return Section("")
    how = []
    if hidden.boxes:
        how.append(f"in {hidden.boxes} photos the boxes of the animals were filled with the frame's mean colour")
    if hidden.ellipses:
        how.append(
            f"in {hidden.ellipses} photos no box is known, and an ellipse of {100 * ELLIPSE:.0f} % of the frame's width and "
            "height was filled: where the animal reaches out of it, this credits the place with more than its due"
        )
    drawn, rows = [], []
    for found, place in zip(one.closed_set, hidden.by_protocol, strict=False):  # a background is not re-ranked
        figure, chance = place.rank_1, place.chance
        rows.append((found.protocol, _figure(found.rank_1), _figure(figure), _number(chance)))
        if math.isfinite(figure.value) and found.protocol != OTHER_ENCOUNTER.name:
            drawn += [
                plots.Bar(f"whole photo ({found.protocol})", found.rank_1.value, found.rank_1.low, found.rank_1.high),
                plots.Bar("background only", figure.value, figure.low, figure.high, colour=2),
                plots.Bar("by chance", chance, math.nan, math.nan, colour=4),
            ]
    title = f"{one.species}: the animal or the place?"
    return Section(
        title,
        f"The photos with the animal taken out, asked and enrolled alike: {'; '.join(how)}. What is found then is owed to the "
        "place, the light and the camera. The net sees the whole frame here.",
        tables=(PageTable("rank-1", ("matched with", "the photo", "background only", "by chance"), tuple(rows)),),
        plots=(Plot(plots.bars(title, SHARE, drawn), f"{title} rank-1 of photos and backgrounds."),) if drawn else (),
        gallery=tuple(Shown(picture, path.name) for path, picture in examples),
    )


def _near_duplicates(one: SpeciesEvaluation) -> Section:
    audit = one.near_duplicates
    rows = tuple((found.protocol, _figure(found.rank_1), _figure(found.without_near_duplicates)) for found in one.closed_set)
    tables = [PageTable("rank-1", ("matched with", "all queries", "queries without a near-duplicate"), rows)]
    if audit.listed:
        named = tuple(
            (pair.query, pair.query_individual, pair.photo, pair.individual,
             "same file" if pair.same_file else f"{pair.bits} bits")
            for pair in audit.listed[:DUPLICATES_SHOWN]
        )
        more = f"{audit.pairs - len(named)} more pairs are not shown." if audit.pairs > len(named) else ""
        tables.append(
            PageTable("Near-duplicates", ("query", "individual", "gallery", "individual ", "differ by"), named, note=more)
        )
    return Section(
        f"{one.species}: near-duplicates",
        f"{audit.queries} of {one.query_photos} queries have a near-duplicate in the gallery: {audit.pairs} pairs, "
        f"{audit.same_file} of them the same file, {audit.two_names} under two names. Pictures are near-duplicates where at most "
        f"{NEAR_BITS} of the {BITS} bits of their difference hash differ.",
        tables=tuple(tables),
    )


def _tables(found: Sequence[PlainTable], start: str) -> tuple[PageTable, ...]:
    def text(cell: object) -> str:
        return _number(cell) if isinstance(cell, float) else str(cell)

    return tuple(
        PageTable(title, columns, tuple(tuple(text(cell) for cell in row) for row in rows))
        for title, columns, rows in found
        if title.startswith(start)
    )


def _of(one: SpeciesEvaluation, protocol: str) -> ClosedSet:
    return next(found for found in one.closed_set if found.protocol == protocol)


def _figure(figure: Estimate) -> str:
    return figure.spread(" ") or "–"


def _number(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "–"
