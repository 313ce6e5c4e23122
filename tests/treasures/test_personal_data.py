"""Handing out and erasing what somebody has sent: nothing of it stays but what was agreed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.structure.test_personal_data import everything
from tests.treasures.keeping_making import Vault, a_vault
from tests.treasures.register_making import EDITOR, MINE, REVIEWER, STORY, TITLE
from wx_archive import features
from wx_archive.core import clock
from wx_archive.core.sealing import Contact
from wx_archive.followers import personal_data
from wx_archive.followers.personal_data import Case
from wx_archive.treasures import (
    accessions,
    contacts,
    queries,
    review,
    uploads,
)
from wx_archive.treasures.accessions import Custody
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import State
from wx_archive.treasures.steps import advance, locked

CONTACT = Contact("李建国", "0719-7654321", "北门大院 3 号")
TITLES = {rule.holds: rule.title for rule in features.PERSONAL_DATA}


@pytest.fixture
def vault(tmp_path: Path, database_url: str) -> Iterator[Vault]:
    with a_vault(tmp_path / "data", database_url) as opened:
        yield opened


def case_of(session: Any, vault: Vault, openid: str = "a-giver") -> Case:
    case = personal_data.open_case(session, vault.services, openid=openid)
    assert case is not None
    return case


def export(vault: Vault) -> dict[str, list[dict[str, Any]]]:
    with vault.database.begin() as session:
        told = personal_data.export(
            case_of(session, vault), features.PERSONAL_DATA, now=clock.now()
        )
    kept = json.loads(json.dumps(told, ensure_ascii=False))["资料"]
    return {holds: kept[title] for holds, title in TITLES.items()}


def erase(vault: Vault) -> None:
    with vault.database.begin() as session:
        personal_data.erase(case_of(session, vault), features.PERSONAL_DATA, now=clock.now())
    vault.works()


def with_contact(vault: Vault, upload: Upload) -> None:
    own = contacts.sealer(vault.services.settings)
    with vault.database.begin() as session:
        contacts.keep(session, upload.id, CONTACT, own)


def has_contact(vault: Vault, upload: Upload) -> bool:
    with vault.database.reads() as connection:
        return contacts.is_kept(connection, upload.id)


def objects(vault: Vault) -> list[str]:
    """Return the names of what lies in the sealed store."""
    found = vault.store.folder.glob("[0-9a-f][0-9a-f]/*/*")
    return sorted(path.name for path in found)


def all_rows(vault: Vault) -> str:
    return everything(vault.database, vault.services.store, None)


def test_the_export_holds_what_was_told_and_sent_and_agreed(vault: Vault) -> None:
    upload = vault.entered(b"one", name="外婆.jpg")
    with_contact(vault, upload)
    told = export(vault)
    (piece,) = told["treasure"]
    assert (piece["题名"], piece["来历"], piece["署名"]) == (TITLE, STORY, "老李")
    (file,) = told["treasure_file"]
    assert (file["文件名"], file["是什么"], file["字节"]) == ("外婆.jpg", "照片", 3)
    assert file["怎么样了"] == "收好了"
    assert file["SHA-256"] == vault.files(upload)[0].sha256
    assert [one["联系方式"] for one in told["treasure_contact"]] == [
        "李建国 0719-7654321 北门大院 3 号"
    ]
    assert told["treasure_agreement"][0]["协议号"] == "协2026-000001"
    assert told["treasure_right"]
    assert told["treasure_accession"][0]["入藏号"] == "藏2026-000001"
    assert told["treasure_certificate"][0]["证书号"] == "证2026-000001"


def test_the_staffs_own_notes_are_not_handed_out_and_the_answers_are(vault: Vault) -> None:
    upload = vault.handed_in(b"one")
    with vault.database.begin() as session:
        review.remark(session, upload.id, "这人说话不清楚", EDITOR)
        review.move(session, upload.id, State.NEED_INFO, EDITOR, note="哪一年？")
        uploads.answer(session, locked(session, upload.id), "一九七五年", MINE)
    words = [(one["做了什么"], one["说的话"]) for one in export(vault)["treasure_event"]]
    assert ("等您回答", "哪一年？") in words
    assert ("送件人回答", "一九七五年") in words
    assert "说话不清楚" not in str(words)


def test_a_draft_goes_altogether(vault: Vault) -> None:
    vault.handed_in(b"one", name="外婆.jpg", is_finished=False)
    assert objects(vault)
    erase(vault)
    assert objects(vault) == []
    with vault.database.reads() as connection:
        assert connection.scalars(select(Treasure.id)).all() == []
    assert "外婆" not in all_rows(vault)


@pytest.mark.parametrize("state", [State.RECEIVED, State.ACCEPTED, State.DECLINED])
def test_what_was_not_taken_in_leaves_a_number_and_its_dates(vault: Vault, state: State) -> None:
    upload = vault.handed_in(b"one", b"two", name="外婆.jpg")
    with_contact(vault, upload)
    with vault.database.begin() as session:
        review.remark(session, upload.id, "打过电话给他", EDITOR)
        if state is State.ACCEPTED:
            review.move(session, upload.id, State.SCREENING, EDITOR)
            review.move(session, upload.id, State.ACCEPTED, EDITOR, note="收下您的照片")
        if state is State.DECLINED:
            review.move(session, upload.id, State.DECLINED, EDITOR, note="看不清您外婆")
    erase(vault)
    left = vault.upload(upload.id)
    assert (left.number, left.follower_id) == (upload.number, None)
    assert left.state is (State.DECLINED if state is State.DECLINED else State.WITHDRAWN)
    assert left.erased_at is not None
    assert not has_contact(vault, upload)
    assert objects(vault) == []
    rows = all_rows(vault)
    for word in (TITLE, STORY, "老李", "外婆", "打过电话", "收下您的照片"):
        assert word not in rows
    with vault.database.reads() as connection:
        assert len(queries.steps(connection, upload.id)) >= 3


def test_what_is_in_the_register_stays_as_agreed_and_knows_its_sender_no_more(
    vault: Vault,
) -> None:
    upload = vault.entered(b"one")
    with_contact(vault, upload)
    before = objects(vault)
    erase(vault)
    left = vault.upload(upload.id)
    assert (left.state, left.follower_id) == (State.ACCESSIONED, None)
    assert (left.title, left.credited) == (TITLE, "老李")
    assert objects(vault) == before
    assert has_contact(vault, upload)
    assert "a-giver" not in all_rows(vault)


def test_a_signed_agreement_goes_on_without_the_account(vault: Vault) -> None:
    upload = vault.agreed(b"one", scan=b"signed")
    with_contact(vault, upload)
    erase(vault)
    left = vault.upload(upload.id)
    assert (left.state, left.follower_id, left.title) == (State.AGREEMENT, None, TITLE)
    assert has_contact(vault, upload)
    assert len(objects(vault)) == 2


def test_whose_original_is_in_the_house_is_not_forgotten_until_it_is_handed_back(
    vault: Vault,
) -> None:
    kept, back = (vault.handed_in(b"one"), vault.handed_in(b"two"))
    for upload in (kept, back):
        with_contact(vault, upload)
        with vault.database.begin() as session:
            treasure = locked(session, upload.id)
            for state in (State.SCREENING, State.ACCEPTED):
                advance(session, treasure, state, EDITOR)
            accessions.custody(session, upload.id, Custody.RECEIVED, "一张照片", EDITOR)
            if upload is back:
                accessions.custody(session, back.id, Custody.HANDED_BACK, "当面", REVIEWER)
    erase(vault)
    assert has_contact(vault, kept)
    assert not has_contact(vault, back)
    assert vault.upload(kept.id).title == ""


def test_only_ones_own_goes(vault: Vault) -> None:
    vault.handed_in(b"mine")
    other = vault.handed_in(b"theirs", openid="another")
    erase(vault)
    assert vault.upload(other.id).title == TITLE
    assert objects(vault) == [vault.files(other)[0].object_key]


def test_nothing_is_deleted_when_the_erasure_is_undone(vault: Vault) -> None:
    vault.handed_in(b"one")

    def fail(_case: Case) -> None:
        raise RuntimeError

    broken = personal_data.PersonalData("broken", "坏的", lambda _case: [], fail)
    rules = [*features.PERSONAL_DATA, broken]
    with pytest.raises(RuntimeError), vault.database.begin() as session:
        personal_data.erase(case_of(session, vault), rules, now=clock.now())
    vault.works()
    assert len(objects(vault)) == 1
