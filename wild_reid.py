"""The `reid` command, from outside the package: it says so where Python would import another project's `reid`."""

from __future__ import annotations

import importlib
import importlib.util
import sys

REMEDY = "remedy: pip uninstall -y reid wild-reid, then pip install wild-reid"


def main() -> None:
    """Run the command line of wild-reid; exit 2 with a remedy where the package `reid` that Python finds is not its own."""
    try:
        importlib.import_module("reid.distribution")  # only ours has it
        from reid.__main__ import main as run
    except ImportError as error:
        if not (error.name or "").startswith("reid"):
            raise
        found = importlib.util.find_spec("reid")
        place = found.origin or ", ".join(found.submodule_search_locations or ()) if found else "nowhere"
        print(f"reid: the package `reid` that Python imports is not that of wild-reid: {place}; {REMEDY}", file=sys.stderr)
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
