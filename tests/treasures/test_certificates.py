"""Certificates: one for each accession, no gaps, void when revoked, named as agreed."""

import json
import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.treasures.certificates_making import (
    NAME,
    Gift,
    a_certificate,
    a_doing,
    an_accession,
    is_drawn,
    look,
    notes_of,
    numbers_of,
)
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import is_pid
from wx_archive.core.jobs import Job
from wx_archive.treasures import certificates, removal, rules
from wx_archive.treasures.certificates import Known, Named, NotStandingError, ReasonError
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.register_models import Accession, Agreement
from wx_archive.treasures.rules import Credit, Wish

BECAUSE = "名字写错了"


def jobs_of(database: Database, kind: str) -> list[dict[str, object]]:
    with database.begin() as session:
        return [
            json.loads(job.payload) for job in session.scalars(select(Job).where(Job.kind == kind))
        ]


def revoke(database: Database, known: Known, because: str = BECAUSE) -> Known:
    with database.begin() as session:
        certificates.revoke(session, known.id, a_doing(), because=because)
    return look(database, known.id)


def anew(database: Database, known: Known, named: Named, because: str = BECAUSE) -> Known:
    with database.begin() as session:
        made = certificates.issue_anew(session, known.id, named, a_doing(), because=because).id
    return look(database, made)


def test_a_certificate_says_what_was_given_and_is_drawn_by_a_job(database: Database) -> None:
    a_certificate(database, Gift(name="李秀英", title="别人的照片", openid="oOther"))
    known = a_certificate(database)
    assert (known.called, known.credit_name, known.title) == ("捐赠证书", NAME, Gift.title)
    assert known.extent == "照片 3 张"
    assert known.accession_number.startswith("藏")
    assert known.treasure_number.startswith("珍")
    assert is_pid(known.token)
    assert known.tail == known.token[-6:]
    assert {"certificate": known.id} in jobs_of(database, certificates.DRAW)
    with database.reads() as connection:
        assert certificates.by_token(connection, known.token) == known
        assert certificates.by_number(connection, known.number) == known
        assert certificates.of_treasure(connection, known.treasure_id) == known
        assert certificates.by_token(connection, "0" * 26) is None


@pytest.mark.parametrize(
    ("wish", "called"),
    [(Wish.DONATE, "捐赠证书"), (Wish.COPY, "收藏证书"), (Wish.DEPOSIT, "寄存证书")],
)
def test_what_it_is_called_follows_from_what_was_agreed(
    database: Database, wish: Wish, called: str
) -> None:
    assert a_certificate(database, Gift(wish)).called == called


def test_whoever_wants_no_name_has_none_on_it_even_if_one_was_written_down(
    database: Database,
) -> None:
    known = a_certificate(database, Gift(credit=Credit.ANONYMOUS, name=NAME))
    assert known.credit_name == rules.NOBODY
    assert NAME not in repr(known)


