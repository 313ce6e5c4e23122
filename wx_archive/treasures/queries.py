"""What is known of uploads, their files and steps, as frozen values; nothing here changes any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Self

from sqlalchemy import Connection, Select, func, select

from wx_archive.staff.models import Member
from wx_archive.treasures import rules
from wx_archive.treasures.models import Treasure, TreasureEvent, TreasureFile
from wx_archive.treasures.rules import (
    Action,
    Channel,
    Credit,
    FileKind,
    FileState,
    Ownership,
    Scope,
    State,
    Wish,
)


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload; see `models.Treasure`.

    Attributes:
        owner_name: of the staff member who has it in hand; empty for nobody.
    """

    id: int
    pid: str
    number: str | None
    state: State
    channel: Channel
    follower_id: int | None
    title: str
    story: str
    year_text: str
    place: str
    people: str
    ownership: Ownership | None
    wish: Wish | None
    scope: Scope | None
    scope_until: date | None
    credit: Credit | None
    credit_name: str
    consent_version: int | None
    consented_at: datetime | None
    confirmed_at: datetime | None
    note: str
    asked_from: State | None
    last_file_at: datetime | None
    owner_id: int | None
    owner_name: str
    act_by: date | None
    erase_on: date | None
    erased_at: datetime | None
    created_at: datetime
    changed_at: datetime
    version: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row's facts."""
        values = {field.name: getattr(row, field.name) for field in fields(cls)}
        return cls(**{**values, **{name: _as(kind, values[name]) for name, kind in _KINDS.items()}})

    @property
    def label(self) -> str:
        """Where it stands, in the sender's words."""
        return rules.STATES[self.state]

    @property
    def is_editable(self) -> bool:
        """Whether the sender may still add files and change what was told."""
        return self.state in rules.EDITABLE

    @property
    def called(self) -> str:
        """What it is called where one line has to do."""
        return self.title or self.number or "没有题名"

    @property
    def credited(self) -> str:
        """Under which name it is shown."""
        return rules.credited(self.credit, self.credit_name)

    def is_late(self, today: date) -> bool:
        """Tell whether the staff have let its day pass."""
        return self.state in rules.STAFF_ACTS and self.act_by is not None and self.act_by < today


@dataclass(frozen=True, slots=True)
class File:
    """A file of an upload; see `models.TreasureFile`."""

    id: int
    pid: str
    treasure_id: int
    place: int
    state: FileState
    source: Channel
    kind: FileKind
    media_id: str | None
    media_until: datetime | None
    object_key: str | None
    name: str
    sha256: str | None
    size_bytes: int | None
    content_type: str
    width_px: int | None
    height_px: int | None
    duration_ms: int | None
    likeness: str
    taken_text: str
    is_dark: bool
    is_blurred: bool
    turned: int
    is_cover: bool
    is_evidence: bool
    scanner: str
    reason: str
    received_at: datetime
    stored_at: datetime | None
    settled_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row's or an object's facts."""
        values = {field.name: getattr(row, field.name) for field in fields(cls)}
        kinds = {"state": FileState, "source": Channel, "kind": FileKind}
        return cls(**{**values, **{name: kind(values[name]) for name, kind in kinds.items()}})

    @property
    def is_picture(self) -> bool:
        """Whether there is something to be shown of it."""
        return self.state is FileState.CLEAN and self.kind is FileKind.IMAGE


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an upload; see `models.TreasureEvent`.

    Attributes:
        actor_name: of the staff member, else 送件人 and the like.
    """

    id: int
    at: datetime
    action: Action
    from_state: State | None
    to_state: State
    note: str
    actor: str
    actor_name: str


_KINDS: Mapping[str, Any] = {
    "state": State,
    "channel": Channel,
    "ownership": Ownership,
    "wish": Wish,
    "scope": Scope,
    "credit": Credit,
    "asked_from": State,
}
_OWN = tuple(field.name for field in fields(Upload) if field.name != "owner_name")
COLUMNS: Select[Any] = select(
    *(getattr(Treasure, name) for name in _OWN),
    func.coalesce(Member.name, "").label("owner_name"),
).outerjoin(Member, Member.id == Treasure.owner_id)
FILES: Select[Any] = select(*(getattr(TreasureFile, field.name) for field in fields(File)))
ACTORS = {"sender": "送件人", "clock": "到期", "erasure": "删除资料"}


