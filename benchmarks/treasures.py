"""How soon is a photo in the chat answered, how soon is it safe, how soon has it been looked at?

    python benchmarks/treasures.py [--photos 120] [--rate 2] [--only sqlite] [--json FILE]

The real thing: `wx-archive serve --workers 2` and `wx-archive worker` in safe mode, on SQLite and
on PostgreSQL + Redis. Photos of some hundred kilobytes arrive at an even pace, each from a
follower of its own on a line of its own; a WeChat of ours hands them out. The answer is timed on
the line. «Stored» is when the original lies in the sealed store and its row says so, «clean» when
it has been decoded in a child process and let out of quarantine; both are read from the rows
afterwards, and every stored byte is compared.

PostgreSQL lies on the disk and waits for it (fsync=on); so does SQLite. Nothing is pinned: client,
WeChat, servers and PostgreSQL share the machine, so leave it alone meanwhile. At a pace that the
worker cannot keep up with, «clean» measures the queue.
"""

import argparse
import asyncio
import hashlib
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent.parent))  # `benchmarks` and `tests` are not installed

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text
from werkzeug.wrappers import Request, Response

from benchmarks.webhook import report
from tests import services
from tests.faults.tree import Tree
from tests.faults.wire import Outcome, deliver, present, sealed_now
from tests.media.files import noise
from tests.wechat.deliveries import xml
from tests.wechat.fake_platform import OK, a_token, serving
from wx_archive.core import schema
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.treasures.models import TreasureFile
from wx_archive.treasures.rules import FileState
from wx_archive.treasures.sealed import open_sealed

PROJECT: Final = Path(__file__).parent.parent
ANSWERED_WITHIN_MS: Final = 300
STORED_WITHIN_S: Final = 5.0
WARM_UP: Final = 8
"""Photos before the clock: the first ones load what is loaded once."""
GIVES_UP_AFTER_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Result:
    """What one installation took; times of every photo, sorted.

    Attributes:
        wrong: answers that were none, and photos that are not there as they were sent.
    """

    label: str
    answered_ms: Sequence[float]
    stored_s: Sequence[float]
    clean_s: Sequence[float]
    wrong: int

    @property
    def figures(self) -> dict[str, float]:
        """Everything that is told of it."""
        found: dict[str, float] = {"photos": len(self.answered_ms), "wrong": self.wrong}
        for name in ("answered_ms", "stored_s", "clean_s"):
            times: Sequence[float] = getattr(self, name)
            found |= {f"{name}_p{percent}": at(times, percent) for percent in (50, 99, 100)}
        return found


class WeChat:
    """Hands out a photo for every number."""

    def __init__(self, photos: Sequence[bytes]) -> None:
        self._photos = photos

    def photo(self, media_id: str) -> bytes:
        """Return the photo of this number."""
        return self._photos[int(media_id.rpartition("-")[2]) % len(self._photos)]

    def __call__(self, request: Request) -> Response:
        """Answer a call of the account's."""
        if request.path == "/cgi-bin/stable_token":
            return Response(a_token()[1])
        if request.path != "/cgi-bin/media/get":
            return Response(OK[1])
        return Response(self.photo(request.args["media_id"]), content_type="image/jpeg")


