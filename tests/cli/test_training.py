"""The commands that make and measure nets: a wrong word is refused with those wanted, before anything is trained."""

from pathlib import Path

import pytest

from tests.commands import command


@pytest.mark.parametrize(("words", "text"), [
    (("train", "PHOTO", "--stage", "three"), "stage 'three' does not exist; choose from species, embedding, side"),
    (("train", "PHOTO", "--loss", "guess"), "loss 'guess' does not exist; choose from triplet, arcface"),
    (("train", "PHOTO", "--image-size", "big"), "image size 'big': wanted 224 or HEIGHTxWIDTH, multiples of 32"),
    (("train", "PHOTO", "--device", "abacus"), "device 'abacus' does not exist; choose from auto, cpu, cuda"),
    (("train", "PHOTO", "--epochs", "many"), "Invalid value for '--epochs'"),
    (("train", "PHOTO"), "nothing to train from 1 photos: the species net needs photos of two species"),
    (("train",), "Missing argument"),
    (("calibrate", "--max-false-match", 2), "the stated error is 2; wanted a share between 0 and 0.5, such as 0.01"),
    (("calibrate", "--species", "okapi"), "species 'okapi' has no net in the gallery; there are ['zebra']"),
    (("evaluate", "PHOTO"), "nothing to evaluate: none of the 1 photos names an individual"),
    (("evaluate", "PHOTO", "--rerank", -1), "Invalid value for '--rerank'"), (("evaluate",), "Missing argument"),
])  # fmt: skip
def test_what_cannot_be_trained_or_measured_is_refused(
    kept: Path, tmp_path: Path, words: tuple[object, ...], text: str
) -> None:
    photo = tmp_path / "x.jpg"
    photo.write_bytes(b"no photo")
    refused = command(*(photo if word == "PHOTO" else word for word in words), "--gallery", kept)
    assert (refused.code, refused.out) == (2, "") and text in refused.err


def test_a_gallery_whose_net_is_gone_cannot_be_calibrated(kept: Path) -> None:
    refused = command("calibrate", "--gallery", kept, "--json")
    assert (refused.code, refused.out) == (9, "") and "is missing; a net is a .safetensors file" in refused.err


def test_a_demo_takes_no_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine", "utf-8")
    refused = command("demo", tmp_path)
    assert (refused.code, refused.out) == (2, "") and str(tmp_path) in refused.err
    assert [one.name for one in tmp_path.iterdir()] == ["diary.txt"]


def test_the_help_of_train_names_the_stages_and_losses_there_are() -> None:
    shown = " ".join(command("train", "--help").out.split())
    assert "species, embedding, side" in shown and "triplet, arcface, multi-similarity" in shown
