"""Where a gallery keeps its nets."""

from __future__ import annotations

from pathlib import Path

from reid.store import Gallery


def net_path(gallery: Gallery, fingerprint: str) -> Path:
    """The weights of a net of the gallery; its card, and what is exported of it, lie beside them."""
    return gallery.nets_folder / f"{fingerprint}.safetensors"
