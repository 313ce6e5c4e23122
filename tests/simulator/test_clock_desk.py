"""The movable clock: who moves it, who follows, and what expires by it."""

import json
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.simulator.caller import CREDENTIALS, Api
from tests.simulator.conftest import ConfigBuilder, Start
from tests.simulator.fake_account import FakeAccount
from wx_archive.core import clock
from wx_archive.simulator.app import running
from wx_archive.simulator.media import draw_picture
from wx_archive.simulator.phone import Phone

HOUR_S, DAY_S = 3600.0, 86_400.0
FOLLOWER = """
import sys
from wx_archive.core import clock
stop = clock.follow(sys.argv[1])
for line in sys.stdin:
    print(clock.offset().total_seconds(), flush=True)
stop()
"""


class Follower:
    """Another process that follows a simulator's clock."""

    def __init__(self, simulator: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", FOLLOWER, simulator],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def offset_s(self) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def shows(self, offset_s: float) -> None:
        deadline = time.monotonic() + 10
        while (shown := self.offset_s()) != offset_s:
            assert time.monotonic() < deadline, f"shows {shown}"
            time.sleep(0.01)

    def ends(self) -> int:
        self.process.communicate(timeout=10)
        return self.process.returncode


def move(simulator: str, **how: object) -> Any:
    answer = requests.post(f"{simulator}/sim/clock", json=how, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.json()


def read(simulator: str, **asked: object) -> Any:
    query = {name: str(value) for name, value in asked.items()}
    return requests.get(f"{simulator}/sim/clock", params=query, timeout=10).json()


def wait_for_followers(simulator: str, count: int) -> None:
    deadline = time.monotonic() + 20
    while read(simulator)["followers"] != count:
        assert time.monotonic() < deadline, "nobody follows"
        time.sleep(0.01)


def test_the_clock_is_advanced_put_and_reset(simulator: str) -> None:
    assert read(simulator)["offset_s"] == 0
    assert move(simulator, advance_s=60)["offset_s"] == 60
    assert move(simulator, advance_s=-20)["offset_s"] == 40
    told = move(simulator, now="2027-01-01T08:00:00+08:00")
    shown = datetime.fromisoformat(told["now"])
    assert timedelta(0) <= shown - datetime(2027, 1, 1, tzinfo=UTC) < timedelta(seconds=5)
    assert abs(clock.now() - shown) < timedelta(seconds=5)
    state = requests.get(f"{simulator}/sim/state", timeout=5).json()
    assert state["now"].startswith("2027-01-01T00:00:0")
    assert state["offset_s"] == told["offset_s"]
    assert move(simulator, reset=True)["offset_s"] == 0
    assert clock.offset() == timedelta(0)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advance_s": "1"},
        {"advance_s": 4e9},
        {"advance_s": -1e300},
        {"now": "morgen"},
        {"now": "2027-01-01T08:00:00"},
        {"now": "1066-10-14T08:00:00+00:00"},
        {"now": 5},
    ],
)
def test_a_move_that_makes_no_sense_is_refused(simulator: str, body: object) -> None:
    answer = requests.post(f"{simulator}/sim/clock", json=body, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert clock.offset() == timedelta(0)


def test_a_question_waits_for_the_next_move(simulator: str) -> None:
    version = read(simulator)["version"]
    told: list[Any] = []
    asking = threading.Thread(target=lambda: told.append(read(simulator, after=version, wait=5)))
    began = time.monotonic()
    asking.start()
    time.sleep(0.2)
    assert told == []
    moved = move(simulator, advance_s=HOUR_S)
    asking.join()
    assert time.monotonic() - began < 2
    assert (told[0]["offset_s"], told[0]["version"]) == (HOUR_S, moved["version"])
    assert read(simulator, after=version, wait=5)["version"] == moved["version"]
    began = time.monotonic()
    assert read(simulator, after=moved["version"], wait=0.2)["version"] == moved["version"]
    assert 0.15 < time.monotonic() - began < 2


def test_other_processes_know_when_the_move_is_answered(simulator: str) -> None:
    followers = [Follower(simulator) for _ in range(2)]
    for follower in followers:
        follower.shows(0.0)
    version = read(simulator)["version"]
    wait_for_followers(simulator, 2)
    move(simulator, advance_s=HOUR_S)
    assert [follower.offset_s() for follower in followers] == [HOUR_S, HOUR_S]
    for _ in range(20):
        move(simulator, advance_s=1)
    assert [follower.offset_s() for follower in followers] == [HOUR_S + 20, HOUR_S + 20]
    assert read(simulator)["version"] == version + 21
    move(simulator, reset=True)
    assert [follower.offset_s() for follower in followers] == [0.0, 0.0]
    assert [follower.ends() for follower in followers] == [0, 0]


def test_a_follower_that_was_killed_holds_no_move_up_for_long(simulator: str) -> None:
    follower = Follower(simulator)
    wait_for_followers(simulator, 1)
    follower.process.kill()
    follower.process.communicate(timeout=10)
    began = time.monotonic()
    assert move(simulator, advance_s=HOUR_S)["offset_s"] == HOUR_S
    assert time.monotonic() - began < 4


def test_in_one_process_nothing_is_doubled(simulator: str) -> None:
    stop = clock.follow(simulator)
    wait_for_followers(simulator, 1)
    for hours in (1, 2, 3):
        assert move(simulator, advance_s=HOUR_S)["offset_s"] == hours * HOUR_S
        assert clock.offset() == timedelta(hours=hours)
    stop()


def test_a_restart_keeps_the_moved_clock_and_its_followers(a_config: ConfigBuilder) -> None:
    with running(a_config()) as simulator:
        port = int(simulator.rpartition(":")[2])
        move(simulator, advance_s=DAY_S)
        follower = Follower(simulator)
        follower.shows(DAY_S)
        wait_for_followers(simulator, 1)
    assert clock.offset() == timedelta(0), "this process has its clock back"
    time.sleep(0.3)
    assert follower.offset_s() == DAY_S
    with running(a_config(), port=port) as simulator:
        assert read(simulator)["offset_s"] == DAY_S
        move(simulator, advance_s=HOUR_S)
        follower.shows(DAY_S + HOUR_S)
        requests.post(f"{simulator}/sim/reset", timeout=5)
        assert read(simulator)["offset_s"] == DAY_S + HOUR_S, "time does not go back by a reset"
    assert follower.ends() == 0


def test_messages_carry_the_moved_time(account: FakeAccount, phone: Phone, simulator: str) -> None:
    phone.says("今天")
    move(simulator, advance_s=3 * DAY_S)
    phone.says("三天后")
    today, later = (int(each.nodes["CreateTime"]) for each in account.received)
    assert 0 <= later - today - 3 * DAY_S < 10
    assert abs(int(account.received[1].query["timestamp"]) - later) < 10
    assert int(account.received[1].nodes["MsgId"]) > int(account.received[0].nodes["MsgId"])


def test_a_message_of_the_far_future_has_an_id_of_64_bits(
    account: FakeAccount, phone: Phone, simulator: str
) -> None:
    move(simulator, advance_s=36_000 * DAY_S)
    phone.says("未来")
    assert int(account.received[0].nodes["MsgId"]) < 2**63


def test_tokens_end_by_the_moved_clock(start: Start) -> None:
    simulator = start()
    api = Api(simulator)
    stable = requests.post(f"{api.url}/stable_token", json=CREDENTIALS, timeout=5).json()
    move(simulator, advance_s=6000)
    again = requests.post(f"{api.url}/stable_token", json=CREDENTIALS, timeout=5).json()
    assert again["access_token"] == stable["access_token"]
    assert 1100 < again["expires_in"] <= 1200
    assert "errcode" not in api.get("getcallbackip")
    move(simulator, advance_s=1200)
    assert api.get("getcallbackip")["errcode"] == 42001
    renewed = requests.post(f"{api.url}/stable_token", json=CREDENTIALS, timeout=5).json()
    assert renewed["access_token"] != stable["access_token"]


def test_windows_close_by_the_moved_clock(api: Api, phone: Phone, simulator: str) -> None:
    phone.says("在吗")
    move(simulator, advance_s=47 * HOUR_S)
    api.token = Api(simulator).token
    assert api.says(phone.openid, "在") == 0
    move(simulator, advance_s=HOUR_S)
    assert api.says(phone.openid, "太晚") == 45015


def test_media_end_by_the_moved_clock(api: Api, simulator: str) -> None:
    media_id = api.upload("media/upload", draw_picture(1), type="image")["media_id"]
    move(simulator, advance_s=3 * DAY_S)
    api.token = Api(simulator).token
    assert api.get("media/get", media_id=media_id)["errcode"] == 40007


def test_a_snapshot_from_before_the_movable_clock_is_read(a_config: ConfigBuilder) -> None:
    config = a_config()
    with running(config) as simulator:
        openid = Phone(simulator).openid
    snapshot = config.data_dir / "simulator" / "state.json"
    saved = json.loads(snapshot.read_text(encoding="utf-8"))
    del saved["clock_offset_s"]
    snapshot.write_text(json.dumps(saved), encoding="utf-8")
    with running(config) as simulator:
        assert Phone(simulator, openid).openid == openid
        assert read(simulator)["offset_s"] == 0
