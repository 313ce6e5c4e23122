"""Pages that ask WeChat who reads them, from the phone's browser to the account's back door."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from werkzeug import Request, Response

from tests.simulator.conftest import ConfigBuilder, Start
from tests.simulator.fake_account import FakeAccount
from wx_archive.core import clock
from wx_archive.simulator.app import create_app
from wx_archive.simulator.config import AccountKind
from wx_archive.simulator.phone import Page, Phone, PhoneRefusedError

APP = {"appid": "wx0123456789abcdef", "secret": "a-secret"}


def address(simulator: str, account: FakeAccount, **changes: str) -> str:
    asked = {
        "appid": APP["appid"],
        "redirect_uri": f"{account.url}/h5/cards?from=menu",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "a1b2",
    } | changes
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{simulator}/connect/oauth2/authorize?{query}#wechat_redirect"


def redeem(simulator: str, a_code: str, **changes: str) -> Any:
    asked = {**APP, "code": a_code, "grant_type": "authorization_code"} | changes
    url = f"{simulator}/sns/oauth2/access_token"
    answer = requests.get(url, params={k: v for k, v in asked.items() if v}, timeout=5)
    assert answer.status_code == 200
    return answer.json()


def code_in(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query)["code"][0]


@pytest.fixture
def reader(simulator: str) -> Phone:
    """A phone that does not follow: web pages may ask for its name all the same."""
    return Phone(simulator)


def test_a_reader_comes_back_with_a_code_that_names_her(
    account: FakeAccount, reader: Phone, simulator: str
) -> None:
    page = reader.opens(address(simulator, account))
    (visit,) = account.received
    assert (page.status, visit.path) == (200, "/h5/cards")
    assert page.url.startswith(f"{account.url}/h5/cards?")
    assert visit.query["from"] == "menu"
    assert visit.query["state"] == "a1b2"
    told = redeem(simulator, visit.query["code"])
    assert (told["openid"], told["scope"]) == (reader.openid, "snsapi_base")
    assert told["expires_in"] == 7200
    assert told["access_token"] != told["refresh_token"]
    assert "errcode" not in told


def test_two_readers_are_told_apart(account: FakeAccount, simulator: str) -> None:
    phones = [Phone(simulator), Phone(simulator)]
    codes = [code_in(phone.opens(address(simulator, account))) for phone in phones]
    names = [redeem(simulator, code)["openid"] for code in codes]
    assert names == [phone.openid for phone in phones]


def test_the_other_scope_is_named(account: FakeAccount, reader: Phone, simulator: str) -> None:
    page = reader.opens(address(simulator, account, scope="snsapi_userinfo"))
    assert redeem(simulator, code_in(page))["scope"] == "snsapi_userinfo"


def test_a_code_works_once_and_for_five_minutes(
    account: FakeAccount, reader: Phone, simulator: str
) -> None:
    def move(seconds: int) -> None:
        requests.post(f"{simulator}/sim/clock", json={"advance_s": seconds}, timeout=5)

    code = code_in(reader.opens(address(simulator, account)))
    move(290)
    assert redeem(simulator, code)["openid"] == reader.openid
    assert redeem(simulator, code)["errcode"] == 40163
    late = code_in(reader.opens(address(simulator, account)))
    move(300)
    assert redeem(simulator, late)["errcode"] == 42003
    assert redeem(simulator, "0invented")["errcode"] == 40029
    move(90_000)
    reader.opens(address(simulator, account))
    assert redeem(simulator, code)["errcode"] == 40029, "forgotten after a day"
    assert clock.offset().total_seconds() == 90_590


def test_a_code_that_could_not_be_redeemed_is_not_used_up(
    account: FakeAccount, reader: Phone, simulator: str
) -> None:
    code = code_in(reader.opens(address(simulator, account)))
    assert redeem(simulator, code, secret="another")["errcode"] == 40125
    fault = {"path": "sns/oauth2/access_token", "fault": "errcode", "errcode": -1}
    requests.post(f"{simulator}/sim/faults", json=fault, timeout=5)
    assert redeem(simulator, code)["errcode"] == -1
    assert redeem(simulator, code)["openid"] == reader.openid
    calls = requests.get(f"{simulator}/sim/calls", timeout=5).json()
    assert calls["totals"] == {"sns/oauth2/access_token": 3}


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"appid": "wx_another"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "another"}, 40125),
        ({"grant_type": "client_credential"}, 40002),
        ({"code": ""}, 41008),
    ],
)
def test_wrong_credentials_get_no_name(
    simulator: str, change: dict[str, str], errcode: int
) -> None:
    assert redeem(simulator, "0code", **change)["errcode"] == errcode


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"appid": "wx_another"}, "AppID 参数错误"),
        ({"appid": ""}, "AppID 参数错误"),
        ({"response_type": "token"}, "response_type 参数错误"),
        ({"scope": "everything"}, "Scope 参数错误或没有 Scope 权限"),
        ({"redirect_uri": ""}, "redirect_uri 参数错误"),
        ({"redirect_uri": "http://evil.test/"}, "redirect_uri 参数错误"),
        ({"redirect_uri": "//evil.test/"}, "redirect_uri 参数错误"),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri 参数错误"),
        ({"redirect_uri": "http://[::1"}, "redirect_uri 参数错误"),
        ({"state": "x" * 129}, "state 参数错误"),
    ],
)
def test_wechat_says_what_is_wrong_with_the_question(
    account: FakeAccount, reader: Phone, simulator: str, change: dict[str, str], complaint: str
) -> None:
    page = reader.opens(address(simulator, account, **change))
    assert page.status == 200
    assert complaint in page.text
    assert page.url.startswith(simulator)
    assert account.received == []


@pytest.mark.parametrize(
    "trick", ["{url}@evil.test/", "{url}.evil.test/", "{url}0/", "http://evil.test\\@{host}/"]
)
def test_the_account_s_address_is_compared_to_the_letter(
    account: FakeAccount, reader: Phone, simulator: str, trick: str
) -> None:
    url = trick.format(url=account.url, host=urlsplit(account.url).netloc)
    page = reader.opens(address(simulator, account, redirect_uri=url))
    assert "redirect_uri 参数错误" in page.text


def test_outside_of_a_phone_wechat_asks_to_open_it_there(
    account: FakeAccount, simulator: str
) -> None:
    url = address(simulator, account)
    assert "请在微信客户端打开链接" in requests.get(url, timeout=5).text
    stranger = requests.get(url, cookies={"sim_phone": "nobody"}, timeout=5)
    assert "请在微信客户端打开链接" in stranger.text


@pytest.mark.parametrize(
    "what",
    [{"verified": False}, {"account": AccountKind.SUBSCRIPTION}, {"account": "subscription"}],
)
def test_only_a_verified_service_account_may_ask(
    account: FakeAccount, start: Start, what: dict[str, Any]
) -> None:
    simulator = start(**what)
    page = Phone(simulator).opens(address(simulator, account))
    assert "Scope 参数错误或没有 Scope 权限" in page.text
    assert redeem(simulator, "0code")["errcode"] == 48001


# The phone's browser.


def test_the_cookie_stays_on_this_machine_and_out_of_reach(
    account: FakeAccount, reader: Phone, simulator: str
) -> None:
    entrance = f"{simulator}/sim/phones/{reader.openid}/browse"
    answer = requests.get(entrance, params={"url": account.url}, allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.headers["Location"]) == (302, account.url)
    name, *rules = answer.headers["Set-Cookie"].split("; ")
    assert name == f"sim_phone={reader.openid}"
    assert sorted(rules) == ["HttpOnly", "Path=/connect", "SameSite=Lax"]


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "file:///etc/passwd", "http://", "x"])
def test_a_phone_opens_only_web_addresses(reader: Phone, url: str) -> None:
    with pytest.raises(PhoneRefusedError, match="打不开"):
        reader.opens(url)


def test_a_phone_that_is_not_there_opens_nothing(simulator: str, account: FakeAccount) -> None:
    phone = Phone(simulator)
    requests.post(f"{simulator}/sim/reset", timeout=5)
    with pytest.raises(PhoneRefusedError, match="没有这部手机"):
        phone.opens(account.url)


def test_the_browser_keeps_the_account_s_cookies_and_shows_its_errors(
    account: FakeAccount, reader: Phone, simulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []

    def visited(_: FakeAccount, request: Request) -> Response:
        seen.append(dict(request.cookies))
        page = Response("没有这一页", status=404, content_type="text/html; charset=utf-8")
        page.set_cookie("reader", "yes", path="/h5", httponly=True)
        return page

    monkeypatch.setattr(FakeAccount, "__call__", visited)
    page = reader.opens(f"{account.url}/h5/nothing")
    assert (page.status, page.url) == (404, f"{account.url}/h5/nothing")
    assert page.text == "没有这一页"
    reader.opens(f"{account.url}/h5/again")
    Phone(simulator).opens(f"{account.url}/h5/other")
    assert seen == [{}, {"reader": "yes"}, {}]


@pytest.mark.parametrize(
    ("host", "place"),
    [("localhost:8001", "http://127.0.0.1:8001/"), ("127.0.0.1:8001", None), ("[::1]:8001", None)],
)
def test_the_page_is_under_the_account_s_name_so_that_the_phone_is_known(
    a_config: ConfigBuilder, host: str, place: str | None
) -> None:
    app = create_app(a_config())
    answer = app.test_client().get("/", base_url=f"http://{host}/")
    assert answer.status_code == (200 if place is None else 302)
    assert answer.headers.get("Location") == place
