"""A piece before readers see it: on one's own phone, and by a link that opens nothing else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import Client

from tests.browser.test_publishing_pushes import TITLE, brings_in
from tests.conftest import SettingsFactory
from tests.console import Office
from tests.publishing.crowd import a_follower
from tests.publishing.pushing import (
    Bureau,
    a_bureau,
    a_picture,
    a_push,
    a_text,
    an_approved,
    an_article,
)
from wx_archive import demo
from wx_archive.alerts.models import StaffWechat
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Runner
from wx_archive.followers.models import Follower
from wx_archive.media import service as media
from wx_archive.media.objects import open_objects
from wx_archive.publishing import pieces, preview_jobs, preview_links, pushes
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push, PushStep
from wx_archive.publishing.rules import Delivery
from wx_archive.simulator.phone import Phone
from wx_archive.staff.models import Member
from wx_archive.staff.rules import Person, Role

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
SECRET = "a-secret-of-forty-characters-for-the-test"
PERSON = Person(7, "fabu", "发布老李", frozenset({Role.PUBLISHER}))


# -- the link ---------------------------------------------------------------------------------


def test_a_link_is_good_for_one_piece_and_a_day() -> None:
    token = preview_links.make(SECRET, "dam", "a" * 64, now=NOW)
    link = preview_links.read(SECRET, token, now=NOW + timedelta(hours=23, minutes=59))
    assert link is not None
    assert link.pid == "dam"
    assert link.is_for("a" * 64)
    assert not link.is_for("b" * 64)
    assert preview_links.read(SECRET, token, now=NOW + timedelta(hours=24)) is None
    assert preview_links.read(SECRET[::-1], token, now=NOW) is None
    assert preview_links.read(SECRET, f"{token}x", now=NOW) is None
    assert preview_links.read(SECRET, "", now=NOW) is None


def an_unpublished(office: Office) -> tuple[str, str, str]:
    """Have an article that is not out; return its id, its picture's, and its link's address."""
    with office.database.begin() as session:
        asset = media.bring_in(
            session,
            open_objects(office.settings),
            a_picture(),
            name="dam.png",
            title="大坝",
            alt="一座大坝",
            credit="本馆",
            made_by="editor",
            now=clock.now(),
        )
        content = an_article("还没有发的", body=f"![](media:{asset.pid})\n\n内部的话。")
        piece = an_approved(session, content, now=clock.now())
        secret = office.settings.secret()
        token = preview_links.make(secret, piece.pid, piece.content_hash, now=clock.now())
        return piece.pid, asset.pid, f"/h5/preview/{token}"


def test_a_colleague_sees_a_piece_that_readers_do_not(office: Office) -> None:
    pid, asset, address = an_unpublished(office)
    stranger = Client(office.application.wsgi)
    assert stranger.get(f"/h5/articles/{pid}").status_code == 404
    page = stranger.get(address)
    assert page.status_code == 200
    assert "内部的话" in page.text
    assert "请不要转发" in page.text
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert page.headers["Cache-Control"] == "no-store"
    assert f"{address}/media/{asset}" in page.text
    assert stranger.get(f"{address}/media/{asset}").status_code == 200
    assert stranger.get(f"/h5/media/{asset}").status_code == 404


def test_a_link_opens_no_other_file_and_no_other_words(office: Office) -> None:
    pid, _asset, address = an_unpublished(office)
    stranger = Client(office.application.wsgi)
    with office.database.begin() as session:
        other = media.bring_in(
            session,
            open_objects(office.settings),
            a_picture("#123456"),
            name="other.png",
            title="别的",
            alt="别的",
            credit="本馆",
            made_by="editor",
            now=clock.now(),
        ).pid
    assert stranger.get(f"{address}/media/{other}").status_code == 404
    with office.database.begin() as session:
        piece = pieces.locked(session, pid)
        assert piece is not None
        words = replace(pieces.Content.of(piece), body="改过的话。")
        pieces.save(session, piece, words, since=piece.revision, made_by="editor", now=clock.now())
    assert stranger.get(address).status_code == 404


def test_what_was_taken_down_is_in_no_preview(office: Office) -> None:
    pid, _asset, address = an_unpublished(office)
    with office.database.begin() as session:
        session.execute(update(Piece).where(Piece.pid == pid).values(withdrawn_at=clock.now()))
    assert Client(office.application.wsgi).get(address).status_code == 404


def test_the_console_draws_a_code_for_every_piece(office: Office) -> None:
    with office.database.begin() as session:
        pid = a_push(session, an_article("甲篇"), an_article("乙篇"), now=clock.now()).pid
    page = office.sits(Role.EDITOR).page(f"/console/pushes/{pid}/preview")
    assert sum("/h5/preview/" in link for link in page.links) == 2


# -- the phone --------------------------------------------------------------------------------


@contextmanager
def previewing(bureau: Bureau, openid: str | None) -> Iterator[Runner]:
    jobs = preview_jobs.build(bureau.services, bureau.platform, lambda _connection, _id: openid)
    yield Runner(bureau.database, jobs)


@pytest.fixture
def bureau(database_url: str, tmp_path: Path) -> Iterator[Bureau]:
    """A bureau whose WeChat is a far side of our own."""
    with a_bureau(database_url, tmp_path / "data") as opened:
        yield opened


def asks(bureau: Bureau, *contents: pieces.Content) -> int:
    with bureau.database.begin() as session:
        a_follower(session, "oMine")
        push = a_push(session, *contents, now=clock.now())
        preview_jobs.ask(session, push, PERSON, now=clock.now())
        return push.id


def told(bureau: Bureau, push_id: int) -> list[str]:
    with Session(bureau.database.engine) as session:
        rows = select(PushStep.note).where(PushStep.push_id == push_id)
        return list(session.scalars(rows.where(PushStep.step == preview_jobs.STEP)))


def test_without_a_phone_one_is_told_where_to_bind_it(bureau: Bureau) -> None:
    push_id = asks(bureau, a_text())
    with previewing(bureau, None) as runner:
        assert runner.run_next()
    assert told(bureau, push_id) == [preview_jobs.UNBOUND]


def test_looking_at_it_does_not_move_the_push(bureau: Bureau) -> None:
    push_id = asks(bureau, a_text())
    with Session(bureau.database.engine) as session:
        before = session.scalars(select(Push.version).where(Push.id == push_id)).one()
    with previewing(bureau, None) as runner:
        assert runner.run_next()
    with Session(bureau.database.engine) as session:
        assert session.scalars(select(Push.version).where(Push.id == push_id)).one() == before


def test_what_cannot_be_sent_is_said_so(bureau: Bureau) -> None:
    push_id = asks(bureau, an_article())
    with previewing(bureau, "oMine") as runner:
        assert runner.run_next()
    [said] = told(bureau, push_id)
    assert "没有发成：《库房里的一天》还没有封面" in said


def test_a_preview_arrives_on_the_phone_of_whoever_asked_and_on_no_other(
    demo_settings: SettingsFactory,
) -> None:
    settings = demo_settings()
    brings_in(settings)
    with demo.in_process(settings) as places:
        mine, other = Phone(places.simulator_url), Phone(places.simulator_url)
        mine.follows()
        other.follows()
        database = Database(settings.database)
        with database.begin() as session:
            openid = mine.openid
            follower = session.scalars(select(Follower.id).where(Follower.openid == openid)).one()
            member = session.scalars(select(Member).where(Member.login == "publisher")).one()
            session.add(
                StaffWechat(member_id=member.id, follower_id=follower, bound_at=clock.now())
            )
            piece = session.scalars(select(Piece).where(Piece.title == TITLE)).one()
            push = pushes.compose(
                session, [piece], delivery=Delivery.MASS, made_by="publisher", now=clock.now()
            )
            person = Person(member.id, member.login, member.name, frozenset({Role.PUBLISHER}))
            preview_jobs.ask(session, push, person, now=clock.now())
            push_id = push.id
        mine.listens(wait_s=20)
        assert [article.title for article in mine.last_articles] == [TITLE]
        assert TITLE not in str(other.conversation())
        assert settled(database, push_id) == preview_jobs.ARRIVED
        database.dispose()


def settled(database: Database, push_id: int) -> str:
    """Wait until the job has said what became of it."""
    said = select(PushStep.note).where(
        PushStep.push_id == push_id, PushStep.step == preview_jobs.STEP
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with database.reads() as connection:
            if note := connection.scalar(said):
                return str(note)
        time.sleep(0.1)
    raise AssertionError
