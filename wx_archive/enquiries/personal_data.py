"""Requests of a follower: handed out with their steps; without words and owner once erased."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select, update

from wx_archive.enquiries import queries, rules
from wx_archive.enquiries.models import Enquiry, EnquiryEvent
from wx_archive.enquiries.queries import Request, Step
from wx_archive.followers.personal_data import Case, PersonalData, Row, shown

_MOST: Final = 10_000


def _export(case: Case) -> Sequence[Row]:
    connection = case.session.connection()
    requests = queries.of_follower(connection, case.follower_id, limit=_MOST)
    return [
        {
            "编号": request.number,
            "内容": request.words,
            "办到哪一步": request.label,
            "馆里的话": request.note,
            "关于哪一条": request.about_pid,
            "提出的时间": shown(request.created_at),
            "经过": "\n".join(
                _told(request, step) for step in queries.steps(connection, request.number)
            ),
        }
        for request in reversed(requests)
    ]


def _told(request: Request, step: Step) -> str:
    name = rules.label(request.kind, step.to_state)
    return f"{shown(step.at)} {name}" + (f"：{step.note}" if step.note else "")


def _erase(case: Case) -> None:
    mine = select(Enquiry.id).where(Enquiry.follower_id == case.follower_id)
    steps = update(EnquiryEvent).where(EnquiryEvent.enquiry_id.in_(mine))
    case.session.execute(steps.values(note=""), execution_options={"synchronize_session": False})
    nothing = {"words": "", "note": "", "about_pid": None, "form_key": None, "follower_id": None}
    requests = update(Enquiry).where(Enquiry.follower_id == case.follower_id)
    case.session.execute(requests.values(nothing), execution_options={"synchronize_session": False})


RULES = (
    PersonalData(
        "enquiry",
        "请馆里办的事",
        _export,
        _erase,
        kept_because="编号一年一本账，不能缺号：只留编号、种类、时间和办到哪一步",
    ),
)
