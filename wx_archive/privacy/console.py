"""`/console/followers`: for somebody at the desk: what we hold of them, take away, erase."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from flask import Response, abort, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import Session
from wtforms import Form, StringField
from wtforms.validators import DataRequired, Length

from wx_archive.core.services import Services
from wx_archive.core.text import fold
from wx_archive.followers import personal_data
from wx_archive.followers.personal_data import Case, Rules
from wx_archive.privacy import desk_codes, texts
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.plugs import Console, Entry
from wx_archive.staff.rules import Permission

FindRequester = Callable[[Session, str], tuple[str, int] | None]
"""Returns a request's number, as printed, and whose it is, by what somebody typed; None for an
unknown number and for one without a follower."""
HOME: Final = "/console/followers"
SURE: Final = "删除"
_OPENS_FOR: Final = timedelta(minutes=15)
_NEEDS: Final = Permission.FOLLOWERS_SERVE


class FindForm(Form):
    """Who is at the desk."""

    number: StringField = StringField(
        "请求编号，或本人的代码",
        [DataRequired("请填编号或代码"), Length(max=40, message="编号没有这么长")],
        description=(
            "编号像 查2026-000123；没有请求的，请本人在公众号里回“我的代码”，报给您八位数字。"
        ),
        render_kw={"autocomplete": "off"},
    )


class EraseForm(Form):
    """Being sure."""

    sure: StringField = StringField(
        f"确实要删，请打“{SURE}”两个字",
        [DataRequired(f"请打“{SURE}”两个字")],
        render_kw={"autocomplete": "off"},
    )


@dataclass(frozen=True, slots=True)
class _Handle:
    """Which follower somebody at the console may look at, for a quarter of an hour.

    Attributes:
        subject: how they were found, as it stands in the audit log: never the openid.
        mark: of their row, so that it opens nobody else who is given its number later.
    """

    follower_id: int
    subject: str
    mark: str


def console_for(rules: Rules, find_requester: FindRequester) -> Console:
    """Return the console's part; only `features.py` knows every rule and who keeps requests."""

    def pages(services: Services) -> Pages:
        made = Pages("followers", "wx_archive.privacy", services)
        desk = _Desk(services, rules, find_requester)
        desk.add_search(made)
        desk.add_held(made)
        desk.add_erasure(made)
        return made

    return Console(pages, entries=(Entry("关注者", "/followers", _NEEDS),))


