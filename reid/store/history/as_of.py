"""The gallery as it was: a catalogue restored as of some change.

The tables that can change are rebuilt from `history` as temporary ones of the same names, which SQLite finds first, so
that everything that is asked of the catalogue is answered from that day. The embeddings stay where they are.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from reid.errors import GalleryError, UsageError
from reid.store.catalog.catalog import Catalog
from reid.store.catalog.schema import HISTORY_COLUMNS, TABLES
from reid.store.contents.stage_nets import STAGE_NETS
from reid.store.history.entries import ADDED

log = logging.getLogger("reid")

_NAME = re.compile(r"CREATE (TABLE|INDEX|UNIQUE INDEX) (\w+)(?: ON (\w+))?")
"""What is made, its name and, of an index, its table."""


def moment(as_of: datetime | date) -> datetime:
    """The moment meant, in UTC: a day alone is meant to its end, a clock without a zone is this machine's."""
    if not isinstance(as_of, datetime):
        as_of = datetime.combine(as_of, time.max)
    try:
        return as_of.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise UsageError(f"{as_of} is no moment that a gallery can know of") from error


def seq_at(catalog: Catalog, as_of: datetime | date) -> int:
    """The seq of the last change before the first one that was made later than that moment.

    The order of the journal counts, not its clocks: a machine with an empty battery dates an entry 1995, another one 2200.
    What comes after an entry dated later than the moment is not shown, whatever its date; a warning says so.

    Raises:
        UsageError: the gallery has none that old.
    """
    wanted = moment(as_of).isoformat(timespec="milliseconds")
    (later,) = catalog.ask("SELECT min(seq) FROM journal WHERE at > ?", (wanted,))[0]
    seq = catalog.head() if later is None else later - 1
    if not seq:
        first = catalog.ask("SELECT at FROM journal ORDER BY seq LIMIT 1")
        begins = f"its first change was made at {first[0][0]}" if first else "nothing was ever changed in it"
        raise UsageError(f"the gallery knows nothing of {wanted}: {begins}")
    (after,) = catalog.ask("SELECT count(*) FROM journal WHERE seq > ? AND at <= ?", (later or seq, wanted))[0]
    if after:
        log.warning(
            "entries after entry %d are dated by %s (%d of them), and that one later: a clock was wrong. What is shown or purged "
            "ends with entry %d; `reid doctor` lists such entries", later, wanted, after, seq
        )
    return int(seq)


def clocks(catalog: Catalog) -> tuple[str, ...]:
    """Entries whose clock is behind that of the entry before them, or ahead of the present day, a sentence each."""
    with catalog.reading():
        back = catalog.ask(
            "SELECT seq, at, before FROM (SELECT seq, at, lag(at) OVER (ORDER BY seq) AS before FROM journal) WHERE at < before"
            " ORDER BY seq"
        )
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="milliseconds")
        ahead = catalog.ask("SELECT seq, at FROM journal WHERE at > ? ORDER BY seq", (tomorrow,))
    return (
        *(f"entry {seq} is dated {at}, and the entry before it {before}: a clock was wrong" for seq, at, before in back),
        *(f"entry {seq} is dated {at}, which is to come: a clock was wrong" for seq, at in ahead),
    )


