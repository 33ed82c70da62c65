"""A season on one page."""

VERBS = ("report",)
"""The files that hold a verb; the others work for them."""
