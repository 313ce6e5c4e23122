"""What somebody has chosen for a new push: pieces in their order, road, audience."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlencode

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.publishing.audiences import Audience, Segment
from wx_archive.publishing.models import Piece
from wx_archive.publishing.rules import MOST_ARTICLES, AudienceKind, Delivery, PieceState

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

NEW: Final = "/console/pushes/new"
_MOST_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class Choice:
    """A new push as its form says it.

    Attributes:
        pids: of its pieces, in their order.
    """

    pids: tuple[str, ...]
    delivery: Delivery
    audience: AudienceKind
    topic: str
    segment: Segment

    @classmethod
    def read(cls, form: "MultiDict[str, str]") -> Self:
        """Return what a form or an address says; what means nothing is not chosen."""
        pids = dict.fromkeys(form.getlist("piece"))
        delivery, audience = form.get("delivery", ""), form.get("audience", "")
        days = form.get("active", "")
        has_days = days.isascii() and days.isdigit() and 0 < int(days) <= _MOST_DAYS
        segment = Segment(
            tuple(form.getlist("topics")),
            form.get("scene") or None,
            int(days) if has_days else None,
        )
        return cls(
            tuple(pids)[: MOST_ARTICLES + 1],
            Delivery(delivery) if delivery in set(Delivery) else Delivery.MASS,
            AudienceKind(audience) if audience in set(AudienceKind) else AudienceKind.ALL,
            form.get("topic", ""),
            segment,
        )

    @property
    def whom(self) -> Audience:
        """Who would get it."""
        return Audience(self.audience, self.topic, self.segment)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Return it as the fields of a form."""
        found = [("piece", pid) for pid in self.pids]
        found += [("delivery", self.delivery.value), ("audience", self.audience.value)]
        if self.audience is AudienceKind.TAG:
            found.append(("topic", self.topic))
        if self.audience is AudienceKind.LIST:
            found += [("topics", topic) for topic in self.segment.topics]
            found += [("scene", self.segment.scene)] if self.segment.scene else []
            days = self.segment.active_within_days
            found += [("active", str(days))] if days else []
        return found

    def moved(self, place: int, by: int) -> str:
        """Return the address of the same choice with a piece moved; empty at the end."""
        to = place + by
        if not 0 <= to < len(self.pids):
            return ""
        pids = list(self.pids)
        pids[place], pids[to] = pids[to], pids[place]
        rest = [(name, value) for name, value in self.fields if name != "piece"]
        return f"{NEW}?{urlencode([*(('piece', pid) for pid in pids), *rest, ('look', '1')])}"

    @property
    def address(self) -> str:
        """Return the address of the form, filled in with this choice."""
        return f"{NEW}?{urlencode(self.fields)}"


def approved(connection: Connection, *, limit: int) -> list[Piece]:
    """Return the pieces that may be sent, those wanted first and then those approved last."""
    with Session(bind=connection) as session:
        rows = (
            select(Piece)
            .where(Piece.state == PieceState.APPROVED, Piece.withdrawn_at.is_(None))
            .order_by(Piece.out_at.is_not(None), Piece.changed_at.desc(), Piece.id.desc())
            .limit(limit)
        )
        found = list(session.scalars(rows))
        session.expunge_all()
    return found


def chosen(connection: Connection, pids: tuple[str, ...]) -> list[Piece]:
    """Return the pieces that were chosen, in their order; one that is gone is left out."""
    with Session(bind=connection) as session:
        found = {
            piece.pid: piece for piece in session.scalars(select(Piece).where(Piece.pid.in_(pids)))
        }
        session.expunge_all()
    return [found[pid] for pid in pids if pid in found]
