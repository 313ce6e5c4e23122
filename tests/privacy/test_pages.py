"""我的资料 as a page: who is let in, what they may do there, and what is never handed out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import delete
from werkzeug.test import Client, TestResponse

from tests.conftest import SettingsFactory
from tests.html import Page, read_page
from wx_archive import app
from wx_archive.app import Application
from wx_archive.core import clock
from wx_archive.core.settings import Settings
from wx_archive.followers import consents, interests
from wx_archive.followers import service as followers
from wx_archive.followers.identity import Door
from wx_archive.followers.models import Follower

SUBSCRIPTION = {"wechat_account": "subscription"}
CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


@dataclass
class Place:
    """A running account without a network, and what is behind it."""

    application: Application
    settings: Settings

    def browser(self) -> Client:
        return Client(self.application.wsgi)

    def follower(self, openid: str = "oOne") -> int:
        with self.application.services.database.begin() as session:
            return followers.ensure(session, openid, now=clock.now())

    def link(self, number: int, *, age: timedelta = timedelta(0)) -> str:
        """Return the path that the chat gave, perhaps a while ago."""
        with self.application.services.database.reads() as connection:
            door, now = Door.of(self.settings), clock.now() - age
            address = door.address(connection, number, "/h5/me", purpose="me", now=now)
        return urlsplit(address).path

    def chosen(self, number: int) -> list[str]:
        with self.application.services.database.reads() as connection:
            return list(interests.chosen(connection, number))

    def agrees(self, number: int, purpose: str) -> None:
        with self.application.services.database.begin() as session:
            consents.give(session, number, purpose, version=1, now=clock.now())

    def leaves_for_good(self, openid: str = "oOne") -> None:
        with self.application.services.database.begin() as session:
            session.execute(delete(Follower).where(Follower.openid == openid))


@pytest.fixture
def place(demo_settings: SettingsFactory) -> Iterator[Place]:
    """An account to which WeChat does not tell who reads."""
    settings = demo_settings(**SUBSCRIPTION)
    application = app.build(settings)
    yield Place(application, settings)
    application.close()


@pytest.fixture
def oauth_place(demo_settings: SettingsFactory) -> Iterator[Place]:
    """A verified service account, WeChat itself being away."""
    settings = demo_settings()
    application = app.build(settings)
    yield Place(application, settings)
    application.close()


def enters(place: Place, number: int) -> Client:
    browser = place.browser()
    assert browser.get(place.link(number)).status_code == 303
    return browser


def page(response: TestResponse, *, status: int = 200) -> Page:
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    found = read_page(response.text)
    found.check_frame()
    return found


def form_token(browser: Client) -> str:
    found = CSRF.search(browser.get("/h5/me").text)
    assert found
    return found.group(1)


# -- being let in -----------------------------------------------------------------------------


def test_the_link_of_the_chat_leads_to_ones_own_page(place: Place) -> None:
    number = place.follower()
    place.follower("oNoise")
    browser = place.browser()
    answer = browser.get(place.link(number))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/h5/me")
    shown = page(browser.get("/h5/me"))
    assert "我的资料" in shown.text
    assert "oOne" in shown.text
    assert "oNoise" not in shown.text


def test_the_cookie_is_for_this_host_this_browser_and_two_hours(place: Place) -> None:
    answer = place.browser().get(place.link(place.follower()))
    told = answer.headers["Set-Cookie"]
    for part in ("h5-me=", "HttpOnly", "SameSite=Lax", "Max-Age=7200", "Path=/"):
        assert part in told, part
    assert "Domain" not in told
    assert "Secure" not in told
    assert "oOne" not in told


def test_where_citizens_come_by_https_the_cookie_goes_nowhere_else(
    demo_settings: SettingsFactory,
) -> None:
    settings = demo_settings(**SUBSCRIPTION, public_url="https://archive.example.org")
    place = Place(app.build(settings), settings)
    told = place.browser().get(place.link(place.follower())).headers["Set-Cookie"]
    place.application.close()
    assert told.startswith("__Host-h5-me=")
    assert "Secure" in told


def test_nobody_gets_in_without_having_asked_in_the_chat(place: Place) -> None:
    place.follower()
    for address in ("/h5/me", "/h5/me/export"):
        shown = page(place.browser().get(address), status=403)
        assert "请在公众号里发送“我的资料”" in shown.text
        assert "oOne" not in shown.text
    for address in ("/h5/me/interests", "/h5/me/consents"):
        page(place.browser().post(address, data={"topic": "history"}), status=403)


def test_an_old_or_touched_link_says_how_to_get_a_new_one(place: Place) -> None:
    number = place.follower()
    for address in (
        place.link(number, age=timedelta(minutes=31)),
        place.link(number)[:-2],
        "/h5/enter/me.x",
        "/h5/enter/" + "A" * 3_000,
    ):
        answer = place.browser().get(address)
        assert "重新发送“我的资料”" in page(answer, status=403).text
        assert "Set-Cookie" not in answer.headers


def test_a_session_dies_with_its_follower(place: Place) -> None:
    browser = enters(place, place.follower())
    place.leaves_for_good()
    page(browser.get("/h5/me"), status=403)
    place.follower("oSomebodyElse")
    page(browser.get("/h5/me"), status=403)


def test_a_cookie_for_another_purpose_or_a_forged_one_opens_nothing(place: Place) -> None:
    number = place.follower()
    door = Door.of(place.settings)
    with place.application.services.database.reads() as connection:
        other = door.new_session(connection, number, purpose="treasures", now=clock.now())
    for value in (other, "", "x", "e30.x", other[:-1]):
        browser = place.browser()
        browser.set_cookie("h5-me", value)
        page(browser.get("/h5/me"), status=403)


# -- what one does there ----------------------------------------------------------------------


def test_a_topic_is_turned_over_by_its_button(place: Place) -> None:
    number = place.follower()
    noise = place.follower("oNoise")
    browser = enters(place, number)
    form = {"csrf": form_token(browser), "topic": "history"}
    assert browser.post("/h5/me/interests", data=form).headers["Location"] == "/h5/me"
    assert place.chosen(number) == ["history"]
    assert "✓ 已选" in browser.get("/h5/me").text
    browser.post("/h5/me/interests", data=form)
    assert place.chosen(number) == []
    assert place.chosen(noise) == []


def test_a_form_of_somebody_elses_making_changes_nothing(place: Place) -> None:
    number, other = place.follower(), place.follower("oOther")
    place.agrees(number, "quiz")
    browser, foreign = enters(place, number), form_token(enters(place, other))
    for token in ({}, {"csrf": ""}, {"csrf": foreign}, {"csrf": form_token(browser)[:-1]}):
        data = {"topic": "history", "purpose": "quiz", **token}
        assert browser.post("/h5/me/interests", data=data).status_code == 403
        assert browser.post("/h5/me/consents", data=data).status_code == 403
    assert place.chosen(number) == []
    assert "答题记录" in browser.get("/h5/me").text


def test_a_topic_that_does_not_exist_is_refused(place: Place) -> None:
    browser = enters(place, number := place.follower())
    form = {"csrf": form_token(browser), "topic": "football"}
    assert browser.post("/h5/me/interests", data=form).status_code == 400
    assert place.chosen(number) == []


def test_a_consent_is_shown_with_its_text_and_withdrawn(place: Place) -> None:
    number = place.follower()
    place.agrees(number, "quiz")
    place.agrees(number, "forgotten")  # a purpose that the file no longer has
    browser = enters(place, number)
    shown = page(browser.get("/h5/me"))
    assert "答题记录" in shown.text
    assert "不排名公布" in shown.text
    form = {"csrf": form_token(browser), "purpose": "quiz"}
    assert browser.post("/h5/me/consents", data=form).status_code == 303
    assert "不排名公布" not in browser.get("/h5/me").text


def test_the_export_is_a_file_with_everything_about_oneself_only(place: Place) -> None:
    number, noise = place.follower(), place.follower("oNoise")
    place.agrees(number, "quiz")
    place.agrees(noise, "treasures")
    answer = enters(place, number).get("/h5/me/export")
    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json
    assert told
    assert told["资料"]["关注者"][0]["微信给的代码"] == "oOne"
    assert [row["用途"] for row in told["资料"]["同意记录"]] == ["答题记录"]
    assert "oNoise" not in answer.text


def test_reading_writes_nothing(place: Place) -> None:
    number = place.follower()
    browser = enters(place, number)
    for address in ("/h5/me/interests?topic=history", "/h5/me/consents?purpose=quiz"):
        assert browser.get(address).status_code in (404, 405)
    assert place.chosen(number) == []


# -- WeChat tells who reads -------------------------------------------------------------------


def test_who_is_not_known_yet_is_sent_to_wechat_and_back(oauth_place: Place) -> None:
    browser = oauth_place.browser()
    first = browser.get("/h5/me")
    assert first.headers["Location"] == "/h5/oauth/start?next=%2Fh5%2Fme"
    second = browser.get(first.headers["Location"])
    target = urlsplit(second.headers["Location"])
    asked = {name: values[0] for name, values in parse_qs(target.query).items()}
    assert target.path == "/connect/oauth2/authorize"
    assert asked["redirect_uri"] == f"{oauth_place.settings.origin}/h5/oauth/callback"
    assert asked["scope"] == "snsapi_base"
    assert re.fullmatch(r"[0-9a-f]{64}", asked["state"])
    told = second.headers["Set-Cookie"]
    for part in ("h5-oauth=", "HttpOnly", "SameSite=Lax", "Max-Age=600"):
        assert part in told, part
    assert asked["state"] not in told


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example/h5/", "/h5/%5cevil", "/console/", ""]
)
def test_nobody_is_led_anywhere_else(oauth_place: Place, address: str) -> None:
    answer = oauth_place.browser().get("/h5/oauth/start", query_string={"next": address})
    page(answer, status=400)
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "query", [{}, {"code": "c"}, {"state": "s"}, {"code": "c", "state": "0" * 64}]
)
def test_a_return_that_nobody_asked_for_is_refused(
    oauth_place: Place, query: dict[str, str]
) -> None:
    answer = oauth_place.browser().get("/h5/oauth/callback", query_string=query)
    assert "发送“我的资料”" in page(answer, status=400).text
    assert "Location" not in answer.headers


def test_when_wechat_is_away_one_is_asked_to_come_again(oauth_place: Place) -> None:
    browser = oauth_place.browser()
    started = browser.get("/h5/oauth/start?next=/h5/me")
    (state,) = parse_qs(urlsplit(started.headers["Location"]).query)["state"]
    answer = browser.get("/h5/oauth/callback", query_string={"code": "c", "state": state})
    assert "过一分钟" in page(answer, status=503).text


def test_a_link_does_not_reach_the_log_even_if_its_page_fails(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    link = place.link(place.follower())
    with place.application.services.database.begin() as session:
        session.connection().exec_driver_sql("ALTER TABLE follower RENAME TO hidden")
    assert place.browser().get(link).status_code == 500
    assert "page.failed" in caplog.text
    assert link.rpartition("/")[2] not in caplog.text


def test_an_account_that_may_not_ask_wechat_says_what_to_do_instead(place: Place) -> None:
    answer = place.browser().get("/h5/oauth/start?next=/h5/me")
    assert "请在公众号里发送“我的资料”，点里面的链接打开" in page(answer, status=403).text
    assert "Location" not in answer.headers


def test_a_form_sent_without_a_session_is_not_sent_on_to_wechat(oauth_place: Place) -> None:
    page(oauth_place.browser().post("/h5/me/interests", data={}), status=403)


# -- the proof that the domain is ours --------------------------------------------------------


def test_the_proof_of_the_domain_is_handed_to_wechat(place: Place) -> None:
    proof = place.settings.data_dir / "MP_verify_aB3dE6gH9.txt"
    proof.write_text("aB3dE6gH9", encoding="ascii")
    answer = place.browser().get("/MP_verify_aB3dE6gH9.txt")
    assert (answer.status_code, answer.text) == (200, "aB3dE6gH9")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "/MP_verify_other.txt",
        "/MP_verify_.txt",
        "/MP_verify_../secret.key.txt",
        "/MP_verify_..%2fsecret.txt",
        "/MP_verify_a%00b.txt",
        "/MP_verify_a.b.txt",
        "/MP_verify_字.txt",
        "/MP_verify_" + "a" * 65 + ".txt",
        "/MP_verify_link.txt",
        "/MP_verify_folder.txt",
        "/secret.key",
        "/archive.db",
    ],
)
def test_nothing_else_of_the_data_folder_is(place: Place, path: str) -> None:
    folder = place.settings.data_dir
    place.settings.secret()
    (folder / "MP_verify_link.txt").symlink_to(folder / "secret.key")
    (folder / "MP_verify_folder.txt").mkdir()
    for name in ("MP_verify_字.txt", "MP_verify_a.b.txt", f"MP_verify_{'a' * 65}.txt"):
        (folder / name).write_text("private", encoding="utf-8")
    assert place.browser().get(path).status_code == 404
