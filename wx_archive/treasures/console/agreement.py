"""The agreement: its text to be signed, what was signed, the scan, and letters that allow more."""

from datetime import date
from http import HTTPStatus
from typing import BinaryIO, Final, cast

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from wx_archive.core.errors import RefusedError
from wx_archive.staff.pages import Act, CarryOut, Pages, Visit
from wx_archive.staff.seen import version_of
from wx_archive.treasures import (
    agreements,
    intake,
    page_texts,
    register_queries,
    register_texts,
    rights,
    rules,
)
from wx_archive.treasures.agreements import BECAUSE_LENGTH, TERMS_LENGTH, FieldError, Terms
from wx_archive.treasures.console import dossier
from wx_archive.treasures.console.dossier import BELOW, day_of
from wx_archive.treasures.console.one import subject
from wx_archive.treasures.console.shown import READ, SAY, VIEWS, WORK, doing, find, path_of
from wx_archive.treasures.files import Incoming
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.register_queries import Agreed
from wx_archive.treasures.rights import EVIDENCE_LENGTH, Allowed
from wx_archive.treasures.rules import Channel, Credit, FileKind, Right, Scope, State, Wish
from wx_archive.treasures.steps import StaleError

SCAN_BYTES: Final = rules.MOST_BYTES[FileKind.PAPER] + 1024 * 1024
_SCAN_MEGABYTES: Final = rules.MOST_BYTES[FileKind.PAPER] // (1024 * 1024)
TOO_LARGE: Final = f"扫描件超过 {_SCAN_MEGABYTES} MB，请分开扫或调低清晰度"
NO_SCAN: Final = "请选扫描件：PDF 或照片"
CHOOSE: Final = "请在每一项里选一样"
_PAPERS: Final = frozenset({FileKind.IMAGE, FileKind.PAPER})


def add(pages: Pages) -> None:
    """Add the pages."""
    _writing(pages)
    _amending(pages)
    _printing(pages)
    _scanning(pages)
    _granting(pages)


