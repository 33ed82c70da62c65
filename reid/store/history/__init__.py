"""The journal: entries, undo, as-of, purge."""
