"""Mass sends: to everybody, a tag or a list, within their quotas, each clientmsgid once.

Source: reference section 1.8 and WeChat's guide on mass sends. Documented: quotas (a subscription
account sends to everybody or a tag once a day, a service account to everybody four times a month,
and each of its followers gets four a month; whoever had four is filtered, as the page on
MASSSENDJOBFINISH says), 60 calls a minute, 45065 with the msg_id, a
digest of message and audience in place of a missing clientmsgid, confirmation within 30 minutes,
err(40001) refused and err(40002) not confirmed by the administrator, err(30003) a reprint that
was not to be sent. From memory: clientmsgid is kept for 24 hours, 40130 below two openids, 40032
above 10,000, 40059 for an unknown msg_id.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any, Final

from wx_archive.core import clock
from wx_archive.simulator import messages
from wx_archive.simulator.audience import Audience, Crew
from wx_archive.simulator.editions import DraftDesk, Edition, EditionDesk, Road
from wx_archive.simulator.errors import ApiError, RefusedError
from wx_archive.simulator.finishing import FinishDesk
from wx_archive.simulator.mass_messages import NEWS, MassMessage, mass_message, picture_set
from wx_archive.simulator.messages import Nodes
from wx_archive.simulator.publications import FIRST_DATA_ID
from wx_archive.simulator.shelf import Shelf
from wx_archive.simulator.standing import StandingDesk

FIRST_MSG_ID: Final = 3_147_480_000
MOST_CLIENT_ID_BYTES: Final = 64
SAME_FOR: Final = timedelta(hours=24)
TOO_FAST_FOR: Final = timedelta(minutes=1)
CONFIRM_WITHIN: Final = timedelta(minutes=30)
SUCCESS: Final = "send success"
REPRINT: Final = "reprint"
SENDING: Final = "SENDING"
DONE: Final = "SEND_SUCCESS"
FAILED: Final = "SEND_FAIL"
DELETED: Final = "DELETE"
_ENDING: Final = {"reprint_stopped": "err(30003)", "refused": "err(40001)", "late": "err(40002)"}


@dataclass(frozen=True, slots=True)
class MassLimits:
    """WeChat's limits, which a test may change."""

    successful_per_day: int = 1
    per_month: int = 4
    calls_per_minute: int = 60


@dataclass(frozen=True, slots=True)
class Order:
    """What a call asks for; ``digest`` stands for its content and audience."""

    message: MassMessage
    audience: Audience
    client_msg_id: str
    digest: str
    ignores_reprint: bool


@dataclass(frozen=True, slots=True)
class MassSend:
    """One send; times are ISO 8601, ``calls`` counts repeated calls too.

    ``waits_until`` is empty unless the administrator must confirm it; the four counts are what
    the finish event says.
    """

    number: int
    client_msg_id: str
    digest: str
    message: MassMessage
    audience: Audience
    status: str
    verdict: str
    at: str
    token: str = ""
    ignores_reprint: bool = False
    waits_until: str = ""
    ending: str = ""
    calls: int = 1
    total: int = 0
    filtered: int = 0
    sent: int = 0
    errors: int = 0

    @property
    def msg_id(self) -> int:
        """The id of the send."""
        return FIRST_MSG_ID + self.number

    @property
    def msg_data_id(self) -> int:
        """The id of its articles in WeChat's statistics."""
        return FIRST_DATA_ID + self.number


