"""The written agreement with the giver: what was signed, which uses it allows, on what evidence.

Source: docs/sources.md#treasures (档案法 art. 31; 实施条例 art. 21: gifts by written agreement).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core import wording
from wx_archive.core.errors import RefusedError
from wx_archive.treasures import numbers, rights, rules
from wx_archive.treasures import register_texts as texts
from wx_archive.treasures.models import Treasure, TreasureFile
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.register_models import Agreement
from wx_archive.treasures.register_queries import Agreed, Grant
from wx_archive.treasures.rights import Allowed
from wx_archive.treasures.rules import Action, Credit, Ownership, Right, Scope, Sign, State, Wish
from wx_archive.treasures.steps import Doing, advance, locked, note_step
from wx_archive.treasures.uploads import Wishes

TERMS_LENGTH: Final = 2000
BECAUSE_LENGTH: Final = 200


class FieldError(RefusedError):
    """What stands in one field of the form goes against another.

    Attributes:
        field: its name in the form.
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed on; see `register_models.Agreement`.

    Attributes:
        allowed: the uses that are allowed, chosen one by one.
    """

    wish: Wish
    scope: Scope
    credit: Credit
    signed_on: date
    allowed: tuple[Allowed, ...]
    credit_name: str = ""
    scope_until: date | None = None
    terms: str = ""
    has_priority: bool = True

    @classmethod
    def wished(cls, upload: Upload, *, today: date) -> Self:
        """Return what the sender wishes, to begin with: kept and consulted, nothing more.

        Each use before the public is for a person to choose.
        """
        scope = upload.scope or Scope.CLOSED
        uses = (Right.PRESERVE,) if scope is Scope.CLOSED else (Right.PRESERVE, Right.RESEARCH)
        return cls(
            wish=upload.wish or Wish.DONATE,
            scope=scope,
            credit=upload.credit or Credit.ANONYMOUS,
            signed_on=today,
            allowed=tuple(Allowed(use, today) for use in uses),
            credit_name=upload.credit_name,
            scope_until=None if scope is Scope.PUBLIC else upload.scope_until,
        )

    @classmethod
    def standing(cls, agreed: Agreed, grants: Iterable[Grant]) -> Self:
        """Return what was written down, to be corrected."""
        return cls(
            wish=agreed.wish,
            scope=agreed.scope,
            credit=agreed.credit,
            signed_on=agreed.signed_on,
            allowed=tuple(
                Allowed(
                    one.use,
                    one.from_on,
                    one.until_on,
                    "" if one.evidence == agreed.number else one.evidence,
                )
                for one in grants
                if one.revoked_at is None
            ),
            credit_name=agreed.credit_name,
            scope_until=agreed.scope_until,
            terms=agreed.terms,
            has_priority=agreed.has_priority,
        )

    def checked(self, *, today: date) -> Self:
        """Return it as it is kept.

        Raises:
            RefusedError: something is missing or wrong, or goes against what the sender wishes.
        """
        if not rules.may_accession(self.wish):
            raise RefusedError(texts.NO_TIP)
        if self.signed_on > today:
            raise RefusedError(texts.SIGNED_LATER)
        if self.scope is Scope.PUBLIC and self.scope_until is not None:
            raise FieldError("scope_until", texts.UNTIL_PUBLIC)
        if Right.PRESERVE not in {one.use for one in self.allowed}:
            raise RefusedError(texts.PRESERVE_FIRST)
        terms = wording.take_down(self.terms, lines=True)
        if len(terms) > TERMS_LENGTH:
            raise RefusedError(texts.too_long("另外约定", TERMS_LENGTH))
        # The same words and bounds as in the sender's own form.
        said = Wishes(
            Ownership.UNKNOWN,
            self.wish,
            self.scope,
            self.credit,
            self.credit_name,
            self.scope_until,
        ).checked(today=today)
        return replace(
            self,
            credit_name=said.credit_name,
            scope_until=said.scope_until,
            terms=terms,
            allowed=rights.checked(self.allowed, self.scope, said.scope_until),
        )


def write(
    session: Session,
    treasure_id: int,
    terms: Terms,
    doing: Doing,
    *,
    version: int | None = None,
) -> Agreed:
    """Write down the signed agreement of an accepted upload, with the rights it gives.

    Raises:
        StaleError: somebody was faster.
        RefusedError: the terms are not whole, or the upload is not accepted.
    """
    treasure = locked(session, treasure_id, version=version)
    if State(treasure.state) is not State.ACCEPTED:
        raise RefusedError(texts.NOT_ACCEPTED)
    kept = terms.checked(today=doing.today)
    agreement = Agreement(
        number=numbers.next_number(session, Sign.AGREEMENT, doing.today.year),
        treasure_id=treasure_id,
        scan_id=_scan(session, treasure_id),
        made_by=doing.actor[:60],
        made_at=doing.now,
    )
    _fill(agreement, treasure, kept)
    session.add(agreement)
    session.flush()
    session.add_all(rights.lines_of(treasure_id, kept.allowed, doing, evidence=agreement.number))
    advance(session, treasure, State.AGREEMENT, doing)
    note = texts.granted(frozenset(one.use for one in kept.allowed), agreement.number)
    note_step(session, treasure, State.AGREEMENT, doing, note=note, action=Action.GRANT)
    return Agreed.of(agreement)


def amend(
    session: Session,
    treasure_id: int,
    terms: Terms,
    because: str,
    doing: Doing,
    *,
    version: int | None = None,
) -> Agreed:
    """Correct what was written down of an agreement, as long as the piece is not entered.

    Args:
        session: one transaction.
        treasure_id: of the upload.
        terms: all of them, as they stand on the paper.
        because: what was wrong.
        doing: who corrects it, when.
        version: which was looked at.

    Raises:
        StaleError: somebody was faster.
        RefusedError: the terms are not whole, no reason is given, or it is entered already.
    """
    treasure = locked(session, treasure_id, version=version)
    written = select(Agreement).where(Agreement.treasure_id == treasure_id).with_for_update()
    agreement = session.scalars(written).one_or_none()
    if agreement is None or State(treasure.state) is not State.AGREEMENT:
        raise RefusedError(texts.NOT_AMENDED)
    why = wording.take_down(because)
    if not why:
        raise RefusedError(texts.NO_REASON)
    if len(why) > BECAUSE_LENGTH:
        raise RefusedError(texts.too_long("为什么更正", BECAUSE_LENGTH))
    kept = terms.checked(today=doing.today)
    _fill(agreement, treasure, kept)
    session.flush()
    rights.correct(session, treasure_id, kept.allowed, doing, evidence=agreement.number)
    note = texts.amended(agreement.number, why)
    note_step(session, treasure, State.AGREEMENT, doing, note=note, action=Action.NOTE)
    return Agreed.of(agreement)


def _fill(agreement: Agreement, treasure: Treasure, kept: Terms) -> None:
    """Write terms down; what was agreed on counts from then on, whatever was wished before."""
    for row in (agreement, treasure):
        row.wish = kept.wish.value
        row.scope, row.scope_until = kept.scope.value, kept.scope_until
        row.credit, row.credit_name = kept.credit.value, kept.credit_name
    agreement.terms, agreement.has_priority = kept.terms, kept.has_priority
    agreement.signed_on = kept.signed_on


def attach(session: Session, treasure_id: int) -> None:
    """Name the newest scan of the signed paper in the agreement, where there is one already."""
    agreement = session.scalars(
        select(Agreement).where(Agreement.treasure_id == treasure_id).with_for_update()
    ).one_or_none()
    if agreement is not None:
        agreement.scan_id = _scan(session, treasure_id)
        session.flush()


def _scan(session: Session, treasure_id: int) -> int | None:
    """Return the newest scan that came in; whether it is clean, its own row tells."""
    newest = (
        select(TreasureFile.id)
        .where(
            TreasureFile.treasure_id == treasure_id,
            TreasureFile.is_evidence.is_(True),
            TreasureFile.state.in_(sorted(rules.STANDING)),
        )
        .order_by(TreasureFile.id.desc())
    )
    return session.scalars(newest.limit(1)).one_or_none()
