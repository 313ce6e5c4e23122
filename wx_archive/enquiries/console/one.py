"""A request's page, and what is done there beside its steps: owner, promise, entries, contact."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from wx_archive.core.errors import RefusedError
from wx_archive.enquiries import contacts, desk, entries, queries, rules, texts, wording
from wx_archive.enquiries.console.shown import (
    NEEDS,
    day,
    doing,
    find,
    late_word,
    mark,
    moment,
    path_of,
    what,
    who,
)
from wx_archive.enquiries.contacts import Contact, Sealer
from wx_archive.enquiries.entries import Item
from wx_archive.enquiries.queries import Request
from wx_archive.enquiries.rules import State
from wx_archive.staff.colleagues import Colleague
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.seen import version_of

NO_COLLEAGUE: Final = "请选要转给哪一位"
_SAY: Final = {
    "day": day,
    "mark": mark,
    "late": late_word,
    "moment": moment,
    "who": who,
    "what": what,
    "step": texts.step,
}
"""How the page words what it shows."""


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.get("/enquiries/<pid>", needs=NEEDS)
    def enquiry(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            return page(visit, connection, find(connection, pid))

    _owner(pages)
    _promise(pages)
    _entries(pages)
    _contact(pages)


def page(
    visit: Visit,
    connection: Connection,
    shown: Request,
    *,
    problem: str = "",
    choices: list[Item] | None = None,
    status: int = HTTPStatus.OK,
) -> ResponseReturnValue:
    """Return a request's page; a refused form comes back in it, filled in as it was."""
    number, today = shown.number, visit.today
    return visit.page(
        "enquiries/console/request.html",
        status,
        one=shown,
        path=path_of(shown),
        history=queries.steps(connection, number),
        items=entries.items(connection, [number], today=today)[number],
        attached=entries.attached(connection, number),
        about=_about(connection, shown),
        next_states=next_states(shown),
        colleagues=desk.colleagues(connection),
        has_contact=contacts.is_kept(connection, number),
        is_private=wording.is_private(shown.words),
        computation=texts.computation(shown.clock),
        is_late=shown.is_late(today),
        may_extend=shown.state in rules.WORKED and not shown.clock.extended_days,
        given=request.form,
        problem=problem,
        choices=choices or [],
        most_extended=rules.MOST_EXTENDED,
        rules=rules,
        State=State,
        scores=texts.SCORES,
        kinds=texts.KINDS,
        channels=texts.CHANNELS,
        say=_SAY,
    )


def next_states(shown: Request) -> list[State]:
    """Return where a request may go, in the order of its life."""
    return [state for state in State if state in rules.TRANSITIONS[shown.state]]


def _about(connection: Connection, shown: Request) -> tuple[str, str] | None:
    """Return title and address of the entry that a request is about."""
    if not shown.about_pid:
        return None
    found = entries.kept_entry(connection, shown.about_pid)
    if found is None:
        return (shown.about_pid, "")
    kind, title = found
    return (title, f"/console/{kind}/{shown.about_pid}")


def _act(act: Act, pid: str, work: Callable[[Request], ResponseReturnValue]) -> ResponseReturnValue:
    """Do something to a request; where it is refused its page says why and keeps the words."""
    shown = find(act.session.connection(), pid)
    try:
        return work(shown)
    except RefusedError as err:
        connection = act.session.connection()
        return page(
            act,
            connection,
            find(connection, pid),
            problem=str(err),
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )


def _owner(pages: Pages) -> None:
    @pages.post("/enquiries/<pid>/owner", needs=NEEDS, audit="enquiry.hand")
    def hand(act: Act, pid: str) -> ResponseReturnValue:
        def work(shown: Request) -> ResponseReturnValue:
            to = _colleague(act)
            note, version = request.form.get("note", ""), version_of(request.form)
            desk.hand(act.session, shown.number, to, doing(act), note=note, version=version)
            before = {"owner": shown.owner_name}
            act.note(f"enquiry:{shown.number}", before=before, after={"owner": to.name})
            return act.done(path_of(shown), f"{shown.number} 现在由{to.name}办。")

        return _act(act, pid, work)


