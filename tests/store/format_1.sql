-- A gallery as reid wrote it in format 1: sqlite3's dump of catalog.sqlite.
PRAGMA application_id=1380272452;
PRAGMA user_version=1;
BEGIN TRANSACTION;
CREATE TABLE embedding (
        id INTEGER PRIMARY KEY,
        photo_id INTEGER NOT NULL REFERENCES photo(id),
        net_id INTEGER NOT NULL REFERENCES net(id),
        seq INTEGER NOT NULL,
        vector BLOB NOT NULL,            -- float32, little-endian, unit length
        UNIQUE (photo_id, net_id));
INSERT INTO "embedding" VALUES(1,1,2,3,X'0000803F000000000000000000000000');
INSERT INTO "embedding" VALUES(2,2,2,3,X'000000000000803F0000000000000000');
INSERT INTO "embedding" VALUES(3,1,4,6,X'00000000000000000000803F00000000');
INSERT INTO "embedding" VALUES(4,2,4,6,X'0000000000000000000000000000803F');
INSERT INTO "embedding" VALUES(5,3,4,7,X'0000803F000000000000000000000000');
CREATE TABLE individual (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        species_id INTEGER NOT NULL REFERENCES species(id),
        name TEXT NOT NULL,
        added_seq INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        removed_seq INTEGER);
INSERT INTO "individual" VALUES(1,1,'Zoë',3,3,NULL);
INSERT INTO "individual" VALUES(2,1,'Max',3,3,NULL);
CREATE TABLE journal (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,                -- UTC, ISO
        who TEXT NOT NULL,
        what TEXT NOT NULL,              -- the verb: enroll, set_embedding_net, ...
        why TEXT NOT NULL,
        before TEXT NOT NULL,            -- JSON: enough to undo
        after TEXT NOT NULL,             -- JSON: enough to redo, with the rows themselves
        mark TEXT NOT NULL);
INSERT INTO "journal" VALUES(1,'2026-11-25T06:10:43.881+00:00','Zoë','set_species_net','','{"net_id":null}','{"net_id":1,"fingerprint":"router"}','4a07423cdd5b9fa8');
INSERT INTO "journal" VALUES(2,'2026-11-25T06:10:43.905+00:00','Zoë','set_embedding_net','','{}','{"species_id":1,"species":"zebra","net_id":2,"fingerprint":"net-1","calibration":null,"embeddings":0}','7315701d17762f92');
INSERT INTO "journal" VALUES(3,'2026-11-25T06:10:43.926+00:00','Zoë','enroll','','{}','{"species_id":1,"species":"zebra","fingerprint":"net-1","photos":2,"first_photo_id":1,"last_photo_id":2,"new_individuals":{"1":"Zoë","2":"Max"}}','55b196812a10ffec');
INSERT INTO "journal" VALUES(4,'2026-11-25T06:10:43.957+00:00','Zoë','set_calibrations','stated error 0.01','{"species":[{"species_id":1,"species":"zebra","net_id":2,"fingerprint":"net-1","calibration":null}]}','{"species":[{"species_id":1,"species":"zebra","net_id":2,"fingerprint":"net-1","calibration":{"slope":20.5,"intercept":-9.0,"ceiling":4.5,"known_at":0.9,"new_at":0.8,"prior":0.6,"max_false_match":0.01,"false_match":0.008,"false_new":0.02,"individuals":12,"photos":80,"comparisons":3160,"checked_up_to":0,"bounds":[],"more_slopes":[],"left":null,"right":null,"closer":null}}]}','ccbca2ec777a2cbc');
INSERT INTO "journal" VALUES(5,'2026-11-25T06:10:43.977+00:00','Zoë','set_species_net','','{"net_id":1}','{"net_id":3,"fingerprint":"router-2"}','b6d7f251068188f6');
INSERT INTO "journal" VALUES(6,'2026-11-25T06:10:43.997+00:00','Zoë','set_embedding_net','','{"species_id":1,"species":"zebra","net_id":2,"fingerprint":"net-1","calibration":{"slope":20.5,"intercept":-9.0,"ceiling":4.5,"known_at":0.9,"new_at":0.8,"prior":0.6,"max_false_match":0.01,"false_match":0.008,"false_new":0.02,"individuals":12,"photos":80,"comparisons":3160,"checked_up_to":0,"bounds":[],"more_slopes":[],"left":null,"right":null,"closer":null}}','{"species_id":1,"species":"zebra","net_id":4,"fingerprint":"net-2","calibration":null,"embeddings":2}','67e55bbea5bd80db');
INSERT INTO "journal" VALUES(7,'2026-11-25T06:10:44.025+00:00','Zoë','enroll','','{}','{"species_id":1,"species":"zebra","fingerprint":"net-2","photos":1,"first_photo_id":3,"last_photo_id":3,"new_individuals":{}}','026f316ca07eede7');
CREATE TABLE meta (
        name TEXT PRIMARY KEY,           -- 'gallery' (a random id), 'created_at', 'species_net' (a net id)
        value TEXT NOT NULL);
