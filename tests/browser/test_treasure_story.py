"""Storyboard B, steps 8 to 10: three photos in the chat, the form, a question, the certificate."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from sqlalchemy import select

from tests.browser.screen import bubbles, complaints, follow, marked, resize, sees, tap, until
from tests.browser.test_phone_page import save_screenshot, types
from tests.conftest import SettingsFactory
from tests.treasures.register_making import ALL, a_plan, terms_of
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.services import Services, open_services
from wx_archive.core.settings import Settings
from wx_archive.treasures import accessions, agreements, queries, review
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.record import Describing
from wx_archive.treasures.rules import State
from wx_archive.treasures.steps import Doing

NUMBER = re.compile(r"珍\d{4}-\d{6}")
CERTIFICATE_WIDTH = 1080
LOADED = "return arguments[0].complete && arguments[0].naturalWidth"
QUESTION = "背景里的楼是不是老百货大楼？"
WISHES = (
    ("ownership", "inherited"),
    ("wish", "copy"),
    ("scope", "public"),
    ("credit", "pseudonym"),
)


@pytest.fixture
def settings(demo_settings: SettingsFactory) -> Settings:
    return demo_settings()


@pytest.fixture
def places(settings: Settings) -> Iterator[demo.Running]:
    with demo.in_process(settings) as running:
        yield running


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    with open_services(settings) as opened:
        yield opened


def a_photo(folder: Path, name: str, shade: int) -> Path:
    """Return a picture with something to be seen in it; a low shade is a dark one."""
    picture = Image.new("RGB", (900, 600), (shade, shade * 9 // 10, shade * 7 // 10))
    draw = ImageDraw.Draw(picture)
    for step in range(0, 900, 60):
        draw.rectangle((step, 200, step + 30, 500), fill=(shade // 2,) * 3)
        draw.line((step, 0, 900 - step, 600), fill=(min(255, shade + 20),) * 3, width=5)
    out = BytesIO()
    picture.save(out, "JPEG", quality=90)
    path = folder / name
    path.write_bytes(out.getvalue())
    return path


def upload(services: Services) -> Upload:
    with services.database.reads() as connection:
        mine = select(Treasure.id).where(Treasure.follower_id.is_not(None))
        return queries.by_id(connection, connection.execute(mine).scalar_one())


def somebody(services: Services, login: str) -> Doing:
    return Doing.of(services.site, login, now=clock.now())


def staff_move(services: Services, to: State, note: str = "") -> None:
    with services.database.begin() as session:
        review.move(session, upload(services).id, to, somebody(services, "editor"), note=note)


def they_agree_and_enter(services: Services) -> None:
    """Sign, propose and enter: by two people, as the services do it."""
    one, editor = upload(services), somebody(services, "editor")
    with services.database.begin() as session:
        agreements.write(session, one.id, terms_of(one, *ALL, signed_on=editor.today), editor)
        plan = a_plan("老百货大楼前的合影", received_on=editor.today)
        accessions.plan(session, one.id, plan, editor)
    with services.database.begin() as session:
        reviewer = somebody(services, "reviewer")
        accessions.enter(session, one.id, reviewer, Describing.of(services))


def presses(browser: Chrome, words: str) -> None:
    found = next(
        each
        for each in browser.find_elements(By.CSS_SELECTOR, "button, main a")
        if each.text.strip().startswith(words)
    )
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    follow(browser, found)


def chooses(browser: Chrome, name: str, value: str) -> None:
    found = browser.find_element(By.CSS_SELECTOR, f"input[name={name}][value='{value}']")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    found.click()


def sends_three_photos(browser: Chrome, folder: Path) -> None:
    """8: three photos, one answer; the line of the batch names the dark one."""
    types(browser, "上传")
    sees(browser, "请发老照片")
    before = len(bubbles(browser))
    photos = [a_photo(folder, f"{shade}.jpg", shade) for shade in (200, 170, 12)]
    tap(browser, "plus-button")
    found = browser.find_element(By.CSS_SELECTOR, '[data-testid="photo-file"]')
    found.send_keys("\n".join(map(str, photos)))
    sees(browser, "已收到 3 张")
    told = bubbles(browser)[before:]
    assert len(told) == 2  # one answer at once, one line when they are all looked at
    assert told[0].startswith("照片收到了")
    assert "1 张偏暗" in told[1]
    types(browser, "我爷爷退休那年，全车间在百货大楼前照的")
    sees(browser, "记下了")


def fills_the_form_in(browser: Chrome) -> str:
    """9: 完成 gives the number; the form's steps. Returns the number."""
    tap(browser, "link-menu", "完成")
    sees(browser, "收好了，受理号")
    number: str = NUMBER.findall(bubbles(browser)[-1])[0]
    tap(browser, "link-href", "填一填来历和意愿")
    frame = until(browser, "the form", lambda: marked(browser, "h5-frame")[0])
    browser.switch_to.frame(frame)
    story = until(browser, "the story", lambda: browser.find_element(By.ID, "story"))
    assert "全车间" in str(story.get_attribute("value"))
    browser.find_element(By.ID, "title").send_keys("百货大楼前的合影")
    chooses(browser, "decade", "七十年代")
    presses(browser, "保存，下一步")
    for name, value in WISHES:
        chooses(browser, name, value)
    browser.find_element(By.ID, "name").send_keys("张女士")
    browser.switch_to.default_content()
    save_screenshot(browser, "treasure-form.png")
    browser.switch_to.frame(frame)
    presses(browser, "保存，下一步")
    chooses(browser, "agree", "1")
    presses(browser, "确认没有错")
    until(browser, "the number", lambda: number in browser.page_source)
    browser.switch_to.default_content()
    until(browser, "the chat", lambda: goes_back(browser))
    return number


def goes_back(browser: Chrome) -> bool:
    """Close the page that lies over the chat, however many were opened in it."""
    if marked(browser, "h5-back"):
        tap(browser, "h5-back")
    return not marked(browser, "h5")


def pictures(browser: Chrome) -> list[int]:
    """Return the widths of the pictures in the chat."""
    shown = [one.find_element(By.TAG_NAME, "img") for one in marked(browser, "picture")]
    return [int(browser.execute_script(LOADED, image) or 0) for image in shown]


@pytest.mark.timeout(120)
def test_three_photos_become_a_certificate(
    browser: Chrome, places: demo.Running, services: Services, tmp_path: Path
) -> None:
    resize(browser, 390, 844, scale=2)
    browser.get(places.simulator_url)
    tap(browser, "follow-button")
    sees(browser, "您好，这里是十堰市档案馆")
    sends_three_photos(browser, tmp_path)
    number = fills_the_form_in(browser)

    # 10: a question the next day, answered by a tap; then the certificate.
    staff_move(services, State.SCREENING)
    staff_move(services, State.NEED_INFO, QUESTION)
    sees(browser, QUESTION)
    next(one for one in marked(browser, "link-menu") if one.text == "是").click()
    sees(browser, f"已经转给馆里看 {number} 的人")
    assert upload(services).state is State.SCREENING
    save_screenshot(browser, "treasure-chat.png")
    staff_move(services, State.ACCEPTED)
    they_agree_and_enter(services)
    until(browser, "the certificate", lambda: CERTIFICATE_WIDTH in pictures(browser))
    assert "已经入藏，谢谢您" in "".join(bubbles(browser))
    save_screenshot(browser, "treasure-chat-certificate.png")
    assert upload(services).state is State.ACCESSIONED
    assert complaints(browser) == []
