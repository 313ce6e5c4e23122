"""The account's access token: one for all processes, renewed by one of them at a time.

The token, the lock of whoever renews it and the count of token calls lie in the shared store.
While the store is away or full, each process keeps its own.
Source: docs/sources.md#platform-errors.
"""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from wx_archive.core.store import Store
from wx_archive.wechat.errors import BusyError, TokenRefusedError, UnknownOutcomeError

log = logging.getLogger(__name__)

TOKEN_PATH: Final = "/cgi-bin/stable_token"  # noqa: S105 -- an address
CALLS_A_MINUTE: Final = 2
FORCED_A_DAY: Final = 20
FORCED_AT_ONCE: Final = 3
"""So many forced renewals of a day may follow each other quickly; if they did not help, the rest
is spread over the day."""
FORCE_PAUSE: Final = timedelta(seconds=30)
FORCE_SPREAD: Final = timedelta(minutes=72)
LOCK_TTL: Final = timedelta(seconds=30)
"""Longer than a token call normally takes, so that only a dead holder loses the lock."""
MARGIN_S: Final = 300
"""The last five minutes of a token are not used: WeChat renews it then."""
LIFE_S: Final = 7_200
POLL_S: Final = 0.05
_POLLS: Final = 700
_MINUTE_S: Final = 60
_DAY_S: Final = 86_400

Fetch = Callable[[bool], tuple[str, timedelta]]
"""Asks WeChat for a token, by force or not; returns it and how long to keep it."""


