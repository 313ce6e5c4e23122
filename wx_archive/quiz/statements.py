"""The statements of a turn of play, each built once: building one costs more than running it."""

from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, func, insert, select, update
from sqlalchemy.orm import aliased

from wx_archive.quiz.models import Answer, Draw, Entry

_DRAWS: Final = cast("Table", Draw.__table__)
_ANSWERS: Final = cast("Table", Answer.__table__)
_EVERY: Final = aliased(Answer)
_TODAYS: Final = select(func.count()).where(
    _EVERY.entry_id == Entry.id, _EVERY.day == bindparam("today")
)
_LAST: Final = select(func.max(_EVERY.right_no)).where(_EVERY.entry_id == Entry.id)

PART: Final[Any] = (
    select(
        *(Entry.id, Entry.seed),
        _TODAYS.scalar_subquery().label("today"),
        Draw.id.label("draw_id"),
        *(Draw.token, Draw.place, Draw.question_id, Draw.question_hash),
        *(Draw.order.label("shown_order"), Draw.picked),
    )
    .outerjoin(Draw, (Draw.entry_id == Entry.id) & Draw.closed_at.is_(None))
    .where(Entry.follower_id == bindparam("owner"), Entry.season_id == bindparam("season"))
)
"""Somebody's part in a season, with what they answered today and the question that is open."""

_FOUND: Final[Any] = (
    select(
        *(Draw.id, Draw.token, Draw.entry_id, Draw.place, Draw.question_id),
        *(Draw.question_hash, Draw.order.label("shown_order"), Draw.picked, Draw.closed_at),
        *(Entry.season_id, Entry.carried, Entry.seed),
        Answer.is_right,
        func.coalesce(_LAST.scalar_subquery(), 0).label("right"),
    )
    .join(Entry, Entry.id == Draw.entry_id)
    .outerjoin(Answer, Answer.draw_id == Draw.id)
    .where(Entry.follower_id == bindparam("owner"))
)
OPEN: Final[Any] = _FOUND.where(Draw.closed_at.is_(None))
"""The question that waits for somebody's answer, with the number of their last right one."""
BY_TOKEN: Final[Any] = _FOUND.where(Draw.token == bindparam("wanted"))
"""The same of the question that a link names, answered or not."""

DRAWN: Final = select(_DRAWS.c.question_id).where(_DRAWS.c.entry_id == bindparam("entry"))
"""What has been dealt to an entry."""
DEAL: Final = insert(_DRAWS)
CLOSE: Final = (
    update(_DRAWS)
    .where(_DRAWS.c.id == bindparam("draw"), _DRAWS.c.closed_at.is_(None))
    .values(closed_at=bindparam("moment"))
)
COUNT: Final = insert(_ANSWERS).returning(_ANSWERS.c.id)
RIGHT_IN_LEVEL: Final = (
    select(func.count())
    .select_from(_ANSWERS.join(_DRAWS, _DRAWS.c.id == _ANSWERS.c.draw_id))
    .where(
        _DRAWS.c.entry_id == bindparam("entry"),
        _DRAWS.c.place > bindparam("after"),
        _DRAWS.c.place <= bindparam("last"),
        _ANSWERS.c.is_right,
    )
)
