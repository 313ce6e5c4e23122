"""Bodies of uploads: a few at a time, onto the disk; nothing is left of what fails."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Request
from werkzeug.exceptions import RequestTimeout, ServiceUnavailable
from werkzeug.test import EnvironBuilder

from tests.treasures.own_making import Place, Sender, a_photo, a_place, checked, settings_in
from wx_archive.treasures import bodies, page_texts
from wx_archive.treasures.bodies import Bodies, NoRoomError
from wx_archive.treasures.rules import FileState


@pytest.fixture(scope="module")
def place(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An account to which WeChat does not tell who reads; every test has senders of its own."""
    folder = tmp_path_factory.mktemp("own") / "data"
    with a_place(settings_in(folder, _demo_data)) as opened:
        yield opened


@pytest.fixture
def sender(place: Place) -> Sender:
    return place.sender()


def a_request(content: bytes = b"") -> Request:
    builder = EnvironBuilder(method="POST", data={"files": (io.BytesIO(content), "a.jpg")})
    return Request(builder.get_environ())


def held_bodies(own: Bodies, count: int) -> list[threading.Event]:
    """Have so many senders hold a place each; they let go when told."""
    ends = [threading.Event() for _each in range(count)]
    inside = threading.Barrier(count + 1)

    def hold(number: int) -> None:
        with own.reading(a_request(), 1000 + number):
            inside.wait(10)
            ends[number].wait(10)

    for number in range(count):
        threading.Thread(target=hold, args=(number,), daemon=True).start()
    inside.wait(10)
    return ends


def test_a_few_bodies_are_read_at_a_time_and_the_others_wait_or_are_turned_away(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "WAIT_S", 0.2)
    own = Bodies(place.settings)
    ends = held_bodies(own, bodies.AT_A_TIME)
    with pytest.raises(ServiceUnavailable), own.reading(a_request(), 1):
        pass
    ends[0].set()
    monkeypatch.setattr(bodies, "WAIT_S", 5.0)
    with own.reading(a_request(), 1):
        pass
    for end in ends:
        end.set()


def test_nobody_takes_all_the_places(place: Place) -> None:
    own = Bodies(place.settings)
    with own.reading(a_request(), 1), own.reading(a_request(), 1):
        with pytest.raises(ServiceUnavailable), own.reading(a_request(), 1):
            pass
        with own.reading(a_request(), 2):
            pass
    with own.reading(a_request(), 1):
        pass


def test_files_of_a_form_lie_on_the_disk_however_small(place: Place) -> None:
    request = a_request(b"small")
    with Bodies(place.settings).reading(request, 1):
        stream = request.files["files"].stream
        assert isinstance(stream.fileno(), int)  # what lies in memory has none
        assert stream.read() == b"small"


def test_a_body_that_comes_too_slowly_is_given_up(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "READ_WITHIN_S", -1.0)
    with pytest.raises(RequestTimeout), Bodies(place.settings).reading(a_request(), 1):
        pass


def test_when_the_disk_fills_up_while_a_body_is_read_the_page_says_so(
    place: Place, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = sender.begins()

    def full(*_given: object, **_named: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(NoRoomError), Bodies(place.settings).reading(a_request(), 1):
        pass
    answer = sender.sends(pid, a_photo())
    assert page_texts.DISK_FULL in checked(answer, status=507).text
    assert place.files(pid) == []


def test_when_the_store_fails_half_way_nothing_half_is_left(
    place: Place, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid, before = sender.begins(), place.objects()

    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    answer = sender.sends(pid, a_photo())
    monkeypatch.undo()
    assert page_texts.DISK_FULL in checked(answer, status=507).text
    assert {file.state for file in place.files(pid)} <= {FileState.REFUSED}
    assert place.objects() == before
    assert sender.sends(pid, a_photo()).status_code == 303
