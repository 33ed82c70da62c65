"""The tables of catalog.sqlite, as SQL text.

Rules that every later verb keeps:
    * Ids are permanent (AUTOINCREMENT): an id is never given to another thing, not even after a removal.
    * Every transaction that changes something writes one row of `journal`; its `seq` marks every row that it touched.
    * Nothing is deleted: `removed_seq` is the seq of the removal, `added_seq` that of the start, `seq` the last change.
    * A change to anything of a species also sets `species.seq`: by that a running search knows that it must look again.
    * Embeddings hang on (photo, net), so that vectors of two nets live side by side, and a stored vector never changes.
    * What a change altered is in `history`, column by column with before and after: triggers write it, so that no verb
      can forget it. A row that a change added has no line there, its own `added_seq` says it (of a sighting: `seq`).
      With both, every change can be undone and every day of the past shown.
"""

from __future__ import annotations


def _counted(table: str, column: str) -> tuple[str, str]:
    """Triggers that keep species.<column>: counting a million photos after every enrollment would take 0.1 s."""
    step = f"UPDATE species SET {column} = {column}"
    return (
        f"""CREATE TRIGGER {table}_added AFTER INSERT ON {table} WHEN NEW.removed_seq IS NULL BEGIN
            {step} + 1 WHERE id = NEW.species_id; END""",
        f"""CREATE TRIGGER {table}_moved AFTER UPDATE OF removed_seq, species_id ON {table} BEGIN
            {step} - (OLD.removed_seq IS NULL) WHERE id = OLD.species_id;
            {step} + (NEW.removed_seq IS NULL) WHERE id = NEW.species_id; END""",
    )


def _kept(table: str, columns: tuple[str, ...]) -> str:
    """The trigger that writes what an UPDATE altered into `history`. A change's journal entry comes last: hence the + 1."""
    pairs = ", ".join(
        f"'{name}', json(CASE WHEN OLD.{name} IS NOT NEW.{name} THEN json_array(OLD.{name}, NEW.{name}) END)" for name in columns
    )
    altered = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in columns)
    return f"""CREATE TRIGGER {table}_history AFTER UPDATE OF {', '.join(columns)} ON {table} WHEN {altered} BEGIN
        INSERT INTO history (seq, kind, row, changed) VALUES ({NEXT_SEQ}, '{table}', NEW.id,
            json_patch('{{}}', json_object({pairs}))); END"""  # json_patch drops the columns that stayed


NEXT_SEQ = "(SELECT coalesce(max(seq), 0) + 1 FROM journal)"
HISTORY_COLUMNS: dict[str, tuple[str, ...]] = {
    "species": ("net_id", "calibration"),
    "individual": ("name", "merged_into", "removed_seq"),
    "photo": (
        "individual_id", "box_key", "box", "path", "near_path", "captured_at", "encounter", "camera", "side", "season",
        "notes", "removed_seq",
    ),
    "sighting": ("individual_id", "removed_seq"),
}
"""The columns whose every value is kept, by table. Beside them, as row 0 of "meta": the values of 'species_net' (by a trigger)
and of 'side_net' (by `stage_nets`)."""

CATALOG_FORMAT = 2
"""Of the folder and of the catalogue (`PRAGMA user_version`). A reader refuses anything above."""
APPLICATION = 0x52454944
"""`PRAGMA application_id`: "REID"."""
PAGE_BYTES = 16384
"""A 256-dimensional vector is 1 kB: a page of 16 kB makes the file a quarter smaller than the default of 4 kB."""

GONE_INDEX = "CREATE INDEX photo_gone ON photo(sha256) WHERE removed_seq IS NOT NULL"
"""Was a photo removed that is to be enrolled?"""
PURGE_INDEXES = (
    "CREATE INDEX sighting_individual ON sighting(individual_id)",
    "CREATE INDEX individual_into ON individual(merged_into)",
)
"""Who points to an individual that is deleted? Without them each one costs a walk through all sightings."""

HISTORY = (
    """CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        seq INTEGER NOT NULL,            -- of the change
        kind TEXT NOT NULL,              -- the table
        row INTEGER NOT NULL,            -- the id there
        changed TEXT NOT NULL)           -- JSON: column -> [before, after]""",
    """CREATE TABLE merged_journal (
        entry INTEGER NOT NULL,          -- of the change here that brought it
        gallery TEXT NOT NULL,           -- the other gallery's name
        seq INTEGER NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, why TEXT NOT NULL,
        before TEXT NOT NULL, after TEXT NOT NULL, mark TEXT NOT NULL,
        UNIQUE (mark))""",
    "CREATE INDEX individual_origin ON individual(origin) WHERE origin IS NOT NULL",
    "CREATE INDEX history_row ON history(kind, row, seq)",
    "CREATE INDEX history_seq ON history(seq)",
    "CREATE INDEX photo_added ON photo(added_seq)",
    GONE_INDEX,
    *PURGE_INDEXES,
    "CREATE INDEX photo_path ON photo(path) WHERE removed_seq IS NULL",  # a file that changed is noticed; without it, slower
    "CREATE INDEX photo_owner ON photo(individual_id, side, season, captured_at, removed_seq)",  # lists need no photo's row
    "CREATE INDEX individual_added ON individual(added_seq)",
    "CREATE INDEX sighting_added ON sighting(seq)",
    "CREATE INDEX journal_undo ON journal(seq) WHERE what = 'undo'",
    *(_kept(table, columns) for table, columns in HISTORY_COLUMNS.items()),
    *(
        f"""CREATE TRIGGER meta_{when} AFTER {verb} ON meta WHEN NEW.name = 'species_net' BEGIN
            INSERT INTO history (seq, kind, row, changed) VALUES ({NEXT_SEQ}, 'meta', 0,
                json_object('species_net', json_array({before}, nullif(NEW.value, '')))); END"""
        for when, verb, before in (("set", "INSERT", "NULL"), ("history", "UPDATE", "nullif(OLD.value, '')"))
    ),
    *(
        f"""CREATE TRIGGER journal_{verb.lower()} BEFORE {verb} ON journal BEGIN
            SELECT RAISE(ABORT, 'the journal is append-only'); END"""
        for verb in ("UPDATE", "DELETE")
    ),
)
"""What format 2 added to format 1; `store/layout/folder.py` fills it for what was there before."""

