"""证书: the list, one certificate with its picture, the sheet to print, 换发 and 作废."""

from datetime import datetime, time
from http import HTTPStatus
from typing import Final

from flask import abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from wtforms import Form, RadioField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # older stubs
from wtforms.validators import Length

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.text import written_day
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.plugs import Alert
from wx_archive.staff.rules import Permission
from wx_archive.treasures import certificate_texts as texts
from wx_archive.treasures import certificates, rules
from wx_archive.treasures.certificate_pages import file_of
from wx_archive.treasures.certificates import REASON_LENGTH, Known, Named
from wx_archive.treasures.rules import Credit, Sign
from wx_archive.treasures.sealed import open_sealed
from wx_archive.treasures.steps import Doing

PATH: Final = "/console/treasures/certificates"
LISTED: Final = 50
_READ: Final = Permission.TREASURES_READ
_RELEASE: Final = Permission.TREASURES_RELEASE
_VIEWS: Final = "treasures/console"


class ReasonForm(Form):
    """Why a certificate is void."""

    class Meta:
        """How WTForms speaks."""

        locales = ("zh",)

    because = StringField(
        "原因",
        validators=[Length(max=REASON_LENGTH, message=texts.REASON)],
        description="留在登记里，只有馆里的人看得到。",
        render_kw={"autocomplete": "off", "maxlength": REASON_LENGTH},
    )


class AnewForm(ReasonForm):
    """Under which name it is issued anew, and why."""

    credit = RadioField(
        "署名方式", choices=[SelectChoice(one.value, label) for one, label in rules.CREDITS.items()]
    )
    name = StringField(
        "署名",
        description="照送件人要的写；不署名的留空。换发以后，协议和这一份珍档的署名一起改。",
        render_kw={"autocomplete": "off", "maxlength": rules.CREDIT_LENGTH},
    )


def add(pages: Pages) -> None:
    """Add the pages."""
    _looking(pages)
    _drawing(pages)
    _revoking(pages)
    _issuing_anew(pages)


def alerts(connection: Connection) -> list[Alert]:
    """Return the certificates that cannot be drawn; each is told once."""
    return [
        Alert(
            f"treasures.certificate:{one.id}",
            texts.alert(one.number),
            _path(one),
            _READ,
            since=datetime.combine(one.issued_on, time(), clock.SHANGHAI),
        )
        for one in certificates.faulty(connection)
    ]


def _looking(pages: Pages) -> None:
    store = open_sealed(pages.services.settings)

    @pages.get("/treasures/certificates", needs=_READ)
    def certificate_list(visit: Visit) -> ResponseReturnValue:
        before = request.args.get("before", type=_number)
        with visit.reads() as connection:
            found = certificates.every(connection, limit=LISTED + 1, after=before)
        shown = found[:LISTED]
        older = f"{PATH}?before={shown[-1].id}" if len(found) > LISTED else ""
        newer = PATH if before is not None else ""
        return visit.page(
            f"{_VIEWS}/certificates.html",
            rows=shown,
            newer=newer,
            older=older,
            day=written_day,
            path=PATH,
        )

    @pages.get("/treasures/certificates/<number>", needs=_READ)
    def certificate(visit: Visit, number: str) -> ResponseReturnValue:
        return _page(visit, _found(visit, number))

    @pages.get("/treasures/certificates/<number>/picture.png", needs=_READ)
    def certificate_picture(visit: Visit, number: str) -> ResponseReturnValue:
        return file_of(store, _found(visit, number), is_pdf=False)

    @pages.reading(
        "/treasures/certificates/<number>/sheet.pdf",
        needs=_READ,
        audit="treasure.certificate_print",
    )
    def certificate_sheet(act: Act, number: str) -> ResponseReturnValue:
        one = _found(act, number)
        answer = file_of(store, one, is_pdf=True)
        act.note(_subject(one))
        return answer


def _drawing(pages: Pages) -> None:
    @pages.post(
        "/treasures/certificates/<number>/draw",
        needs=Permission.TREASURES_WORK,
        audit="treasure.certificate_draw",
    )
    def certificate_draw(act: Act, number: str) -> ResponseReturnValue:
        one = _found(act, number)
        is_queued = certificates.draw_again(act.session, one.id, _doing(act))
        act.note(_subject(one), after={"queued": is_queued})
        return act.done(_path(one), texts.DRAWN_AGAIN if is_queued else texts.NOTHING_TO_DRAW)


