"""How many there are."""

VERBS = ("count",)
"""The files that hold a verb; the others work for them."""
