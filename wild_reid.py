"""The `reid` command, from outside the package: it says so where Python would import another project's `reid`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

REMEDY = "remedy: pip uninstall -y reid wild-reid, then pip install wild-reid"


def main() -> None:
    """Run the command line of wild-reid; exit 2 with a remedy where the package `reid` that Python finds is not its own."""
    place = _place()
    if not place.with_name("distribution.py").exists():  # only ours has it
        _refuse(place)
    try:
        from reid.__main__ import main as run
        from reid.cli import app  # noqa: F401 (both are there, or files of another package have replaced ours)
    except ImportError as error:
        if not (error.name or "").startswith("reid"):
            raise
        _refuse(place)
    run()


def _place() -> Path:
    """The first file of the package `reid` that Python would import; `nowhere` where there is none."""
    found = importlib.util.find_spec("reid")
    parts = list(found.submodule_search_locations or ()) if found else []
    return Path((found and found.origin) or (f"{parts[0]}/__init__.py" if parts else "nowhere"))


def _refuse(place: Path) -> None:
    print(f"reid: the package `reid` that Python imports is not that of wild-reid: {place}; {REMEDY}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
