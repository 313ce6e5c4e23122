"""Certificates: issued with the accession, revoked, issued anew; 证2026-000001 without gaps.

What is printed is kept with the number: a later correction of the register changes no paper that
is in somebody's hands.
"""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final, Self

from sqlalchemy import Connection, Select, exists, select, update
from sqlalchemy.orm import Session, aliased

from wx_archive.core import ids, jobs, wording
from wx_archive.core.errors import RefusedError
from wx_archive.treasures import certificate_texts as texts
from wx_archive.treasures import numbers, removal, rules, showing
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.register_models import Accession, Agreement, Certificate
from wx_archive.treasures.rules import Action, Credit, Sign, State, Wish
from wx_archive.treasures.steps import Doing, locked, note_step

DRAW: Final = "treasures.certificate"
"""Job: draw a certificate and keep the picture; payload ``{"certificate": id}``."""
SEND: Final = "treasures.send_certificate"
"""Job: show its picture to the sender, once; payload ``{"certificate": id}``."""
REASON_LENGTH: Final = 200
TAIL: Final = 6
"""So many characters at the end of the token are printed, for those without a camera."""


@dataclass(frozen=True, slots=True)
class Known:
    """A certificate with what its pages say of it; see `register_models.Certificate`.

    Attributes:
        credit: how the agreement has it now; what is printed is `credit_name`.
        follower_id: the sender; None for a visitor at the desk, and once they were erased.
        is_replaced: it is void, and a later one was issued in its place.
        is_anew: it was issued in the place of another one.
    """

    id: int
    number: str
    token: str
    kind: Wish
    title: str
    extent: str
    credit_name: str
    issued_on: date
    issued_by: str
    png_key: str | None
    png_sha256: str | None
    fault: str
    revoked_at: datetime | None
    revoked_because: str
    accession_id: int
    accession_number: str
    treasure_id: int
    treasure_pid: str
    treasure_number: str
    follower_id: int | None
    credit: Credit
    is_replaced: bool
    is_anew: bool

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row's facts."""
        values = {field.name: getattr(row, field.name) for field in fields(cls)}
        return cls(
            **{
                **values,
                "kind": Wish(row.kind),
                "credit": Credit(row.credit),
                "is_replaced": bool(row.is_replaced),
                "is_anew": bool(row.is_anew),
            }
        )

    @property
    def called(self) -> str:
        """What kind of certificate it is: 捐赠证书."""
        return rules.CERTIFICATES[self.kind]

    @property
    def is_standing(self) -> bool:
        """Whether it holds."""
        return self.revoked_at is None

    @property
    def tail(self) -> str:
        """The printed end of its token."""
        return self.token[-TAIL:]


@dataclass(frozen=True, slots=True)
class Named:
    """Under which name a certificate is to be issued anew."""

    credit: Credit
    name: str = ""

    def checked(self) -> "Named":
        """Return it as it is kept.

        Raises:
            RefusedError: a name is missing or too long.
        """
        name = wording.take_down(self.name)
        if self.credit is Credit.ANONYMOUS:
            return Named(self.credit)
        if not name:
            raise RefusedError(texts.NAME_MISSING)
        if len(name) > rules.CREDIT_LENGTH:
            raise RefusedError(texts.name_too_long(rules.CREDIT_LENGTH, len(name)))
        return Named(self.credit, name)


class NotStandingError(RefusedError):
    """The certificate was revoked before."""

    def __init__(self) -> None:
        super().__init__(texts.NOT_STANDING)


class ReasonError(RefusedError):
    """Why it is revoked was not said, or in too many words."""

    def __init__(self) -> None:
        super().__init__(texts.REASON)


_OTHER: Final = aliased(Certificate)
_COLUMNS: Final[Select[Any]] = (
    select(
        Certificate.__table__,
        Accession.number.label("accession_number"),
        Accession.treasure_id,
        Treasure.pid.label("treasure_pid"),
        Treasure.number.label("treasure_number"),
        Treasure.follower_id,
        Agreement.credit,
        exists()
        .where(_OTHER.accession_id == Certificate.accession_id, _OTHER.id > Certificate.id)
        .label("is_replaced"),
        exists()
        .where(_OTHER.accession_id == Certificate.accession_id, _OTHER.id < Certificate.id)
        .label("is_anew"),
    )
    .join(Accession, Accession.id == Certificate.accession_id)
    .join(Treasure, Treasure.id == Accession.treasure_id)
    .join(Agreement, Agreement.treasure_id == Treasure.id)
)


