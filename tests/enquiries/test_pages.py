"""报错 and one's own requests as pages: what is shown, taken, refused, and never told."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from tests.conftest import SettingsFactory
from tests.enquiries.filing import a_follower, a_request, moves
from tests.html import Page, read_page
from wx_archive import app, demo
from wx_archive.app import Application
from wx_archive.catalogue import visibility
from wx_archive.catalogue.models import Document, Record
from wx_archive.core import clock, schema
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.enquiries.forms import LASTS, OFTEN, Forms
from wx_archive.enquiries.models import Enquiry
from wx_archive.enquiries.rules import State
from wx_archive.followers.identity import Door

TOKEN = re.compile(r'name="token" value="([^"]+)"')
CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')
NOWHERE = "0" * 26


@dataclass
class Place:
    """A running account without a network, and what is behind it."""

    application: Application
    settings: Settings

    @property
    def database(self) -> Database:
        return self.application.services.database

    def browser(self) -> Client:
        return Client(self.application.wsgi)

    def enters(self, number: int) -> Client:
        """Return a browser that opened the link of the chat."""
        door, browser = Door.of(self.settings), self.browser()
        with self.database.reads() as connection:
            address = door.address(
                connection, number, "/h5/enquiries", purpose="me", now=clock.now()
            )
        answer = browser.get(urlsplit(address).path)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/h5/enquiries")
        return browser

    def pids(self, *, visible: bool) -> dict[str, str]:
        """Return one public id of every kind of entry, by its title."""
        documents = visibility.public_documents()
        records = visibility.public_records(clock.today())
        wanted = (
            select(Document.title, Document.pid).where(documents if visible else ~documents),
            select(Record.title, Record.pid).where(records if visible else ~records),
        )
        with self.database.reads() as connection:
            rows = [connection.execute(query.limit(1)).first() for query in wanted]
        return {row.title: row.pid for row in rows if row}

    def filed(self) -> list[Enquiry]:
        with self.database.begin() as session:
            return list(session.scalars(select(Enquiry).order_by(Enquiry.id)))


@pytest.fixture
def place(demo_settings: SettingsFactory) -> Iterator[Place]:
    """An account to which WeChat does not tell who reads."""
    settings = demo_settings(wechat_account="subscription")
    application = app.build(settings)
    yield Place(application, settings)
    application.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_place(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Iterator[Place]:
    """The same on each database, for what is about rows."""
    if request.param == "sqlite":
        yield request.getfixturevalue("place")
        return
    url = str(request.getfixturevalue("postgres_url"))
    settings = demo_settings(wechat_account="subscription", database_url=SecretStr(url))
    database = Database(url)
    schema.mark_demo(database)
    demo.load_sample(database, settings)
    database.dispose()
    application = app.build(settings)
    yield Place(application, settings)
    application.close()


def page(response: TestResponse, *, status: int = 200) -> Page:
    assert response.status_code == status, response.text
    assert response.headers["Cache-Control"] == "no-store"
    found = read_page(response.text)
    found.check_frame()
    return found


def form(browser: Client, pid: str, **changes: str) -> dict[str, str]:
    """Return a filled-in form as the page gives it."""
    found = TOKEN.search(browser.get(f"/h5/corrections?about={pid}").text)
    assert found
    return {"token": found.group(1), "about": pid, "words": "日期错了", "website": ""} | changes


def csrf(browser: Client) -> str:
    found = CSRF.search(browser.get("/h5/enquiries/new").text)
    assert found
    return found.group(1)


# -- 报错 -------------------------------------------------------------------------------------


def test_the_form_names_the_entry_that_one_may_see(place: Place) -> None:
    pids = place.pids(visible=True)
    assert len(pids) == 2
    for title, pid in pids.items():
        shown = page(place.browser().get(f"/h5/corrections?about={pid}"))
        assert f"关于《{title}》" in shown.text
        assert shown.value_of("about") == pid


def test_what_is_hidden_and_what_is_missing_are_the_same_bytes(any_place: Place) -> None:
    browser = any_place.browser()

    def told(pid: str, *, send: bool) -> bytes:
        if send:
            token = Forms(any_place.settings.secret()).issue(pid, "", now=clock.now())
            sent = {"token": token, "about": pid, "words": "错了"}
            answer = browser.post("/h5/corrections", data=sent)
        else:
            answer = browser.get("/h5/corrections", query_string={"about": pid})
        assert answer.status_code == 404
        assert answer.headers["Cache-Control"] == "no-cache"
        return bytes(answer.data).replace(pid.encode(), b"")

    hidden = any_place.pids(visible=False)
    assert len(hidden) >= 1
    for send in (False, True):
        missing = told(NOWHERE, send=send)
        for title, pid in hidden.items():
            assert told(pid, send=send) == missing
            assert title.encode() not in missing
    for wrong in ("x", "a' OR 1=1", "1" * 5_000):
        assert browser.get("/h5/corrections", query_string={"about": wrong}).status_code == 404
    for address in ("/h5/corrections", "/h5/corrections?about=", "/h5/corrections?about=%00"):
        assert browser.get(address).status_code == 404
    assert any_place.filed() == []


def test_a_correction_is_taken_and_thanked_for_with_its_number(any_place: Place) -> None:
    browser = any_place.browser()
    title, pid = next(iter(any_place.pids(visible=True).items()))
    words = f" 日期不对\r\n应为1969年，电话13807281234，《{title}》<b>"
    answer = browser.post("/h5/corrections", data=form(browser, pid, words=words))
    (filed,) = any_place.filed()
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/h5/corrections/{filed.pid}",
    )
    assert filed.words == f"日期不对\n应为1969年，电话［号码已隐去］，《{title}》<b>"
    assert (filed.kind, filed.about_pid, filed.follower_id) == ("correction", pid, None)
    shown = page(browser.get(answer.headers["Location"]))
    assert filed.number in shown.text
    assert "日期不对" not in shown.text
    moves(any_place.database, filed.number, State.REFUSED, note="原件就是这样写的")
    shown = page(any_place.browser().get(answer.headers["Location"]))
    assert "不予更正" in shown.text
    assert "原件就是这样写的" in shown.text


def test_a_form_that_is_sent_twice_is_one_correction(any_place: Place) -> None:
    browser = any_place.browser()
    pid = next(iter(any_place.pids(visible=True).values()))
    sent = form(browser, pid)
    answers = [browser.post("/h5/corrections", data=sent) for _each in range(3)]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len(any_place.filed()) == 1


def test_a_form_of_somebody_elses_making_or_an_old_one_keeps_the_words(place: Place) -> None:
    browser = place.browser()
    one, other = place.pids(visible=True).values()
    forms = Forms(place.settings.secret())
    old = forms.issue(one, "", now=clock.now() - LASTS - timedelta(seconds=1))
    for token in ("", "x", old, forms.issue(other, "", now=clock.now())):
        before = len(place.filed())
        sent = {"token": token, "about": one, "words": "日期<错了>"}
        shown = page(browser.post("/h5/corrections", data=sent), status=400)
        assert "您写的还在" in shown.text
        assert "日期<错了>" in shown.text
        assert len(place.filed()) == before
        again = sent | {"token": shown.value_of("token")}
        assert browser.post("/h5/corrections", data=again).status_code == 303


def test_what_a_machine_fills_in_is_not_taken(place: Place) -> None:
    browser = place.browser()
    pid = next(iter(place.pids(visible=True).values()))
    shown = browser.get(f"/h5/corrections?about={pid}").text
    assert re.search(r"<p hidden><label>[^<]*<input[^>]*name=\"website\"", shown)
    page(browser.post("/h5/corrections", data=form(browser, pid, website="http://x")), status=400)
    assert place.filed() == []


@pytest.mark.parametrize(
    ("words", "problem"), [("", "请写几个字"), (" ？\n", "请写几个字"), ("长" * 501, "500 个字")]
)
def test_what_cannot_be_taken_says_why_beside_the_field(
    place: Place, words: str, problem: str
) -> None:
    browser = place.browser()
    pid = next(iter(place.pids(visible=True).values()))
    answer = browser.post("/h5/corrections", data=form(browser, pid, words=words))
    assert problem in page(answer, status=400).text
    assert 'aria-invalid="true"' in answer.text
    assert 'role="alert"' in answer.text
    assert place.filed() == []


def test_five_hundred_characters_are_taken_whatever_they_are(place: Place) -> None:
    browser = place.browser()
    pid = next(iter(place.pids(visible=True).values()))
    words = "𠮷" * 500
    assert browser.post("/h5/corrections", data=form(browser, pid, words=words)).status_code == 303
    assert place.filed()[0].words == words


def test_too_many_from_one_place_have_to_wait_others_do_not(place: Place) -> None:
    browser = place.browser()
    pid = next(iter(place.pids(visible=True).values()))
    for _each in range(OFTEN):
        sent = browser.post("/h5/corrections", data=form(browser, pid))
        assert sent.status_code == 303
    answer = browser.post("/h5/corrections", data=form(browser, pid))
    assert "过一小时" in page(answer, status=429).text
    elsewhere = browser.post(
        "/h5/corrections", data=form(browser, pid), headers={"X-Forwarded-For": "203.0.113.7"}
    )
    assert elsewhere.status_code == 303
    assert len(place.filed()) == OFTEN + 1


def test_the_thanks_are_of_corrections_only(place: Place) -> None:
    asked = a_request(place.database, a_follower(place.database))
    browser = place.browser()
    for pid in (asked.pid, NOWHERE, "x", "查2026-000001"):
        assert browser.get(f"/h5/corrections/{pid}").status_code == 404


def test_a_follower_who_is_known_finds_the_correction_among_their_own(place: Place) -> None:
    number, other = a_follower(place.database), a_follower(place.database, "oOther")
    browser, foreign = place.enters(number), place.enters(other)
    pid = next(iter(place.pids(visible=True).values()))
    browser.post("/h5/corrections", data=form(browser, pid))
    browser.post("/h5/corrections", data=form(foreign, pid, words="别人的表"))
    browser.post("/h5/corrections", data=form(place.browser(), pid, words="谁都不是的表"))
    assert [one.follower_id for one in place.filed()] == [number, None, None]
    shown = page(browser.get("/h5/enquiries")).text
    assert "纠" in shown
    assert "别人的表" not in shown


# -- one's own --------------------------------------------------------------------------------


def test_nobody_gets_in_without_having_asked_in_the_chat(place: Place) -> None:
    a_request(place.database, a_follower(place.database), "大坝图纸")
    for address in ("/h5/enquiries", "/h5/enquiries/new"):
        assert "大坝" not in page(place.browser().get(address), status=403).text
    asked = page(place.browser().get("/h5/enquiries/new?words=量子<通信>"), status=403)
    assert "帮我查 量子<通信>" in asked.text
    for address in ("/h5/enquiries/new", "/h5/enquiries/withdraw"):
        sent = {"words": "房改文件", "number": "查2026-1"}
        page(place.browser().post(address, data=sent), status=403)
    assert [one.state for one in place.filed()] == ["submitted"]


def test_where_wechat_tells_who_reads_one_is_asked_there(demo_settings: SettingsFactory) -> None:
    application = app.build(demo_settings())
    answer = Client(application.wsgi).get("/h5/enquiries/new", query_string={"words": "大坝"})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/h5/oauth/start?next=%2Fh5%2Fenquiries%2Fnew%3F")
    application.close()


def test_ones_own_requests_are_listed_with_what_staff_say(place: Place) -> None:
    number, noise = a_follower(place.database), a_follower(place.database, "oNoise")
    browser = place.enters(number)
    assert "还没有" in page(browser.get("/h5/enquiries")).text
    mine = a_request(place.database, number, "大坝<图纸>")
    a_request(place.database, noise, "别人的图纸")
    moves(place.database, mine.number, State.NEED_FIX, note="哪一年的？")
    shown = page(browser.get("/h5/enquiries")).text
    for words in (mine.number, "等您补充", "大坝<图纸>", "哪一年的？"):
        assert words in shown, words
    assert "别人的图纸" not in shown


def test_a_request_is_made_once_by_its_form(any_place: Place) -> None:
    number = a_follower(any_place.database)
    browser = any_place.enters(number)
    shown = browser.get("/h5/enquiries/new", query_string={"words": "量子纠缠通信"})
    assert ">量子纠缠通信</textarea>" in shown.text
    sent = {"csrf": csrf(browser), "words": "量子 纠缠通信"}
    for _each in range(2):
        answer = browser.post("/h5/enquiries/new", data=sent)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/h5/enquiries")
    (filed,) = any_place.filed()
    assert (filed.words, filed.follower_id, filed.kind) == ("量子 纠缠通信", number, "search")


@pytest.mark.parametrize(
    ("words", "problem"),
    [("", "请写几个字"), ("长" * 201, "200 个字"), ("我妈的知青档案", "请带身份证件到")],
)
def test_a_request_that_cannot_be_taken_says_why(place: Place, words: str, problem: str) -> None:
    browser = place.enters(a_follower(place.database))
    answer = browser.post("/h5/enquiries/new", data={"csrf": csrf(browser), "words": words})
    assert problem in page(answer, status=400).text
    assert "我妈" not in answer.text
    assert place.filed() == []


def test_a_sixth_request_waits(place: Place) -> None:
    number = a_follower(place.database)
    browser = place.enters(number)
    for count in range(5):
        a_request(place.database, number, f"第{count}件图纸")
    answer = browser.post("/h5/enquiries/new", data={"csrf": csrf(browser), "words": "第六件"})
    assert "已经有五件在办" in page(answer, status=400).text
    assert "第六件" in answer.text


def test_only_ones_own_open_request_is_withdrawn(place: Place) -> None:
    number, noise = a_follower(place.database), a_follower(place.database, "oNoise")
    browser = place.enters(number)
    mine = a_request(place.database, number, "大坝图纸")
    theirs = a_request(place.database, noise, "别人的图纸")
    token = csrf(browser)
    for asked in (theirs.number, "查2026-000009", "x", ""):
        sent = {"csrf": token, "number": asked}
        assert browser.post("/h5/enquiries/withdraw", data=sent).status_code == 404
    for _each in range(2):  # the second finds it done
        sent = {"csrf": token, "number": mine.number}
        answer = browser.post("/h5/enquiries/withdraw", data=sent)
        assert answer.headers["Location"] == "/h5/enquiries"
    assert [one.state for one in place.filed()] == ["withdrawn", "submitted"]
    assert "<button" not in browser.get("/h5/enquiries").text


def test_a_form_without_the_sessions_token_changes_nothing(place: Place) -> None:
    number = a_follower(place.database)
    browser, foreign = place.enters(number), place.enters(a_follower(place.database, "oOther"))
    mine = a_request(place.database, number, "大坝图纸")
    for token in ("", "x", csrf(foreign)):
        sent = {"csrf": token, "number": mine.number, "words": "房改文件"}
        assert browser.post("/h5/enquiries/withdraw", data=sent).status_code == 403
        assert browser.post("/h5/enquiries/new", data=sent).status_code == 403
    assert [one.state for one in place.filed()] == ["submitted"]


def test_ones_own_answer_is_rated_on_the_page(any_place: Place) -> None:
    number, noise = a_follower(any_place.database), a_follower(any_place.database, "oNoise")
    browser = any_place.enters(number)
    mine = a_request(any_place.database, number, "大坝图纸")
    theirs = a_request(any_place.database, noise, "别人的图纸")
    for one in (mine, theirs):
        moves(any_place.database, one.number, State.REFUSED, note="不能提供")
    shown = browser.get("/h5/enquiries")
    assert 'name="score" value="5"' in shown.text
    page(shown)
    token = CSRF.search(shown.text)
    assert token
    sent = {"csrf": token[1], "number": mine.number, "score": "4", "words": "很快<b>"}
    for wrong, status in (
        ({"score": "6"}, 400),
        ({"score": ""}, 400),
        ({"score": "五"}, 400),
        ({"number": theirs.number}, 404),
        ({"number": "x"}, 404),
        ({"csrf": "x"}, 403),
    ):
        assert browser.post("/h5/enquiries/rate", data=sent | wrong).status_code == status, wrong
    assert {one.rating for one in any_place.filed()} == {None}
    for _each in range(2):
        answer = browser.post("/h5/enquiries/rate", data=sent)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/h5/enquiries")
    assert [(one.rating, one.rating_words, one.state) for one in any_place.filed()] == [
        (4, "很快<b>", "closed"),
        (None, "", "refused"),
    ]
    told = page(browser.get("/h5/enquiries")).text
    assert "您评了4分（满意）" in told
    assert "不能提供" in told
