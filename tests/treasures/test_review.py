"""The review on both databases: where an upload may go, what is said, who has it, what is noted."""

from datetime import date

import pytest

from tests.talk import NOON, ORIGIN
from tests.treasures.desk_making import (
    WISHES,
    a_colleague,
    a_follower,
    an_upload,
    by_sender,
    by_staff,
    held,
    read,
    steps,
)
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.site import Profile
from wx_archive.core.text import visible
from wx_archive.staff.colleagues import Colleague
from wx_archive.staff.rules import Role
from wx_archive.treasures import replies, review, rules, texts, uploads
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.review import OnlyTipError, RightsMissingError
from wx_archive.treasures.rules import Action, Ownership, State, Wish
from wx_archive.treasures.steps import ImpossibleMoveError, NoteError, StaleError, locked
from wx_archive.treasures.uploads import Wishes

PROFILE = Profile.model_validate(
    {
        "account": "兰台记忆",
        "name": "兰台市档案馆",
        "short_name": "市档案馆",
        "address": "档案路 9 号",
        "telephone": "0719-8888888",
        "opening_hours": "周一到周五 9:00-17:00",
        "desk": "一楼服务台",
        "portal": {"title": "网站", "url": "https://example.org"},
        "weibo": {"title": "微博", "url": "https://example.org/w"},
    }
)


def moves(
    database: Database,
    one: Upload,
    *states: State,
    note: str = "说一句",
    clerk: Colleague | None = None,
) -> Upload:
    for state in states:
        with database.begin() as session:
            review.move(session, one.id, state, by_staff(clerk), note=note)
    return read(database, one)


# -- where it may go --------------------------------------------------------------------------


def test_an_upload_goes_from_received_to_accepted_and_its_sender_hears_of_the_end_alone(
    database: Database,
) -> None:
    clerk = a_colleague(database)
    one = an_upload(database, a_follower(database))
    assert (one.state, one.act_by) == (State.RECEIVED, date(2026, 11, 26))
    moves(database, one, State.SCREENING, State.APPRAISAL, note="", clerk=clerk)
    assert held(database) == []
    done = moves(database, one, State.ACCEPTED, note="请来签协议", clerk=clerk)
    assert (done.state, done.owner_id, done.note) == (State.ACCEPTED, clerk.id, "请来签协议")
    (told,) = held(database)
    assert "想收下" in told
    assert "请来签协议" in told


@pytest.mark.parametrize("to", sorted(set(State) - review.DECIDED))
def test_what_comes_before_and_after_the_review_is_not_its_to_reach(
    database: Database, to: State
) -> None:
    one = moves(database, an_upload(database), State.SCREENING, State.ACCEPTED)
    with pytest.raises(ImpossibleMoveError), database.begin() as session:
        review.move(session, one.id, to, by_staff(), note="x")
    assert read(database, one).version == one.version


def test_a_draft_is_nobodys_to_move(database: Database) -> None:
    with database.begin() as session:
        draft = uploads.begin(session, rules.Channel.H5, by_sender()).id
    with pytest.raises(ImpossibleMoveError), database.begin() as session:
        review.move(session, draft, State.SCREENING, by_staff())
    with pytest.raises(RefusedError), database.begin() as session:
        review.remark(session, draft, "看看", by_staff())


def test_what_was_declined_may_be_looked_at_anew_until_it_is_erased(database: Database) -> None:
    one = moves(database, an_upload(database), State.DECLINED)
    assert one.erase_on == date(2026, 12, 23)
    again = moves(database, one, State.SCREENING)
    assert (again.state, again.erase_on) == (State.SCREENING, None)
    moves(database, one, State.DECLINED)
    with database.begin() as session:
        locked(session, one.id).erased_at = NOON
    assert review.next_states(read(database, one)) == []
    with pytest.raises(ImpossibleMoveError):
        moves(database, one, State.SCREENING)


# -- what is said -----------------------------------------------------------------------------


