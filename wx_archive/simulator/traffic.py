"""What a person does with a phone, turned into messages, deliveries and shown answers."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from itertools import count
from secrets import token_hex
from threading import Lock
from typing import Final, cast

from flask import current_app

from wx_archive.core import clock
from wx_archive.simulator import media as samples
from wx_archive.simulator import messages
from wx_archive.simulator.bubbles import Bubble, Kind, Sender, notice, text_bubble
from wx_archive.simulator.errors import BadReplyError, RefusedError
from wx_archive.simulator.facts import Exchange
from wx_archive.simulator.menu import Button
from wx_archive.simulator.messages import Nodes
from wx_archive.simulator.platform import Platform
from wx_archive.simulator.press import Press
from wx_archive.simulator.replies import Expected, media_url, read_reply
from wx_archive.simulator.shown import Place, Shown, joined
from wx_archive.simulator.windows import Occasion
from wx_archive.simulator.wire import Delivered, Envelope, Wire
from wx_archive.simulator.wire_faults import Disorder, Duplicate

FAULT_NOTICE: Final = "该公众号提供的服务出现故障，请稍后再试"
ASSISTANT: Final = "oMassSendAssistantOfWeChat00"
SAMPLE_PLACE: Final = (32.629057, 110.797990, "湖北省十堰市茅箭区")


class Traffic:
    """Carries the acts of all phones to the account and its answers back."""

    def __init__(self, platform: Platform, wire: Wire) -> None:
        self.platform = platform
        self.disorder = wire.faults
        self._wire = wire
        self._held: dict[str, list[_Parcel]] = {}
        self._held_lock = Lock()
        self._pictures = count(1)
        self._last_events: dict[tuple[str, str], int] = {}
        self._events_lock = Lock()
        folder = platform.config.data_dir / "simulator" / "press"
        self.press = Press(platform, folder, tell=self.tell, later=wire.later)
        self.press.resume()

    def close(self) -> None:
        """Let waiting phones go and close the wire."""
        self.platform.close()
        self._wire.close()

    def reset(self, *, menu_too: bool) -> None:
        """Start over: one fresh phone, a wire in order, nothing held back."""
        with self._held_lock:
            self._held.clear()
        self.disorder.put(Disorder())
        self.press.reset()
        self.platform.reset(menu_too=menu_too)

    def hold(self, openid: str) -> None:
        """Collect what a phone sends from now on instead of delivering it."""
        self.platform.is_following(openid)  # refuses a phone that is not there
        with self._held_lock:
            self._held.setdefault(openid, [])

    def release(self, openid: str, order: Sequence[int] | None) -> Shown:
        """Deliver what was collected, in an order of places from 0; as it was sent when None.

        Raises:
            RefusedError: nothing is held back, or the order does not name each message once.
        """
        with self._held_lock:
            held = self._held.get(openid)
            if held is None:
                raise RefusedError("这部手机没有扣住消息。")
            places = list(range(len(held))) if order is None else list(order)
            if sorted(places) != list(range(len(held))):
                raise RefusedError(
                    f"order 要把 {len(held)} 条消息的序号（从 0 起）各写一次。", status=400
                )
            del self._held[openid]
        return reduce(joined, [self._deliver(held[place]) for place in places], Shown())

    def tell(self, event: Nodes) -> None:
        """Deliver an event that no follower caused; it comes in the name of WeChat's own user."""
        self._carry(ASSISTANT, event, msg_id=0, now=clock.now())

    def follow(self, openid: str, scene: str | None = None) -> Shown:
        """Follow the account, through a poster's code when there is a scene."""
        self.platform.follow(openid, scene=scene, now=clock.now())
        return self._send(openid, messages.subscribe(scene), occasion=Occasion.SUBSCRIBE)

    def unfollow(self, openid: str) -> Shown:
        """Leave the account; whatever it answers is not shown any more."""
        now = clock.now()
        self.platform.unfollow(openid, now=now)
        return self._carry(openid, messages.unsubscribe(), msg_id=0, now=now)

    def scan(self, openid: str, scene: str) -> Shown:
        """Read a poster's code, following the account if need be."""
        if not self.platform.is_following(openid):
            return self.follow(openid, scene)
        return self._send(openid, messages.scan(scene), occasion=Occasion.SCAN)

    def text(self, openid: str, content: str, menu_id: str | None = None) -> Shown:
        """Send a text, or tap a choice in the chat, which counts as a menu click."""
        return self._send(
            openid,
            messages.text(content, menu_id),
            own=text_bubble(Sender.ME, content),
            occasion=Occasion.MESSAGE if menu_id is None else Occasion.CLICK,
        )

    def voice(self, openid: str, recognition: str | None, seconds: int) -> Shown:
        """Speak for some seconds."""
        media_id = self._keep("voice", "audio/amr", samples.record_silence(seconds))
        own = Bubble(
            Sender.ME,
            Kind.VOICE,
            url=media_url(media_id),
            seconds=seconds,
            recognition=recognition,
        )
        return self._send(openid, messages.voice(media_id, recognition), own=own)

    def image(self, openid: str, picture: bytes, *, base_url: str) -> Shown:
        """Send a picture; ``base_url`` is where the account reaches this simulator.

        Raises:
            RefusedError: it is not a picture that WeChat sends.
        """
        content_type = samples.content_type_of(picture)
        if content_type is None or not content_type.startswith("image/"):
            raise RefusedError("微信只能发 JPG、PNG 或 GIF 图片。", status=400)
        media_id = self._keep("image", content_type, picture)
        url = media_url(media_id)
        own = Bubble(Sender.ME, Kind.IMAGE, url=url)
        message = messages.image(base_url.rstrip("/") + url, media_id)
        return self._send(openid, message, own=own)

    def sample_picture(self) -> bytes:
        """Draw a picture that differs from the ones before."""
        return samples.draw_picture(next(self._pictures))

    def sample_film(self) -> bytes:
        """Return a film in which nothing is to be seen."""
        return samples.film_nothing()

    def video(self, openid: str, film: bytes, *, short: bool) -> Shown:
        """Send a video, or a short one shot in the chat.

        Raises:
            RefusedError: it is no video that WeChat sends.
        """
        if samples.content_type_of(film) != "video/mp4":
            raise RefusedError("微信只能发 MP4 视频。", status=400)
        media_id = self._keep("video", "video/mp4", film)
        thumb_id = self._keep("thumb", "image/png", self.sample_picture())
        own = Bubble(Sender.ME, Kind.VIDEO, url=media_url(media_id))
        return self._send(openid, messages.video(media_id, thumb_id, short=short), own=own)

    def file(self, openid: str, title: str) -> Shown:
        """Send a document; only its name matters, accounts cannot fetch it."""
        message = messages.file(title, key=token_hex(16), size_bytes=20480)
        return self._send(openid, message, own=Bubble(Sender.ME, Kind.FILE, title=title))

    def location(self, openid: str, place: Place) -> Shown:
        """Send a place."""
        own = Bubble(
            Sender.ME,
            Kind.LOCATION,
            label=place.label,
            latitude=place.latitude,
            longitude=place.longitude,
        )
        message = messages.location(
            place.latitude, place.longitude, label=place.label, scale=place.scale
        )
        return self._send(openid, message, own=own)

    def link(self, openid: str, title: str, description: str, url: str) -> Shown:
        """Share a page."""
        own = Bubble(Sender.ME, Kind.LINK, title=title, description=description, url=url)
        return self._send(openid, messages.link(title, description, url), own=own)

    def raw(self, openid: str, nodes: Nodes) -> Shown:
        """Send nodes as they are: any kind, known or not, right or wrong."""
        own = notice(f"已发出一条「{nodes.get('MsgType', '无类型')}」消息")
        occasion = None if nodes.get("MsgType") == "event" else Occasion.MESSAGE
        return self._send(openid, nodes, own=own, occasion=occasion)

    def tap(self, openid: str, path: str, *, scan_result: str, base_url: str) -> Shown:
        """Tap a menu button by the names on the way to it."""
        button = self.platform.button(path)
        key = button.values.get("key", "")
        match button.type:
            case "click":
                click = messages.menu_event("CLICK", key)
                return self._send(openid, click, occasion=Occasion.CLICK)
            case "scancode_push" | "scancode_waitmsg":
                scanned = messages.scancode(button.type, key, scan_result)
                return self._send(openid, scanned, occasion=Occasion.CLICK)
            case "view" | "miniprogram":
                return self._open(openid, button)
            case "pic_sysphoto" | "pic_photo_or_album" | "pic_weixin":
                picture = self.sample_picture()
                chosen = self._event(openid, messages.pictures(button.type, key, picture))
                return joined(chosen, self.image(openid, picture, base_url=base_url))
            case "location_select":
                place = Place(*SAMPLE_PLACE)
                event = messages.location_select(key, *SAMPLE_PLACE)
                return joined(self._event(openid, event), self.location(openid, place))
            case _:
                return self._show_material(openid, button)

    def _open(self, openid: str, button: Button) -> Shown:
        url = button.values["url"]
        if button.type == "view":
            shown = self._event(openid, messages.menu_event("VIEW", url))
            return joined(shown, Shown(open=url))
        return self._event(
            openid, messages.menu_event("view_miniprogram", button.values["pagepath"])
        )

    def _show_material(self, openid: str, button: Button) -> Shown:
        # WeChat itself shows the material of such a button; the account hears nothing of it.
        own = notice(f"「{button.name}」会打开素材库里的内容，模拟器没有素材库")
        self.platform.begin(openid, own=own, occasion=None, now=clock.now())
        return Shown()

    def _keep(self, kind: str, content_type: str, content: bytes) -> str:
        return self.platform.keep_media(kind, content_type, content, now=clock.now()).media_id

    def _event(self, openid: str, message: Nodes) -> Shown:
        """Send an event that opens no window for service messages."""
        return self._send(openid, message, occasion=None)

    def _send(
        self,
        openid: str,
        message: Nodes,
        *,
        own: Bubble | None = None,
        occasion: Occasion | None = Occasion.MESSAGE,
    ) -> Shown:
        now = clock.now()
        msg_id = self.platform.begin(openid, own=own, occasion=occasion, now=now)
        return self._carry(openid, message, msg_id=msg_id, now=now)

    def _carry(self, openid: str, message: Nodes, *, msg_id: int, now: datetime) -> Shown:
        """Deliver a message and show the answer; no lock is held while the account thinks."""
        nodes = messages.addressed(
            message,
            to=self.platform.config.original_id,
            sender=openid,
            create_time=self._second(openid, message, now),
            msg_id=msg_id,
        )
        parcel = _Parcel(openid, nodes, now)
        with self._held_lock:
            if openid in self._held:
                self._held[openid].append(parcel)
                return Shown(held=True)
        return self._deliver(parcel)

    def _deliver(self, parcel: "_Parcel") -> Shown:
        disorder = self.disorder.present()
        envelope = self._seal(parcel)
        delivered = self._with_twin(parcel, envelope, disorder)
        reply = self._read(delivered, openid=parcel.openid, trigger=parcel.trigger)
        exchange = Exchange(
            at=parcel.sent_at.isoformat(),
            openid=parcel.openid,
            kind=parcel.kind,
            request_xml=envelope.xml,
            request_body=envelope.body,
            query=envelope.query,
            deliveries=delivered.deliveries,
            reply_body=_decoded(delivered.reply),
            reply_xml=reply.xml,
            fault=reply.fault,
        )
        number, shown = self.platform.finish(exchange, reply.bubbles, now=clock.now())
        if disorder.duplicate is Duplicate.LATER:
            self._send_later(parcel, envelope, disorder, number)
        return Shown(shown, delivered.deliveries, number, reply.fault)

    def _seal(self, parcel: "_Parcel") -> Envelope:
        return self._wire.seal(parcel.nodes, openid=parcel.openid, now=clock.now())

    def _with_twin(self, parcel: "_Parcel", envelope: Envelope, disorder: Disorder) -> Delivered:
        """Deliver a message, at the same time with its duplicate if there is to be one."""
        if disorder.duplicate is not Duplicate.AT_ONCE:
            return self._wire.deliver(envelope)
        twin = envelope if disorder.same_signature else self._seal(parcel)
        with ThreadPoolExecutor(1) as other:
            second = other.submit(self._wire.duplicate, twin)
            first = self._wire.deliver(envelope)
        delivery = replace(second.result(), attempt=len(first.deliveries) + 1)
        return replace(first, deliveries=(*first.deliveries, delivery))

    def _send_later(
        self, parcel: "_Parcel", envelope: Envelope, disorder: Disorder, number: int
    ) -> None:
        def send() -> None:
            twin = envelope if disorder.same_signature else self._seal(parcel)
            self.platform.add_delivery(number, self._wire.duplicate(twin))

        self._wire.later(disorder.later_s, send)

    def _second(self, openid: str, message: Nodes, now: datetime) -> int:
        """Return the message's CreateTime, in seconds.

        Events have no id: the very same event twice within one second could not be told from a
        repeated delivery. No thumb is that fast, so a test that is gets the next second.
        """
        second = int(now.timestamp())
        if message.get("MsgType") != "event":
            return second
        with self._events_lock:
            key = (openid, messages.render(message))
            second = max(second, self._last_events.get(key, 0) + 1)
            self._last_events[key] = second
        return second

    def _read(self, delivered: Delivered, *, openid: str, trigger: str) -> "_Reply":
        if delivered.reply is None:
            return _Reply((notice(FAULT_NOTICE),), None, "每一次投递都没有得到 200 应答")
        xml = None
        try:
            xml = self._wire.unseal(delivered.reply)
            if xml is None:
                return _Reply((), None, None)
            expected = Expected(
                openid, self.platform.config.original_id, trigger, self._media_in_force
            )
            return _Reply(read_reply(xml, expected), xml, None)
        except BadReplyError as err:
            return _Reply((notice(FAULT_NOTICE),), xml, str(err))

    def _media_in_force(self, media_id: str) -> samples.Media | None:
        return self.platform.media(media_id, now=clock.now())


@dataclass(frozen=True, slots=True)
class _Parcel:
    """One message as it was sent: its CreateTime stays, whenever it is delivered."""

    openid: str
    nodes: Nodes
    sent_at: datetime

    @property
    def trigger(self) -> str:
        return str(self.nodes.get("MsgType", ""))

    @property
    def kind(self) -> str:
        return str(self.nodes.get("Event") or self.nodes.get("MsgType") or "?")


@dataclass(frozen=True, slots=True)
class _Reply:
    bubbles: tuple[Bubble, ...]
    xml: str | None
    fault: str | None


def _decoded(reply: bytes | None) -> str | None:
    return None if reply is None else reply.decode(errors="replace")


def current_traffic() -> Traffic:
    """Return the traffic of the running app."""
    return cast("Traffic", current_app.extensions["simulator"])
