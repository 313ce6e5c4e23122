"""How to reach somebody whom WeChat does not: sealed at rest, read by the desk alone, soon gone."""

from typing import Final

from sqlalchemy import Connection, delete, select
from sqlalchemy.orm import Session

from wx_archive.core import sealing
from wx_archive.core.database import insert_into
from wx_archive.core.sealing import LENGTHS, TOO_LONG, Contact, read_form
from wx_archive.enquiries.models import Enquiry, EnquiryContact

__all__ = [
    "LENGTHS",
    "TOO_LONG",
    "Contact",
    "Sealer",
    "is_kept",
    "keep",
    "read",
    "read_form",
    "wipe",
]

_SEALED: Final = select(EnquiryContact.sealed).join(
    Enquiry, Enquiry.id == EnquiryContact.enquiry_id
)


class Sealer(sealing.Sealer):
    """Seals what requests know of somebody."""

    def __init__(self, secret: str) -> None:
        super().__init__(secret, "enquiries-contact")


def keep(session: Session, enquiry_id: int, contact: Contact, sealer: Sealer) -> None:
    """Keep a request's contact instead of the one before; an empty one removes it."""
    if contact.is_empty:
        wipe(session, enquiry_id)
        return
    sealed = sealer.seal(contact)
    session.execute(
        insert_into(session, EnquiryContact)
        .values(enquiry_id=enquiry_id, sealed=sealed)
        .on_conflict_do_update(index_elements=["enquiry_id"], set_={"sealed": sealed})
    )


def is_kept(connection: Connection, number: str) -> bool:
    """Tell whether a request has a contact."""
    mine = _SEALED.where(Enquiry.number == number)
    return connection.execute(mine).first() is not None


def read(session: Session, number: str, sealer: Sealer) -> Contact | None:
    """Return a request's contact; None where there is none, or none that can be opened."""
    sealed = session.execute(_SEALED.where(Enquiry.number == number)).scalar_one_or_none()
    return None if sealed is None else sealer.open(sealed)


def wipe(session: Session, enquiry_id: int) -> None:
    """Remove a request's contact."""
    session.execute(delete(EnquiryContact).where(EnquiryContact.enquiry_id == enquiry_id))
