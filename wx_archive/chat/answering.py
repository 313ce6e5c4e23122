"""From a genuine message to its one answer: deduplicate, route, run, commit, remember."""

import logging
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from wx_archive.chat import dedupe, state
from wx_archive.chat.activity import Activity
from wx_archive.chat.models import DeadLetter
from wx_archive.chat.replies import standing
from wx_archive.chat.router import Dispatcher, Route, words_of
from wx_archive.chat.turn import Effect, Turn
from wx_archive.core import clock
from wx_archive.core.database import Database, is_transient
from wx_archive.core.errors import RefusedError, TransientError
from wx_archive.core.ids import pseudonym
from wx_archive.core.site import Site
from wx_archive.core.store import Lasting, Store
from wx_archive.followers import service as followers
from wx_archive.followers.models import Follower
from wx_archive.wechat.inbound import Inbound, MassSendFinished, PublishFinished, Voice
from wx_archive.wechat.replies import Reply, TextReply, render

log = logging.getLogger(__name__)

DEADLINE_S: Final = 4.5
"""WeChat hangs up after five seconds."""
PAUSE_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One delivery of a message.

    Attributes:
        raw: the decrypted XML.
        key: the same for every delivery of the message.
        deadline: when the answer must be there, on the monotonic clock.
    """

    message: Inbound
    raw: bytes
    key: str
    now: datetime
    deadline: float

    @property
    def patience_s(self) -> float:
        """How long a step may wait for another writer."""
        return self.deadline - time.monotonic()


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
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._dispatcher = dispatcher
        self._database = database
        self._store = store
        self._site = site
        self._secret = secret
        self._deadline_s = deadline_s
        self._activity = Activity(database)

    def reply_to(self, message: Inbound, raw: bytes, *, now: datetime) -> bytes:
        """Return the reply as XML, the same for every delivery of the message.

        Raises:
            TransientError: the database stayed away until the deadline; WeChat shall try again.
        """
        deadline = time.monotonic() + self._deadline_s
        delivery = _Delivery(message, raw, dedupe.key_of(message.header), now, deadline)
        while True:
            try:
                return self._reply_once(delivery)
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

    def _reply_once(self, delivery: _Delivery) -> bytes:
        message, key, now = delivery.message, delivery.key, delivery.now
        stored = self._store.get(f"reply:{key}")
        if stored is not None:
            return stored
        words = words_of(message)
        current: state.State | None = None
        with self._database.reads() as connection:
            stored = dedupe.recall(connection, key)
            if stored is None:
                current = self._state_of(connection, delivery)
        if stored is not None:
            return stored
        for route in self._dispatcher.candidates(message, words, current):
            turn = self._turn(message, words, current, route.argument, now)
            answer = self._attempt(route, turn, delivery)
            if answer is not None:
                return answer
        message_text = "the last route must answer"
        raise RuntimeError(message_text)

    def _state_of(self, connection: Connection, delivery: _Delivery) -> state.State | None:
        kinds = self._dispatcher.state_kinds
        openid = delivery.message.header.openid
        return state.load(connection, openid, kinds, now=delivery.now) if kinds else None

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

    def _attempt(self, route: Route, turn: Turn[Inbound], delivery: _Delivery) -> bytes | None:
        """Run one handler; the one border where its refusal or failure is contained."""
        try:
            return self._run(route, turn, delivery)
        except RefusedError as err:
            return self._settle(turn, delivery, str(err))
        except Exception as err:
            if is_transient(err):
                raise
            return self._poison(route, turn, delivery, err)

    def _run(self, route: Route, turn: Turn[Inbound], delivery: _Delivery) -> bytes | None:
        started = time.monotonic()
        if route.effect:
            answer = self._run_effect(route, turn, delivery)
        else:
            answer = self._run_read(route, turn)
        if answer is None:
            return None
        if not route.effect:
            if not isinstance(turn.message, MassSendFinished | PublishFinished):
                self._activity.note(turn.message.header.openid, turn.now)
            standing_answer = self._keep_reply(delivery.key, answer)
            if standing_answer != answer:  # another delivery was quicker: its answer counts
                return standing_answer
        self._remember({name: (value, ttl) for name, value, ttl in turn.remembered})
        log.info(
            "chat.answered kind=%s handler=%s follower=%s ms=%.1f",
            type(turn.message).__name__,
            route.name,
            turn.follower,
            (time.monotonic() - started) * 1000,
        )
        return answer

    def _keep_reply(self, key: str, answer: bytes) -> bytes:
        """Keep the answer for the message's other deliveries; return the one that stands."""
        try:
            return self._store.add(f"reply:{key}", answer, ttl=dedupe.KEPT_WITHOUT_EFFECT)
        except Exception as err:
            if not is_transient(err):
                raise
            log.warning("chat.not_remembered cause=%s", type(err).__name__)
            return answer

    def _remember(self, keep: Mapping[str, Lasting]) -> None:
        """Keep short-lived values; the answer stands even if the store is away."""
        if not keep:
            return
        try:
            self._store.put(keep)
        except Exception as err:
            if not is_transient(err):
                raise
            log.warning("chat.not_remembered cause=%s", type(err).__name__)

    def _run_read(self, route: Route, turn: Turn[Inbound]) -> bytes | None:
        reply = route.handler(turn)
        return None if reply is None else self._render(reply, turn)

    def _run_effect(self, route: Route, turn: Turn[Inbound], delivery: _Delivery) -> bytes | None:
        key = delivery.key
        with self._database.begin(patience_s=delivery.patience_s) as session:
            if not dedupe.claim(session, key, now=turn.now):
                return dedupe.recall(session.connection(), key)
            follower_id = followers.ensure(session, turn.message.header.openid, now=turn.now)
            # From here on no other message of this follower can change the state.
            if self._state_of(session.connection(), delivery) != turn.state:
                raise TransientError("state-moved")
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
        # Stamped with the question's second: two deliveries at one moment render the same bytes.
        header = turn.message.header
        return render(reply, header, created_at=header.created_at)

    def _poison(
        self, route: Route, turn: Turn[Inbound], delivery: _Delivery, err: Exception
    ) -> bytes:
        """Answer calmly and keep the message with its cause."""
        log.error("chat.poison handler=%s follower=%s", route.name, turn.follower, exc_info=err)
        letter = DeadLetter(
            key=delivery.key,
            handler=route.name,
            message=delivery.raw,
            cause="".join(traceback.format_exception(err))[-8_000:],
            failed_at=clock.now(),
            state="open",
        )
        return self._settle(turn, delivery, standing(self._site, "poison"), letter)

    def _settle(
        self,
        turn: Turn[Inbound],
        delivery: _Delivery,
        text: str,
        letter: DeadLetter | None = None,
    ) -> bytes:
        """End a turn whose effect was rolled back: every delivery gets this text."""
        answer = self._render(TextReply(text), turn)
        with self._database.begin(patience_s=delivery.patience_s) as session:
            if not dedupe.claim(session, delivery.key, now=turn.now):
                return dedupe.recall(session.connection(), delivery.key) or answer
            if letter is not None:
                openid = delivery.message.header.openid
                letter.follower_id = session.scalars(
                    select(Follower.id).where(Follower.openid == openid)
                ).one_or_none()
                session.add(letter)
            dedupe.finish(session, delivery.key, answer)
        return answer
