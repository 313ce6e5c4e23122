"""A worker's place: photos announced as the chat announces them, and a WeChat that has them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Request, Response

from tests.wechat.fake_platform import OK, a_token, refused, serving
from wx_archive.chat.models import HeldAnswer
from wx_archive.core import clock, jobs
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, JobState, Runner
from wx_archive.core.live import Live
from wx_archive.core.services import Services, site_of
from wx_archive.core.settings import Settings
from wx_archive.core.store import open_store
from wx_archive.followers import service as followers
from wx_archive.simulator.bubbles import spans_of
from wx_archive.treasures import batch_jobs, erase_jobs, fetch_jobs, queries, rules, uploads
from wx_archive.treasures import removal as removing
from wx_archive.treasures.files import Incoming
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.rules import Channel, FileKind
from wx_archive.treasures.sealed import open_sealed
from wx_archive.treasures.steps import SENDER, Doing, locked
from wx_archive.wechat.client import Platform

PROJECT = Path(__file__).parents[2]
PHOTO = b"\xff\xd8\xff" + bytes(20_000)
Has = bytes | Callable[[Request], Response]


@dataclass
class WeChat:
    """Hands out what it has by its number; of what it has not it says 40007."""

    has: dict[str, Has] = field(default_factory=dict)
    is_away: bool = False
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def __call__(self, request: Request) -> Response:
        if request.path == "/cgi-bin/stable_token":
            return Response(a_token()[1])
        if not request.path.startswith(("/cgi-bin/media/get", "/films/")):
            return Response(OK[1])
        media_id = request.args.get("media_id") or request.path.rpartition("/")[2]
        self.asked.append(media_id)
        if self.is_away:
            return Response("<html>502</html>", status=502, content_type="text/html")
        found = self.has.get(media_id)
        if found is None:
            return Response(refused(40007)[1], content_type="application/json")
        return found(request) if callable(found) else Response(found, content_type="image/jpeg")


class Depot:
    """An account with one follower; nobody works but when told to."""

    def __init__(self, services: Services, platform: Platform, wechat: WeChat) -> None:
        self.services, self.platform, self.wechat = services, platform, wechat
        self.database = services.database
        self.store = open_sealed(services.settings)
        with self.database.begin() as session:
            self.follower_id = followers.ensure(session, "oDepot", now=clock.now())

    @property
    def doing(self) -> Doing:
        return Doing.of(self.services.site, SENDER, now=clock.now())

    def sends(
        self,
        *media_ids: str,
        kind: FileKind = FileKind.IMAGE,
        lasts: timedelta = rules.MEDIA_LASTS,
    ) -> int:
        """Send one file after the other, a second apart, as the chat takes them; whose upload."""
        treasure_id = 0
        for number, media_id in enumerate(media_ids):
            if number:
                passes(1)
            now = clock.now()
            incoming = Incoming(kind, Channel.CHAT, media_id=media_id, media_until=now + lasts)
            with self.database.begin() as session:
                draft = uploads.draft(session, self.follower_id, Channel.CHAT, self.doing)
                taken = uploads.take(session, draft, incoming, self.doing)
                if taken.is_first:
                    self._follow(session, draft, now)
                treasure_id = draft.id
        return treasure_id

    def _follow(self, session: Session, draft: Treasure, now: datetime) -> None:
        payload = {"treasure": draft.id, "from": draft.batch_from}
        jobs.enqueue(
            session,
            uploads.SUMMARY,
            payload,
            key=f"{uploads.SUMMARY}:{draft.id}:{draft.batch_from}",
            now=now,
            due=now + rules.SETTLED,
            follower_id=self.follower_id,
        )

    def finishes(self) -> Upload:
        with self.database.begin() as session:
            begun = queries.draft_of(session.connection(), self.follower_id)
            assert begun is not None
            treasure = locked(session, begun.id)
            return uploads.finish(session, treasure, self.doing, consent_version=1)

    def runner(self) -> Runner:
        every = jobs.Jobs()
        for part in (fetch_jobs, batch_jobs, erase_jobs, removing):
            every.take_in(part.build(self.services, self.platform))
        return Runner(self.database, every)

    def works(self) -> None:
        """Do whatever is due."""
        runner = self.runner()
        while runner.run_next():
            pass

    def works_for(self, seconds: float, *, step_s: float = 1.0) -> None:
        """Let time pass, doing what becomes due; what a slow machine takes itself is no time."""
        began, passed = clock.now(), 0.0
        while passed < seconds:
            self.works()
            passed += step_s
            clock.move(began + timedelta(seconds=passed) - clock.now() + clock.offset())
        self.works()

    def asks(self, kind: str, mark: str = "1") -> None:
        """Insert a job as its schedule does, and do it."""
        with self.database.begin() as session:
            jobs.enqueue(session, kind, {"fired_for": ""}, key=f"{kind}@{mark}", now=clock.now())
        self.works()

    def files(self, treasure_id: int) -> list[File]:
        with self.database.reads() as connection:
            return queries.files(connection, treasure_id)

    def upload(self, treasure_id: int) -> Upload:
        with self.database.reads() as connection:
            return queries.by_id(connection, treasure_id)

    def job(self, kind: str) -> Job:
        with self.database.begin() as session:
            found = session.scalars(select(Job).where(Job.kind == kind).order_by(-Job.id)).first()
            assert found is not None
            session.expunge(found)
            return found

    def has_work(self) -> bool:
        with self.database.reads() as connection:
            open_jobs = select(Job.id).where(Job.state.in_([JobState.WAITING, JobState.RUNNING]))
            return connection.execute(open_jobs).first() is not None

    @property
    def told(self) -> list[str]:
        """What the follower was told later, as it can be read."""
        with self.database.reads() as connection:
            texts = connection.scalars(select(HeldAnswer.text).order_by(HeldAnswer.id))
            return ["".join(span.text for span in spans_of(text)) for text in texts]

    @property
    def waiting(self) -> list[str]:
        """The names of what lies beside the store."""
        return sorted(path.name for path in (self.store.folder / ".waiting").glob("*"))

    @property
    def objects(self) -> list[str]:
        return sorted(self.store.keys(until=clock.now() + timedelta(days=999)))


@contextmanager
def a_depot(database: Database, folder: Path, **settings: object) -> Iterator[Depot]:
    """Open an account whose WeChat is a fake of our own; the clock is put right at the end."""
    wechat = WeChat()
    with serving(wechat) as url:
        wechat.url = url
        made = Settings.for_demo(
            **{"data_dir": folder, "site_dir": PROJECT, "wechat_api_url": url} | settings
        )
        store, close_store = open_store(database, "")
        services = Services(made, database, store, site_of(made, Live(database)))
        platform = Platform(made, store, database, sleep=lambda _seconds: None)
        try:
            yield Depot(services, platform, wechat)
        finally:
            platform.close()
            close_store()
            clock.move(timedelta(0))


def passes(seconds: float) -> None:
    """Let time pass."""
    clock.move(clock.offset() + timedelta(seconds=seconds))


def a_film_at(wechat: WeChat, name: str) -> Callable[[Request], Response]:
    """Answer as WeChat does of a film: with the address where it lies."""
    told = json.dumps({"video_url": f"{wechat.url}/films/{name}"})
    return lambda _request: Response(told, content_type="application/json")