@pytest.mark.parametrize("to", [State.NEED_INFO, State.DECLINED, State.WITHDRAWN])
@pytest.mark.parametrize("note", ["", " \n\u200b "])
def test_a_step_that_says_nothing_is_refused(database: Database, to: State, note: str) -> None:
    one = an_upload(database)
    with pytest.raises(NoteError), database.begin() as session:
        review.move(session, one.id, to, by_staff(), note=note)
    assert read(database, one) == one


def test_a_note_is_as_long_as_it_may_be_and_not_longer(database: Database) -> None:
    one = an_upload(database)
    with pytest.raises(NoteError, match="401"), database.begin() as session:
        review.move(session, one.id, State.NEED_INFO, by_staff(), note="问" * 401)
    assert moves(database, one, State.NEED_INFO, note="问" * 400).note == "问" * 400


def test_a_question_goes_out_once_and_its_answer_leads_back(database: Database) -> None:
    clerk, follower = a_colleague(database), a_follower(database)
    one = moves(database, an_upload(database, follower), State.SCREENING, clerk=clerk)
    asked = moves(database, one, State.NEED_INFO, note="背面有字吗？", clerk=clerk)
    assert (asked.asked_from, asked.act_by) == (State.SCREENING, date(2026, 12, 14))
    (told,) = held(database)
    assert "背面有字吗？" in told
    assert "我来说说" in told
    with database.begin() as session:
        uploads.answer(session, locked(session, one.id), "有，写着 1975", by_sender())
    after = read(database, one)
    assert (after.state, after.owner_id) == (State.SCREENING, clerk.id)
    answer = next(step for step in steps(database, one) if step.action is Action.ANSWER)
    assert (answer.note, answer.actor_name) == ("有，写着 1975", "送件人")


def test_nothing_is_accepted_before_its_rights_are_known(database: Database) -> None:
    one = moves(database, an_upload(database, wishes=None), State.SCREENING)
    with pytest.raises(RightsMissingError, match="先请送件人填权利"), database.begin() as session:
        review.move(session, one.id, State.ACCEPTED, by_staff())
    assert read(database, one).state is State.SCREENING
    with database.begin() as session:
        uploads.state_wishes(session, locked(session, one.id), WISHES, by_sender())
    assert moves(database, one, State.ACCEPTED).state is State.ACCEPTED


def test_a_tip_offers_nothing_to_be_accepted(database: Database) -> None:
    tip = Wishes(Ownership.UNKNOWN, Wish.TIP, WISHES.scope, WISHES.credit, "王")
    one = moves(database, an_upload(database, wishes=tip), State.SCREENING)
    with pytest.raises(OnlyTipError, match="仅提供线索"), database.begin() as session:
        review.move(session, one.id, State.ACCEPTED, by_staff())


def test_who_does_not_know_where_it_is_from_may_give_it(database: Database) -> None:
    told = Wishes(Ownership.UNKNOWN, Wish.DONATE, WISHES.scope, WISHES.credit, "王")
    one = moves(database, an_upload(database, wishes=told), State.SCREENING)
    assert moves(database, one, State.ACCEPTED).state is State.ACCEPTED


# -- two at once ------------------------------------------------------------------------------


def test_two_steps_on_one_version_are_one_step(database: Database) -> None:
    one, clerk = an_upload(database), a_colleague(database)
    with database.begin() as session:
        doing = by_staff(clerk)
        review.move(session, one.id, State.SCREENING, doing, version=one.version)
    with pytest.raises(StaleError, match="wang老师已经改过"), database.begin() as session:
        review.move(session, one.id, State.DECLINED, doing, note="x", version=one.version)
    with pytest.raises(StaleError), database.begin() as session:
        review.assign(session, one.id, clerk, doing, note="x", version=one.version)
    assert read(database, one).state is State.SCREENING


# -- who has it -------------------------------------------------------------------------------


