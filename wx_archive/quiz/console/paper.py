"""纸单: the vouchers that are good on a day without network, and what it tells afterwards.

A whole code on paper could be used by whoever sees the list. It has the last four characters and
the four digits of 窗口核对码, which only the follower's own page shows beside them; the clerk
copies the first six from the follower's phone. Only with all ten is a hand-over written down.
"""

import logging
from datetime import date
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from wtforms import DateField, Form, StringField
from wtforms.validators import InputRequired, Length

from wx_archive.core.errors import RefusedError
from wx_archive.core.text import written_day
from wx_archive.quiz import codes, redemption, voucher_queries, voucher_texts
from wx_archive.quiz.console.desk import NEEDS, RECEIPTS, SAY, look
from wx_archive.quiz.console.downloads import table
from wx_archive.quiz.voucher_queries import Shown
from wx_archive.staff.pages import Act, CarryOut, Pages, Visit

log = logging.getLogger(__name__)

PAPER: Final = "/console/quiz/paper"
_HEAD: Final = ("凭证末四位", "窗口核对码", "复制件", "最后一天", "前六位", "交付时间", "签字")


class PaperForm(Form):
    """A line of the list, as it was filled in."""

    class Meta:
        """How WTForms speaks."""

        locales = ("zh",)

    code = StringField(
        "凭证号，十位",
        validators=[InputRequired("请填十位凭证号"), Length(max=300, message="太长了")],
        description="纸单上抄的前六位，加上印着的末四位。",
        render_kw={"autocomplete": "off", "required": True},
    )
    day = DateField(
        "哪一天交付的",
        validators=[InputRequired("请填交付的日子")],
        render_kw={"required": True},
    )


def add(pages: Pages) -> None:
    """Add the pages."""
    secret = pages.services.settings.secret()

    @pages.get("/quiz/paper", needs=NEEDS)
    def paper(visit: Visit) -> ResponseReturnValue:
        return _page(visit, PaperForm(day=visit.today))

    @pages.reading("/quiz/paper/list", needs=NEEDS, audit="voucher.paper", fresh=True)
    def paper_list(act: Act) -> ResponseReturnValue:
        rows = _noted(act)
        return act.page(
            "quiz/console/paper_list.html", rows=_lines(rows, secret), head=_HEAD, say=SAY
        )

    @pages.reading("/quiz/paper.csv", needs=NEEDS, audit="voucher.paper", fresh=True)
    def paper_csv(act: Act) -> ResponseReturnValue:
        rows = _noted(act)
        blank = [[*line, "", "", ""] for line in _lines(rows, secret)]
        return table(f"vouchers-{act.today}.csv", _HEAD, blank)

    @pages.in_steps("/quiz/paper", needs=NEEDS, audit="voucher.write_down")
    def write_down(visit: Visit, carry_out: CarryOut) -> ResponseReturnValue:
        form = PaperForm(request.form)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if not form.validate() or form.day.data is None:
            return _page(visit, form, status)
        try:
            checked = look(visit, form.code.data or "")
        except RefusedError as err:
            return _page(visit, form, HTTPStatus.CONFLICT, problem=str(err))
        if checked.voucher is None:
            form.code.errors = [checked.why]
            return _page(visit, form, status)
        code, day = checked.voucher.code, form.day.data
        return carry_out(lambda act: _write_down(act, form, code, day))


def _page(
    visit: Visit, form: Form, status: int = HTTPStatus.OK, *, problem: str = ""
) -> ResponseReturnValue:
    with visit.reads() as connection:
        count = len(voucher_queries.valid(connection, visit.today))
    return visit.page(
        "quiz/console/paper.html",
        status,
        form=form,
        count=count,
        problem=problem,
        most_days=redemption.PAPER_WITHIN.days,
    )


def _noted(act: Act) -> list[Shown]:
    rows = voucher_queries.valid(act.session.connection(), act.today)
    act.note("voucher:paper", after={"vouchers": len(rows)})
    log.info("quiz.paper member=%d vouchers=%d", act.person.id, len(rows))
    return rows


def _lines(rows: list[Shown], secret: str) -> list[list[str]]:
    return [
        [
            one.code[-4:],
            codes.desk_check(one.code, secret),
            one.facsimile,
            written_day(one.expires_on),
        ]
        for one in rows
    ]


def _write_down(act: Act, form: Form, code: str, day: date) -> ResponseReturnValue:
    try:
        done = redemption.write_down(act.session, code, day=day, member=act.person, now=act.now)
    except RefusedError as err:
        # Answered here: the line comes back as it was filled in.
        return _page(act, form, HTTPStatus.CONFLICT, problem=str(err))
    after = {"state": "redeemed", "facsimile": done.voucher.facsimile, "on_hand": done.on_hand}
    act.note(
        f"voucher:{done.number}",
        before={"state": "issued"},
        after=after | {"handed_on": day.isoformat()},
    )
    return act.done(f"{RECEIPTS}/{done.number}", voucher_texts.handed(done.number))
