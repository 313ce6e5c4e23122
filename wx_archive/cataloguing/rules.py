"""What is decided about single entries: who must agree, and why the public does not see one."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from wx_archive.catalogue.rules import (
    Disclosure,
    Kind,
    Openness,
    Secrecy,
    document_is_public,
    record_is_public,
)

REASON_LENGTH: Final = 500
SHORTEST_REASON: Final = 2
BATCH: Final = 50
"""So many reviews are decided at once at most."""


class ReleaseKind(StrEnum):
    """What one person proposes and another one releases: all of it shows the public more.

    延期开放 is here too: nobody need do anything more on its day.

    Source: docs/sources.md#visibility.
    """

    OPEN = "record.open"
    DEFER = "record.defer"
    LIVELIHOOD = "record.livelihood"
    RESTORE = "document.restore"
    DISCLOSE = "document.disclose"

    @property
    def subject(self) -> Kind:
        """What it is done to."""
        return Kind(self.value.partition(".")[0])


class ReleaseState(StrEnum):
    """What has become of a proposal."""

    WAITING = "waiting"
    RELEASED = "released"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Hidden(StrEnum):
    """Why the public does not see an entry."""

    NOT_DISCLOSED = "not_disclosed"
    WITHDRAWN = "withdrawn"
    LIVELIHOOD = "livelihood"
    INTERNAL = "internal"
    UNREVIEWED = "unreviewed"
    CONTROLLED = "controlled"
    DEFERRED = "deferred"
    OPENS_LATER = "opens_later"
    CLOSED_ABOVE = "closed_above"


@dataclass(frozen=True, slots=True)
class RecordAccess:
    """What decides whether the public sees a record."""

    openness: Openness
    secrecy: Secrecy
    open_on: date | None
    is_livelihood: bool
    is_closed_above: bool

    def is_public(self, today: date) -> bool:
        """Tell whether the public sees it on ``today``."""
        return record_is_public(
            openness=self.openness,
            secrecy=self.secrecy,
            open_on=self.open_on,
            livelihood=self.is_livelihood,
            closed_above=self.is_closed_above,
            today=today,
        )

    def hidden(self, today: date) -> tuple[Hidden, ...]:
        """Return every reason why the public does not see it; none if it does."""
        is_to_come = self.open_on is None or self.open_on > today
        told = (
            (Hidden.LIVELIHOOD, self.is_livelihood),
            (Hidden.INTERNAL, self.secrecy is not Secrecy.PUBLIC),
            (Hidden.UNREVIEWED, self.openness is Openness.UNREVIEWED),
            (Hidden.CONTROLLED, self.openness is Openness.CONTROLLED),
            (Hidden.DEFERRED, self.openness is Openness.DEFERRED and is_to_come),
            (
                Hidden.OPENS_LATER,
                self.openness is Openness.OPEN and self.open_on is not None and is_to_come,
            ),
            (Hidden.CLOSED_ABOVE, self.is_closed_above),
        )
        return tuple(why for why, holds in told if holds)


def hidden_document(disclosure: Disclosure, *, is_withdrawn: bool) -> tuple[Hidden, ...]:
    """Return why the public does not know of a document; nothing if it does."""
    if document_is_public(disclosure):
        return ()
    return (Hidden.WITHDRAWN,) if is_withdrawn else (Hidden.NOT_DISCLOSED,)