class _Desk:
    """The pages, with what they work with."""

    def __init__(self, services: Services, rules: Rules, find_requester: FindRequester) -> None:
        self._services = services
        self._rules = rules
        self._find_requester = find_requester
        secret = services.settings.secret()
        self._secret = secret
        self._sealer = URLSafeSerializer(secret, salt="console-follower")

    def add_search(self, pages: Pages) -> None:
        """Add the page on which a number is given."""

        @pages.get("/followers", needs=_NEEDS)
        def followers(visit: Visit) -> ResponseReturnValue:
            return visit.page("privacy/console/find.html", form=FindForm())

        @pages.post("/followers", needs=_NEEDS, audit="follower.find")
        def find_follower(act: Act) -> ResponseReturnValue:
            form = FindForm(request.form)
            handle = self._found(act, form) if form.validate() else None
            if handle is None:
                if not form.errors:
                    form.number.errors = [texts.NO_FOLLOWER]
                return act.page(
                    "privacy/console/find.html", HTTPStatus.UNPROCESSABLE_ENTITY, form=form
                )
            act.note(handle.subject)
            return act.done(f"{HOME}/{self._sealed(handle, act)}")

    def add_held(self, pages: Pages) -> None:
        """Add what is held, to read and to take away."""

        @pages.reading("/followers/<handle>", needs=_NEEDS, audit="follower.read")
        def follower(act: Act, handle: str) -> ResponseReturnValue:
            opened, case = self._opened(act, handle)
            told = personal_data.export(case, self._rules, now=act.now)["资料"]
            act.note(opened.subject)
            return act.page(
                "privacy/console/held.html",
                handle=handle,
                subject=texts.found_by(opened.subject),
                held=_without(told, case.openid),
                readable=texts.readable,
            )

        @pages.reading(
            "/followers/<handle>/export", needs=_NEEDS, audit="follower.export", fresh=True
        )
        def export_follower(act: Act, handle: str) -> ResponseReturnValue:
            opened, case = self._opened(act, handle)
            told = personal_data.export(case, self._rules, now=act.now)
            act.note(opened.subject)
            written = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
            response = Response(written, mimetype="application/json")
            response.headers["Content-Disposition"] = 'attachment; filename="follower.json"'
            return response

    def add_erasure(self, pages: Pages) -> None:
        """Add the page that says what erasing means, and the erasing."""

        @pages.reading(
            "/followers/<handle>/erase", needs=_NEEDS, audit="follower.erase.ask", fresh=True
        )
        def ask_erasure(act: Act, handle: str) -> ResponseReturnValue:
            opened, case = self._opened(act, handle)
            act.note(opened.subject)
            return self._asked(act, opened, case, handle, EraseForm(), HTTPStatus.OK)

        @pages.post("/followers/<handle>/erase", needs=_NEEDS, audit="follower.erase", fresh=True)
        def erase_follower(act: Act, handle: str) -> ResponseReturnValue:
            opened, case = self._opened(act, handle)
            form = EraseForm(request.form)
            if form.validate() and (form.sure.data or "").strip() != SURE:
                form.sure.errors = [f"不是“{SURE}”两个字，什么都没有删"]
            if form.errors:
                status = HTTPStatus.UNPROCESSABLE_ENTITY
                return self._asked(act, opened, case, handle, form, status)
            personal_data.erase(case, self._rules, now=act.now)
            act.note(opened.subject)
            return act.done(HOME, "已经删除这位关注者的全部资料。他再发消息，会当作新来的人。")

    def _asked(
        self, act: Act, opened: _Handle, case: Case, handle: str, form: Form, status: HTTPStatus
    ) -> ResponseReturnValue:
        told = personal_data.export(case, self._rules, now=act.now)["资料"]
        counted = [(rule, len(told[rule.title])) for rule in self._rules if told[rule.title]]
        return act.page(
            "privacy/console/erase.html",
            status,
            handle=handle,
            subject=texts.found_by(opened.subject),
            goes=[(rule.title, count) for rule, count in counted if not rule.kept_because],
            stays=[
                (rule.title, count, rule.kept_because)
                for rule, count in counted
                if rule.kept_because
            ],
            form=form,
        )

    def _found(self, act: Act, form: FindForm) -> _Handle | None:
        given = fold(form.number.data or "").replace(" ", "")
        if len(given) == desk_codes.DIGITS and given.isdecimal():
            store, connection = act.services.store.steady, act.session.connection()
            follower_id = desk_codes.redeem(store, connection, given, secret=self._secret)
            subject = texts.BY_CODE
        else:
            number, follower_id = self._find_requester(act.session, given) or ("", None)
            subject = texts.by_request(number)
        if follower_id is None:
            return None
        mark = desk_codes.mark_of(act.session.connection(), follower_id)
        return None if mark is None else _Handle(follower_id, subject, mark)

    def _sealed(self, handle: _Handle, act: Act) -> str:
        until = int((act.now + _OPENS_FOR).timestamp())
        told = [handle.follower_id, handle.subject, handle.mark, act.person.login, until]
        return str(self._sealer.dumps(told))

    def _opened(self, act: Act, sealed: str) -> tuple[_Handle, Case]:
        """Return whom a handle opens; one of somebody else's, or an old one, opens nobody."""
        handle = self._read(sealed, act.person.login, act.now)
        if handle is None:
            abort(HTTPStatus.NOT_FOUND)
        case = personal_data.open_case(act.session, self._services, follower_id=handle.follower_id)
        if case is None:
            abort(HTTPStatus.NOT_FOUND)
        if desk_codes.mark_of(act.session.connection(), handle.follower_id) != handle.mark:
            abort(HTTPStatus.NOT_FOUND)
        return handle, case

    def _read(self, sealed: str, login: str, now: datetime) -> _Handle | None:
        try:
            told = self._sealer.loads(sealed)
        except BadData:
            return None
        match told:
            case [int(number), str(subject), str(mark), str(whose), int(until)]:
                is_good = whose == login and now.timestamp() < until
                return _Handle(number, subject, mark) if is_good else None
            case _:
                return None


def _without(held: Mapping[str, Any], openid: str) -> dict[str, list[dict[str, object]]]:
    """Return what is held as it is read over a counter: WeChat's code of a person is not shown."""
    return {
        title: [
            {
                name: value.replace(openid, texts.HIDDEN) if isinstance(value, str) else value
                for name, value in row.items()
            }
            for row in rows
        ]
        for title, rows in held.items()
        if rows
    }
