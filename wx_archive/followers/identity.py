"""Who opens a page: signed links given in the chat, sessions in a cookie, where one may be led.

A token names a follower by number and carries a keyed check over that row, so that it dies with
the row, even if the number is given to somebody else later. It never holds an openid.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import unquote, urlsplit

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import Connection, select

from wx_archive.core.settings import Settings
from wx_archive.followers.models import Follower
from wx_archive.wechat.account import Capability, Entitlements

LINK_LASTS: Final = timedelta(minutes=30)
SESSION_LASTS: Final = timedelta(hours=2)
ANY: Final = "any"
"""The purpose of a session that WeChat itself vouched for: it opens every page of the follower."""
MAX_PATH: Final = 512
_OWN_DOORS: Final = ("/h5/enter", "/h5/oauth")


@dataclass(frozen=True, slots=True)
class Visitor:
    """The follower whose page this is.

    Attributes:
        session: the cookie's value, which forms are bound to.
    """

    follower_id: int
    session: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a signed link opens: one purpose, for one follower, at one page."""

    follower_id: int
    purpose: str
    path: str


@dataclass(frozen=True, slots=True)
class Door:
    """Lets followers in to the pages that are theirs.

    Attributes:
        origin: public address of this service, without a trailing slash.
        has_oauth: WeChat tells this account who is reading.
        has_media: WeChat hands this account what followers send in the chat; others bring it
            through this door.
    """

    secret: str = field(repr=False)
    origin: str
    has_oauth: bool = False
    has_media: bool = True

    @classmethod
    def of(cls, settings: Settings) -> "Door":
        """Return the door of an installation."""
        may = Entitlements.of(settings).may
        return cls(
            settings.secret(),
            settings.origin,
            has_oauth=may(Capability.OAUTH),
            has_media=may(Capability.MEDIA),
        )

    @property
    def is_secure(self) -> bool:
        """Whether citizens come by https, so that cookies go nowhere else."""
        return self.origin.startswith("https://")

    def address(
        self, connection: Connection, follower_id: int, path: str, *, purpose: str, now: datetime
    ) -> str:
        """Return the address to give the follower in the chat for a page of theirs."""
        if self.has_oauth:
            return self.origin + path
        told = {"p": path} | self._claim(connection, follower_id, now + LINK_LASTS)
        token = self._serializer("link", purpose).dumps(told)
        return f"{self.origin}/h5/enter/{purpose}.{token}"

    def enter(self, connection: Connection, token: str, *, now: datetime) -> Entrance | None:
        """Return what a link opens; None if it is forged or too old, or its owner is gone."""
        purpose, _dot, signed = token.partition(".")
        told = self._loads("link", purpose, signed)
        follower_id = self._owner(connection, told, now=now)
        path = local_path(told.get("p"))
        if follower_id is None or path is None:
            return None
        return Entrance(follower_id, purpose, path)

    def new_session(
        self, connection: Connection, follower_id: int, *, purpose: str, now: datetime
    ) -> str:
        """Return the value of a cookie that stands for the follower."""
        # Never twice the same value: forms are bound to it.
        told = {"n": secrets.token_hex(8)} | self._claim(
            connection, follower_id, now + SESSION_LASTS
        )
        return self._serializer("session", purpose).dumps(told)

    def visitor(
        self, connection: Connection, cookie: str, *, purpose: str, now: datetime
    ) -> Visitor | None:
        """Return whom a session's cookie stands for, or None."""
        told = self._loads("session", purpose, cookie)
        follower_id = self._owner(connection, told, now=now)
        return None if follower_id is None else Visitor(follower_id, cookie)

    def form_token(self, visitor: Visitor) -> str:
        """Return what a form of this visitor's session must carry to be ours."""
        return self._digest("form", visitor.session)

    def is_own_form(self, visitor: Visitor, token: str) -> bool:
        """Tell whether a form was made for this visitor's session."""
        return hmac.compare_digest(self.form_token(visitor).encode(), token.encode())

    def _claim(
        self, connection: Connection, follower_id: int, until: datetime
    ) -> dict[str, object]:
        check = self._check(connection, follower_id)
        if check is None:
            message = "the follower is gone"
            raise LookupError(message)
        return {"f": follower_id, "c": check, "u": int(until.timestamp())}

    def _owner(
        self, connection: Connection, told: dict[str, object], *, now: datetime
    ) -> int | None:
        match told:
            case {"f": int(follower_id), "c": str(check), "u": int(until)}:
                standing = self._check(connection, follower_id)
                is_theirs = standing is not None and hmac.compare_digest(standing, check)
                return follower_id if is_theirs and now.timestamp() < until else None
            case _:
                return None

    def _check(self, connection: Connection, follower_id: int) -> str | None:
        row = connection.execute(
            select(Follower.openid, Follower.first_seen_at).where(Follower.id == follower_id)
        ).one_or_none()
        if row is None:
            return None
        return self._digest("row", f"{follower_id}\0{row.openid}\0{row.first_seen_at.timestamp()}")

    def _digest(self, use: str, text: str) -> str:
        key = f"h5-{use}\0{self.secret}".encode()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]

    def _serializer(self, use: str, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(
            self.secret,
            salt=f"h5-{use}:{purpose}",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def _loads(self, use: str, purpose: str, signed: str) -> dict[str, object]:
        try:
            told = self._serializer(use, purpose).loads(signed)
        except (BadData, ValueError):
            return {}
        return told if isinstance(told, dict) else {}


def local_path(text: object) -> str | None:
    """Return the address of a page of ours below `/h5/`, or None for anything else.

    Only what every browser reads the same way passes: printable ASCII, no scheme, no host, no
    backslash, no empty or dotted segment, and never back to a door.
    """
    if not isinstance(text, str) or not text.startswith("/h5/") or len(text) > MAX_PATH:
        return None
    if not all("!" <= char <= "~" for char in text) or "\\" in text or "//" in text:
        return None
    parts = urlsplit(text)
    segments = unquote(parts.path).split("/")
    if parts.scheme or parts.netloc or any(segment in {".", ".."} for segment in segments):
        return None
    if any("\\" in segment or not segment.isprintable() for segment in segments):
        return None
    plain = unquote(parts.path)
    return None if "//" in plain or plain.startswith(_OWN_DOORS) else text
