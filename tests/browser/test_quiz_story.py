"""From the first question to the tenth card on the simulated phone, by hand, in Chromium."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from sqlalchemy import select

from tests.browser.screen import bubbles, complaints, marked, resize, sees, tap, until
from tests.browser.test_phone_page import save_screenshot, types
from tests.conftest import PROJECT, SettingsFactory
from tests.quiz.album_making import earns, until_drawn
from wx_archive import demo, demo_quiz
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.services import open_services
from wx_archive.followers.models import Follower
from wx_archive.quiz.bank import of_files
from wx_archive.quiz.models import Season
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import LETTERS, Kind, SeasonState

OPTION = re.compile(r"^([A-D]) (.+)$", re.MULTILINE)
CODE = re.compile(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{2}")
LOADED = "return arguments[0].complete && arguments[0].naturalWidth"


@pytest.fixture
def database(demo_settings: SettingsFactory) -> Iterator[Database]:
    """The demo's database, with its season on."""
    settings = demo_settings()
    with open_services(settings) as services:
        demo_quiz.invent(services)
    opened = Database(settings.database)
    yield opened
    opened.dispose()


@pytest.fixture
def quiz(database: Database, places: demo.Running) -> demo.Running:
    """The running demo, whose cards are drawn."""
    until_drawn(database)
    return places


def asked(browser: Chrome) -> tuple[Question, dict[str, str]]:
    """Return the question that was asked last, and the letter of each option as shown."""
    until(browser, "a question", lambda: "不限时）" in bubbles(browser)[-1])
    text = bubbles(browser)[-1]
    question = next(
        one for one in of_files(PROJECT).questions.values() if f"\n{one.text}\n" in f"{text}\n"
    )
    return question, {option: letter for letter, option in OPTION.findall(text)}


def answers(browser: Chrome, *, rightly: bool = True) -> None:
    """Answer the question that was asked last: by a tap where there is one thing to tap."""
    question, letters = asked(browser)
    shown, before = question.shown_options, len(bubbles(browser))
    match question.kind:
        case Kind.SINGLE | Kind.JUDGE:
            right = question.answer[0]
            said = right if question.kind is Kind.JUDGE else shown[LETTERS.index(right)]
            if not rightly:
                said = next(option for option in shown if option != said)
            tap(browser, "link-menu", f"{letters[said]} {said}")
        case Kind.MULTIPLE:
            types(browser, "".join(letters[shown[LETTERS.index(one)]] for one in question.answer))
        case _:
            types(browser, question.answer[0])
    verdict = "✔ 答对了" if rightly else "✘ 答错了"
    # A card's picture may have come after it by now.
    until(browser, verdict, lambda: bubbles(browser)[before].startswith(verdict))


def goes_on(browser: Chrome) -> None:
    tap(browser, "link-menu", "▸下一题")


def follows(browser: Chrome, places: demo.Running) -> None:
    resize(browser, 390, 844, scale=2)
    browser.get(places.simulator_url)
    tap(browser, "follow-button")
    sees(browser, "您好，这里是十堰市档案馆")


def agrees(browser: Chrome) -> None:
    """Begin by the menu, having read what one agrees to."""
    if not marked(browser, "menu-top"):
        tap(browser, "menu-toggle")
    tap(browser, "menu-top", "趣味互动")
    tap(browser, "menu-item", "答题闯关")
    sees(browser, "同意并开始")
    assert "看活动规则" in bubbles(browser)[-1]
    tap(browser, "link-menu", "▸同意并开始")


def has_right(database: Database, cards: int, more: int) -> None:
    """Let the phone's owner have come so far days ago."""
    with database.begin() as session:
        number = session.scalars(select(Follower.id)).one()
        released = select(Season.id).where(Season.state == SeasonState.RELEASED)
        before = clock.now() - timedelta(days=3)
        earns(session, number, session.scalars(released).one(), cards, more=more, now=before)


@pytest.mark.timeout(180)
def test_the_tenth_right_answer_brings_a_card_with_its_picture(
    browser: Chrome, quiz: demo.Running, database: Database
) -> None:
    follows(browser, quiz)
    has_right(database, 0, more=7)
    agrees(browser)
    sees(browser, "第 1 关 · 第 8 题")
    save_screenshot(browser, "quiz-question.png")
    right, has_erred = 7, False
    while right < 10:
        question, _letters = asked(browser)
        if right > 7 and not has_erred and question.kind in (Kind.SINGLE, Kind.JUDGE):
            answers(browser, rightly=False)
            has_erred = True
            assert "不扣分" in bubbles(browser)[-1]
        else:
            answers(browser)
            right += 1
        if right == 8 and not has_erred:
            assert "●●●●●●●●○○" in bubbles(browser)[-1]
            save_screenshot(browser, "quiz-answer.png")
        if right < 10:
            goes_on(browser)
    told = next(text for text in reversed(bubbles(browser)) if "第 1 张卡" in text)
    assert "《先要有一座桥》\n编号 0012-2-0345-012" in told
    picture = until(browser, "the card", lambda: marked(browser, "picture")[-1])
    image = picture.find_element(By.TAG_NAME, "img")
    until(browser, "the picture", lambda: browser.execute_script(LOADED, image) == 1080)
    save_screenshot(browser, "quiz-card-earned.png")

    tap(browser, "link-menu", "▸看这张卡")
    until(browser, "the card once more", lambda: len(marked(browser, "picture")) == 2)
    types(browser, "我的卡")
    sees(browser, "●○○○○○○○○○\n已有 1 张")
    save_screenshot(browser, "quiz-my-cards.png")
    tap(browser, "link-href", "▸打开我的卡册")
    frame = until(browser, "the album", lambda: marked(browser, "h5-frame")[0])
    browser.switch_to.frame(frame)
    until(
        browser, "its cards", lambda: len(browser.find_elements(By.CSS_SELECTOR, ".album a")) == 1
    )
    browser.switch_to.default_content()
    assert complaints(browser) == []


@pytest.mark.timeout(180)
def test_the_tenth_card_leads_to_a_voucher_that_the_desk_can_read(
    browser: Chrome, quiz: demo.Running, database: Database
) -> None:
    follows(browser, quiz)
    has_right(database, 9, more=9)
    agrees(browser)
    answers(browser)
    told = next(text for text in reversed(bubbles(browser)) if "第 10 张卡" in text)
    assert "十张集齐了" in told
    tap(browser, "link-menu", "领取")
    sees(browser, "兰水大桥开工批复（演示复制件）")
    tap(browser, "link-menu", "兰水大桥开工批复（演示复制件）")
    sees(browser, "凭证号")
    code = CODE.findall(bubbles(browser)[-1])[0]
    types(browser, "我的卡")
    sees(browser, "凭证已经开好")
    tap(browser, "link-href", "▸打开我的卡册")
    frame = until(browser, "the album", lambda: marked(browser, "h5-frame")[0])
    browser.switch_to.frame(frame)
    until(browser, "its code", lambda: code in browser.find_element(By.TAG_NAME, "main").text)
    assert browser.find_element(By.CSS_SELECTOR, ".qr svg").size["width"] > 150
    browser.switch_to.default_content()
    save_screenshot(browser, "quiz-voucher.png")
    assert complaints(browser) == []
