"""What another gallery changed since the common past: its photos, taken where only it changed them, told where both did.

A photo is known by species, content and box, however often it was removed and enrolled again: the row that is there speaks
for it, else the one that was changed last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from reid.store.catalog.catalog import Catalog, Change, to_json
from reid.store.contents.individuals import FOLLOWED, MOVED
from reid.store.sync.conflict_commands import Command, correct_photo, move_photo, remove_photo, restore_photo
from reid.store.sync.merge_individuals import Individuals
from reid.store.sync.photo_versions import KnownPhoto, PhotoRow, speaks, told_by, without_net
from reid.store.sync.replica import PLACE, News
from reid.store.sync.three_way import Past

_FACTS = ("side", "captured_at", "camera", "encounter", "season")
_CONTENT = ("sha256", "box_key", "box", "path", "near_path", "notes", "width", "height")
_VALUES = (*PLACE, *_FACTS, *_CONTENT)
_OPTIONS = {"captured_at": "date"}

Key = tuple[str, str, int]
"""Content, box and species of ours."""


class Photos(Individuals):
    """Two galleries inside one transaction of ours: their photos."""

    def __init__(self, change: Change, theirs: Catalog, name: str, past: Past) -> None:
        """name: of the other gallery, for messages."""
        super().__init__(change, theirs, name, past)
        self.photos: dict[int, int] = {}
        """Their photo's id -> ours."""
        self.new_photos = 0
        self.moved: list[tuple[int, int]] = []
        """Our photo and whom it was with: a person moved it there, and no merge, though that one was merged into the same one."""
        self._known: list[KnownPhoto] = []
        self._gone_here: dict[Key, list[int]] = {}
        self._new: list[tuple[PhotoRow, int, str]] = []
        self._places: dict[int, int | None] = {}
        """Our photo -> with whom it stands from now on; None = it is removed."""
        self._followers: set[int] = set()
        """Of those: photos that only their merge of individuals takes along."""
        self._alone: list[int] = []
        self._homeless: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
        """Individual of ours that is not there -> (photo, species, by whom) that shall stand with it."""
        self._waiting: list[tuple[KnownPhoto, News, News | None, int]] = []
        """Photos that shall stand with such a one (the last number), what they and what we did to them."""

    # Planned.

    def plan_photos(self) -> None:
        """Find what is new, and where each photo that both know is to stand."""
        self._gone_here, gone_there = self._removed(self.change), self._removed(self.theirs)
        changed = self.theirs.ask(
            "SELECT DISTINCT sha256, box_key, species_id FROM photo WHERE seq > ? ORDER BY id", (self.past.their_seq,)
        )
        for sha256, box_key, their_species in changed:
            species_id, species = self.species[their_species]
            theirs = self._rows_of(self.theirs, (sha256, box_key, their_species), gone_there)
            ours = self._rows_of(self.change, (sha256, box_key, species_id), self._gone_here)
            if ours:
                known = KnownPhoto(species, theirs, ours)
                self.photos[known.there.id] = known.here.id
                self._known.append(known)
                self._plan_place(known)
            elif any(one.added > self.past.their_seq and one.added not in self.there.echoes for one in theirs):
                self._new.append((speaks(theirs), species_id, species))  # else it was purged here

    def _removed(self, source: Catalog | Change) -> dict[Key, list[int]]:
        """Removed photos by what they are known by: there is no index of them, and they are few."""
        found: dict[Key, list[int]] = defaultdict(list)
        for number, *key in source.ask("SELECT id, sha256, box_key, species_id FROM photo WHERE removed_seq IS NOT NULL"):
            found[tuple(key)].append(number)
        return found

    def _rows_of(self, source: Catalog | Change, key: Key, removed: dict[Key, list[int]]) -> list[PhotoRow]:
        columns = f"id, added_seq, seq, {', '.join(_VALUES)}"
        rows = source.ask(
            f"SELECT {columns} FROM photo WHERE sha256 = ? AND box_key = ? AND species_id = ? AND removed_seq IS NULL", key
        )
        for number in removed.get(key, ()):
            rows += source.ask(f"SELECT {columns} FROM photo WHERE id = ?", (number,))
        return [PhotoRow(number, added, seq, dict(zip(_VALUES, values, strict=True))) for number, added, seq, *values in rows]

    def _news(self, photo: KnownPhoto, columns: tuple[str, ...], there: bool, after: int) -> News | None:
        camp, rows, now = (self.there, photo.theirs, photo.there) if there else (self.here, photo.ours, photo.here)
        found = camp.news("photo", [(one.id, one.added) for one in rows], columns, after)
        if found and found.before is not None and columns == PLACE:
            then = [replace(now, values=now.values | was) for was in found.before]
            return found if any(one.stands_with != now.stands_with for one in then) else None
        return found if found and found.altered(now.values) else None

    def _plan_place(self, photo: KnownPhoto) -> None:
        target = None if photo.there.stands_with is None else self.ours_of(photo.there.stands_with)
        if target == photo.here.stands_with:
            if target is None and self._removed_alone(photo):
                self._alone.append(photo.here.id)
            return
        own = self._news(photo, PLACE, True, self.past.their_seq)
        number = photo.here.id
        if own is None:
            if target is not None and photo.here.stands_with is not None and self.stands(target) and self._followed(photo):
                self._places[number] = target
            return
        ours = self._news(photo, PLACE, False, self.there.heard(own.seq))
        if ours and (was := self._photo_was(photo, PLACE, False, self.there.agreed(own.seq))) and was.stands_with == target:
            return  # where it was here when they last knew of it
        was = self._photo_was(photo, PLACE, True, self.here.agreed(ours.seq)) if ours else None
        if was and self._from(was.stands_with) == photo.here.stands_with:
            ours = None  # another camp brought it from them
        if target is not None and not self.stands(target):
            self._waiting.append((photo, own, ours, target))
        elif ours is not None and not self._same_way(photo.here.stands_with, target):
            self._tell_place(photo, own, ours, target)
        else:
            self._places[number] = target

    def _photo_was(self, photo: KnownPhoto, columns: tuple[str, ...], there: bool, after: int) -> PhotoRow | None:
        """The row that speaks for a photo, there or here, as it was after an entry that the other knew; None = it knew none."""
        if after <= self.past.start:
            return None
        camp, rows, now = (self.there, photo.theirs, photo.there) if there else (self.here, photo.ours, photo.here)
        since = camp.news("photo", [(one.id, one.added) for one in rows], columns, after, echoes=True)
        values = now.values if since is None else since.start(now.values)
        return None if values is None else replace(now, values=values)

    def _from(self, their_id: int | None) -> int | None:
        """Ours for one of theirs, None for None and for whom we do not have."""
        return None if their_id is None or self.individual_of(their_id) is None else self.ours_of(their_id)

    def _same_way(self, owner: int | None, target: int | None) -> bool:
        """Whether a photo comes to the same individual both ways: whom it stands with here is merged into that one now."""
        return owner in self.going and target is not None and self.planned(owner) == target

    def _removed_alone(self, photo: KnownPhoto) -> bool:
        """Whether they removed a photo otherwise that went with its individual here: it shall not come back with that one."""
        gone_with = "SELECT 1 FROM individual WHERE id = ? AND removed_seq = ?"
        here, there = ((one.values["individual_id"], one.values["removed_seq"]) for one in (photo.here, photo.there))
        if not self.change.ask(gone_with, here) or (self.theirs.ask(gone_with, there) and self.ours_of(there[0]) == here[0]):
            return False
        return self._news(photo, PLACE, True, self.past.their_seq) is not None

    def _followed(self, photo: KnownPhoto) -> bool:
        """Whether our photo followed a merge of individuals there when they brought us in, and is as we had it then."""
        merge = self.there.answer("photo", [(one.id, one.added) for one in photo.theirs], PLACE, self.past.their_seq)
        return bool(merge) and self._news(photo, PLACE, False, self.there.heard(merge + 1)) is None

    def _tell_place(self, photo: KnownPhoto, own: News, ours: News, target: int | None) -> None:
        number, their = photo.here.id, photo.there.stands_with

        def do() -> Iterator[Command]:
            if their is not None:
                yield from self._stand(number, self.ours_of(their))
            elif there := self._row_there(number)[0]:
                yield remove_photo(there)

        here, there = ("removed" if one is None else self.called(one) for one in (photo.here.stands_with, target))
        self.tell(
            2, photo.species, f"individual of photo {number}", f"{here} ({self.here.by(ours.seq)})",
            f"{there} ({self.there.by(own.seq)})", do,
        )

    def _stand(self, number: int, target: int) -> Iterator[Command]:
        """The commands that let a photo stand with an individual that is there, or was merged into one who is."""
        target = self.final(target)
        there, owner = self._row_there(number)
        if not there:
            (was,) = self.change.ask("SELECT individual_id FROM photo WHERE id = ?", (number,))[0]
            yield restore_photo(number, target if was != target else None)
        elif owner != target:
            yield move_photo(there, target)

    def _row_there(self, number: int) -> tuple[int, int]:
        """The row that stands for a photo's content by now, itself or one of another enrollment, and with whom; 0 = none."""
        found = self.change.ask(
            "SELECT o.id, o.individual_id FROM photo p JOIN photo o ON o.sha256 = p.sha256 AND o.box_key = p.box_key"
            " AND o.species_id = p.species_id AND o.removed_seq IS NULL WHERE p.id = ?", (number,)
        )
        return found[0] if found else (0, 0)

    def leaving(self) -> set[int]:
        """Our photos that will stand elsewhere, or nowhere."""
        return set(self._places)

    def follows(self, number: int, target: int) -> bool:
        """Whether a photo of ours is with an individual there who is our `target`, and they knew where it was here.

        It had followed a merge of theirs when they brought us in; then it does so here.
        """
        sha256, box_key, species_id = self.change.ask("SELECT sha256, box_key, species_id FROM photo WHERE id = ?", (number,))[0]
        their_species = next(there for there, (mine, _) in self.species.items() if mine == species_id)
        theirs = self._rows_of(self.theirs, (sha256, box_key, their_species), {})
        if not theirs or self.ours_of(theirs[0].values["individual_id"]) != target:
            return False
        ours = self._rows_of(self.change, (sha256, box_key, species_id), self._gone_here)
        known = KnownPhoto("", theirs, ours)
        if self._news(known, PLACE, False, self.there.heard(self.there.until)) is not None:
            return False
        self._places[number] = target
        self._followers.add(number)
        return True

    # Written.

    def place(self) -> None:
        """New photos come in, photos that both know go where they go, and get the facts that only they altered."""
        for row, species_id, species in self._new:
            self._add(row, species_id, species)
        for known, own, ours, with_whom in self._waiting:
            if not self.stands(with_whom):
                self._homeless[with_whom].append((known.here.id, known.species, self.there.by(own.seq)))
            elif ours is None:  # it stays after all
                self._places[known.here.id] = with_whom
            else:
                self._tell_place(known, own, ours, with_whom)
        for number in self._alone:
            self.alter("photo", number, removed_seq=self.change.seq)
        for number in self._followers:
            self.alter("photo", number, individual_id=self._places[number])
        for photo in self._known:
            number, owner = photo.here.id, photo.here.values["individual_id"]
            told = owner in self.refused and number in self._places and self.refused[owner] == self._places[number]
            if number in self._places and number not in self._followers and not told:
                target = self._places[number]
                values: dict[str, int | None] = {}
                if target is not None and target != owner:
                    values["individual_id"] = self._walked(number, owner, self._way_of(photo.there, target))
                if (target is None) != (photo.here.values["removed_seq"] is not None):
                    values["removed_seq"] = self.change.seq if target is None else None
                self.alter("photo", number, **values)
            for column in _FACTS:
                self._fact(photo, column)
        for target, photos in self._homeless.items():
            self._tell_homeless(target, photos)

    def _add(self, row: PhotoRow, species_id: int, species: str) -> None:
        owner = self.ours_of(row.values["individual_id"])
        first, *more = self._way_of(row, owner)
        gone = row.stands_with is None
        homeless = not gone and not self.stands(owner)
        values = row.values | {
            "individual_id": first, "removed_seq": self.change.seq if gone or homeless else None, "species_id": species_id,
            "added_seq": self.change.seq, "seq": self.change.seq,
        }
        number = self.change.put(
            f"INSERT INTO photo ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", tuple(values.values())
        )
        self.photos[row.id] = number
        self.change.put_many(MOVED, ((one, self.change.seq, number) for one in more))
        if homeless:
            self._homeless[owner].append((number, species, self.there.by(row.seq)))
        self.new_photos += not (gone or homeless)

    def _way_of(self, row: PhotoRow, target: int) -> list[int]:
        """Whom a photo of theirs was with before it followed merges there, and over whom it came to `target`: all are ours.

        A photo goes the same way here, so that each of those merges can be split here, too.
        """
        theirs: list[int] = [row.values["individual_id"]]
        while came := self.theirs.ask(
            "SELECT i.id FROM history h JOIN individual i ON i.id = json_extract(h.changed, '$.individual_id[0]')"
            " AND h.seq >= i.removed_seq AND i.merged_into = json_extract(h.changed, '$.individual_id[1]')"
            f" WHERE h.kind = 'photo' AND h.row = ? AND i.merged_into = ? AND {FOLLOWED} ORDER BY h.id DESC",
            (row.id, theirs[-1]),
        ):
            theirs.append(came[0][0])
        for number in reversed(theirs):
            mine = self.individual_of(number)
            way = [] if mine is None else self.way(mine)
            if target in way:
                return way[: way.index(target) + 1]
        return [target]

    def _walked(self, number: int, owner: int, way: list[int]) -> int:
        """Move a photo of ours all the way but for the last step, which is told."""
        if way[0] == owner:
            way = way[1:]
        elif way[0] == self.next(owner):  # a person moved it there before the two were merged
            self.moved.append((number, owner))
        self.change.put_many(MOVED, ((one, self.change.seq, number) for one in way[:-1]))
        return way[-1]

    def _fact(self, photo: KnownPhoto, column: str) -> None:
        columns = (column, "notes") if column == "side" else (column,)  # the notes say whether a net told the side
        here, there = (told_by(one, columns) for one in (photo.here, photo.there))
        if here == there:
            return
        own = self._news(photo, columns, True, self.past.their_seq)
        if own is None:
            return
        number, values = photo.here.id, {column: photo.there.values[column]}
        ours = self._news(photo, columns, False, self.there.heard(own.seq))
        if ours and here[0] != there[0]:
            was = self._photo_was(photo, columns, False, self.there.agreed(own.seq))
            if was and was.values[column] == there[0]:
                return  # as it was here when they last knew of it
            was = self._photo_was(photo, columns, True, self.here.agreed(ours.seq))
            if was and was.values[column] == here[0]:
                ours = None  # another camp brought it from them
        if ours is None or (here[0] == there[0] and not there[1:]):  # they confirmed a side that a net told here
            if column == "side":
                values["notes"] = to_json(without_net(photo.here) | dict(there[1:]))
            self.alter("photo", number, **values)
            return
        if here[0] == there[0]:
            return
        option = _OPTIONS.get(column, column)

        def do() -> Iterator[Command]:
            if now := self._row_there(number)[0]:
                yield correct_photo(now, option, values[column] or "")

        self.tell(
            2, photo.species, f"{option} of photo {number}", f"{here[0]!r} ({self.here.by(ours.seq)})",
            f"{there[0]!r} ({self.there.by(own.seq)})", do,
        )

    def _tell_homeless(self, target: int, photos: list[tuple[int, str, str]]) -> None:
        """Photos that stand with an individual there who was removed here."""
        one = self.one(target)
        numbers = ", ".join(str(number) for number, _, _ in photos)

        def do() -> Iterator[Command]:
            yield from self.back(self.final(target))
            for number, _, _ in photos:
                yield from self._stand(number, target)

        self.tell(
            3, photos[0][1], f"photo{'s' if len(photos) > 1 else ''} {numbers} of individual #{target} {self.called(target)}",
            f"the individual was removed ({self.here.by(one['removed_seq'])})", f"there ({photos[0][2]})", do,
        )
