"""Drafts, and what has become public of them: editions, whose articles have addresses.

Source: reference sections 1.10 and 1.13. Documented: a draft that is sent or published is gone
and its media_id with it. From memory: 40007 for a draft that is not there, 40114 for a place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from secrets import token_hex, token_urlsafe
from threading import RLock
from typing import Any

from wx_archive.simulator.articles import NewsItem, Rules, news_item, read_article, read_articles
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.service_messages import Json
from wx_archive.simulator.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Draft:
    """Articles that nobody sees yet; the times are Unix times."""

    media_id: str
    items: tuple[NewsItem, ...]
    created_at: int
    updated_at: int


class Road(StrEnum):
    """How an edition became public."""

    PUBLISHED = "published"
    SENT = "sent"
    PREVIEW = "preview"


@dataclass(frozen=True, slots=True)
class Edition:
    """Articles with addresses; ``at`` is ISO 8601.

    ``in_history`` says that the account's page lists it, as it does what went to everybody.
    """

    token: str
    items: tuple[NewsItem, ...]
    base_url: str
    road: str
    at: str
    in_history: bool = False

    def url(self, place: int) -> str:
        """Return the address of the article at a place from 0."""
        return f"{self.base_url}/s/{self.token}/{place + 1}"

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of all articles."""
        return tuple(self.url(place) for place in range(len(self.items)))

    @property
    def is_deleted(self) -> bool:
        """Nothing of it can be read any more."""
        return all(item.is_deleted for item in self.items)


class DraftDesk:
    """The draft box; safe to use from several threads."""

    def __init__(self, folder: Path, rules: Rules) -> None:
        self._lock = RLock()
        self._rules = rules
        self._shelf: Shelf[Draft] = Shelf(folder, _draft)

    def add(self, payload: Json, *, now: datetime) -> Draft:
        """Keep a new draft, or refuse it with an `ApiError`."""
        second = int(now.timestamp())
        draft = Draft(token_urlsafe(32), read_articles(payload, self._rules), second, second)
        with self._lock:
            self._shelf.put(draft.media_id, draft)
        return draft

    def get(self, media_id: str) -> Draft:
        """Return a draft.

        Raises:
            ApiError: 40007, it is not there, perhaps any more.
        """
        with self._lock:
            return _found(self._shelf.get(media_id))

    def update(self, media_id: str, place: int, article: Json, *, now: datetime) -> None:
        """Replace one article, or refuse with an `ApiError`."""
        with self._lock:
            draft = self.get(media_id)
            if not 0 <= place < len(draft.items):
                raise ApiError(40114, "invalid index value")
            items = list(draft.items)
            items[place] = read_article(article, self._rules, alone=len(items) == 1)
            changed = replace(draft, items=tuple(items), updated_at=int(now.timestamp()))
            self._shelf.put(media_id, changed)

    def take(self, media_id: str) -> Draft:
        """Remove a draft and return it; likewise refuses what is not there."""
        with self._lock:
            return _found(self._shelf.take(media_id))

    def all(self) -> list[Draft]:
        """Return all drafts, the one changed last first."""
        with self._lock:
            latest_first = self._shelf.all()[::-1]
            return sorted(latest_first, key=lambda each: -each.updated_at)

    def clear(self) -> None:
        """Empty the box."""
        with self._lock:
            self._shelf.clear()


class EditionDesk:
    """What can be read; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._lock = RLock()
        self._shelf: Shelf[Edition] = Shelf(folder, _edition)

    def issue(
        self,
        items: Sequence[NewsItem],
        *,
        road: Road,
        base_url: str,
        now: datetime,
        in_history: bool = False,
    ) -> Edition:
        """Give articles their addresses."""
        edition = Edition(
            token_hex(12), tuple(items), base_url, road.value, now.isoformat(), in_history
        )
        with self._lock:
            self._shelf.put(edition.token, edition)
        return edition

    def get(self, token: str) -> Edition | None:
        """Return an edition, or None."""
        with self._lock:
            return self._shelf.get(token)

    def all(self) -> list[Edition]:
        """Return all editions, the latest first."""
        with self._lock:
            return self._shelf.all()[::-1]

    def keep(self, edition: Edition) -> None:
        """Keep a changed edition."""
        with self._lock:
            self._shelf.put(edition.token, edition)

    def delete(self, token: str, place: int) -> Edition:
        """Delete the article at a place from 1, or all with 0.

        Raises:
            ApiError: 53600 no such edition (documented), 40114 no such place.
        """
        with self._lock:
            edition = self._shelf.get(token)
            if edition is None:
                raise ApiError(53600, "invalid article_id")
            if not 0 <= place <= len(edition.items):
                raise ApiError(40114, "invalid index value")
            items = tuple(
                replace(item, is_deleted=item.is_deleted or place in {0, number})
                for number, item in enumerate(edition.items, start=1)
            )
            self._shelf.put(token, changed := replace(edition, items=items))
            return changed

    def clear(self) -> None:
        """Forget all editions."""
        with self._lock:
            self._shelf.clear()


def _found(draft: Draft | None) -> Draft:
    if draft is None:
        raise ApiError(40007, "invalid media_id")
    return draft


def _draft(saved: dict[str, Any]) -> Draft:
    return Draft(**{**saved, "items": tuple(news_item(each) for each in saved["items"])})


def _edition(saved: dict[str, Any]) -> Edition:
    return Edition(**{**saved, "items": tuple(news_item(each) for each in saved["items"])})
