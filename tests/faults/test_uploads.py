"""Many large uploads at once: all come in whole, and the account's memory stays where it was."""

import asyncio
import http.client
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest, sha256

import pytest
from sqlalchemy import select

from tests.faults.conftest import Make, Size, Tell
from tests.faults.report import Row
from tests.faults.tree import Tree
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.services import open_services
from wx_archive.core.settings import Settings
from wx_archive.followers import service as followers
from wx_archive.followers.identity import Door
from wx_archive.followers.service import hold
from wx_archive.treasures import sealed, uploads
from wx_archive.treasures.models import TreasureFile
from wx_archive.treasures.rules import Channel, FileState
from wx_archive.treasures.steps import SENDER, Doing

MIB = 2**20
FILE_BYTES = 20 * MIB
TREE_BYTES = 600_000_000
"""The promise: the whole tree of `serve` with two workers stays below this."""
GROWTH_BYTES = 8 * FILE_BYTES
"""Two workers read four bodies each at a time; were one held in memory, it would be more."""
BLOCK = secrets.token_bytes(FILE_BYTES - 20)
"""Nothing can be made smaller of it; shared, so that the test itself stays small."""
BOUNDARY = "a-boundary-that-is-in-no-file"
ANSWERS_WITHIN_S = 2.0
"""A page that has nothing to do with uploads, meanwhile."""
TRIES_FOR_S = 240.0


