"""How to reach somebody whom WeChat does not: sealed at rest, read by the desk alone, soon gone."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Connection, delete, select
from sqlalchemy.orm import Session

from wx_archive.core.database import insert_into
from wx_archive.core.errors import RefusedError
from wx_archive.enquiries import wording
from wx_archive.enquiries.models import Enquiry, EnquiryContact

LENGTHS: Final = {"name": 40, "phone": 40, "address": 120}
TOO_LONG: Final = "联系方式太长：姓名、电话各 40 个字以内，地址 120 个字以内"
_SEALED: Final = select(EnquiryContact.sealed).join(
    Enquiry, Enquiry.id == EnquiryContact.enquiry_id
)


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody's name and where an answer reaches them; never printed into a log."""

    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    address: str = field(default="", repr=False)

    @classmethod
    def tidied(cls, *, name: str, phone: str, address: str) -> "Contact":
        """Return what was written down, without marks that nobody sees."""
        return cls(wording.tidy(name), wording.tidy(phone), wording.tidy(address))

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.name or self.phone or self.address)


class Sealer:
    """Seals contacts under a key that only this installation has."""

    def __init__(self, secret: str) -> None:
        key = sha256(f"enquiries-contact {secret}".encode()).digest()
        self._fernet = Fernet(urlsafe_b64encode(key))

    def seal(self, contact: Contact) -> bytes:
        """Return what is stored."""
        return self._fernet.encrypt(json.dumps(asdict(contact), ensure_ascii=False).encode())

    def open(self, sealed: bytes) -> Contact | None:
        """Return the contact; None where it was sealed under another secret."""
        try:
            told = json.loads(self._fernet.decrypt(sealed))
        except (InvalidToken, ValueError):
            return None
        return Contact(**told)


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


def read_form(form: Mapping[str, str]) -> Contact:
    """Return the contact that a form brings.

    Raises:
        RefusedError: something is too long to be a name, a telephone or an address.
    """
    given = Contact.tidied(**{name: form.get(name, "") for name in LENGTHS})
    for name, bound in LENGTHS.items():
        if len(getattr(given, name)) > bound:
            raise RefusedError(TOO_LONG)
    return given


def wipe(session: Session, enquiry_id: int) -> None:
    """Remove a request's contact."""
    session.execute(delete(EnquiryContact).where(EnquiryContact.enquiry_id == enquiry_id))
