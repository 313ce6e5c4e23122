"""Showing a piece and taking it off: signed, allowed, gone at once; on both databases."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.talk import NOON
from tests.treasures.register_making import (
    ALL,
    EDITOR,
    MINE,
    REVIEWER,
    SIGNED,
    STORY,
    TITLE,
    TODAY,
    a_picture,
    accession_of,
    arrival,
    assets_of,
    at,
    entered,
    shown,
    steps_of,
    upload_of,
)
from wx_archive.catalogue import query, search
from wx_archive.catalogue.models import Record
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs.models import Job
from wx_archive.media import service as media
from wx_archive.media.objects import ObjectStore
from wx_archive.treasures import register_texts as texts
from wx_archive.treasures import rights, showing
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.register_models import Agreement, RightsGrant
from wx_archive.treasures.rights import Allowed
from wx_archive.treasures.rules import Credit, Right, Scope, State
from wx_archive.treasures.showing import Check, Prepared
from wx_archive.treasures.steps import ImpossibleMoveError

DAY = timedelta(days=1)


@pytest.fixture
def library(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "library")


def without(*uses: Right) -> tuple[Allowed, ...]:
    return tuple(one for one in ALL if one.use not in uses)


def show(
    database: Database, library: ObjectStore, upload: Upload, check: Check = SIGNED
) -> list[str]:
    with database.reads() as connection:
        files = showing.showable(connection, upload.id)
    made = [Prepared(one.id, arrival(library, upload.id, n)) for n, one in enumerate(files)]
    with database.begin() as session:
        return showing.show(session, upload.id, made, check, REVIEWER)


def revoke(database: Database, upload: Upload, *uses: Right, by: object = REVIEWER) -> None:
    doing = REVIEWER if by is REVIEWER else MINE
    with database.begin() as session:
        rights.revoke(session, upload.id, uses, "来信要求", doing.actor, doing)


def is_seen(database: Database, upload: Upload, day: timedelta = timedelta()) -> bool:
    with database.reads() as connection:
        return showing.find(connection, upload.pid, today=TODAY + day) is not None


def is_found(database: Database) -> int:
    with database.reads() as connection:
        asked = query.understand("老百货大楼")
        return search.search(connection, asked, today=TODAY, limit=5).total


def on_the_shelf(database: Database, upload: Upload) -> int:
    with database.reads() as connection:
        return len(media.find(connection, assets_of(database, upload.id)))


def is_lent(database: Database, upload: Upload, day: timedelta = timedelta()) -> bool:
    (pid,) = assets_of(database, upload.id)
    with database.reads() as connection:
        return showing.is_lent(connection, pid, NOON + day)


# -- showing -----------------------------------------------------------------------------------


def test_a_piece_is_shown_with_its_record_and_its_pictures(
    database: Database, library: ObjectStore
) -> None:
    upload = shown(database, library, pictures=2)
    assert upload.state is State.PUBLISHED
    assert is_found(database) == 1
    with database.reads() as connection:
        piece = showing.find(connection, upload.pid, today=TODAY)
        pids = assets_of(database, upload.id)
        held = media.find(connection, pids)
    assert piece is not None
    assert (piece.title, piece.number, piece.credited) == (TITLE, "藏2026-000001", "老李")
    assert list(piece.pictures) == pids
    assert {(one.alt, one.credit) for one in held.values()} == {
        (TITLE, "老李提供，入藏号 藏2026-000001")
    }
    assert len(held) == 2
    notes = [step.note for step in steps_of(database, upload.id) if step.actor == "reviewer"]
    assert texts.SHOWN_CHECKED in notes


@pytest.mark.parametrize("check", [Check(True, False), Check(False, True), Check(False, False)])  # noqa: FBT003 -- two signatures
def test_nothing_is_shown_without_both_signatures(
    database: Database, library: ObjectStore, check: Check
) -> None:
    upload = entered(database)
    with pytest.raises(RefusedError, match="两样都要"):
        show(database, library, upload, check)
    assert not is_seen(database, upload)
    assert is_found(database) == 0


def test_nothing_is_shown_without_the_right(database: Database, library: ObjectStore) -> None:
    upload = entered(database, *without(Right.WEB))
    with pytest.raises(RefusedError, match="没有“网页公布”的授权"):
        show(database, library, upload)


def test_nothing_is_shown_before_the_right_begins_or_the_sender_s_day_has_passed(
    database: Database, library: ObjectStore
) -> None:
    later = Allowed(Right.WEB, TODAY + 3 * DAY)
    upload = entered(
        database,
        *(Allowed(Right.PRESERVE, TODAY), later),
        scope=Scope.CLOSED,
        scope_until=TODAY + 2 * DAY,
    )
    with pytest.raises(RefusedError, match="没有“网页公布”的授权"):
        show(database, library, upload)
    with database.begin() as session:  # as if the agreement were older than our rule
        session.execute(update(Agreement).values(scope_until=None))
        session.execute(update(RightsGrant).values(from_on=TODAY))
    with pytest.raises(RefusedError, match=texts.SCOPE_CLOSED):
        show(database, library, upload)


def test_only_clean_pictures_of_the_piece_are_shown(
    database: Database, library: ObjectStore
) -> None:
    upload, other = entered(database), entered(database)
    with pytest.raises(RefusedError, match=texts.NONE_CHOSEN), database.begin() as session:
        showing.show(session, upload.id, [], SIGNED, REVIEWER)
    with database.reads() as connection:
        (theirs,) = showing.showable(connection, other.id)
    made = [Prepared(theirs.id, arrival(library, upload.id))]
    with pytest.raises(RefusedError, match=texts.NO_PICTURES), database.begin() as session:
        showing.show(session, upload.id, made, SIGNED, REVIEWER)
    with database.begin() as session:
        a_picture(session, upload.id, 1).state = "quarantined"
    with database.reads() as connection:
        assert len(showing.showable(connection, upload.id)) == 1


def test_what_is_shown_is_not_shown_twice(database: Database, library: ObjectStore) -> None:
    upload = shown(database, library)
    with pytest.raises(ImpossibleMoveError):
        show(database, library, upload)


def test_the_same_picture_belongs_to_one_giver(database: Database, library: ObjectStore) -> None:
    first, second = shown(database, library), entered(database)
    with database.reads() as connection:
        (file,) = showing.showable(connection, second.id)
    made = [Prepared(file.id, arrival(library, first.id))]
    with pytest.raises(RefusedError, match="一模一样"), database.begin() as session:
        showing.show(session, second.id, made, SIGNED, REVIEWER)
    assert not is_seen(database, second)


def test_the_story_is_told_only_where_all_of_it_may_be_public(
    database: Database, library: ObjectStore
) -> None:
    upload = shown(database, library)
    with database.reads() as connection:
        told = showing.find(connection, upload.pid, today=TODAY)
    with database.begin() as session:
        past = {"scope": Scope.READING_ROOM.value, "scope_until": TODAY - DAY}
        session.execute(update(Agreement).values(**past))
    with database.reads() as connection:
        silent = showing.find(connection, upload.pid, today=TODAY)
    assert told is not None
    assert silent is not None
    assert told.story
    assert silent.story == ""


# -- taking off --------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [REVIEWER, MINE])
def test_without_the_right_to_show_it_everything_is_gone_at_once(
    database: Database, library: ObjectStore, by: object
) -> None:
    upload = shown(database, library)
    assert (is_found(database), on_the_shelf(database, upload), is_seen(database, upload)) == (
        1,
        1,
        True,
    )
    revoke(database, upload, Right.WEB, by=by)
    assert (is_found(database), on_the_shelf(database, upload)) == (0, 0)
    assert not is_seen(database, upload)
    assert not is_lent(database, upload)
    assert upload_of(database, upload.id).state is State.ACCESSIONED
    with database.reads() as connection:
        assert showing.was_shown(connection, upload.pid)
        pid = accession_of(database, upload.id).record_pid
        assert showing.appears_in(connection, str(pid), NOON) == ()
        openness = connection.scalars(select(Record.openness).where(Record.pid == pid)).one()
        kinds = connection.scalars(select(Job.kind)).all()
    assert openness == "controlled"
    assert media.TAKEN_OFF in kinds


@pytest.mark.parametrize("use", [Right.WECHAT, Right.DERIVE])
def test_without_articles_or_cards_the_library_offers_it_no_more_and_its_page_stays(
    database: Database, library: ObjectStore, use: Right
) -> None:
    upload = shown(database, library)
    revoke(database, upload, use)
    assert on_the_shelf(database, upload) == 0
    assert is_seen(database, upload)
    assert is_lent(database, upload)
    assert is_found(database) == 1
    (pid,) = assets_of(database, upload.id)
    with database.reads() as connection:
        assert not showing.may_be_used(connection, pid, NOON)


def test_what_may_only_be_seen_on_its_page_never_comes_to_the_shelf(
    database: Database, library: ObjectStore
) -> None:
    upload = shown(database, library, *without(Right.WECHAT))
    assert is_lent(database, upload)
    assert on_the_shelf(database, upload) == 0
    (pid,) = assets_of(database, upload.id)
    with pytest.raises(RefusedError, match="由授权决定"), database.begin() as session:
        media.restore(session, pid)
    with database.begin() as session:
        letter = Allowed(Right.WECHAT, TODAY, None, "来信")
        rights.grant(session, upload.id, letter, EDITOR)
    assert on_the_shelf(database, upload) == 1


def test_other_rights_take_nothing_off(database: Database, library: ObjectStore) -> None:
    upload = shown(database, library)
    revoke(database, upload, Right.EXHIBIT, Right.RESEARCH)
    assert is_seen(database, upload)
    assert on_the_shelf(database, upload) == 1


def test_what_one_giver_revokes_leaves_the_others_alone(
    database: Database, library: ObjectStore
) -> None:
    upload, other = shown(database, library), shown(database, library)
    revoke(database, upload, Right.WEB)
    assert is_seen(database, other)
    assert on_the_shelf(database, other) == 1
    assert is_found(database) == 1


def test_the_page_knows_the_last_day_by_itself(database: Database, library: ObjectStore) -> None:
    short = (*without(Right.WEB), Allowed(Right.WEB, TODAY, TODAY))
    upload = shown(database, library, *short)
    assert is_seen(database, upload)
    assert not is_seen(database, upload, DAY)
    assert is_lent(database, upload)
    assert not is_lent(database, upload, DAY)
    (pid,) = assets_of(database, upload.id)
    with database.reads() as connection:
        assert showing.may_be_used(connection, pid, NOON)
        assert not showing.may_be_used(connection, pid, NOON + DAY)


def test_a_piece_taken_off_by_staff_keeps_its_rights_and_comes_back(
    database: Database, library: ObjectStore
) -> None:
    upload = shown(database, library)
    with pytest.raises(RefusedError, match="为什么"), database.begin() as session:
        showing.withdraw(session, upload.id, " ", REVIEWER)
    with database.begin() as session:
        showing.withdraw(session, upload.id, "画面里有车牌", REVIEWER)
    assert not is_seen(database, upload)
    with pytest.raises(RefusedError, match=texts.NOT_SHOWN), database.begin() as session:
        showing.withdraw(session, upload.id, "再一次", REVIEWER)
    before = assets_of(database, upload.id)
    show(database, library, upload)
    assert is_seen(database, upload)
    assert assets_of(database, upload.id) == before
    assert is_found(database) == 1


def test_a_new_name_reaches_record_and_pictures(database: Database, library: ObjectStore) -> None:
    upload = shown(database, library)
    with database.begin() as session:
        session.execute(update(Agreement).values(credit=Credit.ANONYMOUS.value, credit_name=""))
        showing.recredit(session, upload.id, at(REVIEWER, 1))
    with database.reads() as connection:
        held = media.find(connection, assets_of(database, upload.id))
        row = connection.execute(select(Record.author, Record.note)).one()
    assert {one.credit for one in held.values()} == {"一位不愿具名的市民提供，入藏号 藏2026-000001"}
    assert row.author == ""
    assert "老李" not in row.note


def test_the_story_is_told_only_where_whoever_releases_it_says_so(
    database: Database, library: ObjectStore
) -> None:
    upload = entered(database, credit=Credit.ANONYMOUS, name="", people="张桂芳")
    show(database, library, upload, replace(SIGNED, story=False))
    with database.reads() as connection:
        silent = showing.find(connection, upload.pid, today=TODAY)
    assert silent is not None
    assert silent.story == ""
    assert "张桂芳" not in repr(silent)
    with database.begin() as session:
        showing.withdraw(session, upload.id, "看过来历再展示", REVIEWER)
    show(database, library, upload)
    with database.reads() as connection:
        told = showing.find(connection, upload.pid, today=TODAY)
    assert told is not None
    assert told.story == STORY


@pytest.mark.parametrize(("credit", "is_told"), [(Credit.ANONYMOUS, False), (Credit.NAME, True)])
def test_a_story_that_was_read_beside_a_name_is_not_told_beside_none(
    database: Database, library: ObjectStore, credit: Credit, is_told: object
) -> None:
    upload = shown(database, library)
    name = "" if credit is Credit.ANONYMOUS else "李建军"
    with database.begin() as session:
        session.execute(update(Agreement).values(credit=credit.value, credit_name=name))
        showing.recredit(session, upload.id, at(REVIEWER, 1))
    with database.reads() as connection:
        piece = showing.find(connection, upload.pid, today=TODAY)
    assert piece is not None
    assert bool(piece.story) is is_told


def test_what_an_anonymous_sender_told_stands_in_no_record_and_on_no_picture(
    database: Database, library: ObjectStore
) -> None:
    upload = shown(database, library, credit=Credit.ANONYMOUS, name="", people="张桂芳")
    with database.reads() as connection:
        record = connection.execute(select(Record.__table__)).one()
        held = media.find(connection, assets_of(database, upload.id))
    public = " ".join(map(repr, (record, *held.values())))
    assert TITLE in public
    assert STORY not in public
    assert "张桂芳" not in public


@pytest.mark.parametrize(
    ("year", "found"),
    [("七十年代，1977年", (1977, 1977)), ("七十年代", (1970, 1979)), ("不知道", None)],
)
def test_the_record_is_found_by_the_year_that_the_sender_told(
    database: Database, library: ObjectStore, year: str, found: tuple[int, int] | None
) -> None:
    shown(database, library, year=year)
    with database.reads() as connection:
        row = connection.execute(select(Record.dated, Record.date_end, Record.date_text)).one()
    years = (row.dated.year, row.date_end.year) if row.dated else None
    assert years == found
    assert bool(row.date_text) is (found is not None)


def test_a_piece_that_was_never_shown_was_never_shown(
    database: Database, library: ObjectStore
) -> None:
    shown(database, library)
    upload = entered(database)
    with database.reads() as connection:
        assert not showing.was_shown(connection, upload.pid)
        assert not showing.was_shown(connection, "not-a-pid")
        assert showing.find(connection, "not-a-pid", today=TODAY) is None


def test_a_turned_picture_replaces_the_old_one(database: Database, library: ObjectStore) -> None:
    upload = shown(database, library)
    (old,) = assets_of(database, upload.id)
    with database.begin() as session:
        showing.withdraw(session, upload.id, "转正再展示", REVIEWER)
    with database.reads() as connection:
        (file,) = showing.showable(connection, upload.id)
    made = [Prepared(file.id, replace(arrival(library, 77), sha256=arrival(library, 78).sha256))]
    with database.begin() as session:
        showing.show(session, upload.id, made, SIGNED, REVIEWER)
    (new,) = assets_of(database, upload.id)
    assert new != old
    with database.reads() as connection:
        assert set(media.find(connection, [old, new])) == {new}
        assert not showing.is_lent(connection, old, NOON)
