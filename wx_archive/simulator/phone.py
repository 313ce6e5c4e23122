"""A phone in code: follows, types, taps and reads, for journeys and for the terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import requests
from requests.cookies import RequestsCookieJar

from wx_archive.simulator.bubbles import Article, Bubble, Kind, MenuChoice, Sender, Span, from_json

__all__ = ["Article", "Bubble", "Kind", "Page", "Phone", "PhoneRefusedError", "Sender", "Span"]

# Four deliveries of five seconds each, and the message that a picture button sends after it.
_PATIENCE_S: Final = 60


class PhoneRefusedError(Exception):
    """The simulator did not let the phone do that; the text is its Chinese reason."""


@dataclass(frozen=True, slots=True)
class Page:
    """What the phone's browser shows: the last address after all redirects, and its text."""

    status: int
    url: str
    text: str


class Phone:
    """One phone of a running simulator; what the last act showed is remembered.

    ``opened`` is the page that the last act opened, ``fault`` why nothing was shown, and
    ``exchange`` the number of its exchange.
    """

    def __init__(
        self, base_url: str, openid: str | None = None, *, nickname: str | None = None
    ) -> None:
        self._base_url = base_url.rstrip("/")
        if openid is None:
            url = f"{self._base_url}/sim/phones"
            openid = str(_call("POST", url, json={"nickname": nickname})["openid"])
        self.openid = openid
        self.shown: list[Bubble] = []
        self.opened: str | None = None
        self.fault: str | None = None
        self.exchange: int | None = None
        self._cookies = RequestsCookieJar()
        self._answered: set[int] = set()
        self._heard = self._messages(after=0)[1]

    # What a person does; each returns the bubbles the account answered with.

    def follows(self, scene: str | None = None) -> list[Bubble]:
        """Follow the account, by a poster's code if there is a scene."""
        return self._act("follow", {"scene": scene})

    def unfollows(self) -> list[Bubble]:
        """Leave the account."""
        return self._act("unfollow")

    def says(self, text: str) -> list[Bubble]:
        """Type a text."""
        return self._act("text", {"content": text})

    def taps(self, path: str, *, scan_result: str | None = None) -> list[Bubble]:
        """Tap a menu button, such as 「服务大厅/档案查询」; `opened` is the page it opens."""
        return self._act("tap", {"path": path, "scan_result": scan_result})

    def presses(self, choice: str | int) -> list[Bubble]:
        """Press a choice in the last answer: by its text, by what it sends, or by its place."""
        found = self._find_choice(choice)
        return self._act("text", {"content": found.content, "menu_id": found.id})

    def speaks(self, recognition: str | None = None, *, seconds: int = 3) -> list[Bubble]:
        """Send a voice message that WeChat understood as ``recognition``."""
        return self._act("voice", {"recognition": recognition, "seconds": seconds})

    def sends_photo(self, picture: bytes | None = None) -> list[Bubble]:
        """Send a picture, drawn by the simulator unless one is given."""
        if picture is None:
            return self._act("image", {"sample": True})
        return self._act("image", files={"file": ("photo", picture)})

    def sends_video(self, film: bytes | None = None, *, short: bool = False) -> list[Bubble]:
        """Send a video, made by the simulator unless one is given."""
        if film is None:
            return self._act("video", {"short": short})
        return self._act("video", files={"file": ("film", film)})

    def sends_file(self, title: str) -> list[Bubble]:
        """Send a document."""
        return self._act("file", {"title": title})

    def sends_location(
        self, latitude: float = 32.629057, longitude: float = 110.79799, label: str = "十堰市"
    ) -> list[Bubble]:
        """Send a place."""
        place = {"latitude": latitude, "longitude": longitude, "label": label}
        return self._act("location", place)

    def sends_link(self, title: str, description: str, url: str) -> list[Bubble]:
        """Share a page."""
        return self._act("link", {"title": title, "description": description, "url": url})

    def scans(self, scene: str) -> list[Bubble]:
        """Read a poster's code."""
        return self._act("scan", {"scene": scene})

    def sends_raw(self, nodes: Mapping[str, object]) -> list[Bubble]:
        """Send any nodes."""
        return self._act("raw", {"nodes": nodes})

    def opens(self, url: str) -> Page:
        """Open a page in this phone's browser, which keeps its cookies and follows redirects."""
        entrance = f"{self._base_url}/sim/phones/{self.openid}/browse"
        with requests.Session() as browser:
            browser.trust_env = False
            browser.cookies = self._cookies
            answer = browser.get(entrance, params={"url": url}, timeout=_PATIENCE_S)
        if answer.url.startswith(entrance):
            raise PhoneRefusedError(_reason(answer))
        return Page(answer.status_code, answer.url, answer.text)

    def holds_back(self) -> None:
        """Collect what is sent from now on; every act then answers with nothing."""
        self._act("hold")

    def releases(self, order: Sequence[int] | None = None) -> list[Bubble]:
        """Deliver what was collected, in this order of places from 0, else as it was sent."""
        return self._act("release", {"order": None if order is None else list(order)})

    def listens(self, wait_s: float = 5.0) -> list[Bubble]:
        """Wait for service messages that came since the last answer; they become the last one."""
        deadline = monotonic() + wait_s
        self.shown, self.opened, self.fault = [], None, None
        while not self.shown and (left_s := deadline - monotonic()) > 0:
            newer, self._heard = self._messages(after=self._heard, wait_s=left_s)
            self.shown = [each for each in newer if self._is_pushed(each)]
        return self.shown

    def _is_pushed(self, bubble: Bubble) -> bool:
        return bubble.sender is Sender.ACCOUNT and bubble.seq not in self._answered

    # What a person sees.

    @property
    def last_text(self) -> str:
        """All text of the last answer that can be read."""
        return "\n".join(bubble.visible_text for bubble in self.shown)

    @property
    def last_articles(self) -> list[Article]:
        """The article cards of the last answer."""
        return [article for bubble in self.shown for article in bubble.articles]

    @property
    def links(self) -> list[Span]:
        """The live links of the last answer: to pages (``href``) and choices (``menu``)."""
        spans = (span for bubble in self.shown for span in bubble.spans)
        return [span for span in spans if span.href or span.menu]

    def sees(self, text: str) -> None:
        """Assert that the last answer contains a text."""
        if text not in self.last_text:
            raise AssertionError(self._complaint(f"没有看到「{text}」"))

    def sees_not(self, text: str) -> None:
        """Assert that the last answer does not contain a text."""
        if text in self.last_text:
            raise AssertionError(self._complaint(f"不该看到「{text}」"))

    def conversation(self) -> list[Bubble]:
        """Return every bubble on this phone, its own included."""
        return self._messages(after=0)[0]

    def transcript(self) -> str:
        """Return the whole conversation as lines to read."""
        names = {Sender.ME: "我", Sender.ACCOUNT: "公众号", Sender.SYSTEM: "微信"}
        return "\n".join(
            f"{names[each.sender]}：{each.visible_text or f'[{each.kind}]'}"
            for each in self.conversation()
        )

    def _find_choice(self, choice: str | int) -> MenuChoice:
        choices = [(span.text.strip(), span.menu) for span in self.links if span.menu]
        wanted = str(choice).strip()
        exact = [menu for text, menu in choices if wanted in {text, menu.content.strip()}]
        within = [menu for text, menu in choices if wanted in text]
        if exact or len(within) == 1:
            return (exact or within)[0]
        if wanted.isdecimal() and 1 <= int(wanted) <= len(choices):
            return choices[int(wanted) - 1][1]
        raise AssertionError(self._complaint(f"没有可以点的「{choice}」"))

    def _complaint(self, what: str) -> str:
        why = f"\n（没有显示回复的原因：{self.fault}）" if self.fault else ""
        answer = self.last_text or "（没有回复）"
        return f"{what}。最后的回复是：\n{answer}{why}\n\n整段对话：\n{self.transcript()}"

    # The control interface.

    def _act(
        self,
        act: str,
        body: Mapping[str, object] | None = None,
        *,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> list[Bubble]:
        url = f"{self._base_url}/sim/phones/{self.openid}/{act}"
        answer = _call("POST", url, json=None if files else body or {}, files=files)
        self.shown = [from_json(bubble) for bubble in answer["shown"]]
        self.opened, self.fault = answer["open"], answer["fault"]
        self.exchange = answer["exchange"]
        self._answered |= {bubble.seq for bubble in self.shown}
        return self.shown

    def _messages(self, *, after: int, wait_s: float = 0) -> tuple[list[Bubble], int]:
        url = f"{self._base_url}/sim/phones/{self.openid}/messages?after={after}&wait={wait_s:.2f}"
        answer = _call("GET", url)
        return [from_json(bubble) for bubble in answer["messages"]], int(answer["next"])


def _call(method: str, url: str, **payload: Any) -> Any:
    # A session for each call leaves no socket open behind a phone that nobody closes.
    with requests.Session() as session:
        session.trust_env = False
        answer = session.request(method, url, timeout=_PATIENCE_S, **payload)
        if answer.ok:
            return answer.json()
        raise PhoneRefusedError(_reason(answer))


def _reason(answer: requests.Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, LookupError, TypeError):
        return f"模拟器出错了，状态码 {answer.status_code}"
