"""Deciding about a push that waits for a person: each decision on a page of its own."""

from http import HTTPStatus
from typing import Final

from flask import abort
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wx_archive.publishing import decisions
from wx_archive.publishing import pushes as service
from wx_archive.publishing.console import push_shown, push_texts
from wx_archive.publishing.console.push_page import found, locked
from wx_archive.publishing.console.pushes import SEND
from wx_archive.publishing.decisions import Decision
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import Delivery, HoldReason
from wx_archive.staff.pages import Act, Pages, Visit

_DONE: Final = {
    Decision.ASK_AGAIN: "好，接着发。",
    Decision.RESCHEDULE: "已经收回，请重新定时间、做体检。",
    Decision.RESEND_NEW: "好，用新的编号再发一次。",
    Decision.TAKE_FOR_SENT: "记下了：算作已发。",
    Decision.TAKE_FOR_FAILED: "记下了：算作没有发。",
    Decision.CANCEL: "已经取消，没有发出去。",
}


def add(pages: Pages) -> None:
    """Add the question and its answer."""

    @pages.get("/pushes/<pid>/decide/<name>", needs=SEND)
    def ask_decision(visit: Visit, pid: str, name: str) -> ResponseReturnValue:
        decision = _decision(name)
        with visit.reads() as connection:
            push = found(connection, pid)
            with Session(bind=connection) as session:
                is_open = decision in decisions.offered(session, push, now=visit.now)
        if not is_open:
            abort(HTTPStatus.NOT_FOUND)
        return visit.page(
            "publishing/console/push_decide.html",
            push=push,
            decision=decision,
            name=service.DECISION_NAMES[decision],
            told=push_texts.DECISIONS[decision],
            explained=push_texts.REASONS[HoldReason(push.reason)],
            button=_button(push, decision),
            say=push_shown.SAY,
        )

    @pages.post("/pushes/<pid>/decide/<name>", needs=SEND, audit="push.decide", fresh=True)
    def decide_push(act: Act, pid: str, name: str) -> ResponseReturnValue:
        decision, push = _decision(name), locked(act, pid)
        before = {"state": push.state, "reason": push.reason}
        service.decide(act.session, push, decision, by=act.person.login, now=act.now)
        after = {"state": push.state, "decision": decision.value}
        act.note(f"push:{pid}", before=before, after=after)
        below = "/check" if decision is Decision.RESCHEDULE else ""
        return act.done(f"{push_shown.PATH}/{pid}{below}", _DONE[decision])


def _decision(name: str) -> Decision:
    if name not in set(Decision):
        abort(HTTPStatus.NOT_FOUND)
    return Decision(name)


def _button(push: Push, decision: Decision) -> str:
    words = push_texts.BUTTONS[decision]
    if push.delivery == Delivery.MASS:
        return words.format(people=push_shown.people(push.counted))
    return words.partition("给 {people}")[0]