def at(times: Sequence[float], percent: int) -> float:
    """Return a percentile of sorted times; 0 of none."""
    return times[min(len(times) - 1, len(times) * percent // 100)] if times else 0.0


def main() -> int:
    """Run the benchmark; 1 when an answer was wrong or a photo is not there."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no server is left behind
    wechat = WeChat([noise(900 + 8 * number, 700, quality=80) for number in range(8)])
    results = []
    with _stores() as (folder, stores), serving(wechat) as url:
        for name, addresses in stores.items():
            if name.startswith(options.only):
                settings = _settings(folder / name, url, addresses)
                print(f"{name}: {options.photos} photos", file=sys.stderr, flush=True)
                results.append(_measured(name, settings, wechat, options.photos, options.rate))
    _print(results, options.rate)
    if options.json:
        told = {"machine": report.machine(), "systems": {one.label: one.figures for one in results}}
        options.json.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    return int(any(one.wrong for one in results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How soon is a photo answered, and safe?")
    parser.add_argument("--photos", type=int, default=120)
    parser.add_argument("--rate", type=float, default=2.0, help="photos a second")
    parser.add_argument("--only", default="", help="the beginning of a name: sqlite, postgres")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    return parser.parse_args()


@contextmanager
def _stores() -> Iterator[tuple[Path, Mapping[str, Mapping[str, SecretStr]]]]:
    """Yield a folder, and the addresses of the stores that can be run here."""
    with ExitStack() as held:
        given = held.enter_context(tempfile.TemporaryDirectory(prefix="wx-archive-treasures-"))
        folder = Path(given)
        held.enter_context(patch.object(services, "MEMORY", folder / "none"))
        found: dict[str, Mapping[str, SecretStr]] = {"sqlite": {"redis_url": SecretStr("")}}
        try:
            postgres = held.enter_context(services.postgres("fsync=on"))
            redis = held.enter_context(services.redis_server(folder))
        except (pytest.skip.Exception, pytest.fail.Exception):
            print("no PostgreSQL or no Redis here", file=sys.stderr)
        else:
            database = Database(f"{postgres}/postgres")
            database.dispose()
            found["postgres+redis"] = {
                "database_url": SecretStr(f"{postgres}/postgres"),
                "redis_url": SecretStr(redis),
            }
        yield folder, found


def _settings(folder: Path, url: str, stores: Mapping[str, SecretStr]) -> Settings:
    """Make an empty installation; return its settings."""
    port, other = services.two_free_ports()
    folder.mkdir()
    settings = Settings.for_demo(
        data_dir=folder,
        site_dir=PROJECT,
        port=port,
        simulator_port=other,
        public_url=f"http://127.0.0.1:{port}",
        wechat_api_url=url,
        wechat_encryption="safe",
        **stores,
    )
    database = Database(settings.database)
    schema.upgrade(database)
    schema.mark_demo(database)
    database.dispose()
    return settings


def _measured(label: str, settings: Settings, wechat: WeChat, photos: int, rate: float) -> Result:
    tree = Tree(settings, settings.data_dir.with_suffix(".log"))
    tree.start()
    database = Database(settings.database)
    try:
        outcomes = asyncio.run(_posted(tree, photos, rate))
        _wait(database, photos + WARM_UP)
        return _result(label, settings, database, wechat, outcomes)
    finally:
        database.dispose()
        tree.stop()


async def _posted(tree: Tree, photos: int, rate: float) -> Sequence[Outcome]:
    """Post photos at an even pace; return what came back, without those before the clock."""
    await tree.all_up()
    loop = asyncio.get_running_loop()
    began, posting = loop.time(), []
    async with asyncio.TaskGroup() as group:
        for number in range(photos + WARM_UP):
            await asyncio.sleep(began + number / rate - loop.time())
            posting.append(group.create_task(_post(tree.port, number)))
    return [task.result() for task in posting[WARM_UP:]]


async def _post(port: int, number: int) -> Outcome:
    told = {"FromUserName": f"oBench{number:022d}", "MsgId": str(91_000_000_000 + number)}
    picture = {"MsgType": "image", "PicUrl": "http://p/0", "MediaId": f"media-{number}"}
    inner = xml(created_at=present(), **told, **picture)
    return await deliver(port, sealed_now(inner, 5_000_000_000 + number))


def _wait(database: Database, photos: int) -> None:
    """Wait until every photo has been looked at, or for so long that something must be wrong."""
    under_way = (FileState.AWAITED, FileState.QUARANTINED)
    open_files = select(TreasureFile.id).where(TreasureFile.state.in_(under_way))
    deadline = time.monotonic() + GIVES_UP_AFTER_S
    while time.monotonic() < deadline:
        with database.reads() as connection:
            known = connection.execute(text("SELECT count(*) FROM treasure_file")).scalar_one()
            if known >= photos and connection.execute(open_files.limit(1)).first() is None:
                return
        time.sleep(0.2)


def _result(
    label: str,
    settings: Settings,
    database: Database,
    wechat: WeChat,
    outcomes: Sequence[Outcome],
) -> Result:
    store, stored_s, clean_s = open_sealed(settings), [], []
    wrong = sum("收到了" not in (outcome.reply or "") for outcome in outcomes)
    with database.reads() as connection:
        rows = connection.execute(select(TreasureFile.__table__)).all()
    for row in sorted(rows, key=lambda row: row.id)[WARM_UP:]:
        photo = wechat.photo(row.media_id)
        is_whole = row.sha256 == hashlib.sha256(photo).hexdigest()
        if row.state != FileState.CLEAN or store.path(row.object_key).read_bytes() != photo:
            is_whole = False
        wrong += not is_whole
        if row.stored_at:
            stored_s.append((row.stored_at - row.received_at).total_seconds())
        if row.state == FileState.CLEAN:
            clean_s.append((row.settled_at - row.received_at).total_seconds())
    answered_ms = sorted(1000 * one.took_s for one in outcomes)
    return Result(label, answered_ms, sorted(stored_s), sorted(clean_s), wrong)


def _print(results: Sequence[Result], rate: float) -> None:
    print(f"2 web workers, 1 worker, safe mode, {rate:g} photos a second; p50 / p99 / max")
    print(f"{'':16}{'photos':>7}{'answered ms':>22}{'stored s':>22}{'clean s':>22}{'wrong':>7}")
    for one in results:
        cells = "".join(
            f"{at(times, 50):8.{digits}f}{at(times, 99):7.{digits}f}{at(times, 100):7.{digits}f}"
            for times, digits in ((one.answered_ms, 0), (one.stored_s, 2), (one.clean_s, 2))
        )
        print(f"{one.label:16}{len(one.answered_ms):7d}{cells}{one.wrong:7d}")
        is_met = (
            at(one.answered_ms, 99) <= ANSWERED_WITHIN_MS
            and at(one.stored_s, 100) <= STORED_WITHIN_S
        )
        goal = f"answered in {ANSWERED_WITHIN_MS} ms (p99), stored in {STORED_WITHIN_S:g} s (all)"
        print(f"{'':16}{goal}: {'met' if is_met else 'MISSED'}")


if __name__ == "__main__":
    sys.exit(main())