TABLES = (
    """CREATE TABLE meta (
        name TEXT PRIMARY KEY,           -- 'gallery' (a random id), 'created_at', 'species_net', 'side_net' (net ids)
        value TEXT NOT NULL)""",
    """CREATE TABLE net (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        fingerprint TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL CHECK (kind IN ('species', 'embedding')), -- "species": any net without an embedding
        dimension INTEGER,               -- of the embedding; NULL for a species net
        seq INTEGER NOT NULL)""",
    """CREATE TABLE species (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        net_id INTEGER REFERENCES net(id),
        calibration TEXT,                -- JSON of records.Calibration, for net_id
        individuals INTEGER NOT NULL DEFAULT 0, -- not removed; the triggers below keep both numbers
        photos INTEGER NOT NULL DEFAULT 0,
        seq INTEGER NOT NULL)""",
    """CREATE TABLE individual (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        species_id INTEGER NOT NULL REFERENCES species(id),
        name TEXT NOT NULL,
        added_seq INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        removed_seq INTEGER,
        merged_into INTEGER REFERENCES individual(id), -- where it is not NULL, removed_seq is the seq of that merge
        origin TEXT)""",                 # of one of another replica: mark of the entry that added it there, "-", its id there
    "CREATE UNIQUE INDEX individual_name ON individual(species_id, name) WHERE removed_seq IS NULL",
    """CREATE TABLE photo (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        individual_id INTEGER NOT NULL REFERENCES individual(id),
        species_id INTEGER NOT NULL REFERENCES species(id),
        sha256 TEXT NOT NULL,
        box_key TEXT NOT NULL,           -- '' for the whole frame
        box TEXT,                        -- JSON [x, y, width, height], not rounded
        path TEXT NOT NULL,              -- absolute, with forward slashes, as it was when enrolled
        near_path TEXT NOT NULL,         -- the same from the gallery's folder; '' where there is none
        captured_at TEXT,                -- ISO with microseconds: the first 26 characters are the camera's clock
        encounter TEXT NOT NULL,
        camera TEXT NOT NULL,
        side TEXT NOT NULL,
        season TEXT NOT NULL,
        notes TEXT NOT NULL,             -- JSON object of texts
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        added_seq INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        removed_seq INTEGER)""",
    "CREATE UNIQUE INDEX photo_key ON photo(sha256, box_key, species_id) WHERE removed_seq IS NULL",
    "CREATE INDEX photo_live ON photo(species_id) WHERE removed_seq IS NULL",
    "CREATE INDEX photo_encounter ON photo(species_id, encounter) WHERE removed_seq IS NULL AND encounter <> ''",
    "CREATE INDEX photo_change ON photo(species_id, seq)",
    """CREATE TABLE embedding (
        id INTEGER PRIMARY KEY,
        photo_id INTEGER NOT NULL REFERENCES photo(id),
        net_id INTEGER NOT NULL REFERENCES net(id),
        seq INTEGER NOT NULL,
        vector BLOB NOT NULL,            -- float32, little-endian, unit length
        UNIQUE (photo_id, net_id))""",
    "CREATE INDEX embedding_change ON embedding(net_id, seq)",
    """CREATE TABLE sighting (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        species TEXT NOT NULL,
        outcome TEXT NOT NULL,
        individual_id INTEGER REFERENCES individual(id),
        individual TEXT,                 -- the name that was told at the time
        probability REAL,
        reason TEXT NOT NULL,
        captured_at TEXT,
        encounter TEXT NOT NULL,
        camera TEXT NOT NULL,
        side TEXT NOT NULL,
        season TEXT NOT NULL,
        fingerprint TEXT NOT NULL,       -- of the embedding net; '' if stage 2 was not run
        details TEXT NOT NULL,           -- JSON: stage 1's guess, the matches, the species searched, the photos
        seq INTEGER NOT NULL,
        removed_seq INTEGER)""",
    "CREATE INDEX sighting_sha256 ON sighting(sha256)",
    """CREATE TABLE journal (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,                -- UTC, ISO
        who TEXT NOT NULL,
        what TEXT NOT NULL,              -- the verb: enroll, set_embedding_net, ...
        why TEXT NOT NULL,
        before TEXT NOT NULL,            -- JSON: enough to undo
        after TEXT NOT NULL,             -- JSON: enough to redo, with the rows themselves
        mark TEXT NOT NULL)              -- random: tells this history from another one with the same seq""",
    *_counted("individual", "individuals"),
    *_counted("photo", "photos"),
    *HISTORY,
)
