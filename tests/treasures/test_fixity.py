"""Fixity: every stored original is read against its checksum; what is not whole is named."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.treasures.keeping_making import Vault, a_vault, drop_all
from tests.treasures.register_making import MINE, at
from wx_archive.core import clock
from wx_archive.core.jobs import Job
from wx_archive.staff.plugs import Alert
from wx_archive.treasures import files, fixity, fixity_jobs, keeping_texts, removal, uploads
from wx_archive.treasures.fixity import Run
from wx_archive.treasures.steps import locked


@pytest.fixture
def vault(tmp_path: Path, database_url: str) -> Iterator[Vault]:
    with a_vault(tmp_path / "data", database_url) as opened:
        yield opened


def run(vault: Vault, minute: int = 0) -> Run:
    """Have everything read; return the run."""
    with vault.database.begin() as session:
        fixity_jobs.enqueue_now(session, now=clock.now() + timedelta(minutes=minute))
    vault.works()
    assert vault.causes() == []
    with vault.database.reads() as connection:
        return fixity.runs(connection, limit=1)[0]


def alerts(vault: Vault, days: int = 0) -> list[Alert]:
    with vault.database.reads() as connection:
        return fixity.alerts(connection, clock.now() + timedelta(days=days))


def faults(vault: Vault) -> list[fixity.Fault]:
    with vault.database.reads() as connection:
        return fixity.faults(connection)


def test_a_run_reads_pieces_in_quarantine_and_signed_papers_too(vault: Vault) -> None:
    upload = vault.agreed(b"one", b"two", scan=b"signed")
    with vault.database.begin() as session:
        vault.bring(session, upload.id, b"three", is_clean=False)
    told = run(vault)
    assert (told.files, told.size_bytes, told.bad, told.failure) == (4, 17, 0, "")
    assert told.ended_at is not None
    assert alerts(vault) == []


def test_a_flipped_bit_is_named_until_the_file_is_whole_again(vault: Vault) -> None:
    upload = vault.handed_in(b"x" * 3_000_000, b"whole")
    first, _second = vault.files(upload)
    whole = vault.path(first).read_bytes()
    vault.flip(first)
    assert run(vault).bad == 1
    (fault,) = faults(vault)
    assert fault.called == f"{upload.number} 第 1 件"
    assert (fault.expected, fault.upload_pid) == (first.sha256, upload.pid)
    assert fault.found not in ("", first.sha256)
    (alert,) = alerts(vault)
    assert alert.title == f"有 1 个原件和收进来时不一样，或者不见了：{upload.number} 第 1 件"
    vault.path(first).write_bytes(whole)
    assert run(vault, minute=1).bad == 0
    assert (faults(vault), alerts(vault)) == ([], [])


def test_two_runs_that_find_the_same_fault_name_it_once(vault: Vault) -> None:
    vault.flip(vault.files(vault.handed_in(b"one"))[0])
    first, again = run(vault), run(vault, minute=1)
    assert (first.bad, again.bad) == (1, 1)
    (fault,) = faults(vault)
    assert fault.since < again.began_at


def test_a_missing_file_is_a_fault_with_nothing_found(vault: Vault) -> None:
    upload = vault.handed_in(b"one", b"two")
    vault.path(vault.files(upload)[1]).unlink()
    assert run(vault).bad == 1
    assert [(one.called, one.found) for one in faults(vault)] == [(f"{upload.number} 第 2 件", "")]


def test_a_fault_goes_with_the_file_that_was_deleted(vault: Vault) -> None:
    upload = vault.handed_in(b"one", b"two")
    vault.flip(vault.files(upload)[0])
    run(vault)
    with vault.database.begin() as session:
        files.erase(session, [vault.files(upload)[0].id], now=clock.now())
    assert (faults(vault), alerts(vault)) == ([], [])


def test_a_file_that_is_deleted_while_it_is_read_is_no_fault(vault: Vault) -> None:
    upload = vault.handed_in(b"one")
    with vault.database.reads() as connection:
        (original,) = fixity.originals(connection, limit=9)
    vault.path(vault.files(upload)[0]).unlink()
    reading = fixity.read(vault.store, original)
    assert not reading.is_whole
    with vault.database.begin() as session:
        files.erase(session, [original.file_id], now=clock.now())
        run_id = fixity.begin(session, now=clock.now())
        fixity.note(session, run_id, [reading], now=clock.now())
        fixity.end(session, run_id, now=clock.now())
    with vault.database.reads() as connection:
        (told,) = fixity.runs(connection, limit=1)
    assert (told.files, told.bad, faults(vault)) == (0, 0, [])


def test_an_empty_house_passes_and_alarms_nobody(vault: Vault) -> None:
    assert run(vault).failure == ""
    assert alerts(vault, days=100) == []


def test_a_run_that_reads_nothing_of_a_full_store_fails(vault: Vault) -> None:
    vault.handed_in(b"one")
    drop_all(vault.database)
    told = run(vault)
    assert (told.files, told.failure) == (0, keeping_texts.NOTHING_READ)
    assert [one.key for one in alerts(vault)] == ["treasures.fixity_failed"]


def test_a_run_fails_where_accessions_have_no_file_left(vault: Vault) -> None:
    upload = vault.entered(b"one")
    (file,) = vault.files(upload)
    assert file.object_key is not None
    vault.store.delete(file.object_key)
    with vault.database.begin() as session:
        files.erase(session, [file.id], now=clock.now())
    assert run(vault).failure == keeping_texts.NOTHING_READ


def test_a_store_that_is_not_there_fails_the_run_and_accuses_no_file(vault: Vault) -> None:
    vault.handed_in(b"one")
    shutil.move(vault.store.folder, vault.store.folder.with_name("away"))
    assert run(vault).failure == keeping_texts.NO_FOLDER
    assert faults(vault) == []
    shutil.move(vault.store.folder.with_name("away"), vault.store.folder)
    assert run(vault, minute=1).failure == ""
    assert alerts(vault) == []


def test_many_files_are_read_in_slices_and_each_once(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixity, "SLICE_FILES", 2)
    upload = vault.handed_in(*(bytes([65 + number]) * 10 for number in range(5)))
    vault.flip(vault.files(upload)[4])
    told = run(vault)
    assert (told.files, told.size_bytes, told.bad) == (5, 50, 1)
    with vault.database.reads() as connection:
        kinds = list(connection.scalars(select(Job.kind).where(Job.kind == fixity_jobs.SLICE)))
    assert len(kinds) == 4  # two, two, one, and the end


def test_a_slice_ends_after_so_many_bytes_and_has_one_file_at_least() -> None:
    big = fixity.Original(1, "x", "", "", fixity.SLICE_BYTES + 1)
    small = fixity.Original(2, "x", "", "", 1)
    assert fixity.a_slice([big, small]) == [big]
    assert fixity.a_slice([small, big]) == [small]
    assert fixity.a_slice([small, small]) == [small, small]


def test_a_second_call_during_a_run_begins_no_other(vault: Vault) -> None:
    vault.handed_in(b"one")
    with vault.database.begin() as session:
        assert fixity_jobs.enqueue_now(session, now=clock.now())
        assert not fixity_jobs.enqueue_now(session, now=clock.now())
        fixity_jobs.enqueue_now(session, now=clock.now() + timedelta(minutes=1))
    vault.works()
    with vault.database.reads() as connection:
        assert len(fixity.runs(connection, limit=9)) == 1


def test_a_run_that_came_to_no_end_proves_nothing(vault: Vault) -> None:
    vault.handed_in(b"one")
    with vault.database.begin() as session:
        fixity.begin(session, now=clock.now() - timedelta(days=1))
    run(vault)
    with vault.database.reads() as connection:
        new, old = fixity.runs(connection, limit=9)
    assert (new.failure, old.failure) == ("", keeping_texts.UNFINISHED)


def test_staff_are_told_when_nothing_was_read_for_long(vault: Vault) -> None:
    vault.handed_in(b"one")
    run(vault)
    assert alerts(vault, days=fixity.OVERDUE.days - 1) == []
    late = alerts(vault, days=fixity.OVERDUE.days + 1)
    assert [one.key for one in late] == ["treasures.fixity_overdue"]


def test_what_is_not_wanted_goes_with_all_its_forms_and_only_after_the_commit(
    vault: Vault,
) -> None:
    upload = vault.handed_in(b"one", b"two", is_finished=False)
    first, second = vault.files(upload)
    form = vault.path(first).with_name(f"{first.object_key}.view1")
    form.write_bytes(b"a form")
    with vault.database.begin() as session:
        keys = uploads.drop(session, locked(session, upload.id), at(MINE, 0))
        removal.later(session, keys, now=clock.now())
    assert form.exists()
    vault.works()
    left = [one for one in vault.store.folder.rglob("*") if one.is_file() and one.stat().st_size]
    assert left == []
    assert {first.object_key, second.object_key} == set(keys)
