"""Photos come in: enroll, import."""

VERBS = ("enroll", "import_photos")
"""The files that hold a verb; the others work for them."""
