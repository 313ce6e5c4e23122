"""The states of a push: as drawn, and held by whatever people, time and WeChat do to it."""

import re
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.publishing.far_side import MASS, Spoil, drops_after, drops_before, html, refuses
from tests.publishing.pushing import PUBLISHER, WRITER, Bureau, a_bureau, a_text, approve, terms
from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Job
from wx_archive.publishing import failures, ledger, pieces, plans, pushes, reports, rules
from wx_archive.publishing.failures import Next
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push, PushCall, SendPeriod
from wx_archive.publishing.reports import Report
from wx_archive.publishing.rules import CallState, HoldReason, PushState
from wx_archive.wechat import errors

DIAGRAM = Path(__file__).parents[2] / "docs" / "states" / "push.mmd"
NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)


def test_the_states_are_as_drawn() -> None:
    drawn = DIAGRAM.read_text()
    names = dict(re.findall(r"^    (\w+): (\S+)$", drawn, re.MULTILINE))
    assert names == {state.value: name for state, name in rules.PUSH_STATE_NAMES.items()}
    edges = set(re.findall(r"^    (\w+) --> (\w+)$", drawn, re.MULTILINE))
    known = {(old.value, new.value) for old, moves in rules.PUSH_MOVES.items() for new in moves}
    assert edges == known


A_QUOTA = errors.QuotaError("满", until=NOON + timedelta(hours=12), code=45028, path="/p")
SOON = errors.QuotaError("快", until=NOON + timedelta(minutes=1), code=45011, path="/p")


@pytest.mark.parametrize(
    ("err", "may_have_gone", "tries", "follows"),
    [
        (errors.UnknownOutcomeError("?"), False, 1, (Next.AGAIN, 60)),
        (errors.UnknownOutcomeError("?"), True, 99, (Next.AGAIN, 60)),
        (errors.BusyError("忙", code=45066), False, 1, (Next.AGAIN, 60)),
        (SOON, True, 1, (Next.AGAIN, 60)),
        (A_QUOTA, False, 1, (Next.HOLD, HoldReason.NO_QUOTA)),
        (A_QUOTA, True, 2, (Next.HOLD, HoldReason.UNKNOWN)),
        (errors.TokenRefusedError("令牌", code=40001), False, 4, (Next.AGAIN, 60)),
        (errors.TokenRefusedError("令牌", code=40001), False, 5, (Next.HOLD, HoldReason.REFUSED)),
        (errors.TokenRefusedError("令牌", code=40001), True, 5, (Next.HOLD, HoldReason.UNKNOWN)),
        (errors.MisconfiguredError("设置"), False, 5, (Next.HOLD, HoldReason.REFUSED)),
        (errors.ForbiddenError("没权", code=48001), False, 1, (Next.HOLD, HoldReason.REFUSED)),
        (errors.ContentError("内容", code=45002), False, 1, (Next.END, None)),
        (errors.ContentError("内容", code=40007), True, 2, (Next.HOLD, HoldReason.UNKNOWN)),
        (errors.PlatformError("不认得", code=1), False, 1, (Next.HOLD, HoldReason.REFUSED)),
        (RefusedError("不行"), False, 1, (Next.HOLD, HoldReason.REFUSED)),
    ],
)
def test_what_follows_from_an_error(
    err: errors.PlatformError | RefusedError,
    may_have_gone: bool,  # noqa: FBT001 -- a column of the table
    tries: int,
    follows: tuple[Next, object],
) -> None:
    step = failures.step_after(
        err,
        may_have_gone=may_have_gone,
        tries=tries,
        latest_at=NOON + timedelta(minutes=10),
        now=NOON,
    )
    assert step.next is follows[0]
    if step.next is Next.AGAIN:
        assert step.after.total_seconds() == follows[1]
    if step.next is Next.HOLD:
        assert step.reason is follows[1]


SPOILS: tuple[Spoil, ...] = (
    drops_after,
    drops_before,
    html,
    *map(refuses, (-1, 40001, 40007, 45009, 45028, 45066, 48001)),
)


