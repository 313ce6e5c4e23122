"""The demo's editorial desk: four invented pieces, each at another place on its way.

Written once, at the demo's first start, through the services that the console uses.
"""

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core import clock, schema
from wx_archive.core.services import Services
from wx_archive.media import arrivals, fonts, plates
from wx_archive.media import service as media
from wx_archive.media.arrivals import Arrival
from wx_archive.media.fonts import NoFontError
from wx_archive.media.objects import open_objects
from wx_archive.publishing import inbox, pieces, remarks, reviewing
from wx_archive.publishing.files import FilePiece, read_all
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.reviewing import Verdict
from wx_archive.publishing.rules import TITLES
from wx_archive.staff.models import Member, MemberRole
from wx_archive.staff.rules import Person, Role

_MARK: Final = "demo_news"
APPROVED: Final = "demo-ferry-ticket-1958"
WAITING: Final = "demo-reading-room-lamp"
RETURNED: Final = "demo-new-year-hours"
SENT_IN: Final = "demo-old-street-names"


def invent(services: Services) -> None:
    """Lay the pieces on the desk, unless that was done before."""
    folder = services.site.content / "demo" / "news"
    if schema.was_invented(services.database, _MARK) or not folder.is_dir():
        return
    files = read_all(folder)
    covers = {pid: _cover(services, file) for pid, file in files.items()}
    now = clock.now()
    with services.database.begin() as session:
        desk = {pid: _write(session, file, covers[pid], now=now) for pid, file in files.items()}
        _go_on(session, desk, steps=services.site.profile.review_steps, now=now)
        schema.mark_invented(session, _MARK)


def _cover(services: Services, file: FilePiece) -> Arrival | None:
    """Return a cover; None on a machine without a typeface: the desk then shows what is missing."""
    try:
        font = fonts.find(services.settings.font)
    except NoFontError:
        return None
    drawn = plates.draw_cover(file.head.title, TITLES[file.column], font=font)
    objects = open_objects(services.settings)
    return arrivals.receive(objects, io.BytesIO(drawn), name=f"{file.head.id}.jpg")


def _write(session: Session, file: FilePiece, cover: Arrival | None, *, now: datetime) -> Piece:
    head = file.head
    writer = Role.CORRESPONDENT if head.id == SENT_IN else Role.EDITOR
    described = media.Described(f"封面：{head.title}", head.title, "本馆绘制（演示）")
    entered = cover and media.enter(session, cover, described, made_by=writer.value, now=now)
    content = Content(
        column=file.column,
        kind=head.kind,
        title=head.title,
        summary=head.summary,
        body=file.body,
        cover=entered.pid if entered else None,
        topics=tuple(head.topics),
        interests=tuple(head.interests),
        sources=tuple(head.sources),
    )
    piece = pieces.add(session, content, made_by=writer.value, now=now, pid=head.id)
    piece.wanted_at = head.due
    piece.owner = None if head.id == SENT_IN else writer.value
    return piece


def _go_on(session: Session, desk: Mapping[str, Piece], *, steps: int, now: datetime) -> None:
    """Send one in, submit three, give one of them back with a remark, approve another."""
    inbox.send_in(session, desk[SENT_IN], person=_person(session, Role.CORRESPONDENT), now=now)
    for pid in (APPROVED, WAITING, RETURNED):
        reviewing.submit(session, desk[pid], by=Role.EDITOR.value, now=now)
    reviewer = _person(session, Role.REVIEWER)
    returned, approved = desk[RETURNED], desk[APPROVED]
    remarks.add(
        session,
        returned,
        "第二条请写明：放假期间网上查到的，节后可以来窗口取。",
        person=reviewer,
        now=now,
    )
    back = Verdict(returned.content_hash, "第二条再补一句，改好再送。")
    reviewing.give_back(session, returned, back, person=reviewer, now=now)
    good = Verdict(approved.content_hash, "可以发。", signs_secrecy=True)
    reviewing.approve(session, approved, good, person=reviewer, steps=steps, now=now)


def _person(session: Session, role: Role) -> Person:
    member = session.scalars(select(Member).where(Member.login == role.value)).one()
    roles = session.scalars(select(MemberRole.role).where(MemberRole.member_id == member.id))
    return Person(member.id, member.login, member.name, frozenset(Role(one) for one in roles))
