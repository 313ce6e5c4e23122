"""The media library: bringing in, finding, describing, withdrawing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, BinaryIO, Final, Self

from sqlalchemy import ColumnElement, Connection, Executable, Select, or_, select
from sqlalchemy.orm import Session

from wx_archive.core import ids, jobs
from wx_archive.core.database import insert_into
from wx_archive.core.errors import RefusedError
from wx_archive.core.text import xml_safe
from wx_archive.media import arrivals, texts
from wx_archive.media.arrivals import Arrival
from wx_archive.media.models import Asset
from wx_archive.media.objects import ObjectStore
from wx_archive.media.rules import (
    ALT_LENGTH,
    CREDIT_LENGTH,
    GIVEN,
    TITLE_LENGTH,
    MediaKind,
    fills_cover,
)

PAGE: Final = 24
TAKEN_OFF: Final = "media.taken_off"
"""Job: whatever was made of a file that may be shown no more is made anew without it; payload
``{"asset": public id}``."""
_MOST_WORDS: Final = 5


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of an asset.

    Attributes:
        sha256: its key in the object store.
        width_px: of pictures and films, turned the right way up.
        duration_ms: of films and recordings; None where nobody could measure it.
        alt: what a picture shows, for those who do not see it.
        credit: where it comes from and whose it is.
        withdrawn_at: since when it is shown nowhere.
    """

    id: int
    pid: str
    kind: MediaKind
    sha256: str
    content_type: str
    size_bytes: int
    width_px: int | None
    height_px: int | None
    duration_ms: int | None
    title: str
    alt: str
    credit: str
    made_by: str
    made_at: datetime
    withdrawn_at: datetime | None

    @property
    def is_withdrawn(self) -> bool:
        """Whether it is offered no more and shown nowhere."""
        return self.withdrawn_at is not None

    @property
    def fills_cover(self) -> bool:
        """Whether it is large enough for a cover."""
        return fills_cover(self.width_px, self.height_px)

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row's or an object's facts."""
        values = {field.name: getattr(row, field.name) for field in fields(cls)}
        return cls(**{**values, "kind": MediaKind(values["kind"])})


@dataclass(frozen=True, slots=True)
class Described:
    """What staff say of a file; longer words are refused, not cut."""

    title: str
    alt: str = ""
    credit: str = ""

    def __post_init__(self) -> None:
        """Leave out what no text may hold, and refuse what the columns do not."""
        for field in fields(self):
            words = " ".join(xml_safe(getattr(self, field.name)).split())
            object.__setattr__(self, field.name, words)
        bounds = (("标题", self.title, TITLE_LENGTH), ("说明", self.alt, ALT_LENGTH))
        for name, words, most in (*bounds, ("出处", self.credit, CREDIT_LENGTH)):
            if len(words) > most:
                raise RefusedError(f"{name}最多 {most} 个字，现在有 {len(words)} 个")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for in the library.

    Attributes:
        before: id of the last one of the page before; 0 for the first page.
        not_by: what this one has brought in is left out; empty: nothing is.
    """

    kind: MediaKind | None = None
    words: str = ""
    before: int = 0
    is_withdrawn: bool = False
    not_by: str = ""


def bring_in(  # noqa: PLR0913 -- all of it is told once, here
    session: Session,
    store: ObjectStore,
    file: BinaryIO,
    *,
    name: str,
    title: str,
    alt: str,
    credit: str,
    made_by: str,
    now: datetime,
) -> Asset:
    """Look at a file, store it and enter it; see `enter`.

    Looking takes a while: what others wait for calls `arrivals.receive` before its transaction.

    Raises:
        RefusedError: it is not fit, or it was withdrawn.
    """
    arrival = arrivals.receive(store, file, name=name)
    described = Described(title, alt, credit)
    return enter(session, arrival, described, made_by=made_by, now=now)


def enter(
    session: Session, arrival: Arrival, described: Described, *, made_by: str, now: datetime
) -> Asset:
    """Make a stored file an asset; the same bytes stay what they were called the first time.

    Raises:
        RefusedError: the same bytes were withdrawn.
    """
    session.execute(_insert(session, arrival, described, made_by=made_by, now=now))
    asset = session.scalars(select(Asset).where(Asset.sha256 == arrival.sha256)).one()
    if asset.withdrawn_at is not None:
        raise RefusedError(texts.WITHDRAWN)
    return asset


def find(connection: Connection, pids: Iterable[str]) -> Mapping[str, Held]:
    """Return assets by their public ids; a withdrawn one is missing like one that never was."""
    asked = [pid for pid in dict.fromkeys(pids) if ids.is_pid(pid)]
    if not asked:
        return {}
    rows = connection.execute(_all().where(Asset.pid.in_(asked), Asset.withdrawn_at.is_(None)))
    return {row.pid: Held.of(row) for row in rows}


def look_up(connection: Connection, pid: str) -> Held | None:
    """Return an asset for the library's own pages, withdrawn or not."""
    if not ids.is_pid(pid):
        return None
    row = connection.execute(_all().where(Asset.pid == pid)).one_or_none()
    return None if row is None else Held.of(row)


