"""Composing, scheduling and calling back pushes; nothing here speaks with WeChat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core import ids
from wx_archive.core.errors import RefusedError
from wx_archive.core.site import Profile
from wx_archive.publishing import approvals, ledger, plans, progress, rules
from wx_archive.publishing.decisions import DECISION_NAMES, Decision, decide, offered, recall
from wx_archive.publishing.models import Piece
from wx_archive.publishing.plans import StalePushError, locked
from wx_archive.publishing.progress import steps
from wx_archive.publishing.push_models import Push, PushPiece
from wx_archive.publishing.rules import (
    AudienceKind,
    Delivery,
    HoldReason,
    Kind,
    PieceState,
    PushState,
    WrongStateError,
)
from wx_archive.wechat.account import Capability, Entitlements

__all__ = [
    "DECISION_NAMES",
    "Decision",
    "StalePushError",
    "Terms",
    "cancel",
    "compose",
    "decide",
    "locked",
    "offered",
    "piece_changed",
    "postpone",
    "schedule",
    "steps",
]


@dataclass(frozen=True, slots=True)
class Terms:
    """What stands on the last button.

    Attributes:
        due_at: when it is to leave; None: now, after the cooling-off.
        latest_at: after it a person is asked; None: ten minutes after its time.
        counted: how many it is for, as the button said.
        signed_by: login of who pressed it.
        override: why it goes out though it looks like another one.
    """

    due_at: datetime | None
    latest_at: datetime | None
    counted: int
    signed_by: str
    override: str = ""


def compose(  # noqa: PLR0913 -- everything a push is made of
    session: Session,
    pieces: Sequence[Piece],
    *,
    delivery: Delivery,
    audience: AudienceKind = AudienceKind.ALL,
    topic: str = "",
    segment: str = "{}",
    made_by: str,
    now: datetime,
) -> Push:
    """Make a push of these pieces, in their order; nothing is promised yet.

    Args:
        session: of the change.
        pieces: one to eight articles, or exactly one of another kind.
        delivery: by which road.
        audience: who gets a mass send; every other delivery is for all.
        topic: slug of the interest, for a tag.
        segment: JSON of `audiences.Segment`, for a list.
        made_by: login.
        now: the present instant.

    Raises:
        RefusedError: these pieces do not go together, or not by this road.
    """
    _require_fitting(pieces, delivery)
    if delivery is not Delivery.MASS:
        audience, topic, segment = AudienceKind.ALL, "", "{}"
    if audience is AudienceKind.TAG and not topic:
        raise RefusedError("按标签群发，请选一个主题")
    push = Push(
        pid=ids.random_pid(),
        state=PushState.PREPARING,
        delivery=delivery,
        audience=audience,
        topic=topic,
        segment=segment,
        made_by=made_by,
        made_at=now,
        changed_at=now,
        plan=0,
        version=0,
    )
    session.add(push)
    session.flush()
    for place, piece in enumerate(pieces):
        session.add(PushPiece(push_id=push.id, place=place, piece_id=piece.id))
    progress.note(session, push, PushState.PREPARING.value, actor=made_by, now=now)
    session.flush()
    return push


def schedule(
    session: Session,
    push: Push,
    terms: Terms,
    *,
    account: Entitlements,
    profile: Profile,
    now: datetime,
) -> None:
    """Have a push leave at its time: pieces pinned, its place reserved, its job in the queue.

    Args:
        session: of the change; the push is locked in it.
        push: being prepared.
        terms: as the button said them.
        account: what WeChat allows it.
        profile: how many people review a piece.
        now: the present instant.

    Raises:
        RefusedError: it is not being prepared, a piece is not approved, the account may not, the
            time has passed, or the period has no place left.
    """
    if push.state != PushState.PREPARING:
        rules.require_push_move(PushState(push.state), PushState.SCHEDULED)
        raise WrongStateError("这次推送在等人决定，请先决定")
    _require_allowed(account, Delivery(push.delivery), AudienceKind(push.audience))
    _set_times(push, terms, now=now)
    plans.pin(session, push)
    found = approvals.objection(session.connection(), push.id, steps=profile.review_steps)
    if found is not None:
        raise RefusedError(found.sentence)
    due_at = push.due_at or now
    delivery, audience = Delivery(push.delivery), AudienceKind(push.audience)
    ledger.reserve(session, push, ledger.scopes_for(account, due_at, delivery, audience))
    push.counted, push.signed_by = terms.counted, terms.signed_by
    push.override = terms.override[:200]
    words = f"给 {terms.counted} 人" if terms.counted else ""
    progress.advance(
        session, push, PushState.SCHEDULED, actor=terms.signed_by, now=now, words=words
    )
    plans.enter(session, push, due_at=due_at, now=now)
    session.flush()


def cancel(session: Session, push: Push, *, by: str, now: datetime) -> None:
    """Call a push back for good; its place is free again.

    Raises:
        RefusedError: it is being sent already, or has been.
    """
    if push.state == PushState.SENDING:
        raise WrongStateError("已经在发了，叫不回来。发出以后可以到公众平台删除")
    if push.state == PushState.HELD:
        decide(session, push, Decision.CANCEL, by=by, now=now)
        return
    recall(session, push, PushState.CANCELLED, by=by, now=now)
    session.flush()


def postpone(session: Session, push: Push, *, by: str, now: datetime) -> None:
    """Take a scheduled push back to be given another time; its place is free meanwhile.

    Raises:
        RefusedError: it is not scheduled any more.
    """
    if push.state == PushState.HELD:
        decide(session, push, Decision.RESCHEDULE, by=by, now=now)
        return
    recall(session, push, PushState.PREPARING, by=by, now=now)
    session.flush()


def piece_changed(session: Session, piece: Piece, *, now: datetime) -> int:
    """Hold every scheduled push that a change of a piece concerns; return how many.

    Call it after an edit, a withdrawal, or when an approval is taken back. Those that are being
    prepared wait here too, so that nobody schedules the words of before.

    Args:
        session: of the change; the piece is locked in it.
        piece: as it stands now.
        now: the present instant.
    """
    session.flush()
    rows = session.execute(
        select(Push, PushPiece.content_hash)
        .join(PushPiece, PushPiece.push_id == Push.id)
        .where(
            PushPiece.piece_id == piece.id,
            Push.state.in_((PushState.PREPARING, PushState.SCHEDULED)),
        )
        .order_by(Push.id)
        .with_for_update(of=Push)
        .execution_options(populate_existing=True)
    ).all()
    held = 0
    for push, pinned in rows:
        if push.state != PushState.SCHEDULED:
            continue
        if pinned != piece.content_hash:
            sentence = f"《{piece.title}》排期以后改过，请看过再发"
            progress.hold(session, push, HoldReason.CHANGED, sentence, now=now)
        elif piece.state != PieceState.APPROVED or piece.withdrawn_at is not None:
            sentence = f"《{piece.title}》的审定已经收回"
            progress.hold(session, push, HoldReason.UNAPPROVED, sentence, now=now)
        else:
            continue
        held += 1
    session.flush()
    return held


def _require_fitting(pieces: Sequence[Piece], delivery: Delivery) -> None:
    if not pieces:
        raise RefusedError("还没有选稿子")
    if len({piece.id for piece in pieces}) < len(pieces):
        raise RefusedError("同一篇稿子选了两次")
    kinds = {Kind(piece.kind) for piece in pieces}
    if len(pieces) > 1 and kinds != {Kind.ARTICLE}:
        raise RefusedError("几篇一起发，只能都是图文；文字、图集、视频、音频要单独发")
    if len(pieces) > rules.MOST_ARTICLES:
        raise RefusedError(f"一次最多 {rules.MOST_ARTICLES} 篇，现在有 {len(pieces)} 篇")
    if unfit := kinds - rules.KINDS_FOR[delivery]:
        names = "、".join(sorted(rules.KIND_NAMES[kind] for kind in unfit))
        raise RefusedError(f"{names}不能{rules.DELIVERY_NAMES[delivery]}，微信只收图文和图集")


def _require_allowed(account: Entitlements, delivery: Delivery, audience: AudienceKind) -> None:
    match delivery:
        case Delivery.SITE:
            return
        case Delivery.PUBLISH:
            account.require(Capability.FREE_PUBLISH)
        case Delivery.DRAFT:
            account.require(Capability.MEDIA)
        case Delivery.MASS if audience is AudienceKind.LIST:
            account.require(Capability.MASS_SEND_BY_LIST)
        case Delivery.MASS:
            account.require(Capability.MASS_SEND_BY_TAG)


def _set_times(push: Push, terms: Terms, *, now: datetime) -> None:
    if terms.due_at is None:
        due_at = plans.put_off(push, now=now)
        push.latest_at = terms.latest_at or push.latest_at
    elif terms.due_at <= now:
        raise RefusedError("定的时间已经过了，请选后面的时间，或者现在就发")
    else:
        due_at = push.due_at = terms.due_at
        push.latest_at = terms.latest_at or due_at + rules.LATE_BY
        push.cooling_until = None
    if push.latest_at is not None and push.latest_at < due_at:
        raise RefusedError("最迟发送时间要在发送时间之后")
