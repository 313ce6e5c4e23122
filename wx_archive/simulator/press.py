"""The account's publishing as a whole: library, drafts, what is public, mass sends, tags."""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

from wx_archive.core import clock
from wx_archive.simulator.articles import NewsItem, Rules
from wx_archive.simulator.audience import Audience, Crew
from wx_archive.simulator.editions import DraftDesk, Edition, EditionDesk, Road
from wx_archive.simulator.finishing import FinishDesk
from wx_archive.simulator.mass import MassDesk, MassSend, Order
from wx_archive.simulator.mass_messages import (
    NEWS,
    MassMessage,
    bubbles_of,
    picture_set,
    read_mass_message,
)
from wx_archive.simulator.messages import Nodes
from wx_archive.simulator.platform import Platform
from wx_archive.simulator.publications import Publication, PublicationDesk, Stage
from wx_archive.simulator.replies import media_url
from wx_archive.simulator.service_messages import Json, text_of
from wx_archive.simulator.standing import StandingDesk
from wx_archive.simulator.tags import TagDesk

LOOK_EVERY_S: Final = 0.2
COVERS: Final = frozenset({"image", "thumb"})
Later = Callable[[float, Callable[[], None]], None]


class Press:
    """All that publishes; safe to use from several threads."""

    def __init__(
        self, platform: Platform, folder: Path, *, tell: Callable[[Nodes], None], later: Later
    ) -> None:
        self._platform = platform
        self._later = later
        self._looking = Lock()
        self._looks = False
        self.library = platform.library
        self.standing = StandingDesk(folder / "standing")
        self.finishing = FinishDesk(tell, later)
        self.rules = Rules(self._is_image, self._is_picture, self._is_article)
        self.editions = EditionDesk(folder / "editions")
        self.drafts = DraftDesk(folder / "drafts", self.rules)
        self.tags = TagDesk(folder / "tags", self.follows)
        self.crew = Crew(platform, self.standing, self.tags)
        self.stages: deque[Stage] = deque()
        self.publications = PublicationDesk(
            folder / "publications",
            drafts=self.drafts,
            editions=self.editions,
            finishing=self.finishing,
            next_number=self.standing.next_number,
        )
        self.mass = MassDesk(
            folder / "mass",
            crew=self.crew,
            drafts=self.drafts,
            editions=self.editions,
            finishing=self.finishing,
            standing=self.standing,
            show=self._show,
        )

    def resume(self) -> None:
        """Go on with what ran when the simulator stopped."""
        self.publications.resume()
        self.mass.resume()
        self._look_after_waiting()

    def reset(self) -> None:
        """Throw everything away but the library, which the account remembers; numbers go on."""
        self.finishing.clear()
        self.mass.clear()
        self.publications.clear()
        self.drafts.clear()
        self.editions.clear()
        self.tags.clear()
        self.standing.clear()
        self.stages.clear()

    # What is ours.

    def follows(self, openid: str) -> bool:
        """Tell whether somebody, with a phone or without, follows the account."""
        return self.crew.follows(openid)

    def _is_image(self, media_id: str) -> bool:
        found = self.library.find(media_id)
        return found is not None and found.kind in COVERS

    def _is_picture(self, url: str) -> bool:
        folder, _, media_id = _path_here(url).rpartition("/")
        if media_url(media_id) != f"{folder}/{media_id}":
            return False
        media = self._platform.media(media_id, now=clock.now())
        return media is not None and media.kind == "article"

    def _is_article(self, url: str) -> bool:
        match _path_here(url).split("/"):
            case ["", "s", token, _]:
                return self.editions.get(token) is not None
            case _:
                return False

    # Publishing.

    def publish(self, media_id: str, *, base_url: str, now: datetime) -> Publication:
        """Publish a draft, or refuse with an `ApiError`."""
        verdict = self.stages.popleft() if self.stages else Stage.DONE
        return self.publications.submit(media_id, verdict=verdict, base_url=base_url, now=now)

    # Sending.

    def send(self, payload: Json, audience: Audience, *, base_url: str, now: datetime) -> MassSend:
        """Send to many, or refuse with an `ApiError`."""
        self.mass.count_call(now=now)
        order = Order(
            message=self._message(payload, now=now),
            audience=audience,
            client_msg_id=text_of(payload, "clientmsgid"),
            digest=_digest(payload),
            ignores_reprint=payload.get("send_ignore_reprint") in {1, "1"},
        )
        send = self.mass.submit(order, base_url=base_url, now=now)
        if send.waits_until:
            self._look_after_waiting()
        return send

    def _message(self, payload: Json, *, now: datetime) -> MassMessage:
        return read_mass_message(payload, lambda each: self._platform.media(each, now=now))

    def preview(self, payload: Json, openid: str, *, base_url: str, now: datetime) -> int:
        """Show a message to one follower and return its id; the draft stays."""
        message = self._message(payload, now=now)
        self._platform.check_follower(openid)
        is_news = message.kind == NEWS
        items = self.drafts.get(message.media_ids[0]).items if is_news else picture_set(message)
        edition = (
            self.editions.issue(items, road=Road.PREVIEW, base_url=base_url, now=now)
            if items
            else None
        )
        self._show(message, edition, [openid])
        return self.standing.next_number()

    def _show(self, message: MassMessage, edition: Edition | None, openids: Sequence[str]) -> None:
        bubbles = bubbles_of(message, edition, self._describe)
        self._platform.show_to(openids, bubbles, now=clock.now())

    def _describe(self, media_id: str) -> tuple[str, int]:
        found = self.library.find(media_id)
        return (found.title, found.seconds) if found else ("", 1)

    def _look_after_waiting(self) -> None:
        """End sends that nobody confirms in time, by the movable clock, while there are any."""
        with self._looking:
            if self._looks or not self.mass.waiting():
                return
            self._looks = True
        self._later(LOOK_EVERY_S, self._look)

    def _look(self) -> None:
        self.mass.expire(now=clock.now())
        with self._looking:
            self._looks = False
        self._look_after_waiting()

    # Reading.

    def read(self, token: str, place: int) -> tuple[Edition, NewsItem] | None:
        """Return an article that can be read, place from 1; a deleted one too."""
        edition = self.editions.get(token)
        if edition is None or not 1 <= place <= len(edition.items):
            return None
        is_public = (
            edition.road == Road.PREVIEW
            or self.publications.is_public(token)
            or self.mass.is_public(token)
        )
        return (edition, edition.items[place - 1]) if is_public else None

    def history(self) -> list[Edition]:
        """Return what the account's page lists, the latest first."""
        return [each for each in self.editions.all() if each.in_history and not each.is_deleted]


def _path_here(url: str) -> str:
    """Return the path of an address on this machine, empty for any other."""
    try:
        address = urlsplit(url)
        is_here = address.hostname in {"127.0.0.1", "localhost", "::1"}
    except ValueError:
        return ""
    return address.path if is_here else ""


def _digest(payload: Json) -> str:
    told = json.dumps(
        {name: value for name, value in payload.items() if name != "clientmsgid"},
        ensure_ascii=False,
        sort_keys=True,
    )
    return hashlib.sha256(told.encode()).hexdigest()
