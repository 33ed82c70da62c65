"""The whole job on many drawn animals over two seasons: train and enroll the first, query the second, count against the truth.

    python scripts/benchmarks/drawn_animals.py FOLDER [--species zebra] [--individuals 200] [--new 40] [--minutes 10]

Of the individuals the last `--new` are met in season two only: a name told for one of them is a false match. Every individual
is met four times in season one and twice in season two, one photo each, with the box a detector would give. We want rank-1
of at least 0.97 and at most 0.02 of the new animals' photos told a wrong name.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

import reid
from reid import synthetic
from reid.evaluation.bootstrap import Herd
from reid.formats.readers.photo_lists import read_photos
from reid.records import Outcome
from reid.settings import QuerySettings, TrainSettings
from reid.terminal import Bars


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--species", default="zebra", choices=synthetic.SPECIES)
    parser.add_argument("--individuals", type=int, default=200)
    parser.add_argument("--new", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=77)
    given = parser.parse_args()
    enrolled = range(given.individuals - given.new)
    folders = []
    for season, (numbers, encounters) in enumerate(((enrolled, 4), (range(given.individuals), 2))):
        folder = given.folder / f"season-{season}"
        folders.append(folder)
        if not (folder / "manifest.csv").exists():
            photos = synthetic.draw_season(
                [given.species], numbers, season=season, encounters=encounters, photos_per_encounter=1, seed=given.seed
            )
            synthetic.write_photos(folder, photos)
    gallery = given.folder / "gallery"
    settings = TrainSettings(stages=("embedding",), minutes=given.minutes, loss="triplet+arcface", epochs=200)
    report = reid.train([folders[0]], gallery=gallery, settings=settings, progress=Bars())
    reid.enroll([folders[0]], gallery=gallery, progress=Bars())
    names = {synthetic.individual_name(given.species, number) for number in enrolled}
    truth = {str(photo.path): photo.individual for photo in read_photos([folders[1]]).photos}
    for what, rerank in (("by cosine alone", 0), ("as it is", QuerySettings().rerank)):
        answers = reid.query([folders[1]], gallery=gallery, settings=QuerySettings(species=given.species, rerank=rerank))
        returning = [one for one in answers.sightings if truth[one.photo] in names]
        new = [one for one in answers.sightings if truth[one.photo] not in names]
        herd = Herd([truth[one.photo] for one in returning])
        first = [float(bool(one.matches) and one.matches[0].individual == truth[one.photo]) for one in returning]
        figure = herd.mean(np.asarray(first))
        told = sum(one.decision.outcome == Outcome.KNOWN for one in new)
        outcomes = Counter(one.decision.outcome.value for one in returning)
        wrong = sum(
            one.decision.outcome == Outcome.KNOWN and one.decision.individual != truth[one.photo] for one in returning
        )
        looked = sum(one.matches[0].local is not None for one in returning if one.matches)
        print(
            f"{given.species}, {len(enrolled)} enrolled, {what} ({looked} photos looked at closer): "
            f"rank-1 {figure.value:.3f} ({figure.low:.3f}-{figure.high:.3f}), wanted 0.97; "
            f"returning {dict(outcomes)}, {wrong} of {len(returning)} told a wrong name; "
            f"new: {told} of {len(new)} told a name = {told / max(1, len(new)):.3f}, wanted at most 0.02, "
            f"{sum(one.decision.outcome == Outcome.NEW for one in new)} called new",
            flush=True,
        )
    print([(net.species, net.epochs, round(net.seconds), net.figures) for net in report.nets])


if __name__ == "__main__":
    main()
