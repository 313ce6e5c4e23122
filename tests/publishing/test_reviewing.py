"""Who may put their name to a piece, to which words, and when it may leave."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.publishing.writing import (
    BOTH,
    CORRESPONDENT,
    EDITOR,
    NOW,
    OTHER_EDITOR,
    REVIEWER,
    SECOND,
    THIRD,
    a_content,
    a_piece,
    approved,
    edited,
    signs,
    somebody,
    submitted,
)
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.live import Change
from wx_archive.publishing import inbox, pieces, pushes, remarks, reviewing, withdrawing
from wx_archive.publishing.files import MADE_BY_FILE
from wx_archive.publishing.models import Piece, PieceComment, PieceReview
from wx_archive.publishing.push_models import PushPiece
from wx_archive.publishing.reviewing import (
    NotApprovedError,
    ShownOtherError,
    Verdict,
    WriterReviewsError,
)
from wx_archive.publishing.rules import (
    PIECE_MOVES,
    PIECE_STATE_NAMES,
    AudienceKind,
    Delivery,
    HoldReason,
    Kind,
    PieceState,
    PushState,
    ReviewKind,
    WrongStateError,
)
from wx_archive.staff.rules import Person, Role, SamePersonError

DIAGRAM = Path(__file__).parents[2] / "docs" / "states" / "piece.mmd"


def test_the_diagram_shows_the_states_and_every_step() -> None:
    text = DIAGRAM.read_text(encoding="utf-8")
    edges = re.findall(r"^\s*(\w+) --> (\w+)$", text, re.MULTILINE)
    steps = {(old.value, new.value) for old, after in PIECE_MOVES.items() for new in after}
    assert set(edges) == steps
    names = dict(re.findall(r"^\s*(\w+): (\S+)$", text, re.MULTILINE))
    assert names == {state.value: name for state, name in PIECE_STATE_NAMES.items()}


def test_one_signature_with_the_secrecy_review_approves_a_piece(database: Database) -> None:
    with database.begin() as session:
        piece = submitted(session)
        approval = signs(session, piece)
        assert approval.is_complete
        assert [one.name for one in approval.given] == [REVIEWER.name]
        assert approval.secrecy_by == REVIEWER.name
        assert (piece.state, piece.approved_revision) == (PieceState.APPROVED, piece.revision)
        found = reviewing.require_approved(
            session.connection(), piece.id, piece.content_hash, steps=1
        )
        assert found == approval


def test_nothing_is_approved_without_the_secrecy_review(database: Database) -> None:
    with database.begin() as session:
        piece = submitted(session)
        with pytest.raises(RefusedError, match="保密审查"):
            signs(session, piece, secrecy=False)
        assert piece.state == PieceState.SUBMITTED
        assert session.scalar(select(func.count()).select_from(PieceReview)) == 0


def test_three_steps_need_three_different_people(database: Database) -> None:
    with database.begin() as session:
        piece = submitted(session)
        assert signs(session, piece, REVIEWER, steps=3, secrecy=False).missing == 2
        assert signs(session, piece, REVIEWER, steps=3, secrecy=False).missing == 2, "once"
        assert signs(session, piece, SECOND, steps=3).missing == 1
        assert piece.state == PieceState.SUBMITTED
        last = signs(session, piece, THIRD, steps=3, secrecy=False)
        assert last.is_complete
        assert last.secrecy_by == SECOND.name
        assert piece.state == PieceState.APPROVED


@pytest.mark.parametrize("person", [BOTH, somebody("chen", Role.REVIEWER)])
def test_whoever_ever_wrote_at_a_piece_does_not_review_it(
    database: Database, person: Person
) -> None:
    with database.begin() as session:
        piece = submitted(session)
        edited(session, piece, BOTH, body="丹江口大坝1958年9月动工。")
        with pytest.raises(WriterReviewsError, match="另一个人"):
            signs(session, piece, person)
        verdict = Verdict(piece.content_hash, "不好")
        with pytest.raises(SamePersonError):
            reviewing.give_back(session, piece, verdict, person=person, now=NOW)
        assert piece.state == PieceState.SUBMITTED


def test_a_reviewer_who_becomes_a_writer_has_approved_nothing(database: Database) -> None:
    """Even where the words come back to those that were signed."""
    with database.begin() as session:
        piece = submitted(session)
        signs(session, piece, BOTH, steps=2)
        edited(session, piece, BOTH, body="改过的。")
        edited(session, piece, EDITOR)
        approval = reviewing.standing(session.connection(), piece, steps=1)
        assert (approval.given, approval.secrecy_by) == ((), "")


def test_what_was_read_must_be_what_stands_there(database: Database) -> None:
    with database.begin() as session:
        piece = submitted(session)
        read = piece.content_hash
        edited(session, piece, body="趁人不注意改的。")
        with pytest.raises(ShownOtherError):
            reviewing.approve(
                session,
                piece,
                Verdict(read, signs_secrecy=True),
                person=REVIEWER,
                steps=1,
                now=NOW,
            )
        verdict = Verdict(read, "不好")
        with pytest.raises(ShownOtherError):
            reviewing.give_back(session, piece, verdict, person=REVIEWER, now=NOW)


def test_any_edit_voids_the_approval_and_stops_what_was_scheduled(database: Database) -> None:
    with database.begin() as session:
        piece = approved(session)
        push = pushes.compose(
            session,
            [piece],
            delivery=Delivery.SITE,
            audience=AudienceKind.ALL,
            topic="",
            segment="{}",
            made_by="li",
            now=NOW,
        )
        push.state = PushState.SCHEDULED
        pinned = select(PushPiece).where(PushPiece.push_id == push.id)
        session.scalars(pinned).one().content_hash = piece.content_hash
        before = piece.content_hash
        assert edited(session, piece, title="两座大坝").was_approved
        assert piece.state == PieceState.SUBMITTED
        with pytest.raises(NotApprovedError, match="还没有审定"):
            reviewing.require_approved(session.connection(), piece.id, piece.content_hash, steps=1)
        with pytest.raises(NotApprovedError, match="又改过"):
            reviewing.require_approved(session.connection(), piece.id, before, steps=1)
        session.refresh(push)
        assert (push.state, push.reason) == (PushState.HELD, HoldReason.CHANGED)


def test_words_that_were_changed_and_changed_back_wait_for_a_reviewer_all_the_same(
    database: Database,
) -> None:
    with database.begin() as session:
        piece = approved(session)
        edited(session, piece, body="改过去。")
        edited(session, piece)
        connection = session.connection()
        with pytest.raises(NotApprovedError):
            reviewing.require_approved(connection, piece.id, piece.content_hash, steps=1)
        assert signs(session, piece, secrecy=False).is_complete, "the same person may say so again"
        reviewing.require_approved(connection, piece.id, piece.content_hash, steps=1)


def test_giving_back_needs_a_reason_and_wipes_out_what_was_signed(database: Database) -> None:
    with database.begin() as session:
        piece = submitted(session)
        signs(session, piece, REVIEWER, steps=2)
        verdict = Verdict(piece.content_hash, "  ")
        with pytest.raises(RefusedError, match="理由"):
            reviewing.give_back(session, piece, verdict, person=SECOND, now=NOW)
        verdict = Verdict(piece.content_hash, "第二段年份请核对")
        withdrawing.give_back(session, piece, verdict, person=SECOND, now=NOW)
        assert piece.state == PieceState.RETURNED
        reviewing.submit(session, piece, by="chen", now=NOW)
        approval = reviewing.standing(session.connection(), piece, steps=2)
        assert (approval.given, approval.secrecy_by) == ((), "")
        told = reviewing.reviews(session.connection(), piece.id)
        assert (told[0].note, told[0].name) == ("第二段年份请核对", SECOND.name)


def test_an_approval_that_is_taken_back_stops_what_was_scheduled(database: Database) -> None:
    with database.begin() as session:
        piece = approved(session)
        push = pushes.compose(
            session,
            [piece],
            delivery=Delivery.SITE,
            audience=AudienceKind.ALL,
            topic="",
            segment="{}",
            made_by="li",
            now=NOW,
        )
        push.state = PushState.SCHEDULED
        pinned = select(PushPiece).where(PushPiece.push_id == push.id)
        session.scalars(pinned).one().content_hash = piece.content_hash
        verdict = Verdict(piece.content_hash, "照片里有人没有同意")
        withdrawing.give_back(session, piece, verdict, person=SECOND, now=NOW)
        session.refresh(push)
        assert (push.state, push.reason) == (PushState.HELD, HoldReason.UNAPPROVED)


def test_a_file_that_the_bureau_signed_needs_nobody_else(database: Database) -> None:
    with database.begin() as session:
        piece = pieces.add(
            session, a_content(), made_by=MADE_BY_FILE, now=NOW, state=PieceState.APPROVED
        )
        for kind in ReviewKind:
            session.add(
                PieceReview(
                    piece_id=piece.id,
                    content_hash=piece.content_hash,
                    kind=kind,
                    is_approval=True,
                    made_by=MADE_BY_FILE,
                    name="馆里的人",
                    made_at=NOW,
                )
            )
        session.flush()
        found = reviewing.standing(session.connection(), piece, steps=3)
        assert found.is_complete
        edited(session, piece, body="馆里又改了。")
        found = reviewing.standing(session.connection(), piece, steps=3)
        assert (found.is_complete, found.needed, found.given) == (False, 3, ())


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"title": " "}, "标题"), ({"body": "\n"}, "正文")],
)
def test_an_empty_piece_is_not_submitted(
    database: Database, changes: dict[str, Any], why: str
) -> None:
    with database.begin() as session:
        piece = a_piece(session, **changes)
        with pytest.raises(RefusedError, match=why):
            reviewing.submit(session, piece, by="chen", now=NOW)


def test_a_set_without_pictures_is_not_submitted(database: Database) -> None:
    with database.begin() as session:
        piece = a_piece(session)
        piece.kind = Kind.PICTURES
        with pytest.raises(RefusedError, match="还没有选图片"):
            reviewing.submit(session, piece, by="chen", now=NOW)


def test_what_does_not_wait_is_neither_signed_nor_taken_back(database: Database) -> None:
    with database.begin() as session:
        piece = a_piece(session)
        with pytest.raises(WrongStateError):
            signs(session, piece)
        with pytest.raises(WrongStateError):
            reviewing.recall(session, piece, now=NOW)
        verdict = Verdict(piece.content_hash, "不好")
        with pytest.raises(WrongStateError):
            reviewing.give_back(session, piece, verdict, person=REVIEWER, now=NOW)
        reviewing.submit(session, piece, by="chen", now=NOW)
        reviewing.recall(session, piece, now=NOW)
        assert piece.state == PieceState.DRAFT


# -- taking down ------------------------------------------------------------------------------


def out(session: Session) -> Piece:
    """Return a piece that readers see."""
    piece = approved(session)
    piece.out_at = NOW
    session.flush()
    return piece


def test_taking_down_tells_every_process_and_leaves_the_reason(database: Database) -> None:
    with database.begin() as session:
        piece = out(session)
        raised = select(Change.number).where(Change.name == pieces.LIVE)
        before = session.scalar(raised) or 0
        withdrawing.take_down(session, piece, "照片里有人没有同意", person=REVIEWER, now=NOW)
        assert (piece.withdrawn_at, piece.withdrawn_by) == (NOW, REVIEWER.login)
        assert session.scalar(raised) == before + 1
        words = session.scalars(select(PieceComment.words)).one()
        assert words == "撤下：照片里有人没有同意"
        with pytest.raises(WrongStateError):
            withdrawing.take_down(session, piece, "再撤一次", person=REVIEWER, now=NOW)


def test_what_nobody_sees_is_not_taken_down_and_a_reason_is_due(database: Database) -> None:
    with database.begin() as session:
        piece = approved(session)
        with pytest.raises(WrongStateError, match="本来就看不到"):
            withdrawing.take_down(session, piece, "不妥", person=REVIEWER, now=NOW)
        piece.out_at = NOW
        with pytest.raises(RefusedError, match="理由"):
            withdrawing.take_down(session, piece, " ", person=REVIEWER, now=NOW)


def test_only_a_second_person_brings_back_and_only_what_is_approved(database: Database) -> None:
    with database.begin() as session:
        piece = out(session)
        with pytest.raises(WrongStateError):
            withdrawing.bring_back(session, piece, person=SECOND, steps=1)
        withdrawing.take_down(session, piece, "不妥", person=REVIEWER, now=NOW)
        with pytest.raises(SamePersonError, match="您撤下的"):
            withdrawing.bring_back(session, piece, person=REVIEWER, steps=1)
        edited(session, piece, body="去掉了照片。")
        with pytest.raises(NotApprovedError):
            withdrawing.bring_back(session, piece, person=SECOND, steps=1)
        signs(session, piece)
        withdrawing.bring_back(session, piece, person=SECOND, steps=1)
        assert (piece.withdrawn_at, piece.withdrawn_by) == (None, None)


# -- remarks ----------------------------------------------------------------------------------


def test_a_remark_waits_until_it_is_settled_once(database: Database) -> None:
    with database.begin() as session:
        piece, other = a_piece(session), a_piece(session, title="另一篇")
        remark = remarks.add(session, piece, " 第二段的年份？\x00 ", person=REVIEWER, now=NOW)
        assert (remark.words, remark.revision) == ("第二段的年份？", 1)
        connection = session.connection()
        assert remarks.open_count(connection, piece.id) == 1
        with pytest.raises(RefusedError, match="没有这条"):
            remarks.settle(session, other, remark.id, person=EDITOR, now=NOW)
        remarks.settle(session, piece, remark.id, person=EDITOR, now=NOW)
        remarks.settle(session, piece, remark.id, person=OTHER_EDITOR, now=NOW)
        told = remarks.of_piece(connection, piece.id)
        assert [one.settled_by for one in told] == [EDITOR.login]
        assert remarks.open_count(connection, piece.id) == 0


@pytest.mark.parametrize("words", [" ", "字" * 1001])
def test_a_remark_says_something_and_not_too_much(database: Database, words: str) -> None:
    with database.begin() as session, pytest.raises(RefusedError, match="批注"):
        remarks.add(session, a_piece(session), words, person=REVIEWER, now=NOW)


def test_a_correspondents_piece_is_reviewed_by_somebody_else_too(database: Database) -> None:
    with database.begin() as session:
        piece = a_piece(session, by=CORRESPONDENT)
        inbox.send_in(session, piece, person=CORRESPONDENT, now=NOW)
        inbox.take_over(session, piece, person=BOTH, now=NOW)
        reviewing.submit(session, piece, by=BOTH.login, now=NOW)
        assert signs(session, piece, BOTH).is_complete, "who only took it over wrote nothing"
