"""The demo's season: invented once, on now, its records open, and everything in it says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT, SettingsFactory
from tests.quiz.making import a_site_folder, some_questions
from wx_archive import demo_quiz
from wx_archive.core import clock
from wx_archive.core.services import Services, open_services
from wx_archive.media import fonts
from wx_archive.quiz import (
    art,
    bank,
    entries,
    facsimiles,
    figures,
    season_checks,
    season_desk,
    seasons,
)
from wx_archive.quiz.season_checks import Place
from wx_archive.quiz.season_plans import CardWords, known_card

FILE = demo_quiz.read(PROJECT / "content" / "demo" / "quiz.yaml")


@pytest.fixture
def services(demo_settings: SettingsFactory) -> Iterator[Services]:
    """A demo before its first start."""
    with open_services(demo_settings()) as opened:
        yield opened


def test_nobody_is_alarmed_about_cards_that_the_worker_was_just_asked_to_draw(
    services: Services,
) -> None:
    demo_quiz.invent(services)
    with services.database.reads() as connection:
        now = clock.now()
        assert [one.key for one in figures.alerts(connection, now)] == []
        late = figures.alerts(connection, now + 2 * figures.DRAWN_WITHIN)
        assert [one.key.split(":")[0] for one in late] == ["quiz.not_drawn"]


def test_the_season_is_on_with_ten_cards_and_two_facsimiles(services: Services) -> None:
    demo_quiz.invent(services)
    today = clock.today()
    with services.database.reads() as connection:
        (season,) = seasons.read(connection)
        shelves = {one.name: one.free for one in facsimiles.listed(connection)}
    assert season.is_on(today)
    assert ((today - season.starts_on).days, (season.ends_on - today).days) == (20, 60)
    assert (season.name, season.daily_cap) == ("兰台记忆·第一季（演示）", 30)
    assert len(season.cards) == 10
    assert shelves == {
        "兰水大桥开工批复（演示复制件）": 42,
        "芸签牌自行车说明书（演示复制件）": 12,
    }


def test_a_second_start_invents_nothing(services: Services) -> None:
    demo_quiz.invent(services)
    demo_quiz.invent(services)
    with services.database.reads() as connection:
        assert len(seasons.read(connection)) == 1
        assert len(facsimiles.listed(connection)) == 2


def test_every_card_shows_an_open_record_and_says_that_it_is_invented(services: Services) -> None:
    demo_quiz.invent(services)
    today = clock.today()
    with services.database.reads() as connection:
        (season,) = seasons.read(connection)
        shelves = facsimiles.listed(connection)
        for number in [*(card.entry for card in season.cards), *(one.entry for one in shelves)]:
            assert entries.named(connection, number, today=today), number
    for source in [*(card.source for card in season.cards), *(one.source for one in shelves)]:
        assert "虚构" in source


def test_nothing_is_worth_a_second_look_but_how_long_the_bank_lasts(services: Services) -> None:
    demo_quiz.invent(services)
    with services.database.begin() as session:
        (found,) = seasons.read(session.connection())
        season = season_desk.find(session, found.pid)
        assert season
        cards = season_desk.words_of(season_desk.cards_of(session, season))
        by = Place(session.connection(), bank.bank(services.site), clock.today())
        told = season_checks.warnings(by, season_desk.current_plan(season), cards)
    assert [line for line in told if "就答完了" not in line] == []


def test_the_cards_can_be_drawn_with_the_fonts_that_are_here() -> None:
    """None has a character that the typeface lacks, and the longest story fits."""
    font = fonts.find(None)
    cards = [CardWords(one.number, one.title, one.story) for one in FILE.cards]
    for ordinal, words in enumerate(cards, start=1):
        said = art.words_of(known_card(ordinal, words), FILE.season.name)
        assert fonts.lacking(font, said) == ""
    longest = max(cards, key=lambda words: len(words.story))
    assert art.draw_card(known_card(1, longest), FILE.season.name, None, font=font)


def test_a_site_whose_bank_is_too_small_has_no_season(
    demo_settings: SettingsFactory, tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir()
    site = a_site_folder(tmp_path / "site", some_questions(99))
    with open_services(demo_settings(site_dir=site)) as services:
        demo_quiz.invent(services)
        with services.database.reads() as connection:
            assert seasons.read(connection) == []
            assert facsimiles.listed(connection) == []
