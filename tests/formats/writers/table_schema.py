"""A reader of Frictionless table schemas and JSON profiles that knows nothing of reid: what in a package breaks their rules.

By https://specs.frictionlessdata.io/table-schema (v1): types, formats, constraints, missing values, keys. References to other
sites are not followed.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

Rows = Sequence[Mapping[str, str]]
TABLES = ("deployments", "media", "observations")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
"""What the descriptions ask for, which is less than %z takes."""


def package_faults(package: Path, schemas: Path) -> list[str]:
    """Every rule of the schemas (NAME-table-schema.json, camtrap-dp-profile.json) that a package breaks."""
    read = {name: json.loads((schemas / f"{name}-table-schema.json").read_text("utf-8")) for name in TABLES}
    tables = {name: _rows(package / f"{name}.csv") for name in TABLES}
    found = [f"{name}: {fault}" for name in TABLES for fault in table_faults(read[name], *tables[name], tables)]
    profile = schemas / "camtrap-dp-profile.json"
    if profile.is_file():
        rules = json.loads(profile.read_text("utf-8"))
        descriptor = json.loads((package / "datapackage.json").read_text("utf-8"))
        found += [f"datapackage: {fault}" for fault in json_faults(rules, descriptor)]
    return found


def _rows(path: Path) -> tuple[list[str], Rows]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    return header, [dict(zip(header, row, strict=True)) for row in rows]


def table_faults(
    schema: Mapping[str, Any], header: Sequence[str], rows: Rows, tables: Mapping[str, tuple[Sequence[str], Rows]]
) -> Iterator[str]:
    """The rules that one table breaks. tables: all of the package, for the foreign keys."""
    if list(header) != (wanted := [one["name"] for one in schema["fields"]]):
        yield f"its header is {header}, wanted {wanted}"
    missing = schema.get("missingValues", [""])
    for one in schema["fields"]:
        name, rules = one["name"], one.get("constraints", {})
        values = [row.get(name, "") for row in rows]
        for at, value in enumerate(values, start=2):
            if value in missing:
                if value:
                    yield f'row {at}, {name}: "{value}" is read as missing'
                elif rules.get("required"):
                    yield f"row {at}, {name}: is empty"
            elif fault := _value_fault(one["type"], one.get("format", "default"), rules, value):
                yield f'row {at}, {name}: "{value}" {fault}'
        if (rules.get("unique") or schema.get("primaryKey") == name) and len(set(values)) < len(values):
            yield f"{name}: is not unique"
    for key in schema.get("foreignKeys", ()):
        field, there = key["fields"], key["reference"]
        known = {row[there["fields"]] for row in tables[there["resource"]][1]}
        for value in sorted({row.get(field, "") for row in rows} - known - set(missing)):
            yield f'{field}: "{value}" is not in {there["resource"]}'


def _value_fault(kind: str, form: str, rules: Mapping[str, Any], value: str) -> str:
    number = None
    if kind in ("number", "integer"):
        if not re.fullmatch(r"[+-]?\d+" if kind == "integer" else r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value):
            return f"is no {kind}"
        number = float(value)
    elif kind == "boolean" and value not in ("true", "True", "TRUE", "1", "false", "False", "FALSE", "0"):
        return "is no boolean"
    elif kind == "datetime":
        try:
            datetime.strptime(value, form)
        except ValueError:
            return f"does not fit {form}"
        if not _STAMP.fullmatch(value):
            return "is not YYYY-MM-DDThh:mm:ss with Z or +hh:mm"
    if "enum" in rules and value not in rules["enum"]:
        return f"is none of {rules['enum']}"
    if "pattern" in rules and not re.fullmatch(rules["pattern"], value):
        return f"does not fit {rules['pattern']}"
    if number is not None and not rules.get("minimum", number) <= number <= rules.get("maximum", number):
        return f"is not within {rules.get('minimum')} and {rules.get('maximum')}"
    return ""


_TYPES = {"object": dict, "array": list, "string": str, "number": (int, float), "boolean": bool}


def json_faults(rules: Mapping[str, Any], value: Any, where: str = "$", root: Mapping[str, Any] | None = None) -> list[str]:
    """The rules of a JSON schema that a value breaks; of its keywords those that Camtrap DP's profile uses."""
    root = rules if root is None else root
    found: list[str] = []
    if rules.get("$ref", "").startswith("#"):
        target: Any = root
        for part in rules["$ref"].lstrip("#/").split("/"):
            target = target[part]
        found += json_faults(target, value, where, root)
    for part in rules.get("allOf", ()):
        found += json_faults(part, value, where, root)
    if "oneOf" in rules:
        each = [json_faults(part, value, where, root) for part in rules["oneOf"]]
        if sum(not one for one in each) != 1:
            found += min(each, key=len) or [f"{where}: fits more than one of the choices"]
    if "not" in rules and not json_faults(rules["not"], value, where, root):
        found.append(f"{where}: is what it must not be")
    kind = _TYPES.get(rules.get("type", ""))
    if kind and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
        return [*found, f"{where}: is no {rules['type']}"]
    if "enum" in rules and value not in rules["enum"]:
        found.append(f"{where}: {value!r} is none of {rules['enum']}")
    if "pattern" in rules and isinstance(value, str) and not re.search(rules["pattern"], value):
        found.append(f"{where}: {value!r} does not fit {rules['pattern']}")
    if rules.get("format") == "date" and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        found.append(f"{where}: {value!r} is no date")
    if isinstance(value, dict):
        found += [f"{where}: has no {name}" for name in rules.get("required", ()) if name not in value]
        for name, part in rules.get("properties", {}).items():
            if name in value:
                found += json_faults(part, value[name], f"{where}.{name}", root)
    if isinstance(value, list):
        if len(value) < rules.get("minItems", 0):
            found.append(f"{where}: has {len(value)} items, wanted {rules['minItems']}")
        for at, item in enumerate(value):
            found += json_faults(rules.get("items", {}), item, f"{where}[{at}]", root)
    return found
