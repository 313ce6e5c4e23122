"""A bureau that sends: approved pieces, scheduled pushes, one worker that goes step by step."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.publishing.far_side import FarSide
from tests.wechat.fake_platform import serving
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Runner
from wx_archive.core.services import Services, site_of
from wx_archive.core.settings import Settings
from wx_archive.core.store import open_store
from wx_archive.media import service as media
from wx_archive.media.objects import open_objects
from wx_archive.publishing import pieces, plans, pushes, send_jobs
from wx_archive.publishing.models import Piece, PieceReview
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.push_models import Push, PushCall, PushPiece, PushStep
from wx_archive.publishing.pushes import Decision, Terms
from wx_archive.publishing.rules import (
    AudienceKind,
    Column,
    Delivery,
    Kind,
    PieceState,
    PushState,
    ReviewKind,
)
from wx_archive.wechat.account import Entitlements
from wx_archive.wechat.client import Platform
from wx_archive.wechat.limits import AccountType

PROJECT = Path(__file__).parents[2]
WRITER, REVIEWER, PUBLISHER = "bianji", "shenhe", "fabu"
SERVICE = Entitlements(AccountType.SERVICE_VERIFIED)
SUBSCRIPTION = Entitlements(AccountType.SUBSCRIPTION_VERIFIED)


def a_text(title: str = "闭馆通知", **changes: Any) -> Content:
    values: dict[str, Any] = {
        "column": Column.BULLETIN,
        "kind": Kind.TEXT,
        "title": title,
        "body": "本馆本周六闭馆一天。",
    }
    return Content(**(values | changes))


def an_article(title: str = "库房里的一天", **changes: Any) -> Content:
    return a_text(title, **({"kind": Kind.ARTICLE, "summary": "摘要", "body": "正文。"} | changes))


def a_picture(colour: str = "#b23a2e") -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (960, 480), colour).save(file, "PNG")
    file.seek(0)
    return file


def approve(session: Session, piece: Piece, *, by: str = REVIEWER, now: datetime) -> None:
    """Put a reviewer's name below a piece, and below its secrecy review."""
    for kind in ReviewKind:
        session.add(
            PieceReview(
                piece_id=piece.id,
                content_hash=piece.content_hash,
                kind=kind,
                is_approval=True,
                made_by=by,
                name="李审",
                made_at=now,
            )
        )
    piece.state = PieceState.APPROVED
    piece.approved_revision = piece.revision


def an_approved(session: Session, content: Content, *, now: datetime) -> Piece:
    piece = pieces.add(session, content, made_by=WRITER, now=now)
    approve(session, piece, now=now)
    session.flush()
    return piece


def a_push(
    session: Session,
    *contents: Content,
    delivery: Delivery = Delivery.MASS,
    now: datetime,
    **changes: Any,
) -> Push:
    """Compose a push of new approved pieces."""
    made = [an_approved(session, content, now=now) for content in contents or (a_text(),)]
    return pushes.compose(session, made, delivery=delivery, made_by=PUBLISHER, now=now, **changes)


def terms(due_at: datetime | None = None, **changes: Any) -> Terms:
    values: dict[str, Any] = {"latest_at": None, "counted": 3, "signed_by": PUBLISHER}
    return Terms(due_at, **(values | changes))