def by_id(connection: Connection, treasure_id: int) -> Upload:
    """Return the upload with this id, which must be there."""
    return Upload.of(connection.execute(COLUMNS.where(Treasure.id == treasure_id)).one())


def by_pid(connection: Connection, pid: str) -> Upload | None:
    """Return the upload of a page's address."""
    row = connection.execute(COLUMNS.where(Treasure.pid == pid)).one_or_none()
    return None if row is None else Upload.of(row)


def by_number(connection: Connection, number: str) -> Upload | None:
    """Return the upload of this number."""
    row = connection.execute(COLUMNS.where(Treasure.number == number)).one_or_none()
    return None if row is None else Upload.of(row)


def of_follower(connection: Connection, follower_id: int, *, limit: int) -> list[Upload]:
    """Return a follower's uploads, the newest first."""
    mine = COLUMNS.where(Treasure.follower_id == follower_id)
    return [Upload.of(row) for row in connection.execute(mine.order_by(-Treasure.id).limit(limit))]


def own(connection: Connection, follower_id: int, number: str) -> Upload | None:
    """Return one's own upload of this number; somebody else's is none."""
    mine = COLUMNS.where(Treasure.follower_id == follower_id, Treasure.number == number)
    row = connection.execute(mine).one_or_none()
    return None if row is None else Upload.of(row)


def draft_of(connection: Connection, follower_id: int) -> Upload | None:
    """Return the upload that a follower has begun and not finished; the newest, if several."""
    mine = COLUMNS.where(Treasure.follower_id == follower_id, Treasure.state == State.DRAFT)
    row = connection.execute(mine.order_by(-Treasure.id).limit(1)).one_or_none()
    return None if row is None else Upload.of(row)


def asked_of(connection: Connection, follower_id: int) -> Upload | None:
    """Return the upload about which a follower was asked something; the last one, if several."""
    mine = COLUMNS.where(Treasure.follower_id == follower_id, Treasure.state == State.NEED_INFO)
    last = mine.order_by(Treasure.changed_at.desc(), -Treasure.id).limit(1)
    row = connection.execute(last).one_or_none()
    return None if row is None else Upload.of(row)


def files(connection: Connection, treasure_id: int, *, evidence: bool = False) -> list[File]:
    """Return an upload's files in their order, whatever their state.

    Args:
        connection: lent.
        treasure_id: whose.
        evidence: signed papers that staff have scanned, instead of the pieces.
    """
    mine = FILES.where(
        TreasureFile.treasure_id == treasure_id, TreasureFile.is_evidence.is_(evidence)
    )
    rows = connection.execute(mine.order_by(TreasureFile.place, TreasureFile.id))
    return [File.of(row) for row in rows]


def file_by_pid(connection: Connection, pid: str) -> File | None:
    """Return the file of an address; whose it may be shown to is the caller's to see."""
    row = connection.execute(FILES.where(TreasureFile.pid == pid)).one_or_none()
    return None if row is None else File.of(row)


def cover(all_files: Sequence[File]) -> File | None:
    """Return the picture that stands for an upload: the chosen one, else the first."""
    pictures = [file for file in all_files if file.is_picture]
    return next((file for file in pictures if file.is_cover), pictures[0] if pictures else None)


def steps(connection: Connection, treasure_id: int) -> list[Step]:
    """Return an upload's steps, the oldest first."""
    rows = connection.execute(
        select(TreasureEvent.__table__, Member.name.label("member_name"))
        .outerjoin(Member, Member.login == TreasureEvent.actor)
        .where(TreasureEvent.treasure_id == treasure_id)
        .order_by(TreasureEvent.id)
    )
    return [_step(row) for row in rows]


def _step(row: Any) -> Step:
    return Step(
        row.id,
        row.at,
        Action(row.action),
        None if row.from_state is None else State(row.from_state),
        State(row.to_state),
        row.note,
        row.actor,
        row.member_name or ACTORS.get(row.actor, row.actor),
    )


def _as(kind: Any, value: Any) -> Any:
    return None if value is None else kind(value)
