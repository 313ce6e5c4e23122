"""Uploads that staff write down for a visitor: begun, their files taken in, handed in.

Two transactions with the files between them: whoever is killed half-way leaves a draft, which is
deleted like every draft. Whoever enters one is no owner of it: the desk sees its own entries, and
nothing of what becomes of them but their state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.sealing import Contact, Sealer
from wx_archive.treasures import contacts, files, queries, saving, uploads
from wx_archive.treasures.files import Incoming
from wx_archive.treasures.models import Treasure, TreasureEvent
from wx_archive.treasures.queries import COLUMNS, Upload
from wx_archive.treasures.rules import Channel, State
from wx_archive.treasures.saving import Chosen
from wx_archive.treasures.steps import Doing, locked
from wx_archive.treasures.uploads import Told

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Visitor:
    """What a visitor tells at the desk.

    Attributes:
        chosen: of rights; what they cannot say yet stays open.
        consent_version: of the text that they have signed on paper.
    """

    told: Told
    chosen: Chosen
    contact: Contact
    consent_version: int


class TwiceError(RefusedError):
    """This very form was sent before.

    Attributes:
        upload: what came of it, as far as it has come.
    """

    def __init__(self, upload: Upload) -> None:
        done = "这一份刚才已经登记过，不用再交一次"
        super().__init__(done if upload.number else "这一份没有登记完，请重新打开表单登记一次")
        self.upload = upload


def begin(session: Session, visitor: Visitor, key: str, sealer: Sealer, doing: Doing) -> int:
    """Write down what a visitor tells; their files come next. Returns the draft's id.

    Args:
        session: one transaction.
        visitor: what they tell.
        key: the upload's public id, made with the form: a form that is sent twice enters once.
        sealer: for the contact.
        doing: who writes it down; nobody's upload comes into their hands by it.

    Raises:
        TwiceError: this form was sent before.
        RefusedError: something is missing, wrong or too long.
    """
    if (before := queries.by_pid(session.connection(), key)) is not None:
        raise TwiceError(before)
    treasure = uploads.begin(session, Channel.DESK, doing)
    treasure.pid = key
    try:
        session.flush()
    except IntegrityError as err:
        raise RefusedError("这一份正在登记，请到“今天登记的”里看") from err
    uploads.describe(session, treasure, visitor.told, doing)
    saving.save_chosen(session, treasure, visitor.chosen, doing)
    if is_settled(visitor.chosen):
        uploads.confirm(session, treasure, doing)
    contacts.keep(session, treasure.id, visitor.contact, sealer)
    return treasure.id


def finish(session: Session, treasure_id: int, consent_version: int, doing: Doing) -> Upload:
    """Hand in what was begun, once its files are stored.

    Raises:
        NothingSentError: not one of them was fit, and it is no tip either.
    """
    treasure = locked(session, treasure_id)
    return uploads.finish(session, treasure, doing, consent_version=consent_version)


def is_settled(chosen: Chosen) -> bool:
    """Tell whether everything of rights was said."""
    return None not in (chosen.ownership, chosen.wish, chosen.scope, chosen.credit)


def choose(session: Session, treasure_id: int, chosen: Chosen, doing: Doing) -> bool:
    """Take down what a visitor says of rights later on; False if it stands like that already.

    Raises:
        NotEditableError: it is past that.
    """
    treasure = locked(session, treasure_id)
    is_new = saving.save_chosen(session, treasure, chosen, doing)
    if is_settled(chosen) and treasure.confirmed_at is None:
        uploads.confirm(session, treasure, doing)
    return is_new


def note_refused(
    session: Session, treasure_id: int, incoming: Incoming, reason: str, doing: Doing
) -> None:
    """Note a file that came with nothing in it, or with too much: the receipt says so, too."""
    try:
        file = files.reserve(session, locked(session, treasure_id), incoming, now=doing.now)
    except files.TooManyFilesError:
        return  # as many as there may be are listed
    if file is not None:
        files.refused(session, file.id, reason, now=doing.now)


def give_up(session: Session, treasure_id: int, doing: Doing) -> list[str]:
    """Forget what was begun and came to nothing.

    Returns:
        The names of its objects, to be deleted once this has committed.
    """
    treasure = session.get(Treasure, treasure_id)
    if treasure is None or State(treasure.state) is not State.DRAFT:
        return []
    return uploads.drop(session, locked(session, treasure_id), doing)


def own(connection: Connection, login: str, pid: str) -> Upload | None:
    """Return what somebody entered at the desk; another one's is none."""
    row = connection.execute(COLUMNS.where(_entered_by(login), Treasure.pid == pid)).one_or_none()
    return None if row is None else Upload.of(row)


def own_by_number(connection: Connection, login: str, number: str) -> Upload | None:
    """Return what somebody entered at the desk, by its number, on whatever day."""
    wanted = COLUMNS.where(_entered_by(login), Treasure.number == number)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else Upload.of(row)


def of_day(connection: Connection, login: str, day: date) -> Sequence[Upload]:
    """Return what somebody entered at the desk on a day, the newest first."""
    begun = datetime.combine(day, time(), clock.SHANGHAI)
    rows = connection.execute(
        COLUMNS.where(
            _entered_by(login),
            Treasure.created_at >= begun,
            Treasure.created_at < begun + timedelta(days=1),
        )
        .order_by(-Treasure.id)
        .limit(MOST_LISTED)
    )
    return [Upload.of(row) for row in rows]


def _entered_by(login: str) -> ColumnElement[bool]:
    first = select(TreasureEvent.treasure_id).where(
        TreasureEvent.from_state.is_(None), TreasureEvent.actor == login[:60]
    )
    return (
        (Treasure.channel == Channel.DESK.value)
        & (Treasure.state != State.DRAFT.value)
        & Treasure.id.in_(first)
    )
