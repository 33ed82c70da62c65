"""How photos come in is asked for alike by every command that takes photos."""

from __future__ import annotations

from dataclasses import fields

from reid.settings import CHANGED, EnrollSettings, IntakeSettings, QuerySettings, VideoSettings, resolve


def test_enrolling_and_asking_take_photos_in_alike() -> None:
    shared = {field.name for field in fields(IntakeSettings)}
    assert {field.name for field in fields(VideoSettings)} < shared
    for settings in (EnrollSettings(), QuerySettings()):
        assert {name: getattr(settings, name) for name in shared} == {name: getattr(IntakeSettings(), name) for name in shared}


def test_a_list_of_clocks_is_read_from_its_variable_for_both() -> None:
    environment = {"REID_CLOCKS": "north=+1h, south=-2h", "REID_BOX_CONFIDENCE": "0.3"}
    for settings in (EnrollSettings(), QuerySettings()):
        resolved = resolve(settings, {}, environment)
        assert (resolved.clocks, resolved.box_confidence) == (("north=+1h", "south=-2h"), 0.3)


def test_a_changed_file_is_told_of_unless_it_is_to_be_added() -> None:
    assert EnrollSettings().changed == CHANGED[0] == "tell"
