"""How good is it on these animals?"""

VERBS = ("evaluate",)
"""The files that hold a verb; the others work for them."""
