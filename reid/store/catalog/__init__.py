"""catalog.sqlite: connection, schema, errors. The only sqlite3."""
