"""开放审核: records that are twenty-five years old, decided one by one or many at once."""

from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from wtforms import Form, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # older stubs

from wx_archive.cataloguing import reviews, texts
from wx_archive.cataloguing.console.editing import hand_of
from wx_archive.cataloguing.reviews import Verdict
from wx_archive.cataloguing.rules import BATCH
from wx_archive.core.errors import RefusedError
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

_WORDS: Final = {
    Verdict.OPEN: "开放（另一个人放行以后，公众才看得到）",
    Verdict.DEFER: "延期开放（另一个人放行以后，到日子自己开放）",
    Verdict.CONTROL: "控制使用（立刻生效，公众查不到）",
}
_SAID: Final = {
    Verdict.OPEN: "已经提出开放 {count} 条，等另一个人放行。",
    Verdict.DEFER: "已经提出延期开放 {count} 条，等另一个人放行。",
    Verdict.CONTROL: "{count} 条已经定为控制使用。",
}


class VerdictForm(Form):
    """What the chosen ones come to, and why."""

    verdict = RadioField(
        "审核意见", choices=[SelectChoice(one.value, word) for one, word in _WORDS.items()]
    )
    open_on = StringField("延期到哪一天", description="只有延期开放要写，如 2035-01-01。")
    reason = TextAreaField("理由", description="对勾选的每一条都适用。不要写市民的姓名和情况。")


def add(pages: Pages) -> None:
    """Add the list and its form."""

    @pages.get("/reviews", needs=Permission.CATALOGUE_EDIT)
    def all_reviews(visit: Visit) -> ResponseReturnValue:
        return _list(visit, VerdictForm())

    @pages.post("/reviews", needs=Permission.CATALOGUE_EDIT, audit="record.review")
    def decide(act: Act) -> ResponseReturnValue:
        form = VerdictForm(request.form)
        pids = list(dict.fromkeys(request.form.getlist("record")))
        try:
            verdict = _verdict(form)
            reviews.decide(
                act.session,
                pids,
                verdict,
                form.reason.data or "",
                hand_of(act),
                open_on=form.open_on.data or "",
            )
        except RefusedError as err:
            return _list(act, form, problem=str(err), chosen=pids)
        for pid in pids:
            told = {"verdict": verdict.value, "reason": form.reason.data}
            act.note(f"record:{pid}", after={**told, "open_on": form.open_on.data or ""})
        return act.done("/console/reviews", _SAID[verdict].format(count=len(pids)))


def _verdict(form: VerdictForm) -> Verdict:
    if form.verdict.data not in set(Verdict):
        raise RefusedError("请选审核意见")
    return Verdict(form.verdict.data)


def _list(
    visit: Visit, form: Form, *, problem: str = "", chosen: list[str] | None = None
) -> ResponseReturnValue:
    after = request.values.get("after", "")
    with visit.reads() as connection:
        tasks, following = reviews.tasks(connection, after=after, limit=BATCH)
        due = reviews.count(connection)
    return visit.page(
        "cataloguing/console/reviews.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
        tasks=tasks,
        following=following,
        after=after,
        due=due,
        counted=reviews.COUNTED,
        form=form,
        problem=problem,
        chosen=chosen or [],
        words=texts,
    )
