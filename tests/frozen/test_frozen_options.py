"""Commands and their options stay as they were when they were frozen: names, types, defaults; not the sentences of `--help`.

New commands and options are no difference. `REID_FREEZE=1 pytest tests/frozen` keeps the present state instead.
"""

from __future__ import annotations

import inspect
import re
import typing
from typing import Any

import typer

from reid.cli import app
from tests.frozen.place import check, kept


def _parameter(parameter: Any, hint: Any, default: object) -> dict[str, Any]:
    """A parameter of the command line; hint and default: of the function that typer calls."""
    kind, *about = typing.get_args(hint) if typing.get_origin(hint) is typing.Annotated else (hint, None)
    return {
        "kind": parameter.param_type_name,
        "options": [*parameter.opts],
        "off": [*parameter.secondary_opts],
        "type": re.sub(r"\b(?:\w+\.)+(?=\w)", "", inspect.formatannotation(kind)),
        "bounds": [getattr(about[0], "min", None), getattr(about[0], "max", None)],
        "default": "none" if default is inspect.Parameter.empty else re.sub(r"PosixPath|WindowsPath", "Path", repr(default)),
        "required": bool(parameter.required),
        "variable": parameter.envvar,
    }


def _commands(command: Any, name: str = "reid") -> dict[str, Any]:
    """Every command with its parameters by name; arguments in order."""
    parameters = [parameter for parameter in command.params if parameter.name != "help"]
    function = inspect.unwrap(command.callback) if command.callback else lambda: None
    hints, defaults = typing.get_type_hints(function, include_extras=True), inspect.signature(function).parameters
    commands = {
        name: {
            "arguments": [parameter.name for parameter in parameters if parameter.param_type_name == "argument"],
            "parameters": {
                parameter.name: _parameter(parameter, hints[parameter.name], defaults[parameter.name].default)
                for parameter in parameters
            },
        }
    }
    for part, below in sorted(getattr(command, "commands", {}).items()):
        commands |= _commands(below, f"{name} {part}")
    return commands


def test_commands_and_options_are_what_they_were() -> None:
    check("options", _commands(typer.main.get_command(app)), growing=("arguments", "options"))


def test_a_new_option_may_be_left_out() -> None:
    before, now = kept("options"), _commands(typer.main.get_command(app))
    needed = [
        f"{command} {name}"
        for command, was in before.items()
        for name, parameter in now[command]["parameters"].items()
        if name not in was["parameters"] and parameter["required"]
    ]
    assert needed == []
