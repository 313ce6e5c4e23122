"""From a genuine message to its one answer: deduplicate, route, run, commit, remember."""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wx_archive.chat import dedupe, held, known, windows
from wx_archive.chat import jobs as chat_jobs
from wx_archive.chat.activity import Activity
from wx_archive.chat.known import Known
from wx_archive.chat.memo import REPEATED_AFTER_S, Memo
from wx_archive.chat.models import DeadLetter
from wx_archive.chat.replies import standing
from wx_archive.chat.router import Dispatcher, Route, words_of
from wx_archive.chat.speaking import spoken
from wx_archive.chat.turn import AnsweredError, Effect, Turn, Witness
from wx_archive.core import clock
from wx_archive.core.database import Database, is_transient
from wx_archive.core.errors import RefusedError, TransientError
from wx_archive.core.ids import pseudonym
from wx_archive.core.site import Site
from wx_archive.core.store import Store
from wx_archive.followers import service as followers
from wx_archive.followers.identity import Door
from wx_archive.wechat.inbound import Inbound, MassSendFinished, MenuClick, PublishFinished
from wx_archive.wechat.replies import SUCCESS, Reply, TextReply, address

log = logging.getLogger(__name__)

DEADLINE_S: Final = 4.3
"""WeChat hangs up after five seconds; ours is up early enough for a busy machine."""
PAUSE_S: Final = 0.1
SETTLE_WITHIN_S: Final = 0.4
"""What is kept of the deadline for writing down that an answer did not come in time."""
WAITERS: Final = 2
"""Threads that may wait for slow handlers, half of a web worker's; the answers of the others are
held at once."""


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
    """Answers messages of one account; safe to share between threads.

    Attributes:
        witnesses: who keeps statistics of what turns note; set before the first message.
    """

    def __init__(
        self,
        *,
        dispatcher: Dispatcher,
        database: Database,
        store: Store,
        site: Site,
        secret: str,
        door: Door | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._dispatcher = dispatcher
        self._known = known.Looking(database.lines, dispatcher.state_kinds)
        self._database = database
        self._store = store
        self._memo = Memo(store)
        self._site = site
        self._secret = secret
        self._door = door or Door(secret, site.origin)
        self._deadline_s = deadline_s
        self.witnesses: tuple[Witness, ...] = ()
        self._waiters = threading.BoundedSemaphore(WAITERS)
        self._waiting = held.WaitingNow(database)
        self.activity = Activity(database, (self._memo.flush, self._waiting.refresh))

    def reply_to(
        self, message: Inbound, raw: bytes, *, now: datetime, deadline: float | None = None
    ) -> bytes:
        """Return the reply as XML, the same for every delivery of the message.

        Args:
            message: what arrived.
            raw: its decrypted XML.
            now: when.
            deadline: when the answer must be there, on the monotonic clock.

        Raises:
            TransientError: the database stayed away until the deadline; WeChat shall try again.
        """
        deadline = deadline or time.monotonic() + self._deadline_s
        delivery = _Delivery(message, raw, dedupe.key_of(message.header), now, deadline)
        while True:
            try:
                body = self._body_once(delivery)
            except Exception as err:
                if not is_transient(err):
                    raise
                # An early 503 is repeated at once and burns all tries: wait for it here.
                if time.monotonic() + PAUSE_S >= deadline:
                    raise TransientError(type(err).__name__) from err
                time.sleep(PAUSE_S)
            else:
                return address(body, message.header)

    def close(self) -> None:
        """Write what is buffered."""
        self.activity.close()

    def _body_once(self, delivery: _Delivery) -> bytes:
        message = delivery.message
        age_s = delivery.now.timestamp() - message.header.created_at - self.activity.skew_s
        if stands := self._memo.recall(delivery.key, age_s=age_s):
            return stands
        found = self._known_at_once(delivery, age_s) or self._look_up(delivery)
        if found.body is not None:
            return found.body or self._wait(delivery)
        words = words_of(message)
        for route in self._dispatcher.candidates(message, words, found.state):
            if found.is_guessed and (route.effect or route.slow):
                found = self._look_up(delivery)
            turn = self._turn(delivery, found, words, route.argument)
            body = self._attempt(route, turn, delivery, has_held=found.has_held)
            if body is not None:
                return body
        message_text = "the last route must answer"
        raise RuntimeError(message_text)

    def _known_at_once(self, delivery: _Delivery, age_s: float) -> Known | None:
        """Return what a fresh menu tap needs to know, without asking the database.

        No state decides who answers a tap, and one that was handled before cannot be so young:
        should it be a double after all, the claim of the effect or of the dead letter finds out.
        """
        if not isinstance(delivery.message, MenuClick) or age_s >= REPEATED_AFTER_S:
            return None
        has_held = self._waiting.has(delivery.message.header.openid)
        return None if has_held is None else Known(None, None, has_held, is_guessed=True)

    def _look_up(self, delivery: _Delivery) -> Known:
        openid = delivery.message.header.openid
        return self._known.up(delivery.key, openid, now=delivery.now, within_s=delivery.patience_s)

    def _turn(self, delivery: _Delivery, found: Known, words: str, argument: str) -> Turn[Inbound]:
        return Turn(
            message=delivery.message,
            now=delivery.now,
            site=self._site,
            door=self._door,
            store=self._store.steady,
            key=delivery.key,
            follower=pseudonym(delivery.message.header.openid, self._secret),
            connect=lambda: self._database.reads(within_s=delivery.patience_s),
            words=words,
            argument=argument,
            state=found.state,
        )

    def _attempt(
        self, route: Route, turn: Turn[Inbound], delivery: _Delivery, *, has_held: bool
    ) -> bytes | None:
        """Run one handler; the one border where its refusal or failure is contained."""
        started = time.monotonic()
        try:
            body = self._run(route, turn, delivery, has_held=has_held)
        except AnsweredError as err:
            return err.body
        except RefusedError as err:
            body = self._settle(turn, delivery, str(err))
        except Exception as err:
            if is_transient(err):
                raise
            body = self._poison(route, turn, delivery, err)
        if body is not None:
            self._note(route, turn, (time.monotonic() - started) * 1000)
        return body

    def _run(
        self, route: Route, turn: Turn[Inbound], delivery: _Delivery, *, has_held: bool
    ) -> bytes | None:
        if route.slow:
            return self._run_slow(route, turn, delivery)
        if route.effect:
            return self._run_effect(route, turn, delivery)
        reply = route.handler(turn)
        if reply is None:
            return None
        return self._keep(turn, spoken(turn, reply, has_held=has_held), has_held=has_held)

    def _note(self, route: Route, turn: Turn[Inbound], took_ms: float) -> None:
        openid = turn.message.header.openid
        if turn.is_erased:
            self.activity.forget(openid)
        elif not isinstance(turn.message, MassSendFinished | PublishFinished):
            self.activity.note(turn.message, turn.now)
        self.activity.count("answered", route.name, turn.now)
        if turn.noted and not turn.is_erased:
            for witness in self.witnesses:
                witness.take(turn.noted)
        log.info(
            "chat.answered kind=%s handler=%s follower=%s ms=%.1f",
            type(turn.message).__name__,
            route.name,
            "" if turn.is_erased else turn.follower,
            took_ms,
        )

    def _keep(self, turn: Turn[Inbound], body: bytes, *, has_held: bool) -> bytes:
        """Keep the answer for the message's other deliveries; return the one that stands.

        What depends on more than the content is kept before it is given, and what the turn
        remembers with it as one fact.
        """
        if not (turn.remembered or turn.has_recalled or has_held):
            return self._memo.keep(turn.key, body)
        try:
            return self._memo.keep_surely(turn.key, body, along=turn.remembered)
        except Exception as err:
            if not is_transient(err):
                raise
            log.warning("chat.not_remembered cause=%s", type(err).__name__)
            return body

    def _run_effect(self, route: Route, turn: Turn[Inbound], delivery: _Delivery) -> bytes | None:
        key = delivery.key
        with self._database.begin(within_s=delivery.patience_s) as session:
            if not dedupe.claim(session, key, now=turn.now):
                return dedupe.recall(session.connection(), key)
            # What WeChat tells of our own sends comes in the name of nobody who follows.
            follows = not isinstance(turn.message, MassSendFinished | PublishFinished)
            openid = turn.message.header.openid
            follower_id = followers.ensure(session, openid, now=turn.now, is_following=follows)
            # From here on no other message of this follower can change the state.
            found = known.look_up(session.connection(), "", openid, self._known.kinds, now=turn.now)
            if found.state != turn.state:
                raise TransientError("state-moved")
            turn.effect = Effect(session, follower_id)
            reply = route.handler(turn)
            if reply is None and turn.goes_on:
                reply = self._rest(route, turn)
            if reply is None:
                session.rollback()
                return None
            # Asked again: the handler may just have handed it over.
            has_held = found.has_held and bool(held.waiting(session, follower_id, now=turn.now))
            body = spoken(turn, reply, has_held=has_held)
            dedupe.finish(session, key, body, follower_id=follower_id)
        if turn.remembered:
            turn.store.put(turn.remembered)
        return body

    def _rest(self, done: Route, turn: Turn[Inbound]) -> Reply | None:
        """Return the answer of whoever comes after an effect that goes on."""
        turn.state = None
        for route in self._dispatcher.candidates(turn.message, turn.words, None):
            if route.handler is done.handler or route.slow:
                continue
            turn.argument = route.argument
            if reply := route.handler(turn):
                return reply
        return None

    def _run_slow(self, route: Route, turn: Turn[Inbound], delivery: _Delivery) -> bytes:
        """Leave the work to a job and wait for its reply as long as WeChat does."""
        key = delivery.key
        with self._database.begin(within_s=delivery.patience_s) as session:
            if dedupe.claim(session, key, now=turn.now):
                follower_id = followers.ensure(session, turn.message.header.openid, now=turn.now)
                dedupe.finish(session, key, dedupe.PENDING, follower_id=follower_id)
                if occasion := windows.occasion_of(turn.message):
                    # Not left to the buffer: the answer may be there before that is written.
                    opening = (turn.message.header.openid, occasion)
                    windows.note_opened(session.connection(), {opening: turn.now})
                chat_jobs.ask_slowly(
                    session,
                    delivery.raw,
                    key=key,
                    handler=route.name,
                    follower_id=follower_id,
                    now=turn.now,
                )
        return self._wait(delivery)

    def _wait(self, delivery: _Delivery) -> bytes:
        """Return a slow handler's reply, or `success` when it does not come in time."""
        if self._waiters.acquire(blocking=False):
            try:
                while delivery.patience_s > SETTLE_WITHIN_S:
                    time.sleep(PAUSE_S)
                    if body := self._look_up(delivery).body:
                        return body
            finally:
                self._waiters.release()
        with self._database.begin(within_s=delivery.patience_s) as session:
            if dedupe.settle(session, delivery.key, SUCCESS):
                return SUCCESS
            return dedupe.recall(session.connection(), delivery.key) or SUCCESS

    def _poison(
        self, route: Route, turn: Turn[Inbound], delivery: _Delivery, err: Exception
    ) -> bytes:
        """Answer calmly and keep the message with its cause."""
        log.error("chat.poison handler=%s follower=%s", route.name, turn.follower, exc_info=err)
        letter = DeadLetter.about(
            delivery.raw, key=delivery.key, handler=route.name, err=err, now=clock.now()
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
        turn.noted.clear()
        body = spoken(turn, TextReply(text), has_held=False)
        with self._database.begin(within_s=delivery.patience_s) as session:
            if not dedupe.claim(session, delivery.key, now=turn.now):
                return dedupe.recall(session.connection(), delivery.key) or body
            openid = delivery.message.header.openid
            follower_id = followers.ensure(session, openid, now=turn.now)
            if letter is not None:
                letter.follower_id = follower_id
                session.add(letter)
            dedupe.finish(session, delivery.key, body, follower_id=follower_id)
        return body
