"""Places of two photos matched with each other: known movements are found, chance finds nothing."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from reid.errors import ShapeError
from reid.steps.local_matching import Compared, compare, whitened

HEIGHT, WIDTH, CHANNELS = 12, 16, 24
INNER = (HEIGHT - 2) * (WIDTH - 2)


def noise(seed: int, height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((height, width, CHANNELS)).astype(np.float32)


def shifted(query: NDArray[np.float32], down: int, across: int, seed: int = 99) -> NDArray[np.float32]:
    """The query moved by whole cells; what comes in from outside is noise."""
    moved = noise(seed)
    moved[down:, across:] = query[: HEIGHT - down, : WIDTH - across]
    return moved


def kept(found: Compared, candidate: int = 0) -> NDArray[np.int64]:
    return np.flatnonzero(found.strength[candidate])


def test_a_photo_matches_itself_place_by_place_with_the_score_one() -> None:
    found = compare(noise(1), noise(1)[None])
    assert found.scores == pytest.approx([1.0], abs=1e-4)
    assert found.partner[0].tolist() == list(range(INNER))
    assert found.strength[0] == pytest.approx(np.ones(INNER), abs=1e-4)


def test_photos_that_have_nothing_in_common_score_near_zero() -> None:
    found = compare(noise(1), np.stack([noise(seed) for seed in range(2, 12)]))
    assert found.scores.max() < 0.05
    assert found.scores.min() >= 0.0


@pytest.mark.parametrize(("down", "across"), [(0, 2), (1, 3), (2, 0)])
def test_a_shift_is_found_at_every_place_that_both_photos_show(down: int, across: int) -> None:
    query = noise(1)
    found = compare(query, np.stack([shifted(query, down, across), noise(7)]))
    lines = found.lines(0)
    sure = lines.strength > 0.5
    moved = (lines.match - lines.query)[sure]
    assert moved == pytest.approx(np.tile([across / WIDTH, down / HEIGHT], (sure.sum(), 1)), abs=1e-6)
    common = (HEIGHT - 2 - down) * (WIDTH - 2 - across)
    assert sure.sum() == common
    assert found.scores[0] == pytest.approx(common / INNER, abs=0.06)


def test_a_turn_is_found_within_a_cell() -> None:
    side, angle = 24, np.deg2rad(8.0)
    query, turned = noise(1, side, side), noise(5, side, side)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for row in range(side):
        for column in range(side):
            x, y = np.rint(turn.T @ (np.array([column, row]) - (side - 1) / 2) + (side - 1) / 2).astype(int)
            if 0 <= x < side and 0 <= y < side:
                turned[row, column] = query[y, x]
    found = compare(query, np.stack([turned, noise(7, side, side)]))
    lines = found.lines(0)
    wanted = (lines.query - 0.5) @ turn.T + 0.5
    off = np.abs(lines.match - wanted).max(axis=1) * side
    assert len(off) > 0.6 * (side - 2) ** 2
    assert np.quantile(off[lines.strength > 0.3], 0.99) < 1.0


def test_places_that_move_otherwise_than_the_animal_do_not_count() -> None:
    query = noise(1)
    candidate = query.copy()
    candidate[2:6, 2:4], candidate[2:6, 5:7] = query[2:6, 5:7], query[2:6, 2:4]  # 16 places changed sides
    strict, loose = (compare(query, candidate[None], geometric=geometric) for geometric in (True, False))
    assert len(kept(loose)) == INNER and loose.scores[0] == pytest.approx(1.0, abs=1e-4)
    swapped = {(row - 1) * (WIDTH - 2) + column - 1 for row in range(2, 6) for column in (2, 3, 5, 6)}
    assert set(range(INNER)) - set(kept(strict).tolist()) == swapped
    assert strict.scores[0] == pytest.approx(1 - 16 / INNER, abs=0.02)


def test_partners_far_apart_in_the_frame_are_none() -> None:
    query = noise(1)
    assert compare(query, np.roll(query, 8, axis=1)[None]).scores[0] < 0.05


def test_the_border_which_has_seen_the_padding_does_not_count() -> None:
    query, candidate = noise(1), noise(2)
    for edge in (0, -1):
        candidate[edge], candidate[:, edge] = query[edge], query[:, edge]
    assert compare(query, candidate[None]).scores[0] < 0.05


def test_a_pair_scores_the_same_both_ways() -> None:
    query = noise(1)
    candidate = 0.6 * shifted(query, 1, 1) + 0.4 * noise(3)
    there, back = compare(query, candidate[None]), compare(candidate, query[None])
    assert there.scores[0] > 0.2
    assert there.scores[0] == pytest.approx(back.scores[0], abs=1e-4)


def test_the_same_maps_give_the_same_answer_number_by_number() -> None:
    maps = np.stack([noise(seed) for seed in range(6)])
    first, second = compare(maps[0], maps[1:]), compare(maps[0].copy(), maps[1:].copy())
    assert np.array_equal(first.scores, second.scores)
    assert np.array_equal(first.partner, second.partner) and np.array_equal(first.strength, second.strength)


def test_lines_leave_out_what_the_query_shares_with_the_others_as_well() -> None:
    query = noise(1)
    common, own = noise(2), noise(2)
    common[:, 8:] = query[:, 8:]
    own[:, 4:] = query[:, 4:]
    found = compare(query, np.stack([own, common, common]))
    lines = found.lines(0)
    sure = lines.query[lines.strength > 0.5]
    assert len(sure) == 4 * (HEIGHT - 2)
    assert ((sure[:, 0] > 4 / WIDTH) & (sure[:, 0] < 8 / WIDTH)).all()
    assert lines.strength.tolist() == sorted(lines.strength.tolist(), reverse=True)
    assert found.lines(1).strength.max(initial=0.0) < 0.1


def test_blank_photos_match_nowhere_and_raise_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = compare(np.zeros((HEIGHT, WIDTH, 4), np.float32), np.zeros((2, HEIGHT, WIDTH, 4), np.float32))
    assert found.scores.tolist() == [0.0, 0.0]


def test_no_candidates_have_no_scores() -> None:
    assert compare(noise(1), np.zeros((0, HEIGHT, WIDTH, CHANNELS), np.float32)).scores.shape == (0,)


def test_a_map_of_a_few_cells_keeps_its_border() -> None:
    small = noise(1, 2, 4)
    assert compare(small, np.stack([small, noise(2, 2, 4)])).strength.shape == (2, 8)


def test_maps_of_two_sizes_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"maps do not fit: query \(12, 16, 24\), candidates \(1, 10, 16, 24\)"):
        compare(noise(1), noise(1, height=10)[None])


def test_whitened_channels_are_of_one_scale_and_unrelated() -> None:
    maps = np.random.default_rng(0).standard_normal((4, 10, 10, 3)).astype(np.float32)
    maps[..., 1] = 5.0 * maps[..., 1] + 40.0
    maps[..., 2] += maps[..., 0]
    units = whitened(maps)
    assert np.linalg.norm(units, axis=2) == pytest.approx(np.ones((4, 100)), abs=1e-5)
    spread = np.cov(units.reshape(-1, 3).T)
    assert np.diag(spread) == pytest.approx(np.full(3, 1 / 3), abs=0.12)
    assert np.abs(spread - np.diag(np.diag(spread))).max() < 0.03
