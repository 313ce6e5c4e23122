"""Faults of the platform's API, as a real client meets them."""

import json
import threading
import time
from typing import Any

import pytest
import requests

from tests.simulator.caller import CREDENTIALS, Api
from tests.simulator.conftest import ConfigBuilder
from wx_archive.simulator.app import running
from wx_archive.simulator.media import draw_picture
from wx_archive.simulator.phone import Phone

SEND = "message/custom/send"


def upset(simulator: str, path: str, fault: str, **how: object) -> Any:
    body = {"path": path, "fault": fault, **how}
    answer = requests.post(f"{simulator}/sim/faults", json=body, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.json()


def present(simulator: str) -> Any:
    return requests.get(f"{simulator}/sim/faults", timeout=5).json()


def calls(simulator: str) -> list[tuple[str, int | None, str | None]]:
    listed = requests.get(f"{simulator}/sim/calls", timeout=5).json()["calls"]
    return [(each["path"], each["errcode"], each["fault"]) for each in listed]


def sent(simulator: str) -> list[str]:
    listed = requests.get(f"{simulator}/sim/outbox", timeout=5).json()["messages"]
    return [each["text"] for each in listed]


def post(api: Api, phone: Phone, text: str, *, timeout_s: float = 5) -> requests.Response:
    payload = {"touser": phone.openid, "msgtype": "text", "text": {"content": text}}
    params = {"access_token": api.token}
    url = f"{api.url}/{SEND}"
    return requests.post(url, params=params, json=payload, timeout=timeout_s)


@pytest.mark.parametrize("errcode", [-1, 40001, 40014, 42001, 45009, 45011, 48001, 99999])
def test_an_errcode_strikes_as_often_as_asked_and_nothing_is_sent(
    api: Api, phone: Phone, simulator: str, errcode: int
) -> None:
    told = upset(simulator, SEND, "errcode", errcode=errcode, times=2)
    assert (told["path"], told["times"], told["errcode"]) == (SEND, 2, errcode)
    answer = post(api, phone, "一").json()
    assert answer["errcode"] == errcode
    assert "rid: " in answer["errmsg"]
    assert [fault["times"] for fault in present(simulator)] == [1]
    assert api.says(phone.openid, "二") == errcode
    assert present(simulator) == []
    assert api.says(phone.openid, "三") == 0
    assert sent(simulator) == ["三"]
    assert calls(simulator)[1:] == [
        (SEND, errcode, "errcode"),
        (SEND, errcode, "errcode"),
        (SEND, 0, None),
    ]


def test_a_bad_token_for_ever_stays_bad_after_a_new_one(
    api: Api, phone: Phone, simulator: str
) -> None:
    upset(simulator, SEND, "errcode", errcode=40001, times=None)
    for _ in range(3):
        api.token = Api(simulator).token
        assert api.says(phone.openid, "在吗") == 40001
    assert [fault["hits"] for fault in present(simulator)] == [3]
    assert "ip_list" in api.get("getcallbackip")


def test_everywhere_means_every_call_but_no_token_is_bad_where_none_is_needed(
    api: Api, simulator: str
) -> None:
    upset(simulator, "*", "errcode", errcode=42001, times=None)
    assert api.get("getcallbackip")["errcode"] == 42001
    assert api.get("menu/get")["errcode"] == 42001
    assert "access_token" in api.get("token", **CREDENTIALS)
    assert "access_token" in api.post("stable_token", CREDENTIALS)
    requests.delete(f"{simulator}/sim/faults", timeout=5)
    upset(simulator, "*", "errcode", errcode=-1, times=None)
    assert api.get("token", **CREDENTIALS)["errcode"] == -1


def test_token_calls_have_faults_of_their_own(api: Api, simulator: str) -> None:
    assert upset(simulator, "/cgi-bin/token", "errcode", errcode=40001)["path"] == "token"
    assert "access_token" in api.post("stable_token", CREDENTIALS)
    assert api.get("token", **CREDENTIALS)["errcode"] == 40001
    upset(simulator, "stable_token", "drop")
    with pytest.raises(requests.ConnectionError):
        api.post("stable_token", CREDENTIALS)
    assert "access_token" in api.post("stable_token", CREDENTIALS)


def test_a_slow_call_is_slow_and_has_its_effect(api: Api, phone: Phone, simulator: str) -> None:
    upset(simulator, SEND, "slow", seconds=0.4)
    began = time.monotonic()
    assert api.says(phone.openid, "慢") == 0
    assert 0.4 <= time.monotonic() - began < 3
    upset(simulator, SEND, "slow", seconds=0.4)
    with pytest.raises(requests.ReadTimeout):
        post(api, phone, "更慢", timeout_s=0.1)
    phone.listens()
    deadline = time.monotonic() + 5
    while sent(simulator) != ["慢", "更慢"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_hanging_call_never_answers_and_sends_nothing(
    api: Api, phone: Phone, simulator: str
) -> None:
    upset(simulator, SEND, "hang")
    with pytest.raises(requests.ReadTimeout):
        post(api, phone, "悬着", timeout_s=0.3)
    assert sent(simulator) == []


def test_a_simulator_that_closes_ends_a_hanging_call(a_config: ConfigBuilder) -> None:
    before = threading.active_count()
    with running(a_config()) as simulator:
        upset(simulator, "token", "hang")
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{simulator}/cgi-bin/token", params=CREDENTIALS, timeout=0.2)
        assert threading.active_count() > before
    deadline = time.monotonic() + 5
    while threading.active_count() > before:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("fault", "has_effect"), [("drop", False), ("drop_after", True)], ids=["before", "after"]
)
def test_a_dropped_connection_before_or_after_the_effect(
    api: Api, phone: Phone, simulator: str, fault: str, *, has_effect: bool
) -> None:
    upset(simulator, SEND, fault)
    with pytest.raises(requests.ConnectionError) as caught:
        post(api, phone, "断线")
    assert not isinstance(caught.value, requests.Timeout)
    assert sent(simulator) == ["断线"] * has_effect
    assert calls(simulator)[-1] == (SEND, None, fault)
    assert api.says(phone.openid, "又通了") == 0


@pytest.mark.parametrize("fault", ["drop", "drop_after"])
def test_a_large_upload_is_dropped_too(api: Api, simulator: str, fault: str) -> None:
    upset(simulator, "media/upload", fault)
    picture = draw_picture(1) + bytes(3 << 20)
    with pytest.raises(requests.ConnectionError):
        api.upload("media/upload", picture, type="image")
    assert "media_id" in api.upload("media/upload", picture, type="image")


def test_a_dropped_connection_breaks_in_the_middle_of_a_session(api: Api, simulator: str) -> None:
    upset(simulator, "getcallbackip", "drop")
    with requests.Session() as session:
        url, params = f"{api.url}/getcallbackip", {"access_token": api.token}
        with pytest.raises(requests.ConnectionError):
            session.get(url, params=params, timeout=5)
        assert "ip_list" in session.get(url, params=params, timeout=5).json()
    assert [path for path, _, _ in calls(simulator)].count("getcallbackip") == 2


def test_a_truncated_answer_is_half_the_json_and_the_effect_is_there(
    api: Api, phone: Phone, simulator: str
) -> None:
    upset(simulator, SEND, "truncated")
    answer = post(api, phone, "半句")
    assert answer.status_code == 200
    assert answer.text.startswith('{"errcode"')
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)
    assert sent(simulator) == ["半句"]
    assert calls(simulator)[-1] == (SEND, None, "truncated")


