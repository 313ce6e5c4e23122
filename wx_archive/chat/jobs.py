"""What the worker does for the conversation: slow answers, replays, deliveries, tidying up."""

import logging
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wx_archive.chat import dedupe, held, windows
from wx_archive.chat.models import DeadLetter, HeldAnswer, HeldState
from wx_archive.chat.replies import standing
from wx_archive.chat.router import Dispatcher, Route, words_of
from wx_archive.chat.speaking import spoken
from wx_archive.chat.turn import Turn
from wx_archive.core import clock, jobs
from wx_archive.core.database import is_transient
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import pseudonym
from wx_archive.core.jobs import Jobs, LaterError, Schedule, Work
from wx_archive.core.jobs import queue as job_queue
from wx_archive.core.services import Services
from wx_archive.followers import service as followers
from wx_archive.followers.identity import Door
from wx_archive.followers.models import Follower
from wx_archive.wechat import decoder
from wx_archive.wechat.account import Capability
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import (
    BusyError,
    FollowerError,
    PlatformError,
    QuotaError,
    TokenRefusedError,
)
from wx_archive.wechat.inbound import Inbound
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES, Reply, TextReply, fit_text, in_words

log = logging.getLogger(__name__)

ANSWER: Final = "chat.answer"
REPLAY: Final = "chat.replay"
TIDY: Final = "chat.tidy"
AGAIN_AFTER: Final = timedelta(minutes=1)
SCHEDULES: Final = (Schedule("chat.tidy", "*/10 * * * *", TIDY),)


def ask_slowly(
    session: Session, raw: bytes, *, key: str, handler: str, follower_id: int, now: datetime
) -> None:
    """Leave a message to its slow handler, in the transaction that claims the message."""
    jobs.enqueue(
        session,
        ANSWER,
        {"message": raw.decode(), "handler": handler, "key": key},
        key=f"{ANSWER}:{key}",
        now=now,
        follower_id=follower_id,
    )


def ask_again(session: Session, letter: DeadLetter, *, now: datetime) -> None:
    """Leave a dead letter to its handler once more."""
    jobs.enqueue(
        session,
        REPLAY,
        {"letter": letter.id},
        key=f"{REPLAY}:{letter.id}:{now.isoformat()}",
        now=now,
        follower_id=letter.follower_id,
    )


def build(services: Services, platform: Platform, dispatcher: Dispatcher) -> Jobs:
    """Return the conversation's kinds of job."""
    desk = _Desk(services, platform, dispatcher)
    own = Jobs()
    own.handles(ANSWER, attempts=3)(desk.answer)
    own.handles(REPLAY, attempts=1)(desk.replay)
    own.handles(held.DELIVER)(desk.deliver)
    own.handles(TIDY)(desk.tidy)
    return own


