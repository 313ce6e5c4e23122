"""The auditor's pages: the log, one row of it, a check of its newest rows, the log as a file."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from wtforms import DateField, Form, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import Length, Optional, ValidationError

from wx_archive.core.clock import SHANGHAI
from wx_archive.core.services import Services
from wx_archive.staff import anchors, audit_check, audit_export, audit_queries
from wx_archive.staff.anchors import BadAnchorsError
from wx_archive.staff.audit import SUBJECT_LENGTH
from wx_archive.staff.audit_check import Verdict
from wx_archive.staff.audit_export import MIMETYPES, Format
from wx_archive.staff.audit_queries import Entry as Line
from wx_archive.staff.audit_queries import Wanted
from wx_archive.staff.audit_texts import action_name, subject_name, tell, value_name
from wx_archive.staff.pages import HOME, Act, Pages, Visit
from wx_archive.staff.plugs import Alert, Console, Entry
from wx_archive.staff.rules import Permission

SIZE: Final = 50
"""Rows a page."""
CHECKED: Final = 5_000
"""Rows that the page checks while somebody waits; `audit verify` checks all."""
_LARGEST: Final = 2**62


class _Days(Form):
    """From a day to a day."""

    class Meta:
        """Messages in Chinese."""

        locales = ("zh",)

    first = DateField("从哪天", [Optional()])
    last = DateField("到哪天", [Optional()])

    def validate_last(self, field: DateField) -> None:
        """Refuse an end before the beginning."""
        if field.data and self.first.data and field.data < self.first.data:
            raise ValidationError("止的那天早于起的那天")


class _Filters(_Days):
    """Which rows to show."""

    # The page has the form for exports too, with days of its own.
    first = DateField("从哪天", [Optional()], id="shown-first")
    last = DateField("到哪天", [Optional()], id="shown-last")
    actor = SelectField("谁", default="")
    action = SelectField("做了什么", default="")
    subject = StringField(
        "对象（从头写起）", [Optional(), Length(max=SUBJECT_LENGTH, message="对象太长")]
    )

    def offer(self, connection: Connection) -> None:
        """Fill the lists with what stands in the log."""
        self.actor.choices = [
            SelectChoice("", "所有人"),
            *(SelectChoice(each, each) for each in audit_queries.actors(connection)),
        ]
        self.action.choices = [
            SelectChoice("", "所有操作"),
            *(SelectChoice(each, action_name(each)) for each in audit_queries.actions(connection)),
        ]

    def wanted(self) -> Wanted:
        """Return what was asked for."""
        return Wanted(
            self.actor.data or "",
            self.action.data or "",
            (self.subject.data or "").strip(),
            self.first.data,
            self.last.data,
        )


class _Download(_Days):
    """Which rows to write to a file."""

    format = RadioField(
        "格式",
        choices=[
            SelectChoice(Format.CSV.value, "CSV，用表格软件看"),
            SelectChoice(Format.JSONL.value, "JSON Lines，可以自己再核对"),
        ],
        default=Format.CSV.value,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a row, as it was and as it is."""

    name: str
    before: str
    after: str


def pages(services: Services) -> Pages:
    """Return the auditor's pages."""
    made = Pages("audit", __name__, services)
    made.blueprint.add_app_template_filter(action_name, "action_name")
    made.blueprint.add_app_template_filter(subject_name, "subject_name")
    made.blueprint.add_app_template_filter(_moment, "audit_moment")
    _add_list(made)
    _add_row(made)
    _add_check(made)
    _add_download(made)
    return made


def _add_list(made: Pages) -> None:
    @made.get("/audit", needs=Permission.AUDIT_READ)
    def entries(visit: Visit) -> ResponseReturnValue:
        form = _Filters(request.args)
        with visit.reads() as connection:
            form.offer(connection)
            if not form.validate():
                return visit.page(
                    "console/audit.html",
                    HTTPStatus.UNPROCESSABLE_ENTITY,
                    form=form,
                    download=_Download(),
                    turn=None,
                    checked=CHECKED,
                )
            turn = audit_queries.turn(
                connection,
                form.wanted(),
                below=_number("below"),
                above=_number("above"),
                size=SIZE,
            )
        return visit.page(
            "console/audit.html",
            form=form,
            download=_Download(),
            turn=turn,
            newer=_address(above=turn.newer) if turn.newer else "",
            older=_address(below=turn.older) if turn.older else "",
            checked=CHECKED,
        )