def test_numbers_begin_anew_each_year_and_have_no_gaps(database: Database) -> None:
    last = a_doing(now=datetime(2026, 12, 31, 15, 59, tzinfo=UTC))
    first = a_doing(now=datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    for doing in (last, last, first):
        a_certificate(database, Gift(openid=None), doing=doing)
    assert numbers_of(database) == ["证2026-000001", "证2026-000002", "证2027-000001"]


def test_a_number_that_is_not_used_is_given_to_the_next(database: Database) -> None:
    doing = a_doing()

    def fails() -> None:
        with database.begin() as session:
            certificates.issue(session, an_accession(session, Gift(), doing), doing)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert a_certificate(database).number.endswith("-000001")


def test_many_at_once_get_numbers_without_gaps(database: Database) -> None:
    threads = [
        threading.Thread(target=a_certificate, args=(database, Gift(openid=f"oGiver{at}")))
        for at in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number[-6:] for number in numbers_of(database)) == [
        f"{at:06}" for at in range(1, 7)
    ]


def test_an_accession_has_one_certificate_that_stands(database: Database) -> None:
    known = a_certificate(database)

    def again() -> None:
        with database.begin() as session:
            accession = session.get_one(Accession, known.accession_id)
            certificates.issue(session, accession, a_doing())

    with pytest.raises(IntegrityError):
        again()


def test_what_is_printed_stays_whatever_the_register_is_corrected_to(database: Database) -> None:
    known = a_certificate(database)
    with database.begin() as session:
        session.get_one(Accession, known.accession_id).title = "改过的题名"
        session.get_one(Accession, known.accession_id).extent = "照片 4 张"
    assert look(database, known.id) == known
    corrected = anew(database, known, Named(Credit.NAME, NAME))
    assert (corrected.title, corrected.extent) == ("改过的题名", "照片 4 张")


def test_a_revoked_one_is_void_and_what_was_drawn_of_it_is_deleted(database: Database) -> None:
    known = is_drawn(database, a_certificate(database))
    void = revoke(database, known)
    assert not void.is_standing
    assert not void.is_replaced
    assert void.png_key is None
    assert void.revoked_because == BECAUSE
    assert jobs_of(database, removal.REMOVE) == [{"keys": [known.png_key]}]
    assert notes_of(database, known) == [f"证书 {known.number} 作废：{BECAUSE}"]
    with database.reads() as connection:
        assert certificates.of_treasure(connection, known.treasure_id) is None
    with pytest.raises(NotStandingError):
        revoke(database, known)


@pytest.mark.parametrize("because", ["", " \n", "\u200b", "长" * 201])
def test_without_a_reason_nothing_is_revoked(database: Database, because: str) -> None:
    known = a_certificate(database)
    with pytest.raises(ReasonError):
        revoke(database, known, because)
    assert look(database, known.id) == known


def test_a_misspelt_name_is_mended_by_a_new_certificate(database: Database) -> None:
    old = is_drawn(database, a_certificate(database, Gift(name="王建囯")))
    new = anew(database, old, Named(Credit.NAME, f" {NAME} "))
    void = look(database, old.id)
    assert new.credit_name == NAME
    assert int(new.number[-6:]) == int(old.number[-6:]) + 1
    assert new.token != old.token
    assert not void.is_standing
    assert void.is_replaced
    assert void.credit_name == "王建囯"
    with database.begin() as session:
        agreed = session.scalars(select(Agreement)).one()
        treasure = session.get_one(Treasure, old.treasure_id)
        assert (agreed.credit_name, treasure.credit_name) == (NAME, NAME)
    assert {"certificate": new.id} in jobs_of(database, certificates.DRAW)
    with pytest.raises(NotStandingError):
        anew(database, old, Named(Credit.NAME, NAME))


def test_whoever_wants_no_name_any_more_is_named_nowhere(database: Database) -> None:
    first = a_certificate(database, Gift(name="王建囯"))
    second = anew(database, first, Named(Credit.NAME, NAME))
    third = anew(database, second, Named(Credit.ANONYMOUS, NAME))
    for one in (first, second, third):
        shown = look(database, one.id)
        assert (shown.credit_name, shown.credit) == (rules.NOBODY, Credit.ANONYMOUS)
    with database.begin() as session:
        agreed = session.scalars(select(Agreement)).one()
        treasure = session.get_one(Treasure, first.treasure_id)
        assert (agreed.credit_name, treasure.credit_name) == ("", "")
        assert (agreed.credit, treasure.credit) == ("anonymous", "anonymous")


def test_a_void_one_without_a_successor_may_be_replaced_later(database: Database) -> None:
    void = revoke(database, a_certificate(database))
    new = anew(database, void, Named(Credit.PSEUDONYM, "兰水人"), because="")
    assert new.is_standing
    assert new.credit_name == "兰水人"
    assert look(database, void.id).revoked_because == BECAUSE


@pytest.mark.parametrize(("name", "says"), [("", "署名"), ("长" * 31, "最多 30 个字")])
def test_a_name_that_cannot_be_printed_changes_nothing(
    database: Database, name: str, says: str
) -> None:
    known = a_certificate(database)
    with pytest.raises(RefusedError, match=says):
        anew(database, known, Named(Credit.NAME, name))
    assert look(database, known.id) == known


def test_what_is_drawn_is_noted_once_and_sent(database: Database) -> None:
    known = a_certificate(database)
    assert is_drawn(database, known).png_key == "ab" * 32
    assert is_drawn(database, known, key="cd" * 32).png_key == "ab" * 32
    assert jobs_of(database, certificates.SEND) == [{"certificate": known.id}]


def test_one_that_cannot_be_drawn_is_told_of_until_it_is(database: Database) -> None:
    known = a_certificate(database)
    a_certificate(database, Gift(openid="oOther"))
    with database.begin() as session:
        assert not certificates.draw_again(session, known.id, a_doing())
        certificates.not_drawn(session, known.id, why="缺字")
    with database.reads() as connection:
        assert [one.id for one in certificates.faulty(connection)] == [known.id]
    with database.begin() as session:
        assert certificates.draw_again(session, known.id, a_doing())
    with database.reads() as connection:
        assert certificates.faulty(connection) == []
    assert len(jobs_of(database, certificates.DRAW)) == 3


def test_the_list_has_the_newest_first_in_pages(database: Database) -> None:
    made = [a_certificate(database, Gift(openid=None)).id for _ in range(3)]
    with database.reads() as connection:
        page = certificates.every(connection, limit=2)
        rest = certificates.every(connection, limit=2, after=page[-1].id)
    assert [one.id for one in (*page, *rest)] == made[::-1]