def search(connection: Connection, wanted: Wanted, *, limit: int = PAGE) -> Sequence[Held]:
    """Return what the library has, the newest first; every word must be somewhere."""
    found = _all().order_by(Asset.id.desc()).limit(limit)
    found = found.where(
        Asset.withdrawn_at.is_not(None) if wanted.is_withdrawn else Asset.withdrawn_at.is_(None)
    )
    if wanted.kind is not None:
        found = found.where(Asset.kind == wanted.kind)
    if wanted.before:
        found = found.where(Asset.id < wanted.before)
    if wanted.not_by:
        found = found.where(Asset.made_by != wanted.not_by)
    for word in xml_safe(wanted.words).split()[:_MOST_WORDS]:
        found = found.where(_says(word))
    return [Held.of(row) for row in connection.execute(found)]


def describe(session: Session, pid: str, described: Described) -> tuple[Held, Held] | None:
    """Change what is said of an asset; returns it before and after, None if there is none."""
    asset = _locked(session, pid)
    if asset is None:
        return None
    before = Held.of(asset)
    asset.title = described.title or texts.UNTITLED
    asset.alt, asset.credit = described.alt, described.credit
    session.flush()
    return before, Held.of(asset)


def withdraw(session: Session, pid: str, *, now: datetime) -> Held | None:
    """Show an asset nowhere any more; again, it changes nothing. None if there is none."""
    asset = _locked(session, pid)
    if asset is None:
        return None
    if asset.withdrawn_at is None:
        _take_off(session, asset, now)
    return Held.of(asset)


def restore(session: Session, pid: str) -> Held | None:
    """Offer a withdrawn asset again. None if there is none.

    Raises:
        RefusedError: it is a picture of something given; see `offer`.
    """
    asset = _locked(session, pid)
    if asset is None:
        return None
    if asset.made_by == GIVEN:
        raise RefusedError(texts.GIVEN)
    asset.withdrawn_at = None
    session.flush()
    return Held.of(asset)


def lend(session: Session, arrival: Arrival, described: Described, *, now: datetime) -> Asset:
    """Make a picture of something that citizens gave an asset, which the library does not offer.

    Its own page shows it; `offer` puts it on the library's shelf where its giver allows that.

    Raises:
        RefusedError: somebody has brought in the very same picture by hand.
    """
    session.execute(_insert(session, arrival, described, made_by=GIVEN, now=now, withdrawn_at=now))
    asset = session.scalars(
        select(Asset).where(Asset.sha256 == arrival.sha256).with_for_update()
    ).one()
    if asset.made_by != GIVEN:
        raise RefusedError(texts.GIVEN_ELSEWHERE)
    asset.title, asset.alt, asset.credit = described.title, described.alt, described.credit
    session.flush()
    return asset


def offer(session: Session, pid: str, *, is_offered: bool, now: datetime) -> None:
    """Put a lent picture on the library's shelf, or take it off; pages that use it follow."""
    asset = _locked(session, pid)
    if asset is None or asset.made_by != GIVEN:
        raise LookupError(pid)
    if is_offered:
        asset.withdrawn_at = None
        session.flush()
    elif asset.withdrawn_at is None:
        _take_off(session, asset, now)


def known(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Return which SHA-256s are assets, withdrawn ones too: their objects are kept."""
    return set(connection.scalars(select(Asset.sha256).where(Asset.sha256.in_(list(keys)))))


def _insert(
    session: Session,
    arrival: Arrival,
    described: Described,
    *,
    made_by: str,
    now: datetime,
    withdrawn_at: datetime | None = None,
) -> Executable:
    """Return what enters a stored file, unless it is there."""
    facts = arrival.facts
    return (
        insert_into(session, Asset)
        .values(
            pid=ids.random_pid(),
            kind=facts.kind,
            sha256=arrival.sha256,
            content_type=facts.content_type,
            size_bytes=arrival.size_bytes,
            width_px=facts.width_px,
            height_px=facts.height_px,
            duration_ms=facts.duration_ms,
            title=described.title or texts.UNTITLED,
            alt=described.alt,
            credit=described.credit,
            made_by=made_by,
            made_at=now,
            withdrawn_at=withdrawn_at,
        )
        .on_conflict_do_nothing(index_elements=["sha256"])
    )


def _take_off(session: Session, asset: Asset, now: datetime) -> None:
    asset.withdrawn_at = now
    session.flush()
    key = f"{TAKEN_OFF}:{asset.id}:{now.isoformat()}"
    jobs.enqueue(session, TAKEN_OFF, {"asset": asset.pid}, key=key, now=now)


def _all() -> Select[Any]:
    return select(*(getattr(Asset, field.name) for field in fields(Held)))


def _says(word: str) -> ColumnElement[bool]:
    columns = (Asset.title, Asset.alt, Asset.credit)
    return or_(*(column.icontains(word, autoescape=True) for column in columns))


def _locked(session: Session, pid: str) -> Asset | None:
    if not ids.is_pid(pid):
        return None
    return session.scalars(select(Asset).where(Asset.pid == pid).with_for_update()).one_or_none()
