"""Individuals, photos, the journal and the health of a gallery."""

VERBS = ("individuals", "journal", "contents", "doctor")
"""The files that hold a verb; the others work for them."""
