"""Pages that belong to one follower: opened by them alone, whatever the account may ask WeChat."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.conftest import SettingsFactory
from wx_archive import demo
from wx_archive.simulator.phone import Phone


@pytest.fixture
def verified(demo_settings: SettingsFactory) -> Iterator[demo.Running]:
    """A verified service account: WeChat tells it who reads."""
    with demo.in_process(demo_settings()) as places:
        yield places


@pytest.fixture(params=[("service", False), ("subscription", True)])
def humble(
    request: pytest.FixtureRequest, demo_settings: SettingsFactory
) -> Iterator[demo.Running]:
    """An account that may not ask WeChat who reads."""
    kind, is_verified = request.param
    settings = demo_settings(wechat_account=kind, wechat_verified=is_verified)
    with demo.in_process(settings) as places:
        yield places


def page_link(phone: Phone) -> str:
    phone.says("我的资料")
    (link,) = [span.href for span in phone.links if span.href]
    assert link
    return link


def test_wechat_tells_a_verified_account_who_reads(verified: demo.Running) -> None:
    one, other = Phone(verified.simulator_url), Phone(verified.simulator_url)
    for phone, topic in ((one, "历史钩沉"), (other, "惠民文件")):
        phone.follows()
        phone.says(f"兴趣 {topic}")
    link = page_link(one)
    assert link == f"{verified.account_url}/h5/me"
    shown = one.opens(link)
    assert shown.status == 200
    assert shown.url.removesuffix("#wechat_redirect") == link
    assert one.openid in shown.text
    assert other.openid not in shown.text
    theirs = other.opens(link)
    assert other.openid in theirs.text
    assert one.openid not in theirs.text


def test_a_link_that_one_passes_on_does_not_pass_on_oneself(verified: demo.Running) -> None:
    one, other = Phone(verified.simulator_url), Phone(verified.simulator_url)
    one.follows()
    first = one.opens(page_link(one))
    assert one.openid in first.text
    assert one.openid not in other.opens(first.url).text


def test_a_page_is_reached_again_without_asking_wechat_twice(verified: demo.Running) -> None:
    phone = Phone(verified.simulator_url)
    phone.follows()
    link = page_link(phone)
    phone.opens(link)
    assert phone.opens(link).url == link


def test_who_only_opens_a_page_does_not_count_as_a_follower(verified: demo.Running) -> None:
    phone = Phone(verified.simulator_url)
    page = f"{verified.account_url}/h5/me"
    assert "没有关注，不会给您发消息" in phone.opens(page).text
    phone.follows()
    assert "正在关注" in phone.opens(page).text


@pytest.mark.parametrize("query", ["state=0&code=0", "code=0", "", "state=" + "a" * 64 + "&code=x"])
def test_a_return_from_wechat_that_nobody_began_is_refused(
    verified: demo.Running, query: str
) -> None:
    phone = Phone(verified.simulator_url)
    shown = phone.opens(f"{verified.account_url}/h5/oauth/callback?{query}")
    assert shown.status == 400
    assert "发送“我的资料”" in shown.text


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/h5/../console"])
def test_nobody_is_led_out_of_our_pages(verified: demo.Running, path: str) -> None:
    start = f"{verified.account_url}/h5/oauth/start?next={quote(path, safe='')}"
    shown = Phone(verified.simulator_url).opens(start)
    assert (shown.status, shown.url) == (400, start)


def test_every_other_account_gives_a_signed_link_in_the_chat(humble: demo.Running) -> None:
    one, other = Phone(humble.simulator_url), Phone(humble.simulator_url)
    one.follows()
    other.follows()
    link = page_link(one)
    assert "/h5/enter/me." in link
    shown = one.opens(link)
    assert (shown.status, shown.url) == (200, f"{humble.account_url}/h5/me")
    assert one.openid in shown.text
    refused = other.opens(f"{humble.account_url}/h5/me")
    assert refused.status == 403
    assert "请在公众号里发送“我的资料”，点里面的链接打开" in refused.text
    assert one.openid in one.opens(f"{humble.account_url}/h5/me").text
