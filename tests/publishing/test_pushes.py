"""Composing, scheduling, calling back, deciding: each step refused where it does not belong."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.publishing.pushing import (
    PROJECT,
    PUBLISHER,
    SERVICE,
    SUBSCRIPTION,
    WRITER,
    a_push,
    a_text,
    an_approved,
    an_article,
    approve,
    terms,
)
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Job
from wx_archive.core.site import Profile, Site
from wx_archive.publishing import ledger, pieces, progress, pushes, rules
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.push_models import Push, PushPiece
from wx_archive.publishing.pushes import Decision, StalePushError
from wx_archive.publishing.rules import (
    AudienceKind,
    Delivery,
    HoldReason,
    Kind,
    PieceState,
    PushState,
    WrongStateError,
)
from wx_archive.wechat.account import Entitlements
from wx_archive.wechat.limits import AccountType

NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)
EVENING = NOON + timedelta(hours=6)


def the_profile(**changes: object) -> Profile:
    return Site(PROJECT, "https://a.example.org").profile.model_copy(update=changes)


def scheduled(
    session: Session, *contents: Content, account: Entitlements = SERVICE, **changes: object
) -> Push:
    """Return a push that is to leave in the evening."""
    options = {"due_at": EVENING} | changes
    push = a_push(session, *contents, now=NOON)
    pushes.schedule(
        session,
        push,
        terms(**options),  # type: ignore[arg-type]
        account=account,
        profile=the_profile(),
        now=NOON,
    )
    return push


def jobs_of(session: Session) -> list[tuple[str, datetime]]:
    rows = session.execute(select(Job.key, Job.run_after).order_by(Job.id))
    return [(row.key, row.run_after) for row in rows]


def test_scheduling_pins_the_words_takes_a_place_and_leaves_a_job(database: Database) -> None:
    with database.begin() as session:
        push = scheduled(session)
    with database.begin() as session:
        (row,) = session.scalars(select(PushPiece))
        assert row.content_hash == a_text().fingerprint
        assert jobs_of(session) == [(f"push:{push.id}:1", EVENING)]
        assert ledger.standing(session.connection(), "month:2026-11").reserved == 1
        assert push.latest_at == EVENING + rules.LATE_BY
        assert (push.signed_by, push.counted) == (PUBLISHER, 3)
        found = pushes.steps(session.connection(), push.id)
        assert [step.step for step in found] == ["preparing", "scheduled"]


def test_what_is_sent_now_can_be_called_back_for_a_minute(database: Database) -> None:
    with database.begin() as session:
        push = scheduled(session, due_at=None)
        assert push.due_at == push.cooling_until == NOON + rules.COOLING
        pushes.cancel(session, push, by=PUBLISHER, now=NOON + timedelta(seconds=59))
        assert push.state == PushState.CANCELLED
        standing = ledger.standing(session.connection(), "month:2026-11")
        assert (standing.reserved, standing.holders) == (0, ())
        assert push.plan == 2, "the job of the first plan does nothing any more"


def test_what_is_being_sent_is_not_called_back(database: Database) -> None:
    with database.begin() as session:
        push = scheduled(session)
        progress.advance(session, push, PushState.SENDING, actor=progress.SCHEDULER, now=EVENING)
        with pytest.raises(WrongStateError, match="已经在发"):
            pushes.cancel(session, push, by=PUBLISHER, now=EVENING)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"due_at": NOON - timedelta(seconds=1)}, "已经过了"),
        ({"latest_at": EVENING - timedelta(minutes=1)}, "最迟"),
    ],
)
def test_a_time_that_cannot_be_is_refused(
    database: Database, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(RefusedError, match=says), database.begin() as session:
        scheduled(session, **changes)  # type: ignore[arg-type]


def test_nothing_leaves_without_its_reviewers(database: Database) -> None:
    with database.begin() as session:
        piece = pieces.add(session, a_text(), made_by=WRITER, now=NOON)
        push = pushes.compose(session, [piece], delivery=Delivery.SITE, made_by=PUBLISHER, now=NOON)
        options = {"account": SERVICE, "profile": the_profile(), "now": NOON}
        with pytest.raises(RefusedError, match="还没有审定"):
            pushes.schedule(session, push, terms(EVENING), **options)  # type: ignore[arg-type]
        approve(session, piece, by=WRITER, now=NOON)
        session.flush()
        with pytest.raises(RefusedError, match="还差 1 个人审"):
            pushes.schedule(session, push, terms(EVENING), **options)  # type: ignore[arg-type]
        approve(session, piece, now=NOON)
        session.flush()
        two = the_profile(review_steps=2)
        with pytest.raises(RefusedError, match="还差 1 个人审"):
            pushes.schedule(session, push, terms(EVENING), account=SERVICE, profile=two, now=NOON)
        pushes.schedule(session, push, terms(EVENING), **options)  # type: ignore[arg-type]


def test_a_place_that_is_taken_is_not_given_twice(database: Database) -> None:
    with database.begin() as session:
        first = scheduled(session, account=SUBSCRIPTION)
        with pytest.raises(ledger.NoPlaceError, match="11月25日的群发次数已满"):
            scheduled(session, account=SUBSCRIPTION)
        pushes.cancel(session, first, by=PUBLISHER, now=NOON)
        scheduled(session, account=SUBSCRIPTION)


def test_an_account_that_may_not_is_told_so(database: Database) -> None:
    bare = Entitlements(AccountType.SUBSCRIPTION_UNVERIFIED)
    with pytest.raises(RefusedError, match="不开放"), database.begin() as session:
        scheduled(session, account=bare)


def test_only_what_goes_together_is_composed(database: Database) -> None:
    with database.begin() as session:
        texts = [an_approved(session, a_text(str(n)), now=NOON) for n in range(2)]
        many = [an_approved(session, an_article(str(n)), now=NOON) for n in range(9)]
        made = {"made_by": PUBLISHER, "now": NOON}
        for chosen, delivery, says in (
            ([], Delivery.MASS, "还没有选"),
            (texts, Delivery.MASS, "只能都是图文"),
            (many, Delivery.MASS, "最多 8 篇"),
            ([many[0], many[0]], Delivery.MASS, "选了两次"),
            (texts[:1], Delivery.PUBLISH, "微信只收图文和图集"),
        ):
            with pytest.raises(RefusedError, match=says):
                pushes.compose(session, chosen, delivery=delivery, **made)  # type: ignore[arg-type]
        with pytest.raises(RefusedError, match="主题"):
            pushes.compose(
                session,
                texts[:1],
                delivery=Delivery.MASS,
                audience=AudienceKind.TAG,
                **made,  # type: ignore[arg-type]
            )
        made_of = pushes.compose(session, many[:8], delivery=Delivery.MASS, **made)  # type: ignore[arg-type]
        assert made_of.state == PushState.PREPARING


def test_an_edit_holds_what_is_scheduled_and_nothing_else(database: Database) -> None:
    with database.begin() as session:
        held, prepared = scheduled(session), a_push(session, now=NOON)
        for push in (held, prepared):
            row = session.scalars(
                select(Piece).join(PushPiece).where(PushPiece.push_id == push.id)
            ).one()
            pieces.save(
                session, row, a_text(body="改过。"), since=row.revision, made_by=WRITER, now=NOON
            )
            pushes.piece_changed(session, row, now=NOON)
        assert (held.state, held.reason) == (PushState.HELD, HoldReason.CHANGED)
        assert prepared.state == PushState.PREPARING
        assert "改过" in held.sentence


def test_an_approval_that_is_taken_back_holds_the_push(database: Database) -> None:
    with database.begin() as session:
        push = scheduled(session)
        piece = session.scalars(select(Piece)).one()
        assert pushes.piece_changed(session, piece, now=NOON) == 0
        pieces.move(piece, PieceState.RETURNED, now=NOON)
        assert pushes.piece_changed(session, piece, now=NOON) == 1
        assert (push.state, push.reason) == (PushState.HELD, HoldReason.UNAPPROVED)


def test_a_page_that_is_out_of_date_moves_nothing(database: Database) -> None:
    with database.begin() as session:
        push = scheduled(session)
        seen = push.version
        assert pushes.locked(session, push.pid, version=seen) is push
        pushes.postpone(session, push, by=PUBLISHER, now=NOON)
        with pytest.raises(StalePushError):
            pushes.locked(session, push.pid, version=seen)
        assert pushes.locked(session, "NOBODY") is None


def test_what_is_postponed_frees_its_place_and_can_be_scheduled_anew(database: Database) -> None:
    with database.begin() as session:
        push = scheduled(session)
        pushes.postpone(session, push, by=PUBLISHER, now=NOON)
        assert (push.state, push.scope) == (PushState.PREPARING, "")
        december = NOON + timedelta(days=10)
        pushes.schedule(
            session, push, terms(december), account=SERVICE, profile=the_profile(), now=NOON
        )
        assert push.scope == "month:2026-12"
        assert jobs_of(session)[-1] == (f"push:{push.id}:3", december)


@pytest.mark.parametrize(
    ("reason", "possible"),
    [
        (HoldReason.MISSED, {"reschedule", "cancel"}),
        (HoldReason.CHANGED, {"reschedule", "cancel"}),
        (HoldReason.NO_QUOTA, {"reschedule", "cancel"}),
        (HoldReason.REFUSED, {"reschedule", "cancel"}),
        (HoldReason.NO_REPORT, {"reschedule", "cancel"}),
    ],
)
def test_what_may_be_decided_goes_by_the_reason(
    database: Database, reason: HoldReason, possible: set[str]
) -> None:
    with database.begin() as session:
        push = scheduled(session)
        progress.hold(session, push, reason, "为什么", now=NOON)
        always = {"take_for_sent", "take_for_failed"}
        assert {one.value for one in pushes.offered(session, push, now=NOON)} == possible | always


def test_what_a_person_takes_for_sent_is_out_and_counted(database: Database) -> None:
    with database.begin() as session:
        push = scheduled(session)
        progress.hold(session, push, HoldReason.MISSED, "为什么", now=NOON)
        pushes.decide(session, push, Decision.TAKE_FOR_SENT, by=PUBLISHER, now=NOON)
    with database.begin() as session:
        assert push.state == PushState.SENT
        standing = ledger.standing(session.connection(), "month:2026-11")
        assert (standing.used, standing.reserved) == (1, 0)
        assert session.scalars(select(Piece.out_at)).one() == NOON


def test_what_a_person_takes_for_failed_gives_its_place_back(database: Database) -> None:
    with database.begin() as session:
        push = scheduled(session)
        progress.hold(session, push, HoldReason.MISSED, "为什么", now=NOON)
        pushes.decide(session, push, Decision.TAKE_FOR_FAILED, by=PUBLISHER, now=NOON)
        assert push.state == PushState.FAILED
        assert ledger.standing(session.connection(), "month:2026-11").left == 4


def test_nothing_is_decided_about_a_push_that_waits_for_nobody(database: Database) -> None:
    with database.begin() as session:
        push = scheduled(session)
        for decision in Decision:
            with pytest.raises(WrongStateError, match="不用谁来决定"):
                pushes.decide(session, push, decision, by=PUBLISHER, now=NOON)
        assert pushes.offered(session, push, now=NOON) == ()


def test_what_was_changed_goes_back_to_the_pre_flight_and_is_pinned_anew(
    database: Database,
) -> None:
    with database.begin() as session:
        push = scheduled(session)
        push.media_id = "draft-of-before"
        piece = session.scalars(select(Piece)).one()
        pieces.save(session, piece, a_text(body="新的。"), since=1, made_by=WRITER, now=NOON)
        pushes.piece_changed(session, piece, now=NOON)
        assert push.state == PushState.HELD
        with pytest.raises(RefusedError, match="做过体检再发"):
            pushes.decide(session, push, Decision.ASK_AGAIN, by=PUBLISHER, now=NOON)
        pushes.decide(session, push, Decision.RESCHEDULE, by=PUBLISHER, now=NOON)
        assert push.state == PushState.PREPARING


def test_kinds_and_deliveries_have_names() -> None:
    assert set(rules.KINDS_FOR) == set(Delivery)
    assert set(pushes.DECISION_NAMES) == set(Decision)
    assert set(rules.KIND_NAMES) == set(Kind)
