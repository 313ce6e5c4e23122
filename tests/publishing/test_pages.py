"""Pieces and their list as pages: what is out and nothing else, for everybody, without script."""

import io
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image
from pydantic import SecretStr
from sqlalchemy import delete, select
from werkzeug.test import Client, TestResponse

from tests.builders import a_document, a_record, import_documents, import_records, wide
from tests.html import Page, read_page
from tests.publishing import reading_room
from tests.publishing.reading_room import a_content
from wx_archive import app
from wx_archive.app import Application
from wx_archive.catalogue.models import Document, Record
from wx_archive.core import clock, schema
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.followers import interests
from wx_archive.followers import service as followers
from wx_archive.followers.identity import Door
from wx_archive.followers.models import Follower
from wx_archive.media import service as media
from wx_archive.media.models import Asset
from wx_archive.media.objects import open_objects
from wx_archive.publishing import figures, listing, opinions, pieces
from wx_archive.publishing.listing import Asked, Cursor
from wx_archive.publishing.models import Piece
from wx_archive.publishing.rules import TITLES, Column, Kind

PROJECT = Path(__file__).parents[2]
NOW = clock.now()
YESTERDAY = NOW - timedelta(days=1)
CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')
PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.50"}


@dataclass
class House:
    """A running account without a network, and readers of its pages."""

    application: Application
    settings: Settings

    @property
    def database(self) -> Database:
        return self.application.services.database

    def reader(self, number: int | None = None) -> Client:
        """Return a browser: of nobody known, or of a follower who came by a link of the chat."""
        browser = Client(self.application.wsgi)
        if number is not None:
            door = Door.of(self.settings)
            with self.database.reads() as connection:
                link = door.address(connection, number, "/h5/me", purpose="me", now=clock.now())
            assert browser.get(urlsplit(link).path).status_code == 303
        return browser

    def follower(self, *topics: str, openid: str = "a-reader") -> int:
        """Return a follower who chose topics."""
        with self.database.begin() as session:
            number = followers.ensure(session, openid, now=NOW)
            for topic in topics:
                interests.toggle(session, number, topic, now=NOW)
        return number

    def out(self, title: str = "大坝", *, out_at: datetime = YESTERDAY, **changes: object) -> int:
        """Bring out a piece; return its number."""
        return reading_room.bring_out(self.database, title, out_at=out_at, **changes)

    def picture(self, *, colour: str = "red", alt: str = "大坝", credit: str = "本馆藏") -> str:
        """Take a picture into the library; return its public id."""
        file = io.BytesIO()
        Image.new("RGB", (1_000, 500), colour).save(file, "JPEG")
        file.seek(0)
        store = open_objects(self.settings)
        with self.database.begin() as session:
            asset = media.bring_in(
                session,
                store,
                file,
                name="a.jpg",
                title="图",
                alt=alt,
                credit=credit,
                made_by="x",
                now=NOW,
            )
            return asset.pid


