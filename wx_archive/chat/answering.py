"""From a genuine message to its one answer: deduplicate, route, run, commit, remember."""

import logging
import time
import traceback
from datetime import datetime
from typing import Final

from sqlalchemy import select

from wx_archive.chat import dedupe, state
from wx_archive.chat.activity import Activity
from wx_archive.chat.models import DeadLetter
from wx_archive.chat.replies import standing
from wx_archive.chat.router import Dispatcher, Route, words_of
from wx_archive.chat.turn import Effect, Turn
from wx_archive.core import clock
from wx_archive.core.database import Database, is_transient
from wx_archive.core.errors import TransientError
from wx_archive.core.ids import pseudonym
from wx_archive.core.site import Site
from wx_archive.core.store import Store
from wx_archive.followers import service as followers
from wx_archive.followers.models import Follower
from wx_archive.wechat.inbound import Inbound, Voice
from wx_archive.wechat.replies import Reply, TextReply, render

log = logging.getLogger(__name__)

DEADLINE_S: Final = 4.5
"""WeChat hangs up after five seconds."""
PAUSE_S: Final = 0.1


class Answering:
    """Answers messages of one account; safe to share between threads."""

    def __init__(
        self,
        *,
        dispatcher: Dispatcher,
        database: Database,
        store: Store,
        site: Site,
        secret: str,
    ) -> None:
        self._dispatcher = dispatcher
        self._database = database
        self._store = store
        self._site = site
        self._secret = secret
        self._activity = Activity(database)

    def reply_to(self, message: Inbound, raw: bytes, *, now: datetime) -> bytes:
        """Return the reply as XML, the same for every delivery of the message.

        Raises:
            TransientError: the database stayed away until the deadline; WeChat shall try again.
        """
        deadline = time.monotonic() + DEADLINE_S
        key = dedupe.key_of(message.header)
        while True:
            try:
                return self._reply_once(message, raw, key, now)
            except Exception as err:
                if not is_transient(err):
                    raise
                # An early 503 is repeated at once and burns all tries: wait for it here.
                if time.monotonic() + PAUSE_S >= deadline:
                    raise TransientError(type(err).__name__) from err
                time.sleep(PAUSE_S)

    def close(self) -> None:
        """Write what is buffered."""
        self._activity.close()

    def _reply_once(self, message: Inbound, raw: bytes, key: str, now: datetime) -> bytes:
        stored = self._store.get(f"reply:{key}")
        if stored is not None:
            return stored
        words = words_of(message)
        current: state.State | None = None
        with self._database.reads() as connection:
            stored = dedupe.recall(connection, key)
            if stored is None and self._dispatcher.state_kinds:
                current = state.load(
                    connection, message.header.openid, self._dispatcher.state_kinds, now=now
                )
        if stored is not None:
            return stored
        for route in self._dispatcher.candidates(message, words, current):
            turn = self._turn(message, words, current, route.argument, now)
            try:
                answer = self._run(route, turn, key)
            except Exception as err:  # the one border where a handler's failure is contained
                if is_transient(err):
                    raise
                return self._poison(route, turn, raw, key, err)
            if answer is not None:
                return answer
        message_text = "the last route must answer"
        raise RuntimeError(message_text)

    def _turn(
        self,
        message: Inbound,
        words: str,
        current: state.State | None,
        argument: str,
        now: datetime,
    ) -> Turn[Inbound]:
        return Turn(
            message=message,
            now=now,
            site=self._site,
            store=self._store,
            follower=pseudonym(message.header.openid, self._secret),
            connect=self._database.reads,
            words=words,
            argument=argument,
            state=current,
        )

    def _run(self, route: Route, turn: Turn[Inbound], key: str) -> bytes | None:
        started = time.monotonic()
        answer = self._run_effect(route, turn, key) if route.effect else self._run_read(route, turn)
        if answer is None:
            return None
        keep = {name: (value, ttl) for name, value, ttl in turn.remembered}
        if not route.effect:
            keep[f"reply:{key}"] = (answer, dedupe.KEPT_WITHOUT_EFFECT)
            self._activity.note(turn.message.header.openid, turn.now)
        if keep:
            self._store.put(keep)
        log.info(
            "chat.answered kind=%s handler=%s follower=%s ms=%.1f",
            type(turn.message).__name__,
            route.name,
            turn.follower,
            (time.monotonic() - started) * 1000,
        )
        return answer

    def _run_read(self, route: Route, turn: Turn[Inbound]) -> bytes | None:
        reply = route.handler(turn)
        return None if reply is None else self._render(reply, turn)

    def _run_effect(self, route: Route, turn: Turn[Inbound], key: str) -> bytes | None:
        with self._database.begin() as session:
            if not dedupe.claim(session, key, now=turn.now):
                return dedupe.recall(session.connection(), key)
            follower_id = followers.ensure(session, turn.message.header.openid, now=turn.now)
            turn.effect = Effect(session, follower_id)
            reply = route.handler(turn)
            if reply is None:
                session.rollback()
                return None
            answer = self._render(reply, turn)
            dedupe.finish(session, key, answer)
            return answer

    def _render(self, reply: Reply, turn: Turn[Inbound]) -> bytes:
        if isinstance(turn.message, Voice) and turn.words and isinstance(reply, TextReply):
            heard = standing(self._site, "voice_heard").replace("{words}", turn.words)
            reply = TextReply(f"{heard}\n{reply.text}")
        return render(reply, turn.message.header, created_at=int(turn.now.timestamp()))

    def _poison(
        self, route: Route, turn: Turn[Inbound], raw: bytes, key: str, err: Exception
    ) -> bytes:
        """Answer calmly and keep the message with its cause; every delivery gets this answer."""
        log.error("chat.poison handler=%s follower=%s", route.name, turn.follower, exc_info=err)
        header = turn.message.header
        calm: Reply = TextReply(standing(self._site, "poison"))
        answer = render(calm, header, created_at=int(turn.now.timestamp()))
        with self._database.begin() as session:
            if not dedupe.claim(session, key, now=turn.now):
                return dedupe.recall(session.connection(), key) or answer
            follower_id = session.scalars(
                select(Follower.id).where(Follower.openid == header.openid)
            ).one_or_none()
            session.add(
                DeadLetter(
                    key=key,
                    follower_id=follower_id,
                    handler=route.name,
                    message=raw,
                    cause="".join(traceback.format_exception(err))[-8_000:],
                    failed_at=clock.now(),
                    state="open",
                )
            )
            dedupe.finish(session, key, answer)
        return answer
