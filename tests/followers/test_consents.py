"""Consent: which text, since when, until when; a ledger in which nothing is rewritten."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.followers.conftest import Two
from tests.sites import write
from tests.wechat.deliveries import NOW
from wx_archive.core.errors import FileProblemError
from wx_archive.core.site import Site
from wx_archive.followers import consents
from wx_archive.followers.models import Consent

LATER = NOW + timedelta(hours=1)
FIRST = "{version: 1, date: 2026-01-01, text: 旧的说法}"
SECOND = "{version: 2, date: 2026-06-01, remark: 演示, text: 新的说法}"


def site(folder: Path, *versions: str, more: str = "") -> Site:
    lines = "".join(f"      - {version}\n" for version in versions)
    text = f"purposes:\n  - slug: quiz\n    name: 答题记录\n    versions:\n{lines}{more}"
    write(folder / "content" / "consents.yaml", text)
    return Site(folder, "https://archive.example.org")


@pytest.fixture
def told(tmp_path: Path) -> Site:
    return site(tmp_path, SECOND, FIRST)


def ledger(session: Session) -> list[tuple[object, ...]]:
    columns = (Consent.follower_id, Consent.version, Consent.given_at, Consent.withdrawn_at)
    return [tuple(row) for row in session.execute(select(*columns).order_by(Consent.id))]


def test_the_newest_text_is_the_one_that_is_asked_for(told: Site) -> None:
    assert consents.current_text(told, "quiz").text == "新的说法"
    assert consents.check(told) == 1
    with pytest.raises(KeyError):
        consents.current_text(told, "nothing")


def test_consent_to_an_old_text_is_none_to_the_new_one(
    session: Session, two: Two, told: Site
) -> None:
    assert consents.give(session, two.one, "quiz", version=1, now=NOW)
    assert not consents.has_given(session, told, two.one, "quiz")
    assert consents.has_given(session, told, two.one, "quiz", version=1)
    consents.give(session, two.one, "quiz", version=2, now=NOW)
    assert consents.has_given(session, told, two.one, "quiz")
    assert not consents.has_given(session, told, two.noise, "quiz")


def test_giving_twice_is_giving_once(session: Session, two: Two) -> None:
    assert consents.give(session, two.one, "quiz", version=2, now=NOW)
    assert not consents.give(session, two.one, "quiz", version=2, now=LATER)
    assert ledger(session) == [(two.one, 2, NOW, None)]


def test_withdrawing_ends_every_version_of_this_one_only(
    session: Session, two: Two, told: Site
) -> None:
    for number, purpose, version in (
        (two.one, "quiz", 1),
        (two.one, "quiz", 2),
        (two.one, "other", 1),
        (two.noise, "quiz", 2),
    ):
        consents.give(session, number, purpose, version=version, now=NOW)
    assert consents.withdraw(session, two.one, "quiz", now=LATER)
    assert not consents.has_given(session, told, two.one, "quiz")
    assert not consents.has_given(session, told, two.one, "quiz", version=1)
    assert consents.has_given(session, told, two.noise, "quiz")
    assert not consents.withdraw(session, two.one, "quiz", now=LATER)
    left = consents.standing(session.connection(), told, two.one)
    assert [one.purpose for one in left] == ["other"]


def test_who_agrees_again_gets_a_new_line_in_the_ledger(session: Session, two: Two) -> None:
    consents.give(session, two.one, "quiz", version=2, now=NOW)
    consents.withdraw(session, two.one, "quiz", now=LATER)
    again = LATER + timedelta(hours=1)
    assert consents.give(session, two.one, "quiz", version=2, now=again)
    assert ledger(session) == [(two.one, 2, NOW, LATER), (two.one, 2, again, None)]
    consents.withdraw(session, two.one, "quiz", now=again)
    assert ledger(session)[0] == (two.one, 2, NOW, LATER)


def test_the_database_itself_refuses_two_standing_consents(session: Session, two: Two) -> None:
    row = {"follower_id": two.one, "purpose": "quiz", "version": 1, "given_at": NOW}
    session.add(Consent(**row))
    session.flush()
    session.add(Consent(**row))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_what_stands_is_told_by_its_name_even_if_the_file_forgot_it(
    session: Session, two: Two, told: Site
) -> None:
    consents.give(session, two.one, "quiz", version=2, now=NOW)
    consents.give(session, two.one, "gone", version=1, now=LATER)
    names = [one.name for one in consents.standing(session.connection(), told, two.one)]
    assert names == ["答题记录", "gone"]


@pytest.mark.parametrize(
    ("versions", "more", "problem"),
    [
        ((FIRST, SECOND), "", "从新到旧"),
        ((FIRST, FIRST), "", "不能重复"),
        ((), "", "versions"),
        (("{version: 0, date: 2026-01-01, text: 事}",), "", "version"),
        (("{version: 1, date: 明天, text: 事}",), "", "date"),
        ((FIRST,), f"  - {{slug: quiz, name: 别的, versions: [{FIRST}]}}\n", "写了两次"),
        ((FIRST,), "colour: red\n", "colour"),
    ],
)
def test_a_mistake_in_the_file_is_told(
    tmp_path: Path, versions: tuple[str, ...], more: str, problem: str
) -> None:
    with pytest.raises(FileProblemError, match=problem):
        consents.check(site(tmp_path, *versions, more=more))
