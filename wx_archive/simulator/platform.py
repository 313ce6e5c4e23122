"""The platform: followers, transcripts, menu, tokens, media and exchanges under one lock.

No method waits for the network: a delivery happens between `begin` and `finish`, so two
phones may talk at once. Clock, faults, quotas, calls and codes have desks of their own.
"""

import string
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import cycle
from secrets import choice, token_urlsafe
from threading import Condition, RLock
from typing import Final

from wx_archive.simulator.bubbles import Bubble, notice
from wx_archive.simulator.clock_desk import ClockDesk
from wx_archive.simulator.codes import CodeDesk
from wx_archive.simulator.config import SimulatorConfig
from wx_archive.simulator.errors import ApiError, RefusedError
from wx_archive.simulator.facts import Exchange, PhoneCard, Profile
from wx_archive.simulator.faults import FaultDesk
from wx_archive.simulator.journal import CallJournal, Journal, Sent
from wx_archive.simulator.library import Library
from wx_archive.simulator.media import Media
from wx_archive.simulator.menu import Button, find_button
from wx_archive.simulator.quotas import QuotaDesk
from wx_archive.simulator.store import Follower, Store
from wx_archive.simulator.templates import NumberDesk
from wx_archive.simulator.tokens import Token, TokenDesk
from wx_archive.simulator.windows import Occasion, opened, spend
from wx_archive.simulator.wire import Delivery

FIRST_NICKNAME: Final = "张阿姨"
NICKNAMES: Final = ("李师傅", "王老师", "小陈", "赵奶奶", "刘同学", "周工")
MAX_BUBBLES: Final = 500
MAX_EXCHANGES: Final = 2_000
# Source: WeChat's page on typing (客服输入状态): within 30 seconds of a message, for 15 seconds.
TYPING_AFTER: Final = timedelta(seconds=30)
TYPING_LASTS: Final = timedelta(seconds=15)
_OPENID_LETTERS: Final = string.ascii_letters + string.digits + "_-"


