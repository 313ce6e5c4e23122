"""Publishing without telling followers: jobs that turn a draft into an edition.

Source: reference sections 1.10 and 1.13. Documented: the states, the event, that publish_id is
given as a number or as a text. From memory: 40007 for an unknown publish_id.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from threading import RLock
from typing import Any, Final

from wx_archive.simulator import messages
from wx_archive.simulator.editions import DraftDesk, Edition, EditionDesk, Road
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.finishing import FinishDesk
from wx_archive.simulator.messages import Nodes
from wx_archive.simulator.shelf import Shelf

FIRST_PUBLISH_ID: Final = 100_000_000
FIRST_DATA_ID: Final = 2_247_480_000


class Stage(IntEnum):
    """How far a publication is, as `freepublish/get` tells it."""

    DONE = 0
    RUNNING = 1
    NOT_ORIGINAL = 2
    FAILED = 3
    REFUSED = 4
    DELETED = 5
    BANNED = 6


@dataclass(frozen=True, slots=True)
class Publication:
    """One job; ``at`` is ISO 8601, ``verdict`` the stage in which it will end."""

    number: int
    token: str
    stage: int
    verdict: int
    at: str

    @property
    def publish_id(self) -> int | str:
        """Its id, by turns a number and a text, as accounts have seen it."""
        number = FIRST_PUBLISH_ID + self.number
        return str(number) if self.number % 2 else number

    @property
    def msg_data_id(self) -> int:
        """The id of its articles in WeChat's statistics."""
        return FIRST_DATA_ID + self.number


class PublicationDesk:
    """Publishes drafts; safe to use from several threads."""

    def __init__(
        self,
        folder: Path,
        *,
        drafts: DraftDesk,
        editions: EditionDesk,
        finishing: FinishDesk,
        next_number: Callable[[], int],
    ) -> None:
        self._lock = RLock()
        self._drafts = drafts
        self._editions = editions
        self._finishing = finishing
        self._next_number = next_number
        self._shelf: Shelf[Publication] = Shelf(folder, _publication)

    def resume(self) -> None:
        """Go on with jobs that ran when the simulator stopped."""
        for each in self.all():
            if each.stage == Stage.RUNNING:
                self._begin(each.number)

    def submit(self, media_id: str, *, verdict: Stage, base_url: str, now: datetime) -> Publication:
        """Begin to publish a draft, which is gone with that, or refuse with an `ApiError`."""
        with self._lock:
            draft = self._drafts.take(media_id)
            edition = self._editions.issue(
                draft.items, road=Road.PUBLISHED, base_url=base_url, now=now
            )
            made = Publication(
                self._next_number(), edition.token, Stage.RUNNING, verdict, now.isoformat()
            )
            self._shelf.put(str(made.number), made)
        self._begin(made.number)
        return made

    def _begin(self, number: int) -> None:
        self._finishing.begin(lambda: self._finish(number))

    def _finish(self, number: int) -> Nodes | None:
        with self._lock:
            running = self._shelf.get(str(number))
            if running is None or running.stage != Stage.RUNNING:
                return None
            ended = replace(running, stage=running.verdict)
            self._shelf.put(str(number), ended)
        # A publication that failed shows nothing and has no addresses; nor has one whose articles
        # a reset has thrown away just now.
        edition = self._editions.get(ended.token)
        urls = edition.urls if edition is not None and ended.stage == Stage.DONE else ()
        token = ended.token if urls else ""
        return messages.publish_finished(ended.publish_id, ended.stage, token, urls)

    def get(self, publish_id: str) -> Publication:
        """Return a job by its id, or refuse with an `ApiError`."""
        found = next((each for each in self.all() if str(each.publish_id) == publish_id), None)
        if found is None:
            raise ApiError(40007, "invalid publish_id")
        if found.stage == Stage.DONE and self.edition(found).is_deleted:
            return replace(found, stage=Stage.DELETED)
        return found

    def edition(self, publication: Publication) -> Edition:
        """Return the articles of a job."""
        found = self._editions.get(publication.token)
        if found is None:
            raise ApiError(53600, "invalid article_id")
        return found

    def all(self) -> list[Publication]:
        """Return all jobs, oldest first."""
        with self._lock:
            return self._shelf.all()

    def public(self) -> list[tuple[Publication, Edition]]:
        """Return what can be read, the latest first."""
        done = [(each, self.edition(each)) for each in self.all() if each.stage == Stage.DONE]
        return [(each, edition) for each, edition in done if not edition.is_deleted][::-1]

    def is_public(self, token: str) -> bool:
        """Tell whether an edition of these jobs may be read."""
        return any(each.token == token and each.stage == Stage.DONE for each in self.all())

    def clear(self) -> None:
        """Forget all jobs."""
        with self._lock:
            self._shelf.clear()


def _publication(saved: dict[str, Any]) -> Publication:
    return Publication(**saved)
