"""What was signed: numbered without gaps, each use chosen and evidenced; on both databases."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.treasures.register_making import (
    EDITOR,
    MINE,
    TODAY,
    accepted,
    agreed,
    at,
    grants_of,
    steps_of,
    terms_of,
    upload_of,
)
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.treasures import agreements, files, register_queries, uploads
from wx_archive.treasures import register_texts as texts
from wx_archive.treasures.agreements import Terms
from wx_archive.treasures.files import Incoming
from wx_archive.treasures.rights import Allowed
from wx_archive.treasures.rules import (
    Action,
    Channel,
    Credit,
    FileKind,
    Right,
    Scope,
    State,
    Wish,
)
from wx_archive.treasures.steps import StaleError, locked


def write(database: Database, treasure_id: int, terms: Terms, version: int | None = None) -> str:
    with database.begin() as session:
        return agreements.write(session, treasure_id, terms, EDITOR, version=version).number


def test_an_agreement_takes_its_number_and_moves_the_upload_on(database: Database) -> None:
    first, second = accepted(database), accepted(database)
    assert write(database, first.id, terms_of(first)) == "协2026-000001"
    assert write(database, second.id, terms_of(second)) == "协2026-000002"
    assert upload_of(database, first.id).state is State.AGREEMENT
    last = steps_of(database, first.id)[-1]
    assert last.action is Action.GRANT
    assert "网页公布" in last.note
    assert "协2026-000001" in last.note


def test_what_was_agreed_on_counts_from_then_on(database: Database) -> None:
    upload = accepted(database, name="李某")
    terms = terms_of(upload, credit=Credit.ANONYMOUS, wish=Wish.COPY, terms="展览前先打电话。")
    write(database, upload.id, terms)
    now = upload_of(database, upload.id)
    assert (now.credit, now.credit_name) == (Credit.ANONYMOUS, "")
    assert now.wish is Wish.COPY
    with database.reads() as connection:
        kept = register_queries.agreement(connection, upload.id)
    assert kept is not None
    assert kept.terms == "展览前先打电话。"
    assert kept.has_priority
    assert kept.credited == "一位不愿具名的市民"


def test_each_use_is_a_row_with_its_days_and_its_evidence(database: Database) -> None:
    upload = accepted(database)
    until = TODAY + timedelta(days=30)
    allowed = (
        Allowed(Right.WEB, TODAY, until, "2026年11月20日来信"),
        Allowed(Right.PRESERVE, TODAY),
    )
    number = write(database, upload.id, terms_of(upload, *allowed))
    told = {
        one.use: (one.from_on, one.until_on, one.evidence) for one in grants_of(database, upload.id)
    }
    assert told == {
        Right.PRESERVE: (TODAY, None, number),
        Right.WEB: (TODAY, until, "2026年11月20日来信"),
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signed_on": TODAY + timedelta(days=1)}, texts.SIGNED_LATER),
        ({"wish": Wish.TIP}, texts.NO_TIP),
        ({"allowed": (Allowed(Right.WEB, TODAY),)}, texts.PRESERVE_FIRST),
        ({"allowed": (Allowed(Right.PRESERVE, TODAY),) * 2}, texts.USE_TWICE),
        (
            {"allowed": (Allowed(Right.PRESERVE, TODAY, TODAY - timedelta(days=1)),)},
            texts.UNTIL_BEFORE,
        ),
        ({"terms": "字" * 2001}, "另外约定最多 2000 个字"),
        ({"credit": Credit.NAME, "credit_name": ""}, "请填要署的名字"),
    ],
)
def test_terms_that_are_not_whole_are_refused(
    sqlite_url: str, changes: dict[str, object], reason: str
) -> None:
    database = Database(sqlite_url)
    upload = accepted(database)
    with pytest.raises(RefusedError, match=reason):
        write(database, upload.id, terms_of(upload, **changes))
    assert upload_of(database, upload.id).state is State.ACCEPTED
    assert grants_of(database, upload.id) == []
    database.dispose()


@pytest.mark.parametrize("use", [Right.WEB, Right.WECHAT, Right.DERIVE, Right.EXHIBIT])
def test_no_use_goes_against_what_the_sender_wishes(database: Database, use: Right) -> None:
    upload = accepted(database, scope=Scope.READING_ROOM)
    preserve = Allowed(Right.PRESERVE, TODAY)
    with pytest.raises(RefusedError, match="不愿意公开"):
        write(database, upload.id, terms_of(upload, preserve, Allowed(use, TODAY)))


def test_after_the_day_that_the_sender_named_it_may_be_public(database: Database) -> None:
    until = TODAY + timedelta(days=10)
    upload = accepted(database, scope=Scope.CLOSED, scope_until=until)
    preserve = Allowed(Right.PRESERVE, TODAY)
    with pytest.raises(RefusedError, match="以后起"):
        write(database, upload.id, terms_of(upload, preserve, Allowed(Right.WEB, until)))
    later = Allowed(Right.WEB, until + timedelta(days=1))
    write(database, upload.id, terms_of(upload, preserve, later))
    with database.reads() as connection:
        assert Right.WEB not in register_queries.standing(connection, upload.id, until)
        day_after = until + timedelta(days=1)
        assert Right.WEB in register_queries.standing(connection, upload.id, day_after)


def test_only_what_is_accepted_is_agreed_on_and_only_once(database: Database) -> None:
    upload = agreed(database)
    with pytest.raises(RefusedError, match=texts.NOT_ACCEPTED):
        write(database, upload.id, terms_of(upload))


def test_whoever_looked_at_an_older_page_is_told(database: Database) -> None:
    upload = accepted(database)
    with pytest.raises(StaleError):
        write(database, upload.id, terms_of(upload), version=upload.version - 1)


def test_the_sender_s_wishes_allow_nothing_before_the_public_by_themselves(
    database: Database,
) -> None:
    upload = accepted(database)
    wished = Terms.wished(upload, today=TODAY)
    assert {one.use for one in wished.allowed} == {Right.PRESERVE, Right.RESEARCH}
    closed = replace(upload, scope=Scope.CLOSED)
    assert {one.use for one in Terms.wished(closed, today=TODAY).allowed} == {Right.PRESERVE}
    nothing_said = replace(upload, scope=None, credit=None, credit_name="李")
    assert Terms.wished(nothing_said, today=TODAY).credit is Credit.ANONYMOUS


def test_the_newest_scan_of_the_paper_belongs_to_the_agreement(database: Database) -> None:
    upload = accepted(database)
    paper = Incoming(FileKind.PAPER, Channel.DESK, "协议.pdf", is_evidence=True)
    with database.begin() as session:
        first = files.reserve(session, locked(session, upload.id), paper, now=EDITOR.now)
        assert first is not None
        number = first.id
    write(database, upload.id, terms_of(upload))
    with database.begin() as session:
        second = files.reserve(session, locked(session, upload.id), paper, now=EDITOR.now)
        assert second is not None
        before = register_queries.agreement(session.connection(), upload.id)
        agreements.attach(session, upload.id)
        after = register_queries.agreement(session.connection(), upload.id)
    assert before is not None
    assert after is not None
    assert (before.scan_id, after.scan_id) == (number, second.id)


def test_an_undone_agreement_gives_its_number_back(database: Database) -> None:
    upload = accepted(database)

    def undone() -> None:
        with database.begin() as session:
            agreements.write(session, upload.id, terms_of(upload), EDITOR)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()
    assert write(database, upload.id, terms_of(upload)) == "协2026-000001"


def test_another_year_begins_its_own_book(database: Database) -> None:
    agreed(database)
    upload = accepted(database)
    signed = date(2027, 1, 4)
    with database.begin() as session:
        new_year = at(EDITOR, 50)
        terms = terms_of(upload, signed_on=signed)
        written = agreements.write(session, upload.id, terms, new_year)
    assert written.number == "协2027-000001"


def test_a_withdrawn_upload_is_not_agreed_on(database: Database) -> None:
    upload = accepted(database)
    with database.begin() as session:
        uploads.withdraw(session, locked(session, upload.id), MINE)
    with pytest.raises(RefusedError, match=texts.NOT_ACCEPTED):
        write(database, upload.id, terms_of(upload))
