"""The whole job on synthetic animals."""

VERBS = ("demo",)
"""The files that hold a verb; the others work for them."""
