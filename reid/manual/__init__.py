"""The manual: Markdown pages that ship with the package, one page a question. `index.md` lists them in their order."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from importlib import resources

from reid.errors import UsageError

_INDEX = "index"
_LINK = re.compile(r"\]\((\w+)\.md\)")


@dataclass(frozen=True, slots=True)
class ManualPage:
    """One page. name: as in `reid manual NAME`; text: Markdown."""

    name: str
    text: str

    @property
    def first_line(self) -> str:
        """The heading, without its mark."""
        return self.text.partition("\n")[0].lstrip("# ").rstrip()


def page_names() -> tuple[str, ...]:
    """The names of all pages but the index, in the index's order."""
    return tuple(dict.fromkeys(_LINK.findall(_text(_INDEX))))


def manual_page(name: str) -> ManualPage:
    """A page by its name; case, hyphens and the ending `.md` do not matter.

    Raises:
        UsageError: no such page; the text names the nearest one and lists all.
    """
    names = (*page_names(), _INDEX)
    wanted = name.strip().lower().removesuffix(".md").replace("-", "_").replace(" ", "_")
    if wanted not in names:
        near = difflib.get_close_matches(wanted, names, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f"the manual has no page {name!r}; {hint}pages: {', '.join(names[:-1])}")
    return ManualPage(wanted, _text(wanted))


def manual_pages() -> tuple[ManualPage, ...]:
    """All pages but the index, in the index's order."""
    return tuple(ManualPage(name, _text(name)) for name in page_names())


def _text(name: str) -> str:
    return resources.files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
