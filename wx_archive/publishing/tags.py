"""Keeping a topic's tag at WeChat at exactly those followers who chose the topic.

`tag_member` remembers whom WeChat has under the tag; each batch is written there after WeChat took
it, so that a sync that was killed goes on where it stood (tagging twice is the same as once).
Nothing is sent to the network while a transaction is open.

Source: docs/sources.md#publishing.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, and_, delete, func, literal, or_, select
from sqlalchemy.orm import Session

from wx_archive.core.batches import batches
from wx_archive.core.database import Database, insert_into
from wx_archive.core.text import clip_bytes
from wx_archive.followers.interests import Topic
from wx_archive.followers.models import Follower, Interest
from wx_archive.publishing.push_models import TagMember, WeChatTag
from wx_archive.wechat.errors import BusyError, FollowerError, PlatformError
from wx_archive.wechat.limits import limits
from wx_archive.wechat.publishing import Publishing, Tag
from wx_archive.wechat.refusals import TAG_GONE

log = logging.getLogger(__name__)

LOCK: Final = "publishing-tags"
"""One sync at a time, of all topics: WeChat refuses tagging that goes on side by side (45159)."""
_MARK: Final = "兴趣·"
"""So begin the names of our tags: staff's own tags are left alone."""
_LOOKED_UP: Final = 500
_MARGIN: Final = timedelta(minutes=10)
"""WeChat's clock and ours differ; who left about the time of a sync is tagged once more."""


@dataclass(frozen=True, slots=True)
class Synced:
    """How a sync ended.

    Attributes:
        tag_id: at WeChat.
        members: how many have the tag now.
        tagged: of them, since this sync.
        untagged: how many have it no more.
        refused: whom WeChat would not tag: they do not follow, or have too many tags.
    """

    tag_id: int
    members: int
    tagged: int
    untagged: int
    refused: int


def sync(
    database: Database,
    publishing: Publishing,
    topic: Topic,
    *,
    now: datetime,
    thorough: bool = False,
) -> Synced:
    """Bring a topic's tag to those who follow and chose the topic; call it before a push to a tag.

    Where WeChat's count is not ours (somebody was erased, staff have tagged by hand, a backup was
    brought back), or the tag is new to us, its list is read first and ours made after it.

    Args:
        database: is read and written between the calls, never during one.
        publishing: the account at WeChat.
        topic: as the file of interests has it.
        now: the present instant.
        thorough: read WeChat's list in any case.

    Raises:
        BusyError: another process is at it, or WeChat is: again in a minute.
        QuotaError: today's calls are used up; what is done stays done.
        PlatformError: as for any call.
    """
    with database.exclusively(LOCK) as is_mine:
        if not is_mine:
            raise BusyError("另一个进程正在整理关注者的标签，一分钟后再试")
        own = _Sync(database, publishing, topic.slug)
        try:
            return own.run(topic, now=now, thorough=thorough)
        except PlatformError as err:
            if err.code != TAG_GONE:
                raise
            raise BusyError("微信一时认不出标签，一分钟后再试", path=err.path) from err


def name_of(topic: Topic) -> str:
    """Return the name of a topic's tag; a long one is cut and told apart by its slug."""
    name, room = f"{_MARK}{topic.name}", limits().user_tags.name_bytes
    if len(name.encode()) <= room:
        return name
    end = hashlib.sha256(topic.slug.encode()).hexdigest()[:4]
    return clip_bytes(name, room - len(end), ellipsis="") + end


