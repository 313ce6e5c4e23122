"""What a lookup keeps for half an hour: the list a follower saw last, what found nothing last."""

import json
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select

from wx_archive.chat.personal_data import remembered
from wx_archive.followers.personal_data import Case, PersonalData, Row
from wx_archive.lookup import wording
from wx_archive.lookup.bot import CONTEXT, NOTHING
from wx_archive.lookup.figures_texts import LABELS, WHAT
from wx_archive.lookup.models import Label, LookupEvent, What


def _read(value: bytes) -> Row:
    shown = json.loads(value)
    return {"查的词": shown["text"], "看到第几页": shown["page"]}


def _read_words(value: bytes) -> Row:
    return {"没有查到的词": value.decode()}


def _person_keys(case: Case) -> Sequence[str]:
    """Return the follower's keyed hashes of every month that there are lookups of.

    They stand in no list: only the installation's secret and the openid together lead to them.
    """
    first = case.session.scalar(select(func.min(LookupEvent.day)))
    last = case.session.scalar(select(func.max(LookupEvent.day)))
    if first is None or last is None:
        return []
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    months = {wording.month_key(case.secret, day) for day in {day.replace(day=1) for day in days}}
    return sorted(wording.person_key(case.openid, month) for month in months)


def _export_lookups(case: Case) -> Sequence[Row]:
    rows = case.session.execute(
        select(LookupEvent.day, LookupEvent.what, LookupEvent.label, LookupEvent.words)
        .where(LookupEvent.person_key.in_(_person_keys(case)))
        .order_by(LookupEvent.day, LookupEvent.what, LookupEvent.words)
    )
    return [
        {
            "日期": row.day.isoformat(),
            "做了什么": WHAT[What(row.what)],
            "查的词": row.words or LABELS[Label(row.label)],
        }
        for row in rows
    ]


def _erase_lookups(case: Case) -> None:
    mine = LookupEvent.person_key.in_(_person_keys(case))
    case.session.execute(delete(LookupEvent).where(mine))


RULES = (
    remembered(CONTEXT, "最近一次查档的清单", _read),
    remembered(NOTHING, "最近一次没有查到的词", _read_words),
    PersonalData("lookup_event", "九十天内查过什么", _export_lookups, _erase_lookups),
)
