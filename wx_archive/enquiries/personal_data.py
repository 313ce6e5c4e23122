"""Requests of a follower: handed out with their steps; without words and owner once erased."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, select, update

from wx_archive.core import clock
from wx_archive.enquiries import contacts, entries, queries, rules, texts
from wx_archive.enquiries.models import Enquiry, EnquiryContact, EnquiryEvent, EnquiryItem
from wx_archive.enquiries.queries import Request, Step
from wx_archive.followers.personal_data import Case, PersonalData, Row, shown

_MOST: Final = 10_000


def _export(case: Case) -> Sequence[Row]:
    requests = queries.of_follower(case.session.connection(), case.follower_id, limit=_MOST)
    return [_row(case, request) for request in reversed(requests)]


def _row(case: Case, request: Request) -> Row:
    connection = case.session.connection()
    steps = queries.steps(connection, request.number)
    items = entries.items(connection, [request.number], today=clock.today())[request.number]
    return {
        "编号": request.number,
        "从哪里来": texts.CHANNELS[request.channel],
        "内容": request.words,
        "办到哪一步": request.label,
        "馆里的话": request.note,
        "附的条目": "、".join(item.title for item in items),
        "关于哪一条": request.about_pid,
        "提出的时间": shown(request.created_at),
        "首问责任人": request.first_name,
        "承诺办结日": request.clock.due_on.isoformat() if request.clock.due_on else "",
        "您的评价": request.rating,
        "评价的话": request.rating_words,
        "联系方式": _contact(case, request),
        "经过": "\n".join(_told(request, step) for step in steps),
    }


def _contact(case: Case, request: Request) -> str:
    contact = contacts.read(case.session, request.number, contacts.Sealer(case.secret))
    return " ".join(filter(None, (contact.name, contact.phone, contact.address))) if contact else ""


def _told(request: Request, step: Step) -> str:
    name = rules.ACTIONS[step.action] or rules.label(request.kind, step.to_state)
    is_said = step.note and step.action in rules.TOLD_ACTIONS
    return f"{shown(step.at)} {name}" + (f"：{step.note}" if is_said else "")


def _erase(case: Case) -> None:
    quietly = {"synchronize_session": False}
    mine = select(Enquiry.id).where(Enquiry.follower_id == case.follower_id)
    steps = update(EnquiryEvent).where(EnquiryEvent.enquiry_id.in_(mine))
    case.session.execute(steps.values(note=""), execution_options=quietly)
    for table in (EnquiryContact, EnquiryItem):
        gone = delete(table).where(table.enquiry_id.in_(mine))
        case.session.execute(gone, execution_options=quietly)
    nothing = dict.fromkeys(("words", "note", "rating_words"), "")
    nobody = dict.fromkeys(("about_pid", "form_key", "follower_id"))
    requests = update(Enquiry).where(Enquiry.follower_id == case.follower_id)
    case.session.execute(requests.values({**nothing, **nobody}), execution_options=quietly)


RULES = (
    PersonalData(
        "enquiry",
        "请馆里办的事",
        _export,
        _erase,
        kept_because="编号一年一本账，不能缺号：只留编号、种类、时间、办到哪一步和评的分数",
    ),
)
