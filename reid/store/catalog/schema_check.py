"""Whether a catalogue is defined as reid defines it: its tables, triggers and unique indexes, word by word.

A CHECK, a DEFAULT or a trigger of somebody else's could refuse or alter what is written, and without one of our triggers its
history would not be kept. Views, tables and plain indexes that people add change nothing, and may stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reid.store.catalog.schema import CATALOG_FORMAT, TABLES
from reid.store.catalog.sqlite_errors import RESTORE

_COMMENT = re.compile(r"--[^\n]*")
_MADE = re.compile(r"CREATE (TABLE|TRIGGER|UNIQUE INDEX) (\w+)")
_OF_SQLITE = re.compile(r"sqlite_(sequence|stat\d)$")
_PLAIN_INDEX = re.compile(r"CREATE INDEX [^()]+\((\s*[\w\"\[\]`]+( (ASC|DESC))?\s*,?)+\)", re.IGNORECASE)
_COLUMN = re.compile(r"\s*,\s*[\"\[`]?(\w+)[\"\]`]?(?:\s+(?:TEXT|INTEGER|REAL|NUMERIC|BLOB|VARCHAR))?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Strange:
    """One thing that is not as reid made it, as a sentence, and what to do about it."""

    what: str
    remedy: str


def plain(sql: str) -> str:
    """A definition without what means nothing: comments, and how it is broken into lines."""
    return " ".join(_COMMENT.sub("", sql).split())


_OURS = tuple(map(plain, TABLES))
_NEEDED = {(found[1].lower(), found[2]): sql for sql in _OURS if (found := _MADE.match(sql))}
"""Our tables, triggers and unique indexes by kind and name: their definitions."""
_TABLES = frozenset(name for kind, name in _NEEDED if kind == "table")
_POINTS_TO_OURS = re.compile(rf"REFERENCES\s+\W?({'|'.join(sorted(_TABLES))})\b", re.IGNORECASE)


def strange(found: Iterable[tuple[str, str, str, str | None]], version: int) -> list[Strange]:
    """What is wrong with a catalogue's definitions.

    Args:
        found: rows of `sqlite_master`: type, name, table and sql.
        version: its format. Of an older one only triggers are looked at: its tables are, once it has been migrated.
    """
    there = [(kind, name, table, plain(sql)) for kind, name, table, sql in found if sql and not _OF_SQLITE.match(name)]
    differences = [difference for made in there if (difference := _not_ours(*made, version=version))]
    if version < CATALOG_FORMAT:
        return differences
    defined = {(kind, name): sql for kind, name, _, sql in there}
    for (kind, name), sql in sorted(_NEEDED.items()):
        made = defined.get((kind.split()[-1], name))
        if made is None:
            text = f"the {kind} {name!r} is missing, so that changes would not be kept as they must"
            differences.append(Strange(text, RESTORE))
        elif kind == "table" and made != sql:
            text = f"the table {name!r} is not defined as reid defines it, and may keep other values than were given"
            differences.append(Strange(text, _without(name, _added(made, sql)) or RESTORE))
    return differences


def _added(made: str, sql: str) -> list[str]:
    """The columns that somebody added to a table of ours; [] where it differs in any other way."""
    until = sql.rindex(")")
    if not (made.startswith(sql[:until]) and made.endswith(sql[until:])):
        return []
    more = made[until : len(made) - len(sql) + until].strip()
    return _COLUMN.findall(more) if re.fullmatch(rf"({_COLUMN.pattern})+", more) else []


def _without(table: str, columns: list[str]) -> str:
    drops = "; ".join(f'ALTER TABLE "{table}" DROP COLUMN "{column}"' for column in columns)
    return f"the columns that were added can be dropped in any SQLite program, by `{drops}`" if drops else ""


def _not_ours(kind: str, name: str, table: str, sql: str, *, version: int) -> Strange | None:
    """What is wrong with something that people or other programs added; None if it harms nothing."""
    own = kind != "table" and sql in _OURS
    remedy = f"if you know who made it, drop it by {_dropped(kind, name)} in any SQLite program; else {RESTORE}"
    if kind == "trigger" and not own:
        return Strange(f"the trigger {name!r} was not made by reid", remedy)
    if version < CATALOG_FORMAT:
        return None
    if kind == "index" and not own and table in _TABLES and not _PLAIN_INDEX.fullmatch(sql):
        return Strange(f"the index {name!r} was not made by reid, and may refuse what is to be kept", remedy)
    if kind == "table" and name not in _TABLES and _POINTS_TO_OURS.search(sql):
        return Strange(f"the table {name!r} was not made by reid, and would bar a purge of the rows it points to", remedy)
    return None


def _dropped(kind: str, name: str) -> str:
    quoted = name.replace('"', '""')
    return f'`DROP {kind.upper()} "{quoted}"`'
