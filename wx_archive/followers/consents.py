"""Consent: texts by version (`content/consents.yaml`) and the ledger of who agreed to which.

Informed, for one purpose, asked again when the text changes, withdrawn as easily as given.
Source: docs/sources.md#personal-data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from pydantic import Field, field_validator
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.database import insert_into
from wx_archive.core.site import Site
from wx_archive.core.yamlfile import FileModel, load
from wx_archive.followers.models import Consent

_STANDS = select(Consent.id).where(
    Consent.follower_id == bindparam("follower_id"),
    Consent.purpose == bindparam("purpose"),
    Consent.version == bindparam("version"),
    Consent.withdrawn_at.is_(None),
)
"""Built once: asked for with every answer of the quiz."""


class ConsentText(FileModel):
    """One version of a text; never changed once somebody has agreed to it."""

    version: int = Field(ge=1)
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    remark: str = ""
    text: str = Field(min_length=1)


class Purpose(FileModel):
    """What consent is asked for."""

    slug: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    name: str = Field(min_length=2, max_length=12)
    versions: list[ConsentText] = Field(min_length=1)

    @field_validator("versions")
    @classmethod
    def _newest_first(cls, versions: list[ConsentText]) -> list[ConsentText]:
        numbers = [one.version for one in versions]
        if numbers != sorted(set(numbers), reverse=True):
            message = "版本号要从新到旧排列，不能重复"
            raise ValueError(message)
        return versions

    @property
    def current(self) -> ConsentText:
        """The text that is asked for now."""
        return self.versions[0]


class _Purposes(FileModel):
    purposes: list[Purpose] = Field(min_length=1)

    @field_validator("purposes")
    @classmethod
    def _distinct(cls, purposes: list[Purpose]) -> list[Purpose]:
        words = [word for one in purposes for word in (one.slug, one.name)]
        for word in words:
            if words.count(word) > 1:
                message = f"“{word}”写了两次，slug 和名称都不能重复"
                raise ValueError(message)
        return purposes


@dataclass(frozen=True, slots=True)
class Standing:
    """A consent in force.

    Attributes:
        name: the purpose as citizens read it; its slug if the file no longer has it.
    """

    purpose: str
    name: str
    version: int
    given_at: datetime

    @property
    def given_on(self) -> date:
        """The Shanghai calendar day on which it was given."""
        return clock.day_of(self.given_at)


@cache
def _all(folder: Path) -> Mapping[str, Purpose]:
    found = load(folder / "content" / "consents.yaml", _Purposes)
    return {purpose.slug: purpose for purpose in found.purposes}


def purposes(site: Site) -> Mapping[str, Purpose]:
    """Return the purposes by slug, in the order of the file.

    Raises:
        FileProblemError: the file breaks its schema.
    """
    return _all(site.folder)


def check(site: Site) -> int:
    """Check the file; return how many purposes it has."""
    return len(purposes(site))


def current_text(site: Site, purpose: str) -> ConsentText:
    """Return the text that is asked for now.

    Raises:
        KeyError: the file has no such purpose.
    """
    return purposes(site)[purpose].current


def give(session: Session, follower_id: int, purpose: str, *, version: int, now: datetime) -> bool:
    """Note that the follower agreed to the version they were shown; False if it stood already."""
    given = session.execute(
        insert_into(session, Consent)
        .values(follower_id=follower_id, purpose=purpose, version=version, given_at=now)
        .on_conflict_do_nothing(
            index_elements=["follower_id", "purpose", "version"],
            index_where=Consent.withdrawn_at.is_(None),
        )
        .returning(Consent.id)
    )
    return given.scalar_one_or_none() is not None


def withdraw(session: Session, follower_id: int, purpose: str, *, now: datetime) -> bool:
    """End every version of the consent that stands; False if none did."""
    ended = session.execute(
        update(Consent)
        .where(
            Consent.follower_id == follower_id,
            Consent.purpose == purpose,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
        .returning(Consent.id)
    )
    return bool(ended.scalars().all())


def has_given(
    session: Session, site: Site, follower_id: int, purpose: str, *, version: int | None = None
) -> bool:
    """Tell whether the consent stands: to the current text unless a version is named."""
    wanted = current_text(site, purpose).version if version is None else version
    session.flush()
    told = {"follower_id": follower_id, "purpose": purpose, "version": wanted}
    return session.connection().execute(_STANDS, told).one_or_none() is not None


def standing(connection: Connection, site: Site, follower_id: int) -> Sequence[Standing]:
    """Return the consents in force, the oldest first."""
    rows = connection.execute(
        select(Consent.purpose, Consent.version, Consent.given_at)
        .where(Consent.follower_id == follower_id, Consent.withdrawn_at.is_(None))
        .order_by(Consent.given_at, Consent.id)
    )
    known = purposes(site)
    return [
        Standing(purpose, known[purpose].name if purpose in known else purpose, version, given_at)
        for purpose, version, given_at in rows
    ]