@dataclass(frozen=True, slots=True)
class Sending:
    """One citizen with an upload to fill."""

    pid: str
    cookie: str
    csrf: str

    def head_and_tail(self) -> tuple[bytes, bytes]:
        line = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
        head = f'{line}"csrf"\r\n\r\n{self.csrf}\r\n{line}"files"; filename="a.jpg"\r\n'
        mark = b"\xff\xd8\xff\xe0" + secrets.token_bytes(16)  # no two files are the same
        return head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + mark, (
            f"\r\n--{BOUNDARY}--\r\n".encode()
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one upload: each status in turn, and the checksum of what was sent."""

    statuses: Sequence[int]
    sha256: str


def senders(settings: Settings, count: int) -> list[Sending]:
    """Make followers, each with a draft and a session of their own."""
    door, made = Door.of(settings), []
    with open_services(settings) as services:
        for number in range(count):
            doing = Doing.of(services.site, SENDER, now=clock.now())
            with services.database.begin() as session:
                follower = followers.ensure(session, f"oUploader{number}", now=clock.now())
                hold(session, follower)
                pid = uploads.begin(session, Channel.H5, doing, follower_id=follower).pid
            with services.database.reads() as connection:
                cookie = door.new_session(
                    connection, follower, purpose=uploads.PURPOSE, now=clock.now()
                )
                visitor = door.visitor(connection, cookie, purpose=uploads.PURPOSE, now=clock.now())
            assert visitor
            made.append(Sending(pid, cookie, door.form_token(visitor)))
    return made


def send_once(port: int, sending: Sending) -> tuple[int, str]:
    """Send a file as a browser does; return the status and the checksum of the file."""
    head, tail = sending.head_and_tail()
    digest = sha256(head.partition(b"image/jpeg\r\n\r\n")[2] + BLOCK).hexdigest()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=TRIES_FOR_S)
    try:
        line.putrequest("POST", f"/h5/treasures/{sending.pid}/photos")
        line.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
        line.putheader("Content-Length", str(len(head) + len(BLOCK) + len(tail)))
        line.putheader("Cookie", f"h5-{uploads.PURPOSE}={sending.cookie}")
        line.putheader("Connection", "close")
        line.endheaders()
        try:
            for piece in (head, memoryview(BLOCK), tail):
                line.send(piece)
        except OSError:  # turned away before it was read: the answer is there all the same
            pass
        return line.getresponse().status, digest
    except OSError:
        return 0, digest
    finally:
        line.close()


def send(port: int, sending: Sending) -> Sent:
    """Send a file until it is taken, as a person does who is asked to try again."""
    statuses, until = [], time.monotonic() + TRIES_FOR_S
    while True:
        status, digest = send_once(port, sending)
        statuses.append(status)
        if status not in (0, 503) or time.monotonic() > until:
            return Sent(statuses, digest)
        time.sleep(0.5 + secrets.randbelow(1000) / 1000)


@dataclass
class Seen:
    """The most memory that the tree has had, in bytes, and the slowest other page, in seconds."""

    peak_bytes: int = 0
    slowest_s: float = 0.0


@contextmanager
def watching(tree: Tree) -> Iterator[Seen]:
    """Look at the tree all the time, and ask it for a page as anybody else would."""
    seen, is_over = Seen(), threading.Event()

    def weigh() -> None:
        while not is_over.wait(0.05):
            seen.peak_bytes = max(seen.peak_bytes, tree.memory_bytes())

    def ask() -> None:
        while not is_over.wait(0.1):
            asked = time.monotonic()
            line = http.client.HTTPConnection("127.0.0.1", tree.port, timeout=30)
            line.request("GET", "/-/ready")
            assert line.getresponse().status == 200
            line.close()
            seen.slowest_s = max(seen.slowest_s, time.monotonic() - asked)

    both = [threading.Thread(target=weigh), threading.Thread(target=ask)]
    for thread in both:
        thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        for thread in both:
            thread.join()


class Server(Tree):
    """`wx-archive serve` with two workers and nothing beside it."""

    def start(self) -> None:
        self._parent = self._run("serve", "--workers", "2")


@contextmanager
def serving(settings: Settings) -> Iterator[Tree]:
    tree = Server(settings, settings.data_dir.with_suffix(".log"))
    tree.start()
    try:
        asyncio.run(tree.ready())
        yield tree
    finally:
        tree.stop()


@pytest.mark.timeout(400)
def test_large_uploads_at_once_all_come_in_whole_and_are_not_held_in_memory(
    make: Make, size: Size, tell: Tell
) -> None:
    settings, count = make("sqlite").settings, size.count(50, 12)
    with serving(settings) as tree:
        sendings = senders(settings, count + 1)
        # One before the others: what the code itself takes is there.
        assert send(tree.port, sendings.pop()).statuses[-1] == 303
        before = tree.memory_bytes()
        with watching(tree) as seen, ThreadPoolExecutor(count) as pool:
            began = time.monotonic()
            sent = list(pool.map(lambda one: send(tree.port, one), sendings))
            took_s = time.monotonic() - began
        left = list((settings.objects / "sealed").glob(".*/*"))
        tell(
            Row(
                f"{count} uploads of 20 MiB",
                "SQLite",
                f"peak {seen.peak_bytes / 1e6:.0f} MB, +{(seen.peak_bytes - before) / 1e6:.0f}; "
                f"{took_s:.1f} s; a page {seen.slowest_s:.2f} s; at once "
                f"{sum(one.statuses[0] == 303 for one in sent)}, others asked to try again",
                messages=count,
                deliveries=sum(len(one.statuses) for one in sent),
                answered=sum(303 in one.statuses for one in sent),
            )
        )
    assert {one.statuses[-1] for one in sent} == {303}
    assert {status for one in sent for status in one.statuses} <= {303, 503}
    assert seen.peak_bytes < TREE_BYTES
    assert seen.peak_bytes - before < GROWTH_BYTES
    assert seen.slowest_s < ANSWERS_WITHIN_S
    assert left == []
    assert_whole(settings, [one.sha256 for one in sent])


def assert_whole(settings: Settings, expected: Sequence[str]) -> None:
    """Assert that every file that was sent lies in the store as it was sent, and was noted."""
    database, store = Database(settings.database), sealed.open_sealed(settings)
    with database.reads() as connection:
        rows = connection.execute(
            select(TreasureFile.state, TreasureFile.sha256, TreasureFile.object_key)
        ).all()
    database.dispose()
    assert set(expected) < {row.sha256 for row in rows}
    assert len(rows) == len(expected) + 1
    assert {row.state for row in rows} == {FileState.QUARANTINED}
    for row in rows:
        with store.path(row.object_key).open("rb") as file:
            assert file_digest(file, "sha256").hexdigest() == row.sha256
