"""Whether a class has what a protocol asks for, by name and parameters."""

from __future__ import annotations

import inspect
from typing import Any


def lacks(kind: Any, protocol: Any) -> list[str]:
    """What an object of a class lacks of a protocol: members, or parameters that calls of the protocol give."""
    missing = []
    for name, asked in vars_of(protocol).items():
        have = getattr(kind, name, None)
        if isinstance(asked, property):
            continue  # may be an attribute that is set when it is made
        if have is None:
            missing.append(name)
            continue
        wanted, offered = inspect.signature(asked).parameters, inspect.signature(have).parameters
        if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in offered.values()):
            continue
        missing += [f"{name}({parameter})" for parameter in wanted if parameter != "self" and parameter not in offered]
    return missing


def vars_of(protocol: Any) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for base in reversed(protocol.__mro__):
        if base.__module__.startswith("reid."):
            members |= {name: value for name, value in vars(base).items() if _asked(name, value)}
    return members


def _asked(name: str, value: Any) -> bool:
    return (inspect.isfunction(value) or isinstance(value, property)) and (name[0] != "_" or name in ("__enter__", "__exit__"))
