"""Rights per channel: given on evidence, counted by the day, revoked with effect at once."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core import wording
from wx_archive.core.errors import RefusedError
from wx_archive.treasures import register_queries, rules, showing
from wx_archive.treasures import register_texts as texts
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.register_models import RightsGrant
from wx_archive.treasures.register_queries import Agreed, standing
from wx_archive.treasures.rules import Action, Right, Scope, State
from wx_archive.treasures.steps import BY_CLOCK, Doing, locked, note_step

EVIDENCE_LENGTH: Final = 200
REASON_LENGTH: Final = 200
PUBLIC_USES: Final = frozenset({Right.EXHIBIT, *rules.SHOWN_BY})
"""Uses by which it comes before the public."""
REVOCABLE: Final = frozenset(Right) - {Right.PRESERVE}
AGREED: Final = frozenset({State.AGREEMENT, *rules.KEPT})
"""States in which there is an agreement that rights hang on."""

__all__ = ["Allowed", "checked", "expire", "grant", "lines_of", "revoke", "standing"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """A way of use, as it is being allowed.

    Attributes:
        until_on: the last day; None: without an end.
        evidence: the letter that allows it; empty: the agreement.
    """

    use: Right
    from_on: date
    until_on: date | None = None
    evidence: str = ""


def checked(
    allowed: Collection[Allowed], scope: Scope, scope_until: date | None
) -> tuple[Allowed, ...]:
    """Return rights as they are kept, each use once.

    Raises:
        RefusedError: the days are wrong, or a use goes against what the sender wishes.
    """
    if len({one.use for one in allowed}) < len(allowed):
        raise RefusedError(texts.USE_TWICE)
    for one in allowed:
        if one.until_on is not None and one.until_on < one.from_on:
            raise RefusedError(texts.UNTIL_BEFORE)
        if len(one.evidence) > EVIDENCE_LENGTH:
            raise RefusedError(texts.too_long("凭据", EVIDENCE_LENGTH))
        is_free = scope_until is not None and one.from_on > scope_until
        if not is_free and not _goes_with(one.use, scope):
            raise RefusedError(texts.not_wished(one.use, until=scope_until))
    order = list(Right)
    return tuple(
        replace(one, evidence=wording.take_down(one.evidence))
        for one in sorted(allowed, key=lambda one: order.index(one.use))
    )


def lines_of(
    treasure_id: int, allowed: Collection[Allowed], doing: Doing, *, evidence: str
) -> list[RightsGrant]:
    """Return the rows of rights; those without evidence of their own hang on ``evidence``."""
    return [
        RightsGrant(
            treasure_id=treasure_id,
            use=one.use.value,
            from_on=one.from_on,
            until_on=one.until_on,
            evidence=one.evidence or evidence,
            granted_by=doing.actor[:60],
            granted_at=doing.now,
        )
        for one in allowed
    ]


def grant(
    session: Session,
    treasure_id: int,
    allowed: Allowed,
    doing: Doing,
    *,
    version: int | None = None,
) -> None:
    """Allow one more use of what was agreed on; a picture that is out is offered at once.

    Raises:
        StaleError: somebody was faster.
        RefusedError: there is no agreement or evidence, or the use is allowed already.
    """
    treasure = locked(session, treasure_id, version=version)
    agreed = _agreed(session, treasure)
    (one,) = checked([allowed], agreed.scope, agreed.scope_until)
    if not one.evidence:
        raise RefusedError(texts.NO_EVIDENCE)
    before = _open(session, treasure_id, {one.use})
    if any(row.until_on is None or row.until_on >= doing.today for row in before):
        raise RefusedError(texts.GRANT_STANDS)
    for row in before:  # past its day, and the clock has not come by yet
        _end(row, BY_CLOCK, texts.EXPIRED, doing)
    session.flush()
    session.add_all(lines_of(treasure_id, [one], doing, evidence=""))
    session.flush()
    showing.settle(session, treasure_id, doing)
    note = texts.granted(frozenset({one.use}), one.evidence)
    note_step(session, treasure, State(treasure.state), doing, note=note, action=Action.GRANT)


def correct(
    session: Session, treasure_id: int, allowed: Collection[Allowed], doing: Doing, *, evidence: str
) -> None:
    """Have just these rights stand, as a corrected agreement has them; what is the same stays.

    Raises:
        RefusedError: one of them was revoked: that takes a new letter.
    """
    standing_rows = _open(session, treasure_id, frozenset(Right))
    stand = {Right(row.use): row for row in standing_rows}
    gone = {
        one.use
        for one in register_queries.grants(session.connection(), treasure_id)
        if one.revoked_at is not None and one.revoked_because != texts.CORRECTED
    }
    anew = []
    for one in allowed:
        row = stand.get(one.use)
        if row is None and one.use in gone:
            raise RefusedError(texts.revoked_before(one.use))
        told = (one.from_on, one.until_on, one.evidence or evidence)
        if row is not None and told == (row.from_on, row.until_on, row.evidence):
            del stand[one.use]
        else:
            anew.append(one)
    for row in stand.values():
        _end(row, doing.actor, texts.CORRECTED, doing)
    session.flush()
    session.add_all(lines_of(treasure_id, anew, doing, evidence=evidence))
    session.flush()


def revoke(
    session: Session,
    treasure_id: int,
    uses: Collection[Right],
    because: str,
    actor: str,
    doing: Doing,
    *,
    version: int | None = None,
) -> frozenset[Right]:
    """Revoke rights; what they let the public see is gone when this commits.

    Args:
        session: one transaction.
        treasure_id: of the upload.
        uses: which; those without a right are passed over.
        because: why, for staff; from the sender their own words, or none.
        actor: `steps.SENDER`, or a login.
        doing: when.
        version: which was looked at; None where nothing was.

    Returns:
        The uses that were revoked.

    Raises:
        StaleError: somebody was faster.
        RefusedError: nothing is to be revoked, or staff gave no reason.
    """
    by = replace(doing, actor=actor)
    if not uses:
        raise RefusedError(texts.NO_USES)
    if not REVOCABLE.issuperset(uses):
        raise RefusedError(texts.PRESERVE_STAYS)
    why = wording.take_down(because)
    if not why and doing.member_id is not None:
        raise RefusedError(texts.NO_REASON)
    if len(why) > REASON_LENGTH:
        raise RefusedError(texts.too_long("原因", REASON_LENGTH))
    treasure = locked(session, treasure_id, version=version)
    rows = _open(session, treasure_id, uses)
    if not rows:
        raise RefusedError(texts.NO_GRANT)
    return _revoke(session, treasure, rows, why or texts.BY_SENDER, by)


def expire(session: Session, doing: Doing) -> bool:
    """End the rights of one upload whose last day has passed; False if there is none."""
    due = select(RightsGrant.treasure_id).where(
        RightsGrant.revoked_at.is_(None), RightsGrant.until_on < doing.today
    )
    treasure_id = session.scalars(due.order_by(RightsGrant.id).limit(1)).one_or_none()
    if treasure_id is None:
        return False
    treasure = locked(session, treasure_id)
    rows = [
        row
        for row in _open(session, treasure_id, frozenset(Right))
        if row.until_on is not None and row.until_on < doing.today
    ]
    if rows:
        _revoke(session, treasure, rows, texts.EXPIRED, doing)
    return True


def _revoke(
    session: Session, treasure: Treasure, rows: list[RightsGrant], why: str, doing: Doing
) -> frozenset[Right]:
    for row in rows:
        _end(row, doing.actor, why, doing)
    session.flush()
    uses = frozenset(Right(row.use) for row in rows)
    note = texts.revoked(uses, why)
    note_step(session, treasure, State(treasure.state), doing, note=note, action=Action.REVOKE)
    showing.settle(session, treasure.id, doing, because=why)
    return uses


def _open(session: Session, treasure_id: int, uses: Collection[Right]) -> list[RightsGrant]:
    """Return the rights that nobody has revoked, locked; their days may be past or to come."""
    wanted = select(RightsGrant).where(
        RightsGrant.treasure_id == treasure_id,
        RightsGrant.use.in_(sorted(uses)),
        RightsGrant.revoked_at.is_(None),
    )
    return list(session.scalars(wanted.order_by(RightsGrant.id).with_for_update()))


def _end(row: RightsGrant, by: str, why: str, doing: Doing) -> None:
    row.revoked_at, row.revoked_by, row.revoked_because = doing.now, by[:60], why


def _agreed(session: Session, treasure: Treasure) -> Agreed:
    found = register_queries.agreement(session.connection(), treasure.id)
    if found is None or State(treasure.state) not in AGREED:
        raise RefusedError(texts.NO_AGREEMENT)
    return found


def _goes_with(use: Right, scope: Scope) -> bool:
    if use in PUBLIC_USES:
        return scope is Scope.PUBLIC
    return use is not Right.RESEARCH or scope is not Scope.CLOSED