# -- what is done --------------------------------------------------------------------------------


def issue(session: Session, accession: Accession, doing: Doing) -> Certificate:
    """Issue the certificate of an accession that was just entered, and have it drawn and sent.

    Call it last: the number is counted until the transaction ends.

    Args:
        session: the accession's transaction; its treasure is locked.
        accession: flushed; it has no certificate that stands.
        doing: who enters it, when.
    """
    session.flush()
    agreed = session.scalars(
        select(Agreement).where(Agreement.treasure_id == accession.treasure_id)
    ).one()
    certificate = Certificate(
        number=numbers.next_number(session, Sign.CERTIFICATE, doing.today.year),
        accession_id=accession.id,
        token=ids.random_pid(),
        kind=agreed.wish,
        title=accession.title,
        extent=accession.extent,
        credit_name=rules.credited(Credit(agreed.credit), agreed.credit_name),
        issued_on=doing.today,
        issued_by=doing.actor[:60],
    )
    session.add(certificate)
    session.flush()
    jobs.enqueue(
        session,
        DRAW,
        {"certificate": certificate.id},
        key=f"{DRAW}:{certificate.id}",
        now=doing.now,
    )
    return certificate


def revoke(session: Session, certificate_id: int, doing: Doing, *, because: str) -> Certificate:
    """Declare a certificate void; its page says so from now on, and names nothing and nobody.

    What was drawn of it is deleted: nobody prints it again.

    Raises:
        NotStandingError: it is void.
        ReasonError: no reason was given, or too long a one.
    """
    why = wording.take_down(because)
    if not why or len(why) > REASON_LENGTH:
        raise ReasonError
    certificate = _locked(session, certificate_id)
    if certificate.revoked_at is not None:
        raise NotStandingError
    certificate.revoked_at, certificate.revoked_because = doing.now, why
    if certificate.png_key is not None:
        removal.later(session, [certificate.png_key], now=doing.now)
    certificate.png_key = None
    session.flush()
    accession = session.get_one(Accession, certificate.accession_id)
    treasure = session.get_one(Treasure, accession.treasure_id)
    note = texts.revoked_step(certificate.number, why)
    note_step(session, treasure, State(treasure.state), doing, note=note, action=Action.NOTE)
    return certificate


def issue_anew(
    session: Session, certificate_id: int, named: Named, doing: Doing, *, because: str
) -> Certificate:
    """Issue another certificate in place of one, under the right name; the agreement follows.

    One that stands is revoked with it. Anonymous is anonymous everywhere: then the name goes from
    the agreement, the upload and the certificates before this one, too.

    Args:
        session: one transaction.
        certificate_id: which one it takes the place of.
        named: under which name from now on.
        doing: who does it, when.
        because: why; a certificate that is void already keeps the reason it has.

    Raises:
        NotStandingError: it is void, and another one stands.
        ReasonError: no reason was given, or too long a one.
        RefusedError: the name is missing or too long.
    """
    kept = named.checked()
    old = _locked(session, certificate_id)
    if old.revoked_at is None:
        revoke(session, certificate_id, doing, because=because)
    elif _standing(session, old.accession_id):
        raise NotStandingError
    accession = session.get_one(Accession, old.accession_id)
    _rename(session, accession, kept)
    session.flush()
    showing.recredit(session, accession.treasure_id, doing)
    return issue(session, accession, doing)


def _rename(session: Session, accession: Accession, named: Named) -> None:
    """Have the upload and the agreement, both locked here, credit somebody otherwise."""
    treasure = session.get_one(Treasure, accession.treasure_id)
    agreed = session.scalars(
        select(Agreement).where(Agreement.treasure_id == treasure.id).with_for_update()
    ).one()
    treasure.credit, treasure.credit_name = named.credit.value, named.name
    agreed.credit, agreed.credit_name = named.credit.value, named.name
    if named.credit is Credit.ANONYMOUS:
        session.execute(
            update(Certificate)
            .where(Certificate.accession_id == accession.id)
            .values(credit_name=rules.NOBODY)
            .execution_options(synchronize_session="fetch")
        )
    session.flush()


