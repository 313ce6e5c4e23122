"""What waits for whoever reviews uploads or enters accessions, as the first page lists it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from wx_archive.core import clock
from wx_archive.staff.plugs import Todo
from wx_archive.staff.rules import Permission, Person
from wx_archive.treasures import queue
from wx_archive.treasures.console.shown import QUEUE, WORK
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.register_models import AccessionPlan
from wx_archive.treasures.rules import State


def todos(connection: Connection, person: Person, now: datetime) -> Sequence[Todo]:
    """Return what waits for somebody, by what they may do."""
    return [*_reviewed(connection, person, now), *_entered(connection, person)]


def _reviewed(connection: Connection, person: Person, now: datetime) -> Sequence[Todo]:
    """Return new uploads, what is in one's own hands, whatever is late."""
    if not person.may(WORK):
        return ()
    told = queue.counts(connection, member_id=person.id, today=clock.day_of(now))
    new = told.of(State.RECEIVED)
    mine = f"{QUEUE}?owner=mine&state=staff"
    return (
        Todo("等初审的珍档", new, f"{QUEUE}?state=received", WORK, told.new_late > 0),
        Todo("在您手里的珍档", told.mine, mine, WORK, told.mine_late > 0),
        Todo("过了期限的珍档", told.late, f"{QUEUE}?late=1", WORK, is_late=True),
    )


def _entered(connection: Connection, person: Person) -> Sequence[Todo]:
    """Return accessions that somebody else has proposed: the second person's to enter."""
    if not person.may(Permission.TREASURES_RELEASE):
        return ()
    proposed = connection.scalar(
        select(func.count())
        .select_from(AccessionPlan)
        .join(Treasure, Treasure.id == AccessionPlan.treasure_id)
        .where(Treasure.state == State.AGREEMENT.value, AccessionPlan.proposed_by != person.login)
    )
    path = f"{QUEUE}?state={State.AGREEMENT.value}"
    return (Todo("等您放行的入藏", proposed or 0, path, Permission.TREASURES_RELEASE),)
