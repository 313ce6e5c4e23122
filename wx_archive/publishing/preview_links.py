"""Links that show colleagues a piece before readers see it: one piece, its words of now, a day."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

LASTS: Final = timedelta(hours=24)
_SALT: Final = "piece-preview"
_HASH_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is good for.

    Attributes:
        pid: of the piece.
        content_hash: the beginning of its content's fingerprint; other words need another link.
    """

    pid: str
    content_hash: str
    until: datetime

    def is_for(self, content_hash: str) -> bool:
        """Tell whether these are the words that it was made for."""
        return content_hash[:_HASH_LENGTH] == self.content_hash


def make(secret: str, pid: str, content_hash: str, *, now: datetime) -> str:
    """Return the token of a new link."""
    until = int((now + LASTS).timestamp())
    told = {"piece": pid, "hash": content_hash[:_HASH_LENGTH], "until": until}
    return str(_sealer(secret).dumps(told))


def read(secret: str, token: str, *, now: datetime) -> Link | None:
    """Return what a token is good for; None for one that is over or was never ours."""
    try:
        told = _sealer(secret).loads(token)
        link = Link(told["piece"], told["hash"], datetime.fromtimestamp(told["until"], UTC))
    except (BadData, KeyError, TypeError):
        return None
    return link if now < link.until else None


def _sealer(secret: str) -> URLSafeSerializer:
    # Of its own purpose: no other seal of the installation opens a piece.
    return URLSafeSerializer(secret, salt=_SALT)
