"""The account's tags and who has them.

Documented (page on tags): 100 tags, 20 of a follower, 50 openids a call, names up to 30 bytes, ids
from 100 as 0 to 2 are the platform's, and the errcodes. From memory: `tags/get` counts members.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import RLock
from typing import Any, Final

from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.shelf import Shelf

MOST_TAGS: Final = 100
MOST_OF_ONE: Final = 20
MOST_OPENIDS: Final = 50
MOST_NAME_BYTES: Final = 30
FIRST_ID: Final = 100
MOST_LISTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and the openids that have it, the first tagged first."""

    id: int
    name: str
    members: tuple[str, ...] = ()


class TagDesk:
    """Keeps tags; safe to use from several threads."""

    def __init__(self, folder: Path, follows: Callable[[str], bool]) -> None:
        self._lock = RLock()
        self._follows = follows
        self._shelf: Shelf[Tag] = Shelf(folder, _tag)
        self._last_id = max((tag.id for tag in self._shelf.all()), default=FIRST_ID - 1)

    def create(self, name: str) -> Tag:
        """Make a tag, or refuse with an `ApiError`."""
        with self._lock:
            if len(self._shelf.all()) >= MOST_TAGS:
                raise ApiError(45056, "too many tag now, can not add new")
            self._check_name(name, but=None)
            self._last_id += 1
            tag = Tag(self._last_id, name)
            self._shelf.put(str(tag.id), tag)
            return tag

    def rename(self, tag_id: int, name: str) -> None:
        """Give a tag another name, or refuse with an `ApiError`."""
        with self._lock:
            tag = self.get(tag_id, may_be_own=True)
            self._check_name(name, but=tag_id)
            self._shelf.put(str(tag_id), replace(tag, name=name))

    def delete(self, tag_id: int) -> None:
        """Delete a tag, also from those who have it, or refuse with an `ApiError`."""
        with self._lock:
            self.get(tag_id, may_be_own=True)
            self._shelf.take(str(tag_id))

    def _check_name(self, name: str, *, but: int | None) -> None:
        if not name or len(name.encode()) > MOST_NAME_BYTES:
            raise ApiError(45158, "invalid tag name size: 1 to 30 bytes")
        if any(tag.name == name and tag.id != but for tag in self._shelf.all()):
            raise ApiError(45157, "invalid tag name: it is there already")

    def get(self, tag_id: int, *, may_be_own: bool = False) -> Tag:
        """Return a tag.

        Raises:
            ApiError: 45159 no such tag; 45058 one of the platform's own, when it may be one.
        """
        with self._lock:
            if may_be_own and 0 <= tag_id < FIRST_ID:
                raise ApiError(45058, "can't modify sys tag")
            tag = self._shelf.get(str(tag_id))
            if tag is None:
                raise ApiError(45159, "invalid tag id")
            return tag

    def all(self) -> list[Tag]:
        """Return all tags, the oldest first."""
        with self._lock:
            return self._shelf.all()

    def of(self, openid: str) -> list[int]:
        """Return the ids of a follower's tags."""
        return [tag.id for tag in self.all() if openid in tag.members]

    def members(self, tag_id: int) -> list[str]:
        """Return the openids of followers who have a tag; who left has lost it."""
        return [openid for openid in self.get(tag_id).members if self._follows(openid)]

    def put_on(self, tag_id: int, openids: Sequence[str]) -> None:
        """Tag followers, all of them or none; refuse with an `ApiError`."""
        with self._lock:
            tag = self.get(tag_id)
            self._check(openids)
            others = [set(each.members) for each in self.all() if each.id != tag_id]
            if any(sum(openid in each for each in others) >= MOST_OF_ONE for openid in openids):
                raise ApiError(45059, "has too many tags: a follower has 20 at most")
            members = tuple(dict.fromkeys((*tag.members, *openids)))
            self._shelf.put(str(tag_id), replace(tag, members=members))

    def take_off(self, tag_id: int, openids: Sequence[str]) -> None:
        """Take a tag off followers; refuse with an `ApiError`."""
        with self._lock:
            tag = self.get(tag_id)
            self._check(openids)
            gone = set(openids)
            left = tuple(openid for openid in tag.members if openid not in gone)
            self._shelf.put(str(tag_id), replace(tag, members=left))

    def _check(self, openids: Sequence[str]) -> None:
        if not 1 <= len(openids) <= MOST_OPENIDS:
            raise ApiError(40032, "invalid openid list size: 1 to 50")
        if not all(map(self._follows, openids)):
            raise ApiError(49003, "not match openid with appid")

    def clear(self) -> None:
        """Delete all tags; their ids are not given again."""
        with self._lock:
            self._shelf.clear()


def _tag(saved: dict[str, Any]) -> Tag:
    return Tag(**{**saved, "members": tuple(saved["members"])})
