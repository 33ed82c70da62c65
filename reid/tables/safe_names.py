"""Names that old programs can read: few characters, no spaces, still different from each other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


def plain_names(names: Iterable[str], *, longest: int = 0, allowed: str = r"A-Za-z0-9.-") -> dict[str, str]:
    """Each name as ASCII letters, digits and what else is allowed; others become "-". Two that fall together get numbers.

    Args:
        names: in any order; the answer does not depend on it.
        longest: characters at most; 0 = any.
        allowed: characters of a regular expression's set.
    """
    plain: dict[str, str] = {}
    used: set[str] = set()
    for name in sorted(set(names)):
        bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
        text = re.sub(rf"[^{allowed}]+", "-", bare).strip("-") or "x"
        short, number = text[:longest] if longest else text, 1
        while short.lower() in used:
            number += 1
            ending = f"-{number}"
            short = (text[: longest - len(ending)] if longest else text) + ending
        used.add(short.lower())
        plain[name] = short
    return plain
