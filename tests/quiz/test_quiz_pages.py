"""The album, one card, the rules, a question's picture: who sees what, and what nobody sees."""

import io
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
from wx_archive.quiz.models import CardKind, Season
from wx_archive.quiz.rules import SeasonState, VoucherState
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
        # The demo's own season and facsimiles are out of the way.
        session.execute(update(Facsimile).values(is_offered=False))
        session.execute(update(Season).values(state=SeasonState.WITHDRAWN))
        season_id = a_season(session, **days | {"pid": pid} | season)
        follower_id = a_follower(session, "a-reader", now=clock.now())
        live.changed(session, seasons.LIVE, services.site.live)
    return Place(application, settings, season_id, pid, follower_id)


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


# -- the album ---------------------------------------------------------------------------------


def test_the_album_shows_what_is_earned_and_only_numbers_of_the_rest(place: Place) -> None:
    place.earns(2, more=3)
    place.draws(1)
    place.draws(3)
    answer = place.enters().get("/h5/cards")
    shown = page(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "●●○○○○○○○○ 已有 2 张，还差 8 张" in shown.text
    assert "再答对 7 题，得第三张卡" in shown.text
    assert "1 第1件" in shown.text
    assert "第 3 张，还没得到" in shown.text
    for ordinal in range(3, 11):
        assert f"第{ordinal}件" not in answer.text
        assert f"001-{ordinal:03}" not in answer.text
        assert f"/h5/cards/{ordinal}" not in answer.text
    assert answer.text.count("<img") == 1, "the second card is not drawn yet"
    assert f'/h5/cards/1.jpg?season={place.season_pid}&amp;size=small"' in answer.text


def test_who_has_not_begun_sees_ten_empty_places_and_how_to_begin(place: Place) -> None:
    shown = page(place.enters().get("/h5/cards"))
    assert shown.text.count("还没得到") == 10
    assert "回到公众号，回复“答题”" in shown.text


def test_a_stranger_is_sent_to_the_chat(place: Place) -> None:
    for path in ("/h5/cards", "/h5/cards/1"):
        shown = page(place.browser().get(path), status=403)
        assert "我的卡" in shown.text
        assert "第1件" not in shown.text
    assert place.browser().get("/h5/cards/1.jpg").status_code == 404


def test_an_earned_card_is_shown_with_its_story_and_picture(place: Place) -> None:
    place.earns(1)
    picture = place.draws(1)
    place.cards(1, story="第一段。\n第二段<b>。", source="兰台市档案馆")
    browser = place.enters()
    answer = browser.get("/h5/cards/1")
    shown = page(answer)
    assert shown.headings == ["第1件"]
    assert "<p>第二段&lt;b&gt;。</p>" in answer.text
    assert "试一季，第一张，共十张" in shown.text
    assert "兰台市档案馆" in shown.text
    image = browser.get("/h5/cards/1.jpg")
    assert (image.mimetype, image.data) == ("image/jpeg", picture)
    assert image.headers["Cache-Control"] == "private, no-cache"
    small = browser.get("/h5/cards/1.jpg?size=small")
    assert Image.open(io.BytesIO(small.data)).size == (400, 560)
    assert browser.get("/h5/cards/1.jpg?size=small").data == small.data
    again = browser.get("/h5/cards/1.jpg", headers={"If-None-Match": image.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("ordinal", ["2", "0", "9" * 20, "-1", "x"])
@pytest.mark.parametrize("ending", ["", ".jpg"])
def test_a_card_not_earned_is_as_good_as_none(place: Place, ordinal: str, ending: str) -> None:
    place.earns(1)
    place.draws(2)
    browser = place.enters()
    assert browser.get(f"/h5/cards/{ordinal}{ending}").status_code == 404


def test_the_cards_of_one_follower_are_not_anothers(place: Place) -> None:
    place.earns(1)
    place.draws(1)
    with place.application.services.database.begin() as session:
        other = a_follower(session, "another", now=clock.now())
    browser = place.enters(other)
    for path in ("/h5/cards/1", "/h5/cards/1.jpg", f"/h5/cards/1.jpg?season={place.season_pid}"):
        assert browser.get(path).status_code == 404
    assert "第1件" not in browser.get("/h5/cards").text


def test_a_card_is_not_in_the_public_media(place: Place) -> None:
    place.earns(1)
    place.draws(1)
    with place.application.services.database.reads() as connection:
        pid = connection.scalars(select(CardKind.art_pid).where(CardKind.art_pid.is_not(None)))
        addresses = [f"/h5/media/{one}" for one in pid]
    assert addresses
    for address in addresses:
        assert place.enters().get(address).status_code == 404


def test_a_picture_that_staff_have_withdrawn_is_shown_no_more(place: Place) -> None:
    place.earns(1)
    place.draws(1)
    browser = place.enters()
    with place.application.services.database.begin() as session:
        pid = session.scalars(
            select(CardKind.art_pid).where(
                CardKind.season_id == place.season_id, CardKind.ordinal == 1
            )
        ).one()
        media.withdraw(session, pid or "", now=clock.now())
    assert browser.get("/h5/cards/1.jpg").status_code == 404
    page(browser.get("/h5/cards/1"))


def test_the_record_of_a_card_is_linked_while_the_public_may_see_it(place: Place) -> None:
    place.earns(2)
    with place.application.services.database.reads() as connection:
        public = visibility.public_records(clock.today())
        open_one = connection.scalars(select(Record.pid).where(public).limit(1)).one()
        closed = connection.scalars(select(Record.pid).where(~public).limit(1)).one()
    place.cards(1, entry=open_one)
    place.cards(2, entry=closed)
    browser = place.enters()
    assert f'href="/h5/records/{open_one}"' in browser.get("/h5/cards/1").text
    shown = page(browser.get("/h5/cards/2"))
    assert closed not in shown.text
    assert not [link for link in shown.links if "records" in link]


# -- the voucher -------------------------------------------------------------------------------


def test_a_voucher_has_its_code_in_words_and_as_a_picture(place: Place) -> None:
    code = place.has_voucher(place.earns(10), VoucherState.ISSUED)
    answer = place.enters().get("/h5/cards")
    shown = page(answer)
    assert codes.printed(code) in shown.text
    assert "<svg" in answer.text
    assert 'id="voucher"' in answer.text
    assert codes.desk_check(code, place.settings.secret()) in shown.text
    assert "建市批文（复制件）" in shown.text
    last = clock.today() + timedelta(days=30)
    assert f"{last.year}年{last.month}月{last.day}日" in shown.text


@pytest.mark.parametrize(
    ("state", "days", "says"),
    [
        (None, 0, "可以领一份珍贵档案复制件了。回到公众号，回复“领取”"),
        (VoucherState.EXPIRED, -1, "上一张凭证过期了，可以重新领"),
        (VoucherState.ISSUED, -1, "上一张凭证过期了，可以重新领"),
        (VoucherState.REDEEMED, 30, "领2026-000007"),
    ],
)
def test_what_a_complete_album_says_of_the_voucher(
    place: Place, state: VoucherState | None, days: int, says: str
) -> None:
    entry_id = place.earns(10)
    code = place.has_voucher(entry_id, state, days=days) if state else "none"
    answer = place.enters().get("/h5/cards")
    assert says in page(answer).text
    assert "<svg" not in answer.text
    assert codes.printed(code) not in answer.text


def test_after_the_last_day_of_pick_up_nothing_is_promised(
    demo_settings: SettingsFactory, folder: Path
) -> None:
    today = clock.today()
    over = {"ends_on": today - timedelta(days=2), "pick_up_until": today - timedelta(days=1)}
    made = a_place(demo_settings(wechat_account="subscription", site_dir=folder), **over)
    made.earns(10)
    shown = page(made.enters().get("/h5/cards"))
    assert "已经过了" in shown.text
    assert "回复“领取”" not in shown.text
    rules = page(made.browser().get("/h5/quiz/rules"))
    assert "试一季已经结束" in rules.text
    made.application.close()


# -- for everybody -----------------------------------------------------------------------------


def test_the_rules_say_what_a_public_game_must_say(place: Place) -> None:
    with place.application.services.database.begin() as session:
        a_facsimile(session, on_hand=42, name="建市批文")
        a_facsimile(session, on_hand=0, name="没有了的")
        hidden = a_facsimile(session, on_hand=7, name="不发放的")
        session.execute(update(Facsimile).where(Facsimile.id == hidden).values(is_offered=False))
        taken = Facsimile.on_hand - 40
        session.execute(
            update(Facsimile).where(Facsimile.name == "建市批文").values(reserved=taken)
        )
    answer = place.browser().get("/h5/quiz/rules")
    shown = page(answer)
    for words in ("正在进行：试一季", "最多 200 题", "40 份", "建市批文", "算进下一季"):
        assert words in shown.text
    assert "没有了的" not in shown.text
    assert "不发放的" not in shown.text
    assert "我们记下您答了哪些题" in shown.text, "the privacy text"
    assert "不排名" in shown.text


def test_the_bureaus_own_words_are_markdown_without_markup_of_their_own(
    demo_settings: SettingsFactory, folder: Path
) -> None:
    words = "**本季**只出现行法规。\n\n<script>alert(1)</script>"
    settings = demo_settings(wechat_account="subscription", site_dir=folder)
    made = a_place(settings, rules=words)
    answer = made.browser().get("/h5/quiz/rules")
    assert "<strong>本季</strong>" in answer.text
    page(answer)
    made.application.close()


def test_without_a_season_the_rules_still_say_how_it_goes(place: Place) -> None:
    services = place.application.services
    with services.database.begin() as session:
        session.execute(update(Season).values(state=SeasonState.DRAFT))
        live.changed(session, seasons.LIVE, services.site.live)
    shown = page(place.browser().get("/h5/quiz/rules"))
    assert "还没有开始" in shown.text
    assert "现在没有可以领的复制件" in shown.text
    assert "还没有卡册" in page(place.enters().get("/h5/cards")).text


def test_a_questions_picture_is_shown_with_its_words_and_never_the_answer(place: Place) -> None:
    answer = place.browser().get(f"/h5/quiz/pictures/{WITH_PICTURE}")
    shown = page(answer)
    assert "第 900 件事" in shown.text
    assert 'alt="一张老照片，河上有人和车"' in answer.text
    for hidden in (ANSWER, "乙900", "甲900"):
        assert hidden not in answer.text
    image = place.browser().get(f"/h5/quiz/pictures/{WITH_PICTURE}.png")
    assert (image.mimetype, image.data) == ("image/png", a_png())


@pytest.mark.parametrize(
    "name",
    [LATER, "things-001", "things-999", "..", "%2e%2e%2fthings", "bridge", "things-900.png.png"],
)
@pytest.mark.parametrize("ending", ["", ".png"])
def test_only_pictures_of_questions_that_may_be_asked_are_shown(
    place: Place, name: str, ending: str
) -> None:
    assert place.browser().get(f"/h5/quiz/pictures/{name}{ending}").status_code == 404
