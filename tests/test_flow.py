"""The main job through the command line and through Python: the same photos give the same answers."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import reid
from reid.tables import json_lines
from tests.commands import TRAIN, World, command

QUERY_FIELDS = {
    "photo", "sha256", "species", "decision", "individual", "probability", "reason", "side", "captured_at", "encounter",
    "matches", "nets",
}  # fmt: skip


def truth(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        return {str(folder / row["path"]): row for row in csv.DictReader(file)}


def row_of(world_folder: Path, individual: str, place: Path) -> tuple[str, Path]:
    """A photo of an individual, and a manifest of that photo alone, with its box."""
    path, row = next((path, row) for path, row in truth(world_folder).items() if row["individual"] == individual)
    manifest = place / "one.csv"
    with manifest.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(row))
        table.writeheader()
        table.writerow(row | {"path": path, "species": "", "individual": ""})
    return path, manifest


def rounded(value: Any) -> Any:
    """The same with numbers to four decimals: torch's sums depend in the seventh on how an array lies in memory."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return pytest.approx(value, abs=1e-4) if isinstance(value, float) else value


def test_training_makes_a_species_net_one_net_per_species_and_shares_one_with_a_thin_species(trained: World):
    assert trained.trained.code == 0, trained.trained.err
    report = trained.trained.lines[0]
    nets = {(net["stage"], net["species"]): net for net in report["nets"]}
    assert set(nets) == {("species", ""), ("embedding", "zebra"), ("embedding", "deer"), ("embedding", "giraffe")}
    assert nets["embedding", "giraffe"]["shared"] and "uses the shared net" in nets["embedding", "giraffe"]["note"]
    assert not nets["embedding", "giraffe"]["calibrated"]
    assert "giraffe: fewer than" in trained.trained.err and "no photo has a date" not in trained.trained.err
    assert nets["embedding", "zebra"]["calibrated"] and nets["embedding", "zebra"]["individuals"] == 10
    assert nets["species", ""]["figures"]["top_1"] > 0.8
    for net in report["nets"]:
        card = json.loads((trained.gallery / "nets" / f"{net['fingerprint']}.json").read_text(encoding="utf-8"))
        assert card["fingerprint"] == net["fingerprint"]
    assert not (trained.gallery / "nets" / "training").exists()


def test_enrolling_counts_what_is_new_and_enrolling_again_adds_nothing(world: World):
    report = world.enrolled.lines[0]
    assert report["added"] == {"zebra": 40, "deer": 32, "giraffe": 8}
    assert report["already"] == 0 and report["unlabelled"] == 10
    assert ["zebra", "zebra-003"] in report["new_individuals"]
    again = command("enroll", world.first, "--gallery", world.gallery, "--json")
    assert (again.code, again.lines[0]["added"], again.lines[0]["already"]) == (0, {}, 80)


def test_a_query_through_the_command_line_and_through_python_gives_the_same_answer(trained: World):
    told = command("query", trained.second, "--gallery", trained.gallery, "--json")
    report = reid.query([trained.second], gallery=trained.gallery)
    assert told.code == 0, told.err
    for line, sighting in zip(told.lines, report.sightings, strict=True):
        assert rounded(line) == rounded(json_lines.plain(sighting))
    assert all(set(line) >= QUERY_FIELDS for line in told.lines)
    assert [line["photo"] for line in told.lines] == list(truth(trained.second))


def test_a_query_finds_most_returning_zebras_first(trained: World):
    rows = truth(trained.second)
    told = command("query", trained.second, "--gallery", trained.gallery, "--json", "--species", "zebra").lines
    known = [line for line in told if rows[line["photo"]]["individual"] in ("zebra-000", "zebra-001", "zebra-002")]
    first = [line["matches"][0]["individual"] == rows[line["photo"]]["individual"] for line in known]
    assert len(first) == 12 and sum(first) >= 6  # by chance one or two
    for line in told:
        assert [match["rank"] for match in line["matches"]] == list(range(1, len(line["matches"]) + 1))
        chances = [match["probability"] for match in line["matches"]]
        assert chances == sorted(chances, reverse=True) and sum(chances) <= 1.0 + 1e-9