class MassDesk:
    """Sends to many; safe to use from several threads."""

    def __init__(
        self,
        folder: Path,
        *,
        crew: Crew,
        drafts: DraftDesk,
        editions: EditionDesk,
        finishing: FinishDesk,
        standing: StandingDesk,
        show: Callable[[MassMessage, Edition | None, Sequence[str]], None],
    ) -> None:
        self._lock = RLock()
        self._crew = crew
        self._drafts = drafts
        self._editions = editions
        self._finishing = finishing
        self._standing = standing
        self._show = show
        self._shelf: Shelf[MassSend] = Shelf(folder, _mass_send)
        self._minute: deque[datetime] = deque()
        self.limits = MassLimits()
        self.verdicts: deque[str] = deque()
        self.replays_too_fast = False

    def resume(self) -> None:
        """Go on with sends that ran when the simulator stopped."""
        for each in self.all():
            if each.status == SENDING and not each.waits_until:
                self._begin(each.msg_id)

    def count_call(self, *, now: datetime) -> None:
        """Count a call of the minute, or refuse it with an `ApiError`."""
        with self._lock:
            while self._minute and now - self._minute[0] >= timedelta(minutes=1):
                self._minute.popleft()
            if len(self._minute) >= self.limits.calls_per_minute:
                raise ApiError(45011, "api minute-quota reach limit, must slower")
            self._minute.append(now)

    def submit(self, order: Order, *, base_url: str, now: datetime) -> MassSend:
        """Begin a send, with which its draft is gone, or refuse it with an `ApiError`."""
        with self._lock:
            self._refuse_replay(order, now=now)
            self._crew.check(order.audience)
            if order.message.kind == NEWS:
                self._drafts.get(order.message.media_ids[0])
            self._check_quota(order.audience, now=now)
            made = self._accept(order, base_url=base_url, now=now)
        if not made.waits_until:
            self._begin(made.msg_id)
        return made

    def _refuse_replay(self, order: Order, *, now: datetime) -> None:
        if len(order.client_msg_id.encode()) > MOST_CLIENT_ID_BYTES:
            raise ApiError(45067, "clientmsgid size out of limit: 64 bytes")
        key = order.client_msg_id or order.digest
        for each in self._shelf.all():
            age = now - datetime.fromisoformat(each.at)
            if key != (each.client_msg_id or each.digest) or age >= SAME_FOR:
                continue
            self._keep(replace(each, calls=each.calls + 1))
            if self.replays_too_fast and each.status == SENDING and age < TOO_FAST_FOR:
                raise ApiError(45066, "same clientmsgid retry too fast")
            raise ApiError(45065, "clientmsgid exist", msg_id=each.msg_id)

    def _check_quota(self, audience: Audience, *, now: datetime) -> None:
        """Refuse a subscription account's second success of a day, a service's fifth of a month."""
        is_service = self._crew.is_service
        if audience.openids or (is_service and not audience.is_to_all):
            return
        today = clock.day_of(now)
        begins = today.replace(day=1) if is_service else today
        used = sum(
            clock.day_of(datetime.fromisoformat(each.at)) >= begins
            and each.status in {SENDING, DONE, DELETED}
            and (each.audience.is_to_all or not (is_service or each.audience.openids))
            for each in self._shelf.all()
        )
        if used >= (self.limits.per_month if is_service else self.limits.successful_per_day):
            raise ApiError(45028, "has no masssend quota")

    def _accept(self, order: Order, *, base_url: str, now: datetime) -> MassSend:
        message, audience = order.message, order.audience
        is_news = message.kind == NEWS
        items = self._drafts.take(message.media_ids[0]).items if is_news else picture_set(message)
        edition = (
            self._editions.issue(items, road=Road.SENT, base_url=base_url, now=now)
            if items
            else None
        )
        waits = audience.is_to_all and self._standing.now.protected
        made = MassSend(
            number=self._standing.next_number(),
            client_msg_id=order.client_msg_id,
            digest=order.digest,
            message=message,
            audience=audience,
            status=SENDING,
            verdict=self.verdicts.popleft() if self.verdicts else SUCCESS,
            at=now.isoformat(),
            token=edition.token if edition else "",
            ignores_reprint=order.ignores_reprint,
            waits_until=(now + CONFIRM_WITHIN).isoformat() if waits else "",
        )
        self._keep(made)
        return made

    def _begin(self, msg_id: int) -> None:
        self._finishing.begin(lambda: self._finish(msg_id))

    # The administrator.

    def waiting(self) -> list[MassSend]:
        """Return the sends that wait for the administrator, oldest first."""
        return [each for each in self.all() if each.status == SENDING and each.waits_until]

    def confirm(self, msg_id: int, *, approve: bool) -> None:
        """Let a waiting send go on, or refuse it.

        Raises:
            RefusedError: it does not wait.
        """
        with self._lock:
            found = next((each for each in self.waiting() if each.msg_id == msg_id), None)
            if found is None:
                raise RefusedError("没有等管理员确认的这次群发。", status=404)
            verdict = found.verdict if approve else _ENDING["refused"]
            self._keep(replace(found, waits_until="", verdict=verdict))
        self._begin(msg_id)

    def expire(self, *, now: datetime) -> None:
        """End the sends that nobody confirmed in time."""
        with self._lock:
            late = [
                each for each in self.waiting() if now >= datetime.fromisoformat(each.waits_until)
            ]
            for each in late:
                self._keep(replace(each, waits_until="", verdict=_ENDING["late"]))
        for each in late:
            self._begin(each.msg_id)

    # The end.

    def _finish(self, msg_id: int) -> Nodes | None:
        with self._lock:
            running = self._shelf.get(str(msg_id))
            if running is None or running.status != SENDING:
                return None
            ended, reached = self._ended(running)
            self._keep(ended)
        edition = self._editions.get(ended.token)
        if ended.status == DONE:
            if edition is not None and ended.audience.is_to_all:
                self._editions.keep(replace(edition, in_history=True))
            self._show(ended.message, edition, reached)
        return _event(ended, edition)

    def _ended(self, running: MassSend) -> tuple[MassSend, list[str]]:
        stops = running.verdict == REPRINT and not running.ignores_reprint
        if running.verdict not in {SUCCESS, REPRINT} or stops:
            ending = _ENDING["reprint_stopped"] if stops else running.verdict
            return replace(running, status=FAILED, ending=ending), []
        month = f"{clock.day_of(clock.now()):%Y-%m}"
        reach = self._crew.reach(running.audience, month=month, per_month=self.limits.per_month)
        self._standing.give(month, reach.counted, crowd_too=running.audience.is_to_all)
        ended = replace(
            running,
            status=DONE,
            ending=SUCCESS,
            total=reach.total,
            filtered=reach.filtered,
            sent=reach.sent,
            errors=reach.filtered - reach.sent,
        )
        return ended, list(reach.phones)

    # What there is.

    def get(self, msg_id: int) -> MassSend:
        """Return a send, or refuse with an `ApiError`."""
        with self._lock:
            found = self._shelf.get(str(msg_id))
            if found is None:
                raise ApiError(40059, "invalid msg id")
            return found

    def delete(self, msg_id: int, place: int) -> None:
        """Delete an article of a send, all with place 0, or refuse with an `ApiError`."""
        with self._lock:
            found = self.get(msg_id)
            if found.status not in {DONE, DELETED} or not found.token:
                raise ApiError(40059, "invalid msg id: only what was sent and can be deleted")
            if self._editions.delete(found.token, place).is_deleted:
                self._keep(replace(found, status=DELETED))

    def all(self) -> list[MassSend]:
        """Return all sends, oldest first."""
        with self._lock:
            return self._shelf.all()

    def is_public(self, token: str) -> bool:
        """Tell whether followers may read an edition of these sends."""
        return any(each.token == token and each.status in {DONE, DELETED} for each in self.all())

    def clear(self) -> None:
        """Forget all sends and switches."""
        with self._lock:
            self._shelf.clear()
            self._minute.clear()
            self.verdicts.clear()
            self.limits, self.replays_too_fast = MassLimits(), False

    def _keep(self, send: MassSend) -> None:
        self._shelf.put(str(send.msg_id), send)


def _event(send: MassSend, edition: Edition | None) -> Nodes:
    counts = {
        "TotalCount": send.total,
        "FilterCount": send.filtered,
        "SentCount": send.sent,
        "ErrorCount": send.errors,
    }
    items = edition.items if edition is not None and send.verdict == REPRINT else ()
    urls = edition.urls if edition is not None and send.status == DONE else ()
    check = messages.reprint_check(len(items), may_be_sent=send.status == DONE)
    return messages.mass_finished(send.msg_id, send.ending, counts, check=check, urls=urls)


def _mass_send(saved: dict[str, Any]) -> MassSend:
    audience = {**saved["audience"], "openids": tuple(saved["audience"]["openids"])}
    return MassSend(
        **{**saved, "message": mass_message(saved["message"]), "audience": Audience(**audience)}
    )
