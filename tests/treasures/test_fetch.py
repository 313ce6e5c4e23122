"""What comes in the chat is taken over, however long WeChat is away; on both databases."""

import hashlib
import multiprocessing
import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from werkzeug.wrappers import Request, Response

from tests.treasures.fetching import PHOTO, Depot, Has, a_depot, a_film_at, passes
from tests.wechat.fake_platform import refused
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Job, JobState
from wx_archive.treasures import erase_jobs, fetch_jobs, files, lanes, rules, uploads
from wx_archive.treasures.rules import FileKind, FileState
from wx_archive.treasures.steps import locked
from wx_archive.wechat.errors import BusyError, QuotaError

MB = 1024 * 1024


@pytest.fixture
def depot(database: Database, tmp_path: Path) -> Iterator[Depot]:
    with a_depot(database, tmp_path) as opened:
        yield opened


def json_refusal(code: int) -> Has:
    return lambda _request: Response(refused(code)[1], content_type="application/json")


def test_a_photo_is_stored_whole_under_its_secret_name_and_looked_at(depot: Depot) -> None:
    depot.wechat.has["m1"] = PHOTO
    treasure_id = depot.sends("m1")
    depot.works()
    (file,) = depot.files(treasure_id)
    assert file.state is FileState.QUARANTINED
    assert (file.sha256, file.size_bytes) == (hashlib.sha256(PHOTO).hexdigest(), len(PHOTO))
    assert depot.objects == [file.object_key]
    assert file.object_key is not None
    assert depot.store.path(file.object_key).read_bytes() == PHOTO
    assert depot.waiting == []
    assert depot.job(files.LOOK).payload == f'{{"file": {file.id}}}'


def test_it_is_stored_within_five_seconds_of_its_coming(depot: Depot) -> None:
    depot.wechat.has["m1"] = PHOTO
    treasure_id = depot.sends("m1")
    runner = depot.runner()
    runner.start()
    try:
        deadline = time.monotonic() + 30
        while (file := depot.files(treasure_id)[0]).state is FileState.AWAITED:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        runner.close()
    assert file.stored_at is not None
    assert file.stored_at - file.received_at < timedelta(seconds=30)  # 5 s: benchmarks/treasures.py


def test_a_film_is_fetched_where_wechat_says_it_lies(depot: Depot) -> None:
    film = b"\0\0\0\x18ftypisom" + bytes(5_000)
    depot.wechat.has |= {"v1": a_film_at(depot.wechat, "v1.mp4"), "v1.mp4": film}
    treasure_id = depot.sends("v1", kind=FileKind.VIDEO)
    depot.works()
    (file,) = depot.files(treasure_id)
    assert file.sha256 == hashlib.sha256(film).hexdigest()


def test_a_film_that_lies_elsewhere_is_not_fetched(depot: Depot) -> None:
    told = '{"video_url": "http://169.254.169.254/latest/meta-data"}'
    depot.wechat.has["v1"] = lambda _request: Response(told, content_type="application/json")
    treasure_id = depot.sends("v1", kind=FileKind.VIDEO)
    depot.works()
    (file,) = depot.files(treasure_id)
    assert (file.state, depot.objects) == (FileState.REFUSED, [])
    assert "网页" in file.reason


def test_an_outage_of_hours_ends_in_the_file_being_stored(depot: Depot) -> None:
    depot.wechat.has["m1"] = PHOTO
    depot.wechat.is_away = True
    treasure_id = depot.sends("m1")
    depot.works_for(6.5 * 3600, step_s=60)
    assert depot.files(treasure_id)[0].state is FileState.AWAITED
    tries = len(depot.wechat.asked)
    assert 30 < tries < 300  # up to three calls each, ever more seldom
    depot.wechat.is_away = False
    depot.works_for(660, step_s=60)
    assert depot.files(treasure_id)[0].state is FileState.QUARANTINED
    assert depot.waiting == []


@pytest.mark.parametrize("code", [-1, 40001, 45009, 45011, 48001, 99999])
def test_whatever_wechat_says_but_that_it_is_gone_is_tried_again(depot: Depot, code: int) -> None:
    depot.wechat.has["m1"] = json_refusal(code)
    treasure_id = depot.sends("m1")
    depot.works()
    assert depot.files(treasure_id)[0].state is FileState.AWAITED
    job = depot.job(files.FETCH)
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
    depot.wechat.has["m1"] = PHOTO
    passes(30 * 3600)  # a day's quota begins anew at midnight
    depot.works()
    assert depot.files(treasure_id)[0].state is FileState.QUARANTINED


