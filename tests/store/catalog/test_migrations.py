from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from reid.store.catalog.catalog import Catalog
from reid.store.catalog.migrations import to_2

FORMAT_1 = Path(__file__).parents[1] / "format_1.sql"


def test_the_journal_of_format_1_becomes_history_of_nets_and_thresholds(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(FORMAT_1.read_text(encoding="utf-8"))
    expected = [
        (seq, json.loads(before), json.loads(after))
        for seq, before, after in connection.execute(
            "SELECT seq, before, after FROM journal WHERE what = 'set_embedding_net' ORDER BY seq"
        )
    ]
    thresholds = connection.execute("SELECT seq FROM journal WHERE what = 'set_calibrations'").fetchall()
    connection.close()
    catalog = Catalog.open(path, wait=1)
    with catalog.migration(2) as change:
        assert change is not None
        to_2(change)
    rows = catalog.ask("SELECT seq, row, changed FROM history WHERE kind = 'species' ORDER BY seq")
    assert thresholds == [(4,)] and [list(json.loads(changed)) for seq, _, changed in rows if seq == 4] == [["calibration"]]
    nets = [row for row in rows if row[0] != 4]
    assert [(seq, row) for seq, row, _ in nets] == [(seq, after["species_id"]) for seq, _, after in expected]
    for (_, _, changed), (_, before, after) in zip(nets, expected, strict=True):
        assert json.loads(changed)["net_id"] == [before.get("net_id"), after["net_id"]]
    columns = [row[1] for row in catalog.ask("PRAGMA table_info(individual)")]
    assert {"merged_into", "origin"} <= set(columns) and catalog.format() == 2
    catalog.close()