def _colleague(act: Act) -> Colleague:
    chosen = request.form.get("member", "")
    for colleague in desk.colleagues(act.session.connection()):
        if str(colleague.id) == chosen:
            return colleague
    raise RefusedError(NO_COLLEAGUE)


def _promise(pages: Pages) -> None:
    @pages.post("/enquiries/<pid>/extend", needs=NEEDS, audit="enquiry.extend")
    def extend(act: Act, pid: str) -> ResponseReturnValue:
        def work(shown: Request) -> ResponseReturnValue:
            text = request.form.get("days", "").strip()
            days = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
            done = desk.extend(
                act.session,
                shown.number,
                days,
                doing(act),
                note=request.form.get("reason", ""),
                version=version_of(request.form),
            )
            before, after = {"due": shown.clock.due_on}, {"due": done.clock.due_on, "days": days}
            act.note(f"enquiry:{shown.number}", before=before, after=after)
            return act.done(path_of(shown), f"{shown.number} 延到{day(done.clock.due_on)}。")

        return _act(act, pid, work)


def _entries(pages: Pages) -> None:
    @pages.post("/enquiries/<pid>/entries", needs=NEEDS, audit="enquiry.attach")
    def attach(act: Act, pid: str) -> ResponseReturnValue:
        def work(shown: Request) -> ResponseReturnValue:
            named, version = request.form.get("entry", ""), version_of(request.form)
            found = desk.attach(act.session, shown.number, named, doing(act), version=version)
            if found:
                several = "有几条都叫这个，请选一条"
                connection, status = act.session.connection(), HTTPStatus.UNPROCESSABLE_ENTITY
                return page(act, connection, shown, problem=several, choices=found, status=status)
            after = {"entry": texts.one_line(named)[:120]}
            act.note(f"enquiry:{shown.number}", after=after)
            return act.done(path_of(shown), "附上了，答复里会带这一条的链接。")

        return _act(act, pid, work)

    @pages.post("/enquiries/<pid>/entries/remove", needs=NEEDS, audit="enquiry.detach")
    def detach(act: Act, pid: str) -> ResponseReturnValue:
        def work(shown: Request) -> ResponseReturnValue:
            entry, version = request.form.get("entry", ""), version_of(request.form)
            desk.detach(act.session, shown.number, entry, doing(act), version=version)
            act.note(f"enquiry:{shown.number}", before={"entry": entry})
            return act.done(path_of(shown), "拿掉了。")

        return _act(act, pid, work)


def _contact(pages: Pages) -> None:
    sealer = Sealer(pages.services.settings.secret())

    @pages.reading("/enquiries/<pid>/contact", needs=NEEDS, audit="enquiry.contact_read")
    def contact(act: Act, pid: str) -> ResponseReturnValue:
        shown = find(act.session.connection(), pid)
        act.note(f"enquiry:{shown.number}")
        told = contacts.read(act.session, shown.number, sealer)
        return act.page(
            "enquiries/console/contact.html",
            one=shown,
            path=path_of(shown),
            contact=told or Contact(),
            is_unreadable=told is None and contacts.is_kept(act.session.connection(), shown.number),
            is_over=shown.state in rules.OVER,
            lengths=contacts.LENGTHS,
        )

    @pages.post("/enquiries/<pid>/contact", needs=NEEDS, audit="enquiry.contact_write")
    def keep_contact(act: Act, pid: str) -> ResponseReturnValue:
        def work(shown: Request) -> ResponseReturnValue:
            given = contacts.read_form(request.form)
            version = version_of(request.form)
            desk.keep_contact(act.session, shown.number, given, sealer, doing(act), version=version)
            act.note(f"enquiry:{shown.number}", after={"is_kept": not given.is_empty})
            said = "联系方式已经删去。" if given.is_empty else "联系方式记下了，办结后自动删去。"
            return act.done(path_of(shown), said)

        return _act(act, pid, work)