class TokenKeeper:
    """Hands out the token."""

    def __init__(
        self,
        store: Store,
        app_id: str,
        fetch: Fetch,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._keep = _Keep(store, now)
        self._fetch = fetch
        self._now = now
        self._sleep = sleep
        self._token_key = f"token:{app_id}"
        self._lock_key = f"token-lock:{app_id}"
        self._spent_key = f"token-calls:{app_id}"
        self._since_key = since_key(app_id)

    def current(self) -> str:
        """Return the token that is in force, fetched when nobody has one.

        Raises:
            PlatformError: there is none to be had now.
        """
        return self._held() or self._obtain(refused=None)

    def instead_of(self, refused: str) -> str:
        """Return another token than ``refused``: somebody else's renewal, or a renewal.

        Raises:
            PlatformError: WeChat goes on giving the same one, or there is none to be had now.
        """
        return self._obtain(refused=refused)

    def _held(self) -> str | None:
        held = self._keep.get(self._token_key)
        return held.decode() if held else None

    def _obtain(self, *, refused: str | None) -> str:
        owner = token_hex(8).encode()
        for _ in range(_POLLS):
            held = self._held()
            if held is not None and held != refused:
                return held
            if self._locked(owner):
                try:
                    return self._renewed(refused)
                finally:
                    if self._keep.get(self._lock_key, remember=False) == owner:
                        self._keep.drop(self._lock_key)
            self._sleep(POLL_S)
        raise BusyError("别的进程正在换 access_token，等了太久", path=TOKEN_PATH)

    def _locked(self, owner: bytes) -> bool:
        # Looked at before it is tried: waiting must not keep the store busy with writing.
        if self._keep.get(self._lock_key, remember=False) is not None:
            return False
        if self._keep.add(self._lock_key, owner, ttl=LOCK_TTL) != owner:
            return False
        # Looked at after it was taken: where another's lock ended just now, nothing was written.
        return self._keep.get(self._lock_key, remember=False) == owner

    def _renewed(self, refused: str | None) -> str:
        """Fetch a token; the lock is ours."""
        held = self._held()
        if held is not None and held != refused:
            return held  # renewed between our look and our lock
        token = self._called(force=False)
        if token == refused:
            token = self._called(force=True)
        return token

    def _called(self, *, force: bool) -> str:
        at = self._now().timestamp()
        spent = _Spent.read(self._keep.get(self._spent_key))
        if not spent.allows(at, force=force):
            if force:
                raise TokenRefusedError("微信一直给出同一个不能用的 access_token", path=TOKEN_PATH)
            raise BusyError("一分钟内已取过两次 access_token，请稍后再试", path=TOKEN_PATH)
        # Written down before the call: a call that never answers counts too.
        spent = spent.plus(at, force=force)
        self._keep.put(self._spent_key, spent.written(), ttl=timedelta(days=2))
        token, life = self._fetch(force)
        log.info("wechat.token_renewed forced=%s", force)
        self._keep.put(self._token_key, token.encode(), ttl=life)
        self._keep.put(self._since_key, str(int(at)).encode(), ttl=life)
        return token


@dataclass(frozen=True, slots=True)
class _Spent:
    """When token calls were made, in seconds since the epoch."""

    calls: tuple[float, ...] = ()
    forced: tuple[float, ...] = ()

    @classmethod
    def read(cls, raw: bytes | None) -> "_Spent":
        kept = json.loads(raw) if raw else {}
        return cls(tuple(kept.get("calls", ())), tuple(kept.get("forced", ())))

    def written(self) -> bytes:
        return json.dumps({"calls": self.calls, "forced": self.forced}).encode()

    def allows(self, at: float, *, force: bool) -> bool:
        if len(_recent(self.calls, at, _MINUTE_S)) >= CALLS_A_MINUTE:
            return False
        forced = _recent(self.forced, at, _DAY_S)
        if not force or not forced:
            return True
        pause = FORCE_PAUSE if len(forced) < FORCED_AT_ONCE else FORCE_SPREAD
        return len(forced) < FORCED_A_DAY and at - max(forced) >= pause.total_seconds()

    def plus(self, at: float, *, force: bool) -> "_Spent":
        forced = _recent(self.forced, at, _DAY_S)
        return _Spent((*_recent(self.calls, at, _MINUTE_S), at), (*forced, at) if force else forced)


def _recent(moments: tuple[float, ...], at: float, span_s: float) -> tuple[float, ...]:
    # On both sides: a clock that was set back must not stop the renewal for long.
    return tuple(moment for moment in moments if abs(at - moment) < span_s)


@dataclass(frozen=True, slots=True)
class _Kept:
    value: bytes
    until: datetime
    is_ours_alone: bool
    """The store did not take it: what the store says of this key is older."""


class _Keep:
    """The shared store; while it is away or full, the memory of this process."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._kept: dict[str, _Kept] = {}
        self._guard = threading.Lock()
        self._is_away = False

    def get(self, key: str, *, remember: bool = True) -> bytes | None:
        kept = self._remembered(key)
        if kept is not None and kept.is_ours_alone:
            return kept.value
        try:
            value = self._store.get(key)
        except SQLAlchemyError as err:
            self._away(err)
            return kept.value if kept else None
        if remember and value is not None and (kept is None or kept.value != value):
            self._remember(key, value, timedelta(seconds=LIFE_S), ours_alone=False)
        return value

    def put(self, key: str, value: bytes, *, ttl: timedelta) -> None:
        try:
            self._store.put({key: (value, ttl)})
        except SQLAlchemyError as err:
            self._away(err)
            self._remember(key, value, ttl, ours_alone=True)
        else:
            self._back()
            self._remember(key, value, ttl, ours_alone=False)

    def add(self, key: str, value: bytes, *, ttl: timedelta) -> bytes:
        try:
            return self._store.add(key, value, ttl=ttl)
        except SQLAlchemyError as err:
            self._away(err)
        with self._guard:
            standing = self._kept.get(key)
            if standing is not None and standing.until > self._now():
                return standing.value
            self._kept[key] = _Kept(value, self._now() + ttl, is_ours_alone=True)
            return value

    def drop(self, key: str) -> None:
        with self._guard:
            self._kept.pop(key, None)
        try:
            self._store.drop(key)
        except SQLAlchemyError as err:
            self._away(err)

    def _remembered(self, key: str) -> _Kept | None:
        with self._guard:
            kept = self._kept.get(key)
        return kept if kept is not None and kept.until > self._now() else None

    def _remember(self, key: str, value: bytes, ttl: timedelta, *, ours_alone: bool) -> None:
        with self._guard:
            self._kept[key] = _Kept(value, self._now() + ttl, is_ours_alone=ours_alone)

    def _away(self, err: SQLAlchemyError) -> None:
        if not self._is_away:
            log.warning("wechat.token_store_away cause=%s", type(err).__name__)
        self._is_away = True

    def _back(self) -> None:
        if self._is_away:
            log.warning("wechat.token_store_back")
        self._is_away = False


def since_key(app_id: str) -> str:
    """Return where the second lies in which the token in force was fetched."""
    return f"token-since:{app_id}"


def token_of(answer: Mapping[str, object]) -> tuple[str, timedelta]:
    """Return the token of WeChat's answer and how long to keep it.

    Raises:
        UnknownOutcomeError: there is none in it.
    """
    token, life_s = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(token, str) or not token or type(life_s) is not int:
        raise UnknownOutcomeError("微信接口没有给出 access_token", path=TOKEN_PATH)
    return token, timedelta(seconds=min(max(life_s - MARGIN_S, 60), LIFE_S))
