"""Who returned, who is new, who was not seen; individuals from nothing."""

VERBS = ("compare_seasons", "all_seasons", "discover")
"""The files that hold a verb; the others work for them."""