class _Sync:
    """One topic's sync."""

    def __init__(self, database: Database, publishing: Publishing, slug: str) -> None:
        self._database = database
        self._publishing = publishing
        self._slug = slug
        self._refused = 0

    def run(self, topic: Topic, *, now: datetime, thorough: bool) -> Synced:
        tag = self._ensure(topic)
        self._forget_who_left()
        if thorough or tag.count != self._members():
            self._read_members(tag.id)
        untagged = self._change(tag.id, _too_many(self._slug), self._publishing.untag, self._drop)
        tagged = self._change(tag.id, _missing(self._slug), self._publishing.tag, self._add)
        with self._database.begin() as session:
            row = session.get_one(WeChatTag, (self._slug, self._publishing.app_id))
            row.synced_at = now
        if self._refused:
            log.warning("publishing.not_tagged topic=%s count=%d", self._slug, self._refused)
        return Synced(tag.id, self._members(), tagged, untagged, self._refused)

    def _ensure(self, topic: Topic) -> Tag:
        """Return the tag as WeChat has it, found by its number or its name, or made."""
        key = (self._slug, self._publishing.app_id)
        with self._database.reads() as connection:
            known = connection.execute(
                select(WeChatTag.tag_id).where(
                    WeChatTag.topic == key[0], WeChatTag.app_id == key[1]
                )
            ).scalar_one_or_none()
        there = self._publishing.tags()
        if found := next((one for one in there if one.id == known), None):
            return found
        name = name_of(topic)
        tag = next((one for one in there if one.name == name), None)
        tag = tag or self._publishing.create_tag(name)
        with self._database.begin() as session:
            # What we knew was of another tag, or of another account's.
            session.execute(delete(TagMember).where(TagMember.topic == self._slug))
            session.merge(WeChatTag(topic=key[0], app_id=key[1], tag_id=tag.id, synced_at=None))
        return tag

    def _forget_who_left(self) -> None:
        """Drop whom WeChat itself took from the tag when they left, even if they are back."""
        tag = select(WeChatTag.synced_at).where(
            WeChatTag.topic == self._slug, WeChatTag.app_id == self._publishing.app_id
        )
        with self._database.begin() as session:
            synced_at = session.execute(tag).scalar_one()
            since = int((synced_at - _MARGIN).timestamp()) if synced_at else 1
            left = select(Follower.id).where(
                or_(Follower.is_following.is_(False), Follower.left_at >= since)
            )
            mine = and_(TagMember.topic == self._slug, TagMember.follower_id.in_(left))
            session.execute(delete(TagMember).where(mine))

    def _members(self) -> int:
        with self._database.reads() as connection:
            query = select(func.count()).where(TagMember.topic == self._slug)
            return int(connection.execute(query).scalar_one())

    def _read_members(self, tag_id: int) -> None:
        """Make `tag_member` what WeChat's list says; untag those whom nobody knows here."""
        seen: set[int] = set()
        strangers: list[str] = []
        for page in self._publishing.tagged(tag_id):
            for part in batches(page, _LOOKED_UP):
                known = self._look_up(part)
                seen.update(known.values())
                strangers.extend(one for one in part if one not in known)
        with self._database.reads() as connection:
            kept = select(TagMember.follower_id).where(TagMember.topic == self._slug)
            gone = set(connection.scalars(kept)) - seen
        for ids in batches(sorted(gone), _LOOKED_UP):
            with self._database.begin() as session:
                self._drop(session, ids)
        for openids in batches(strangers, limits().user_tags.openids_per_call):
            self._call(tag_id, openids, self._publishing.untag)

    def _look_up(self, openids: Sequence[str]) -> dict[str, int]:
        """Return the followers of these openids, and note that they have the tag."""
        wanted = select(Follower.openid, Follower.id).where(
            Follower.openid.in_(openids), Follower.is_following.is_(True)
        )
        with self._database.begin() as session:
            known: dict[str, int] = dict(session.execute(wanted).all())
            self._add(session, list(known.values()))
        return known

    def _change(
        self,
        tag_id: int,
        whom: Select[int, str],
        act: Callable[[int, Sequence[str]], None],
        note: Callable[[Session, Sequence[int]], None],
    ) -> int:
        """Act on everybody whom the query finds, batch by batch; return how many that were."""
        after, done = 0, 0
        while True:
            with self._database.reads() as connection:
                page = whom.where(Follower.id > after).order_by(Follower.id)
                rows = connection.execute(page.limit(limits().user_tags.openids_per_call)).all()
            if not rows:
                return done
            ids = {openid: number for number, openid in rows}
            taken = self._call(tag_id, list(ids), act)
            with self._database.begin() as session:
                note(session, [ids[openid] for openid in taken])
            after, done = rows[-1][0], done + len(taken)

    def _call(
        self, tag_id: int, openids: Sequence[str], act: Callable[[int, Sequence[str]], None]
    ) -> list[str]:
        """Act on a batch; return on whom. One who left a moment ago does not stop the others."""
        try:
            act(tag_id, openids)
        except FollowerError:
            if len(openids) == 1:
                self._refused += 1
                return []
            half = len(openids) // 2
            return [
                *self._call(tag_id, openids[:half], act),
                *self._call(tag_id, openids[half:], act),
            ]
        return list(openids)

    def _add(self, session: Session, ids: Sequence[int]) -> None:
        # From the followers' rows: whoever was erased meanwhile has none.
        rows = select(literal(self._slug), Follower.id).where(Follower.id.in_(ids))
        session.execute(
            insert_into(session, TagMember)
            .from_select(["topic", "follower_id"], rows)
            .on_conflict_do_nothing()
        )

    def _drop(self, session: Session, ids: Sequence[int]) -> None:
        mine = and_(TagMember.topic == self._slug, TagMember.follower_id.in_(ids))
        session.execute(delete(TagMember).where(mine))


def _missing(slug: str) -> Select[int, str]:
    """Return who chose the topic and does not have the tag."""
    chose = select(Interest.follower_id).where(Interest.topic == slug)
    has = select(TagMember.follower_id).where(TagMember.topic == slug)
    return select(Follower.id, Follower.openid).where(
        Follower.is_following.is_(True), Follower.id.in_(chose), Follower.id.not_in(has)
    )


def _too_many(slug: str) -> Select[int, str]:
    """Return who has the tag and did not choose the topic, or does no more."""
    chose = select(Interest.follower_id).where(Interest.topic == slug)
    has = select(TagMember.follower_id).where(TagMember.topic == slug)
    return select(Follower.id, Follower.openid).where(
        Follower.id.in_(has), Follower.id.not_in(chose)
    )
