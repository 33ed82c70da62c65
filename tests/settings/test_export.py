"""What is offered for export is what can be written, and what two commands share is the same."""

from __future__ import annotations

from dataclasses import fields

from reid.actions.exchange.export import WRITERS
from reid.settings import ENCOUNTER_MINUTES, EXPORT_FORMATS, CountSettings, ExportSettings


def test_the_formats_that_are_offered_are_those_that_are_written() -> None:
    assert tuple(WRITERS) == EXPORT_FORMATS


def test_a_count_and_an_export_take_the_same_photos_where_nothing_is_asked_for() -> None:
    shared = ("species", "seasons", "days", "deployments", "clocks", "side")
    assert {name: getattr(CountSettings(), name) for name in shared} == {name: getattr(ExportSettings(), name) for name in shared}
    assert ExportSettings().encounter_minutes == ENCOUNTER_MINUTES
    assert set(shared) <= {field.name for field in fields(CountSettings)}