def _revoking(pages: Pages) -> None:
    @pages.get("/treasures/certificates/<number>/revoke", needs=_RELEASE)
    def certificate_ask_revoke(visit: Visit, number: str) -> ResponseReturnValue:
        one = _found(visit, number)
        return _form(visit, "revoke", one, ReasonForm(), problem=_void(one, "revoke"))

    @pages.post(
        "/treasures/certificates/<number>/revoke",
        needs=_RELEASE,
        audit="treasure.certificate_revoke",
    )
    def certificate_revoke(act: Act, number: str) -> ResponseReturnValue:
        one, form = _found(act, number), ReasonForm(request.form)
        try:
            certificates.revoke(act.session, one.id, _doing(act), because=form.because.data or "")
        except RefusedError as err:
            return _form(act, "revoke", one, form, problem=str(err))
        act.note(_subject(one), before={"standing": True}, after={"standing": False})
        return act.done(_path(one), texts.revoked(one.number))


def _issuing_anew(pages: Pages) -> None:
    @pages.get("/treasures/certificates/<number>/anew", needs=_RELEASE)
    def certificate_ask_anew(visit: Visit, number: str) -> ResponseReturnValue:
        one = _found(visit, number)
        name = "" if one.credit is Credit.ANONYMOUS else one.credit_name
        form = AnewForm(credit=one.credit.value, name=name)
        return _form(visit, "anew", one, form, problem=_void(one, "anew"))

    @pages.post(
        "/treasures/certificates/<number>/anew", needs=_RELEASE, audit="treasure.certificate_anew"
    )
    def certificate_anew(act: Act, number: str) -> ResponseReturnValue:
        one, form = _found(act, number), AnewForm(request.form)
        if form.credit.data not in set(Credit):
            return _form(act, "anew", one, form, problem=texts.NAME_MISSING)
        named = Named(Credit(form.credit.data), form.name.data or "")
        try:
            new = certificates.issue_anew(
                act.session, one.id, named, _doing(act), because=form.because.data or ""
            )
        except RefusedError as err:
            return _form(act, "anew", one, form, problem=str(err))
        # Which name it was and is stands on the certificates, never in the audit.
        act.note(_subject(one), before={"standing": one.is_standing}, after={"new": new.number})
        return act.done(f"{PATH}/{new.number}", texts.issued_anew(one.number, new.number))


def _page(visit: Visit, one: Known) -> ResponseReturnValue:
    return visit.page(
        f"{_VIEWS}/certificate.html",
        one=one,
        path=_path(one),
        wish=rules.WISHES[one.kind],
        credit=rules.CREDITS[one.credit],
        day=written_day,
        verify=texts.verify_address(visit.services.site.origin, one.token),
        may_release=visit.person.may(_RELEASE),
        may_work=visit.person.may(Permission.TREASURES_WORK),
    )


def _form(
    visit: Visit, shows: str, one: Known, form: Form, *, problem: str = ""
) -> ResponseReturnValue:
    return visit.page(
        f"{_VIEWS}/certificate_{shows}.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
        one=one,
        form=form,
        path=_path(one),
        problem=problem,
        is_possible=not _void(one, shows),
    )


def _void(one: Known, what: str) -> str:
    """Return why a form is not offered; empty where it is.

    One that is void is not revoked again; one that is void and replaced, not replaced again.
    """
    is_over = one.is_replaced if what == "anew" else not one.is_standing
    return texts.NOT_STANDING if is_over else ""


def _found(visit: Visit, number: str) -> Known:
    with visit.reads() as connection:
        known = certificates.by_number(connection, number)
    if known is None:
        abort(HTTPStatus.NOT_FOUND)
    return known


def _doing(act: Act) -> Doing:
    site, person = act.services.site, act.person
    return Doing.of(site, person.login, now=act.now, member_id=person.id)


def _subject(one: Known) -> str:
    return f"certificate:{one.number.removeprefix(Sign.CERTIFICATE)}"


def _path(one: Known) -> str:
    return f"{PATH}/{one.number}"


def _number(text: str) -> int:
    """Return a row's number.

    Raises:
        ValueError: it is none that a database can hold.
    """
    value = int(text)
    if not 0 < value < 1 << 63:
        raise ValueError(text)
    return value
