"""Forty days that never were: what invented people looked up and asked for at the desk.

So that the demo's figures and queues show some. Nobody of them is a follower: only statistics and
requests without a name are there. Written once, at the demo's first start, through the services
that everybody uses; the lookups are real ones, over the demo's invented catalogue.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core import clock, schema
from wx_archive.core.services import Services
from wx_archive.enquiries import desk
from wx_archive.enquiries.contacts import Contact, Sealer
from wx_archive.enquiries.rules import Channel, State
from wx_archive.enquiries.rules import Kind as EnquiryKind
from wx_archive.enquiries.service import Draft
from wx_archive.enquiries.steps import Doing, Terms
from wx_archive.lookup import service as lookup
from wx_archive.lookup.models import Channel as Where
from wx_archive.lookup.models import What
from wx_archive.lookup.usage import Noted, Usage
from wx_archive.staff.models import Member
from wx_archive.staff.rules import Role

DAYS: Final = 40
_MARK: Final = "demo_life"
_CROWD: Final = 160
_WORDS: Final = {
    "公积金": 9, "社保": 6, "医保": 5, "房改": 6, "大桥": 5, "拆迁": 4, "养犬": 3, "户口": 4,
    "学校": 3, "水电": 2, "移民": 4, "土地": 5, "婚姻登记": 3, "知青": 4, "退伍": 2, "停车": 3,
    "居住证": 4, "新生儿": 2, "加装电梯": 5, "共享单车": 3, "独生子女奖励": 3, "老旧小区": 4,
}  # fmt: skip
"""How often each is asked for, in parts; some of them find nothing."""
_ASKED: Final = (
    (26, "找父亲一九七二年在兰水大桥工地的表彰决定", Channel.DESK,
     ((25, State.SEARCHING, ""), (23, State.FOUND, "在1972年的表彰名册里，请到窗口看原件。"))),
    (19, "老宅一九八一年的宅基地审批表", Channel.LETTER,
     ((18, State.SEARCHING, ""), (15, State.NOT_FOUND, ""))),
    (13, "县化肥厂一九八五年改制的文件", Channel.PHONE,
     ((13, State.SEARCHING, ""), (12, State.CONSULTING, "正在征求原主管单位的意见。"))),
    (9, "兰台中学一九九〇年基建的批复", Channel.DESK, ((8, State.SEARCHING, ""),)),
    (1, "一九八七年公房出售的政策文件", Channel.PHONE, ()),
)  # fmt: skip
"""Days ago, words, how it came in, and the steps that followed."""


def invent(services: Services) -> None:
    """Invent the days, unless that was done before."""
    if schema.was_invented(services.database, _MARK):
        return
    usage = Usage(services.database, services.settings.secret())
    try:
        usage.take(_doings(services, clock.now()))
    finally:
        usage.close()
    with services.database.begin() as session:
        _ask_at_the_desk(session, services)
        schema.mark_invented(session, _MARK)


def _doings(services: Services, now: datetime) -> Iterator[Noted]:
    chance = random.Random(DAYS)  # noqa: S311 -- the same days in every demo
    words, parts = list(_WORDS), list(_WORDS.values())
    with services.database.reads() as connection:
        today = clock.day_of(now)
        found = {word: lookup.find(connection, services.site, word, today=today) for word in words}
    for days in range(1, DAYS + 1):
        at = now - timedelta(days=days)
        weekend = clock.day_of(at).weekday() > 4
        for number in range(chance.randint(12, 22) if weekend else chance.randint(28, 55)):
            word = chance.choices(words, parts)[0]
            person = f"invented-{chance.randrange(_CROWD)}"
            is_page = chance.random() < 0.25
            channel = Where.H5 if is_page else Where.CHAT
            openid = "" if is_page else person
            total = found[word].total
            yield Noted(at, channel, What.ASKED, None, word, total, openid=openid, nonce=number)
            if total and chance.random() < 0.6:
                hit = chance.choice(found[word].hits)
                nonce = number + 1_000
                yield Noted(at, channel, What.OPENED, hit.kind, hit.pid, openid=openid, nonce=nonce)


def _ask_at_the_desk(session: Session, services: Services) -> None:
    """Write requests down as the demo's person of the desk would have."""
    now, terms = clock.now(), Terms.of(services.site)
    clerk = session.scalars(select(Member).where(Member.login == Role.DESK.value)).one()
    sealer = Sealer(services.settings.secret())

    def on(days: int) -> Doing:
        return Doing(clerk.login, now - timedelta(days=days), terms, clerk.id)

    for days, words, channel, steps in _ASKED:
        draft = Draft(EnquiryKind.SEARCH, words, channel=channel)
        request = desk.write_down(session, draft, Contact(), sealer, on(days))
        for then, state, note in steps:
            desk.move(session, request.number, state, on(then), note=note)
