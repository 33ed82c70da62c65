"""Individuals and their photos, written for other programs."""
