"""Public names, their parameters and defaults, and the fields of records stay as they were when they were frozen.

New public names, new parameters with defaults and new fields are no difference. `REID_FREEZE=1 pytest tests/frozen` keeps
the present state instead: do that only for a change that is meant, and say why in the commit.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
import sys
import typing
from collections.abc import Iterator
from typing import Any

import reid
from tests.frozen.place import check, kept

KNOWN = {"Path", "Sequence", "Mapping", "Collection", "Iterator", "Callable", "Literal", "Any", "None", "True", "False"}
"""Words of an annotation that are no class of reid; classes of reid that are not public may be renamed."""

NO_DEFAULT = "needed"


def _annotation(value: object) -> str:
    """An annotation without modules, the classes that are not public told as Record."""
    text = "" if value is inspect.Parameter.empty else value if isinstance(value, str) else inspect.formatannotation(value)
    text = re.sub(r"\b(?:\w+\.)+(?=\w)", "", text)
    public = {*reid.__all__, *KNOWN}
    return re.sub(r"\b[A-Z]\w+", lambda word: word[0] if word[0] in public else "Record", text)


def _default(value: object) -> str:
    if value is inspect.Parameter.empty or value is dataclasses.MISSING:
        return NO_DEFAULT
    return re.sub(r"<(?:\w+\.)*\w+ object at \w+>|PosixPath|WindowsPath", _without_place, repr(value))


def _without_place(match: re.Match[str]) -> str:
    return "<object>" if match[0].startswith("<") else "Path"


def _signature(function: Any) -> dict[str, Any]:
    """Parameters by name; `order`: of those that may be given by place."""
    signature = inspect.signature(function)
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return {
        "order": [parameter.name for parameter in signature.parameters.values() if parameter.kind in by_place],
        "parameters": {
            parameter.name: {
                "kind": parameter.kind.name, "default": _default(parameter.default),
                "annotation": _annotation(parameter.annotation),
            }
            for parameter in signature.parameters.values()
        },
        "returns": _annotation(signature.return_annotation),
    }


def _fields(kind: Any) -> dict[str, dict[str, str]]:
    return {
        field.name: {
            "annotation": _annotation(field.type),
            "default": _default(field.default_factory() if callable(field.default_factory) else field.default),
        }
        for field in dataclasses.fields(kind)
    }


def _methods(kind: type) -> Iterator[tuple[str, dict[str, Any]]]:
    """Public methods and properties, also those of `with`."""
    for name in sorted(dir(kind)):
        value = inspect.getattr_static(kind, name)
        if name.startswith("_") and name not in ("__enter__", "__exit__"):
            continue
        if isinstance(value, property):
            yield name, {"kind": "property", "returns": _annotation(inspect.signature(value.fget).return_annotation)}
        elif isinstance(value, classmethod | staticmethod):
            yield name, {"kind": type(value).__name__, **_signature(value.__func__)}
        elif inspect.isfunction(value):
            yield name, {"kind": "method", **_signature(value)}


def _public(name: str) -> dict[str, Any]:
    """What is frozen of a public name."""
    value = getattr(reid, name)
    if inspect.isfunction(value):
        return {"kind": "function", **_signature(value), "gives": _shape(value)}
    if not isinstance(value, type):
        return {"kind": type(value).__name__, "value": value}
    if issubclass(value, enum.Enum):
        return {"kind": "enum", "members": {member.name: member.value for member in value}}
    if issubclass(value, Exception):
        return {"kind": "error", "exit_code": value.exit_code, "http_status": value.http_status}
    if dataclasses.is_dataclass(value):
        parameters = value.__dataclass_params__  # type: ignore[attr-defined]
        by_place = [field.name for field in dataclasses.fields(value) if not field.kw_only]
        return {"kind": "record", "frozen": parameters.frozen, "order": by_place, "parameters": _fields(value),
                "methods": dict(_methods(value))}
    return {"kind": "class", "methods": dict(_methods(value))}


def _shape(function: Any) -> Any:
    """The fields of the record that a function gives, of its records, and so on."""
    return _shape_of(_hints(function)["return"], ())


def _shape_of(hint: Any, inside: tuple[type, ...]) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if hint in inside:
            return "again"
        hints = _hints(hint)
        return {field.name: _shape_of(hints[field.name], (*inside, hint)) for field in dataclasses.fields(hint)}
    return next(filter(None, (_shape_of(part, inside) for part in typing.get_args(hint))), "")


def _hints(value: Any) -> dict[str, Any]:
    """Annotations as types; of a class that its module imports for mypy alone, the one of that name that is loaded."""
    names: dict[str, Any] = {}
    while True:
        try:
            return typing.get_type_hints(value, localns=names)
        except NameError as error:
            modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("reid.")]
            classes = [vars(module)[error.name] for module in modules if error.name in vars(module)]
            if not classes or error.name in names:
                raise
            names[error.name] = classes[0]


def test_public_names_are_what_they_were() -> None:
    check("signatures", {name: _public(name) for name in sorted(reid.__all__)}, growing=("order",))


def test_what_is_new_may_be_left_out_by_a_caller() -> None:
    needed = [
        f"{name}({parameter})"
        for public, before in kept("signatures").items()
        for name, now, then in _callables(public, _public(public), before)
        for parameter, what in now["parameters"].items()
        if parameter not in then["parameters"] and what["default"] == NO_DEFAULT and not what.get("kind", "").startswith("VAR")
    ]
    assert needed == []


def _callables(public: str, now: dict[str, Any], before: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """A name and its methods, as they are now and as they were: each with its parameters."""
    for name, latest, then in (
        (public, now, before),
        *((f"{public}.{name}", now["methods"][name], then) for name, then in before.get("methods", {}).items()),
    ):
        if "parameters" in then:
            yield name, latest, then


def test_no_public_name_is_gone() -> None:
    assert set(kept("signatures")) <= set(reid.__all__)
    assert set(dir(reid)) == set(reid.__all__)