INSERT INTO "meta" VALUES('gallery','2b6a1a9b5482d4e4aa5395cc0c16e80e');
INSERT INTO "meta" VALUES('created_at','2026-11-25T06:10:43.805+00:00');
INSERT INTO "meta" VALUES('species_net','3');
CREATE TABLE net (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        fingerprint TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL CHECK (kind IN ('species', 'embedding')),
        dimension INTEGER,               -- of the embedding; NULL for a species net
        seq INTEGER NOT NULL);
INSERT INTO "net" VALUES(1,'router','species',NULL,1);
INSERT INTO "net" VALUES(2,'net-1','embedding',4,2);
INSERT INTO "net" VALUES(3,'router-2','species',NULL,5);
INSERT INTO "net" VALUES(4,'net-2','embedding',4,6);
CREATE TABLE photo (
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
        removed_seq INTEGER);
INSERT INTO "photo" VALUES(1,1,1,'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb','',NULL,'/photos/a.jpg','../../../photos/a.jpg',NULL,'','','left','','{}',640,480,3,3,NULL);
INSERT INTO "photo" VALUES(2,2,1,'3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d','',NULL,'/photos/b.jpg','../../../photos/b.jpg',NULL,'','','','','{}',640,480,3,3,NULL);
INSERT INTO "photo" VALUES(3,2,1,'2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6','',NULL,'/photos/c.jpg','../../../photos/c.jpg',NULL,'','','','','{}',640,480,7,7,NULL);
CREATE TABLE sighting (
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
        removed_seq INTEGER);
CREATE TABLE species (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        net_id INTEGER REFERENCES net(id),
        calibration TEXT,                -- JSON of records.Calibration, for net_id
        individuals INTEGER NOT NULL DEFAULT 0, -- not removed; the triggers below keep both numbers
        photos INTEGER NOT NULL DEFAULT 0,
        seq INTEGER NOT NULL);
INSERT INTO "species" VALUES(1,'zebra',4,NULL,2,3,7);
CREATE UNIQUE INDEX individual_name ON individual(species_id, name) WHERE removed_seq IS NULL;
CREATE UNIQUE INDEX photo_key ON photo(sha256, box_key, species_id) WHERE removed_seq IS NULL;
CREATE INDEX photo_live ON photo(species_id) WHERE removed_seq IS NULL;
CREATE INDEX photo_individual ON photo(individual_id) WHERE removed_seq IS NULL;
CREATE INDEX photo_encounter ON photo(species_id, encounter) WHERE removed_seq IS NULL AND encounter <> '';
CREATE INDEX photo_change ON photo(species_id, seq);
CREATE INDEX embedding_change ON embedding(net_id, seq);
CREATE INDEX sighting_sha256 ON sighting(sha256);
CREATE TRIGGER individual_added AFTER INSERT ON individual WHEN NEW.removed_seq IS NULL BEGIN
            UPDATE species SET individuals = individuals + 1 WHERE id = NEW.species_id; END;
CREATE TRIGGER individual_moved AFTER UPDATE OF removed_seq, species_id ON individual BEGIN
            UPDATE species SET individuals = individuals - (OLD.removed_seq IS NULL) WHERE id = OLD.species_id;
            UPDATE species SET individuals = individuals + (NEW.removed_seq IS NULL) WHERE id = NEW.species_id; END;
CREATE TRIGGER photo_added AFTER INSERT ON photo WHEN NEW.removed_seq IS NULL BEGIN
            UPDATE species SET photos = photos + 1 WHERE id = NEW.species_id; END;
CREATE TRIGGER photo_moved AFTER UPDATE OF removed_seq, species_id ON photo BEGIN
            UPDATE species SET photos = photos - (OLD.removed_seq IS NULL) WHERE id = OLD.species_id;
            UPDATE species SET photos = photos + (NEW.removed_seq IS NULL) WHERE id = NEW.species_id; END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('net',4);
INSERT INTO "sqlite_sequence" VALUES('journal',7);
INSERT INTO "sqlite_sequence" VALUES('species',1);
INSERT INTO "sqlite_sequence" VALUES('individual',2);
INSERT INTO "sqlite_sequence" VALUES('photo',3);
COMMIT;
