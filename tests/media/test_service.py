"""The library's rows: one asset for the same bytes, found by words, hidden when withdrawn."""

import io
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.media.files import a_film, a_photo, a_picture, an_mp3
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import is_pid
from wx_archive.media import arrivals, forms, jobs, service, texts
from wx_archive.media.forms import NoSuchFormError
from wx_archive.media.models import Asset
from wx_archive.media.objects import MissingObjectError, ObjectStore
from wx_archive.media.rules import Form, MediaKind
from wx_archive.media.service import Described, Held, Wanted

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


def bring(
    database: Database,
    store: ObjectStore,
    content: bytes,
    title: str = "大坝合龙",
    *,
    alt: str = "",
    credit: str = "",
    by: str = "chen",
) -> Held:
    with database.begin() as session:
        asset = service.bring_in(
            session,
            store,
            io.BytesIO(content),
            name="file",
            title=title,
            alt=alt,
            credit=credit,
            made_by=by,
            now=NOW,
        )
        return Held.of(asset)


def found(database: Database, pid: str) -> Held | None:
    with database.reads() as connection:
        return service.find(connection, [pid]).get(pid)


def count(database: Database) -> int:
    with database.reads() as connection:
        return connection.execute(select(func.count()).select_from(Asset)).scalar_one()


def titles(database: Database, wanted: Wanted, limit: int = 24) -> list[str]:
    with database.reads() as connection:
        return [held.title for held in service.search(connection, wanted, limit=limit)]


def test_what_is_brought_in_is_found_with_its_facts(database: Database, store: ObjectStore) -> None:
    held = bring(database, store, a_photo(), alt="两个人握手", credit="市档案馆藏")
    assert is_pid(held.pid)
    assert found(database, held.pid) == held
    assert (held.kind, held.width_px, held.height_px) == (MediaKind.IMAGE, 1200, 800)
    assert (held.title, held.alt, held.credit) == ("大坝合龙", "两个人握手", "市档案馆藏")
    assert (held.made_by, held.made_at, held.withdrawn_at) == ("chen", NOW, None)
    assert held.fills_cover
    assert store.exists(held.sha256)


def test_the_same_bytes_twice_are_one_asset_with_its_first_words(
    database: Database, store: ObjectStore
) -> None:
    first = bring(database, store, a_photo(), "第一次", alt="先写的", by="chen")
    assert bring(database, store, a_photo(), "第二次", alt="后写的", by="he") == first
    assert count(database) == 1


