"""What the line carries, in each of WeChat's three modes."""

from collections.abc import Iterator

import pytest
import requests

from tests.conftest import SettingsFactory
from wx_archive import demo
from wx_archive.simulator.phone import Phone

WORDS = "公积金"
ANSWER = "〔档案查询〕"


@pytest.fixture(params=["safe", "compatible", "plain"])
def mode(request: pytest.FixtureRequest) -> str:
    """One of WeChat's ways of sealing messages."""
    return str(request.param)


@pytest.fixture
def places(mode: str, demo_settings: SettingsFactory) -> Iterator[demo.Running]:
    """An account in that mode."""
    with demo.in_process(demo_settings(wechat_encryption=mode)) as running:
        yield running


def test_only_the_modes_that_say_so_let_the_line_read_along(
    mode: str, places: demo.Running
) -> None:
    phone = Phone(places.simulator_url)
    phone.follows()
    phone.says(WORDS)
    phone.sees(ANSWER)
    with requests.get(f"{places.simulator_url}/sim/exchanges", timeout=5) as answer:
        exchange = next(each for each in answer.json() if each["id"] == phone.exchange)
    posted, replied = exchange["request_body"], exchange["reply_body"]
    assert WORDS in exchange["request_xml"]
    assert ANSWER in exchange["reply_xml"]
    assert (WORDS in posted) == (mode != "safe")
    assert ("<Encrypt>" in posted) == (mode != "plain")
    assert (phone.openid in posted) == (mode != "safe")
    assert (ANSWER in replied) == (mode == "plain")
    assert (phone.openid in replied) == (mode == "plain")
    assert ("<Encrypt>" in replied) == (mode != "plain")
