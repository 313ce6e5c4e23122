"""The queue, with its filters and counts."""

from typing import Final
from urllib.parse import urlencode

from flask import request
from flask.typing import ResponseReturnValue

from wx_archive.core.paging import Place
from wx_archive.staff.pages import Pages, Visit
from wx_archive.treasures import queue, review, rules
from wx_archive.treasures.console.shown import QUEUE, READ, SAY, VIEWS
from wx_archive.treasures.queue import Wanted
from wx_archive.treasures.rules import Channel, State

GROUPS: Final = {
    "": ("在办的", rules.OPEN),
    "staff": ("等馆里办的", rules.STAFF_ACTS),
    "kept": ("入了藏的", rules.KEPT),
    "gone": ("婉谢、返还、撤回的", rules.GONE),
    "all": ("全部", None),
}
"""What the filter of states offers beside the single states."""


def add(pages: Pages) -> None:
    """Add the page."""

    @pages.get("/treasures", needs=READ)
    def treasures(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            found = queue.page(
                connection,
                _wanted(visit),
                today=visit.today,
                after=Place.read(request.args.get("after", "")),
                before=Place.read(request.args.get("before", "")),
            )
            told = queue.counts(connection, member_id=visit.person.id, today=visit.today)
            colleagues = review.colleagues(connection)
        return visit.page(
            f"{VIEWS}/queue.html",
            found=found,
            counts=told,
            colleagues=colleagues,
            owners={each.id: each.name for each in colleagues},
            states=_states(),
            channels=rules.CHANNELS,
            labels=rules.STAFF_STATES,
            chosen=request.args,
            newer=_address("before", found.newer),
            older=_address("after", found.older),
            State=State,
            say=SAY,
        )


def _wanted(visit: Visit) -> Wanted:
    """Return what the filters ask for; what means nothing is not asked for."""
    asked = request.args
    state = asked.get("state", "")
    if state in GROUPS:
        states = GROUPS[state][1]
    else:
        states = frozenset({State(state)}) if state in set(State) else GROUPS[""][1]
    number = rules.read_number(asked.get("number", ""))
    owner = asked.get("owner", "")
    return Wanted(
        states=None if number else states,
        channel=Channel(asked["channel"]) if asked.get("channel") in set(Channel) else None,
        owner_id=visit.person.id if owner == "mine" else _number(owner),
        is_late=bool(asked.get("late")),
        number=number,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _states() -> list[tuple[str, str]]:
    groups = [(value, name) for value, (name, _states) in GROUPS.items()]
    single = [(state.value, rules.STAFF_STATES[state]) for state in State]
    return groups + [each for each in single if each[0] != State.DRAFT]


def _address(way: str, place: Place | None) -> str:
    if place is None:
        return ""
    kept = {
        name: value
        for name, value in request.args.items()
        if value and name not in ("after", "before")
    }
    return f"{QUEUE}?{urlencode({**kept, way: str(place)})}"
