"""Where originals are, corrected agreements, and what the record says of copies."""

import pytest
from sqlalchemy import update

from tests.treasures.register_making import (
    ALL,
    DESCRIBING,
    EDITOR,
    MINE,
    REVIEWER,
    a_plan,
    accepted,
    accession_of,
    agreed,
    entered,
    grants_of,
    steps_of,
    terms_of,
    upload_of,
)
from wx_archive.catalogue import decisions
from wx_archive.catalogue.models import Record
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.treasures import accessions, agreements, contacts, erasure, rights
from wx_archive.treasures import register_texts as texts
from wx_archive.treasures.accessions import Custody
from wx_archive.treasures.elsewhere import UsedIn, everywhere
from wx_archive.treasures.models import Treasure, TreasureContact
from wx_archive.treasures.rules import Action, Right, State, Wish
from wx_archive.treasures.steps import SENDER, advance, locked


def hand(database: Database, treasure_id: int, *what: Custody) -> None:
    with database.begin() as session:
        for one in what:
            accessions.custody(session, treasure_id, one, "窗口", EDITOR, location="5-1-2")


def record_of(database: Database, treasure_id: int) -> Record:
    pid = accession_of(database, treasure_id).record_pid
    assert pid is not None
    with database.begin() as session:
        found = decisions.record_of(session, pid)
        session.expunge(found)
        return found


def test_what_was_not_lent_does_not_come_back(database: Database) -> None:
    upload = entered(database)
    with pytest.raises(RefusedError, match="不能登记“借出收回”"):
        hand(database, upload.id, Custody.BACK)
    hand(database, upload.id, Custody.RECEIVED, Custody.LENT)
    for what in (Custody.LENT, Custody.HANDED_BACK, Custody.MOVED):
        with pytest.raises(RefusedError, match="上一次登记的是“借出”"):
            hand(database, upload.id, what)
    hand(database, upload.id, Custody.BACK, Custody.HANDED_BACK)
    with pytest.raises(RefusedError, match="上一次登记的是“原件还给送件人”"):
        hand(database, upload.id, Custody.LENT)


def test_a_moved_copy_brings_no_original_here(database: Database) -> None:
    upload = entered(database, wish=Wish.COPY)
    hand(database, upload.id, Custody.RECEIVED, Custody.HANDED_BACK, Custody.MOVED)
    with database.reads() as connection:
        assert not erasure.has_original(connection, upload.id)


def test_what_was_declined_is_handed_back_and_its_contact_goes(database: Database) -> None:
    upload = accepted(database)
    hand(database, upload.id, Custody.RECEIVED)
    with database.begin() as session:
        treasure = locked(session, upload.id)
        session.add(TreasureContact(treasure_id=upload.id, sealed=b"sealed"))
        advance(session, treasure, State.DECLINED, EDITOR, note="不收")
        erasure.empty(session, treasure, EDITOR)
        assert contacts.is_kept(session.connection(), upload.id)
    with pytest.raises(RefusedError, match=texts.ONLY_BACK):
        hand(database, upload.id, Custody.RECEIVED)
    hand(database, upload.id, Custody.HANDED_BACK)
    with database.reads() as connection:
        assert not contacts.is_kept(connection, upload.id)
    with pytest.raises(RefusedError):
        hand(database, upload.id, Custody.HANDED_BACK)


def test_a_record_says_whether_the_house_has_a_copy(database: Database) -> None:
    copy, gift = entered(database, wish=Wish.COPY), entered(database)
    assert record_of(database, copy.id).carrier == "复制件"
    assert "馆里收的是复制件" in record_of(database, copy.id).note
    hand(database, gift.id, Custody.HANDED_BACK)
    assert record_of(database, gift.id).carrier == "复制件"


def test_a_giver_who_made_it_is_its_author(database: Database) -> None:
    upload = agreed(database)
    with database.begin() as session:
        session.execute(update(Treasure).where(Treasure.id == upload.id).values(ownership="made"))
    with database.begin() as session:
        accessions.plan(session, upload.id, a_plan(), EDITOR)
    with database.begin() as session:
        accessions.enter(session, upload.id, REVIEWER, DESCRIBING)
    assert record_of(database, upload.id).author == "老李"


def test_a_correction_changes_what_is_wrong_and_nothing_else(database: Database) -> None:
    upload = agreed(database)
    first = {one.use: one.id for one in grants_of(database, upload.id)}
    wanted = [one for one in ALL if one.use is not Right.WECHAT]
    with database.begin() as session:
        terms = terms_of(upload, *wanted, credit_name="老李头")
        agreements.amend(session, upload.id, terms, "抄错了", EDITOR)
    standing = {one.use: one.id for one in grants_of(database, upload.id) if not one.revoked_at}
    assert standing == {use: key for use, key in first.items() if use is not Right.WECHAT}
    assert upload_of(database, upload.id).credit_name == "老李头"
    last = steps_of(database, upload.id)[-1]
    assert last.action is Action.NOTE
    assert last.note.endswith("：抄错了")


def test_a_correction_gives_back_nothing_that_was_revoked(database: Database) -> None:
    upload = agreed(database)
    with database.begin() as session:
        rights.revoke(session, upload.id, [Right.WEB], "", SENDER, MINE)
    with pytest.raises(RefusedError, match="撤回过"), database.begin() as session:
        agreements.amend(session, upload.id, terms_of(upload), "抄错了", EDITOR)


def test_what_is_entered_is_not_corrected(database: Database) -> None:
    upload = entered(database)
    with pytest.raises(RefusedError, match=texts.NOT_AMENDED), database.begin() as session:
        agreements.amend(session, upload.id, terms_of(upload), "抄错了", EDITOR)


def test_an_article_with_two_pictures_is_told_once(database: Database) -> None:
    use = UsedIn("稿件", "老照片", "/console/pieces/x")
    with database.reads() as connection:
        found = everywhere(lambda *_: [use], connection, ["a", "b"], EDITOR.now)
    assert found == [use]
