"""The simulator's page in Chromium: a person follows, asks, reads, speaks, comes back."""

import os
from base64 import b64decode
from pathlib import Path

import pytest
import requests
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.screen import bubbles, complaints, marked, resize, sees, tap, until
from tests.simulator.fake_account import an_account, text_reply
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.simulator.app import running as a_simulator
from wx_archive.simulator.config import Encryption, SimulatorConfig

SCREENSHOTS = Path(__file__).parents[2] / "docs" / "screenshots"
SAVES_SCREENSHOTS = os.environ.get("WX_ARCHIVE_TEST_SCREENSHOTS") == "1"  # noqa: TID251 -- asked for by hand, never set in a test run

CARDS_PAGE = (
    '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>我的卡</title></head>'
    "<body><p>三张卡</p></body></html>"
)


def save_screenshot(browser: Chrome, name: str) -> None:
    """Save what the phone shows, at its own size, for the README; only when asked to."""
    if not SAVES_SCREENSHOTS:
        return
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    still = "return document.getAnimations().every((one) => one.playState !== 'running')"
    until(browser, "everything to stand still", lambda: browser.execute_script(still))
    shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    (SCREENSHOTS / name).write_bytes(b64decode(shot["data"]))


def opens_phone(browser: Chrome, places: demo.Running) -> None:
    """Open the page as a phone's screen and follow the account."""
    resize(browser, 390, 844, scale=2)
    browser.get(places.simulator_url)
    tap(browser, "follow-button")
    sees(browser, "您好，这里是十堰市档案馆")


def types(browser: Chrome, text: str) -> None:
    """Type a message and send it."""
    if not marked(browser, "text-input"):
        tap(browser, "menu-toggle")
    field = until(browser, "the field", lambda: marked(browser, "text-input")[0])
    field.send_keys(text, Keys.ENTER)


def test_a_person_follows_asks_reads_speaks_and_comes_back(
    browser: Chrome, places: demo.Running
) -> None:
    opens_phone(browser, places)

    tap(browser, "menu-top", "服务大厅")
    tap(browser, "menu-item", "档案查询")
    sees(browser, "直接打字")
    types(browser, "公积金")
    sees(browser, "〔档案查询〕“公积金” 共")
    tap(browser, "menu-toggle")
    save_screenshot(browser, "phone.png")

    tap(browser, "link-menu", "关于提高租房提取住房公积金额度的通知")
    tap(browser, "news-card", "关于提高租房提取住房公积金额度的通知")
    frame = until(browser, "the page", lambda: marked(browser, "h5-frame")[0])
    browser.switch_to.frame(frame)
    heading = until(browser, "the title", lambda: browser.find_element(By.TAG_NAME, "h1"))
    assert heading.text == "关于提高租房提取住房公积金额度的通知"
    assert "2024年8月1日" in browser.find_element(By.CSS_SELECTOR, ".facts").text
    browser.switch_to.default_content()
    tap(browser, "h5-back")
    until(browser, "the chat", lambda: not marked(browser, "h5"))

    tap(browser, "menu-toggle")
    tap(browser, "voice-button")
    tap(browser, "sheet-submit")
    sees(browser, "听到的是「我想查一下公积金的文件」")
    tap(browser, "plus-button")
    tap(browser, "plus-photo")
    tap(browser, "photo-sample")
    sees(browser, "照片收到了")
    picture = marked(browser, "picture")[-1]
    assert picture.size == picture.find_element(By.TAG_NAME, "img").size

    said, told = bubbles(browser, sender="me"), bubbles(browser)
    assert len(said) == 4  # the words, the number of the tapped link, speech, picture
    browser.refresh()
    until(browser, "the transcript", lambda: len(bubbles(browser)) == len(told))
    assert bubbles(browser, sender="me") == said
    assert bubbles(browser) == told
    assert complaints(browser) == []


