"""What we write against examples that the programs' own documentation prints, value by value."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from reid.formats.writers.camtrapr import record_rows
from reid.formats.writers.mark import inp
from reid.formats.writers.secr import secr_files
from reid.records import Deployment, Photo, Season
from reid.survey.capture_history import capture_history

FIRST = date(2023, 1, 1)


def seen(individual: str, occasion: int, camera: str = "A1", **notes: str) -> Photo:
    when = datetime.combine(FIRST, datetime.min.time()) + timedelta(days=occasion - 1, hours=6)
    return Photo(Path(f"/c/{camera}-{individual}-{occasion}.jpg"), "stoat", individual, when, camera=camera, notes=notes)


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]


STOATS = """
    MatakitakiStoats 2 1 A12
    MatakitakiStoats 2 2 A12
    MatakitakiStoats 9 2 A4
    MatakitakiStoats 1 1 A9
    MatakitakiStoats 7 6 G7
    MatakitakiStoats 20 7 G8
    MatakitakiStoats 17 4 G9
    MatakitakiStoats 19 6 G9
"""
"""The captures that secr's vignette "Data input for secr" prints (its middle is cut there, too)."""
LAYOUT = """
    A1 -1500 -1500 0011111
    A2 -1500 -1250 1111111
    A3 -1500 -1000 1111111
    A4 -1500  -750 1111100
    A9 -1500   500 1111111
    A12 -1500 1250 1111111
    G7  1500     0 1111111
    G8  1500   250 1111111
    G9  1500   500 1111111
"""
"""Its layout of four detectors with their usage; the others have the places that its file stoattrap.txt gives them."""


def test_secr_gets_the_captures_and_the_usage_of_its_vignette():
    days = (Season("MatakitakiStoats", FIRST, FIRST + timedelta(days=6)),)
    cameras = [
        Deployment(
            name, FIRST, days[0].end, x=float(x), y=float(y),
            off=frozenset(FIRST + timedelta(days=at) for at, used in enumerate(usage) if used == "0"),
        )
        for name, x, y, usage in words(LAYOUT)
    ]  # fmt: skip
    photos = [seen(animal, int(occasion), detector) for _, animal, occasion, detector in words(STOATS)]
    files = secr_files(capture_history(photos, seasons=days, days=1, deployments=cameras), "stoat").files
    assert sorted(words(files["stoat-captures.txt"])) == sorted(words(STOATS))
    found = words(files["stoat-traps-MatakitakiStoats.txt"])
    assert [(name, float(x), float(y), "".join(usage)) for name, x, y, *usage in found] == [
        (name, float(x), float(y), usage) for name, x, y, usage in words(LAYOUT)
    ]


def test_secrs_effort_is_a_number_for_each_occasion_as_in_its_vignette():
    """Of its example "A1 0 0 3.2 5" all but the fraction: a detector that did not work on the first two, then 3 and 5 days."""
    cameras = [
        Deployment("A1", FIRST, FIRST + timedelta(days=19), x=-1500, y=-1500,
                   off=frozenset(FIRST + timedelta(days=at) for at in range(12))),
        Deployment("A2", FIRST, FIRST + timedelta(days=19), x=-1500, y=-1250),
    ]  # fmt: skip
    span = (Season("s", FIRST, FIRST + timedelta(days=19)),)
    files = secr_files(capture_history([seen("1", 1, "A2")], seasons=span, days=5, deployments=cameras), "z").files
    assert [line[3:] for line in words(files["z-traps-s-days.txt"])] == [["0", "0", "3", "5"], ["5", "5", "5", "5"]]


def data_frame(text: str, groups: list[str], covariates: int) -> list[tuple[str, float, str, list[float]]]:
    """As RMark's help of convert.inp says it: a row for each group of a statement whose frequency is not 0.

    A line is a comment from its first to its last letter or a statement; every statement has as many words.
    """
    rows = []
    for line in text.splitlines():
        if line.startswith("/*") and line.endswith("*/"):
            continue
        assert "/*" not in line and line.count(";") == 1 and line.endswith(";"), line
        history, *numbers = line.removesuffix(";").split()
        assert len(numbers) == len(groups) + covariates, line
        found = [float(number) for number in numbers]
        rows += [(history, many, group, found[len(groups) :]) for many, group in zip(found, groups, strict=False) if many]
    return rows


def test_the_help_of_convert_inp_is_read_as_it_prints_it():
    given = "1001 1 0 10;\n1101 0 2 5;\n0101 3 1 6;\n"
    assert data_frame(given, ["M", "F"], 1) == [
        ("1001", 1, "M", [10]), ("1101", 2, "F", [5]), ("0101", 3, "M", [6]), ("0101", 1, "F", [6]),
    ]  # fmt: skip


def test_mark_gets_the_statements_of_that_help_with_each_animal_by_itself():
    """Its second and third statements stand for several animals; ours name each, which MARK adds up."""
    animals = [("1001", "1 M", 10), *[("1101", "2 F", 5)] * 2, *[("0101", "1 M", 6)] * 3, ("0101", "2 F", 6)]
    photos = [
        seen(f"{at:02d} /* ; Ñ", occasion, sex=sex, weight=str(weight))
        for at, (history, sex, weight) in enumerate(animals)
        for occasion, mark in enumerate(history, start=1) if mark == "1"
    ]  # fmt: skip
    span = (Season("s", FIRST, FIRST + timedelta(days=3)),)
    text = inp(capture_history(photos, seasons=span, days=1, group="sex", covariates=["weight"]))
    assert "1001 1 0 10;" in text.splitlines()
    assert data_frame(text, ["M", "F"], 1) == [
        ("1001", 1, "M", [10]), *[("1101", 1, "F", [5])] * 2, *[("0101", 1, "M", [6])] * 3, ("0101", 1, "F", [6]),
    ]  # fmt: skip


def test_two_photos_of_one_second_are_one_record_as_recordtableindividual_has_it():
    """Its removeDuplicateRecords, on unless told otherwise: 2009-04-06 03:00 at StationC is twice in its sample images."""
    names = (
        "StationC__2009-04-06__03-00-00_1.JPG",
        "StationC__2009-04-06__03-00-00_2.JPG",
        "StationC__2009-04-14__23-30-00_1.JPG",
    )
    times = (datetime(2009, 4, 6, 3), datetime(2009, 4, 6, 3), datetime(2009, 4, 14, 23, 30))
    photos = [Photo(Path("/s") / name, "PBE", "1", when, camera="StationC") for name, when in zip(names, times, strict=True)]
    assert [(row[3], row[6], row[7], row[8], row[9], row[11]) for row in record_rows(photos)] == [
        ("2009-04-06 03:00:00", 0, 0, 0.0, 0.0, names[0]), ("2009-04-14 23:30:00", 765000, 12750, 212.5, 8.9, names[2]),
    ]  # fmt: skip
