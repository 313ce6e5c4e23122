"""What the account may do, how often, and what the desk knows of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.simulator.caller import CREDENTIALS, Api
from tests.simulator.conftest import Start
from tests.simulator.fake_account import FakeAccount
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.phone import Phone
from wx_archive.simulator.quotas import CLEARED_PER_MONTH, DAILY, QuotaDesk

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAY = timedelta(days=1)
SEND = "message/custom/send"


def limit(simulator: str, cgi_path: object, how_often: object) -> requests.Response:
    body = {"cgi_path": cgi_path, "limit": how_often}
    return requests.post(f"{simulator}/sim/quota", json=body, timeout=5)


def refused(desk: QuotaDesk, path: str, now: datetime) -> bool:
    try:
        desk.spend(path, now=now)
    except ApiError as err:
        return err.errcode == 45009
    return False


# The rules.


def test_a_day_s_calls_are_counted_in_shanghai() -> None:
    desk = QuotaDesk()
    evening = datetime(2026, 3, 2, 15, 59, tzinfo=UTC)
    for _ in range(DAILY["user/get"]):
        assert not refused(desk, "user/get", evening)
    assert refused(desk, "user/get", evening)
    assert not refused(desk, "user/info", evening)
    assert not refused(desk, "user/get", evening + timedelta(minutes=1))
    assert desk.quota("user/get", now=evening).remain == 0
    assert desk.quota("user/get", now=evening + timedelta(minutes=1)).used == 1


def test_what_has_no_known_limit_has_none() -> None:
    desk = QuotaDesk()
    assert not any(refused(desk, "getcallbackip", NOON) for _ in range(3000))
    with pytest.raises(ApiError) as caught:
        desk.quota("getcallbackip", now=NOON)
    assert caught.value.errcode == 76021


def test_the_day_is_begun_anew_ten_times_a_month() -> None:
    desk = QuotaDesk()
    desk.limit("menu/get", 1)
    for _ in range(CLEARED_PER_MONTH):
        assert not refused(desk, "menu/get", NOON)
        assert refused(desk, "menu/get", NOON)
        desk.clear(now=NOON)
    with pytest.raises(ApiError) as caught:
        desk.clear(now=NOON)
    assert caught.value.errcode == 48006
    desk.clear(now=NOON + 31 * DAY)


@pytest.mark.parametrize(
    ("path", "daily"),
    [("token", 2000), ("stable_token", 500_000), ("menu/create", 1000), ("menu/get", 10_000),
     ("menu/delete", 1000), ("media/upload", 5000), ("media/get", 10_000), (SEND, 500_000),
     ("user/get", 500), ("user/info", 5_000_000)],
)  # fmt: skip
def test_the_limits_are_the_published_ones(path: str, daily: int) -> None:
    assert QuotaDesk().quota(path, now=NOON).daily_limit == daily


# On the wire.


def test_a_lowered_limit_is_met_and_told(api: Api, phone: Phone, simulator: str) -> None:
    phone.says("在吗")
    assert limit(simulator, f"/cgi-bin/{SEND}", 2).json()[SEND]["remain"] == 2
    assert [api.says(phone.openid, str(n)) for n in range(3)] == [0, 0, 45009]
    told = api.post("openapi/quota/get", {"cgi_path": f"/cgi-bin/{SEND}"})
    assert told == {
        "errcode": 0,
        "errmsg": "ok",
        "quota": {"daily_limit": 2, "used": 2, "remain": 0},
    }
    assert api.post("clear_quota", {"appid": CREDENTIALS["appid"]})["errcode"] == 0
    assert api.says(phone.openid, "又能发") == 0
    limit(simulator, SEND, 0)
    assert api.says(phone.openid, "一条也不行") == 45009
    assert limit(simulator, SEND, None).json()[SEND]["daily_limit"] == 500_000
    assert api.says(phone.openid, "照旧") == 0


def test_the_next_day_begins_anew_by_the_moved_clock(api: Api, simulator: str) -> None:
    limit(simulator, "token", 1)
    assert api.get("token", **CREDENTIALS)["errcode"] == 45009, "the fixture's own call counts"
    requests.post(f"{simulator}/sim/clock", json={"advance_s": 86_400}, timeout=5)
    assert "access_token" in api.get("token", **CREDENTIALS)
    assert api.get("token", **CREDENTIALS)["errcode"] == 45009
    assert "access_token" in api.post("stable_token", CREDENTIALS)


def test_calls_without_a_good_token_cost_nothing(api: Api, simulator: str) -> None:
    limit(simulator, "menu/get", 1)
    good, api.token = api.token, "bad"
    assert api.get("menu/get")["errcode"] == 40001
    api.token = good
    assert api.get("menu/get")["errcode"] == 46003
    assert api.get("menu/get")["errcode"] == 45009


def test_a_quota_of_what_is_not_there_is_refused(api: Api) -> None:
    assert api.post("openapi/quota/get", {"cgi_path": "/cgi-bin/nothing"})["errcode"] == 76021
    assert api.post("openapi/quota/get", {})["errcode"] == 76021


@pytest.mark.parametrize(("path", "how_often"), [("", 1), (7, 1), ("token", -1), ("token", "no")])
def test_a_limit_that_makes_no_sense_is_refused(
    simulator: str, path: object, how_often: object
) -> None:
    assert limit(simulator, path, how_often).status_code == 400


def test_a_reset_forgets_counts_and_limits(api: Api, simulator: str) -> None:
    limit(simulator, "token", 1)
    assert api.token
    requests.post(f"{simulator}/sim/reset", timeout=5)
    told = requests.get(f"{simulator}/sim/quota", timeout=5).json()
    assert told["token"] == {"daily_limit": 2000, "used": 0, "remain": 2000}
    journal = requests.get(f"{simulator}/sim/calls", timeout=5).json()
    assert (journal["calls"], journal["totals"]) == ([], {})


# What kind of account it is.


def test_an_unverified_account_sends_no_service_messages(
    account: FakeAccount, start: Start
) -> None:
    simulator = start(verified=False)
    api, phone = Api(simulator), Phone(simulator)
    phone.follows()
    assert api.says(phone.openid, "欢迎") == 48001
    typing = {"touser": phone.openid, "command": "Typing"}
    assert api.post("message/custom/typing", typing)["errcode"] == 48001
    assert api.get("menu/get")["errcode"] == 46003
    assert phone.listens(0.1) == []
    assert account.received


def test_a_verified_subscription_account_sends_them(start: Start) -> None:
    simulator = start(account="subscription")
    phone = Phone(simulator)
    phone.follows()
    assert Api(simulator).says(phone.openid, "欢迎") == 0


# Typing.


def test_typing_is_shown_once_soon_after_a_message(api: Api, phone: Phone, simulator: str) -> None:
    def command(word: str, openid: str = phone.openid) -> int:
        payload = {"touser": openid, "command": word}
        return int(api.post("message/custom/typing", payload)["errcode"])

    def move(seconds: int) -> None:
        requests.post(f"{simulator}/sim/clock", json={"advance_s": seconds}, timeout=5)

    phone.says("在吗")
    assert command("Typing") == 0
    assert command("Typing") == 45081
    assert command("CancelTyping") == 0
    assert command("Typing") == 0
    move(16)
    assert command("Typing") == 0
    assert api.says(phone.openid, "在") == 0
    assert command("Typing") == 0
    move(31)
    assert command("Typing") == 45080
    assert command("Dancing") == 45072
    assert command("Typing", "nobody") == 40003
    phone.unfollows()
    assert command("Typing") == 43004


# The journals.


def journal(simulator: str, name: str, after: int = 0) -> Any:
    return requests.get(f"{simulator}/sim/{name}?after={after}", timeout=5).json()


def test_every_call_is_noted_and_counted(api: Api, simulator: str) -> None:
    api.get("menu/get")
    api.get("nothing/there")
    api.get("getcallbackip")
    told = journal(simulator, "calls")
    noted = [(each["seq"], each["path"], each["errcode"]) for each in told["calls"]]
    assert noted == [
        (1, "token", 0),
        (2, "menu/get", 46003),
        (3, "nothing/there", 40066),
        (4, "getcallbackip", 0),
    ]
    assert told["next"] == 4
    api.get("token", **CREDENTIALS)
    later = journal(simulator, "calls", after=4)
    assert [each["path"] for each in later["calls"]] == ["token"]
    assert later["totals"]["token"] == 2
    assert datetime.fromisoformat(later["calls"][0]["at"]).tzinfo is not None


def test_pictures_fetched_are_noted_as_success(api: Api, simulator: str) -> None:
    media = b"\xff\xd8\xff" + bytes(9)
    media_id = api.upload("media/upload", media, type="image")["media_id"]
    api.answer("GET", "media/get", params={"media_id": media_id})
    noted = [(each["path"], each["errcode"]) for each in journal(simulator, "calls")["calls"]]
    assert noted[1:] == [("media/upload", 0), ("media/get", 0)]


def test_the_outbox_lists_what_was_sent(api: Api, phone: Phone, simulator: str) -> None:
    phone.says("在吗")
    assert api.says(phone.openid, "在") == 0
    assert api.says("nobody", "不在") == 40003
    article = {"title": "馆藏珍品", "description": "简介", "url": "http://h5/1", "picurl": ""}
    news = {"touser": phone.openid, "msgtype": "news", "news": {"articles": [article]}}
    assert api.post(SEND, news)["errcode"] == 0
    told = journal(simulator, "outbox")
    kept = [(each["seq"], each["openid"], each["kind"], each["text"]) for each in told["messages"]]
    assert kept == [
        (1, phone.openid, "text", "在"),
        (2, phone.openid, "news", "馆藏珍品\n简介"),
    ]
    assert journal(simulator, "outbox", after=told["next"])["messages"] == []