@pytest.fixture(scope="module")
def opened(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An account to which WeChat does not tell who reads; for all tests that leave it open."""
    with a_house(_sqlite_template, tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def house(opened: House) -> House:
    """The account, with neither pieces nor followers."""
    with opened.database.begin() as session:
        for table in (Piece, Follower, Asset):
            session.execute(delete(table))
    return opened


@contextmanager
def a_house(template: Path, folder: Path) -> Iterator[House]:
    shutil.copy(template, folder / "archive.db")
    url = f"sqlite:///{folder / 'archive.db'}"
    settings = Settings.for_demo(
        data_dir=folder,
        site_dir=PROJECT,
        wechat_account="subscription",
        database_url=SecretStr(url),
    )
    database = Database(url)
    schema.mark_demo(database)
    database.dispose()
    application = app.build(settings)
    try:
        yield House(application, settings)
    finally:
        application.close()


def get(browser: Client, path: str) -> Page:
    answer = browser.get(path, headers=PHONE)
    assert answer.status_code == 200, answer.status
    page = read_page(answer.text)
    page.check_frame()
    return page


def titles(page: Page) -> list[str]:
    """Return the addresses of the pieces that a list leads to."""
    return [link for link in page.links if link.startswith("/h5/articles/")]


# -- a piece ---------------------------------------------------------------------------------


def test_a_piece_shows_its_words_column_day_and_sources(house: House) -> None:
    house.out(
        pid="dam",
        body="## 三次\n\n说的是**汉江**，[外面](https://www.gov.cn/)，请打 {telephone}。\n\n"
        "---\n\n| 年 |\n|--:|\n| 1 |\n\n<b onclick=x>",
        sources=("《水力发电》", "<i>本馆"),
        out_at=datetime(2026, 11, 1, 16, 30, tzinfo=clock.SHANGHAI),
    )
    page = get(house.reader(), "/h5/articles/dam")
    assert page.headings == ["大坝"]
    for words in (
        "历史钩沉",
        "2026年11月1日",
        "一句提要",
        "汉江",
        "0719",
        "<b onclick=x>",
        "<i>本馆",
    ):
        assert words in page.text
    assert "https://www.gov.cn/" in page.links
    assert "/h5/columns/history" in page.links


def test_missing_not_out_withdrawn_and_not_approved_are_the_same_404(house: House) -> None:
    house.out("将来", pid="later", out_at=clock.now() + timedelta(hours=1))
    number = house.out("撤下", pid="gone")
    with house.database.begin() as session:
        withdrawn = session.get(Piece, number)
        assert withdrawn is not None
        withdrawn.withdrawn_at = NOW
        draft = pieces.add(session, a_content("没有审的"), made_by="x", now=NOW, pid="draft")
        draft.out_at = YESTERDAY
    reader = house.reader()
    missing = reader.get("/h5/articles/nothing")
    assert missing.status_code == 404
    for pid in ("later", "gone", "draft"):
        answer = reader.get(f"/h5/articles/{pid}")
        assert (answer.status_code, answer.data) == (404, missing.data)
        assert dict(answer.headers) == dict(missing.headers)
    page = get(reader, "/h5/articles")
    assert titles(page) == []


def test_an_edit_is_not_shown_until_it_is_approved(house: House) -> None:
    house.out("审过的", pid="one", body="老话")
    with house.database.begin() as session:
        piece = pieces.locked(session, "one")
        assert piece is not None
        pieces.save(session, piece, a_content("改过的", body="新词"), since=1, made_by="x", now=NOW)
    reader = house.reader()
    page = get(reader, "/h5/articles/one")
    assert page.headings == ["审过的"]
    assert "新词" not in page.text
    assert titles(get(reader, "/h5/articles?q=新词")) == []
    assert titles(get(reader, "/h5/articles?q=老话")) == ["/h5/articles/one"]


def test_pictures_come_from_our_own_store_and_withdrawn_ones_are_left_out(house: House) -> None:
    cover, shown, gone = (house.picture(colour=one) for one in ("red", "blue", "green"))
    house.out(pid="dam", cover=cover, body=f"![坝顶](media:{shown})\n\n字![](media:{gone})")
    with house.database.begin() as session:
        media.withdraw(session, gone, now=NOW)
    answer = house.reader().get("/h5/articles/dam")
    read_page(answer.text).check_frame()
    assert re.findall(r'src="(/h5/media/[^"]+)"', answer.text) == [
        f"/h5/media/{cover}?form=cover",
        f"/h5/media/{shown}",
    ]
    assert "<figcaption>坝顶　本馆藏</figcaption>" in answer.text
    assert house.reader().get(f"/h5/media/{shown}").status_code == 200
    assert "media-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_picture_set_shows_its_pictures_numbered(house: House) -> None:
    two = (house.picture(colour="red"), house.picture(colour="blue", alt="坝底"))
    house.out(pid="set", kind=Kind.PICTURES, assets=two, body="两张老照片。")
    page = get(house.reader(), "/h5/articles/set")
    assert "1/2　大坝　本馆藏" in page.text
    assert "2/2　坝底" in page.text
    assert "两张老照片。" in page.text


def test_a_film_that_is_gone_says_so(house: House) -> None:
    house.out(pid="film", kind=Kind.VIDEO, assets=("0" * 26,), body="")
    assert "视频暂时看不了" in get(house.reader(), "/h5/articles/film").text


def test_older_and_newer_pieces_of_the_column_are_a_tap_away(house: House) -> None:
    for day, name in enumerate(("new", "mid", "old")):
        house.out(name, pid=name, out_at=YESTERDAY - timedelta(days=day))
    house.out("别的栏目", pid="city", column=Column.CITY, out_at=YESTERDAY - timedelta(hours=1))
    reader = house.reader()
    assert titles(get(reader, "/h5/articles/mid")) == ["/h5/articles/new", "/h5/articles/old"]
    assert titles(get(reader, "/h5/articles/new")) == ["/h5/articles/mid"]
    assert titles(get(reader, "/h5/articles/city")) == []


# -- entries, both ways ----------------------------------------------------------------------


def test_only_public_entries_are_named_and_they_name_the_piece(
    house: House, tmp_path: Path
) -> None:
    import_records(house.database, tmp_path, a_record("open"), a_record("shut", title="秘", open=0))
    import_documents(house.database, tmp_path, a_document())
    with house.database.reads() as connection:
        records = dict(connection.execute(select(Record.source_key, Record.pid)).all())
        (document,) = connection.scalars(select(Document.pid))
    house.out(pid="dam", entries=(records["shut"], records["open"], document))
    reader = house.reader()
    page = get(reader, "/h5/articles/dam")
    assert f"/h5/records/{records['open']}" in page.links
    assert f"/h5/documents/{document}" in page.links
    assert records["shut"] not in str(page.links)
    assert "秘" not in page.text
    for address in (f"/h5/records/{records['open']}", f"/h5/documents/{document}"):
        told = get(reader, address)
        assert "文章里提到过" in told.text
        assert "/h5/articles/dam" in told.links
    with house.database.begin() as session:
        piece = pieces.locked(session, "dam")
        assert piece is not None
        piece.withdrawn_at = NOW
    assert "文章里提到过" not in get(reader, f"/h5/documents/{document}").text


# -- the list --------------------------------------------------------------------------------


def test_the_list_is_by_column_month_and_words(house: House) -> None:
    september = datetime(2026, 9, 30, 23, 30, tzinfo=clock.SHANGHAI)
    house.out("大坝", pid="dam", out_at=september, topics=("水利",))
    house.out("旧城", pid="town", summary="老街的事", out_at=september + timedelta(hours=1))
    house.out("车站", pid="rail", column=Column.CITY, body="通了 ABC 高铁")
    reader = house.reader()
    assert titles(get(reader, "/h5/articles")) == [
        "/h5/articles/rail",
        "/h5/articles/town",
        "/h5/articles/dam",
    ]
    assert titles(get(reader, "/h5/columns/city")) == ["/h5/articles/rail"]
    assert titles(get(reader, "/h5/articles?month=2026-09")) == ["/h5/articles/dam"]
    assert titles(get(reader, "/h5/columns/history?month=2026-10")) == ["/h5/articles/town"]
    for words, found in {
        "水利": ["dam"],
        "老街": ["town"],
        "abc": ["rail"],
        f"{wide('ABC')} 高铁": ["rail"],
        "車站": ["rail"],
        "汉江 大坝": ["dam"],
        "汉江 高铁": [],
        "%": [],
        "_": [],
    }.items():
        page = get(reader, f"/h5/articles?q={words}")
        assert titles(page) == [f"/h5/articles/{pid}" for pid in found], words
    assert "没有找到这样的文章" in get(reader, "/h5/articles?q=飞船").text
    assert reader.get("/h5/articles?column=city").headers["Location"] == "/h5/columns/city"


def test_every_column_keeps_its_address(house: House) -> None:
    reader = house.reader()
    for column, name in TITLES.items():
        page = get(reader, f"/h5/columns/{column.value}")
        assert page.headings == [name]
        assert "这个栏目还没有文章" in page.text
    assert reader.get("/h5/columns/nowhere").status_code == 404


def test_the_list_turns_its_pages_without_losing_or_doubling_anything(house: House) -> None:
    number = listing.PER_PAGE * 2 + 3
    with house.database.begin() as session:
        for place in range(number):  # many of one moment: the id decides
            reading_room.an_out_piece(session, f"{place}", pid=f"p{place}", out_at=YESTERDAY)
    reader, address, seen = house.reader(), "/h5/articles", list[str]()
    for _turn in range(5):
        page = get(reader, address)
        seen += titles(page)
        onward = [link for link in page.links if link.startswith("/h5/articles?before=")]
        if not onward:
            break
        (address,) = onward
    assert len(seen) == len(set(seen)) == number
    assert seen[0] == f"/h5/articles/p{number - 1}"


@pytest.mark.parametrize(
    "query",
    ["month=2026-13", "month=x", "before=x", "before=1.2.3", "before=" + "9" * 40 + ".1", "q=%00"],
)
def test_what_makes_no_sense_is_taken_as_not_said(house: House, query: str) -> None:
    house.out(pid="dam")
    assert titles(get(house.reader(), f"/h5/articles?{query}")) == ["/h5/articles/dam"]


def test_an_address_of_the_list_says_again_what_was_asked() -> None:
    cursor = Cursor(NOW, 7)
    asked = Asked(Column.CITY, date(2026, 9, 1), "大 坝", mine=True, cursor=cursor)
    parts = urlsplit(asked.address)
    assert parts.path == "/h5/columns/city"
    told = dict(pair.split("=") for pair in unquote(parts.query).replace("+", " ").split("&"))
    assert Asked.of(told, Column.CITY) == asked


# -- topics ----------------------------------------------------------------------------------


def test_a_readers_topics_narrow_the_list_and_say_what_is_left_out(house: House) -> None:
    house.out("关的", pid="other")
    house.out("感兴趣的", pid="mine", interests=("history",))
    reader = house.reader(house.follower("history"))
    page = get(reader, "/h5/articles")
    assert len(titles(page)) == 2
    assert "/h5/articles?mine=1" in page.links
    page = get(reader, "/h5/articles?mine=1")
    assert titles(page) == ["/h5/articles/mine"]
    assert "只列出您感兴趣的主题：历史钩沉" in page.text
    assert "另有 1 篇没有列出" in page.text
    assert "/h5/articles" in page.links


def test_without_topics_or_without_a_name_everything_is_listed_and_it_is_said(
    house: House,
) -> None:
    house.out("一篇", pid="one")
    stranger = get(house.reader(), "/h5/articles?mine=1")
    assert titles(stranger) == ["/h5/articles/one"]
    assert "这里还不知道您选了哪些主题" in stranger.text
    known = get(house.reader(house.follower()), "/h5/articles?mine=1")
    assert titles(known) == ["/h5/articles/one"]
    assert "您还没有选感兴趣的主题" in known.text


# -- 有用, 没用 ----------------------------------------------------------------------------------


def judge(house: House, browser: Client, **fields: str) -> TestResponse:
    found = CSRF.search(browser.get("/h5/articles/dam").text)
    return browser.post(
        "/h5/articles/dam/opinion",
        data={"csrf": found[1] if found else ""} | fields,
        headers={"Origin": house.settings.origin},
    )


def test_a_known_reader_says_whether_it_was_of_use_and_why(house: House) -> None:
    number, who = house.out(pid="dam"), house.follower()
    reader = house.reader(who)
    assert judge(house, reader, useful="1", words="讲得清楚 13800138000").status_code == 303
    page = get(reader, "/h5/articles/dam")
    assert "您说过“有用”" in page.text
    assert f"讲得清楚 {opinions.HIDDEN}" in page.text
    assert judge(house, reader, useful="0").headers["Location"] == "/h5/articles/dam#opinion"
    with house.database.reads() as connection:
        mine = opinions.of(connection, number, who)
    assert mine is not None
    assert (mine.is_useful, mine.words) == (False, "")


def test_a_form_that_is_not_ours_or_makes_no_sense_is_refused(house: House) -> None:
    number, who = house.out(pid="dam"), house.follower()
    reader = house.reader(who)
    assert judge(house, reader, useful="1", csrf="0" * 32).status_code == 403
    assert judge(house, reader, useful="2").status_code == 400
    assert judge(house, house.reader(), useful="1").status_code == 403
    with house.database.begin() as session:
        piece = session.get(Piece, number)
        assert piece is not None
        piece.withdrawn_at = NOW
    answer = reader.post("/h5/articles/dam/opinion", data={"useful": "1", "csrf": "x"})
    assert answer.status_code == 403
    with house.database.reads() as connection:
        assert opinions.of(connection, number, who) is None


def test_a_stranger_is_told_how_to_say_it_in_the_chat(house: House) -> None:
    house.out("一座大坝", pid="dam")
    page = get(house.reader(), "/h5/articles/dam")
    assert "发“有用 一座大坝”" in page.text
    assert "csrf" not in page.inputs


def test_pages_of_readers_are_kept_by_nobody(house: House) -> None:
    house.out(pid="dam")
    for path in ("/h5/articles/dam", "/h5/articles", "/h5/columns/history"):
        assert house.reader().get(path).headers["Cache-Control"] == "no-store"


# -- counting --------------------------------------------------------------------------------


def test_a_page_that_is_read_is_counted_once_and_a_missing_one_never(
    sqlite_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    template = Path(sqlite_url.removeprefix("sqlite:///"))
    with a_house(template, tmp_path_factory.mktemp("counted")) as house:
        number = read_some(house)
    database = Database(house.settings.database)
    with database.reads() as connection:
        told = figures.of_piece(connection, number)
    database.dispose()
    assert (told.opened, told.opened_from_chat) == (2, 1)


def read_some(house: House) -> int:
    """Open a piece twice as a person, and otherwise."""
    number = house.out(pid="dam")
    reader = house.reader()
    reader.get("/h5/articles/dam?via=chat", headers=PHONE)
    reader.get("/h5/articles/dam", headers=PHONE)
    reader.get("/h5/articles/dam", headers={"User-Agent": "Googlebot/2.1"})
    reader.get("/h5/articles/nothing", headers=PHONE)
    return number
