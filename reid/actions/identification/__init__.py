"""Who is this? Query, reasons, sides."""

VERBS = ("query", "predict_sides")
"""The files that hold a verb; the others work for them."""
