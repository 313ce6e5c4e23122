"""How to reach somebody, and who they really are: sealed at rest under the installation's key."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

from wx_archive.core.errors import RefusedError
from wx_archive.core.wording import tidy

LENGTHS: Final = {"name": 40, "phone": 40, "address": 120}
TOO_LONG: Final = "联系方式太长：姓名、电话各 40 个字以内，地址 120 个字以内"


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody's name and where an answer reaches them; never printed into a log."""

    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    address: str = field(default="", repr=False)

    @classmethod
    def tidied(cls, *, name: str, phone: str, address: str) -> "Contact":
        """Return what was written down, without marks that nobody sees."""
        return cls(tidy(name), tidy(phone), tidy(address))

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.name or self.phone or self.address)


class Sealer:
    """Seals contacts under a key that only this installation has, another one for each use."""

    def __init__(self, secret: str, use: str) -> None:
        key = sha256(f"{use} {secret}".encode()).digest()
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
