"""A result as rows of plain values: terminal, CSV and page show the same."""

from __future__ import annotations

Rows = list[tuple[object, ...]]
PlainTable = tuple[str, tuple[str, ...], Rows]
"""Title, columns, rows."""
