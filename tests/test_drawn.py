"""`reid.drawn`, the name of before: the same objects under it."""

import reid.drawn
import reid.synthetic


def test_all_that_was_drawn_is_what_is_synthetic() -> None:
    assert reid.drawn.__all__ == reid.synthetic.__all__
    for name in ("coat_of", "draw_season", "write_photos", "Study"):
        assert name in reid.drawn.__all__
    assert all(getattr(reid.drawn, name) is getattr(reid.synthetic, name) for name in reid.drawn.__all__)
