"""Builders for certificates: an upload that was just entered in the register, and its certificate.

Rows are written as the register writes them, so that these tests fail for certificates alone.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from tests.talk import ORIGIN
from wx_archive.core import clock, ids
from wx_archive.core.database import Database
from wx_archive.core.workdays import Calendar
from wx_archive.followers import service as followers
from wx_archive.treasures import certificates, numbers, queries
from wx_archive.treasures.certificates import Known
from wx_archive.treasures.models import Treasure, TreasureEvent
from wx_archive.treasures.register_models import Accession, Agreement, Certificate
from wx_archive.treasures.rules import Channel, Credit, Scope, Sign, State, Wish
from wx_archive.treasures.steps import Doing

NAME = "王建国"
TITLE = "兰水大桥通车典礼照片"
OPENID = "oGiver0000000000000000000000"


@dataclass(frozen=True)
class Gift:
    """What somebody has given, and how they wish to be named."""

    wish: Wish = Wish.DONATE
    credit: Credit = Credit.NAME
    name: str = NAME
    title: str = TITLE
    extent: str = "照片 3 张"
    scope: Scope = Scope.PUBLIC
    openid: str | None = OPENID


def a_doing(actor: str = "reviewer", *, now: datetime | None = None) -> Doing:
    return Doing(actor, now or clock.now(), Calendar(), ORIGIN)


def an_accession(session: Session, gift: Gift, doing: Doing) -> Accession:
    """Enter a gift in the register; it has no certificate yet."""
    follower_id = followers.ensure(session, gift.openid, now=doing.now) if gift.openid else None
    day, number = doing.today, numbers.next_number(session, Sign.UPLOAD, doing.today.year)
    told = {"wish": gift.wish, "scope": gift.scope, "credit": gift.credit, "credit_name": gift.name}
    treasure = Treasure(
        pid=ids.random_pid(),
        number=number,
        state=State.ACCESSIONED.value,
        channel=Channel.CHAT.value,
        follower_id=follower_id,
        title=gift.title[:60],
        created_at=doing.now,
        changed_at=doing.now,
        **told,
    )
    session.add(treasure)
    session.flush()
    session.add(
        TreasureEvent(
            treasure_id=treasure.id,
            at=doing.now,
            action="move",
            to_state=State.ACCESSIONED.value,
            actor=doing.actor,
        )
    )
    session.add(
        Agreement(
            number=numbers.next_number(session, Sign.AGREEMENT, day.year),
            treasure_id=treasure.id,
            signed_on=day,
            made_by="editor",
            made_at=doing.now,
            **told,
        )
    )
    accession = Accession(
        number=numbers.next_number(session, Sign.ACCESSION, day.year),
        treasure_id=treasure.id,
        title=gift.title,
        received_on=day,
        extent=gift.extent,
        proposed_by="editor",
        entered_by="reviewer",
        entered_at=doing.now,
    )
    session.add(accession)
    session.flush()
    return accession


def a_certificate(
    database: Database, gift: Gift | None = None, *, doing: Doing | None = None
) -> Known:
    """Enter a gift and issue its certificate, in one transaction as the register does."""
    by = doing or a_doing()
    with database.begin() as session:
        issued = certificates.issue(session, an_accession(session, gift or Gift(), by), by).id
    return look(database, issued)


def look(database: Database, certificate_id: int) -> Known:
    with database.reads() as connection:
        return certificates.by_id(connection, certificate_id)


def is_drawn(database: Database, known: Known, *, key: str = "ab" * 32) -> Known:
    """Have a certificate as if it were drawn."""
    with database.begin() as session:
        certificates.drawn(session, known.id, key=key, sha256="0" * 64, now=clock.now())
    return look(database, known.id)


def numbers_of(database: Database) -> list[str]:
    with database.begin() as session:
        return [one.number for one in session.query(Certificate).order_by(Certificate.id)]


def notes_of(database: Database, known: Known) -> list[str]:
    with database.reads() as connection:
        return [step.note for step in queries.steps(connection, known.treasure_id) if step.note]