def test_a_truncated_picture_is_half_the_picture(api: Api, simulator: str) -> None:
    picture = draw_picture(1)
    media_id = api.upload("media/upload", picture, type="image")["media_id"]
    upset(simulator, "media/get", "truncated")
    half = api.answer("GET", "media/get", params={"media_id": media_id}).content
    assert half == picture[: len(picture) // 2]
    assert api.answer("GET", "media/get", params={"media_id": media_id}).content == picture


def test_a_picture_may_come_in_drops(api: Api, simulator: str) -> None:
    picture = draw_picture(1)
    media_id = api.upload("media/upload", picture, type="image")["media_id"]
    told = upset(simulator, "media/get", "drip", seconds=0.6)
    assert told["seconds"] == 0.6
    began = time.monotonic()
    params = {"access_token": api.token, "media_id": media_id}
    with requests.get(f"{api.url}/media/get", params=params, timeout=5, stream=True) as answer:
        assert int(answer.headers["Content-Length"]) == len(picture)
        pieces = list(answer.raw.stream(1024))
    assert b"".join(pieces) == picture
    assert time.monotonic() - began >= 0.5


def test_a_line_may_break_in_the_middle_of_a_picture(api: Api, simulator: str) -> None:
    picture = draw_picture(1)
    media_id = api.upload("media/upload", picture, type="image")["media_id"]
    upset(simulator, "media/get", "cut")
    with pytest.raises(requests.RequestException):
        api.answer("GET", "media/get", params={"media_id": media_id})
    assert calls(simulator)[-1] == ("media/get", 0, "cut")
    assert api.answer("GET", "media/get", params={"media_id": media_id}).content == picture


@pytest.mark.parametrize(
    ("fault", "how", "status"),
    [
        ("html", {}, 200),
        ("status", {}, 502),
        ("status", {"status": 503}, 503),
        ("status", {"status": 404}, 404),
    ],
)
def test_a_page_in_place_of_an_answer(
    api: Api, phone: Phone, simulator: str, fault: str, how: dict[str, int], status: int
) -> None:
    upset(simulator, SEND, fault, **how)
    answer = post(api, phone, "网页")
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<html>" in answer.text
    assert sent(simulator) == []
    assert calls(simulator)[-1] == (SEND, None, fault)


def test_wrong_types_are_json_that_means_nothing(api: Api, phone: Phone, simulator: str) -> None:
    upset(simulator, SEND, "wrong_types")
    answer = post(api, phone, "类型").json()
    assert answer == {"errcode": "七", "errmsg": 7}
    assert sent(simulator) == ["类型"]
    upset(simulator, "token", "wrong_types")
    told = api.get("token", **CREDENTIALS)
    assert told == {"access_token": 7, "expires_in": "七"}
    upset(simulator, "user/get", "wrong_types")
    assert api.get("user/get")["data"] == []


def test_faults_wait_in_line_and_are_switched_off_one_by_one(api: Api, simulator: str) -> None:
    first = upset(simulator, "menu/get", "errcode", errcode=-1, times=None)
    second = upset(simulator, "*", "errcode", errcode=45009, times=None)
    assert api.get("menu/get")["errcode"] == -1
    assert api.get("getcallbackip")["errcode"] == 45009
    gone = requests.delete(f"{simulator}/sim/faults/{first['id']}", timeout=5)
    assert [fault["id"] for fault in gone.json()] == [second["id"]]
    assert api.get("menu/get")["errcode"] == 45009
    again = requests.delete(f"{simulator}/sim/faults/{first['id']}", timeout=5)
    assert again.status_code == 404
    state = requests.get(f"{simulator}/sim/state", timeout=5).json()
    assert [fault["path"] for fault in state["faults"]] == ["*"]
    assert requests.delete(f"{simulator}/sim/faults", timeout=5).json() == []
    assert api.get("menu/get")["errcode"] == 46003


def test_a_reset_ends_all_faults(simulator: str) -> None:
    upset(simulator, "*", "html", times=None)
    requests.post(f"{simulator}/sim/reset", timeout=5)
    assert present(simulator) == []
    assert "access_token" in Api(simulator).get("token", **CREDENTIALS)


def test_one_fault_strikes_once_however_many_call_at_once(api: Api, simulator: str) -> None:
    upset(simulator, "getcallbackip", "errcode", errcode=-1, times=3)
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(api.get("getcallbackip").get("errcode", 0)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [-1, -1, -1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fault": "html"},
        {"path": "*"},
        {"path": "*", "fault": "earthquake"},
        {"path": "*", "fault": "errcode"},
        {"path": "*", "fault": "errcode", "errcode": 1.5},
        {"path": "*", "fault": "html", "times": 0},
        {"path": "*", "fault": "html", "times": "often"},
        {"path": "*", "fault": "slow", "seconds": -1},
        {"path": "*", "fault": "slow", "seconds": 1e9},
        {"path": "*", "fault": "status", "status": 99},
        {"path": "*", "fault": "status", "status": 600},
        {"path": 7, "fault": "html"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(simulator: str, body: object) -> None:
    answer = requests.post(f"{simulator}/sim/faults", json=body, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert present(simulator) == []
