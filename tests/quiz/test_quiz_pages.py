"""The album, one card, the rules, a question's picture: who sees what, and what nobody sees."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from sqlalchemy import select, update
from werkzeug.test import Client, TestResponse

from tests.conftest import SettingsFactory
from tests.html import Page, read_page
from tests.quiz.album_making import a_picture, earns
from tests.quiz.making import (
    NOW,
    a_facsimile,
    a_follower,
    a_question,
    a_season,
    a_site_folder,
    some_questions,
)
from wx_archive import app
from wx_archive.app import Application
from wx_archive.catalogue import visibility
from wx_archive.catalogue.models import Record
from wx_archive.core import clock, live
from wx_archive.core.ids import random_pid
from wx_archive.core.settings import Settings
from wx_archive.followers.identity import Door
from wx_archive.media import arrivals
from wx_archive.media import service as media
from wx_archive.media.objects import open_objects
from wx_archive.media.service import Described
from wx_archive.quiz import codes, seasons
from wx_archive.quiz.models import CardKind
from wx_archive.quiz.rules import VoucherState
from wx_archive.quiz.voucher_models import Facsimile, Voucher

WITH_PICTURE = "things-900"
LATER = "things-901"
ANSWER = "答案是一座桥"


def a_png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "#889").save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with two questions that have pictures, one of them for next year."""
    changes = {"picture": "bridge.png", "alt": "一张老照片，河上有人和车", "explanation": ANSWER}
    later = clock.today() + timedelta(days=30)
    pictured = [
        a_question(900, id=WITH_PICTURE, **changes),
        a_question(901, id=LATER, since=later, **changes),
    ]
    pictures = tmp_path_factory.mktemp("pictures") / "bridge.png"
    pictures.write_bytes(a_png())
    made = a_site_folder(tmp_path_factory.mktemp("site"), [*some_questions(3), *pictured])
    (made / "quiz_bank" / "pictures").mkdir(exist_ok=True)
    (made / "quiz_bank" / "pictures" / "bridge.png").write_bytes(a_png())
    return made


@dataclass
class Place:
    """A running account without a network, with a season that is on."""

    application: Application
    settings: Settings
    season_id: int
    season_pid: str
    follower_id: int

    def browser(self) -> Client:
        return Client(self.application.wsgi)

    def enters(self, follower_id: int | None = None, path: str = "/h5/cards") -> Client:
        """Return a browser that opened the link of the chat."""
        door, browser = Door.of(self.settings), self.browser()
        with self.application.services.database.reads() as connection:
            number = follower_id or self.follower_id
            address = door.address(connection, number, path, purpose="me", now=clock.now())
        answer = browser.get(urlsplit(address).path)
        assert (answer.status_code, answer.headers["Location"]) == (303, path)
        return browser

    def earns(self, cards: int, *, more: int = 0) -> int:
        with self.application.services.database.begin() as session:
            args = session, self.follower_id, self.season_id, cards
            return earns(*args, more=more, now=clock.now())

    def cards(self, ordinal: int, **changes: object) -> None:
        """Change what is on a card."""
        services = self.application.services
        with services.database.begin() as session:
            kinds = update(CardKind).where(
                CardKind.season_id == self.season_id, CardKind.ordinal == ordinal
            )
            session.execute(kinds.values(**changes))
            live.changed(session, seasons.LIVE, services.site.live)

    def draws(self, ordinal: int) -> bytes:
        """Give a card a picture; return it."""
        store, picture = open_objects(self.settings), a_picture(1080, 1512)
        arrival = arrivals.receive(store, io.BytesIO(picture), name="card.jpg")
        with self.application.services.database.begin() as session:
            described = Described("卡")
            asset = media.enter(session, arrival, described, made_by="clock", now=NOW)
            pid = asset.pid
        self.cards(ordinal, art_pid=pid)
        return picture

    def has_voucher(self, entry_id: int, state: VoucherState, *, days: int = 30) -> str:
        code = codes.new_code()
        with self.application.services.database.begin() as session:
            session.add(
                Voucher(
                    code=code,
                    entry_id=entry_id,
                    facsimile_id=a_facsimile(session, on_hand=5),
                    state=state,
                    issued_at=clock.now(),
                    settled_at=clock.now(),
                    expires_on=clock.today() + timedelta(days=days),
                    receipt="领2026-000007" if state is VoucherState.REDEEMED else None,
                )
            )
        return code


def a_place(settings: Settings, **season: object) -> Place:
    application = app.build(settings)
    services, today = application.services, clock.today()
    days = {
        "starts_on": today - timedelta(days=10),
        "ends_on": today + timedelta(days=20),
        "pick_up_until": today + timedelta(days=50),
    }
    pid = random_pid()
    with services.database.begin() as session:
        session.execute(update(Facsimile).values(is_offered=False))  # the demo's own
        _close_others(session, today)
        season_id = a_season(session, **days | {"pid": pid} | season)
        follower_id = a_follower(session, "a-reader", now=clock.now())
        live.changed(session, seasons.LIVE, services.site.live)
    return Place(application, settings, season_id, pid, follower_id)


def _close_others(session: object, today: object) -> None:
    """Take the demo's own season out of the way."""


@pytest.fixture
def place(demo_settings: SettingsFactory, folder: Path) -> Iterator[Place]:
    """An account to which WeChat does not tell who reads."""
    made = a_place(demo_settings(wechat_account="subscription", site_dir=folder))
    yield made
    made.application.close()


def page(response: TestResponse, *, status: int = 200) -> Page:
    assert response.status_code == status, response.text
    found = read_page(response.text)
    found.check_frame()
    return found
