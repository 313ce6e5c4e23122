"""Rights: counted by the day, given on evidence, revoked at once; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.talk import NOON
from tests.treasures.register_making import (
    ALL,
    EDITOR,
    MINE,
    REVIEWER,
    SITE,
    TODAY,
    accepted,
    agreed,
    at,
    entered,
    grants_of,
    shown,
    steps_of,
    upload_of,
)
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.media.objects import ObjectStore
from wx_archive.treasures import register_texts as texts
from wx_archive.treasures import rights
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.register_models import RightsGrant
from wx_archive.treasures.rights import Allowed
from wx_archive.treasures.rules import Action, Right, Scope, State
from wx_archive.treasures.steps import BY_CLOCK, SENDER, Doing, StaleError

DAY = timedelta(days=1)
PRESERVE = Allowed(Right.PRESERVE, TODAY)
WEB = Allowed(Right.WEB, TODAY)


def standing(database: Database, treasure_id: int, today: date = TODAY) -> frozenset[Right]:
    with database.reads() as connection:
        return rights.standing(connection, treasure_id, today)


def revoke(
    database: Database,
    treasure_id: int,
    *uses: Right,
    because: str = "来信要求",
    by: Doing = EDITOR,
) -> frozenset[Right]:
    with database.begin() as session:
        return rights.revoke(session, treasure_id, uses, because, by.actor, by)


def grant(database: Database, treasure_id: int, allowed: Allowed, by: Doing = EDITOR) -> None:
    with database.begin() as session:
        rights.grant(session, treasure_id, allowed, by)


def test_a_right_holds_from_its_first_day_to_its_last(database: Database) -> None:
    span = Allowed(Right.WEB, TODAY + 2 * DAY, TODAY + 4 * DAY)
    upload = agreed(database, PRESERVE, span)
    held = [Right.WEB in standing(database, upload.id, TODAY + n * DAY) for n in range(7)]
    assert held == [False, False, True, True, True, False, False]
    assert Right.PRESERVE in standing(database, upload.id, TODAY + 4000 * DAY)


def test_another_s_rights_are_nobody_else_s(database: Database) -> None:
    mine = agreed(database, PRESERVE)
    theirs = agreed(database)
    assert standing(database, mine.id) == {Right.PRESERVE}
    assert standing(database, theirs.id) == set(Right)


def test_a_letter_allows_one_more_use(database: Database) -> None:
    upload = agreed(database, PRESERVE)
    grant(database, upload.id, Allowed(Right.WEB, TODAY, None, "2026年11月22日来信"))
    assert standing(database, upload.id) == {Right.PRESERVE, Right.WEB}
    last = steps_of(database, upload.id)[-1]
    assert (last.action, last.note) == (Action.GRANT, "网页公布（2026年11月22日来信）")


def test_a_use_without_evidence_is_not_allowed(database: Database) -> None:
    upload = agreed(database, PRESERVE)
    with pytest.raises(RefusedError, match="请写凭据"):
        grant(database, upload.id, WEB)


def test_a_use_is_allowed_once_at_a_time(database: Database) -> None:
    upload = agreed(database, PRESERVE, WEB)
    letter = Allowed(Right.WEB, TODAY, None, "来信")
    with pytest.raises(RefusedError, match="已经有授权了"):
        grant(database, upload.id, letter)
    revoke(database, upload.id, Right.WEB)
    grant(database, upload.id, letter)
    both = [one for one in grants_of(database, upload.id) if one.use is Right.WEB]
    assert [one.revoked_at is None for one in both] == [False, True]


def test_of_several_who_allow_the_same_one_does(database: Database) -> None:
    upload = agreed(database, PRESERVE)

    def try_it(number: int) -> bool:
        try:
            grant(database, upload.id, Allowed(Right.WEB, TODAY, None, f"来信 {number}"))
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(try_it, range(4))) == [False, False, False, True]
    assert len([one for one in grants_of(database, upload.id) if one.use is Right.WEB]) == 1


def test_a_right_that_ended_yesterday_is_given_anew_before_the_clock_came(
    database: Database,
) -> None:
    upload = agreed(database, PRESERVE, Allowed(Right.WEB, TODAY, TODAY))
    tomorrow = at(EDITOR, 1)
    grant(database, upload.id, Allowed(Right.WEB, TODAY + DAY, None, "来信"), tomorrow)
    assert Right.WEB in standing(database, upload.id, TODAY + DAY)


def test_without_an_agreement_nothing_is_allowed(database: Database) -> None:
    upload = accepted(database)
    with pytest.raises(RefusedError, match=texts.NO_AGREEMENT):
        grant(database, upload.id, Allowed(Right.WEB, TODAY, None, "来信"))


def test_a_letter_allows_nothing_that_the_agreement_s_scope_forbids(database: Database) -> None:
    upload = agreed(database, PRESERVE, scope=Scope.CLOSED)
    for use in (Right.WEB, Right.RESEARCH):
        with pytest.raises(RefusedError, match="不愿意公开"):
            grant(database, upload.id, Allowed(use, TODAY, None, "来信"))


def test_what_is_revoked_stays_to_be_read(database: Database) -> None:
    upload = agreed(database)
    assert revoke(database, upload.id, Right.WEB, Right.DERIVE) == {Right.WEB, Right.DERIVE}
    assert standing(database, upload.id) == set(Right) - {Right.WEB, Right.DERIVE}
    (web,) = (one for one in grants_of(database, upload.id) if one.use is Right.WEB)
    assert (web.revoked_at, web.revoked_by, web.revoked_because) == (NOON, "editor", "来信要求")
    last = steps_of(database, upload.id)[-1]
    assert (last.action, last.note) == (Action.REVOKE, "网页公布、编研、卡片和文创：来信要求")


def test_the_sender_revokes_without_saying_why(database: Database) -> None:
    upload = agreed(database)
    revoke(database, upload.id, Right.WEB, because="", by=MINE)
    (web,) = (one for one in grants_of(database, upload.id) if one.use is Right.WEB)
    assert web.revoked_by == SENDER


def test_staff_say_why(database: Database) -> None:
    upload = agreed(database)
    staff = Doing.of(SITE, "editor", now=NOON, member_id=1)
    with pytest.raises(RefusedError, match="为什么"):
        revoke(database, upload.id, Right.WEB, because=" ", by=staff)
    with pytest.raises(RefusedError, match="原因最多 200 个字"):
        revoke(database, upload.id, Right.WEB, because="因" * 201)


def test_what_is_not_allowed_cannot_be_revoked(database: Database) -> None:
    upload = agreed(database, PRESERVE)
    with pytest.raises(RefusedError, match="都没有授权"):
        revoke(database, upload.id, Right.WEB)
    with pytest.raises(RefusedError, match="至少选一种"):
        revoke(database, upload.id)
    with pytest.raises(RefusedError, match="不能单独撤回"):
        revoke(database, upload.id, Right.PRESERVE)


def test_whoever_looked_at_an_older_page_revokes_nothing(database: Database) -> None:
    upload = agreed(database)
    old = upload.version - 1
    with pytest.raises(StaleError), database.begin() as session:
        rights.revoke(session, upload.id, [Right.WEB], "信", "editor", EDITOR, version=old)
    assert Right.WEB in standing(database, upload.id)


def test_the_clock_ends_what_is_past_its_day_and_nothing_else(
    database: Database, tmp_path: Path
) -> None:
    library = ObjectStore(tmp_path)
    short = tuple(Allowed(one.use, TODAY, TODAY) if one.use is Right.WEB else one for one in ALL)
    past = shown(database, library, *short)
    stays = shown(database, library)
    clock = Doing.of(SITE, BY_CLOCK, now=NOON)
    with database.begin() as session:
        assert not rights.expire(session, clock)
    with database.begin() as session:
        assert rights.expire(session, at(clock, 1))
    with database.begin() as session:
        assert not rights.expire(session, at(clock, 1))
    assert upload_of(database, past.id).state is State.ACCESSIONED
    assert upload_of(database, stays.id).state is State.PUBLISHED
    (web,) = (one for one in grants_of(database, past.id) if one.use is Right.WEB)
    assert (web.revoked_by, web.revoked_because) == (BY_CLOCK, texts.EXPIRED)


def test_many_who_revoke_at_once_leave_one_trace(database: Database) -> None:
    upload = agreed(database)

    def try_it(_number: int) -> bool:
        try:
            revoke(database, upload.id, Right.WEB)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(try_it, range(4))) == [False, False, False, True]
    told = [one for one in steps_of(database, upload.id) if one.action is Action.REVOKE]
    assert len(told) == 1


def test_an_erased_giver_s_accession_keeps_its_rights(database: Database) -> None:
    upload = entered(database)
    with database.begin() as session:
        session.execute(update(Treasure).values(follower_id=None))
    assert revoke(database, upload.id, Right.WEB, by=REVIEWER) == {Right.WEB}
    with database.reads() as connection:
        given = connection.scalars(select(RightsGrant.id)).all()
    assert len(given) == len(Right)
