"""Settings are resolved once: argument, then REID_* variable, then the default; nonsense is refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from reid.cli import app
from reid.errors import UsageError
from reid.settings import (
    DEFAULT_GALLERY,
    ExportSettings,
    QuerySettings,
    TrainSettings,
    gallery_folder,
    parse_image_size,
    resolve,
    user_name,
)


def test_an_argument_wins_over_the_variable_and_the_variable_over_the_default() -> None:
    environment = {"REID_TOP": "7", "REID_BATCH": "3"}
    found = resolve(QuerySettings(), {"top": 2, "batch": None}, environment)
    assert (found.top, found.batch, found.encounter_minutes) == (2, 3, 30.0)


def test_an_argument_of_zero_or_false_is_given_and_none_is_not() -> None:
    found = resolve(TrainSettings(), {"seed": 0, "resume": False, "margin": None}, {"REID_SEED": "5", "REID_RESUME": "1"})
    assert (found.seed, found.resume, found.margin) == (0, False, 0.2)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("epochs", "12", 12),
        ("learning_rate", "1e-3", 1e-3),
        ("backbone", "resnet18", "resnet18"),
        ("resume", " Yes ", True),
        ("resume", "0", False),
        ("image_size", "192x256", (192, 256)),
        ("image_size", "224", (224, 224)),
        ("species", "zebra, lion,", ("zebra", "lion")),
        ("minutes", "2.5", 2.5),
    ],
)
def test_a_variable_is_read_as_the_kind_of_its_field(name: str, text: str, wanted: Any) -> None:
    assert getattr(resolve(TrainSettings(), {}, {f"REID_{name.upper()}": text}), name) == wanted


@pytest.mark.parametrize(("name", "text"), [("EPOCHS", "many"), ("RESUME", "maybe"), ("MINUTES", ""), ("MARGIN", "0,2")])
def test_a_variable_that_cannot_be_read_is_named(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"REID_{name}='{text}' cannot be read"):
        resolve(TrainSettings(), {}, {f"REID_{name}": text})


def test_the_real_environment_is_read_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_TOP", "11")
    assert resolve(QuerySettings(), {}).top == 11


@given(st.integers(-50, 1500), st.integers(-50, 1500))
def test_image_sizes_are_multiples_of_32_from_32_to_1024(height: int, width: int) -> None:
    good = all(size % 32 == 0 and 32 <= size <= 1024 for size in (height, width))
    if good:
        assert parse_image_size(f"{height}X{width}") == (height, width)
    else:
        with pytest.raises(UsageError, match="multiples of 32 between 32 and 1024"):
            parse_image_size(f"{height}x{width}")


@pytest.mark.parametrize("text", ["", "x", "64x", "64x64x64", "big", "64.0", "64 by 64"])
def test_an_image_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="wanted 224 or HEIGHTxWIDTH"):
        parse_image_size(text)


def test_the_gallery_is_the_argument_then_the_variable_then_the_default() -> None:
    there = {"REID_GALLERY": "indexes/Été"}
    assert gallery_folder(Path("a"), there) == Path("a")
    assert gallery_folder(None, there) == Path("indexes/Été")
    assert gallery_folder(None, {"REID_GALLERY": ""}) == DEFAULT_GALLERY == gallery_folder(None, {})


def test_pairs_paths_and_lists_are_read_from_variables() -> None:
    environment = {"REID_SCIENTIFIC": "zebra=Equus  quagga,", "REID_DEPLOYMENTS": "a b.csv", "REID_COVARIATES": "age,weight"}
    found = resolve(ExportSettings(), {}, environment)
    assert found.scientific == {"zebra": "Equus quagga"}
    assert (found.deployments, found.covariates) == (Path("a b.csv"), ("age", "weight"))
    assert resolve(QuerySettings(), {}, environment).deployments == "a b.csv"
    with pytest.raises(UsageError, match="REID_SCIENTIFIC 'zebra': wanted NAME=VALUE"):
        resolve(ExportSettings(), {}, {"REID_SCIENTIFIC": "zebra"})


def test_every_command_takes_json_and_a_gallery_but_those_that_need_none() -> None:
    def commands(group: Any, before: str = "") -> dict[str, set[str]]:
        found = {}
        for name, one in group.commands.items():
            if hasattr(one, "commands"):
                found |= commands(one, f"{before}{name} ")
            else:
                found[before + name] = {option for parameter in one.params for option in parameter.opts}
        return found

    options = commands(typer.main.get_command(app))
    assert len(options) > 20
    assert {name for name, given in options.items() if "--json" not in given} == set()
    assert {name for name, given in options.items() if "--gallery" not in given} == {"demo", "manual", "unbundle"}


def test_a_user_is_named_by_the_variable_else_by_the_login() -> None:
    assert user_name({"REID_USER": "Ama"}) == "Ama"
    assert user_name({"REID_USER": ""}) == user_name({}) != ""


def test_without_a_table_of_users_somebody_unknown_makes_the_change(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 1000")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert (user_name({}), user_name({"REID_USER": "Ama"})) == ("unknown", "Ama")