def show_as_of(catalog: Catalog, seq: int) -> None:
    """Let a catalogue show the state after the change `seq`, and nothing later; it cannot be written any more.

    Where kept decisions of that time were purged since, a warning says so, and asking for those that are left is refused.

    A million photos take some ten seconds. Embeddings, which never change, are not copied.

    Raises:
        GalleryError: what was there then has been purged since.
    """
    catalog.only_read(f"it is shown as it was after entry {seq} of its journal")
    refuse_purged(catalog, seq)
    catalog.sightings_lack = _purged_sightings(catalog, seq)
    if catalog.sightings_lack:
        log.warning("%s; all else is shown as it was", catalog.sightings_lack)
    catalog.ask("PRAGMA foreign_keys=OFF")  # a temporary table could refer to temporary ones only
    with catalog.reading(keep=True):
        indexes: list[str] = []
        for statement in TABLES:
            found = _NAME.match(statement)
            if found is None or (found[3] or found[2]) not in ("meta", *HISTORY_COLUMNS):
                continue
            made = statement.replace(f"{found[1]} {found[2]}", f"{found[1]} temp.{found[2]}", 1)
            if found[3]:
                indexes.append(made)
                continue
            catalog.ask(made)
            added = f" WHERE {ADDED[found[2]]} <= {seq:d}" if found[2] in ADDED else ""
            catalog.ask(f"INSERT INTO temp.{found[2]} SELECT * FROM main.{found[2]}{added}")
        for table, columns in HISTORY_COLUMNS.items():
            for column in columns:
                _restore(catalog, table, column, seq)
        for made in indexes:  # not before: on the way back two rows may have one name for a moment
            catalog.ask(made)
        for name in STAGE_NETS:
            for (pair,) in catalog.ask(f"SELECT pair FROM ({_first(name)})", ("meta", seq)):
                catalog.ask("UPDATE temp.meta SET value = ? WHERE name = ?", (json.loads(pair)[0] or "", name))
        for table in ("individual", "photo"):
            catalog.ask(
                f"UPDATE temp.species SET {table}s = (SELECT count(*) FROM temp.{table} t"
                " WHERE t.species_id = species.id AND t.removed_seq IS NULL)"
            )
        catalog.ask("UPDATE temp.species SET seq = ?", (seq,))
        for table in ("journal", "history", "embedding"):
            catalog.ask(f"CREATE TEMP VIEW {table} AS SELECT * FROM main.{table} WHERE seq <= {seq:d}")


def _first(column: str) -> str:
    """Of each row, the first change of a column after some seq: [before, after]. Names are the schema's, no caller's text."""
    return (
        f"SELECT row, json_extract(changed, '$.{column}') AS pair, min(id) FROM main.history"
        f" WHERE kind = ? AND seq > ? AND json_type(changed, '$.{column}') IS NOT NULL GROUP BY row"
    )


def _restore(catalog: Catalog, table: str, column: str, seq: int) -> None:
    catalog.ask(
        f"UPDATE temp.{table} SET {column} = json_extract(first.pair, '$[0]') FROM ({_first(column)}) first"
        f" WHERE {table}.id = first.row",
        (table, seq),
    )


def refuse_purged(catalog: Catalog, seq: int) -> None:
    """Raise GalleryError if something that was in use after the change `seq` has been purged since."""
    for number, by, after in _purges(catalog, seq):
        if any(first <= seq < last for first, last in after["in_use"]):
            raise GalleryError(
                f"the gallery cannot be shown as it was after entry {seq}: entry {number} ({by}) purged photos or "
                "embeddings that were in use then; take a backup from before"
            )


def _purged_sightings(catalog: Catalog, seq: int) -> str:
    """Why the decisions that were kept after the change `seq` cannot all be read any more, as a sentence; "" if they can."""
    for number, by, after in _purges(catalog, seq):
        kept = after.get("kept", [[0, number]] if after.get("sightings") else [])  # purges once did not say since when
        if any(first <= seq < last for first, last in kept):
            return (
                f"the decisions that were kept after entry {seq} cannot be shown in full any more: entry {number} ({by}) purged "
                "some that later ones had replaced; take a backup from before"
            )
    return ""


def _purges(catalog: Catalog, seq: int) -> list[tuple[int, str, dict[str, Any]]]:
    """The purges after an entry: number, when and by whom, and what they tell."""
    rows = catalog.ask("SELECT seq, at, who, after FROM main.journal WHERE what = 'purge' AND seq > ? ORDER BY seq", (seq,))
    return [(number, f"{at}, {who}", json.loads(after)) for number, at, who, after in rows]
