"""The one-time state of a web authorisation: bound to a browser, used once, ten minutes.

Kept in the shared store, hashed: who reads the store cannot finish anybody's authorisation.
Source: docs/sources.md#oauth, RFC 6749 section 10.12.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from wx_archive.core.store import KeyValues

LASTS: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Begun:
    """A new authorisation.

    Attributes:
        state: goes to WeChat and comes back (letters and digits only, as it demands).
        browser: stays with the browser, in a cookie of its own.
    """

    state: str = field(repr=False)
    browser: str = field(repr=False)


def begin(store: KeyValues, path: str) -> Begun:
    """Note where the reader wants to go, and return what is to come back."""
    begun = Begun(secrets.token_hex(32), secrets.token_hex(32))
    told = json.dumps([_hash(begun.browser), path]).encode()
    store.put({f"oauth:{_hash(begun.state)}": (told, LASTS)})
    return begun


def finish(store: KeyValues, state: str, browser: str) -> str | None:
    """Return where the reader wanted to go; None for a state that is not good here and now.

    Another browser's state is refused and not used up: nobody can spoil it for its owner.
    """
    key = _hash(state)
    told = store.get(f"oauth:{key}")
    if told is None:
        return None
    owner, path = json.loads(told)
    if not secrets.compare_digest(owner, _hash(browser)):
        return None
    # Whoever writes first has it; two requests at one moment cannot both be first.
    mine = secrets.token_bytes(16)
    if store.add(f"oauth-used:{key}", mine, ttl=2 * LASTS) != mine:
        return None
    store.drop(f"oauth:{key}")
    return str(path)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