@dataclass
class Bureau:
    """One installation with one worker, whose jobs are done when the test says so."""

    services: Services
    platform: Platform
    wechat: FarSide
    runner: Runner

    @property
    def database(self) -> Database:
        return self.services.database

    def schedules(
        self,
        *contents: Content,
        delivery: Delivery = Delivery.MASS,
        within: timedelta = timedelta(minutes=1),
        latest: timedelta | None = None,
        **changes: Any,
    ) -> str:
        """Schedule a push of new approved pieces; return its public id."""
        now = clock.now()
        with self.database.begin() as session:
            push = a_push(session, *contents, delivery=delivery, now=now, **changes)
            due_at = now + within
            latest_at = None if latest is None else due_at + latest
            pushes.schedule(
                session,
                push,
                terms(due_at, latest_at=latest_at),
                account=self.platform.account,
                profile=self.services.site.profile,
                now=now,
            )
            return push.pid

    def brings_in(self, *, title: str = "库房") -> str:
        """Bring a picture into the library; return its public id."""
        with self.database.begin() as session:
            asset = media.bring_in(
                session,
                open_objects(self.services.settings),
                a_picture(),
                name="a.png",
                title=title,
                alt="一间库房",
                credit="本馆",
                made_by=WRITER,
                now=clock.now(),
            )
            return asset.pid

    def works(self, *, most: int = 50) -> int:
        """Do whatever is due; return how many jobs were done."""
        done = 0
        while done < most and self.runner.run_next():
            done += 1
        return done

    def after(self, **duration: float) -> int:
        """Let time pass, then do whatever is due."""
        clock.move(clock.offset() + timedelta(**duration))
        return self.works()

    def push(self, pid: str) -> Push:
        with Session(self.database.engine) as session:
            return session.scalars(select(Push).where(Push.pid == pid)).one()

    def stands(self, pid: str) -> tuple[str, str]:
        """Return a push's state and why it is held."""
        push = self.push(pid)
        return push.state, push.reason

    def calls(self, pid: str) -> Sequence[PushCall]:
        with Session(self.database.engine) as session:
            asked = select(PushCall).join(Push, Push.id == PushCall.push_id).where(Push.pid == pid)
            return session.scalars(asked.order_by(PushCall.generation, PushCall.place)).all()

    def steps(self, pid: str) -> list[str]:
        with Session(self.database.engine) as session:
            asked = select(PushStep.step).join(Push, Push.id == PushStep.push_id)
            return list(session.scalars(asked.where(Push.pid == pid).order_by(PushStep.id)))

    def decides(self, pid: str, decision: Decision) -> None:
        with self.database.begin() as session:
            push = plans.locked(session, pid)
            assert push is not None
            pushes.decide(session, push, decision, by=PUBLISHER, now=clock.now())

    def sends_after_all(self, pid: str) -> None:
        """Take a held push back, and schedule it for as soon as the cooling-off is over."""
        self.decides(pid, Decision.RESCHEDULE)
        now = clock.now()
        with self.database.begin() as session:
            push = plans.locked(session, pid)
            assert push is not None
            pushes.schedule(
                session,
                push,
                terms(None),
                account=self.platform.account,
                profile=self.services.site.profile,
                now=now,
            )

    def pieces_of(self, pid: str) -> list[Piece]:
        with Session(self.database.engine) as session:
            from_push = select(Piece).join(PushPiece, PushPiece.piece_id == Piece.id)
            of_this = from_push.join(Push, Push.id == PushPiece.push_id)
            return list(session.scalars(of_this.where(Push.pid == pid)))


@contextmanager
def a_bureau(
    database_url: str, folder: Path, wechat: FarSide | None = None, **changes: Any
) -> Iterator[Bureau]:
    """Open an installation whose WeChat is `far_side`; its clock is put back at the end."""
    wechat = wechat or FarSide()
    with serving(wechat) as url:
        settings = Settings.for_demo(
            **{
                "data_dir": folder,
                "site_dir": PROJECT,
                "database_url": SecretStr(database_url),
                "wechat_api_url": url,
            }
            | changes
        )
        database = Database(database_url)
        store, close = open_store(database, "")
        services = Services(settings, database, store, site_of(settings))
        platform = Platform(
            settings, store, database, timeout_s=(2.0, 4.0), sleep=lambda _seconds: None
        )
        runner = Runner(database, send_jobs.build(services, platform))
        try:
            yield Bureau(services, platform, wechat, runner)
        finally:
            clock.move(timedelta(0))
            if wechat.holding is not None:
                wechat.holding.set()
            platform.close()
            close()
            database.dispose()


__all__ = ["AudienceKind", "Bureau", "Decision", "PushState"]