class Sendings(RuleBasedStateMachine):
    """People, time and WeChat, in any order."""

    template = Path()

    def __init__(self) -> None:
        super().__init__()
        self.held = ExitStack()
        folder = Path(self.held.enter_context(tempfile.TemporaryDirectory()))
        shutil.copy(self.template, folder / "archive.db")
        opened = a_bureau(f"sqlite:///{folder / 'archive.db'}", folder / "data")
        self.bureau: Bureau = self.held.enter_context(opened)
        self.pids: list[str] = []
        self.words = 0

    def teardown(self) -> None:
        self.held.close()

    @precondition(lambda self: len(self.pids) < 3)
    @rule()
    def schedule(self) -> None:
        with suppress(ledger.NoPlaceError):
            self.pids.append(self.bureau.schedules(a_text(str(len(self.pids)))))

    @rule(minutes=st.sampled_from([0.5, 1.1, 3, 12, 70, 1_500]))
    def wait(self, minutes: float) -> None:
        self.bureau.after(minutes=minutes)

    @rule(spoil=st.sampled_from(SPOILS))
    def spoil(self, spoil: Spoil) -> None:
        self.bureau.wechat.spoil(MASS, spoil)

    @precondition(lambda self: self.pids)
    @rule(data=st.data())
    def call_back(self, data: st.DataObject) -> None:
        with suppress(RefusedError), self.locked(data) as (session, push):
            pushes.cancel(session, push, by=PUBLISHER, now=clock.now())

    @precondition(lambda self: self.pids)
    @rule(data=st.data())
    def put_off(self, data: st.DataObject) -> None:
        now, services = clock.now(), self.bureau.services
        with suppress(RefusedError), self.locked(data) as (session, push):
            pushes.postpone(session, push, by=PUBLISHER, now=now)
            pushes.schedule(
                session,
                push,
                terms(now + timedelta(minutes=2)),
                account=self.bureau.platform.account,
                profile=services.site.profile,
                now=now,
            )

    @precondition(lambda self: self.pids)
    @rule(data=st.data())
    def decide(self, data: st.DataObject) -> None:
        with self.locked(data) as (session, push):
            offered = pushes.offered(session, push, now=clock.now())
            if offered:
                chosen = data.draw(st.sampled_from(offered))
                pushes.decide(session, push, chosen, by=PUBLISHER, now=clock.now())

    @precondition(lambda self: self.pids)
    @rule(data=st.data(), is_approved=st.booleans())
    def edit(self, data: st.DataObject, *, is_approved: bool) -> None:
        pid, now = data.draw(st.sampled_from(self.pids)), clock.now()
        self.words += 1
        (old,) = self.bureau.pieces_of(pid)
        with self.bureau.database.begin() as session:
            piece = session.get_one(Piece, old.id)
            content = a_text(body=f"第 {self.words} 稿")
            pieces.save(session, piece, content, since=piece.revision, made_by=WRITER, now=now)
            pushes.piece_changed(session, piece, now=now)
            if is_approved:
                approve(session, piece, now=now)

    @precondition(lambda self: self.bureau.wechat.sent)
    @rule(
        data=st.data(),
        status=st.sampled_from(["send success", "send fail", "err(20001)", "SEND_SUCCESS"]),
        failed=st.integers(0, 3),
    )
    def report(self, data: st.DataObject, status: str, failed: int) -> None:
        one = data.draw(st.sampled_from(self.bureau.wechat.sent))
        with self.bureau.database.begin() as session:
            told = Report(f"mass:{one.msg_id}", status, 3, 3, 3 - failed, failed)
            reports.take(session, told, now=clock.now(), live=None)

    def locked(self, data: st.DataObject) -> "Locked":
        return Locked(self.bureau, data.draw(st.sampled_from(self.pids)))

    @invariant()
    def once_for_each_generation(self) -> None:
        sent = {one.client_msg_id for one in self.bureau.wechat.sent}
        assert len(sent) == len(self.bureau.wechat.sent)
        for pid in self.pids:
            calls = self.bureau.calls(pid)
            assert len(calls) <= self.bureau.push(pid).generation
            taken = [call for call in calls if call.state == CallState.ACCEPTED]
            assert all(call.client_msg_id in sent for call in taken)

    @invariant()
    def the_ledger_adds_up(self) -> None:
        with Session(self.bureau.database.engine) as session:
            rows = session.execute(select(SendPeriod.scope, SendPeriod.reserved, SendPeriod.used))
            for row in rows.all():
                of_this = select(func.count()).where(Push.scope == row.scope)
                used = session.scalars(of_this.where(Push.sent_at.is_not(None))).one()
                reserved = session.scalars(of_this.where(Push.sent_at.is_(None))).one()
                assert (row.reserved, row.used) == (reserved, used)
                assert row.reserved + row.used <= ledger.limit_of(row.scope)

    @invariant()
    def whatever_waits_has_a_reason_or_a_job(self) -> None:
        for pid in self.pids:
            push = self.bureau.push(pid)
            assert (push.state == PushState.HELD) == bool(push.reason)
            if push.state in (PushState.SCHEDULED, PushState.SENDING):
                assert self.waiting_jobs(push), push.state
            if push.state == PushState.CANCELLED:
                assert not self.was_sent(push)

    def waiting_jobs(self, push: Push) -> Iterable[str]:
        key = plans.key_of(push)
        with Session(self.bureau.database.engine) as session:
            mine = Job.key.startswith(key) & Job.state.in_(("waiting", "running"))
            return session.scalars(select(Job.key).where(mine)).all()

    def was_sent(self, push: Push) -> bool:
        sent = {one.client_msg_id for one in self.bureau.wechat.sent}
        with Session(self.bureau.database.engine) as session:
            asked = select(PushCall.client_msg_id).where(PushCall.push_id == push.id)
            return any(number in sent for number in session.scalars(asked))


class Locked:
    """A transaction with one push locked."""

    def __init__(self, bureau: Bureau, pid: str) -> None:
        self._opened = bureau.database.begin()
        self._pid = pid

    def __enter__(self) -> tuple[Session, Push]:
        session = self._opened.__enter__()
        push = plans.locked(session, self._pid)
        assert push is not None
        return session, push

    def __exit__(self, *error: object) -> None:
        self._opened.__exit__(*error)  # type: ignore[arg-type]


@pytest.mark.timeout(120)
def test_no_order_of_events_sends_twice_or_forgets(sqlite_url: str) -> None:
    Sendings.template = Path(sqlite_url.removeprefix("sqlite:///"))
    run_state_machine_as_test(
        Sendings,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