def test_the_same_bytes_by_two_at_once_are_one_asset(
    database: Database, store: ObjectStore
) -> None:
    arrival = arrivals.receive(store, io.BytesIO(an_mp3()), name="a.mp3")
    pids: list[str] = []

    def enter() -> None:
        with database.begin() as session:
            one = service.enter(session, arrival, Described("口述"), made_by="chen", now=NOW)
            pids.append(one.pid)

    threads = [threading.Thread(target=enter) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 6
    assert len(set(pids)) == count(database) == 1


def test_a_file_that_is_refused_leaves_no_row_and_no_object(
    database: Database, store: ObjectStore
) -> None:
    with pytest.raises(RefusedError):
        bring(database, store, b"<svg/>")
    assert count(database) == 0
    assert list(store.keys(until=datetime.now(UTC) + timedelta(days=1))) == []  # noqa: TID251 -- files


def test_words_are_cleaned_and_too_many_of_them_are_refused(
    database: Database, store: ObjectStore
) -> None:
    held = bring(database, store, a_photo(), " 大坝\x00\n合龙 ")
    assert held.title == "大坝 合龙"
    assert bring(database, store, an_mp3(), "").title == texts.UNTITLED
    with pytest.raises(RefusedError, match="说明最多 200 个字，现在有 201 个"):
        Described("好", alt="长" * 201)


def test_withdrawn_is_missing_everywhere_and_comes_back_only_on_purpose(
    database: Database, store: ObjectStore
) -> None:
    held, other = bring(database, store, a_photo()), bring(database, store, an_mp3(), "口述")
    with database.begin() as session:
        assert service.withdraw(session, held.pid, now=NOW)
    with database.begin() as session:
        again = service.withdraw(session, held.pid, now=NOW + timedelta(days=1))
    assert again
    assert again.withdrawn_at == NOW
    assert found(database, held.pid) is None
    assert titles(database, Wanted()) == ["口述"]
    assert titles(database, Wanted(is_withdrawn=True)) == ["大坝合龙"]
    with pytest.raises(RefusedError) as refused:
        bring(database, store, a_photo())
    assert str(refused.value) == texts.WITHDRAWN
    with database.begin() as session:
        assert service.restore(session, held.pid)
    assert found(database, held.pid) == held
    assert found(database, other.pid)


def test_words_can_be_changed(database: Database, store: ObjectStore) -> None:
    held = bring(database, store, a_photo())
    with database.begin() as session:
        changed = service.describe(session, held.pid, Described("合龙", "握手", "馆藏"))
    assert changed
    before, after = changed
    assert (before.title, after.title) == ("大坝合龙", "合龙")
    assert found(database, held.pid) == after


def test_what_is_not_there_is_none(database: Database) -> None:
    for pid in ("", "nothing-here", "0" * 26, "../x", "\x00" * 26):
        with database.begin() as session:
            assert service.withdraw(session, pid, now=NOW) is None
            assert service.restore(session, pid) is None
            assert service.describe(session, pid, Described("x")) is None
            assert service.look_up(session.connection(), pid) is None
            assert service.find(session.connection(), [pid]) == {}


def test_the_library_is_searched_by_kind_and_words_the_newest_first(
    database: Database, store: ObjectStore
) -> None:
    bring(database, store, a_picture(seed=1), "大坝一", credit="十堰日报")
    bring(database, store, a_picture(seed=2), "大坝二", alt="工人 100% 到位")
    bring(database, store, a_film(), "合龙")
    bring(database, store, an_mp3(), "老工人口述", credit="Oral History")
    assert titles(database, Wanted()) == ["老工人口述", "合龙", "大坝二", "大坝一"]
    assert titles(database, Wanted(MediaKind.IMAGE)) == ["大坝二", "大坝一"]
    assert titles(database, Wanted(words="工人")) == ["老工人口述", "大坝二"]
    assert titles(database, Wanted(words="oral 工人")) == ["老工人口述"]
    assert titles(database, Wanted(words="100%")) == ["大坝二"]
    assert titles(database, Wanted(words="_")) == []
    assert titles(database, Wanted(words="大坝\x00 日报")) == ["大坝一"]


def test_the_library_is_turned_page_by_page(database: Database, store: ObjectStore) -> None:
    for number in range(5):
        bring(database, store, a_picture(20, 20, seed=number), f"图{number}")
    with database.reads() as connection:
        first = service.search(connection, Wanted(), limit=2)
        second = service.search(connection, Wanted(before=first[-1].id), limit=2)
    assert [held.title for held in (*first, *second)] == ["图4", "图3", "图2", "图1"]


# -- forms ------------------------------------------------------------------------------------


def test_a_form_is_made_once_and_again_where_it_was_lost(
    sqlite_url: str, store: ObjectStore
) -> None:
    database = Database(sqlite_url)
    held = bring(database, store, a_photo())
    database.dispose()
    made = forms.make(store, held, Form.SQUARE)
    key = forms.key_of(held, Form.SQUARE)
    assert store.path(key).read_bytes() == made
    before = store.path(key).stat().st_mtime_ns
    assert forms.make(store, held, Form.SQUARE) == made
    assert store.path(key).stat().st_mtime_ns == before
    store.delete(key)
    assert forms.make(store, held, Form.SQUARE) == made
    assert store.exists(key)
    assert forms.make(store, held, Form.ORIGINAL) == a_photo()
    store.delete(held.sha256)
    store.delete(key)
    with pytest.raises(MissingObjectError):
        forms.make(store, held, Form.SQUARE)


def test_a_film_has_no_other_form(sqlite_url: str, store: ObjectStore) -> None:
    database = Database(sqlite_url)
    held = bring(database, store, a_film())
    database.dispose()
    with pytest.raises(NoSuchFormError):
        forms.make(store, held, Form.PAGE)


# -- the nightly sweep ------------------------------------------------------------------------


def age(store: ObjectStore, days: int = 2) -> None:
    then = (datetime.now(UTC) - timedelta(days=days)).timestamp()  # noqa: TID251 -- files
    for path in store.folder.rglob("*"):
        os.utime(path, (then, then))


def test_only_old_files_without_a_row_are_swept(database: Database, store: ObjectStore) -> None:
    now = datetime.now(UTC)  # noqa: TID251 -- files
    kept = bring(database, store, a_photo())
    forms.make(store, kept, Form.PAGE)
    withdrawn = bring(database, store, an_mp3())
    with database.begin() as session:
        service.withdraw(session, withdrawn.pid, now=NOW)
    lost = arrivals.receive(store, io.BytesIO(a_film()), name="a.mp4")
    store.put(f"{lost.sha256}.page1", io.BytesIO(b"a form of it"))
    assert jobs.sweep(database, store, now=now) == 0
    age(store)
    young = arrivals.receive(store, io.BytesIO(a_picture()), name="a.jpg")
    assert jobs.sweep(database, store, now=now) == 2
    assert not store.exists(lost.sha256)
    assert not store.exists(f"{lost.sha256}.page1")
    for key in (kept.sha256, forms.key_of(kept, Form.PAGE), withdrawn.sha256, young.sha256):
        assert store.exists(key)
    assert jobs.sweep(database, store, now=now) == 0