def _add_row(made: Pages) -> None:
    @made.get("/audit/<int:number>", needs=Permission.AUDIT_READ)
    def entry(visit: Visit, number: int) -> ResponseReturnValue:
        if number > _LARGEST:
            abort(HTTPStatus.NOT_FOUND)
        with visit.reads() as connection:
            line = audit_queries.one(connection, number)
            last = audit_queries.last_number(connection)
        if line is None:
            abort(HTTPStatus.NOT_FOUND)
        return visit.page("console/audit_entry.html", line=line, changes=_changes(line), last=last)


def _add_check(made: Pages) -> None:
    @made.post("/audit/check", needs=Permission.AUDIT_READ, audit="audit.check")
    def check(act: Act) -> ResponseReturnValue:
        try:
            known = anchors.read(anchors.path_of(act.services.settings))
            problem = ""
        except BadAnchorsError:
            known, problem = (), "锚文件被人改过或坏了，请马上告诉管理员，并用另外保存的锚核对。"
        with act.reads() as connection:
            after = max(0, audit_queries.last_number(connection) - CHECKED)
            verdict = audit_check.verify(connection, known, after=after)
        act.note("audit", after=_result(verdict, is_file_sound=not problem))
        problem = tell(verdict.fault) if verdict.fault else problem
        return act.page(
            "console/audit_checked.html",
            verdict=verdict,
            first=after + 1,
            problem=problem,
            newest=known[-1] if known else None,
        )


def _add_download(made: Pages) -> None:
    @made.reading("/audit/export", needs=Permission.AUDIT_READ, audit="audit.export", fresh=True)
    def export(act: Act) -> ResponseReturnValue:
        form = _Download(request.args)
        if not form.validate():
            return act.page(
                "console/audit_export.html", HTTPStatus.UNPROCESSABLE_ENTITY, download=form
            )
        wanted = Wanted(first=form.first.data, last=form.last.data)
        chosen = Format(form.format.data)
        with act.reads() as connection:
            up_to = audit_queries.last_number(connection)
            rows = audit_queries.count(connection, wanted)
        told = {"first": wanted.first, "last": wanted.last, "rows": rows, "format": chosen.value}
        act.note("audit", after=told)
        # Written after the transaction has ended: nobody waits for a long file.
        lines = _lines(act.services, wanted, chosen, up_to)
        name = f"audit-{act.today:%Y%m%d}.{chosen.value}"
        return Response(
            lines,
            mimetype=MIMETYPES[chosen],
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def _lines(services: Services, wanted: Wanted, chosen: Format, up_to: int) -> Iterator[str]:
    with services.database.long_reads() as connection:
        entries = audit_queries.every(connection, wanted, up_to=up_to)
        yield from audit_export.lines(entries, chosen)


def _result(verdict: Verdict, *, is_file_sound: bool) -> dict[str, Any]:
    fault = verdict.fault
    found = f"{fault.number} {fault.reason}" if fault else ("" if is_file_sound else "anchors")
    return {"rows": verdict.rows, "last": verdict.number, "fault": found}


def _changes(line: Line) -> Sequence[Change]:
    """Return the values of a row side by side, in the order of their names."""
    before, after = _values(line.before), _values(line.after)
    return [
        Change(value_name(key), _shown(before.get(key)), _shown(after.get(key)))
        for key in sorted(before.keys() | after.keys())
    ]


def _values(text: str) -> dict[str, Any]:
    """Return the values of a row; one that was tampered with is shown as it is."""
    try:
        told = json.loads(text)
    except ValueError:
        told = text
    return told if isinstance(told, dict) else {"": told}


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case str():
            return value
        case list() if all(isinstance(each, str) for each in value):
            return "、".join(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _number(name: str) -> int:
    given = request.args.get(name, "")
    is_number = given.isascii() and given.isdecimal() and len(given) < len(str(_LARGEST))
    return int(given) if is_number else 0


def _address(**place: int) -> str:
    kept = {
        name: request.args[name]
        for name in ("actor", "action", "subject", "first", "last")
        if request.args.get(name)
    }
    return f"{HOME}/audit?{urlencode({**kept, **place})}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _alerts(connection: Connection, now: datetime) -> Sequence[Alert]:
    if audit_queries.is_end_sound(connection):
        return ()
    title = "审计记录的末尾对不上，可能有人动过数据库。"
    return (Alert("audit.end", title, f"{HOME}/audit", Permission.AUDIT_READ, now),)


AUDIT: Final = Console(
    pages, entries=(Entry("审计记录", "/audit", Permission.AUDIT_READ),), alerts=_alerts
)
