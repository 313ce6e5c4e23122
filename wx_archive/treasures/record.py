"""An accessioned piece in the catalogue: described when it is entered, open while it is shown."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final, Self

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.catalogue import decisions, entering
from wx_archive.catalogue.files.livelihood import Livelihood, livelihood_of
from wx_archive.catalogue.models import Record
from wx_archive.catalogue.visibility import is_current, public_records
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import Services
from wx_archive.treasures import dating
from wx_archive.treasures import register_texts as texts
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.register_models import Accession
from wx_archive.treasures.register_queries import Agreed
from wx_archive.treasures.rules import Ownership, Wish
from wx_archive.treasures.steps import Doing

FOR_EVER: Final = "Y"
"""保管期限 of what was accessioned: permanent."""
COPY: Final = "复制件"
"""载体 where the house has no original; the record's page then invites nobody to see one."""


@dataclass(frozen=True, slots=True)
class Describing:
    """What a description of this installation needs.

    Attributes:
        secret: keys its public id.
        livelihood: the site's rules of what is never listed.
    """

    secret: str = field(repr=False)
    livelihood: Livelihood | None

    @classmethod
    def of(cls, services: Services) -> Self:
        """Return what the installation has."""
        return cls(services.settings.secret(), livelihood_of(services.site.content))


def describe(
    session: Session,
    accession: Accession,
    treasure: Treasure,
    agreed: Agreed,
    fonds: str,
    describing: Describing,
    doing: Doing,
) -> str:
    """Enter a piece into the catalogue, closed; return the record's public id.

    Raises:
        RefusedError: the catalogue does not take it.
    """
    told: dict[str, object] = {
        "id": accession.number,
        "ref_code": f"{fonds}-{accession.number}",
        "level": "item",
        "fonds": fonds,
        "title": accession.title,
        "date": dating.catalogued(treasure.year_text),
        "responsible": _author(treasure, agreed),
        "carrier": COPY if agreed.wish is Wish.COPY else "",
        "retention": FOR_EVER,
        "note": texts.provenance(
            agreed.credited, Wish(agreed.wish), accession.received_on, accession.number
        ),
        "location": accession.location,
        "openness": "控制",
        "restriction_note": texts.RESTRICTED,
    }
    try:
        return entering.enter_record(
            session,
            told,
            secret=describing.secret,
            livelihood=describing.livelihood,
            now=doing.now,
            today=doing.today,
        )
    except entering.BadRecordError as err:
        raise RefusedError(f"{texts.RECORD_REFUSED}：{err}") from err


def follow(session: Session, accession: Accession, doing: Doing, *, is_shown: bool) -> None:
    """Open or close a piece's record; one that stands so already is left alone.

    A record that an import has taken away meanwhile is none to be opened or closed.
    """
    pid = accession.record_pid
    known = select(Record.openness).where(Record.pid == pid, is_current(Record))
    openness = session.scalars(known).one_or_none()
    if pid is None or openness is None:
        return
    if is_shown:
        reason = f"{accession.number}：珍档展示"
        decisions.open_record(session, pid, reason=reason, now=doing.now, today=doing.today)
    elif openness == "open":
        reason = f"{accession.number}：珍档撤下"
        decisions.close_record(session, pid, reason=reason, now=doing.now, today=doing.today)


def is_open(connection: Connection, pid: str | None, *, today: date) -> bool:
    """Tell whether the public finds a piece's record on a Shanghai day."""
    if pid is None:
        return False
    seen = select(Record.id).where(Record.pid == pid, public_records(today))
    return connection.execute(seen.limit(1)).first() is not None


def recredit(session: Session, accession: Accession, agreed: Agreed, doing: Doing) -> None:
    """Have a piece's record name whom the agreement names now."""
    if accession.record_pid is None:
        return
    record = decisions.record_of(session, accession.record_pid)
    record.author = _author(session.get_one(Treasure, accession.treasure_id), agreed)
    record.note = texts.provenance(
        agreed.credited, agreed.wish, accession.received_on, accession.number
    )
    decisions.reindex(session, record, today=doing.today)


def only_copy(session: Session, accession: Accession, doing: Doing, *, is_copy: bool) -> None:
    """Have a piece's record say whether the house has no more than a copy of it."""
    known = select(Record.id).where(Record.pid == accession.record_pid, is_current(Record))
    if accession.record_pid is None or session.scalars(known).first() is None:
        return
    record = decisions.record_of(session, accession.record_pid)
    record.carrier = COPY if is_copy else ""
    decisions.reindex(session, record, today=doing.today)


def _author(treasure: Treasure, agreed: Agreed) -> str:
    """Return whom a record names as its author: givers who made it; where it came from is a note.

    Years are the piece's own: the one of its accession stands in its number.
    """
    return agreed.author if treasure.ownership == Ownership.MADE else ""
