"""核对原件 in the console: runs, faults, one at once; and the figures of what was sent."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.console import Office
from tests.talk import NOON
from tests.treasures.keeping_making import Vault
from tests.treasures.register_making import EDITOR, MINE, at
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.plugs import Panel
from wx_archive.staff.rules import Role
from wx_archive.treasures import figures, fixity_jobs, keeping_texts, review, uploads
from wx_archive.treasures.figures import Received
from wx_archive.treasures.rules import Channel, State
from wx_archive.treasures.steps import locked
from wx_archive.wechat.client import Platform

PATH = "/console/treasures/keeping"


@pytest.fixture
def vault(any_office: Office) -> Iterator[Vault]:
    """The office's own store, with the worker's part of what is kept."""
    services = any_office.application.services
    platform = Platform(services.settings, services.store, services.database)
    yield Vault(services, fixity_jobs.build(services, platform))
    platform.close()


def test_a_run_at_once_is_asked_for_done_and_shown_with_its_faults(
    any_office: Office, vault: Vault
) -> None:
    editor = any_office.sits(Role.EDITOR)
    assert "还没有核对过" in editor.page(PATH).text
    upload = vault.handed_in(b"one", b"two")
    vault.flip(vault.files(upload)[0])
    vault.path(vault.files(upload)[1]).unlink()
    assert keeping_texts.STARTED in editor.done(PATH).text
    vault.works()
    shown = editor.page(PATH).text
    for words in (
        f"{upload.number} 第 1 件",
        keeping_texts.FLIPPED,
        f"{upload.number} 第 2 件",
        keeping_texts.MISSING,
        "有问题",
    ):
        assert words in shown
    with vault.database.reads() as connection:
        actors = connection.scalars(
            select(AuditEntry.actor).where(AuditEntry.action == "treasure.fixity")
        ).all()
    assert actors == ["editor"]


def test_only_who_may_read_uploads_may_look_or_ask(any_office: Office) -> None:
    for role in (Role.DESK, Role.PUBLISHER):
        assert any_office.sits(role).get(PATH).status_code == 403
        assert any_office.sits(role).post(PATH).status_code == 403
    assert any_office.sits(Role.REVIEWER).get(PATH).status_code == 200


# -- figures ------------------------------------------------------------------------------------


def panel(database: Database) -> Panel:
    day = clock.day_of(NOON)
    with database.reads() as connection:
        (found,) = figures.panels(connection, day, day + timedelta(days=9))
    return found


def test_the_figures_count_what_came_and_what_became_of_it(
    any_office: Office, vault: Vault
) -> None:
    del any_office
    first, second, third = (
        vault.handed_in(bytes([number]), openid=f"giver-{number}") for number in range(3)
    )
    vault.entered(b"x", openid="another")
    vault.handed_in(b"y", openid="a-draft", is_finished=False)
    with vault.database.begin() as session:
        review.move(session, first.id, State.SCREENING, at(EDITOR, 1))
        review.move(session, first.id, State.DECLINED, at(EDITOR, 2), note="谢谢")
        review.move(session, second.id, State.SCREENING, at(EDITOR, 7))
        uploads.withdraw(session, locked(session, third.id), at(MINE, 1))
    told = panel(vault.database)
    facts = {fact.label: fact.value for fact in told.facts}
    assert (facts["收到"], facts["决定收"], facts["入藏"], facts["婉谢"]) == (4, 1, 1, 1)
    assert facts["在办"] == 1
    assert facts["存着的原件"] == "5 个，0.0 MB"
    (table,) = told.tables
    (row,) = table.rows
    assert row[0] == "2026-11 网页"
    assert (row[1], *row[3:]) == (4, 1, 1, 1)


@pytest.mark.parametrize(
    ("answered_on", "today", "kept"),
    [
        (date(2026, 11, 26), date(2026, 12, 1), True),
        (date(2026, 11, 27), date(2026, 12, 1), False),
        (None, date(2026, 11, 26), None),
        (None, date(2026, 11, 27), False),
    ],
)
def test_an_answer_within_three_working_days_is_in_time(
    answered_on: date | None, today: date, *, kept: bool | None
) -> None:
    received = Received(date(2026, 11, 23), Channel.CHAT, answered_on)
    assert figures.in_time(received, today) is kept


def test_a_weekend_does_not_count() -> None:
    received = Received(date(2026, 11, 27), Channel.CHAT, date(2026, 12, 2))
    assert figures.in_time(received, date(2026, 12, 3)) is True
