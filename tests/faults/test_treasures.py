"""What comes in the chat is never lost: whenever its download is killed, it is made whole."""

import asyncio
import hashlib
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from werkzeug.wrappers import Request, Response

from tests.faults import invariants
from tests.faults.caller import WeChat
from tests.faults.conftest import Make, Place, Size, Tell
from tests.faults.ledger import rows
from tests.faults.messages import Kind, Message
from tests.faults.report import summed
from tests.faults.test_jobs import until
from tests.faults.tree import Role, Tree, account, end
from tests.faults.wire import present
from tests.media.files import a_picture
from tests.wechat.deliveries import xml
from tests.wechat.fake_platform import OK, a_token, serving
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, JobState
from wx_archive.core.jobs.queue import LEASE
from wx_archive.treasures.rules import STORED
from wx_archive.treasures.sealed import open_sealed

PHOTOS = 3
"""Sent at once before every kill."""
DROPS = 12
SLOW_S = 0.8
"""How long a download takes while workers are being killed."""
SWEPT_WITHIN_S = 60.0


@dataclass
class SlowWeChat:
    """Hands photos out in drops, a different one for every number."""

    is_slow: bool = True
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        if request.path == "/cgi-bin/stable_token":
            return Response(a_token()[1])
        if request.path != "/cgi-bin/media/get":
            return Response(OK[1])
        media_id = request.args["media_id"]
        self.asked.append(media_id)
        photo = photo_of(media_id)
        answer = Response(self._falling(photo), content_type="image/jpeg")
        answer.content_length = len(photo)
        return answer

    def _falling(self, photo: bytes) -> Iterator[bytes]:
        size = len(photo) // DROPS + 1
        for number, at in enumerate(range(0, len(photo), size)):
            yield photo[at : at + size]
            if number == 1:
                self.begun.release()
            if self.is_slow:
                time.sleep(SLOW_S / DROPS)


def photo_of(media_id: str) -> bytes:
    """Return the photo of this number, the same every time."""
    number = int(media_id.rpartition("-")[2])
    return a_picture(400 + number, 300, seed=number + 1)


@dataclass(frozen=True, slots=True)
class Photo(Message):
    """A photo, sent by a follower."""

    @property
    def has_effect(self) -> bool:
        """Its upload knows it from then on."""
        return True

    @property
    def inner(self) -> str:
        """The message as XML, before sealing."""
        told = {"FromUserName": self.openid, "MsgId": str(self.number), "MsgType": "image"}
        picture = {"PicUrl": "http://mmbiz.qpic.cn/p/0", "MediaId": self.subject}
        return xml(created_at=self.created_at, **told, **picture)


async def photos_sent(wechat: WeChat, first: int) -> None:
    """Have somebody send a few photos at once."""
    openid = f"oSender{first:021d}"
    async with asyncio.TaskGroup() as group:
        for number in range(first, first + PHOTOS):
            photo = Photo(
                Kind.LOOKUP, openid, present(), f"media-{number}", 90_000_000_000 + number
            )
            group.create_task(wechat.tell(photo))


async def kill_workers(
    tree: Tree, database: Database, api: SlowWeChat, size: Size, kills: int
) -> WeChat:
    """Kill the worker so often in the middle of a download; return what was sent meanwhile."""
    rng = random.Random(7)  # noqa: S311 -- repeatable on purpose
    wechat = WeChat(tree.port)
    for number in range(kills):
        await photos_sent(wechat, number * PHOTOS)
        assert await asyncio.to_thread(api.begun.acquire, timeout=30)
        await asyncio.sleep(rng.uniform(0, SLOW_S))
        victims = tree.of(Role.WORKER)
        for pid in victims:
            end(pid)
        assert victims
        killed_at = clock.now()
        while api.begun.acquire(blocking=False):
            pass
        await tree.said("worker.ready", times=number + 2)
        leases_over(database, size, killed_at)
    return wechat


def leases_over(database: Database, size: Size, killed_at: datetime) -> None:
    """In the short form: let what the dead held be free now instead of in half a minute."""
    if not size.is_full:
        with database.begin() as session:
            of_the_dead = Job.lease_until <= killed_at + LEASE
            held = update(Job).where(Job.state == JobState.RUNNING, of_the_dead)
            session.execute(held.values(lease_until=clock.now()))


def unfinished(database: Database) -> int:
    stored = ", ".join(f"'{state}'" for state in STORED)
    (found,) = rows(database, f"SELECT count(*) FROM treasure_file WHERE state NOT IN ({stored})")  # noqa: S608 -- our own words
    return int(found[0])


def breaches_of(place: Place, database: Database, sent: int) -> list[str]:
    """Return what is not as every sender was promised."""
    files = rows(database, "SELECT media_id, sha256, object_key, size_bytes FROM treasure_file")
    found = [] if len(files) == sent else [f"photos known: {len(files)} of {sent}"]
    store = open_sealed(place.settings)
    for media_id, digest, key, size_bytes in files:
        photo = photo_of(media_id)
        if digest != hashlib.sha256(photo).hexdigest() or size_bytes != len(photo):
            found.append(f"wrong checksum: {media_id}")
        if not store.exists(key) or store.path(key).read_bytes() != photo:
            found.append(f"wrong bytes: {media_id}")
    objects = {key.partition(".")[0] for key in store.keys(until=clock.now() + timedelta(days=1))}
    found += [f"orphan: {key[:8]}" for key in sorted(objects - {row[2] for row in files})]
    left = list((store.folder / ".waiting").glob("*"))
    return found + [f"left behind: {path.name[:8]}" for path in left]


async def scene(
    tree: Tree, place: Place, api: SlowWeChat, size: Size, kills: int
) -> tuple[WeChat, list[str]]:
    await tree.all_up()
    database = Database(place.settings.database)
    try:
        wechat = await kill_workers(tree, database, api, size, kills)
        died_at = time.monotonic()
        api.is_slow = False
        await until(lambda: not unfinished(database), 90, "photos never came")
        found = breaches_of(place, database, kills * PHOTOS)
        while found and size.is_full and time.monotonic() < died_at + SWEPT_WITHIN_S:
            await asyncio.sleep(1)
            found = breaches_of(place, database, kills * PHOTOS)
        twice = len(api.asked) - kills * PHOTOS
        found += [] if twice > 0 else ["no download was ever interrupted"]
        return wechat, found + invariants.unanswered(wechat.told)
    finally:
        database.dispose()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_every_photo_is_whole_and_nothing_is_left_whenever_the_worker_dies(
    make: Make, size: Size, tell: Tell, kind: str
) -> None:
    kills = size.count(20, 4 if kind == "sqlite" else 3)
    api = SlowWeChat()
    with serving(api) as url:
        place = make(kind, wechat_api_url=url)
        with account(place.settings) as tree:
            wechat, breaches = asyncio.run(scene(tree, place, api, size, kills))
    note = f"({kills} kills, {len(api.asked)} downloads of {kills * PHOTOS} photos)"
    tell(summed("photos", place.name, wechat.told, None, breaches, note))
    assert not breaches