def _writing(pages: Pages) -> None:
    @pages.get("/treasures/<pid>/agreement", needs=WORK)
    def treasure_agreement(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            upload = find(connection, pid)
        return _page(visit, upload, fields_of(Terms.wished(upload, today=visit.today)))

    @pages.post("/treasures/<pid>/agreement", needs=WORK, audit="treasure.agreement")
    def write_agreement(act: Act, pid: str) -> ResponseReturnValue:
        upload = find(act.session.connection(), pid)
        given = dict(request.form.items())
        try:
            agreed = agreements.write(
                act.session, upload.id, read_terms(given), doing(act), version=version_of(given)
            )
        except StaleError as err:
            return _page(act, err.upload, given, err)
        except RefusedError as err:
            return _page(act, upload, given, err)
        act.note(subject(upload), after=_noted(agreed, given))
        return act.done(path_of(upload, BELOW), f"协议记好了，编号 {agreed.number}。请提入藏方案。")


def _amending(pages: Pages) -> None:
    @pages.get("/treasures/<pid>/agreement/amend", needs=WORK)
    def ask_amend_agreement(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            upload = find(connection, pid)
            agreed = register_queries.agreement(connection, upload.id)
            grants = register_queries.grants(connection, upload.id)
        given = {} if agreed is None else fields_of(Terms.standing(agreed, grants))
        return _page(visit, upload, given, amends=True)

    @pages.post("/treasures/<pid>/agreement/amend", needs=WORK, audit="treasure.agreement_amend")
    def amend_agreement(act: Act, pid: str) -> ResponseReturnValue:
        upload = find(act.session.connection(), pid)
        given = dict(request.form.items())
        because, version = given.get("because", ""), version_of(given)
        try:
            agreed = agreements.amend(
                act.session, upload.id, read_terms(given), because, doing(act), version=version
            )
        except StaleError as err:
            return _page(act, err.upload, given, err, amends=True)
        except RefusedError as err:
            return _page(act, upload, given, err, amends=True)
        act.note(subject(upload), after=_noted(agreed, given) | {"reason": because.strip()})
        return act.done(path_of(upload, BELOW), f"协议 {agreed.number} 更正了，理由记在经过里。")


def _noted(agreed: Agreed, given: dict[str, str]) -> dict[str, str]:
    """Return what the audit log keeps of terms: nobody's name."""
    allowed = sorted(one.use for one in read_terms(given).allowed)
    return {"number": agreed.number, "rights": " ".join(allowed), "scope": agreed.scope.value}


def fields_of(terms: Terms) -> dict[str, str]:
    """Return terms as the form's fields hold them."""
    told = {
        "wish": terms.wish.value,
        "scope": terms.scope.value,
        "scope_until": terms.scope_until.isoformat() if terms.scope_until else "",
        "credit": terms.credit.value,
        "credit_name": terms.credit_name,
        "terms": terms.terms,
        "has_priority": "1" if terms.has_priority else "",
        "signed_on": terms.signed_on.isoformat(),
    }
    for use in Right:
        told[f"from-{use.value}"] = terms.signed_on.isoformat()
    for one in terms.allowed:
        key = one.use.value
        told[f"use-{key}"] = "1"
        told[f"from-{key}"] = one.from_on.isoformat()
        told[f"until-{key}"] = one.until_on.isoformat() if one.until_on else ""
        told[f"evidence-{key}"] = one.evidence
    return told


def read_terms(given: dict[str, str]) -> Terms:
    """Return the terms that a form brings.

    Raises:
        RefusedError: something is no choice of the form, or no day.
    """
    try:
        wish, scope = Wish(given.get("wish", "")), Scope(given.get("scope", ""))
        credit = Credit(given.get("credit", ""))
    except ValueError as err:
        raise RefusedError(CHOOSE) from err
    return Terms(
        wish=wish,
        scope=scope,
        credit=credit,
        signed_on=day_of(given.get("signed_on", "")),
        allowed=tuple(
            read_allowed(given, use) for use in Right if given.get(f"use-{use.value}") == "1"
        ),
        credit_name=given.get("credit_name", ""),
        scope_until=_day_or_none(given.get("scope_until", "")),
        terms=given.get("terms", ""),
        has_priority=given.get("has_priority") == "1",
    )


def read_allowed(given: dict[str, str], use: Right) -> Allowed:
    """Return one use as a form's row says it.

    Raises:
        RefusedError: a day is none.
    """
    return Allowed(
        use,
        day_of(given.get(f"from-{use.value}", "")),
        _day_or_none(given.get(f"until-{use.value}", "")),
        given.get(f"evidence-{use.value}", ""),
    )


def _page(
    visit: Visit,
    upload: Upload,
    given: dict[str, str],
    problem: RefusedError | None = None,
    *,
    amends: bool = False,
) -> Response:
    status = HTTPStatus.CONFLICT if isinstance(problem, StaleError) else HTTPStatus.OK
    if problem is not None and status is HTTPStatus.OK:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return visit.page(
        f"{VIEWS}/agreement.html",
        status,
        one=upload,
        path=path_of(upload),
        here=path_of(upload, BELOW),
        amends=amends,
        is_possible=upload.state is (State.AGREEMENT if amends else State.ACCEPTED),
        given=given,
        problem="" if problem is None else str(problem),
        field=problem.field if isinstance(problem, FieldError) else "",
        rules=rules,
        most_terms=TERMS_LENGTH,
        most_evidence=EVIDENCE_LENGTH,
        most_because=BECAUSE_LENGTH,
        say=SAY,
    )


def _printing(pages: Pages) -> None:
    @pages.get("/treasures/<pid>/agreement/text", needs=READ)
    def agreement_text(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            upload = find(connection, pid)
            agreed = register_queries.agreement(connection, upload.id)
            grants = register_queries.grants(connection, upload.id)
        wished = Terms.wished(upload, today=visit.today)
        return visit.page(
            f"{VIEWS}/agreement_text.html",
            one=upload,
            here=path_of(upload, BELOW),
            agreed=agreed,
            terms=agreed or wished,
            credited=rules.credited((agreed or wished).credit, (agreed or wished).credit_name),
            grants={one.use: one for one in grants if one.revoked_at is None},
            meant=register_texts.AGREED_MEAN,
            rules=rules,
            Wish=Wish,
            say=SAY,
        )


def _scanning(pages: Pages) -> None:
    @pages.in_steps(
        "/treasures/<pid>/agreement/scan",
        needs=WORK,
        audit="treasure.scan",
        most_bytes=SCAN_BYTES,
    )
    def scan_agreement(visit: Visit, carry_out: CarryOut, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            upload = find(connection, pid)
            problem = _take_scan(visit, upload) if dossier.takes_scan(upload) else NO_SCAN
            if problem:
                return _refused(visit, connection, upload, problem)

        def attached(act: Act) -> Response:
            agreements.attach(act.session, upload.id)
            act.note(subject(upload))
            said = "扫描件收下了，正在检查，过一会儿再看这一页。"
            return act.done(path_of(upload, BELOW), said)

        return carry_out(attached)


def _take_scan(visit: Visit, upload: Upload) -> str:
    """Take the scan in, outside of every transaction; return why not, empty where it is in."""
    chosen = request.files.get("scan")
    if not isinstance(chosen, FileStorage) or not chosen.filename:
        return NO_SCAN
    kind = intake.kind_of(chosen.mimetype, chosen.filename)
    if kind not in _PAPERS:
        return NO_SCAN
    incoming = Incoming(kind, Channel.DESK, chosen.filename, is_evidence=True)
    stream = cast("BinaryIO", chosen.stream)
    reason = intake.take(visit.services, upload.id, incoming, stream, doing(visit)).reason
    # What a sender is told in its place, to bring it along, is no advice to staff.
    is_large = reason == page_texts.too_large(kind, rules.MOST_BYTES[kind])
    return TOO_LARGE if is_large else reason


def _refused(visit: Visit, connection: Connection, upload: Upload, problem: str) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return dossier.page(visit, connection, upload, problem=problem, status=status)


def _granting(pages: Pages) -> None:
    @pages.post("/treasures/<pid>/grants", needs=WORK, audit="treasure.grant")
    def grant_right(act: Act, pid: str) -> ResponseReturnValue:
        def work(upload: Upload) -> ResponseReturnValue:
            given = dict(request.form.items())
            chosen = given.get("use", "")
            if chosen not in set(Right):
                raise RefusedError("请选一种用法")
            allowed = Allowed(
                Right(chosen),
                day_of(given.get("from", "")),
                _day_or_none(given.get("until", "")),
                given.get("evidence", ""),
            )
            rights.grant(act.session, upload.id, allowed, doing(act), version=version_of(given))
            act.note(subject(upload), after={"rights": chosen})
            return act.done(path_of(upload, BELOW), f"“{rules.RIGHTS[allowed.use]}”记下了。")

        return dossier.tried(act, pid, work)


def _day_or_none(text: str) -> date | None:
    return day_of(text) if text.strip() else None