def test_one_takes_what_is_nobodys_without_a_word_and_gives_it_away_with_one(
    database: Database,
) -> None:
    one, wang, li = an_upload(database), a_colleague(database), a_colleague(database, "li")

    def given(to: Colleague, by: Colleague, note: str) -> Upload:
        with database.begin() as session:
            doing = by_staff(by)
            return review.assign(session, one.id, to, doing, note=note, version=None)

    assert given(wang, wang, "").owner_name == "wang老师"
    with pytest.raises(RefusedError, match="本来就由"):
        given(wang, wang, "我")
    with pytest.raises(NoteError, match="写一句"):
        given(li, wang, " ")
    with pytest.raises(NoteError, match="写一句"):
        given(li, li, "")
    with pytest.raises(NoteError, match="401"):
        given(li, wang, "长" * 401)
    assert given(li, wang, "休假").owner_name == "li老师"
    last = steps(database, one)[-1]
    assert (last.action, last.note, last.actor_name) == (
        Action.ASSIGN,
        "由li老师办：休假",
        "wang老师",
    )


def test_what_is_over_is_nobodys_to_have(database: Database) -> None:
    one, clerk = moves(database, an_upload(database), State.DECLINED), a_colleague(database)
    with pytest.raises(RefusedError, match="办完"), database.begin() as session:
        review.assign(session, one.id, clerk, by_staff(clerk), note="x", version=None)


def test_only_who_works_on_uploads_can_have_one(database: Database) -> None:
    a_colleague(database, "editor")
    for role in set(Role) - {Role.EDITOR}:
        a_colleague(database, role.value, role)
    with database.reads() as connection:
        assert [one.name for one in review.colleagues(connection)] == ["editor老师"]


# -- what staff note --------------------------------------------------------------------------


def test_a_note_of_the_staff_is_kept_and_no_step_that_the_sender_reads(database: Database) -> None:
    one, clerk = an_upload(database, a_follower(database)), a_colleague(database)
    with database.begin() as session:
        words = "像是翻拍的\n问问 13807281234 的李工"
        after = review.remark(session, one.id, words, by_staff(clerk))
    assert (after.state, after.note, after.version) == (one.state, "", one.version + 1)
    last = steps(database, one)[-1]
    assert last.action is Action.NOTE
    assert last.action not in rules.SENDERS_ACTIONS
    assert "13807281234" not in last.note
    assert last.note.startswith("像是翻拍的\n")
    assert held(database) == []


@pytest.mark.parametrize("words", ["", " \n ", "长" * 1001])
def test_a_note_of_nothing_or_too_much_is_refused(database: Database, words: str) -> None:
    one = an_upload(database)
    with pytest.raises(NoteError), database.begin() as session:
        review.remark(session, one.id, words, by_staff())
    assert read(database, one) == one
    with database.begin() as session:
        review.remark(session, one.id, "长" * 1000, by_staff())


# -- what is said often -----------------------------------------------------------------------


@pytest.mark.parametrize("to", [State.NEED_INFO, State.DECLINED, State.ACCEPTED])
def test_every_beginning_can_be_sent_as_it_is(to: State) -> None:
    given = replies.canned(to, PROFILE)
    assert len(given) >= 2
    assert len({each.title for each in given}) == len(given)
    for each in given:
        assert review.checked_note(each.text, to) == each.text
        assert "{" not in each.text
        assert each.text.endswith("。")
        assert not set(each.text) & set(",;?!")
    assert replies.canned(State.SCREENING, PROFILE) == []


def test_the_question_for_rights_names_what_the_progress_really_shows(database: Database) -> None:
    one = an_upload(database, a_follower(database), wishes=None)
    asked = moves(database, one, State.NEED_INFO, note=replies.ask_rights(PROFILE))
    shown = visible(texts.status(asked, [], ORIGIN, is_signed=False))
    assert "权利" in asked.note
    for words in ("“打开这一份”", "“是”"):
        assert words in asked.note
        assert f"「{words[1:-1]}」" in shown
