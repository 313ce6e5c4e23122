"""Numbers without gaps: counted in the transaction that takes them, given back with it."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.core.database import insert_into
from wx_archive.treasures import rules
from wx_archive.treasures.models import TreasureCounter
from wx_archive.treasures.rules import Sign


def next_number(session: Session, sign: Sign, year: int) -> str:
    """Return the next number of a book; others that want one wait until this transaction ends.

    Call it last: what is undone gives its number back, and the next one takes it.
    """
    book = (TreasureCounter.sign == sign.value, TreasureCounter.year == year)
    session.execute(
        insert_into(session, TreasureCounter)
        .values(sign=sign.value, year=year, last=0)
        .on_conflict_do_nothing()
    )
    session.execute(select(TreasureCounter.last).where(*book).with_for_update())
    running = session.execute(
        update(TreasureCounter)
        .where(*book)
        .values(last=TreasureCounter.last + 1)
        .returning(TreasureCounter.last)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    return rules.number(sign, year, running)