def test_an_archive_record_is_read_inside_the_phone(browser: Chrome, places: demo.Running) -> None:
    opens_phone(browser, places)
    types(browser, "0012-2-0345-012")
    tap(browser, "news-card", "关于报送兰水大桥初步设计的请示")
    frame = until(browser, "the page", lambda: marked(browser, "h5-frame")[0])
    browser.switch_to.frame(frame)
    until(browser, "the record", lambda: "0012-2-0345-012" in browser.page_source)
    assert browser.find_element(By.CSS_SELECTOR, ".badge").text == "可预约"
    browser.switch_to.default_content()
    save_screenshot(browser, "record.png")
    assert complaints(browser) == []


def opens_desk(browser: Chrome, places: demo.Running) -> None:
    """Open the page on a wide screen and follow the account."""
    resize(browser, 1366, 768)
    browser.get(places.simulator_url)
    tap(browser, "follow-button")
    sees(browser, "您好，这里是十堰市档案馆")


def shows(browser: Chrome, mark: str, text: str) -> None:
    """Wait until an element that carries a mark contains a text."""
    until(browser, f"{mark} {text}", lambda: text in marked(browser, mark)[0].text)


def is_on(browser: Chrome, switch: str) -> bool:
    return marked(browser, switch)[0].is_selected()


def test_the_clock_of_everything_is_moved_at_the_desk(
    browser: Chrome, places: demo.Running
) -> None:
    opens_desk(browser, places)
    shows(browser, "troubles-ahead", "与本机时间一致")
    tap(browser, "clock-86400")
    shows(browser, "troubles-ahead", "比本机快 1 天")
    tap(browser, "clock-3600")
    shows(browser, "troubles-ahead", "比本机快 1 天 1 小时")
    assert clock.offset().total_seconds() == 90_000
    day = clock.today()
    shows(browser, "troubles-time", f"{day.year}年{day.month}月{day.day}日")
    types(browser, "公积金")
    sees(browser, "〔档案查询〕“公积金” 共")
    tap(browser, "clock-reset")
    shows(browser, "troubles-ahead", "与本机时间一致")
    assert clock.offset().total_seconds() == 0
    assert complaints(browser) == []


def test_faults_are_switched_on_and_off_at_the_desk(browser: Chrome, places: demo.Running) -> None:
    def present(what: str) -> list[dict[str, object]]:
        with requests.get(f"{places.simulator_url}/sim/{what}", timeout=5) as answer:
            return list(answer.json())

    opens_desk(browser, places)
    for switch, fault in (("busy", "errcode"), ("token", "errcode"), ("truncated", "truncated")):
        tap(browser, f"trouble-{switch}")
        until(browser, switch, lambda: len(present("faults")) == 1)
        assert [(each["fault"], each["times"]) for each in present("faults")] == [(fault, None)]
        box = marked(browser, f"trouble-{switch}")[0]
        until(browser, "the switch is free", box.is_enabled)
        assert box.is_selected()
        tap(browser, f"trouble-{switch}")
        until(browser, f"{switch} off", lambda: not present("faults"))

    tap(browser, "trouble-twice")
    until(browser, "the switch", lambda: "at_once" in wire_of(places))
    types(browser, "公积金")
    sees(browser, "〔档案查询〕“公积金” 共")
    digests = [each["reply_digest"] for each in last_deliveries(places)]
    assert len(digests) == 2
    assert digests[0] == digests[1]
    browser.refresh()
    until(browser, "the switch stays on", lambda: is_on(browser, "trouble-twice"))
    tap(browser, "trouble-twice")
    until(browser, "the switch", lambda: "none" in wire_of(places))
    assert complaints(browser) == []


def wire_of(places: demo.Running) -> list[object]:
    """Return what is wrong with the wire."""
    with requests.get(f"{places.simulator_url}/sim/wire", timeout=5) as answer:
        return list(answer.json().values())


def last_deliveries(places: demo.Running) -> list[dict[str, object]]:
    """Return the deliveries of the last message."""
    with requests.get(f"{places.simulator_url}/sim/exchanges", timeout=5) as answer:
        return list(answer.json()[-1]["deliveries"])


