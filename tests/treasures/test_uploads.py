"""An upload in its sender's hands: its files, its words, its number; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.talk import NOON
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs.models import Job
from wx_archive.core.site import Site
from wx_archive.followers import service as followers
from wx_archive.treasures import files, numbers, queries, rules, uploads
from wx_archive.treasures.files import Incoming, Looked, TooManyFilesError
from wx_archive.treasures.models import TreasureFile
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.rules import (
    Channel,
    Credit,
    FileKind,
    FileState,
    Ownership,
    Scope,
    Sign,
    State,
    Wish,
)
from wx_archive.treasures.steps import (
    SENDER,
    Doing,
    ImpossibleMoveError,
    StaleError,
    advance,
    locked,
)
from wx_archive.treasures.uploads import NotEditableError, NothingSentError, Told, Wishes

SITE = Site(Path(__file__).parents[2], "https://archive.example.org")
MINE = Doing.of(SITE, SENDER, now=NOON)
STAFF = Doing.of(SITE, "wang", now=NOON)
PHOTO = Incoming(FileKind.IMAGE, Channel.H5, "a.jpg")
WISHES = Wishes(Ownership.INHERITED, Wish.COPY, Scope.PUBLIC, Credit.NAME, "张秀英")


def begin(database: Database, *, photos: int = 1) -> int:
    """Begin an upload with files that lie in the store; return its id."""
    with database.begin() as session:
        follower_id = followers.ensure(session, "a-follower", now=NOON)
        treasure = uploads.begin(session, Channel.H5, MINE, follower_id=follower_id)
        for number in range(photos):
            file = files.reserve(session, treasure, PHOTO, now=NOON)
            assert file is not None
            files.stored(session, file.id, sha256=f"{number:064x}", size_bytes=5, now=NOON)
        return treasure.id


def hand_in(database: Database, treasure_id: int) -> Upload:
    with database.begin() as session:
        return uploads.finish(session, locked(session, treasure_id), MINE, consent_version=1)


def upload_of(database: Database, treasure_id: int) -> Upload:
    with database.reads() as connection:
        return queries.by_id(connection, treasure_id)


def files_of(database: Database, treasure_id: int) -> list[File]:
    with database.reads() as connection:
        return queries.files(connection, treasure_id)


def kinds_of_jobs(database: Database) -> list[str]:
    with database.reads() as connection:
        return list(connection.scalars(select(Job.kind).order_by(Job.id)))


# -- files ------------------------------------------------------------------------------------


def test_a_file_has_its_name_in_the_store_before_its_bytes_come(database: Database) -> None:
    with database.begin() as session:
        treasure = uploads.begin(session, Channel.H5, MINE)
        file = files.reserve(session, treasure, PHOTO, now=NOON)
        assert file is not None
        assert file.object_key is not None
        assert len(file.object_key) == 64
        assert (file.state, file.place) == (FileState.AWAITED, 1)
    assert kinds_of_jobs(database) == []  # nothing to fetch: whoever reserved it writes it


def test_what_wechat_has_is_fetched_and_what_is_stored_is_looked_at(database: Database) -> None:
    with database.begin() as session:
        treasure = uploads.begin(session, Channel.CHAT, MINE)
        sent = Incoming(FileKind.IMAGE, Channel.CHAT, media_id="m", media_until=NOON)
        file = files.reserve(session, treasure, sent, now=NOON)
        assert file is not None
        assert files.reserve(session, treasure, sent, now=NOON) is None
        assert files.stored(session, file.id, sha256="0" * 64, size_bytes=5, now=NOON)
    assert kinds_of_jobs(database) == [files.FETCH, files.LOOK]


def test_the_same_bytes_twice_are_kept_once(database: Database) -> None:
    treasure_id = begin(database, photos=1)
    with database.begin() as session:
        twin = files.reserve(session, locked(session, treasure_id), PHOTO, now=NOON)
        assert twin is not None
        kept = files.stored(session, twin.id, sha256="0" * 64, size_bytes=5, now=NOON)
        assert not kept
    first, second = files_of(database, treasure_id)
    assert (first.state, second.state) == (FileState.QUARANTINED, FileState.SAME)
    assert second.object_key is None
    assert "完全相同" in second.reason


def test_a_file_is_stored_cleaned_and_refused_once(database: Database) -> None:
    treasure_id = begin(database, photos=2)
    one, two = files_of(database, treasure_id)
    looked = Looked(FileKind.IMAGE, "image/jpeg", 10, 20, likeness="f" * 16)
    with database.begin() as session:
        assert not files.stored(session, one.id, sha256="9" * 64, size_bytes=1, now=NOON)
        assert files.cleaned(session, one.id, looked, now=NOON)
        assert not files.cleaned(session, one.id, looked, now=NOON)
        assert not files.refused(session, one.id, "太晚", now=NOON)
        assert files.refused(session, two.id, "不是照片", now=NOON)
        assert not files.cleaned(session, two.id, looked, now=NOON)
    one, two = files_of(database, treasure_id)
    assert one.is_picture
    assert (one.width_px, one.height_px, one.sha256) == (10, 20, "0" * 64)
    assert (two.state, two.reason, two.object_key) == (FileState.REFUSED, "不是照片", None)


def test_an_upload_takes_twenty_and_those_that_were_refused_do_not_count(
    database: Database,
) -> None:
    treasure_id = begin(database, photos=rules.MOST_FILES)
    with database.begin() as session, pytest.raises(TooManyFilesError):
        files.reserve(session, locked(session, treasure_id), PHOTO, now=NOON)
    with database.begin() as session:
        first = session.scalars(select(TreasureFile.id).order_by(TreasureFile.id)).first()
        assert first is not None
        files.refused(session, first, "不是照片", now=NOON)
        assert files.reserve(session, locked(session, treasure_id), PHOTO, now=NOON) is not None


def test_twenty_at_once_never_become_more(database: Database) -> None:
    treasure_id = begin(database, photos=rules.MOST_FILES - 3)

    def add(_number: int) -> bool:
        try:
            with database.begin() as session:
                files.reserve(session, locked(session, treasure_id), PHOTO, now=NOON)
        except TooManyFilesError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(add, range(12)))
    assert sum(taken) == 3
    assert len(files_of(database, treasure_id)) == rules.MOST_FILES


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\照片\\爷爷.jpg", "爷爷.jpg"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("x\x00y.png", "xy.png"),
        ("长" * 200 + ".jpg", "长" * 76 + ".jpg"),
        ("", ""),
    ],
)
def test_a_name_is_only_ever_shown(database: Database, name: str, shown: str) -> None:
    with database.begin() as session:
        treasure = uploads.begin(session, Channel.H5, MINE)
        incoming = Incoming(FileKind.IMAGE, Channel.H5, name)
        file = files.reserve(session, treasure, incoming, now=NOON)
        assert file is not None
        assert file.name == shown


# -- numbers ----------------------------------------------------------------------------------


def test_the_number_comes_with_the_handing_in_and_the_clock_starts(database: Database) -> None:
    treasure_id = begin(database)
    assert upload_of(database, treasure_id).number is None
    handed = hand_in(database, treasure_id)
    assert (handed.number, handed.state) == ("珍2026-000001", State.RECEIVED)
    assert handed.act_by == date(2026, 11, 26)  # Monday and three working days
    assert handed.erase_on is None
    with pytest.raises(ImpossibleMoveError):
        hand_in(database, treasure_id)


def test_numbers_have_no_gaps_whatever_fails_between_them(database: Database) -> None:
    begun = [begin(database) for _ in range(4)]
    hand_in(database, begun[0])
    with database.begin() as session:
        undone = uploads.finish(session, locked(session, begun[1]), MINE, consent_version=1)
        assert undone.number == "珍2026-000002"
        session.rollback()
    assert hand_in(database, begun[2]).number == "珍2026-000002"
    assert hand_in(database, begun[1]).number == "珍2026-000003"


def test_many_at_once_get_each_number_once(database: Database) -> None:
    def take(_number: int) -> str:
        with database.begin() as session:
            return numbers.next_number(session, Sign.ACCESSION, 2026)

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(20)))
    assert sorted(taken) == [rules.number(Sign.ACCESSION, 2026, place) for place in range(1, 21)]


def test_each_year_and_each_book_begins_anew(database: Database) -> None:
    with database.begin() as session:
        taken = [
            numbers.next_number(session, sign, year)
            for sign, year in (
                (Sign.UPLOAD, 2026),
                (Sign.UPLOAD, 2027),
                (Sign.CERTIFICATE, 2026),
                (Sign.UPLOAD, 2026),
            )
        ]
    assert taken == ["珍2026-000001", "珍2027-000001", "证2026-000001", "珍2026-000002"]


def test_nothing_is_handed_in_without_a_file_but_a_tip_with_its_story(database: Database) -> None:
    treasure_id = begin(database, photos=0)
    with pytest.raises(NothingSentError):
        hand_in(database, treasure_id)
    tip = Wishes(Ownership.UNKNOWN, Wish.TIP, Scope.CLOSED, Credit.ANONYMOUS)
    with database.begin() as session:
        treasure = locked(session, treasure_id)
        uploads.state_wishes(session, treasure, tip, MINE)
        uploads.describe(session, treasure, Told(story="邻居家有一块老匾"), MINE)
    assert hand_in(database, treasure_id).number == "珍2026-000001"


# -- words and wishes -------------------------------------------------------------------------


def test_what_is_told_is_kept_without_numbers_of_persons(database: Database) -> None:
    treasure_id = begin(database)
    told = Told("全家福", "外公\u200b留下的\n电话13812345678", "大约1975年", "东岳路", "不知道")
    with database.begin() as session:
        uploads.describe(session, locked(session, treasure_id), told, MINE)
    upload = upload_of(database, treasure_id)
    assert upload.title == "全家福"
    assert upload.story == "外公留下的\n电话［号码已隐去］"
    assert (upload.year_text, upload.people) == ("大约1975年", "不知道")


@pytest.mark.parametrize("field", ["title", "story", "year_text", "place", "people"])
def test_words_that_are_too_long_change_nothing(database: Database, field: str) -> None:
    treasure_id = begin(database)
    with pytest.raises(RefusedError, match="请删短一些"), database.begin() as session:
        uploads.describe(session, locked(session, treasure_id), Told(**{field: "长" * 2001}), MINE)
    assert upload_of(database, treasure_id).version == 1


def test_an_anonymous_name_is_not_even_kept(database: Database) -> None:
    treasure_id = begin(database)
    hidden = Wishes(Ownership.MADE, Wish.DONATE, Scope.PUBLIC, Credit.ANONYMOUS, "张秀英")
    with database.begin() as session:
        uploads.state_wishes(session, locked(session, treasure_id), hidden, MINE)
    assert upload_of(database, treasure_id).credit_name == ""


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        (Wishes(Ownership.MADE, Wish.DONATE, Scope.PUBLIC, Credit.NAME, " "), "请填要署的名字"),
        (Wishes(Ownership.MADE, Wish.DONATE, Scope.PUBLIC, Credit.NAME, "长" * 31), "署名最多"),
        (
            Wishes(
                Ownership.MADE, Wish.DONATE, Scope.CLOSED, Credit.ANONYMOUS, "", date(2026, 11, 23)
            ),
            "今天以后",
        ),
    ],
)
def test_a_wish_that_says_too_little_is_refused(
    database: Database, wishes: Wishes, sentence: str
) -> None:
    treasure_id = begin(database)
    with pytest.raises(RefusedError, match=sentence), database.begin() as session:
        uploads.state_wishes(session, locked(session, treasure_id), wishes, MINE)


def test_the_sender_changes_nothing_once_it_is_appraised(database: Database) -> None:
    treasure_id = begin(database)
    hand_in(database, treasure_id)
    with database.begin() as session:
        uploads.describe(session, locked(session, treasure_id), Told("可以"), MINE)
        advance(session, locked(session, treasure_id), State.SCREENING, STAFF)
        advance(session, locked(session, treasure_id), State.APPRAISAL, STAFF)
    with database.begin() as session:
        treasure = locked(session, treasure_id)
        with pytest.raises(NotEditableError):
            uploads.describe(session, treasure, Told("晚了"), MINE)
        with pytest.raises(NotEditableError):
            uploads.state_wishes(session, treasure, WISHES, MINE)
        with pytest.raises(NotEditableError):
            uploads.tell(session, treasure, "晚了", MINE)
        with pytest.raises(NotEditableError):
            uploads.confirm(session, treasure, MINE)
    assert upload_of(database, treasure_id).title == "可以"


def test_a_change_after_the_handing_in_is_a_step_that_staff_see(database: Database) -> None:
    treasure_id = begin(database)
    hand_in(database, treasure_id)
    seen = upload_of(database, treasure_id).version
    with database.begin() as session:
        uploads.confirm(session, locked(session, treasure_id), MINE)
    with pytest.raises(StaleError, match="送件人"), database.begin() as session:
        locked(session, treasure_id, version=seen)


# -- over -------------------------------------------------------------------------------------


def test_what_is_withdrawn_is_to_be_deleted_in_thirty_days(database: Database) -> None:
    treasure_id = begin(database)
    hand_in(database, treasure_id)
    with database.begin() as session:
        uploads.withdraw(session, locked(session, treasure_id), MINE)
    upload = upload_of(database, treasure_id)
    assert upload.erase_on == MINE.today + timedelta(days=30)
    assert upload.act_by is None


def test_a_dropped_draft_names_the_objects_to_delete(database: Database) -> None:
    treasure_id = begin(database, photos=2)
    keys = {file.object_key for file in files_of(database, treasure_id)}
    with database.begin() as session:
        dropped = uploads.drop(session, locked(session, treasure_id), MINE)
    assert set(dropped) == keys
    assert files_of(database, treasure_id) == []


@pytest.mark.parametrize("state", sorted(rules.KEPT | {State.AGREEMENT, State.DECLINED}))
def test_only_what_is_under_way_is_withdrawn(database: Database, state: State) -> None:
    assert (state in rules.WITHDRAWABLE) is (state is State.AGREEMENT)
    treasure_id = begin(database)
    hand_in(database, treasure_id)
    way = {
        State.DECLINED: (State.SCREENING, State.DECLINED),
        State.AGREEMENT: (State.SCREENING, State.ACCEPTED, State.AGREEMENT),
        State.ACCESSIONED: (
            State.SCREENING,
            State.ACCEPTED,
            State.AGREEMENT,
            State.ACCESSIONED,
        ),
    }
    with database.begin() as session:
        for step in way.get(state, (*way[State.ACCESSIONED], State.PUBLISHED)):
            advance(session, locked(session, treasure_id), step, STAFF)
        treasure = locked(session, treasure_id)
        if state in rules.WITHDRAWABLE:
            uploads.withdraw(session, treasure, MINE)
        else:
            with pytest.raises(ImpossibleMoveError):
                uploads.withdraw(session, treasure, MINE)
