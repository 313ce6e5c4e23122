"""Words that found nothing: never those of fewer than three people; what was done about them."""

from datetime import timedelta
from functools import partial

from tests.guide.asking import ask, leave_unanswered
from tests.guide.replying import TODAY, a_site, others, release, write
from wx_archive.catalogue.words.models import WordsState
from wx_archive.core.database import Database
from wx_archive.guide import unanswered
from wx_archive.guide.keywords import Others
from wx_archive.guide.models import State
from wx_archive.guide.rules import IGNORED_FOR
from wx_archive.guide.unanswered import Line
from wx_archive.lookup import figures

WEEK = timedelta(days=7)


def real() -> Others:
    told = others()
    return Others(
        told.commands, told.prefixes, told.is_number, partial(figures.top, only_empty=True)
    )


def lines(database: Database, *, weeks: int = 4) -> list[Line]:
    with database.reads() as connection:
        return unanswered.lines(connection, real(), today=TODAY, weeks=weeks)


def spelt(database: Database, *, weeks: int = 4) -> list[tuple[str, ...]]:
    return [line.group.words for line in lines(database, weeks=weeks)]


def test_words_of_two_people_are_shown_to_nobody(database: Database) -> None:
    ask(database, "居住证", "甲", "乙", day=TODAY)
    ask(database, "居住证", "甲", "乙", day=TODAY - timedelta(days=1))
    assert spelt(database) == []
    ask(database, "居住证", "丙", day=TODAY)
    assert spelt(database) == [("居住证",)]


def test_words_that_found_something_are_not_missing(database: Database) -> None:
    ask(database, "公积金", "甲", "乙", "丙", day=TODAY, found=10)
    assert spelt(database) == []


def test_the_weeks_and_the_span_are_told(database: Database) -> None:
    ask(database, "居住证", "甲", "乙", "丙", "丁", day=TODAY - 2 * WEEK)
    ask(database, "居住证", "甲", "乙", "丙", day=TODAY)
    ask(database, "老词", "甲", "乙", "丙", day=TODAY - 6 * WEEK)
    (line,) = lines(database)
    assert (line.group.empties, line.group.people) == (7, 4)
    assert line.group.by_week == (0, 4, 0, 3)
    assert line.group.last_week == TODAY - timedelta(days=6)
    assert spelt(database, weeks=12) == [("居住证",), ("老词",)]


def test_words_that_sound_alike_stand_together(database: Database) -> None:
    with database.begin() as session:
        table = "ju 居\nzhu 住驻\nzheng 证正"
        session.merge(WordsState(name="sounds", number=1, text=table))
    ask(database, "居住证", "甲", "乙", "丙", day=TODAY)
    ask(database, "居驻正", "丁", "戊", "己", day=TODAY)
    # The table of sounds is the process's own: whichever was read first stays.
    found = spelt(database)
    assert found == [("居住证", "居驻正")]


def test_a_word_with_a_reply_says_so_and_comes_last(database: Database) -> None:
    site = a_site(database)
    for words in ("居住证", "房票", "落户"):
        ask(database, words, "甲", "乙", "丙", day=TODAY)
    ask(database, "居住证", "丁", day=TODAY)
    number = write(database, "居住证")
    other = write(database, "落户", is_ready=False)
    release(database, site, number)
    found = {line.group.words[0]: line.reply for line in lines(database)}
    assert list(found) == ["房票", "居住证", "落户"]
    assert found["房票"] is None
    released, draft = found["居住证"], found["落户"]
    assert released is not None
    assert draft is not None
    assert (released.id, released.state) == (number, State.RELEASED)
    assert (draft.id, draft.state) == (other, State.DRAFT)


def test_what_is_ignored_comes_back_after_ninety_days_or_when_asked_for(
    database: Database,
) -> None:
    ask(database, "居住证", "甲", "乙", "丙", day=TODAY)
    ask(database, "房票", "甲", "乙", "丙", day=TODAY)
    with database.begin() as session:
        unanswered.ignore(session, "居住证", today=TODAY)
        number = unanswered.ignore(session, "居住证", today=TODAY)
    hidden = {line.group.words[0]: line.hidden_until for line in lines(database)}
    assert hidden == {"居住证": TODAY + IGNORED_FOR, "房票": None}
    with database.begin() as session:
        unanswered.ignore(session, "房票", today=TODAY + IGNORED_FOR)
    assert {line.hidden_id for line in lines(database)} != {None, number}
    assert number not in {line.hidden_id for line in lines(database)}
    with database.begin() as session:
        again = unanswered.ignore(session, "居住证", today=TODAY)
        assert unanswered.show_again(session, again)
        assert not unanswered.show_again(session, again + 1)
    assert [line.hidden_id for line in lines(database) if line.group.words[0] == "居住证"] == [None]


def test_ninety_days_later_the_words_are_shown_again(database: Database) -> None:
    with database.begin() as session:
        unanswered.ignore(session, "居住证", today=TODAY)
    for days, is_hidden in ((89, True), (90, False)):
        today = TODAY + timedelta(days=days)
        ask(database, "居住证", "甲", "乙", "丙", day=today)
        with database.reads() as connection:
            (line,) = unanswered.lines(connection, real(), today=today, weeks=4)
        assert (line.hidden_id is not None) is is_hidden


def test_messages_that_nothing_answered_are_counted_by_week(database: Database) -> None:
    leave_unanswered(database, 5, day=TODAY)
    leave_unanswered(database, 2, day=TODAY - timedelta(days=6))
    leave_unanswered(database, 3, day=TODAY - WEEK)
    leave_unanswered(database, 9, day=TODAY - 2 * WEEK)
    with database.reads() as connection:
        assert unanswered.tallies(connection, TODAY) == (7, 3)
