"""What another replica changed since the common past: its photos, taken where only it changed them, reported where both did.

A photo is known by species, content and box, however often it was removed and enrolled again: the row that is there speaks
for it, else the one that was changed last.
"""

from __future__ import annotations

from collections import defaultdict

from reid.store.catalog.catalog import to_json
from reid.store.contents.individuals import FOLLOWED, MOVED
from reid.store.sync.photo_versions import (
    ATTRIBUTES,
    KnownPhoto,
    PhotoRow,
    PhotoVersions,
    attribute_of,
    speaks,
    without_net,
)
from reid.store.sync.replica import PLACE, LocalChange
from reid.store.sync.resolutions import Resolutions
from reid.store.sync.three_way import ThreeWay

_OPTIONS = {"captured_at": "date"}


class PhotoMerge:
    """The photos of a merge: planned, settled once it is known which individuals will be there, then written."""

    def __init__(self, both: ThreeWay) -> None:
        """Of the replicas of one merge; no photo may have been written by it yet."""
        self._both, self._resolve, self._versions = both, Resolutions(both), PhotoVersions(both)
        self.photos: dict[int, int] = {}
        """Their photo's id -> ours."""
        self.new_photos = 0
        self.moved: list[tuple[int, int]] = []
        """Our photo and whom it was with: a person moved it there, and no merge, though that one was merged into the same one."""
        self._known: list[KnownPhoto] = []
        self._new: list[tuple[PhotoRow, int, str]] = []
        self._places: dict[int, int | None] = {}
        """Our photo -> with whom it stands from now on; None = it is removed."""
        self._followers: set[int] = set()
        """Of those: photos that only their merge of individuals takes along."""
        self._alone: list[int] = []
        """Our photos that went with their individual and shall not come back with it."""
        self._homeless: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
        """Individual of ours that is not there -> (photo, species, by whom) that shall stand with it."""
        self._waiting: list[tuple[KnownPhoto, LocalChange, LocalChange | None, int]] = []
        """Photos that shall stand with such a one (the last number), what they and what we did to them."""

    # Planned.

    def plan(self) -> None:
        """Find what is new, and where each photo that both know is to stand."""
        both = self._both
        changed = both.other.ask(
            "SELECT DISTINCT sha256, box_key, species_id FROM photo WHERE seq > ? ORDER BY id", (both.past.their_seq,)
        )
        for sha256, box_key, their_species in changed:
            species_id, species = both.species[their_species]
            theirs = self._versions.theirs((sha256, box_key, their_species))
            ours = self._versions.ours((sha256, box_key, species_id))
            if ours:
                photo = KnownPhoto(species, theirs, ours)
                self.photos[photo.theirs.id] = photo.ours.id
                self._known.append(photo)
                self._plan_place(photo)
            elif any(row.added > both.past.their_seq and row.added not in both.theirs.echoes for row in theirs):
                self._new.append((speaks(theirs), species_id, species))  # else it was purged here

    def _plan_place(self, photo: KnownPhoto) -> None:
        both, versions = self._both, self._versions
        target = None if photo.theirs.stands_with is None else both.ours_of(photo.theirs.stands_with)
        if target == photo.ours.stands_with:
            if target is None and self._removed_alone(photo):
                self._alone.append(photo.ours.id)
            return
        theirs = versions.their_change(photo, PLACE, both.past.their_seq)
        number = photo.ours.id
        if theirs is None:
            if target is not None and photo.ours.stands_with is not None and both.stands(target) and self._followed(photo):
                self._places[number] = target
            return
        ours = versions.our_change(photo, PLACE, both.theirs.last_synchronised(theirs.seq))
        if ours:
            was = versions.our_version(photo, PLACE, both.theirs.last_agreed(theirs.seq))
            if was and was.stands_with == target:
                return  # where it was here when they last knew of it
            was = versions.their_version(photo, PLACE, both.ours.last_agreed(ours.seq))
            if was and self._ours_or_none(was.stands_with) == photo.ours.stands_with:
                ours = None  # another replica brought it from them
        if target is not None and not both.stands(target):
            self._waiting.append((photo, theirs, ours, target))
        elif ours is not None and not self._same_way(photo.ours.stands_with, target):
            self._report_place(photo, theirs, ours, target)
        else:
            self._places[number] = target

    def _ours_or_none(self, their_id: int | None) -> int | None:
        """Ours for one of theirs, None for None and for one that we do not have."""
        return None if their_id is None or self._both.individual_of(their_id) is None else self._both.ours_of(their_id)

    def _same_way(self, owner: int | None, target: int | None) -> bool:
        """Whether a photo comes to the same individual both ways: the one it stands with here is merged into that one now."""
        return owner in self._both.leaving and target is not None and self._both.planned(owner) == target

    def _removed_alone(self, photo: KnownPhoto) -> bool:
        """Whether they removed a photo otherwise that went with its individual here: it shall not come back with that one."""
        both = self._both
        gone_with = "SELECT 1 FROM individual WHERE id = ? AND removed_seq = ?"
        ours, theirs = ((row.values["individual_id"], row.values["removed_seq"]) for row in (photo.ours, photo.theirs))
        if not both.change.ask(gone_with, ours) or (both.other.ask(gone_with, theirs) and both.ours_of(theirs[0]) == ours[0]):
            return False
        return self._versions.their_change(photo, PLACE, both.past.their_seq) is not None

    def _followed(self, photo: KnownPhoto) -> bool:
        """Whether our photo followed a merge of individuals there when they brought us in, and is as we had it then."""
        theirs = self._both.theirs
        rows = [(row.id, row.added) for row in photo.their_rows]
        entry = theirs.merged_change("photo", rows, PLACE, self._both.past.their_seq)
        return bool(entry) and self._versions.our_change(photo, PLACE, theirs.last_synchronised(entry + 1)) is None

    def _report_place(self, photo: KnownPhoto, theirs: LocalChange, ours: LocalChange, target: int | None) -> None:
        both, number, their = self._both, photo.ours.id, photo.theirs.stands_with
        now, then = ("removed" if mine is None else both.called(mine) for mine in (photo.ours.stands_with, target))
        both.report(
            2, photo.species, f"individual of photo {number}", f"{now} ({both.ours.author(ours.seq)})",
            f"{then} ({both.theirs.author(theirs.seq)})", lambda: self._resolve.placed(number, their),
        )

    def moving(self) -> set[int]:
        """Our photos that will stand elsewhere, or nowhere."""
        return set(self._places)

    def follow(self, number: int, target: int) -> bool:
        """Whether a photo of ours goes along to `target`: it is with that individual there, and they knew where it was here.

        It had followed a merge of theirs when they brought us in; then it does so here, and this plans it.
        """
        both = self._both
        sha256, box_key, species_id = both.change.ask("SELECT sha256, box_key, species_id FROM photo WHERE id = ?", (number,))[0]
        their_species = next(theirs for theirs, (mine, _) in both.species.items() if mine == species_id)
        standing = self._versions.standing_theirs((sha256, box_key, their_species))
        if not standing or both.ours_of(standing[0].values["individual_id"]) != target:
            return False
        photo = KnownPhoto("", standing, self._versions.ours((sha256, box_key, species_id)))
        if self._versions.our_change(photo, PLACE, both.theirs.last_synchronised(both.theirs.until)) is not None:
            return False
        self._places[number] = target
        self._followers.add(number)
        return True

    # Settled, once it is known which individuals will be there.

    def settle(self) -> None:
        """New photos come in; those that wait for an individual get their place, or are without one, or are reported."""
        both = self._both
        for row, species_id, species in self._new:
            self._add(row, species_id, species)
        for photo, theirs, ours, with_whom in self._waiting:
            if not both.stands(with_whom):
                self._homeless[with_whom].append((photo.ours.id, photo.species, both.theirs.author(theirs.seq)))
            elif ours is None:  # it stays after all
                self._places[photo.ours.id] = with_whom
            else:
                self._report_place(photo, theirs, ours, with_whom)

    def _add(self, row: PhotoRow, species_id: int, species: str) -> None:
        both = self._both
        owner = both.ours_of(row.values["individual_id"])
        first, *more = self._way_of(row, owner)
        gone = row.stands_with is None
        homeless = not gone and not both.stands(owner)
        values = row.values | {
            "individual_id": first, "removed_seq": both.change.seq if gone or homeless else None, "species_id": species_id,
            "added_seq": both.change.seq, "seq": both.change.seq,
        }
        number = both.change.put(
            f"INSERT INTO photo ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", tuple(values.values())
        )
        self.photos[row.id] = number
        both.change.put_many(MOVED, ((mine, both.change.seq, number) for mine in more))
        if homeless:
            self._homeless[owner].append((number, species, both.theirs.author(row.seq)))
        self.new_photos += not (gone or homeless)

    def _way_of(self, row: PhotoRow, target: int) -> list[int]:
        """Whom a photo of theirs was with before it followed merges there, and over whom it came to `target`: all are ours.

        A photo goes the same way here, so that each of those merges can be split here, too.
        """
        both = self._both
        theirs: list[int] = [row.values["individual_id"]]
        while came := both.other.ask(
            "SELECT i.id FROM history h JOIN individual i ON i.id = json_extract(h.changed, '$.individual_id[0]')"
            " AND h.seq >= i.removed_seq AND i.merged_into = json_extract(h.changed, '$.individual_id[1]')"
            f" WHERE h.kind = 'photo' AND h.row = ? AND i.merged_into = ? AND {FOLLOWED} ORDER BY h.id DESC",
            (row.id, theirs[-1]),
        ):
            theirs.append(came[0][0])
        for number in reversed(theirs):
            mine = both.individual_of(number)
            way = [] if mine is None else both.way(mine)
            if target in way:
                return way[: way.index(target) + 1]
        return [target]

    # Written.

    def write(self) -> None:
        """Photos that both know go where they go, and get the attributes that only they altered."""
        both = self._both
        for number in self._alone:
            both.alter("photo", number, removed_seq=both.change.seq)
        for number in self._followers:
            both.alter("photo", number, individual_id=self._places[number])
        for photo in self._known:
            number, owner = photo.ours.id, photo.ours.values["individual_id"]
            reported = owner in both.refused and number in self._places and both.refused[owner] == self._places[number]
            if number in self._places and number not in self._followers and not reported:
                self._write_place(photo, self._places[number])
            for column in ATTRIBUTES:
                self._write_attribute(photo, column)
        for target, photos in self._homeless.items():
            self._report_homeless(target, photos)

    def _write_place(self, photo: KnownPhoto, target: int | None) -> None:
        number, owner = photo.ours.id, photo.ours.values["individual_id"]
        values: dict[str, int | None] = {}
        if target is not None and target != owner:
            values["individual_id"] = self._walked(number, owner, self._way_of(photo.theirs, target))
        if (target is None) != (photo.ours.values["removed_seq"] is not None):
            values["removed_seq"] = self._both.change.seq if target is None else None
        self._both.alter("photo", number, **values)

    def _walked(self, number: int, owner: int, way: list[int]) -> int:
        """Move a photo of ours all the way but for the last step, which is returned."""
        both = self._both
        if way[0] == owner:
            way = way[1:]
        elif way[0] == both.next(owner):  # a person moved it there before the two were merged
            self.moved.append((number, owner))
        both.change.put_many(MOVED, ((mine, both.change.seq, number) for mine in way[:-1]))
        return way[-1]

    def _write_attribute(self, photo: KnownPhoto, column: str) -> None:
        both, versions = self._both, self._versions
        columns = (column, "notes") if column == "side" else (column,)  # the notes say whether a net predicted the side
        now, then = (attribute_of(row, columns) for row in (photo.ours, photo.theirs))
        if now == then:
            return
        theirs = versions.their_change(photo, columns, both.past.their_seq)
        if theirs is None:
            return
        number, values = photo.ours.id, {column: photo.theirs.values[column]}
        ours = versions.our_change(photo, columns, both.theirs.last_synchronised(theirs.seq))
        if ours and now[0] != then[0]:
            was = versions.our_version(photo, columns, both.theirs.last_agreed(theirs.seq))
            if was and was.values[column] == then[0]:
                return  # as it was here when they last knew of it
            was = versions.their_version(photo, columns, both.ours.last_agreed(ours.seq))
            if was and was.values[column] == now[0]:
                ours = None  # another replica brought it from them
        if ours is None or (now[0] == then[0] and not then[1:]):  # they confirmed a side that a net predicted here
            if column == "side":
                values["notes"] = to_json(without_net(photo.ours) | dict(then[1:]))
            both.alter("photo", number, **values)
            return
        if now[0] == then[0]:
            return
        option = _OPTIONS.get(column, column)
        both.report(
            2, photo.species, f"{option} of photo {number}", f"{now[0]!r} ({both.ours.author(ours.seq)})",
            f"{then[0]!r} ({both.theirs.author(theirs.seq)})",
            lambda: self._resolve.corrected(number, option, values[column] or ""),
        )

    def _report_homeless(self, target: int, photos: list[tuple[int, str, str]]) -> None:
        """Photos that stand with an individual there who was removed here."""
        both = self._both
        removed = both.individual(target)["removed_seq"]
        numbers = [number for number, _, _ in photos]
        listed = ", ".join(map(str, numbers))
        both.report(
            3, photos[0][1], f"photo{'s' if len(photos) > 1 else ''} {listed} of individual #{target} {both.called(target)}",
            f"the individual was removed ({both.ours.author(removed)})", f"there ({photos[0][2]})",
            lambda: self._resolve.housed(target, numbers),
        )
