"""A season from its first line to its release: complete, by two people, on days of its own."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.quiz.making import NOW, TODAY, a_bank, some_questions
from tests.quiz.season_making import (
    BANK,
    EDITOR,
    REVIEWER,
    a_card,
    a_draft,
    a_place,
    a_plan,
    a_released,
    a_waiting,
    begun,
    released,
)
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Job
from wx_archive.core.live import Change
from wx_archive.quiz import season_checks, season_desk, season_list, seasons
from wx_archive.quiz.models import Season
from wx_archive.quiz.rules import SeasonState

DAY = timedelta(days=1)


def known(session: Session) -> list[str]:
    """Return the names of the released seasons."""
    return [one.name for one in seasons.read(session.connection())]


def drawn(session: Session) -> list[int]:
    """Return for which seasons the worker was asked to draw."""
    rows = session.scalars(select(Job.payload).where(Job.kind == season_desk.DRAW))
    return [json.loads(payload)["season"] for payload in rows]


def changes(session: Session) -> int:
    """Return how often processes were told that seasons have changed."""
    return session.scalar(select(Change.number).where(Change.name == seasons.LIVE)) or 0


def test_what_a_second_person_releases_is_known_everywhere_and_gets_drawn(
    database: Database,
) -> None:
    with database.begin() as session:
        season = a_waiting(session, name="第一季")
        assert (known(session), drawn(session), changes(session)) == ([], [], 0)
        released(session, season)
    with database.begin() as session:
        (found,) = seasons.read(session.connection())
        assert (found.name, len(found.cards), found.daily_cap) == ("第一季", 10, 5)
        assert [card.number for card in found.cards] == [f"001-{n:03}" for n in range(1, 11)]
        assert drawn(session) == [found.id]
        assert changes(session) == 1
        kept = season_desk.find(session, found.pid)
        assert kept is not None
        assert (kept.released_by, kept.released_at) == ("reviewer", NOW)


def test_nobody_releases_or_refuses_their_own(database: Database) -> None:
    with database.begin() as session:
        season = a_waiting(session)
        place = a_place(session)
        with pytest.raises(RefusedError, match="另一个人"):
            season_desk.release(session, season, place, seen=season.version, person=EDITOR, now=NOW)
        with pytest.raises(RefusedError, match="另一个人"):
            season_desk.refuse(session, season, "不行", seen=season.version, person=EDITOR)
        assert season.state == SeasonState.WAITING


def test_whoever_wrote_last_is_not_the_second_person(database: Database) -> None:
    with database.begin() as session:
        season = a_draft(session)
        seen, by = season.version, REVIEWER.login
        season_desk.put_card(session, season, 3, a_card(3, title="改过"), seen=seen, by=by)
        place = a_place(session)
        season_desk.submit(session, season, place, seen=season.version, by=REVIEWER.login)
        with pytest.raises(RefusedError, match="另一个人"):
            released(session, season)


def test_nine_cards_are_no_season(database: Database) -> None:
    with database.begin() as session:
        season = a_draft(session, cards=9)
        with pytest.raises(RefusedError, match="还缺第 10 张卡"):
            season_desk.submit(
                session, season, a_place(session), seen=season.version, by=EDITOR.login
            )
        assert season.state == SeasonState.DRAFT


def test_two_cards_do_not_bear_the_same_number(database: Database) -> None:
    with database.begin() as session:
        season = a_draft(session)
        same = a_card(2, number="001-001")
        season_desk.put_card(session, season, 2, same, seen=season.version, by=EDITOR.login)
        with pytest.raises(RefusedError, match="编号相同：001-001"):
            season_desk.submit(
                session, season, a_place(session), seen=season.version, by=EDITOR.login
            )


@pytest.mark.parametrize(
    ("count", "themes", "said"),
    [
        (99, (), "能出的题只有 99 道"),
        (150, ("things",), "能出的题只有 50 道"),
        (150, ("things", "nowhere"), "题库里没有这个主题：nowhere"),
    ],
)
def test_ten_cards_that_nobody_can_earn_are_not_promised(
    database: Database, count: int, themes: tuple[str, ...], said: str
) -> None:
    with database.begin() as session:
        season = a_draft(session, themes=themes)
        place = a_place(session, bank=a_bank(some_questions(count)))
        with pytest.raises(RefusedError, match=said):
            season_desk.submit(session, season, place, seen=season.version, by=EDITOR.login)


def test_a_season_is_not_released_into_the_past(database: Database) -> None:
    with database.begin() as session:
        season = a_waiting(session)
        with pytest.raises(RefusedError, match="第一天已经过去"):
            released(session, season, today=season.starts_on + DAY)


@pytest.mark.parametrize(
    ("first", "last", "may"),
    [
        (TODAY + timedelta(30), TODAY + timedelta(40), False),
        (TODAY + timedelta(31), TODAY + timedelta(40), True),
        (TODAY, TODAY + timedelta(1), False),
        (TODAY, TODAY, True),
        (TODAY, TODAY + timedelta(90), False),
        (TODAY + timedelta(5), TODAY + timedelta(6), False),
    ],
)
def test_released_seasons_never_share_a_day(
    database: Database, first: date, last: date, *, may: bool
) -> None:
    with database.begin() as session:
        a_released(session, name="先放行的")
        season = a_draft(session, name="后来的", starts_on=first, ends_on=last, pick_up_until=last)
        place = a_place(session)
        if may:
            season_desk.submit(session, season, place, seen=season.version, by=EDITOR.login)
            released(session, season)
            assert sorted(known(session)) == sorted(["先放行的", "后来的"])
        else:
            with pytest.raises(RefusedError, match="先放行的"):
                season_desk.submit(session, season, place, seen=season.version, by=EDITOR.login)


def test_a_withdrawn_season_leaves_its_days_to_others(database: Database) -> None:
    with database.begin() as session:
        first = a_released(session, name="撤下的")
        season_desk.withdraw(session, first, "题有错", seen=first.version)
        assert (known(session), first.note) == ([], "题有错")
        a_released(session, name="换上的")
        assert known(session) == ["换上的"]


def test_of_two_that_are_released_at_once_for_the_same_days_one_is(database: Database) -> None:
    with database.begin() as session:
        pids = [a_waiting(session, name=name).pid for name in ("甲", "乙")]

    def release(pid: str) -> bool:
        try:
            with database.begin() as session:
                season = season_desk.find(session, pid)
                assert season is not None
                released(session, season)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(release, pids))
    assert sorted(done) == [False, True]
    with database.begin() as session:
        assert len(known(session)) == 1


def _edit(session: Session, season: Season, seen: int) -> None:
    season_desk.edit(session, season, a_plan(name="改名"), seen=seen, by=EDITOR.login)


def _card(session: Session, season: Season, seen: int) -> None:
    season_desk.put_card(session, season, 1, a_card(1), seen=seen, by=EDITOR.login)


def _remove(session: Session, season: Season, seen: int) -> None:
    season_desk.remove_card(session, season, 1, seen=seen, by=EDITOR.login)


def _swap(session: Session, season: Season, seen: int) -> None:
    season_desk.swap_cards(session, season, 1, seen=seen, by=EDITOR.login)


def _release(session: Session, season: Season, seen: int) -> None:
    place = a_place(session)
    season_desk.release(session, season, place, seen=seen, person=REVIEWER, now=NOW)


def _refuse(session: Session, season: Season, seen: int) -> None:
    season_desk.refuse(session, season, "再改", seen=seen, person=REVIEWER)


def _take_back(session: Session, season: Season, seen: int) -> None:
    season_desk.take_back(session, season, seen=seen)


def _withdraw(session: Session, season: Season, seen: int) -> None:
    season_desk.withdraw(session, season, "不办了", seen=seen)


@pytest.mark.parametrize(
    "act", [_edit, _card, _remove, _swap, _release, _refuse, _take_back, _withdraw]
)
def test_nobody_acts_on_a_page_that_is_out_of_date(
    database: Database, act: Callable[[Session, Season, int], None]
) -> None:
    with database.begin() as session:
        season = a_waiting(session)
        with pytest.raises(RefusedError, match="别人改过"):
            act(session, season, season.version - 1)
        act(session, season, season.version)


@pytest.mark.parametrize("act", [_edit, _card, _remove, _swap])
def test_what_is_written_in_a_season_that_waits_must_be_handed_in_again(
    database: Database, act: Callable[[Session, Season, int], None]
) -> None:
    with database.begin() as session:
        season = a_waiting(session)
        act(session, season, season.version)
        assert season.state == SeasonState.DRAFT


@pytest.mark.parametrize("act", [_edit, _card, _remove, _swap])
@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_what_is_released_or_over_is_not_written_over(
    database: Database, act: Callable[[Session, Season, int], None], *, is_withdrawn: bool
) -> None:
    with database.begin() as session:
        season = a_released(session)
        if is_withdrawn:
            season_desk.withdraw(session, season, "不办了", seen=season.version)
        before = season.version
        with pytest.raises(RefusedError, match="已经撤销" if is_withdrawn else "已经放行"):
            act(session, season, season.version)
        assert season.version == before


def test_the_second_persons_words_reach_the_first_until_it_is_handed_in_again(
    database: Database,
) -> None:
    with database.begin() as session:
        season = a_waiting(session)
        season_desk.refuse(session, season, "第三张没有出处", seen=season.version, person=REVIEWER)
        assert (season.state, season.note) == (SeasonState.DRAFT, "第三张没有出处")
        place = a_place(session)
        season_desk.submit(session, season, place, seen=season.version, by=EDITOR.login)
        assert season.note == ""


def test_a_card_and_the_next_change_places_whole(database: Database) -> None:
    with database.begin() as session:
        season = a_draft(session, cards=3)
        for ordinal in (1, 3):  # the third and an empty place
            season_desk.swap_cards(session, season, ordinal, seen=season.version, by=EDITOR.login)
        words = season_desk.words_of(season_desk.cards_of(session, season))
        assert [(n, one.number) for n, one in words] == [
            (1, "001-002"),
            (2, "001-001"),
            (4, "001-003"),
        ]


def test_a_copy_has_the_same_cards_and_days_after_all_that_are_released(
    database: Database,
) -> None:
    with database.begin() as session:
        old = begun(session, name="老的一季")
        made = season_desk.copy(session, old, by="desk", now=NOW, today=TODAY)
        assert made.starts_on == old.ends_on + DAY
        assert made.ends_on - made.starts_on == old.ends_on - old.starts_on
        assert made.pick_up_until - made.ends_on == old.pick_up_until - old.ends_on
        assert (made.name, made.state) == ("老的一季（新季）", SeasonState.DRAFT)
        cards = [season_desk.words_of(season_desk.cards_of(session, one)) for one in (old, made)]
        assert cards[0] == cards[1]
        place = a_place(session, bank=BANK)
        season_desk.submit(session, made, place, seen=made.version, by="desk")
        released(session, made)


def test_the_list_tells_how_each_season_stands(database: Database) -> None:
    with database.begin() as session:
        begun(session, name="开着的")
        a_draft(session, cards=4, name="在写的", starts_on=TODAY + timedelta(days=29))
    with database.reads() as connection:
        lines = {line.name: line for line in season_list.listed(connection)}
    assert (lines["开着的"].standing(TODAY), lines["开着的"].cards) == ("正在答题", 10)
    assert lines["开着的"].standing(TODAY + timedelta(days=31)) == "已结束"
    assert lines["开着的"].standing(TODAY - timedelta(days=11)) == "还没开始"
    assert (lines["在写的"].standing(TODAY), lines["在写的"].cards) == ("", 4)


def test_the_last_questions_of_whoever_answers_all_day_make_a_day_too(database: Database) -> None:
    with database.begin() as session:
        place = a_place(session, bank=a_bank(some_questions(169)))
        (said,) = season_checks.warnings(place, a_plan(daily_cap=30), [])
        assert "169 道" in said
        assert "第 6 天就答完了" in said
