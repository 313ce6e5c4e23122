"""One line for a batch, when it has settled; and one more if what was late did not come."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.treasures.fetching import PHOTO, Depot, a_depot, passes
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, JobState
from wx_archive.treasures import files, uploads
from wx_archive.treasures.files import Looked
from wx_archive.treasures.models import TreasureFile
from wx_archive.treasures.rules import FileKind, FileState, State
from wx_archive.treasures.steps import Doing, advance, locked

GOOD = Looked(FileKind.IMAGE, "image/jpeg", 1000, 800)
DARK = Looked(FileKind.IMAGE, "image/jpeg", 1000, 800, is_dark=True)
BLURRED = Looked(FileKind.IMAGE, "image/jpeg", 1000, 800, is_blurred=True)
SOUND = Looked(FileKind.AUDIO, "audio/amr", duration_ms=3000)
BOMB = "这张图片展开来太大，打不开"


@pytest.fixture
def depot(database: Database, tmp_path: Path) -> Iterator[Depot]:
    with a_depot(database, tmp_path) as opened:
        for number in range(9):
            opened.wechat.has[f"m{number}"] = PHOTO + bytes([number])
        yield opened


def looks(depot: Depot, treasure_id: int, *seen: Looked | str | None) -> None:
    """Have the looker find this of the stored files, in their order; None: nothing yet."""
    for file, found in zip(depot.files(treasure_id), seen, strict=True):
        with depot.database.begin() as session:
            if isinstance(found, Looked):
                files.cleaned(session, file.id, found, now=clock.now())
            elif found is not None:
                files.refused(session, file.id, found, now=clock.now())


def sent(depot: Depot, *seen: Looked | str | None) -> int:
    """Send as many photos, fetched and looked at at once; whose upload."""
    treasure_id = depot.sends(*(f"m{number}" for number in range(len(seen))))
    depot.works()
    looks(depot, treasure_id, *seen)
    return treasure_id


def test_one_good_photo_needs_no_second_word(depot: Depot) -> None:
    sent(depot, GOOD)
    depot.works_for(90)
    assert depot.told == []
    assert depot.job(uploads.SUMMARY).state == JobState.DONE


def test_a_batch_is_told_of_in_one_line_with_what_can_be_done_next(depot: Depot) -> None:
    sent(depot, GOOD, GOOD, DARK)
    depot.works_for(3)
    assert depot.told == []
    depot.works_for(5)
    assert depot.told == [
        "已收到 3 张，2 张清楚、1 张偏暗（建议重拍）。接着发，或点完成。",
    ]
    depot.works_for(120, step_s=5)
    assert len(depot.told) == 1
    assert depot.job(uploads.SUMMARY).state == JobState.DONE


def test_a_good_batch_is_told_so(depot: Depot) -> None:
    sent(depot, GOOD, GOOD)
    depot.works_for(8)
    assert depot.told == ["已收到 2 张，都清楚。接着发，或点完成。"]


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (DARK, "1 张偏暗（建议重拍）"),
        (BLURRED, "1 张模糊（建议重拍）"),
        (BOMB, f"1 张不能收：{BOMB}。"),
    ],
)
def test_of_a_single_photo_only_what_is_wrong_is_told(
    depot: Depot, seen: Looked | str, words: str
) -> None:
    sent(depot, seen)
    depot.works_for(8)
    (told,) = depot.told
    assert words in told


def test_a_photo_that_wechat_has_no_more_is_told_of_at_once(depot: Depot) -> None:
    del depot.wechat.has["m1"]
    treasure_id = depot.sends("m0", "m1")
    depot.works()
    looks(depot, treasure_id, GOOD, None)
    depot.works_for(8)
    assert depot.told == ["已收到 2 张，1 张清楚、1 张没有取到（请再发一次）。接着发，或点完成。"]
    depot.works_for(90, step_s=5)
    assert len(depot.told) == 1


def test_the_same_photo_twice_is_told_of(depot: Depot) -> None:
    depot.wechat.has["m1"] = depot.wechat.has["m0"]
    treasure_id = depot.sends("m0", "m1")
    depot.works()
    looks(depot, treasure_id, GOOD, None)
    depot.works_for(8)
    assert depot.told == ["已收到 2 张，1 张清楚、1 张重复（只留一份）。接着发，或点完成。"]


def test_sounds_and_pictures_together_are_pieces(depot: Depot) -> None:
    treasure_id = depot.sends("m0")
    depot.sends("m1", kind=FileKind.AUDIO)
    depot.works()
    looks(depot, treasure_id, GOOD, SOUND)
    depot.works_for(8)
    assert depot.told == ["已收到 2 件，都收好了。接着发，或点完成。"]


def test_the_line_waits_until_nothing_came_for_five_seconds(depot: Depot) -> None:
    for number in range(5):
        treasure_id = depot.sends(f"m{number}")
        depot.works()
        looks(depot, treasure_id, *[GOOD] * (number + 1))
        depot.works_for(3)
        assert depot.told == []
    depot.works_for(8)
    assert depot.told == ["已收到 5 张，都清楚。接着发，或点完成。"]


def test_photos_that_join_a_batch_after_its_line_get_one_too(depot: Depot) -> None:
    treasure_id = sent(depot, GOOD, GOOD)
    depot.works_for(20)
    assert len(depot.told) == 1
    depot.sends("m2")
    depot.works()
    looks(depot, treasure_id, GOOD, GOOD, DARK)
    depot.works_for(40)
    assert depot.told[1:] == ["已收到 3 张，2 张清楚、1 张偏暗（建议重拍）。接着发，或点完成。"]


def test_a_second_batch_is_a_batch_of_its_own(depot: Depot) -> None:
    treasure_id = sent(depot, GOOD, GOOD)
    depot.works_for(90, step_s=3)
    depot.sends("m2", "m3", "m4")
    depot.works()
    looks(depot, treasure_id, GOOD, GOOD, GOOD, GOOD, GOOD)
    depot.works_for(90, step_s=3)
    assert depot.told == [
        "已收到 2 张，都清楚。接着发，或点完成。",
        "已收到 3 张，都清楚。接着发，或点完成。",
    ]


def test_what_has_not_settled_is_waited_for_no_longer_than_twenty_seconds(depot: Depot) -> None:
    treasure_id = sent(depot, GOOD, None)
    depot.works_for(20)
    assert depot.told == []
    depot.works_for(8)
    (told,) = depot.told
    assert "1 张清楚、1 张正在检查" in told
    assert "不用再发" in told
    looks(depot, treasure_id, None, GOOD)
    depot.works_for(300, step_s=5)
    assert len(depot.told) == 1  # all is well: nothing more to say


def test_a_line_tells_the_end_of_a_file_once(depot: Depot) -> None:
    treasure_id = sent(depot, BOMB, None)
    depot.works_for(30)
    looks(depot, treasure_id, None, "有病毒，已经删除")
    depot.works_for(300, step_s=5)
    assert len(depot.told) == 2
    assert BOMB not in depot.told[1]
    assert "1 张不能收：有病毒，已经删除。" in depot.told[1]


def test_after_it_was_handed_in_no_line_is_said(depot: Depot) -> None:
    sent(depot, GOOD, DARK)
    depot.finishes()
    depot.works_for(120, step_s=5)
    assert depot.told == []
    assert depot.job(uploads.SUMMARY).state == JobState.DONE


def test_what_was_not_taken_is_told_even_after_it_was_handed_in(depot: Depot) -> None:
    depot.wechat.is_away = True
    depot.sends("m0", "m1")
    depot.works()
    upload = depot.finishes()
    passes(4 * 86_400)
    depot.works_for(60, step_s=5)
    (told,) = depot.told
    assert upload.number is not None
    assert upload.number in told
    assert "2 张没有取到" in told


def test_after_it_was_dropped_nothing_is_said(depot: Depot) -> None:
    treasure_id = sent(depot, GOOD, BOMB)
    with depot.database.begin() as session:
        uploads.drop(session, locked(session, treasure_id), depot.doing)
    depot.works_for(90, step_s=5)
    assert depot.told == []
    assert depot.job(uploads.SUMMARY).state == JobState.DONE


def test_after_it_was_withdrawn_nothing_is_said(depot: Depot) -> None:
    treasure_id = sent(depot, None, None)
    depot.finishes()
    with depot.database.begin() as session:
        uploads.withdraw(session, locked(session, treasure_id), depot.doing)
    looks(depot, treasure_id, BOMB, BOMB)
    depot.works_for(90, step_s=5)
    assert depot.told == []


def test_who_may_not_add_any_more_is_told_to_ring(depot: Depot) -> None:
    treasure_id = sent(depot, None, GOOD)
    depot.finishes()
    staff = Doing.of(depot.services.site, "wang", now=clock.now())
    with depot.database.begin() as session:
        for to in (State.SCREENING, State.APPRAISAL):
            advance(session, locked(session, treasure_id), to, staff)
        row = depot.files(treasure_id)[0]
    assert row.state is FileState.QUARANTINED
    looks(depot, treasure_id, BOMB, None)
    depot.works_for(90, step_s=5)
    (told,) = depot.told
    assert BOMB in told


def test_whoever_died_after_telling_tells_it_once(depot: Depot) -> None:
    treasure_id = sent(depot, GOOD, DARK)
    depot.works_for(8)
    assert len(depot.told) == 1
    with depot.database.begin() as session:
        again = update(Job).where(Job.kind == uploads.SUMMARY)
        session.execute(again.values(steps="{}", state=JobState.WAITING, run_after=clock.now()))
    depot.works_for(90, step_s=5)
    assert len(depot.told) == 1
    assert depot.files(treasure_id)[0].state is FileState.CLEAN


def test_without_service_messages_nobody_hears_that_all_is_well(
    database: Database, tmp_path: Path
) -> None:
    with a_depot(database, tmp_path, wechat_verified=False) as depot:
        depot.sends("m0", "m1")
        depot.works_for(120, step_s=5)
        (told,) = depot.told  # offered with the follower's next message
        assert "已收到" not in told
        assert "用网页传" in told


def test_an_order_that_was_changed_meanwhile_changes_no_batch(depot: Depot) -> None:
    treasure_id = sent(depot, GOOD, GOOD, BLURRED)
    with depot.database.begin() as session:
        mine = update(TreasureFile).where(TreasureFile.treasure_id == treasure_id)
        session.execute(mine.values(place=50 - TreasureFile.place))
    depot.works_for(8)
    assert depot.told == ["已收到 3 张，2 张清楚、1 张模糊（建议重拍）。接着发，或点完成。"]


def test_a_scanner_that_never_looks_is_not_waited_for_for_ever(depot: Depot) -> None:
    sent(depot, None)
    depot.works_for(30)
    passes(timedelta(days=5).total_seconds())
    depot.works()
    assert depot.job(uploads.SUMMARY).state == JobState.DONE
    assert depot.told == []
