"""Training of the side net: a left flank mirrored is a right one; the threshold keeps what it states."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reid import images
from reid.nets import inference, net_files
from reid.records import Photo
from reid.training.dataset import Decoded
from reid.training.tasks.side_task import NEVER, SideTask, finished, hold_out, threshold
from reid.training.trainer import Plan, fit
from tests.training.stock import CPU, SETTINGS, SIZE, species_net

SIDE_SETTINGS = replace(SETTINGS, side_image_size=SIZE)


def flanks(count: int, sides: tuple[str, ...] = ("left", "right"), seed: int = 0) -> Decoded:
    """Animals that face left have their bright head on the left of the picture."""
    rng = np.random.default_rng(seed)
    records = [Photo(Path(f"{seed}-{row}.jpg"), "zebra", f"n{row}", side=sides[row % len(sides)]) for row in range(count)]
    pixels = rng.normal(60, 12, (count, 37, 37, 3))
    for row, one in enumerate(records):
        where = slice(2, 14) if one.side == "left" else slice(23, 35)
        pixels[row, 8:30, where] += 150
    return Decoded(tuple(records), np.clip(pixels, 0, 255).astype(np.uint8), ())


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[SideTask, Path]:
    """A net that was shown left flanks alone, saved; 60 flanks of both sides were held out."""
    task = SideTask(species_net(2), flanks(40, ("left",)), flanks(60, seed=1), SIDE_SETTINGS, CPU)
    found = fit(task, Plan(epochs=2, learning_rate=1e-3, weight_decay=1e-4, patience=1, seed=0))
    assert (found.best_epoch, found.figures) == (2, {"top_1": 1.0})  # no `figure`: what is held out chooses no epoch
    task.net.load_state_dict(found.state)
    folder = tmp_path_factory.mktemp("side")
    card = net_files.save(finished(task, task.net), found.state, folder)
    return task, folder / f"{card.fingerprint}.safetensors"


def owned(*names: str) -> list[Photo]:
    """Ten photos of each name, of the side that the name ends with; "" = not known who."""
    return [Photo(Path(f"{at}-{n}.jpg"), "zebra", name.split()[0] if " " in name else "", side=name.split()[-1])
            for at, name in enumerate(names) for n in range(10)]  # fmt: skip


@pytest.mark.parametrize("names", [
    ("a left", "b right", "c right", "d right", "e right"),  # one individual has every left flank
    ("a left", "a right", "b right", "c left", "d right", "e left"),
    ("left", "right", "right", "a left", "b right"),
])  # fmt: skip
def test_no_individual_teaches_the_net_and_judges_it(names: tuple[str, ...]) -> None:
    photos = owned(*names)
    groups = [f"encounter {row // 10}" for row in range(len(photos))]
    for seed in range(5):
        taught, held = hold_out(photos, groups, share=0.2, seed=seed)
        assert sorted(taught + held) == list(range(len(photos))) and held
        whose = [photo.individual or group for photo, group in zip(photos, groups, strict=True)]
        assert not {whose[row] for row in taught} & {whose[row] for row in held}


def test_left_flanks_alone_teach_both_sides(trained: tuple[SideTask, Path]) -> None:
    card = net_files.read_card(trained[1])
    assert (card.kind, card.classes, card.among) == ("side", ("left", "right"), ("zebra",))
    least = torch.softmax(trained[0].both(trained[0].net) / card.temperature, dim=1).max(dim=1).values.min()
    assert card.sure_at == pytest.approx(float(least))  # all were right; a photo of less certainty than all may show no flank
    assert card.figures == {"max_wrong_side": 0.02, "held_out": 60.0, "top_1": 1.0, "coverage": 1.0, "wrong_side": 0.0}


def test_the_mirror_image_of_a_batch_has_the_other_label(trained: tuple[SideTask, Path]) -> None:
    task, _ = trained
    labels = torch.cat([labels for _, labels in task.batches(0)])
    assert sorted(set(labels.tolist())) == [0, 1] and 5 < int(labels.sum()) < 35
    for shown, told in task.batches(1):
        half = shown[:, :, 8:24]
        brighter = half[..., 16:].mean(dim=(1, 2, 3)) > half[..., :16].mean(dim=(1, 2, 3))
        assert (brighter == (told == 1)).float().mean() > 0.9


def test_by_the_exported_graph_a_photo_and_its_mirror_image_have_the_same_numbers_for_the_other_side(
    trained: tuple[SideTask, Path],
) -> None:
    pixels = [images.resize(one, *SIZE) for one in flanks(6, seed=2).pixels]
    for net in (inference.load(trained[1], "cpu"), inference.of_torch(*net_files.load(trained[1]), CPU)):
        plain = net.sides(pixels)
        turned = net.sides([np.ascontiguousarray(one[:, ::-1]) for one in pixels])
        assert plain == pytest.approx(turned[:, ::-1], abs=1e-6)
        assert plain.sum(axis=1) == pytest.approx(1.0)
        assert plain.argmax(axis=1).tolist() == [0, 1, 0, 1, 0, 1]


def test_the_graph_says_what_the_figures_were_made_of(trained: tuple[SideTask, Path]) -> None:
    task, path = trained
    card = net_files.read_card(path)
    wanted = torch.softmax(task.both(task.net) / card.temperature, dim=1).numpy()
    found = inference.load(path, "cpu").sides([images.resize(one, *SIZE) for one in task.held.pixels[:8]])
    assert found == pytest.approx(wanted[:8], abs=0.05)  # another way of resizing


@pytest.mark.parametrize(
    ("wrong", "photos", "most", "told"),
    [
        ([], 99, 0.02, 99),
        ([0.9], 99, 0.02, 99),  # (1 + 1) / 100
        ([0.9, 0.8], 99, 0.02, 97 - 79),  # the answers up to 0.8 are not given
        ([0.9, 0.9], 99, 0.02, 97 - 90),  # both stand on one threshold: neither is given
        ([0.6], 98, 0.02, 97 - 60),
        ([], 48, 0.02, 0),  # 1 / 49 is more than 0.02 already
    ],
)
def test_the_threshold_lets_no_more_wrong_answers_through_than_were_stated(
    wrong: list[float], photos: int, most: float, told: int
) -> None:
    good = [(1 + row) / 100 for row in range(photos - len(wrong))]
    chances, right = np.array([*good, *wrong]), np.array([True] * len(good) + [False] * len(wrong))
    bound = threshold(chances, right, most)
    given = chances >= bound
    assert int((given & right).sum()) + int((given & ~right).sum()) == told
    assert chances.min() <= bound <= NEVER and (bound == NEVER or chances.min() == 0.01)
    assert bound == NEVER or (1 + int((given & ~right).sum())) / (1 + photos) <= most


def test_with_too_few_held_out_photos_the_net_says_no_side_at_all() -> None:
    task = SideTask(species_net(2), flanks(20), flanks(6, seed=1), SIDE_SETTINGS, CPU)
    assert finished(task, task.net).sure_at == NEVER
    nothing = SideTask(species_net(2), flanks(20), flanks(20).subset([]), SIDE_SETTINGS, CPU)
    card = finished(nothing, nothing.net)
    assert (card.sure_at, card.temperature, nothing.validate(nothing.net)) == (NEVER, 1.0, {})
