"""Who a sender really is and how to reach them: sealed at rest, read by few, each look noted."""

from typing import Final

from sqlalchemy import Connection, delete, select
from sqlalchemy.orm import Session

from wx_archive.core.database import insert_into
from wx_archive.core.sealing import Contact, Sealer
from wx_archive.core.settings import Settings
from wx_archive.treasures.models import TreasureContact

_USE: Final = "treasures-contact"


def sealer(settings: Settings) -> Sealer:
    """Return what seals contacts in this installation."""
    return Sealer(settings.secret(), _USE)


def keep(session: Session, treasure_id: int, contact: Contact, own: Sealer) -> None:
    """Keep an upload's contact instead of the one before; an empty one removes it."""
    if contact.is_empty:
        wipe(session, treasure_id)
        return
    sealed = own.seal(contact)
    session.execute(
        insert_into(session, TreasureContact)
        .values(treasure_id=treasure_id, sealed=sealed)
        .on_conflict_do_update(index_elements=["treasure_id"], set_={"sealed": sealed})
    )


def is_kept(connection: Connection, treasure_id: int) -> bool:
    """Tell whether an upload has a contact."""
    mine = select(TreasureContact.treasure_id).where(TreasureContact.treasure_id == treasure_id)
    return connection.execute(mine).first() is not None


def read(session: Session, treasure_id: int, own: Sealer) -> Contact | None:
    """Return an upload's contact; None where there is none, or none that can be opened."""
    mine = select(TreasureContact.sealed).where(TreasureContact.treasure_id == treasure_id)
    sealed = session.execute(mine).scalar_one_or_none()
    return None if sealed is None else own.open(sealed)


def wipe(session: Session, treasure_id: int) -> None:
    """Remove an upload's contact."""
    session.execute(delete(TreasureContact).where(TreasureContact.treasure_id == treasure_id))
