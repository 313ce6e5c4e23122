"""废止线索: texts that say they repeal another; staff decide, one by one or many at once."""

from collections.abc import Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from wx_archive.cataloguing import proposals
from wx_archive.cataloguing.proposals import Outcome
from wx_archive.core.errors import RefusedError
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.plugs import Todo
from wx_archive.staff.rules import Permission, Person

LIST: Final = "/console/proposals"
_EARLIEST: Final = date(1949, 10, 1)


def add(pages: Pages) -> None:
    """Add the pages of announced repeals."""

    @pages.get("/proposals", needs=Permission.CATALOGUE_EDIT)
    def proposals_list(visit: Visit) -> ResponseReturnValue:
        return _list(visit)

    @pages.post("/proposals", needs=Permission.CATALOGUE_EDIT, audit="proposal.accept")
    def proposals_decide(act: Act) -> ResponseReturnValue:
        try:
            numbers = _numbers()
            is_accepting = request.form["verdict"].startswith("accept")
            if is_accepting:
                outcome = proposals.accept(act.session, numbers, on=_day(), now=act.now)
            else:
                outcome = proposals.refuse(act.session, numbers, now=act.now)
            _require_some(outcome)
        except RefusedError as err:
            return _list(act, str(err), HTTPStatus.UNPROCESSABLE_ENTITY)
        for number, title, since in outcome.decided:
            told = {"title": title, "repealed_on": since if is_accepting else None}
            action = "" if is_accepting else "proposal.reject"
            act.note(f"proposal:{number}", after=told, action=action)
        return act.done(_back(), _said(outcome, is_accepting=is_accepting))

    @pages.post(
        "/proposals/<int(max=999999999999):number>/undo",
        needs=Permission.CATALOGUE_EDIT,
        audit="proposal.undo",
    )
    def proposals_undo(act: Act, number: int) -> ResponseReturnValue:
        title, was_accepted = proposals.undo(act.session, number, now=act.now)
        before = {"title": title, "state": "accepted" if was_accepted else "refused"}
        act.note(f"proposal:{number}", before=before)
        return act.done(LIST, f"已撤销，《{title}》又回到等您决定的里面。")


def _list(visit: Visit, problem: str = "", status: int = HTTPStatus.OK) -> Response:
    after = _after()
    with visit.reads() as connection:
        waiting, has_more = proposals.page(connection, after=after)
        total = proposals.waiting(connection)
        recent = proposals.recent(connection)
    return visit.page(
        "cataloguing/console/proposals.html",
        status,
        waiting=waiting,
        total=total,
        recent=recent,
        problem=problem,
        after=after,
        chosen=set(request.form.getlist("number")),
        day=request.form.get("on", ""),
        newer=LIST if after else "",
        older=f"{LIST}?after={waiting[-1].id}" if has_more else "",
    )


def _numbers() -> list[int]:
    """Return what was chosen: one by its own button, or those that are ticked.

    Raises:
        RefusedError: nothing was.
    """
    verdict, _, single = request.form.get("verdict", "").partition(":")
    told = [single] if single else request.form.getlist("number")
    numbers = [int(one) for one in told if one.isdecimal() and len(one) < 16]
    if verdict not in ("accept", "refuse") or not numbers or len(numbers) > proposals.PAGE:
        raise RefusedError("还没有选：请勾上要办的几条，或者用某一条自己的按钮")
    return numbers


def _day() -> date | None:
    """Return the day that staff give.

    Raises:
        RefusedError: it is none.
    """
    told = request.form.get("on", "").strip()
    if not told:
        return None
    try:
        day = date.fromisoformat(told)
    except ValueError as err:
        raise RefusedError(f"“{told[:20]}”不是日期，请写成 2020-01-01 的样子") from err
    if not _EARLIEST <= day <= date(2100, 12, 31):
        raise RefusedError(f"{day} 不像废止的日子，请核对")
    return day


def _require_some(outcome: Outcome) -> None:
    if outcome.decided:
        return
    if outcome.undated:
        titles = "、".join(f"《{title}》" for title in outcome.undated[:3])
        raise RefusedError(f"{titles}的原文没有写明从哪天起废止，请在“从哪天起”里填上再确认")
    raise RefusedError("选的这些刚才已由别人办过，或者要废止的文件已不在目录里，这里是现在还等着的")


def _said(outcome: Outcome, *, is_accepting: bool) -> str:
    done = "已确认" if is_accepting else "已驳回"
    _number, title, since = outcome.decided[0]
    if len(outcome.decided) > 1:
        said = f"{done} {len(outcome.decided)} 条。"
    elif is_accepting:
        said = f"已确认：《{title}》从 {since} 起废止。"
    else:
        said = f"已驳回：《{title}》照旧，同一份文件不会再提出来。"
    if outcome.undated:
        said += f"{len(outcome.undated)} 条原文没有写明日子，还等着：请填上“从哪天起”。"
    if outcome.gone:
        said += f"{outcome.gone} 条已由别人办过，或者文件已不在目录里，没有动。"
    return said + "要撤销，看页面下方“最近办的”。"


def _after() -> int:
    return max(0, min(request.args.get("after", 0, int), 2**62))


def _back() -> str:
    after = _after()
    return f"{LIST}?after={after}" if after else LIST


def todos(connection: Connection, _person: Person, _now: datetime) -> Sequence[Todo]:
    """Return what waits."""
    count = proposals.waiting(connection)
    return [Todo("条废止线索等着确认", count, LIST, Permission.CATALOGUE_EDIT)]