def test_stage_two_is_not_run_for_an_empty_frame(trained: World):
    rows = truth(trained.second)
    told = command("query", trained.second, "--gallery", trained.gallery, "--json").lines
    empty = [line for line in told if line["decision"] == "empty"]
    assert [rows[line["photo"]]["species"] for line in empty].count("empty") >= 1
    assert all(line["matches"] == [] and line["searched"] == [] and line["nets"]["embedding"] == "" for line in empty)


def test_a_photo_that_is_enrolled_is_known_at_once(trained: World, tmp_path: Path):
    photo, manifest = row_of(trained.first, "zebra-004", tmp_path)
    line = command("query", manifest, "--gallery", trained.gallery, "--species", "zebra", "--json").lines[0]
    assert (line["decision"], line["individual"], line["probability"]) == ("known", "zebra-004", 1.0)
    assert all(match["photo"] != photo for match in line["matches"])


def test_a_corrupt_file_is_named_and_the_run_goes_on(trained: World, tmp_path: Path):
    good = next(iter(truth(trained.second)))
    bad = tmp_path / "IMG_abgeschnitten ü.JPG"
    bad.write_bytes(Path(good).read_bytes()[:4000])
    told = command("query", bad, good, "--gallery", trained.gallery, "--json")
    assert told.code == 1
    assert [line["photo"] for line in told.lines] == [good, str(bad)]
    assert "IMG_abgeschnitten ü.JPG" in told.err and "truncated" in told.lines[1]["error"]


def test_one_decision_per_encounter(trained: World):
    rows = truth(trained.second)
    told = command("query", trained.second, "--gallery", trained.gallery, "--json", "--encounters").lines
    assert len(told) == len({row["encounter"] for row in rows.values()})
    for line in told:
        assert {rows[photo]["encounter"] for photo in line["photos"]} == {line["encounter"]}
    assert sum(len(line["photos"]) for line in told) == len(rows)


def test_a_thin_species_says_review_because_nothing_is_calibrated(trained: World):
    photo = next(path for path, row in truth(trained.second).items() if row["species"] == "deer")
    line = command("query", photo, "--gallery", trained.gallery, "--species", "giraffe", "--json").lines[0]
    assert line["decision"] == "review" and line["probability"] is None
    assert "not calibrated" in line["reason"]


