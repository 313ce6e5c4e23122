"""The clock: aware instants, days as Shanghai counts them, and following a simulator's."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from wx_archive.core import clock

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _clock_goes_back() -> Iterator[None]:
    before = clock.offset()
    yield
    clock.move(before)


def real_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 -- the machine's clock, to compare with


def test_now_is_aware_and_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_a_day_ends_at_midnight_in_shanghai() -> None:
    assert clock.day_of(datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert clock.day_of(datetime(2026, 11, 22, 16, 0, tzinfo=UTC)) == date(2026, 11, 23)


def test_today_is_the_day_of_now() -> None:
    before = clock.day_of(clock.now())
    assert before <= clock.today() <= clock.day_of(clock.now())


def test_seconds_make_a_duration() -> None:
    assert clock.seconds(1.5) == timedelta(milliseconds=1_500)


def test_a_clock_that_nobody_moved_shows_the_machine_s_time() -> None:
    assert clock.offset() == timedelta(0)
    before = real_now()
    assert before <= clock.now() <= real_now()


@pytest.mark.parametrize("offset", [HOUR, -HOUR, timedelta(days=3)])
def test_a_moved_clock_is_set_apart_and_goes_on(offset: timedelta) -> None:
    clock.move(offset)
    clock.move(offset)  # sets, never adds
    before = real_now()
    assert before + offset <= clock.now() <= real_now() + offset
    assert clock.offset() == offset
    assert clock.today() in {clock.day_of(before + offset), clock.day_of(clock.now())}
    clock.move(timedelta(0))
    assert clock.now() <= real_now()


class Simulator:
    """Answers for its clock as each test likes; remembers what it was asked."""

    def __init__(self) -> None:
        self.offset_s, self.version = 0.0, 7
        self.body: str | None = None
        self.asked: list[str] = []
        self.moved = threading.Event()
        self.ended = threading.Event()

    def __call__(self, request: Request) -> Response:
        self.asked.append(request.full_path)
        if request.args["after"] == str(self.version):
            self.moved.wait(8)
        if self.ended.is_set():
            return Response(status=503)
        told = {"now": "", "offset_s": self.offset_s, "version": self.version}
        return Response(self.body or json.dumps(told))

    def advance(self, offset_s: float) -> None:
        self.offset_s, self.version = offset_s, self.version + 1
        self.moved.set()
        self.moved = threading.Event()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    yield (made := Simulator())
    made.ended.set()
    made.moved.set()


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 -- werkzeug's name
        pass


@pytest.fixture
def serve() -> Iterator[Callable[[Simulator, int], int]]:
    """Serve a simulator on a port (0 takes a free one), which is returned."""
    stops: list[Callable[[], None]] = []

    def run(simulator: Simulator, port: int) -> int:
        application = Request.application(simulator)
        server = make_server(
            "127.0.0.1", port, application, threaded=True, request_handler=_QuietHandler
        )
        server.daemon_threads = False  # type: ignore[attr-defined]  # a ThreadingMixIn
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()

        def stop() -> None:
            simulator.ended.set()
            simulator.moved.set()
            server.shutdown()
            thread.join()
            server.server_close()

        stops.append(stop)
        return server.port

    yield run
    for stop in stops:
        stop()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def test_a_follower_shows_what_the_simulator_shows(
    simulator: Simulator, serve: Callable[[Simulator, int], int]
) -> None:
    simulator.offset_s = 60.0
    stop = clock.follow(f"http://127.0.0.1:{serve(simulator, 0)}")
    until(lambda: clock.offset() == timedelta(minutes=1))
    until(lambda: len(simulator.asked) == 2)
    assert simulator.asked[1] == f"/sim/clock?after=7&wait={clock.POLL_S}"
    simulator.advance(3600.0)
    began = time.monotonic()
    until(lambda: clock.offset() == HOUR)
    assert time.monotonic() - began < 3
    stop()


def test_a_process_that_starts_dates_nothing_before_it_knows_the_time(
    simulator: Simulator, serve: Callable[[Simulator, int], int]
) -> None:
    simulator.offset_s = 60.0
    stop = clock.follow(f"http://127.0.0.1:{serve(simulator, 0)}")
    assert clock.offset() == timedelta(minutes=1)
    stop()


def test_a_process_that_starts_first_does_not_wait_for_its_simulator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "FIRST_S", 30.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    began = time.monotonic()
    clock.follow(f"http://127.0.0.1:{port}")()
    assert time.monotonic() - began < 5
    assert clock.offset() == timedelta(0)


def test_a_follower_that_is_stopped_stays_where_it_is_and_asks_no_more(
    simulator: Simulator, serve: Callable[[Simulator, int], int]
) -> None:
    simulator.offset_s = 60.0
    stop = clock.follow(f"http://127.0.0.1:{serve(simulator, 0)}")
    until(lambda: len(simulator.asked) == 2)
    began = time.monotonic()
    stop()  # in the middle of a question
    assert time.monotonic() - began < 4
    simulator.advance(3600.0)
    time.sleep(0.1)
    assert clock.offset() == timedelta(minutes=1)
    assert len(simulator.asked) == 2
    assert "clock" not in {thread.name for thread in threading.enumerate()}


def test_a_simulator_that_goes_away_is_found_again(
    simulator: Simulator,
    serve: Callable[[Simulator, int], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "RETRY_S", 0.02)
    simulator.offset_s = 60.0
    port = serve(simulator, 0)
    stop = clock.follow(f"http://127.0.0.1:{port}/")
    until(lambda: clock.offset() == timedelta(minutes=1))
    simulator.ended.set()
    simulator.moved.set()
    asked = len(simulator.asked)
    until(lambda: len(simulator.asked) > asked + 2)
    assert clock.offset() == timedelta(minutes=1)
    simulator.ended.clear()
    simulator.advance(3600.0)
    until(lambda: clock.offset() == HOUR)
    stop()


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "{}", '{"offset_s": "soon", "version": 1}', "null"]
)
def test_a_senseless_answer_moves_nothing(
    simulator: Simulator,
    serve: Callable[[Simulator, int], int],
    monkeypatch: pytest.MonkeyPatch,
    body: str,
) -> None:
    monkeypatch.setattr(clock, "RETRY_S", 0.02)
    simulator.body = body or " "
    stop = clock.follow(f"http://127.0.0.1:{serve(simulator, 0)}")
    until(lambda: len(simulator.asked) > 2)
    assert clock.offset() == timedelta(0)
    simulator.body, simulator.offset_s = None, 60.0
    until(lambda: clock.offset() == timedelta(minutes=1))
    stop()


@pytest.mark.parametrize("url", ["", "127.0.0.1:8001", "ftp://127.0.0.1", "http://"])
def test_only_an_http_address_can_be_followed(url: str) -> None:
    with pytest.raises(ValueError, match="not the address of a simulator"):
        clock.follow(url)
