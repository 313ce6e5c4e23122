"""The ledger of service messages: what a follower's doings allow us to send, and what was used.

A count is spent and committed before the call: a crash may waste one, it never sends one too many.
Source of the windows: wechat/limits.yaml.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.orm import Session

from wx_archive.chat.models import ServiceWindow
from wx_archive.core.database import insert_into
from wx_archive.followers.models import Follower
from wx_archive.wechat.inbound import Inbound, MenuClick, MenuScanCode, Scan, Subscribe, Text
from wx_archive.wechat.limits import Occasion, limits

Opening = tuple[str, Occasion]
"""An openid and what its follower did."""


def occasion_of(message: Inbound) -> Occasion | None:
    """Return what a message counts as; a tap on a live link counts as a click."""
    match message:
        case Text(menu_id=str()) | MenuClick() | MenuScanCode():
            return Occasion.CLICK
        case Subscribe():
            return Occasion.SUBSCRIBE
        case Scan():
            return Occasion.SCAN
        case _ if not message.header.is_event:
            return Occasion.MESSAGE
        case _:
            return None


def note_opened(connection: Connection, opened: Mapping[Opening, datetime]) -> None:
    """Write a batch of occasions; an older one than is known changes nothing."""
    if not opened:
        return
    openids = sorted({openid for openid, _occasion in opened})
    ids = {
        openid: number
        for number, openid in connection.execute(
            select(Follower.id, Follower.openid).where(
                Follower.openid.in_(openids), Follower.is_following
            )
        )
    }
    rows = [
        {"follower_id": ids[openid], "occasion": occasion.value, "opened_at": at, "used": 0}
        for (openid, occasion), at in sorted(opened.items())
        if openid in ids
    ]
    if not rows:
        return
    insert = insert_into(connection, ServiceWindow)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["follower_id", "occasion"],
            set_={"opened_at": insert.excluded.opened_at, "used": 0},
            where=ServiceWindow.opened_at < insert.excluded.opened_at,
        ),
        rows,
    )


def spend(session: Session, follower_id: int, *, now: datetime) -> bool:
    """Use one message of the window that closes first; False when none is open."""
    usable = _usable(session, follower_id, now)
    if not usable:
        return False
    _closes_at, occasion = usable[0]
    session.execute(
        update(ServiceWindow)
        .where(ServiceWindow.follower_id == follower_id, ServiceWindow.occasion == occasion)
        .values(used=ServiceWindow.used + 1)
    )
    return True


def is_open(session: Session, follower_id: int, *, now: datetime) -> bool:
    """Tell whether a service message could be sent now; it is not spent by asking."""
    return bool(_usable(session, follower_id, now))


def _usable(session: Session, follower_id: int, now: datetime) -> list[tuple[datetime, str]]:
    """Return the windows with something left, locked, the one that closes first before others."""
    rules = limits().windows
    rows = session.execute(
        select(ServiceWindow.occasion, ServiceWindow.opened_at, ServiceWindow.used)
        .where(ServiceWindow.follower_id == follower_id)
        .with_for_update()
    )
    return sorted(
        (closes_at, occasion)
        for occasion, opened_at, used in rows
        if used < rules[Occasion(occasion)].messages
        and now < (closes_at := opened_at + rules[Occasion(occasion)].lasts)
    )


def close(session: Session, follower_id: int) -> None:
    """Forget every window: the follower left, or WeChat knows better than our ledger."""
    session.execute(delete(ServiceWindow).where(ServiceWindow.follower_id == follower_id))