def test_half_an_answer_is_no_file(depot: Depot) -> None:
    def half(_request: Request) -> Response:
        answer = Response(PHOTO[: len(PHOTO) // 2], content_type="image/jpeg")
        answer.headers["Content-Length"] = str(len(PHOTO))
        return answer

    depot.wechat.has["m1"] = half
    treasure_id = depot.sends("m1")
    depot.works()
    assert depot.files(treasure_id)[0].state is FileState.AWAITED
    assert (depot.objects, depot.waiting) == ([], [])


def test_what_wechat_has_no_more_is_lost_and_told(depot: Depot) -> None:
    treasure_id = depot.sends("m1")
    depot.works()
    (file,) = depot.files(treasure_id)
    assert file.state is FileState.LOST
    assert "再发一次" in file.reason
    assert depot.job(files.FETCH).state == JobState.DONE


def test_after_three_days_of_outage_everything_is_lost_and_told_in_one_message(
    depot: Depot,
) -> None:
    depot.wechat.is_away = True
    treasure_id = depot.sends("m1", "m2", "m3")
    depot.works_for(120, step_s=5)
    assert [text for text in depot.told if "没有取到" in text] == []
    passes(3 * 86_400)
    depot.works_for(1200, step_s=30)
    assert {file.state for file in depot.files(treasure_id)} == {FileState.LOST}
    (told,) = [text for text in depot.told if "没有取到" in text]
    assert "3 张没有取到" in told
    assert "再发" in told
    assert not depot.has_work() or depot.job(uploads.SUMMARY).state == JobState.DONE


@pytest.mark.parametrize(
    ("kind", "size", "limit"),
    [(FileKind.IMAGE, 26 * MB, "25 MB"), (FileKind.VIDEO, 51 * MB, "50 MB")],
)
def test_what_is_too_large_is_refused_with_its_bound(
    depot: Depot, kind: FileKind, size: int, limit: str
) -> None:
    content = b"\xff\xd8\xff" + bytes(size)
    depot.wechat.has |= {"m1": content, "v1": content}
    if kind is FileKind.VIDEO:
        depot.wechat.has["m1"] = a_film_at(depot.wechat, "v1")
    treasure_id = depot.sends("m1", kind=kind)
    depot.works()
    (file,) = depot.files(treasure_id)
    assert file.state is FileState.REFUSED
    assert limit in file.reason
    assert (depot.objects, depot.waiting) == ([], [])


def test_an_account_that_may_not_download_says_to_use_the_page(
    database: Database, tmp_path: Path
) -> None:
    with a_depot(database, tmp_path, wechat_verified=False) as depot:
        depot.wechat.has["m1"] = PHOTO
        treasure_id = depot.sends("m1")
        depot.works()
        (file,) = depot.files(treasure_id)
        assert file.state is FileState.REFUSED
        assert "网页" in file.reason
        assert depot.wechat.asked == []


def test_the_same_photo_twice_is_kept_once(depot: Depot) -> None:
    depot.wechat.has |= {"m1": PHOTO, "m2": PHOTO}
    treasure_id = depot.sends("m1", "m2")
    depot.works()
    one, other = depot.files(treasure_id)
    assert (one.state, other.state) == (FileState.QUARANTINED, FileState.SAME)
    assert depot.objects == [one.object_key]
    assert depot.waiting == []


def test_a_photo_of_a_dropped_draft_is_not_kept(depot: Depot) -> None:
    def dropping(_request: Request) -> Response:
        with depot.database.begin() as session:
            uploads.drop(session, locked(session, treasure_id), depot.doing)
        return Response(PHOTO, content_type="image/jpeg")

    depot.wechat.has["m1"] = dropping
    treasure_id = depot.sends("m1")
    depot.works()
    assert (depot.objects, depot.waiting) == ([], [])


def test_downloads_leave_a_lane_to_what_followers_wait_for(depot: Depot) -> None:
    enough, begun = threading.Event(), threading.Semaphore(0)

    def held_up(_request: Request) -> Response:
        begun.release()
        enough.wait(20)
        return Response(PHOTO, content_type="image/jpeg")

    depot.wechat.has = {f"m{number}": held_up for number in range(8)}
    treasure_id = depot.sends(*depot.wechat.has)
    runner = depot.runner()
    runner.start()
    try:
        for _ in range(lanes.DOWNLOADS):
            assert begun.acquire(timeout=20)
        depot_has_room = not begun.acquire(timeout=2)
    finally:
        enough.set()
        runner.close()
    assert depot_has_room
    depot.works_for(10)
    states = [file.state for file in depot.files(treasure_id)]
    assert states.count(FileState.QUARANTINED) == 1
    assert set(states) == {FileState.QUARANTINED, FileState.SAME}


# -- whoever dies -----------------------------------------------------------------------------


def lease_over(database: Database) -> None:
    with database.begin() as session:
        over = clock.now() - timedelta(seconds=1)
        running = update(Job).where(Job.state == JobState.RUNNING)
        session.execute(running.values(lease_until=over))


def _work(url: str, folder: str, api: str) -> None:
    """Be a worker; ends by being killed."""
    database = Database(url)
    with a_depot(database, Path(folder), wechat_api_url=api) as depot:
        depot.works()


def test_a_worker_killed_in_the_middle_leaves_nothing_and_is_taken_over(
    depot: Depot, database_url: str
) -> None:
    begun, enough = threading.Event(), threading.Event()

    def slowly(_request: Request) -> Response:
        def drops() -> Iterator[bytes]:
            yield PHOTO[:10_000]
            begun.set()
            enough.wait(20)
            yield PHOTO[10_000:]

        return Response(drops(), content_type="image/jpeg")

    depot.wechat.has["m1"] = slowly
    treasure_id = depot.sends("m1")
    folder = str(depot.services.settings.data_dir)
    context = multiprocessing.get_context("spawn")
    worker = context.Process(target=_work, args=(database_url, folder, depot.wechat.url))
    worker.start()
    assert begun.wait(20)
    deadline = time.monotonic() + 20
    while not depot.waiting and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(depot.waiting) == 1
    depot.asks(erase_jobs.SWEEP, "while it lives")
    assert len(depot.waiting) == 1
    assert worker.pid is not None
    worker.kill()
    worker.join()
    assert worker.exitcode == -signal.SIGKILL
    enough.set()
    assert len(depot.waiting) == 1
    lease_over(depot.database)
    depot.works()
    (file,) = depot.files(treasure_id)
    assert file.state is FileState.QUARANTINED
    assert file.sha256 == hashlib.sha256(PHOTO).hexdigest()
    assert (depot.objects, depot.waiting) == ([file.object_key], [])


def test_a_holder_that_only_seemed_dead_writes_into_nothing(depot: Depot) -> None:
    """Its lease is over while it downloads; another takes the file over; then it goes on."""

    def overtaken(_request: Request) -> Response:
        depot.wechat.has["m1"] = PHOTO
        lease_over(depot.database)
        depot.works()
        return Response(b"\xff\xd8\xff" + bytes(7), content_type="image/jpeg")

    depot.wechat.has["m1"] = overtaken
    treasure_id = depot.sends("m1")
    depot.works()
    (file,) = depot.files(treasure_id)
    assert file.sha256 == hashlib.sha256(PHOTO).hexdigest()
    assert file.object_key is not None
    assert depot.store.path(file.object_key).read_bytes() == PHOTO
    assert (depot.objects, depot.waiting) == ([file.object_key], [])


def test_twenty_deaths_are_not_the_end_of_a_job(depot: Depot) -> None:
    depot.wechat.has["m1"] = PHOTO
    treasure_id = depot.sends("m1")
    with depot.database.begin() as session:
        died = update(Job).where(Job.kind == files.FETCH)
        over = clock.now() - timedelta(seconds=1)
        session.execute(died.values(state=JobState.RUNNING, attempts=20, lease_until=over))
    depot.works()
    assert depot.files(treasure_id)[0].state is FileState.QUARANTINED


# -- pauses -----------------------------------------------------------------------------------


def test_pauses_grow_to_ten_minutes_and_end_when_wechat_lets_go(depot: Depot) -> None:
    treasure_id = depot.sends("m1")
    (file,) = depot.files(treasure_id)
    busy = BusyError("忙")

    def after(seconds: float) -> float:
        now = file.received_at + timedelta(seconds=seconds)
        return fetch_jobs.pause_after(busy, file, now=now).total_seconds()

    assert 1.6 <= after(0) <= 2
    assert 40 <= after(100) <= 50
    assert 480 <= after(86_400) <= 600
    assert after(rules.MEDIA_LASTS.total_seconds() - 60) == pytest.approx(60, abs=1)
    assert after(rules.MEDIA_LASTS.total_seconds() - 0.1) == 1


def test_a_used_up_quota_is_waited_for(depot: Depot) -> None:
    treasure_id = depot.sends("m1")
    (file,) = depot.files(treasure_id)
    until = file.received_at + timedelta(hours=9)
    used_up = QuotaError("用完了", until=until, path="/cgi-bin/media/get")
    pause = fetch_jobs.pause_after(used_up, file, now=file.received_at)
    assert pause == timedelta(hours=9)
