"""我的代码: a one-time code with which somebody at the desk shows which follower they are."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from wx_archive.chat.turn import Turn
from wx_archive.core.store import KeyValues
from wx_archive.followers.models import Follower
from wx_archive.followers.personal_data import Case, PersonalData, Row

MINE: Final = "my-code"
DIGITS: Final = 8
LASTS: Final = timedelta(minutes=10)
_KEY: Final = "desk-code"


def give(turn: Turn[Any]) -> str:
    """Return a new code of the follower; the one before it is good no more."""
    store = turn.store
    if old := turn.recall(MINE):
        store.drop(old.decode())
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    key = _key(code, turn.door.secret)
    mark = mark_of(turn.session.connection(), turn.follower_id)
    store.put({key: (json.dumps([turn.follower_id, mark]).encode(), LASTS)})
    turn.remember(MINE, key.encode(), ttl=LASTS)
    return code


def redeem(store: KeyValues, connection: Connection, code: str, *, secret: str) -> int | None:
    """Return whose code it is, once; None when no such code is in force."""
    key = _key(code, secret)
    kept = store.get(key)
    if kept is None:
        return None
    store.drop(key)
    follower_id, mark = json.loads(kept)
    # The number of somebody who was erased may be somebody else's by now.
    return int(follower_id) if mark_of(connection, follower_id) == mark else None


def mark_of(connection: Connection, follower_id: int) -> str | None:
    """Return what tells a follower's row from a later one of the same number; None of nobody."""
    since = connection.scalar(select(Follower.first_seen_at).where(Follower.id == follower_id))
    return None if since is None else since.isoformat()


def _key(code: str, secret: str) -> str:
    digest = hmac.new(f"{_KEY}\0{secret}".encode(), code.encode(), hashlib.sha256).hexdigest()
    return f"{_KEY}:{digest[:40]}"


def _kept(case: Case) -> str | None:
    kept = case.store.get(f"{MINE}:{case.pseudonym}")
    return None if kept is None else kept.partition(b"\n")[2].decode()


def _export(case: Case) -> Sequence[Row]:
    return [{"说明": "有一个给窗口用的代码，还没有过期"}] if _kept(case) else []


def _erase(case: Case) -> None:
    if key := _kept(case):
        case.store.drop(key)
    case.store.drop(f"{MINE}:{case.pseudonym}")


RULES = (PersonalData(f"store:{MINE}", "给窗口用的代码", _export, _erase),)
