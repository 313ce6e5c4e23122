"""`wx-archive treasures …`: lists without people, checks that fail loudly, exports noted."""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.commands import Outcome, refused, run_command
from tests.conftest import PROJECT
from tests.treasures.keeping_making import Vault, a_vault, drop_all
from tests.treasures.register_making import STORY, TITLE, accession_of
from wx_archive.core import clock
from wx_archive.core.sealing import Contact
from wx_archive.media.objects import ObjectStore
from wx_archive.staff.models import AuditEntry
from wx_archive.treasures import contacts, keeping, keeping_texts, removal, sealed

Command = Callable[..., Outcome]


@pytest.fixture
def vault(tmp_path: Path, sqlite_url: str) -> Iterator[Vault]:
    with a_vault(tmp_path / "data", sqlite_url) as opened:
        yield opened


@pytest.fixture
def treasures(
    vault: Vault,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Run `wx-archive treasures ARGUMENTS` on the vault."""
    settings = vault.services.settings
    for name, value in {
        "PROFILE": "demo",
        "DATA_DIR": settings.data_dir,
        "SITE_DIR": PROJECT,
        "DATABASE_URL": sqlite_url,
    }.items():
        monkeypatch.setenv(f"WX_ARCHIVE_{name}", str(value))

    def run(*arguments: str | Path) -> Outcome:
        return run_command(monkeypatch, capsys, "treasures", *arguments)

    return run


def test_lists_name_numbers_and_checksums_and_what_is_not_finished(
    vault: Vault, treasures: Command
) -> None:
    done = vault.handed_in(b"one", b"two")
    begun = vault.handed_in(b"three", openid="another", is_finished=False)
    told = treasures("list", "--json")
    assert told.code == 0
    first, second = told.json
    assert (first["number"], first["state"]) == (done.number, "received")
    assert [file["sha256"] for file in first["files"]] == [
        file.sha256 for file in vault.files(done)
    ]
    assert [file["bytes"] for file in first["files"]] == [3, 3]
    assert {file["state"] for file in first["files"]} == {"clean"}
    assert (second["number"], second["state"], len(second["files"])) == (None, "draft", 1)
    assert [one["pid"] for one in treasures("list", "--state", "draft", "--json").json] == [
        begun.pid
    ]
    assert treasures("list", "--state", "published").out == "没有。\n"
    assert treasures("list", "--state", "nonsense").code == 2


def test_nothing_that_it_prints_names_anybody(vault: Vault, treasures: Command) -> None:
    upload = vault.entered(b"one", name="王大妈.jpg")
    with vault.database.begin() as session:
        own = contacts.sealer(vault.services.settings)
        contacts.keep(session, upload.id, Contact("李建国", "123", "x"), own)
    number = str(upload.number)
    for arguments in (("list",), ("show", number), ("check",)):
        for told in (treasures(*arguments), treasures(*arguments, "--json")):
            assert told.code == 0, told.err
            for word in ("老李", "李建国", "王大妈", "a-giver", STORY, TITLE):
                assert word not in told.out


def test_one_upload_is_shown_in_any_spelling_of_its_number(
    vault: Vault, treasures: Command
) -> None:
    upload = vault.entered(b"one")
    told = treasures("show", "2026-1", "--json").json
    assert told["number"] == upload.number
    assert told["accession"] == accession_of(vault.database, upload.id).number
    assert told["steps"][-1]["what"] == "已入藏"
    assert "已入藏" in treasures("show", upload.pid).out
    assert keeping_texts.NO_UPLOAD in refused(treasures("show", "珍2026-000099"))


def test_a_check_names_every_flipped_missing_and_unknown_file(
    vault: Vault, treasures: Command
) -> None:
    upload = vault.handed_in(b"one", b"two", b"three", name="王大妈.jpg")
    assert treasures("check").code == 0
    flipped, missing, _whole = vault.files(upload)
    vault.flip(flipped)
    vault.path(missing).unlink()
    stray = sealed.new_key()
    _put_old(vault.store, stray)
    told = treasures("check", "--json")
    assert told.code == 1
    assert [(one["file"], one["found"] is None) for one in told.json["bad"]] == [
        (f"{upload.number} 第 1 件", False),
        (f"{upload.number} 第 2 件", True),
    ]
    assert told.json["unknown"] == [stray]
    said = refused(treasures("check"))
    assert f"{upload.number} 第 1 件：内容变了" in said
    assert f"{upload.number} 第 2 件：不见了" in said
    assert f"{stray}：存着，可是没有登记" in said


def test_a_check_of_a_full_store_with_an_empty_database_fails(
    vault: Vault, treasures: Command
) -> None:
    vault.handed_in(b"one")
    drop_all(vault.database)
    assert keeping_texts.NOTHING_READ in refused(treasures("check"))


def test_what_the_worker_is_about_to_delete_is_not_unknown(vault: Vault) -> None:
    vault.handed_in(b"one")
    leaving = sealed.new_key()
    _put_old(vault.store, leaving)
    until = clock.now()
    assert keeping.check(vault.database, vault.store, until=until).unknown == [leaving]
    with vault.database.begin() as session:
        removal.later(session, [leaving], now=clock.now())
    assert keeping.check(vault.database, vault.store, until=until).is_whole


def test_an_export_is_noted_and_refused_for_what_is_not_there(
    vault: Vault, treasures: Command, tmp_path: Path
) -> None:
    upload = vault.entered(b"one")
    number = accession_of(vault.database, upload.id).number
    told = treasures("bag", number, tmp_path / "bag", "--json")
    assert told.json == {"number": number, "path": str(tmp_path / "bag"), "files": 1}
    assert treasures("bag", number, tmp_path / "bag.zip", "--zip").code == 0
    assert keeping_texts.TARGET_THERE in refused(treasures("bag", number, tmp_path / "bag"))
    assert keeping_texts.NO_ACCESSION in refused(treasures("bag", "藏2026-000099", tmp_path / "no"))
    with vault.database.reads() as connection:
        noted = connection.execute(
            select(AuditEntry.subject).where(AuditEntry.action == "treasure.bag")
        ).all()
    assert [row.subject for row in noted] == [f"accession:{number}"] * 2


def test_nothing_is_noted_of_an_export_that_came_to_nothing(
    vault: Vault, treasures: Command, tmp_path: Path
) -> None:
    upload = vault.entered(b"one")
    vault.flip(vault.files(upload)[0])
    number = accession_of(vault.database, upload.id).number
    assert "第 1 件和收进来时不一样了" in refused(treasures("bag", number, tmp_path / "bag"))
    assert not (tmp_path / "bag").exists()
    with vault.database.reads() as connection:
        actions = connection.scalars(select(AuditEntry.action)).all()
    assert "treasure.bag" not in actions


def _put_old(store: ObjectStore, key: str) -> None:

    store.put(key, io.BytesIO(b"nobody's"))
    os.utime(store.path(key), (1_700_000_000, 1_700_000_000))
