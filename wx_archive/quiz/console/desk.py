"""窗口: a code is scanned or typed, checked, confirmed; the receipt; what was handed over."""

import hashlib
import hmac
import logging
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any, Final

from flask import abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from wx_archive.core.errors import RefusedError
from wx_archive.core.text import written_day
from wx_archive.quiz import codes, entries, redemption, voucher_queries, voucher_texts
from wx_archive.quiz.console.downloads import table
from wx_archive.quiz.redemption import Check, NotRedeemedError, StaleVoucherError, Verdict
from wx_archive.quiz.rules import UNDO_WITHIN
from wx_archive.quiz.voucher_queries import HandOver
from wx_archive.staff import throttle
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

log = logging.getLogger(__name__)

NEEDS: Final = Permission.VOUCHERS_REDEEM
LOOKS: Final = Permission.QUIZ_READ
DESK: Final = codes.DESK
RECEIPTS: Final = "/console/quiz/receipts"
LONGEST: Final = timedelta(days=366)
_LONGEST_TYPED: Final = 300
_YEARS: Final = range(1900, 3000)
WORDS: Final = {
    Verdict.VALID: ("有效", "good"),
    Verdict.REDEEMED: ("已领取", "over"),
    Verdict.EXPIRED: ("已过期", "warn"),
    Verdict.VOID: ("已作废", "warn"),
    Verdict.UNKNOWN: ("无此凭证", "warn"),
    Verdict.SLIP: ("校验位不对", "warn"),
    Verdict.LENGTH: ("位数不对", "warn"),
}
"""What stands large on the page, and the mark beside it."""
SAY: Final = {"day": written_day, "moment": voucher_texts.moment, "code": codes.printed}
_HEAD: Final = ("领取号", "时间", "复制件", "经办", "怎么办的", "撤销")


def add(pages: Pages) -> None:
    """Add the pages."""
    _check(pages)
    _receipts(pages)


def _check(pages: Pages) -> None:
    @pages.get("/quiz/desk", needs=NEEDS)
    def desk(visit: Visit) -> ResponseReturnValue:
        typed = request.args.get("code", "")
        if not typed.strip():
            return _asking(visit)
        try:
            return _page_of(visit, look(visit, typed), typed=typed)
        except RefusedError as err:
            return _asking(visit, HTTPStatus.CONFLICT, problem=str(err), typed=typed)

    @pages.post("/quiz/desk", needs=NEEDS, audit="voucher.redeem")
    def redeem_voucher(act: Act) -> ResponseReturnValue:
        code, version = request.form.get("code", ""), _version()
        if not _is_seen(act, code, version):
            return _asking(act, HTTPStatus.CONFLICT, problem=voucher_texts.STALE, typed=code)
        try:
            done = redemption.redeem(
                act.session, code, member=act.person, version=version, now=act.now
            )
        except StaleVoucherError as err:
            return _asking(act, HTTPStatus.CONFLICT, problem=str(err), typed=code)
        except NotRedeemedError as err:
            return _page_of(act, err.check, HTTPStatus.CONFLICT)
        after = {"state": "redeemed", "facsimile": done.voucher.facsimile}
        act.note(
            f"voucher:{done.number}",
            before={"state": "issued", "on_hand": done.on_hand + 1},
            after=after | {"on_hand": done.on_hand},
        )
        return act.done(f"{RECEIPTS}/{done.number}", voucher_texts.handed(done.number))


def look(visit: Visit, typed: str) -> Check:
    """Return what the desk says to a code; guessing is slowed, for the clerk and the network.

    A slip of the pen tells nothing and is not counted; a sound code that nobody was given is.

    Raises:
        RefusedError: too many were guessed.
    """
    services = visit.services
    network = throttle.network_of(request.remote_addr or "")
    tries = throttle.tries(
        services.settings.secret(),
        throttle.Kind.VOUCHER,
        login=visit.person.login,
        address=f"voucher {network}",
    )
    with services.database.reads() as connection:
        pause = throttle.paused(connection, tries, now=visit.now)
        if pause is not None:
            raise RefusedError(voucher_texts.slowed(pause))
        found = redemption.check(connection, typed, today=visit.today)
    if found.verdict is Verdict.UNKNOWN:
        throttle.count(services.database, tries, now=visit.now)
        log.warning("quiz.voucher_unknown member=%d", visit.person.id)
    return found


def _asking(
    visit: Visit, status: int = HTTPStatus.OK, *, problem: str = "", typed: str = ""
) -> Response:
    """Return the page that asks for a code, with what was typed and did not come to a check."""
    return visit.page("quiz/console/desk.html", status, problem=problem, typed=_kept(typed))


def _kept(typed: str) -> str:
    """Return what stays in the field: of a scanned address the code alone.

    A scanner types beside what stands there; two addresses beside one another would be neither.
    """
    return codes.tidied(typed) if "code=" in typed else typed.strip()[:_LONGEST_TYPED]