def test_seasons_tell_returned_new_and_not_seen_and_write_both_files(trained: World, tmp_path: Path):
    out = tmp_path / "out"
    told = command(
        "seasons",
        trained.second,
        "--from",
        "2023",
        "--to",
        "2024",
        "--gallery",
        trained.gallery,
        "--out",
        out,
        "--json",
    )
    assert told.code == 0, told.err
    statuses = {(row["species"], row["individual"]): row["status"] for row in told.lines if row["status"] != "new"}
    told_of = {key for key, status in statuses.items() if status in ("returned", "not seen", "not decided", "doubtful")}
    assert told_of >= {("zebra", f"zebra-{number:03d}") for number in range(10)}
    with (out / "seasons.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == [row["status"] for row in told.lines]
    page = (out / "seasons.html").read_text(encoding="utf-8")
    assert "Season 2023 to season 2024" in page and "zebra-000" in page


def test_a_season_that_nobody_knows_is_a_usage_error(trained: World):
    told = command("seasons", trained.second, "--from", "1999", "--to", "2024", "--gallery", trained.gallery)
    assert told.code == 2 and "the gallery has no photo of season '1999'; it has ['2023']" in told.err


def test_evaluate_measures_closed_and_open_set(trained: World):
    told = command("evaluate", trained.first, "--gallery", trained.gallery, "--open-set", "--json")
    assert told.code == 0, told.err
    report = told.lines[0]
    assert [one["species"] for one in report["species"]] == ["deer", "giraffe", "zebra"]
    zebra = report["species"][2]
    assert zebra["strict"]["queries"] + zebra["strict"]["skipped"] == 40
    assert zebra["strict"]["rank_1"] > 0.3  # by chance 0.05
    found = zebra["open_set"]
    enrolled = [found[name] for name in ("known_right", "known_wrong", "called_new", "enrolled_review")]
    unknown = [found[name] for name in ("false_match", "new_right", "unknown_review")]
    assert sum(one["value"] for one in enrolled) == pytest.approx(1.0)
    assert sum(one["value"] for one in unknown) == pytest.approx(1.0)
    assert all(0.0 <= one["low"] <= one["value"] <= one["high"] <= 1.0 for one in enrolled + unknown)
    assert report["routing"]["top_1"] > 0.8


def test_the_gallery_tells_what_is_in_it(trained: World):
    summary = command("gallery", "--gallery", trained.gallery, "--json").lines[0]
    assert (summary["individuals"], summary["photos"]) == (20, 80)
    assert summary["classes"] == ["deer", "empty", "giraffe", "zebra"]
    people = command("gallery", "individuals", "--gallery", trained.gallery, "--species", "zebra", "--json").lines
    assert [one["name"] for one in people] == [f"zebra-{number:03d}" for number in range(10)]
    photos = command("gallery", "photos", "--gallery", trained.gallery, "--individual", "zebra-000", "--json").lines
    assert [one["individual"] for one in photos] == ["zebra-000"] * 4
    assert "zebra" in command("gallery", "--gallery", trained.gallery).out


def test_training_again_embeds_the_enrolled_photos_anew(world: World):
    before = reid.gallery(world.gallery).species
    told = command(
        "train",
        world.first,
        "--gallery",
        world.gallery,
        "--stage",
        "embedding",
        "--species",
        "zebra",
        "--seed",
        5,
        *TRAIN,
    )
    assert told.code == 0, told.err
    after = reid.gallery(world.gallery).species
    old, new = ({one.summary.name: one.summary for one in found} for found in (before, after))
    assert new["zebra"].fingerprint != old["zebra"].fingerprint and new["zebra"].photos == 40
    assert new["deer"].fingerprint == old["deer"].fingerprint
    line = command(
        "query", next(iter(truth(world.second))), "--gallery", world.gallery, "--species", "zebra", "--json"
    ).lines[0]
    assert line["nets"]["embedding"] == new["zebra"].fingerprint


def test_training_is_refused_when_an_enrolled_photo_is_gone(world: World, tmp_path: Path):
    photos = tmp_path / "moved"
    shutil.copytree(world.first, photos)
    gallery = tmp_path / "other"
    assert command("enroll", photos, "--gallery", gallery).code == 0
    gone = next(path for path, row in truth(photos).items() if row["species"] == "deer")
    Path(gone).unlink()
    told = command("train", world.first, "--gallery", gallery, *TRAIN)
    assert told.code == 11 and "1 enrolled photos are not where they were" in told.err and Path(gone).name in told.err
    assert not any((gallery / "nets").glob("training/*"))


def test_a_photo_under_another_name_stays_where_it_was_and_is_told(world: World, tmp_path: Path):
    _, manifest = row_of(world.first, "zebra-004", tmp_path)
    told = command("enroll", manifest, "--gallery", world.gallery, "--species", "zebra", "--individual", "zebra-005")
    assert told.code == 1
    assert "already enrolled under 'zebra-004', not under 'zebra-005'" in told.err


def test_a_folder_that_is_no_gallery_is_a_clear_error_and_nothing_is_made(trained: World, tmp_path: Path):
    told = command("query", trained.second, "--gallery", tmp_path / "nothing")
    assert told.code == 5 and "no gallery at" in told.err
    assert not (tmp_path / "nothing").exists()


def test_a_gallery_of_a_newer_format_is_refused_and_left_alone(world: World):
    manifest = world.gallery / "gallery.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps(content | {"format": 99}), encoding="utf-8")
    told = command("enroll", world.first, "--gallery", world.gallery)
    assert told.code == 6 and "newer" in told.err
    assert json.loads(manifest.read_text(encoding="utf-8"))["format"] == 99


def test_a_damaged_net_is_told_and_nothing_changes(world: World):
    net = world.gallery / "nets" / f"{reid.gallery(world.gallery).species[0].summary.fingerprint}.safetensors"
    data = bytearray(net.read_bytes())
    data[-20] ^= 0xFF
    net.write_bytes(data)
    for exported in net.parent.glob(f"{net.stem}.*.onnx"):  # which is whole and would answer
        exported.unlink()
    told = command("query", world.second, "--gallery", world.gallery)
    assert told.code == 9 and "is damaged" in told.err
    assert told.out == ""


def test_the_sightings_of_a_query_are_kept_when_asked(world: World):
    assert command("query", world.second, "--gallery", world.gallery, "--record", "--json").code == 0
    with sqlite3.connect(world.gallery / "catalog.sqlite") as catalog:
        assert catalog.execute("SELECT count(*) FROM sighting").fetchone() == (len(truth(world.second)),)
    catalog.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "{first}", "--loss", "hinge"), "loss 'hinge' does not exist; choose from triplet"),
        (("train", "{first}", "--image-size", "100"), "multiples of 32"),
        (("train", "{first}", "--column", "split_x"), "no photo has a column 'split_x'"),
        (("train", "{first}", "--backbone", "vgg"), "backbone 'vgg' does not exist; choose from mobilenet_v2"),
        (("train", "{first}", "--device", "cuda:7"), "device 'cuda:7' does not exist"),
        (("query", "{second}", "--species", "unicorn"), "species 'unicorn' is not in the gallery"),
        (("query", "{second}", "--side", "top"), "'top' is no side"),
        (("enroll", "{flat}"), "none of the 1 photos names a species and an individual"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_a_usage_error_that_says_what_is_wanted(
    trained: World, tmp_path: Path, arguments: tuple[str, ...], message: str
):
    flat = tmp_path / "photo.jpg"
    shutil.copy(next(iter(truth(trained.second))), flat)
    places = {"{first}": trained.first, "{second}": trained.second, "{flat}": flat}
    told = command(*(places.get(argument, argument) for argument in arguments), "--gallery", trained.gallery)
    assert told.code == 2 and message in told.err


def test_a_collapsed_net_is_told_with_a_remedy_and_not_put_to_use(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("reid.actions.training.jobs.COLLAPSED_AT", -1.0)
    told = command(
        "train", world.first, "--gallery", tmp_path / "new", "--stage", "embedding", "--species", "deer", *TRAIN
    )
    assert told.code == 11 and "it has collapsed. Use a lower learning rate" in told.err
    assert reid.gallery(tmp_path / "new").species == ()


def test_help_answers_without_loading_torch_and_in_less_than_four_tenths_of_a_second(tmp_path: Path):
    program = (
        "import resource, sys, runpy; sys.argv = ['reid', '--help']\n"
        "try: runpy.run_module('reid', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'torchvision', 'faiss', 'numpy', 'PIL', 'rich', 'jinja2', 'sqlite3'} & set(sys.modules)\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(sorted(heavy), used.ru_utime + used.ru_stime, file=sys.stderr)\n"
    )
    done = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in range(3)
    ]
    assert "Usage:" in done[0].stdout and "seasons" in done[0].stdout
    assert {run.stderr.rsplit(" ", 1)[0] for run in done} == {"[]"}
    assert min(float(run.stderr.rsplit(" ", 1)[1]) for run in done) < 0.4


def trained_by_a_process(first: Path, gallery: Path, *more: str, before: str = "") -> tuple[int, str]:
    """Train a net in a process of its own; (exit status, fingerprint)."""
    options = ["train", str(first), "--stage", "embedding", "--species", "deer", *map(str, TRAIN), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{before}from reid.cli import run\nrun(sys.argv[1:])", *options, *more,
         "--gallery", str(gallery)],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(Path(reid.__file__).parents[1])},
    )
    return done.returncode, json.loads(done.stdout)["nets"][0]["fingerprint"] if done.stdout else ""


STOP_AFTER_ONE_EPOCH = (
    "import os\nfrom reid.training import trainer\nsave = trainer._Run.save\n"
    "def stop(run, path):\n    save(run, path)\n    os.kill(os.getpid(), 9)\n"
    "trainer._Run.save = stop\n"
)


def test_the_same_seed_gives_the_same_net_and_a_killed_training_resumes_to_it(trained: World, tmp_path: Path):
    """Real processes; one is killed after its first epoch."""
    assert trained_by_a_process(trained.first, tmp_path / "killed", before=STOP_AFTER_ONE_EPOCH) == (-9, "")
    assert len(list((tmp_path / "killed" / "nets" / "training").glob("*.ckpt"))) == 1
    code, whole = trained_by_a_process(trained.first, tmp_path / "whole")
    assert code == 0 and len(whole) == 16
    assert trained_by_a_process(trained.first, tmp_path / "again") == (0, whole)
    assert trained_by_a_process(trained.first, tmp_path / "killed", "--resume") == (0, whole)
