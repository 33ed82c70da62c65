"""Names that old programs can read stay different from each other."""

from __future__ import annotations

from reid.tables.safe_names import plain_names


def test_plain_names_stay_different_and_do_not_depend_on_the_order():
    names = ["Zoë", "Zoe", "a b", "a_b", "Ñandú", "熊"]
    assert plain_names(names) == plain_names(reversed(names))
    assert sorted(plain_names(names).values()) == ["Nandu", "Zoe", "Zoe-2", "a-b", "a-b-2", "x"]
    assert max(len(one) for one in plain_names([f"individual {at}" for at in range(200)], longest=8).values()) == 8
    assert len(set(plain_names([f"individual {at}" for at in range(200)], longest=8).values())) == 200
