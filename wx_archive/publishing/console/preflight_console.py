"""发送前体检: the only road to a send, and the button with the number on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import Services
from wx_archive.core.workdays import calendar_of
from wx_archive.followers import interests
from wx_archive.publishing import (
    preflight,
    preflight_facts,
    preview_jobs,
    preview_links,
    progress,
    sensitive,
)
from wx_archive.publishing import pushes as service
from wx_archive.publishing.audiences import Audience
from wx_archive.publishing.console import push_shown
from wx_archive.publishing.console.push_page import found, locked
from wx_archive.publishing.console.pushes import READ, SEND, whom_said
from wx_archive.publishing.models import Piece
from wx_archive.publishing.preflight import Around, Examined
from wx_archive.publishing.preflight_terms import When
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.pushes import Terms
from wx_archive.publishing.rules import DELIVERY_NAMES, Delivery, PushState
from wx_archive.publishing.wechat_html import Links
from wx_archive.staff import qr
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.wechat.account import Entitlements

_CHANGED: Final = "您看的时候，情况变了。下面是现在的样子，请再看一遍"
_SHOWN_PREVIEWS: Final = 3
_BUTTONS: Final = {
    Delivery.PUBLISH: "确认发布（不提醒粉丝）",
    Delivery.DRAFT: "确认存到微信草稿箱",
    Delivery.SITE: "确认放进菜单和往期",
}


@dataclass(frozen=True, slots=True)
class Form:
    """The terms as somebody typed them.

    Attributes:
        problem: what could not be read; empty: all of it could.
    """

    is_now: bool
    fields: Mapping[str, str]
    when: When
    problem: str = ""

    def __getitem__(self, name: str) -> str:
        """Return a field for the page."""
        return self.fields.get(name, "")


def add(pages: Pages) -> None:
    """Add the page, its button, and the look at it on one's own phone."""
    _checking(pages)
    _sending(pages)
    _previewing(pages)


