"""A row of each of the quiz's tables for a follower: what hangs on their part in a season."""

from datetime import datetime

from sqlalchemy.orm import Session

from wx_archive.core.clock import day_of
from wx_archive.quiz.models import Answer, Card, CardKind, Complaint, Draw, Entry, Season
from wx_archive.quiz.voucher_models import Facsimile, Voucher, VoucherEvent

HANGING = {
    "quiz_draw": "quiz_entry",
    "quiz_answer": "quiz_entry",
    "quiz_card": "quiz_entry",
    "quiz_complaint": "quiz_draw",
    "quiz_voucher": "quiz_entry",
    "quiz_voucher_event": "quiz_voucher",
}
"""Tables that name no follower and belong to one all the same, with what they hang on."""


def add_rows(session: Session, number: int, mark: str, now: datetime) -> None:
    """Add one row of each; words of the follower's hold the mark."""
    day = day_of(now)
    session.add(
        Season(
            id=number,
            pid=f"{number:026d}",
            name=mark,
            starts_on=day,
            ends_on=day,
            pick_up_until=day,
            daily_cap=9,
            state="withdrawn",
            made_by="x",
            made_at=now,
        )
    )
    session.add(Facsimile(id=number, pid=f"{number:026d}", name=mark, on_hand=2, reserved=1,
                          made_by="x", made_at=now))  # fmt: skip
    session.flush()
    session.add(CardKind(season_id=number, ordinal=1, number="1", title=mark, story="x"))
    session.add(
        Entry(id=number, follower_id=number, season_id=number, seed=1, carried=0, begun_at=now)
    )
    session.flush()
    session.add(
        Draw(id=number, token=f"t{number}", entry_id=number, place=1, question_id=mark,
             question_hash="x", drawn_at=now, closed_at=now)
    )  # fmt: skip
    session.flush()
    session.add(
        Answer(id=number, draw_id=number, entry_id=number, answered_at=now, day=day, given=mark,
               is_right=True, right_no=1)
    )  # fmt: skip
    session.flush()
    session.add(Card(entry_id=number, ordinal=1, answer_id=number, earned_at=now))
    session.add(Complaint(draw_id=number, question_id=mark, reason="answer", made_at=now))
    session.add(
        Voucher(id=number, code=f"{number:010d}", entry_id=number, facsimile_id=number,
                state="issued", issued_at=now, expires_on=day)
    )  # fmt: skip
    session.flush()
    session.add(VoucherEvent(voucher_id=number, at=now, action="issue", actor="reader"))
