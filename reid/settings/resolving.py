"""Where the value of an option comes from: argument > REID_* environment variable > gallery.json > the default.

No other file reads the environment, but `threads`, which sets it for the numerical libraries.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from reid.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Settings = TypeVar("_Settings", bound="DataclassInstance")

DEFAULT_GALLERY = Path("indexes/default")
LOG_LIMIT = 20
"""Entries of the journal that are shown, where nothing else is said."""


def resolve(settings: _Settings, arguments: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> _Settings:
    """Fill settings from the arguments (None = not passed), then REID_* variables, then the defaults.

    Raises:
        UsageError: a variable's text is no value of the field's type.
    """
    environment = os.environ if environment is None else environment
    hints = get_type_hints(type(settings))
    changes: dict[str, Any] = {}
    for option in fields(settings):
        variable = f"REID_{option.name.upper()}"
        if arguments.get(option.name) is not None:
            changes[option.name] = arguments[option.name]
        elif (text := environment.get(variable)) is not None:
            changes[option.name] = parse(text, hints[option.name], variable)
    return replace(settings, **changes)


def parse(text: str, kind: Any, name: str) -> Any:
    """The value that a text stands for: bool, int, float, str, HEIGHTxWIDTH or a comma-separated list."""
    try:
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.strip().lower()]
        if kind in (int, float, str):
            return kind(text)
        if kind == tuple[int, int]:
            return parse_image_size(text)
        if kind == tuple[str, ...]:
            return tuple(part.strip() for part in text.split(",") if part.strip())
        if kind == Path | None:
            return Path(text) if text else None
        if kind == Mapping[str, str]:
            return dict(pair(part, name) for part in text.split(",") if part.strip())
        return float(text)
    except (KeyError, ValueError):
        raise UsageError(f"{name}={text!r} cannot be read; wanted {getattr(kind, '__name__', kind)}") from None


def pair(text: str, name: str) -> tuple[str, str]:
    """`NAME=VALUE` as its two parts, white space trimmed.

    Raises:
        UsageError: there is no `=`, or nothing on one side of it; `name` says of what.
    """
    key, sign, value = text.partition("=")
    if not sign or not key.strip() or not value.strip():
        raise UsageError(f"{name} {text!r}: wanted NAME=VALUE")
    return key.strip(), " ".join(value.split())


def parse_image_size(text: str) -> tuple[int, int]:
    """`224` or `192x256` (height x width) as (height, width); multiples of 32 from 32 to 1024.

    Raises:
        UsageError: no such size.
    """
    parts = text.lower().split("x")
    try:
        sizes = [int(part) for part in parts]
    except ValueError:
        sizes = []
    if len(sizes) not in (1, 2) or any(size % 32 or not 32 <= size <= 1024 for size in sizes):
        raise UsageError(f"image size {text!r}: wanted 224 or HEIGHTxWIDTH, multiples of 32 between 32 and 1024")
    return sizes[0], sizes[-1]


def gallery_folder(folder: Path | None, environment: Mapping[str, str] | None = None) -> Path:
    """The gallery's folder: the argument, else REID_GALLERY, else indexes/default."""
    environment = os.environ if environment is None else environment
    return folder if folder is not None else Path(environment.get("REID_GALLERY") or DEFAULT_GALLERY)


def user_name(environment: Mapping[str, str] | None = None) -> str:
    """Who makes a change: REID_USER, else the login name; "unknown" in a container without a table of users."""
    environment = os.environ if environment is None else environment
    try:
        return environment.get("REID_USER") or getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
