"""Train, calibrate, upgrade."""

VERBS = ("train", "calibrate", "upgrade")
"""The files that hold a verb; the others work for them."""