def _page_of(
    visit: Visit, found: Check, status: int = HTTPStatus.OK, *, typed: str = ""
) -> Response:
    shown = found.voucher
    word, mark = WORDS[found.verdict]
    with visit.reads() as connection:
        hit = entries.named(connection, shown.entry, today=visit.today) if shown else None
    return visit.page(
        "quiz/console/desk_check.html",
        status,
        check=found,
        one=shown,
        word=word,
        mark=mark,
        why=found.why,
        typed="" if shown else _kept(typed),
        entry=entries.path_of(hit) if hit else "",
        seen=_seal(visit, shown.code, shown.version) if shown else "",
        is_valid=found.verdict is Verdict.VALID,
        say=SAY,
    )


def _seal(visit: Visit, code: str, version: int) -> str:
    """Return the mark of a check that was looked at: nothing else leads to a hand-over."""
    about = f"voucher\n{code}\n{version}"
    return hmac.new(visit.csrf.encode(), about.encode(), hashlib.sha256).hexdigest()


def _is_seen(visit: Visit, code: str, version: int) -> bool:
    given = request.form.get("seen", "")
    return hmac.compare_digest(given.encode(), _seal(visit, code, version).encode())


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


# -- what was handed over ---------------------------------------------------------------------


def _receipts(pages: Pages) -> None:
    @pages.get("/quiz/receipts", needs=LOOKS)
    def receipts(visit: Visit) -> ResponseReturnValue:
        first, last, is_cut = _days(visit.today)
        with visit.reads() as connection:
            every = voucher_queries.hand_overs(connection, first, last)
        return visit.page(
            "quiz/console/desk_day.html",
            rows=_wanted(every),
            clerks=sorted({(one.clerk, one.clerk_name) for one in every}),
            chosen=request.args,
            first=first,
            last=last,
            cut=voucher_texts.ONE_YEAR.format(first=written_day(first)) if is_cut else "",
            login=visit.person.login,
            may_undo=visit.person.may(Permission.QUIZ_RELEASE),
            query=request.query_string.decode("ascii", "replace"),
            say=SAY,
        )

    @pages.reading("/quiz/receipts.csv", needs=LOOKS, audit="voucher.export")
    def export_receipts(act: Act) -> ResponseReturnValue:
        first, last, _is_cut = _days(act.today)
        rows = _wanted(voucher_queries.hand_overs(act.session.connection(), first, last))
        told = {"first": first.isoformat(), "last": last.isoformat(), "rows": len(rows)}
        act.note("voucher:export", after=told)
        return table(f"receipts-{first}-{last}.csv", _HEAD, [_cells(one) for one in rows])

    @pages.get("/quiz/receipts/<number>", needs=LOOKS)
    def receipt(visit: Visit, number: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            one = found(connection, number)
        may_undo = visit.person.may(Permission.QUIZ_RELEASE)
        may_undo = may_undo and one.may_be_undone(visit.person.login, visit.now)
        is_recent = one.undone_at is None and visit.now - one.at <= UNDO_WITHIN
        return visit.page(
            "quiz/console/desk_receipt.html",
            one=one,
            may_undo=may_undo,
            may_ask=is_recent and not may_undo,
            may_redeem=visit.person.may(NEEDS),
            say=SAY,
        )


def found(connection: Connection, number: str) -> HandOver:
    """Return the hand-over of a page's address; 404 where there is none."""
    one = voucher_queries.hand_over(connection, number)
    if one is None:
        abort(HTTPStatus.NOT_FOUND)
    return one


def _days(today: date) -> tuple[date, date, bool]:
    """Return the days that are asked for, today unless others are named.

    A year at most, the last one; the third tells whether days were left out for that.
    """
    first = _day(request.args.get("first", ""), today)
    last = max(first, _day(request.args.get("last", ""), first))
    is_cut = last - first > LONGEST
    return (last - LONGEST if is_cut else first), last, is_cut


def _day(text: str, otherwise: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return otherwise
    # Near the ends of the calendar there is no day before, or none after.
    return found if found.year in _YEARS else otherwise


def _wanted(every: list[HandOver]) -> list[HandOver]:
    clerk, how = request.args.get("clerk", ""), request.args.get("how", "")
    chosen = [one for one in every if clerk in ("", one.clerk)]
    kept = {
        "desk": lambda one: not one.note and one.undone_at is None,
        "paper": lambda one: bool(one.note) and one.undone_at is None,
        "undone": lambda one: one.undone_at is not None,
    }.get(how)
    return list(filter(kept, chosen)) if kept else chosen


def _cells(one: HandOver) -> list[Any]:
    undone = f"{voucher_texts.moment(one.undone_at)} {one.undone_by}" if one.undone_at else ""
    how = one.note or "窗口"
    when = voucher_texts.moment(one.at)
    return [one.receipt, when, one.facsimile, one.clerk_name, how, f"{undone} {one.reason}".strip()]
