"""Individuals, photos, the journal and the health of a gallery."""
