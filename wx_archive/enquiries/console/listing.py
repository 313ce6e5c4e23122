"""The queue, with its filters and counts."""

from typing import Final
from urllib.parse import urlencode

from flask import request
from flask.typing import ResponseReturnValue

from wx_archive.core.paging import Place
from wx_archive.enquiries import desk, queue, rules, texts
from wx_archive.enquiries.console.shown import NEEDS, QUEUE, day, late_word, mark
from wx_archive.enquiries.queue import Wanted
from wx_archive.enquiries.rules import Channel, Kind, State
from wx_archive.staff.pages import Pages, Visit

GROUPS: Final = {
    "": ("没办结的", frozenset(State) - rules.OVER),
    "open": ("在办的", rules.OPEN),
    "answered": ("等评价的", rules.ANSWERED),
    "over": ("办结和撤回的", rules.OVER),
    "all": ("全部", None),
}
"""What the filter of states offers beside the single states."""


def add(pages: Pages) -> None:
    """Add the page."""

    @pages.get("/enquiries", needs=NEEDS)
    def enquiries(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            found = queue.page(
                connection,
                _wanted(visit),
                today=visit.today,
                after=Place.read(request.args.get("after", "")),
                before=Place.read(request.args.get("before", "")),
            )
            told = queue.counts(connection, member_id=visit.person.id, today=visit.today)
            colleagues = desk.colleagues(connection)
        return visit.page(
            "enquiries/console/queue.html",
            found=found,
            counts=told,
            colleagues=colleagues,
            states=_states(),
            kinds=texts.KINDS,
            channels=texts.CHANNELS,
            chosen=request.args,
            newer=_address("before", found.newer),
            older=_address("after", found.older),
            State=State,
            say={"day": day, "mark": mark, "late": late_word, "line": texts.one_line},
        )


def _wanted(visit: Visit) -> Wanted:
    """Return what the filters ask for; what means nothing is not asked for."""
    asked = request.args
    state = asked.get("state", "")
    if state in GROUPS:
        states = GROUPS[state][1]
    else:
        states = frozenset({State(state)}) if state in set(State) else GROUPS[""][1]
    numbers = rules.read_number(asked.get("number", ""))
    owner = asked.get("owner", "")
    return Wanted(
        states=None if numbers else states,
        kind=Kind(asked["kind"]) if asked.get("kind") in set(Kind) else None,
        channel=Channel(asked["channel"]) if asked.get("channel") in set(Channel) else None,
        owner_id=visit.person.id if owner == "mine" else _number(owner),
        is_late=bool(asked.get("late")),
        numbers=numbers,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _states() -> list[tuple[str, str]]:
    groups = [(value, name) for value, (name, _states) in GROUPS.items()]
    single = [(state.value, rules.label(Kind.SEARCH, state)) for state in State]
    return groups + single


def _address(way: str, place: Place | None) -> str:
    if place is None:
        return ""
    kept = {
        name: value
        for name, value in request.args.items()
        if value and name not in ("after", "before")
    }
    return f"{QUEUE}?{urlencode({**kept, way: str(place)})}"