def _checking(pages: Pages) -> None:
    @pages.get("/pushes/<pid>/check", needs=READ)
    def check_push(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            push = found(connection, pid)
            if push.state != PushState.PREPARING:
                return redirect(f"{push_shown.PATH}/{pid}", HTTPStatus.SEE_OTHER)
            form = (
                _read(request.args) if "when" in request.args else _wanted(visit, connection, push)
            )
            return _page(visit, connection, push, form, problem=form.problem)


def _sending(pages: Pages) -> None:
    @pages.post("/pushes/<pid>/send", needs=SEND, audit="push.schedule", fresh=True)
    def send_push(act: Act, pid: str) -> ResponseReturnValue:
        connection = act.session.connection()
        form = _read(request.form)
        try:
            push = locked(act, pid)
        except service.StalePushError:
            push = found(connection, pid)
            if push.state != PushState.PREPARING:
                raise
            return _again(act, connection, push, form, _CHANGED)
        seen = _examined(act, connection, push, form.when)
        reason = request.form.get("reason", "").strip()
        if problem := _objection(form, seen, reason):
            return _again(act, connection, push, form, problem)
        try:
            _schedule(act, push, form.when, seen, reason)
        except RefusedError as err:
            return _again(act, connection, found(connection, pid), form, str(err))
        act.note(
            f"push:{pid}",
            before={"state": PushState.PREPARING.value},
            after={
                "state": push.state,
                "due": push.due_at,
                "latest": push.latest_at,
                "counted": push.counted,
                "override": push.override,
            },
        )
        return act.done(f"{push_shown.PATH}/{pid}", _said(form.when, push))


def _previewing(pages: Pages) -> None:
    @pages.post("/pushes/<pid>/preview", needs=READ, audit="push.preview")
    def preview_push(act: Act, pid: str) -> ResponseReturnValue:
        push = found(act.session.connection(), pid)
        preview_jobs.ask(act.session, push, act.person, now=act.now)
        act.note(f"push:{pid}")
        return act.done(f"{push_shown.PATH}/{pid}/check", "正在发到您的微信，几秒钟后再看一眼。")

    @pages.get("/pushes/<pid>/preview", needs=READ)
    def preview_links_of_push(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            push = found(connection, pid)
            pieces = preflight_facts.pieces_of(connection, push.id)
        links = [(piece, _link(visit, piece)) for piece in pieces]
        return visit.page(
            "publishing/console/push_preview.html",
            push=push,
            links=[(piece, url, qr.draw(url)) for piece, url in links],
            say=push_shown.SAY,
        )


def _link(visit: Visit, piece: Piece) -> str:
    """Return the address under which colleagues see a piece for a day."""
    secret, site = visit.services.settings.secret(), visit.services.site
    token = preview_links.make(secret, piece.pid, piece.content_hash, now=visit.now)
    return f"{site.origin}/h5/preview/{token}"


def around(services: Services) -> Around:
    """Return what pushes of an installation are examined by."""
    return Around(
        Entitlements.of(services.settings),
        services.site.profile,
        calendar_of(services.site.content),
        Links.of(services.site),
        sensitive.wording(services.site),
    )


def _examined(visit: Visit, connection: Connection, push: Push, when: When) -> Examined:
    return preflight.examine(connection, push, when, around(visit.services), now=visit.now)


def _objection(form: Form, seen: Examined, reason: str) -> str:
    """Return why the button does nothing now; empty: it does what it says."""
    if form.problem:
        return form.problem
    if seen.seal != request.form.get("seal", ""):
        return _CHANGED
    if seen.is_blocked:
        return "还有“不行”的没有改好"
    if seen.needs_reason and not reason:
        return "和发过的很像，请写明为什么还要发"
    return ""


def _schedule(act: Act, push: Push, when: When, seen: Examined, reason: str) -> None:
    counted = seen.counted.total if seen.counted else 0
    override = reason if seen.needs_reason else ""
    terms = Terms(when.due_at, when.latest_at, counted, act.person.login, override)
    account = Entitlements.of(act.services.settings)
    profile = act.services.site.profile
    service.schedule(act.session, push, terms, account=account, profile=profile, now=act.now)


def _again(
    act: Act, connection: Connection, push: Push, form: Form, problem: str
) -> ResponseReturnValue:
    return _page(act, connection, push, form, problem=problem, status=HTTPStatus.CONFLICT)


def _page(
    visit: Visit,
    connection: Connection,
    push: Push,
    form: Form,
    *,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> ResponseReturnValue:
    seen = _examined(visit, connection, push, form.when)
    path = f"{push_shown.PATH}/{push.pid}/check"
    previews = [one for one in progress.steps(connection, push.id) if one.step == preview_jobs.STEP]
    return visit.page(
        "publishing/console/push_check.html",
        status,
        push=push,
        title=push_shown.title_of(seen.pieces[0].title, len(seen.pieces)),
        found=seen,
        form=form,
        when=form.when,
        path=path,
        again=f"{path}?{urlencode(_query(form))}",
        problem=problem,
        reason=request.form.get("reason", ""),
        reason_missing=bool(problem) and seen.needs_reason,
        previews=previews[-_SHOWN_PREVIEWS:],
        button=_button(push, seen),
        delivery=DELIVERY_NAMES[Delivery(push.delivery)],
        whom=whom_said(Audience.of(push), interests.topics(visit.services.site)),
        say=push_shown.SAY,
    )


def _button(push: Push, seen: Examined) -> str:
    if seen.counted is not None:
        return f"确认群发给 {seen.counted.total:,} 人"
    return _BUTTONS[Delivery(push.delivery)]


def _said(when: When, push: Push) -> str:
    if when.due_at is None:
        return "好，60 秒以后发，这段时间可以撤回。"
    return f"排好了，{push_shown.moment(push.due_at)} 发。"


def _wanted(visit: Visit, connection: Connection, push: Push) -> Form:
    """Return the terms that a page begins with: the earliest hour its writers wished for."""
    wishes = [
        piece.wanted_at
        for piece in preflight_facts.pieces_of(connection, push.id)
        if piece.wanted_at and piece.wanted_at > visit.now
    ]
    if not wishes:
        return Form(is_now=True, fields={}, when=When())
    local = min(wishes).astimezone(clock.SHANGHAI)
    return _read({"when": "at", "date": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}"})


def _read(given: Mapping[str, str]) -> Form:
    """Return the terms of a form or an address."""
    names = ("date", "time", "latest_date", "latest_time")
    fields = {name: given.get(name, "").strip() for name in names}
    is_now = given.get("when", "now") != "at"
    due = None if is_now else _instant(fields["date"], fields["time"])
    latest_day = fields["latest_date"] or fields["date"]
    latest = _instant(latest_day, fields["latest_time"]) if fields["latest_time"] else None
    problem = ""
    if not is_now and due is None:
        problem = "请选哪天、几点发"
    elif fields["latest_date"] and not fields["latest_time"]:
        problem = "写了最晚哪天，还要写最晚几点"
    elif fields["latest_time"] and latest is None:
        problem = "最晚时间没看懂，请重新选"
    return Form(is_now, fields, When(due, latest), problem)


def _instant(day: str, hour: str) -> datetime | None:
    try:
        local = datetime.combine(date.fromisoformat(day), time.fromisoformat(hour))
    except ValueError:
        return None
    return local.replace(tzinfo=clock.SHANGHAI).astimezone(UTC)


def _query(form: Form) -> dict[str, str]:
    kept = {name: value for name, value in form.fields.items() if value}
    return {"when": "now" if form.is_now else "at", **kept}
