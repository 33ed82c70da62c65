"""What another gallery changed since the common past, row by row: taken where only it did, told where both did.

Who is who across the two: an individual by the mark of the journal entry that added it and its id there; a photo by its
species, content and box.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reid.errors import GalleryError
from reid.store.catalog import Catalog, Change
from reid.store.schema import KEPT

_FACTS = ("side", "captured_at", "camera", "encounter", "season")
_PHOTO = (
    "sha256", "box_key", "box", "path", "near_path", "captured_at", "encounter", "camera", "side", "season", "notes", "width",
    "height",
)
_UID = re.compile(r"([0-9a-f]+)-(\d+)")


@dataclass(frozen=True, slots=True)
class Conflict:
    """What both galleries changed, each in its own way; here it stays as it was here.

    ours, theirs: each side with the entry that made it so. do: the command that takes their side.
    """

    species: str
    what: str
    ours: str
    theirs: str
    do: str


@dataclass(slots=True)
class TheirRow:
    """One row of the other gallery: its values now, and (None = it is new) what changed of it since the common past."""

    id: int
    values: dict[str, Any]
    before: dict[str, Any] | None
    by: str

    def altered(self, column: str) -> bool:
        """Whether a value is another one than it was at the common past; a removal is one whenever it was made."""
        was, now = (self.before or {}).get(column, self.values[column]), self.values[column]
        return (was is None) != (now is None) if column == "removed_seq" else bool(was != now)


class Camps:
    """Two galleries inside one transaction of ours."""

    def __init__(self, change: Change, theirs: Catalog, name: str, seq: int, their_seq: int) -> None:
        """seq, their_seq: the common past, here and there. name: of the other gallery, for messages."""
        self.change, self.theirs, self.name, self.seq, self.their_seq = change, theirs, name, seq, their_seq
        self.conflicts: list[Conflict] = []
        self.people: dict[int, int] = {}
        """Their individual's id -> ours."""
        self.photos: dict[int, int] = {}
        self.refused: set[int] = set()
        """Our individuals of whom their merge or removal is not taken: their photos stay where they are here, too."""
        self.species: dict[int, tuple[int, str]] = {}
        self.new_individuals = self.new_photos = self.altered = 0

    def _person_of(self, their_id: int) -> int | None:
        """Our id of one of their individuals."""
        if their_id not in self.people:
            origin, mark = self.theirs.ask(
                "SELECT i.origin, j.mark FROM individual i JOIN journal j ON j.seq = i.added_seq WHERE i.id = ?", (their_id,)
            )[0]
            uid = origin or f"{mark}-{their_id}"
            found = self.change.ask("SELECT id FROM individual WHERE origin = ?", (uid,))
            if not found and (parts := _UID.fullmatch(uid)):
                found = self.change.ask(
                    "SELECT i.id FROM individual i JOIN journal j ON j.seq = i.added_seq WHERE j.mark = ? AND i.id = ?"
                    " AND i.origin IS NULL", (parts[1], int(parts[2])),
                )
            if not found:
                return None
            self.people[their_id] = int(found[0][0])
        return self.people[their_id]

    def changed(self, kind: str) -> list[TheirRow]:
        """Their rows that are new or altered since the common past, with the values that were altered, as they were."""
        columns = ("species_id", "added_seq", *(("name", "merged_into", "removed_seq") if kind == "individual" else (
            "individual_id", "removed_seq", *_PHOTO)))
        rows = self.theirs.ask(  # what is gone first: a photo may be there once only
            f"SELECT id, {', '.join(columns)}, seq FROM {kind} WHERE seq > ? ORDER BY removed_seq IS NULL, id", (self.their_seq,)
        )
        found = []
        for number, *values, seq in rows:
            facts = dict(zip(columns, values, strict=True))
            before: dict[str, Any] | None = None
            if facts["added_seq"] <= self.their_seq:
                before = self._since(self.theirs, kind, number, self.their_seq)
            found.append(TheirRow(number, facts, before, self._by(self.theirs, seq)))
        return found

    def _since(self, source: Catalog | Change, kind: str, number: int, seq: int) -> dict[str, Any]:
        """The values altered since a change, as they were at it."""
        first: dict[str, Any] = {}
        until = self.change.seq if source is self.change else 1 << 62  # what this merge altered is not ours
        for (changed,) in source.ask(
            "SELECT changed FROM history WHERE kind = ? AND row = ? AND seq > ? AND seq < ? ORDER BY id", (kind, number, seq, until)
        ):
            for column, pair in json.loads(changed).items():
                first.setdefault(column, pair[0])
        return first

    def _by(self, source: Catalog | Change, seq: int) -> str:
        found = source.ask("SELECT who, at FROM journal WHERE seq = ?", (seq,))
        return f"entry {seq}, {found[0][0]}, {found[0][1][:10]}" if found else "this merge"

    def tell(self, species: str, what: str, ours: str, theirs: str, do: str) -> None:
        """One more thing that both changed."""
        self.conflicts.append(Conflict(species, what, ours, theirs, do))

    # What they changed.

    def person(self, row: TheirRow) -> None:
        """A new individual comes in; one that both know gets their name if only they gave it one."""
        species_id, species = self.species[row.values["species_id"]]
        mine, name = self._person_of(row.id), row.values["name"]
        if mine is None:
            self._add_person(row, species_id, species)
            return
        if row.before is not None and not row.altered("name"):
            return
        here, seq = self.change.ask("SELECT name, seq FROM individual WHERE id = ?", (mine,))[0]
        if here == name:
            return
        taken = self.change.ask(
            "SELECT 1 FROM individual WHERE species_id = ? AND name = ? AND removed_seq IS NULL AND id <> ?",
            (species_id, name, mine),
        )
        if row.before is None or taken or "name" in self._since(self.change, "individual", mine, self.seq):
            self.tell(
                species, f"name of individual #{mine}", f"{here!r} ({self._by(self.change, seq)})", f"{name!r} ({row.by})",
                f"reid individuals rename '#{mine}' {shlex.quote(name)}",
            )
        else:
            self._alter("individual", mine, name=name)

    def _add_person(self, row: TheirRow, species_id: int, species: str) -> None:
        (mark,), origin = self.theirs.ask("SELECT mark FROM journal WHERE seq = ?", (row.values["added_seq"],))[0], None
        (origin,) = self.theirs.ask("SELECT origin FROM individual WHERE id = ?", (row.id,))[0]
        name, there = row.values["name"], row.values["removed_seq"] is None
        wanted, turn = name, 1
        while there and self.change.ask(
            "SELECT 1 FROM individual WHERE species_id = ? AND name = ? AND removed_seq IS NULL", (species_id, wanted)
        ):
            turn += 1
            wanted = f"{name} ({turn})"
        number = self.change.put(
            "INSERT INTO individual (species_id, name, added_seq, seq, removed_seq, origin) VALUES (?, ?, ?, ?, ?, ?)",
            (
                species_id, wanted, self.change.seq, self.change.seq, None if there else self.change.seq,
                origin or f"{mark}-{row.id}",
            ),
        )
        self.people[row.id] = number
        self.new_individuals += there
        if wanted != name:
            other, seq = self.change.ask(
                "SELECT id, seq FROM individual WHERE species_id = ? AND name = ? AND removed_seq IS NULL", (species_id, name)
            )[0]
            self.tell(
                species, f"both galleries have a {name!r}", f"#{other} {name!r} ({self._by(self.change, seq)})",
                f"#{number}, called {wanted!r} here ({row.by})",
                f"reid individuals merge {shlex.quote(wanted)} {shlex.quote(name)} --species {shlex.quote(species)}",
            )

    def photo(self, row: TheirRow) -> None:
        """A new photo comes in; of one that both know, each value that only they altered is taken."""
        species_id, species = self.species[row.values["species_id"]]
        values = row.values
        mine = self._photo_of(row, species_id)
        if mine is None:
            if row.before is None and not self._has_twin(row):
                self._add_photo(row, species_id, species)
            return
        owner, removed, seq, *facts = self.change.ask(
            "SELECT individual_id, removed_seq, seq, side, captured_at, camera, encounter, season FROM photo WHERE id = ?", (mine,)
        )[0]
        self.photos[row.id] = mine
        since = self._since(self.change, "photo", mine, self.seq)
        owner_there = self._owner(values["individual_id"])
        gone = values["removed_seq"] is not None
        here = {"individual_id": owner, "removed_seq": removed is not None, **dict(zip(_FACTS, facts, strict=True))}
        there = {"individual_id": owner_there, "removed_seq": gone, **{one: values[one] for one in _FACTS}}
        for column, value in there.items():
            if value == here[column] or (row.before is not None and not row.altered(column)):
                continue
            if column in ("individual_id", "removed_seq") and owner in self.refused:
                continue  # told with the individual
            fits = self._is_there(owner_there) if column == "individual_id" else not (
                column == "removed_seq" and not value and self._live(values, species_id)
            )
            if row.before is None or column in since or not fits:
                self._tell_photo(species, mine, column, (here[column], self._by(self.change, seq)), (value, row.by))
            elif column == "removed_seq":
                self._alter("photo", mine, removed_seq=self.change.seq if value else None)
            else:
                self._alter("photo", mine, **{column: value})

    def _photo_of(self, row: TheirRow, species_id: int) -> int | None:
        """Our row of one of their photos: the same row where both know it since the common past, else the same content.

        A row that is removed here was enrolled again there where that was known at the common past, or is so by this merge.
        """
        (mark,) = self.theirs.ask("SELECT mark FROM journal WHERE seq = ?", (row.values["added_seq"],))[0]
        same = self.change.ask(
            "SELECT p.id FROM photo p JOIN journal j ON j.seq = p.added_seq WHERE p.id = ? AND j.mark = ?", (row.id, mark)
        )
        if same:
            return int(same[0][0])
        if row.values["removed_seq"] is not None and self._has_twin(row):
            return None
        found = self.change.ask(
            "SELECT id, removed_seq FROM photo WHERE sha256 = ? AND box_key = ? AND species_id = ?"
            " ORDER BY removed_seq IS NULL DESC, id DESC LIMIT 1",
            (row.values["sha256"], row.values["box_key"], species_id),
        )
        if not found or (found[0][1] is not None and (found[0][1] <= self.seq or found[0][1] == self.change.seq)):
            return None
        return int(found[0][0])

    def _has_twin(self, row: TheirRow) -> bool:
        """Whether a removed photo of theirs is there under another row, which then speaks for it."""
        return row.values["removed_seq"] is not None and bool(self.theirs.ask(
            "SELECT 1 FROM photo WHERE sha256 = ? AND box_key = ? AND species_id = ? AND removed_seq IS NULL",
            (row.values["sha256"], row.values["box_key"], row.values["species_id"]),
        ))

    def _live(self, values: dict[str, Any], species_id: int) -> bool:
        """Whether a photo of this content is there."""
        return bool(self.change.ask(
            "SELECT 1 FROM photo WHERE sha256 = ? AND box_key = ? AND species_id = ? AND removed_seq IS NULL",
            (values["sha256"], values["box_key"], species_id),
        ))

    def refuse(self, people: list[TheirRow], photos: list[TheirRow]) -> None:
        """Find the merges and removals of theirs that cannot be taken, before anything of them is.

        We altered the same, or a photo of the individual would stay behind: one enrolled or moved to it here.
        """
        going = {self._photo_of(one, self.species[one.values["species_id"]][0]): one for one in photos}
        for row in people:
            mine = self._person_of(row.id)
            if mine is None or row.before is None or row.values["removed_seq"] is None or not row.altered("removed_seq"):
                continue
            ours = {number for (number,) in self.change.ask(
                "SELECT id FROM photo WHERE individual_id = ? AND removed_seq IS NULL", (mine,)
            )}
            leave = {number for number, one in going.items() if number is not None and (
                one.values["removed_seq"] is not None or one.values["individual_id"] != row.id
            )}
            if ours - leave or {"removed_seq", "merged_into"} & set(self._since(self.change, "individual", mine, self.seq)):
                self.refused.add(mine)

    def _add_photo(self, row: TheirRow, species_id: int, species: str) -> None:
        values, owner = row.values, self._owner(row.values["individual_id"])
        gone = values["removed_seq"] is not None
        if not gone and not self._is_there(owner):
            gone = True
            self.tell(
                species, f"a new photo of individual #{owner}", "the individual was removed here", f"{values['path']} ({row.by})",
                f"reid individuals restore '#{owner}', then reid photos restore with the photo's id",
            )
        columns = ("individual_id", "species_id", *_PHOTO, "added_seq", "seq", "removed_seq")
        number = self.change.put(
            f"INSERT INTO photo ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            (
                owner, species_id, *(values[one] for one in _PHOTO), self.change.seq, self.change.seq,
                self.change.seq if gone else None,
            ),
        )
        self.photos[row.id] = number
        self.new_photos += not gone

    def _owner(self, their_id: int) -> int:
        """Our individual for one of theirs, followed where it was merged into another one here."""
        mine = self._person_of(their_id)
        if mine is None:
            raise GalleryError(f"individual #{their_id} of {self.name} is in no entry since the common past: it is damaged")
        while into := self.change.ask("SELECT merged_into FROM individual WHERE id = ?", (mine,))[0][0]:
            mine = int(into)
        return mine

    def _is_there(self, mine: int) -> bool:
        return bool(self.change.ask("SELECT 1 FROM individual WHERE id = ? AND removed_seq IS NULL", (mine,)))

    def _tell_photo(self, species: str, mine: int, column: str, here: tuple[Any, str], there: tuple[Any, str]) -> None:
        names: Callable[[Any], str] = repr
        words = {"individual_id": "individual", "removed_seq": "removal", "captured_at": "date"}
        do = f"reid photos correct {mine} --{words.get(column, column)} {shlex.quote(str(there[0] or ''))}"
        if column == "individual_id":
            names = self._name
            do = f"reid photos move {mine} --to {shlex.quote(self._name(there[0])[1:-1])}"
        elif column == "removed_seq":
            names = {True: "removed", False: "there"}.__getitem__
            do = f"reid photos {'remove' if there[0] else 'restore'} {mine}"
        sides = [f"{names(value)} ({by})" for value, by in (here, there)]
        self.tell(species, f"{words.get(column, column)} of photo {mine}", sides[0], sides[1], do)

    def _name(self, mine: int) -> str:
        return repr(self.change.ask("SELECT name FROM individual WHERE id = ?", (mine,))[0][0])

    def status(self, row: TheirRow) -> None:
        """Removals, returns and merges of individuals, once their photos are where they belong."""
        mine, species = self.people.get(row.id) or self._owner(row.id), self.species[row.values["species_id"]][1]
        removed, into, seq = self.change.ask("SELECT removed_seq, merged_into, seq FROM individual WHERE id = ?", (mine,))[0]
        gone = row.values["removed_seq"] is not None
        target = self._person_of(row.values["merged_into"]) if row.values["merged_into"] else None
        if (removed is not None, into) == (gone, target):
            return
        fresh = row.before is None and removed is not None and gone  # came in by this merge, without whom it was merged into
        if not fresh and row.before is not None and not (row.altered("removed_seq") or row.altered("merged_into")):
            return
        since = self._since(self.change, "individual", mine, self.seq)
        held = self.change.ask("SELECT 1 FROM photo WHERE individual_id = ? AND removed_seq IS NULL", (mine,))
        clash = not gone and self.change.ask(
            "SELECT 1 FROM individual o JOIN individual i ON i.species_id = o.species_id AND i.name = o.name AND o.id <> i.id"
            " WHERE i.id = ? AND o.removed_seq IS NULL", (mine,))
        if not fresh and (row.before is None or {"removed_seq", "merged_into"} & set(since) or (gone and held) or clash):
            said = f"merged into {self._name(target)}" if target else "removed" if gone else "there"
            here = f"merged into {self._name(into)}" if into else "removed" if removed is not None else "there"
            verb = f"merge '#{mine}' '#{target}'" if target else f"{'remove' if gone else 'restore'} '#{mine}'"
            self.tell(
                species, f"individual #{mine} {self._name(mine)}", f"{here} ({self._by(self.change, seq)})", f"{said} ({row.by})",
                f"reid individuals {verb}",
            )
            return
        self._alter("individual", mine, removed_seq=self.change.seq if gone else None, merged_into=target)

    def _alter(self, kind: str, number: int, **values: Any) -> None:
        assert set(values) <= set(KEPT[kind])
        assigned = ", ".join(f"{column} = ?" for column in values)
        self.change.put(f"UPDATE {kind} SET {assigned}, seq = ? WHERE id = ?", (*values.values(), self.change.seq, number))
        self.altered += len(values)
