"""Out to other programs, and between two field stations."""

VERBS = ("export", "bundles", "merge_galleries", "backup")
"""The files that hold a verb; the others work for them."""
