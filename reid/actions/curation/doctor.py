"""`reid doctor`: is the gallery whole, and what may people have got wrong? It points, a person decides."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from reid import settings as options
from reid.actions.curation.drift import drift_of
from reid.actions.curation.results import DoctorReport, Finding
from reid.errors import NetError, UsageError
from reid.evaluation.label_audit import MOST_AUDITED, AuditedPhoto, Suspect, suspects
from reid.nets import net_check
from reid.progress import SILENT, Progress
from reid.settings import FASTEST
from reid.steps.cannot_link import place_in
from reid.store import EnrolledPhoto
from reid.store.contract import GalleryStore
from reid.store.opening import open_local_gallery


def doctor(
    *,
    gallery: Path | None = None,
    species: str = "",
    files: bool = False,
    kilometres_an_hour: float = FASTEST,
    fix: bool = False,
    progress: Progress = SILENT,
) -> DoctorReport:
    """Examine a gallery: its catalogue, nets, index and files, and what people may have got wrong.

    The truth is never repaired, only reported. What may be wrong with identities comes from embeddings (photos that fit their
    individual worst, individuals that look like two, pairs that look like one, one picture twice) and from what is known of the
    photos (two animals of one frame under one name, sides that contradict, an animal too fast between two places; places are
    read from the columns `latitude` and `longitude` of the manifest).

    Args:
        gallery: its folder; None = REID_GALLERY or indexes/default.
        species: what may be wrong with this one only; "" = all.
        files: read every photo's file too, to see whether it is still the one that was enrolled.
        kilometres_an_hour: no animal travels faster.
        fix: throw away what is derived and damaged, so that it is made again. Nothing else is ever changed.
        progress: called for every species.

    Raises:
        UsageError: no such species. GalleryError: no gallery there, or its catalogue cannot be opened at all.
    """
    with open_local_gallery(options.gallery_folder(gallery)) as opened:
        findings = [
            Finding("derived", one.what, "", one.reason, do="reid doctor --fix") if one.derived
            else Finding("broken", one.what, "", one.reason)
            for one in opened.checkup.damage()
        ]
        if species and species not in (there := [one.name for one in opened.species()]):
            raise UsageError(f"species {species!r} is not in the gallery; there are {there or 'none'}")
        findings += _nets(opened)
        notes: list[str] = []
        fixed = sum(one.level == "derived" for one in findings)
        if fix and fixed:
            opened.check_writable("fix")
            opened.checkup.clear()
        trusted = not any((one.level, one.kind) == ("broken", "catalogue") for one in findings)
        findings += [*_clocks(opened), *_foreign(opened.checkup.foreign())] if trusted else ()
        photos = opened.photos(species or None) if trusted else ()
        progress.start("examining", len(photos))
        findings += _missing(opened, photos, files, progress)
        for name in sorted({one.species for one in photos}):
            own = [one for one in photos if one.species == name]
            if len(own) > MOST_AUDITED:
                notes.append(f"{name}: {MOST_AUDITED} of {len(own)} photos were compared with each other")
            findings += _doubts(opened, name, own, kilometres_an_hour)
        progress.finish()
        return DoctorReport(opened.folder, tuple(findings), fixed if fix else 0, len(photos), tuple(notes))


def _clocks(gallery: GalleryStore) -> Iterator[Finding]:
    """Entries of the journal that are dated before the one they follow, or in the future."""
    for text in gallery.history.clocks():
        yield Finding("look", "clock", "", f"{text}; --as-of and --before use the order of the entries")


def _foreign(paths: Sequence[Path]) -> Iterator[Finding]:
    """What lies in the cache and was not made by reid."""
    for path in paths:
        yield Finding("look", "foreign file", "", f"{path} was not made by reid, and is left: the cache is no place for it")


def _nets(gallery: GalleryStore) -> Iterator[Finding]:
    """Are the nets in use there and whole?"""
    used = {one.fingerprint: one.name for one in gallery.species() if one.fingerprint}
    used |= {fingerprint: "" for fingerprint in (gallery.species_net(), gallery.sides.net()) if fingerprint}
    for fingerprint, species in used.items():
        try:
            card = net_check.check(gallery.nets.path(fingerprint))
        except NetError as error:
            yield Finding("broken", "net", species, str(error))
            continue
        if card.fingerprint != fingerprint:
            yield Finding("broken", "net", species, f"net {fingerprint} holds net {card.fingerprint}: take it from a backup")


def _changed(path: Path, sha256: str) -> str:
    """Why a file is not the photo that was enrolled; "" where it is."""
    try:
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if same else "is no longer the photo that was enrolled"


def _missing(gallery: GalleryStore, photos: tuple[EnrolledPhoto, ...], files: bool, progress: Progress) -> Iterator[Finding]:
    for done, one in enumerate(photos, start=1):
        path = gallery.locate(one)
        who = ((one.individual,), (one.id,))
        if path is None:
            yield Finding("missing", "file", one.species, f"the file of photo {one.id} is not at {one.path}", *who)
        elif files and (fault := _changed(path, one.sha256)):
            yield Finding("missing", "file", one.species, f"{path}, photo {one.id}, {fault}", *who)
        progress.advance(done)
    for name in sorted({one.species for one in photos}):
        for one in gallery.embeddings.missing(name):
            yield Finding(
                "look", "not searched", name, f"photo {one.id} has no embedding of the net in use: no search finds it",
                (one.individual,), (one.id,), do=f"reid upgrade --net {gallery.embedding_net(name)}",
            )


def _doubts(gallery: GalleryStore, species: str, photos: list[EnrolledPhoto], fastest: float) -> Iterator[Finding]:
    ids, vectors = gallery.vectors(species)
    row = {int(number): at for at, number in enumerate(ids)}
    known = [one for one in photos if one.id in row]
    shown = [
        AuditedPhoto(one.id, one.individual, one.sha256, one.box, one.side, one.captured_at, one.camera, place_in(one.notes))
        for one in known
    ]
    for one in suspects(shown, vectors[[row[photo.id] for photo in known]], kilometres_an_hour=fastest):
        yield Finding("look", one.kind, species, one.reason, one.individuals, one.photos, one.score, _command(species, one))
    for changed in drift_of(gallery, species, known):
        doubt = 1 - changed.probability
        yield Finding("look", "drift", species, changed.reason, (changed.individual,), changed.photos, doubt)


def _command(species: str, one: Suspect) -> str:
    """The command that would act on a doubt, if the person agrees."""
    names = [shlex.quote(name) for name in one.individuals]
    ids = [str(photo) for photo in one.photos]
    of = f" --species {shlex.quote(species)}"
    if one.kind == "perhaps one":
        return f"reid individuals merge {names[1]} {names[0]}{of}"
    if one.kind == "perhaps two":
        return f"reid individuals split {names[0]} NEW --photos {','.join(ids)}{of}"
    if one.kind == "fits worst":
        return f"reid photos move {ids[0]} --to {names[1]}"
    return f"reid photos remove {ids[-1]}" if one.kind == "duplicate" else ""