class _Desk:
    """The handlers, with what they work with."""

    def __init__(self, services: Services, platform: Platform, dispatcher: Dispatcher) -> None:
        self._services = services
        self._platform = platform
        self._dispatcher = dispatcher
        self._secret = services.settings.secret()
        self._door = Door.of(services.settings)

    def answer(self, work: Work) -> None:
        """Run a slow handler; its reply goes to whoever still waits, else it is held."""
        raw, name, key = (str(work.payload[part]) for part in ("message", "handler", "key"))
        message = decoder.decode(raw.encode())
        turn = self._turn(message, key)
        letter: DeadLetter | None = None
        try:
            reply = self._run(turn, name)
        except RefusedError as err:
            reply = TextReply(str(err))
        except Exception as err:
            if is_transient(err) or work.job.attempts < 3:
                raise
            log.error("chat.slow_failed handler=%s", name, exc_info=err)  # noqa: TRY400 -- trace
            reply = TextReply(standing(self._services.site, "poison"))
            letter = DeadLetter.about(raw.encode(), key=key, handler=name, err=err, now=clock.now())
            letter.follower_id = work.job.follower_id
        if turn.remembered:
            turn.store.put(turn.remembered)
        with work.finishing() as session:
            if letter is not None:
                session.add(letter)
            if dedupe.settle(session, key, spoken(turn, reply, has_held=False)):
                return
            self._hold(session, work.job.follower_id, reply, key=f"answer:{key}")

    def replay(self, work: Work) -> None:
        """Run the handler of a dead letter again; what it says now is held."""
        with work.begin() as session:
            letter = session.get_one(DeadLetter, work.payload["letter"])
            session.expunge(letter)
        turn = self._turn(decoder.decode(letter.message), letter.key)
        reply = self._run(turn, letter.handler)
        with work.finishing() as session:
            letter = session.get_one(DeadLetter, work.payload["letter"])
            letter.state = "replayed"
            self._hold(session, letter.follower_id, reply, key=f"replay:{letter.id}")

    def deliver(self, work: Work) -> None:
        """Send a held answer as a service message where the account's ledger allows one."""
        number = int(work.payload["held"])
        with work.begin() as session:
            # Who held the job before died while sending. It may have arrived: never again by
            # itself, but the follower may fetch it.
            if held.change(session, number, HeldState.SENDING, HeldState.WAITING):
                return
        follower = self._reserve(work, number)
        if follower is None:
            return
        openid, text = follower
        try:
            self._platform.send_text(openid, text)
        except (BusyError, QuotaError, TokenRefusedError) as err:
            # WeChat certainly did nothing: the answer may be fetched meanwhile, or sent later.
            with work.begin() as session:
                held.change(session, number, HeldState.SENDING, HeldState.WAITING)
            raise LaterError(AGAIN_AFTER) from err
        except FollowerError as err:
            log.info("chat.not_deliverable code=%s", err.code)
            self._back(work, number, closes_windows=True)
        except (PlatformError, RefusedError) as err:
            log.warning("chat.not_delivered cause=%s", type(err).__name__)
            self._back(work, number)
        else:
            with work.finishing() as session:
                held.change(session, number, HeldState.SENDING, HeldState.SENT)

    def tidy(self, work: Work) -> None:
        """Forget what is no longer needed."""
        now = clock.now()
        with work.finishing() as session:
            dedupe.sweep(session, now=now)
            held.sweep(session, now=now)
            job_queue.sweep(session, now=now)
            session.execute(
                delete(DeadLetter).where(DeadLetter.failed_at < now - job_queue.KEPT_DEAD)
            )

    def _reserve(self, work: Work, number: int) -> tuple[str, str] | None:
        """Take the answer and a message of the ledger; None when it has to be fetched instead."""
        if not self._platform.account.may(Capability.SERVICE_MESSAGES):
            return None
        with work.begin() as session:
            row = session.execute(
                select(
                    HeldAnswer.follower_id, HeldAnswer.text, HeldAnswer.created_at, Follower.openid
                )
                .join(Follower, Follower.id == HeldAnswer.follower_id)
                .where(HeldAnswer.id == number, HeldAnswer.expires_at > clock.now())
            ).one_or_none()
            if row is None:
                return None
            number_of, asked_at = row.follower_id, row.created_at
            if not followers.may_receive(session, number_of, asked_at=asked_at):
                return None
            if not windows.spend(session, number_of, now=clock.now()):
                return None
            if not held.change(session, number, HeldState.WAITING, HeldState.SENDING):
                session.rollback()
                return None
            return row.openid, row.text

    def _back(self, work: Work, number: int, *, closes_windows: bool = False) -> None:
        with work.finishing() as session:
            held.change(session, number, HeldState.SENDING, HeldState.WAITING)
            if closes_windows and work.job.follower_id is not None:
                windows.close(session, work.job.follower_id)

    def _hold(self, session: Session, follower_id: int | None, reply: Reply, *, key: str) -> None:
        if follower_id is None or not (said := in_words(reply)):
            return
        text = standing(self._services.site, "held_answer").replace("{answer}", said)
        if len(text.encode()) > TEXT_LIMIT_BYTES:
            text = fit_text(said)
        held.tell(session, follower_id, text, key=key, now=clock.now())

    def _run(self, turn: Turn[Inbound], name: str) -> Reply:
        for route in self._dispatcher.candidates(turn.message, turn.words, None):
            if route.name == name:
                turn.argument = route.argument
                if reply := route.handler(turn):
                    return reply
        raise RefusedError(f"这条消息已经不归 {name} 处理，不能重放")

    def _turn(self, message: Inbound, key: str) -> Turn[Inbound]:
        services = self._services
        return Turn(
            message=message,
            now=clock.now(),
            site=services.site,
            door=self._door,
            store=services.store.steady,
            key=key,
            follower=pseudonym(message.header.openid, self._secret),
            connect=services.database.reads,
            words=words_of(message),
        )


def is_replayable(route: Route | None) -> bool:
    """Tell whether running a handler again does no harm: it writes nothing."""
    return route is not None and not route.effect