def _standing(session: Session, accession_id: int) -> bool:
    stands = select(Certificate.id).where(
        Certificate.accession_id == accession_id, Certificate.revoked_at.is_(None)
    )
    return session.execute(stands).first() is not None


def pdf_key(png_key: str) -> str:
    """Return the name of the sheet that belongs to a picture."""
    return f"{png_key}.pdf"


def drawn(session: Session, certificate_id: int, *, key: str, sha256: str, now: datetime) -> bool:
    """Note that a certificate's picture lies in the sealed store, and have it sent.

    Returns:
        False if it is drawn already, or void meanwhile; the caller deletes the objects.
    """
    certificate = session.get(Certificate, certificate_id, with_for_update=True)
    if certificate is None or certificate.png_key is not None or certificate.revoked_at is not None:
        return False
    certificate.png_key, certificate.png_sha256, certificate.fault = key, sha256, ""
    session.flush()
    jobs.enqueue(
        session, SEND, {"certificate": certificate_id}, key=f"{SEND}:{certificate_id}", now=now
    )
    return True


def not_drawn(session: Session, certificate_id: int, *, why: str) -> None:
    """Note why a certificate cannot be drawn; staff are told."""
    certificate = session.get(Certificate, certificate_id, with_for_update=True)
    if certificate is not None and certificate.png_key is None:
        certificate.fault = why[:REASON_LENGTH]
        session.flush()


def draw_again(session: Session, certificate_id: int, doing: Doing) -> bool:
    """Have a certificate drawn that could not be; False if there is nothing to draw."""
    certificate = _locked(session, certificate_id)
    if not certificate.fault or certificate.png_key is not None or certificate.revoked_at:
        return False
    certificate.fault = ""
    session.flush()
    key = f"{DRAW}:{certificate.id}:{doing.now.timestamp():.0f}"
    return jobs.enqueue(session, DRAW, {"certificate": certificate.id}, key=key, now=doing.now)


def _locked(session: Session, certificate_id: int) -> Certificate:
    """Return a certificate's row, locked; its sender's and its upload's are locked before it."""
    known = by_id(session.connection(), certificate_id)
    locked(session, known.treasure_id)
    return session.get_one(
        Certificate, certificate_id, with_for_update=True, populate_existing=True
    )


# -- what is known -------------------------------------------------------------------------------


def by_id(connection: Connection, certificate_id: int) -> Known:
    """Return the certificate with this id, which must be there."""
    return Known.of(connection.execute(_COLUMNS.where(Certificate.id == certificate_id)).one())


def by_token(connection: Connection, token: str) -> Known | None:
    """Return the certificate of a verification page's address."""
    return _one(connection, Certificate.token == token)


def by_number(connection: Connection, number: str) -> Known | None:
    """Return the certificate of this number, as printed."""
    return _one(connection, Certificate.number == number)


def of_treasure(connection: Connection, treasure_id: int) -> Known | None:
    """Return the certificate of an upload that stands; None if there is none."""
    return _one(connection, Accession.treasure_id == treasure_id, Certificate.revoked_at.is_(None))


def every(connection: Connection, *, limit: int, after: int | None = None) -> list[Known]:
    """Return certificates, the newest first.

    Args:
        connection: lent.
        limit: so many at most.
        after: only those older than this one.
    """
    found = _COLUMNS.order_by(Certificate.id.desc()).limit(limit)
    if after is not None:
        found = found.where(Certificate.id < after)
    return [Known.of(row) for row in connection.execute(found)]


def faulty(connection: Connection) -> list[Known]:
    """Return the certificates that stand and could not be drawn, the oldest first."""
    rows = _COLUMNS.where(Certificate.fault != "", Certificate.revoked_at.is_(None))
    return [Known.of(row) for row in connection.execute(rows.order_by(Certificate.id))]


def _one(connection: Connection, *which: Any) -> Known | None:
    row = connection.execute(_COLUMNS.where(*which)).one_or_none()
    return None if row is None else Known.of(row)
