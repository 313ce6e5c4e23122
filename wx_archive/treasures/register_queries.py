"""What is known of agreements, rights, accessions and what is shown, as frozen values."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Self

from sqlalchemy import Connection, select

from wx_archive.staff.models import Member
from wx_archive.treasures import rules
from wx_archive.treasures.models import TreasureFile
from wx_archive.treasures.register_models import (
    Accession,
    AccessionPlan,
    Agreement,
    RightsGrant,
    Showing,
)
from wx_archive.treasures.rules import Credit, Right, Scope, Wish


@dataclass(frozen=True, slots=True)
class Agreed:
    """An agreement; see `register_models.Agreement`."""

    id: int
    number: str
    treasure_id: int
    wish: Wish
    scope: Scope
    scope_until: date | None
    credit: Credit
    credit_name: str
    terms: str
    has_priority: bool
    signed_on: date
    scan_id: int | None
    made_by: str
    made_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row's facts."""
        values = {field.name: getattr(row, field.name) for field in fields(cls)}
        kinds = {"wish": Wish, "scope": Scope, "credit": Credit}
        return cls(**{**values, **{name: kind(values[name]) for name, kind in kinds.items()}})

    @property
    def credited(self) -> str:
        """Under which name the piece is shown."""
        return rules.credited(self.credit, self.credit_name)

    @property
    def author(self) -> str:
        """The name that was agreed on; empty where there is none."""
        return "" if self.credit is Credit.ANONYMOUS else self.credit_name

    def is_public_on(self, today: date) -> bool:
        """Tell whether the sender wishes it to be public on a Shanghai day."""
        return self.scope is Scope.PUBLIC or (
            self.scope_until is not None and self.scope_until < today
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """A way of use that was allowed; see `register_models.RightsGrant`."""

    id: int
    use: Right
    from_on: date
    until_on: date | None
    evidence: str
    granted_by: str
    granted_at: datetime
    revoked_at: datetime | None
    revoked_by: str
    revoked_because: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row's facts."""
        values = {field.name: getattr(row, field.name) for field in fields(cls)}
        return cls(**{**values, "use": Right(values["use"])})

    def stands_on(self, today: date) -> bool:
        """Tell whether it holds on a Shanghai day."""
        if self.revoked_at is not None or today < self.from_on:
            return False
        return self.until_on is None or today <= self.until_on


@dataclass(frozen=True, slots=True)
class Planned:
    """A proposed accession; see `register_models.AccessionPlan`."""

    treasure_id: int
    title: str
    received_on: date
    condition: str
    extent: str
    location: str
    fonds: str
    proposed_by: str
    proposed_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row's facts."""
        return cls(**{field.name: getattr(row, field.name) for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Entered:
    """A line of the register; see `register_models.Accession`."""

    id: int
    number: str
    treasure_id: int
    title: str
    received_on: date
    condition: str
    extent: str
    location: str
    record_pid: str | None
    proposed_by: str
    entered_by: str
    entered_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row's facts."""
        return cls(**{field.name: getattr(row, field.name) for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture in the media library; see `register_models.Showing`."""

    file_id: int
    asset_pid: str
    tells_story: bool
    shown_by: str
    shown_at: datetime
    withdrawn_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row's facts."""
        return cls(**{field.name: getattr(row, field.name) for field in fields(cls)})


def agreement(connection: Connection, treasure_id: int) -> Agreed | None:
    """Return an upload's agreement; None while there is none."""
    row = connection.execute(
        select(Agreement.__table__).where(Agreement.treasure_id == treasure_id)
    ).one_or_none()
    return None if row is None else Agreed.of(row)


def grants(connection: Connection, treasure_id: int) -> list[Grant]:
    """Return every right that was ever given for an upload, the oldest first."""
    rows = connection.execute(
        select(RightsGrant.__table__)
        .where(RightsGrant.treasure_id == treasure_id)
        .order_by(RightsGrant.id)
    )
    return [Grant.of(row) for row in rows]


def standing(connection: Connection, treasure_id: int, today: date) -> frozenset[Right]:
    """Return the ways of use that are allowed on a Shanghai day."""
    given = grants(connection, treasure_id)
    return frozenset(grant.use for grant in given if grant.stands_on(today))


def plan(connection: Connection, treasure_id: int) -> Planned | None:
    """Return what is proposed for an upload; None where nothing is."""
    row = connection.execute(
        select(AccessionPlan.__table__).where(AccessionPlan.treasure_id == treasure_id)
    ).one_or_none()
    return None if row is None else Planned.of(row)


def accession(connection: Connection, treasure_id: int) -> Entered | None:
    """Return an upload's line in the register; None before it is entered."""
    row = connection.execute(
        select(Accession.__table__).where(Accession.treasure_id == treasure_id)
    ).one_or_none()
    return None if row is None else Entered.of(row)


def showings(connection: Connection, treasure_id: int) -> list[Shown]:
    """Return what is or was shown of an upload, in the order of its files."""
    rows = connection.execute(
        select(Showing.__table__)
        .join(TreasureFile, TreasureFile.id == Showing.file_id)
        .where(TreasureFile.treasure_id == treasure_id)
        .order_by(TreasureFile.place, TreasureFile.id)
    )
    return [Shown.of(row) for row in rows]


def names(connection: Connection) -> dict[str, str]:
    """Return what colleagues call each other, by login."""
    rows = connection.execute(select(Member.login, Member.name))
    return {login: name for login, name in rows}  # noqa: C416 -- rows are no pairs to mypy
