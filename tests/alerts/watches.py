"""A worker with the conversation's and the alerts' jobs, and a WeChat that takes messages."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select
from werkzeug.wrappers import Request, Response

from tests.chat.talks import a_router
from tests.wechat.fake_platform import platform_of, serving
from wx_archive.alerts import jobs as alerts_jobs
from wx_archive.alerts.models import AlertTelling, RaisedAlert, StaffWechat
from wx_archive.chat import jobs as chat_jobs
from wx_archive.chat import windows
from wx_archive.chat.router import Dispatcher
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, Runner, enqueue
from wx_archive.core.services import Services
from wx_archive.core.settings import Settings
from wx_archive.core.site import Site
from wx_archive.core.store import open_store
from wx_archive.followers import service as followers
from wx_archive.staff import accounts
from wx_archive.staff.models import Member
from wx_archive.staff.plugs import Alert, Alerts
from wx_archive.staff.rules import Permission, Person, Role
from wx_archive.wechat.limits import Occasion

PROJECT = Path(__file__).parents[2]
TEMPLATE = "a-template-of-the-bureau"
_numbers = count(1)


class WeChat:
    """Takes service and template messages; `codes` are its next answers, None for silence."""

    def __init__(self) -> None:
        self.codes: list[int | None] = []
        self.texts: list[tuple[str, str]] = []
        self.templates: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> Response:
        if request.path.endswith("stable_token"):
            return _json({"access_token": "TOKEN", "expires_in": 7200})
        told = json.loads(request.get_data())
        code = self.codes.pop(0) if self.codes else 0
        if request.path.endswith("template/send"):
            self.templates.append(told)
        elif not code:
            self.texts.append((told["touser"], told["text"]["content"]))
        return Response("<html>") if code is None else _json({"errcode": code, "errmsg": "rid: 1"})


def _json(value: dict[str, Any]) -> Response:
    return Response(json.dumps(value), content_type="application/json")


@dataclass
class Watch:
    """A worker, and what is wrong as far as the features know.

    Attributes:
        found: what the one check finds now.
        sources: every check.
    """

    database: Database
    services: Services
    wechat: WeChat
    runner: Runner
    found: list[Alert] = field(default_factory=list)
    sources: list[tuple[str, Alerts]] = field(default_factory=list)

    def looks(self, **payload: str) -> None:
        """Look for alerts now, as the schedule asks, and do what follows from it."""
        self.enqueue(alerts_jobs.WATCH, payload)
        self.works()

    def works(self) -> None:
        """Do what is due."""
        while self.runner.run_next():
            pass

    def enqueue(self, kind: str, payload: dict[str, str]) -> None:
        with self.database.begin() as session:
            enqueue(session, kind, payload, key=f"test-{next(_numbers)}", now=clock.now())

    def staff(self, login: str, role: Role, openid: str = "", *, heard: bool = True) -> Person:
        """Have somebody work here; with an openid their WeChat is bound, and heard of just now."""
        now = clock.now()
        with self.database.begin() as session:
            member = accounts.add(
                session, login=login, name=login, roles=[role], password="a-long-password", now=now
            )
            person = Person(member.id, login, login, frozenset({role}))
            if openid:
                number = followers.ensure(session, openid, now=now)
                session.add(StaffWechat(member_id=member.id, follower_id=number, bound_at=now))
                if heard:
                    opening = (openid, Occasion.MESSAGE)
                    windows.note_opened(session.connection(), {opening: now})
        return person

    def disables(self, person: Person) -> None:
        with self.database.begin() as session:
            session.get_one(Member, person.id).is_disabled = True

    @property
    def raised(self) -> list[RaisedAlert]:
        """Every alert there ever was, oldest first."""
        with self.database.begin() as session:
            return list(session.scalars(select(RaisedAlert).order_by(RaisedAlert.id)))

    @property
    def open_keys(self) -> list[str]:
        return [alert.key for alert in self.raised if alert.over_at is None]

    @property
    def ways(self) -> list[str]:
        """How each telling ended, empty for one that has not."""
        with self.database.reads() as connection:
            return list(
                connection.scalars(select(AlertTelling.way).order_by(AlertTelling.alert_id))
            )

    def waits_until(self, kind: str) -> datetime:
        """Return when the only waiting job of a kind is due."""
        with self.database.reads() as connection:
            query = select(Job.run_after).where(Job.kind == kind, Job.state == "waiting")
            return connection.execute(query).scalar_one()


def an_alert(key: str = "pump", **changes: Any) -> Alert:
    """Return something that is wrong."""
    told: dict[str, Any] = {
        "key": key,
        "title": f"{key} 停了",
        "path": "/console/system",
        "needs": Permission.SYSTEM_READ,
        "since": clock.now() - timedelta(minutes=3),
    }
    return Alert(**told | changes)


def later(**span: float) -> None:
    """Let time pass."""
    clock.move(clock.offset() + timedelta(**span))


def at(hour: int, minute: int = 0) -> None:
    """Let it be this time of this Shanghai day, or of the next where it has been already."""
    local = clock.now().astimezone(clock.SHANGHAI)
    wanted = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    clock.move(clock.offset() + (wanted - local if wanted > local else wanted - local + _DAY))


_DAY = timedelta(days=1)


@contextmanager
def a_watch(database: Database, folder: Path, *, site: Site | None = None) -> Iterator[Watch]:
    """Open a worker; `site` is the project's own without a template for alerts."""
    wechat = WeChat()
    with ExitStack() as stack:
        url = stack.enter_context(serving(wechat))
        settings = Settings.for_demo(data_dir=folder, wechat_api_url=url)
        store, close = open_store(database, "")
        stack.callback(close)
        platform = stack.enter_context(
            platform_of(settings, store, database, sleep=lambda _seconds: None)
        )
        services = Services(settings, database, store, site or Site(PROJECT, settings.origin))
        jobs = chat_jobs.build(services, platform, Dispatcher([a_router()]))
        watch = Watch(database, services, wechat, Runner(database, jobs))
        watch.sources.append(("test", _check(watch)))
        jobs.take_in(alerts_jobs.build(services, platform, lambda: watch.sources))
        yield watch


def _check(watch: Watch) -> Callable[[Connection, datetime], Sequence[Alert]]:
    return lambda _connection, _now: watch.found
