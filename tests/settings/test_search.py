"""Options of the search come from their variables, as whole numbers."""

from __future__ import annotations

import pytest

from reid.errors import UsageError
from reid.settings import SearchSettings, resolve


def test_a_variable_says_up_to_where_every_vector_is_looked_at() -> None:
    assert SearchSettings().exact_numbers == 312_500 * 256
    assert resolve(SearchSettings(), {}, {"REID_EXACT_NUMBERS": "1000"}).exact_numbers == 1000
    with pytest.raises(UsageError, match="REID_PROBES='1e3' cannot be read; wanted int"):
        resolve(SearchSettings(), {}, {"REID_PROBES": "1e3"})