def test_a_lost_answer_comes_again_and_its_switch_goes_off(
    browser: Chrome, places: demo.Running
) -> None:
    opens_desk(browser, places)
    tap(browser, "trouble-lost")
    until(browser, "the switch", lambda: 1 in wire_of(places))
    types(browser, "公积金")
    sees(browser, "〔档案查询〕“公积金” 共")
    first, second = last_deliveries(places)
    assert (first["outcome"], second["outcome"]) == ("应答丢失", "已应答")
    until(browser, "the switch goes off", lambda: not is_on(browser, "trouble-lost"))
    assert complaints(browser) == []


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=["desk", "phone"])
def test_the_panel_of_clock_and_faults_fits(
    browser: Chrome, places: demo.Running, size: tuple[int, int]
) -> None:
    resize(browser, *size)
    browser.get(places.simulator_url)
    until(browser, "the phone", lambda: marked(browser, "phone"))
    if size[0] < 720:
        tap(browser, "tools-toggle")
    until(browser, "the panel", lambda: marked(browser, "trouble-lost"))
    shows(browser, "troubles-ahead", "与本机时间一致")
    wide = "return document.documentElement.scrollWidth > innerWidth"
    assert browser.execute_script(wide) is False
    switch = marked(browser, "trouble-lost")[0]
    browser.execute_script("arguments[0].scrollIntoView({block: 'nearest'})", switch)
    box = switch.rect
    assert box["x"] + box["width"] <= size[0]
    assert complaints(browser) == []


def test_a_page_in_the_phone_learns_whose_phone_it_is(browser: Chrome, tmp_path: Path) -> None:
    with an_account() as account:
        config = SimulatorConfig(
            account_url=account.url,
            account_name="十堰档案",
            original_id="gh_0123456789ab",
            app_id="wx0123456789abcdef",
            app_secret="a-secret",
            token="a-token",
            aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
            encryption=Encryption.PLAIN,
            data_dir=tmp_path / "simulator",
        )
        with a_simulator(config) as simulator:
            here = f"{account.url}/h5/cards"
            question = (
                f"{simulator}/connect/oauth2/authorize?appid={config.app_id}&redirect_uri={here}"
                "&response_type=code&scope=snsapi_base&state=s1"
            )
            link = question.replace("&", "&amp;")
            wrong = link.replace(config.app_id, "wx_another")
            links = f'<a href="{link}">我的卡</a> <a href="{wrong}">错的</a>'
            account.answer = lambda asked: (
                200,
                text_reply(asked, links) if asked.path == "/wechat" else CARDS_PAGE,
            )
            resize(browser, 390, 844)
            browser.get(simulator)
            tap(browser, "follow-button")
            sees(browser, "我的卡")
            tap(browser, "link-href", "我的卡")
            until(browser, "the visit", lambda: account.received[1:])
            visit = account.received[1]
            assert visit.path == "/h5/cards"
            assert visit.query["state"] == "s1"
            credentials = {
                "appid": config.app_id,
                "secret": config.app_secret,
                "code": visit.query["code"],
                "grant_type": "authorization_code",
            }
            with requests.get(
                f"{simulator}/sns/oauth2/access_token", params=credentials, timeout=5
            ) as answer:
                reader = answer.json()["openid"]
            with requests.get(f"{simulator}/sim/state", timeout=5) as answer:
                assert reader == answer.json()["phones"][0]["openid"]
            tap(browser, "h5-close")
            tap(browser, "link-href", "错的")
            browser.switch_to.frame(
                until(browser, "the page", lambda: marked(browser, "h5-frame")[0])
            )
            until(browser, "WeChat's page", lambda: "AppID 参数错误" in browser.page_source)
            browser.switch_to.default_content()
            assert complaints(browser) == []


@pytest.mark.parametrize("path", ["/", "/sim/state", "/static/simulator/phones.js"])
def test_the_simulator_runs_only_its_own_scripts(places: demo.Running, path: str) -> None:
    with requests.get(f"{places.simulator_url}{path}", timeout=5) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; frame-src http:;")
    assert "unsafe" not in policy


def test_a_script_from_elsewhere_in_the_page_does_not_run(
    browser: Chrome, places: demo.Running
) -> None:
    browser.get(places.simulator_url)
    until(browser, "the phone", lambda: marked(browser, "phone"))
    browser.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.ran = true';"
        "document.body.append(s);"
    )
    assert browser.execute_script("return window.ran") is None
    assert any("Content Security Policy" in line for line in complaints(browser))