class Platform:
    """All state and WeChat's rules on it; safe to use from several threads."""

    def __init__(self, config: SimulatorConfig) -> None:
        self.config = config
        self._lock = RLock()
        self._store = Store(config.data_dir / "simulator")
        self.library = Library(config.data_dir / "simulator" / "library")
        self._state = self._store.load()
        self._tokens = TokenDesk(self._state.stable_token)
        self.clock = ClockDesk(timedelta(seconds=self._state.clock_offset_s), self._keep_clock)
        self.faults = FaultDesk()
        self.quotas = QuotaDesk()
        self.codes = CodeDesk()
        self.numbers = NumberDesk()
        self.calls = CallJournal()
        self.outbox: Journal[Sent] = Journal()
        self._exchanges: deque[Exchange] = deque(maxlen=MAX_EXCHANGES)
        self._arrivals = {openid: Condition(self._lock) for openid in self._state.followers}
        self._heard_at: dict[str, datetime] = {}
        self._typing: dict[str, datetime] = {}
        self._nicknames = cycle(NICKNAMES)
        self._closed = False
        if not self._state.followers:
            self.add_phone(FIRST_NICKNAME)

    def close(self) -> None:
        """Let every waiting long poll return."""
        with self._lock:
            self._closed = True
            self._wake_everyone()
        self.faults.close()
        self.clock.close()

    def reset(self, *, menu_too: bool) -> None:
        """Start over with one fresh phone and no faults.

        Ids keep growing and the clock stays, as the account remembers both.
        """
        self.faults.clear()
        self.quotas.reset()
        self.codes.clear()
        self.numbers.clear()
        self.calls.clear()
        self.outbox.clear()
        with self._lock:
            self._wake_everyone()
            self._arrivals = {}
            self._state.followers = {}
            self._state.menu = () if menu_too else self._state.menu
            self._tokens, self._state.stable_token = TokenDesk(), None
            self._exchanges.clear()
            self.add_phone(FIRST_NICKNAME)

    def _wake_everyone(self) -> None:
        for arrival in self._arrivals.values():
            arrival.notify_all()

    def _save(self) -> None:
        self._store.save(self._state)

    def _keep_clock(self, offset: timedelta) -> None:
        with self._lock:
            self._state.clock_offset_s = offset.total_seconds()
            self._save()

    # Phones.

    def phones(self) -> list[PhoneCard]:
        """Return every phone, oldest first."""
        with self._lock:
            return [_card(follower) for follower in self._state.followers.values()]

    def add_phone(self, nickname: str | None = None) -> PhoneCard:
        """Add a phone that does not follow yet."""
        with self._lock:
            openid = "o" + "".join(choice(_OPENID_LETTERS) for _ in range(27))
            follower = Follower(openid, nickname or next(self._nicknames))
            self._state.followers[openid] = follower
            self._arrivals[openid] = Condition(self._lock)
            self._save()
            return _card(follower)

    def knows(self, openid: str) -> bool:
        """Tell whether there is such a phone."""
        with self._lock:
            return openid in self._state.followers

    def is_following(self, openid: str) -> bool:
        """Tell whether a phone follows the account."""
        with self._lock:
            return self._phone(openid).following

    def follow(self, openid: str, *, scene: str | None, now: datetime) -> None:
        """Make a phone a follower, found by search or by a poster's code."""
        with self._lock:
            follower = self._phone(openid)
            if follower.following:
                raise RefusedError("这部手机已经关注了公众号。")
            follower.following = True
            follower.scene = scene
            follower.subscribed_at = int(now.timestamp())
            self._show(follower, notice(f"已关注「{self.config.account_name}」"), now)

    def unfollow(self, openid: str, *, now: datetime) -> None:
        """End following; the windows for service messages close with it."""
        with self._lock:
            follower = self._follower(openid)
            self._show(follower, notice(f"已取消关注「{self.config.account_name}」"), now)
            follower.following = False
            follower.windows.clear()

    def _phone(self, openid: str) -> Follower:
        follower = self._state.followers.get(openid)
        if follower is None:
            raise RefusedError("没有这部手机。", status=404)
        return follower

    def _follower(self, openid: str) -> Follower:
        follower = self._phone(openid)
        if not follower.following:
            raise RefusedError("这部手机还没有关注公众号，请先关注。")
        return follower

    # Conversation.

    def begin(
        self, openid: str, *, own: Bubble | None, occasion: Occasion | None, now: datetime
    ) -> int:
        """Show what a follower sends, open its window, and return the message's id.

        Raises:
            RefusedError: the phone does not follow.
        """
        with self._lock:
            follower = self._follower(openid)
            if occasion is not None:
                follower.windows[occasion] = opened(occasion, now=now)
                self._heard_at[openid] = now
            if own is not None:
                self._show(follower, own, now)
            return self.next_msg_id(now=now)

    def next_msg_id(self, *, now: datetime) -> int:
        """Return a new 64-bit id; as at WeChat, its upper half is the second it was made in."""
        with self._lock:
            # A clock moved past 2038 must not push ids out of 64 bits.
            second = int(now.timestamp()) % 2**31
            self._state.last_msg_id = max(self._state.last_msg_id + 1, second << 32)
            self._save()
            return self._state.last_msg_id

    def finish(
        self, exchange: Exchange, answer: Sequence[Bubble], *, now: datetime
    ) -> tuple[int, tuple[Bubble, ...]]:
        """Record an ended exchange and show its answer; return its id and what was shown."""
        with self._lock:
            self._state.last_exchange += 1
            self._exchanges.append(replace(exchange, id=self._state.last_exchange))
            follower = self._state.followers.get(exchange.openid)
            # The phone may have left or been reset while the account was thinking.
            shown = answer if follower is not None and follower.following else ()
            stamped = tuple(self._show(self._phone(exchange.openid), each, now) for each in shown)
            self._save()
            return self._state.last_exchange, stamped

    def send_service_message(self, openid: str, bubble: Bubble, *, now: datetime) -> None:
        """Show a service message within the follower's window, else refuse with an `ApiError`."""
        with self._lock:
            follower = self._reached(openid)
            spend(follower.windows, now=now)
            self._typing.pop(openid, None)
            self._push(follower, bubble, bubble.kind.value, now)

    def show_to(self, openids: Sequence[str], bubbles: Sequence[Bubble], *, now: datetime) -> None:
        """Show what was sent to many on the phones of those who still follow."""
        with self._lock:
            phones = [self._state.followers.get(openid) for openid in openids]
            for follower in phones:
                if follower is not None and follower.following:
                    for bubble in bubbles:
                        self._show(follower, bubble, now)
            self._save()

    def check_follower(self, openid: str) -> None:
        """Refuse somebody who does not follow with an `ApiError`."""
        with self._lock:
            self._reached(openid)

    def send_template_message(
        self, openid: str, bubble: Bubble, *, number: str, now: datetime
    ) -> int:
        """Show a template message, whatever the windows say; return its msgid, or refuse."""
        with self._lock:
            follower = self._reached(openid)
            msgid, is_new = self.numbers.claim(openid, number, now=now)
            if is_new:
                self._push(follower, bubble, "template", now)
            return msgid

    def _push(self, follower: Follower, bubble: Bubble, kind: str, now: datetime) -> None:
        shown = self._show(follower, bubble, now)
        self._save()
        self.outbox.add(Sent(follower.openid, kind, shown.text or shown.visible_text, shown.at))

    def _known(self, openid: str) -> Follower:
        if (follower := self._state.followers.get(openid)) is None:
            raise ApiError(40003, "invalid openid")
        return follower

    def _reached(self, openid: str) -> Follower:
        follower = self._known(openid)
        if not follower.following:
            raise ApiError(43004, "require subscribe")
        return follower

    def set_typing(self, openid: str, *, on: bool, now: datetime) -> None:
        """Show or end 「对方正在输入」, which ends by itself after 15 seconds, or refuse."""
        with self._lock:
            self._reached(openid)
            heard_at = self._heard_at.get(openid)
            if heard_at is None or now - heard_at > TYPING_AFTER:
                raise ApiError(45080, "out of typing window: no message within 30 seconds")
            until = self._typing.pop(openid, None)
            if on and until is not None and now < until:
                raise ApiError(45081, "already typing")
            if on:
                self._typing[openid] = now + TYPING_LASTS

    def _show(self, follower: Follower, bubble: Bubble, now: datetime) -> Bubble:
        follower.last_seq += 1
        stamped = replace(bubble, seq=follower.last_seq, at=now.isoformat())
        follower.bubbles.append(stamped)
        del follower.bubbles[:-MAX_BUBBLES]
        self._arrivals[follower.openid].notify_all()
        return stamped

    def bubbles(self, openid: str, *, after: int, wait_s: float) -> tuple[list[Bubble], int]:
        """Return what came after a seq, waiting for it if need be, and the latest seq."""
        with self._lock:
            follower = self._phone(openid)

            def is_over() -> bool:
                gone = self._state.followers.get(openid) is not follower
                return self._closed or gone or follower.last_seq > after

            self._arrivals[openid].wait_for(is_over, timeout=wait_s)
            newer = [bubble for bubble in follower.bubbles if bubble.seq > after]
            return newer, follower.last_seq

    def add_delivery(self, number: int, delivery: Delivery) -> None:
        """Add a duplicate that came after an exchange had ended."""
        with self._lock:
            for place, each in enumerate(self._exchanges):
                if each.id == number:
                    late = replace(delivery, attempt=len(each.deliveries) + 1)
                    self._exchanges[place] = replace(each, deliveries=(*each.deliveries, late))

    def exchanges(self, *, after: int) -> list[Exchange]:
        """Return the ended exchanges with a higher id."""
        with self._lock:
            return [exchange for exchange in self._exchanges if exchange.id > after]

    # The account's side.

    def menu(self) -> tuple[Button, ...]:
        """Return the pushed menu, empty when there is none."""
        with self._lock:
            return self._state.menu

    def set_menu(self, menu: tuple[Button, ...]) -> None:
        """Replace the menu; an empty one deletes it."""
        with self._lock:
            self._state.menu = menu
            self._save()

    def button(self, path: str) -> Button:
        """Return the menu button at a path of names."""
        return find_button(self.menu(), path)

    def issue_token(self, *, now: datetime) -> Token:
        """Issue a plain access token."""
        with self._lock:
            return self._tokens.issue_plain(now=now)

    def issue_stable_token(self, *, force: bool, now: datetime) -> Token:
        """Return the stable access token."""
        with self._lock:
            token = self._tokens.issue_stable(force=force, now=now)
            if token != self._state.stable_token:
                self._state.stable_token = token
                self._save()
            return token

    def check_token(self, value: str, *, now: datetime) -> None:
        """Accept a token in force, else raise `ApiError`."""
        with self._lock:
            self._tokens.check(value, now=now)

    def profile(self, openid: str) -> Profile:
        """Return what the account may know of a phone that has met it."""
        with self._lock:
            follower = self._known(openid)
            return Profile(openid, follower.following, follower.subscribed_at, follower.scene)

    def follower_openids(self) -> list[str]:
        """Return the openids of those who follow."""
        return [phone.openid for phone in self.phones() if phone.following]

    def keep_media(self, kind: str, content_type: str, content: bytes, *, now: datetime) -> Media:
        """Store a media file under a new id."""
        media = Media(token_urlsafe(48), kind, content_type, now)
        self._store.keep_file(media.media_id, content)
        with self._lock:
            self._state.media[media.media_id] = media
            self._save()
        return media

    def media(self, media_id: str, *, now: datetime) -> Media | None:
        """Return a media file that the API still gives out."""
        with self._lock:
            media = self._state.media.get(media_id)
        if media is None and (material := self.library.find(media_id)) is not None:
            media = material.media
        return None if media is None or media.has_expired(now) else media

    def media_content(self, media_id: str) -> tuple[str, bytes] | None:
        """Return content type and bytes of a media file, expired or not."""
        with self._lock:
            media = self._state.media.get(media_id)
        if media is None:
            return self.library.content(media_id)
        return media.content_type, self._store.file(media_id)


def _card(follower: Follower) -> PhoneCard:
    return PhoneCard(follower.openid, follower.nickname, follower.following)
