"""拍照: files taken in, named, refused, put in order; their pictures for their owner alone."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from tests.treasures.own_making import (
    ROOT,
    Place,
    Sender,
    a_photo,
    a_place,
    checked,
    settings_in,
)
from wx_archive.treasures import bodies, gate, page_texts, rules
from wx_archive.treasures.rules import FileKind, FileState, State


@pytest.fixture(scope="module")
def place(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An account to which WeChat does not tell who reads; every test has senders of its own."""
    folder = tmp_path_factory.mktemp("own") / "data"
    with a_place(settings_in(folder, _demo_data)) as opened:
        yield opened


@pytest.fixture
def sender(place: Place) -> Sender:
    return place.sender()


def names(place: Place, pid: str) -> list[str]:
    return [file.name[0] for file in place.files(pid)]


def act(sender: Sender, pid: str, at: int, do: str, **fields: str) -> TestResponse:
    """Press a button of the file that is shown in this place."""
    file = sender.place.files(pid)[at - 1]
    carried = {"csrf": sender.hidden(f"/{pid}/photos")["csrf"], "at": str(at)}
    told = carried | {"turned": str(file.turned), "do": do} | fields
    return sender.browser.post(f"{ROOT}/{pid}/files/{file.pid}", data=told)


def send_file(sender: Sender, pid: str, content: bytes, name: str, kind: str) -> TestResponse:
    return sender.post(f"/{pid}/photos", files=[(io.BytesIO(content), name, kind)])


def told_after(sender: Sender, pid: str, answer: TestResponse) -> str:
    """Return what the page says to which a form with a bad file leads."""
    assert answer.headers["Location"] == f"{ROOT}/{pid}/photos#files-wrong", answer.text
    return sender.page(f"/{pid}/photos").text


# -- taken in ----------------------------------------------------------------------------------


def test_several_photos_at_once_are_stored_as_they_came(place: Place, sender: Sender) -> None:
    pid, photos = sender.begins(), [a_photo(), a_photo(700_000), a_photo()]
    assert sender.sends(pid, *photos).status_code == 303
    files = place.files(pid)
    assert [file.place for file in files] == [1, 2, 3]
    assert {file.state for file in files} == {FileState.QUARANTINED}
    assert [place.content(file) for file in files] == photos
    assert "正在检查" in sender.page(f"/{pid}/photos").text


def test_the_same_photo_twice_is_kept_once_and_said(place: Place, sender: Sender) -> None:
    pid, photo = sender.begins(), a_photo()
    assert page_texts.SAME_FILE in told_after(sender, pid, sender.sends(pid, photo, photo))
    assert [file.state for file in place.files(pid)] == [FileState.QUARANTINED]
    assert page_texts.SAME_FILE not in sender.page(f"/{pid}/photos").text


def test_sent_again_by_the_back_button_nothing_is_stored_twice(
    place: Place, sender: Sender
) -> None:
    pid, photo = sender.begins(), a_photo()
    before = len(place.objects())
    for _each in range(2):
        sender.sends(pid, photo)
    assert len(place.objects()) == before + 1


def test_more_than_fit_are_named_and_the_others_stay(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    assert sender.sends(pid, *(a_photo(50) for _each in range(19))).status_code == 303
    answer = sender.sends(pid, a_photo(), a_photo(), name="x.jpg")
    text = told_after(sender, pid, answer)
    assert "传到了 1 件，正在检查；1 件没有收" in text
    assert "1x.jpg" in text
    assert len(place.files(pid)) == rules.MOST_FILES
    assert "已经放满 20 件" in sender.page(f"/{pid}/photos").text


def test_a_file_past_its_bound_is_refused_and_nothing_of_it_is_kept(
    place: Place, sender: Sender
) -> None:
    pid, before = sender.begins(), place.objects()
    large = b"\xff\xd8\xff" + bytes(rules.MOST_BYTES[FileKind.IMAGE])
    answer = sender.sends(pid, large)
    assert "照片最大 25 MB" in told_after(sender, pid, answer)
    assert place.files(pid) == []
    assert place.objects() == before


@pytest.mark.parametrize(
    ("name", "told", "kind"),
    [
        ("a.mp4", "video/mp4", FileKind.VIDEO),
        ("a.amr", "audio/amr", FileKind.AUDIO),
        ("a.pdf", "application/pdf", FileKind.PAPER),
        ("a.pdf", "application/octet-stream", FileKind.PAPER),
        ("a.heic", "image/heic", FileKind.IMAGE),
        ("../../etc/<em>.jpg", "image/jpeg", FileKind.IMAGE),
    ],
)
def test_what_a_file_is_said_to_be_is_noted_until_its_bytes_are_looked_at(
    place: Place, sender: Sender, name: str, told: str, kind: FileKind
) -> None:
    pid = sender.begins()
    assert send_file(sender, pid, a_photo(), name, told).status_code == 303
    (file,) = place.files(pid)
    assert file.kind is kind
    assert "/" not in file.name
    assert "<em>" not in sender.get(f"/{pid}/photos").text


def test_an_empty_file_and_an_empty_form_say_so(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    assert page_texts.EMPTY_FILE in told_after(sender, pid, sender.sends(pid, b""))
    answer = send_file(sender, pid, b"", "", "application/octet-stream")
    assert page_texts.NOTHING_CHOSEN in checked(answer, status=400).text
    assert place.files(pid) == []


def test_what_was_refused_after_looking_is_told_with_its_reason(
    place: Place, sender: Sender
) -> None:
    pid = sender.begins()
    sender.sends(pid, a_photo())
    place.refuses(pid, "这一件打不开，可能没有传完整")
    for step in ("/photos", "/confirm", ""):
        text = sender.page(f"/{pid}{step}").text
        assert "没有收的" in text
        assert "0IMG_1.jpg：这一件打不开，可能没有传完整。" in text


def test_what_was_not_kept_is_neither_counted_nor_numbered_nor_moved(
    place: Place, sender: Sender
) -> None:
    pid = sender.begins()
    sender.fills(pid, a_photo())
    place.refuses(pid, "这一件打不开")
    sender.sends(pid, a_photo(), a_photo(), name="x.jpg")
    place.looks(pid)
    for step, said in (
        ("/photos", "已经传上来的（2 件）"),
        ("/confirm", "照片（2 件）"),
        ("", "照片（2 件）"),
    ):
        assert said in sender.page(f"/{pid}{step}").text
    page = sender.get(f"/{pid}/photos").text
    assert "第 2 件" in page
    assert "第 3 件" not in page
    assert [page.count(f'value="{do}"') for do in ("up", "down", "place")] == [1, 1, 0]
    # The numbers that the buttons carry are those that the page shows.
    bad, first, _second = (file.pid for file in place.files(pid))
    csrf = sender.hidden(f"/{pid}/photos")["csrf"]
    for file, at, do in ((first, "1", "down"), (bad, "1", "down")):
        form = {"csrf": csrf, "at": at, "do": do}
        assert sender.browser.post(f"{ROOT}/{pid}/files/{file}", data=form).status_code == 303
    assert [file.name[:2] for file in place.files(pid)] == ["0I", "1x", "0x"]


def test_what_is_not_only_photos_is_not_called_photos(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    sender.fills(pid, a_photo())
    assert send_file(sender, pid, a_photo(), "a.mp4", "video/mp4").status_code == 303
    for step in ("/confirm", ""):
        assert "送来的（2 件）" in sender.page(f"/{pid}{step}").text
    assert len(place.files(pid)) == 2


def test_what_was_not_kept_can_be_taken_off_the_list(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    sender.sends(pid, a_photo())
    place.refuses(pid, "这一件打不开")
    (file,) = place.files(pid)
    path = f"/{pid}/files/{file.pid}/remove"
    assert path in sender.get(f"/{pid}/photos").text
    assert "本来就没有收" in sender.page(path).text
    assert sender.post(path).status_code == 303
    assert "没有收的" not in sender.page(f"/{pid}/photos").text


def test_reloading_after_a_bad_file_sends_nothing_again(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    large = b"\xff\xd8\xff" + bytes(rules.MOST_BYTES[FileKind.IMAGE])
    answer = sender.sends(pid, large, a_photo())
    assert answer.status_code == 303
    assert "0IMG_1.jpg" not in answer.headers["Location"]
    other = place.sender()
    assert "0IMG_1.jpg" not in other.page(f"/{other.begins()}/photos").text
    first, again = (sender.page(f"/{pid}/photos").text for _each in range(2))
    assert "传到了 1 件，正在检查；1 件没有收：" in first
    assert "0IMG_1.jpg：照片最大 25 MB" in first
    assert "没有收：" not in again
    assert len(place.files(pid)) == 1


def test_a_dark_photo_is_kept_with_advice(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    sender.sends(pid, a_photo())
    place.looks(pid, is_dark=True)
    assert "收好了；偏暗，建议在亮的地方重拍一张" in sender.page(f"/{pid}/photos").text


# -- refused before it is read -----------------------------------------------------------------


class Unread(io.BytesIO):
    """A body that nobody may read."""

    def read(self, _size: int | None = -1) -> bytes:
        raise AssertionError("the body was read")

    def readinto(self, _buffer: object) -> int:
        raise AssertionError("the body was read")


def unread(sender: Sender, pid: str, length: int) -> TestResponse:
    return sender.browser.post(
        f"{ROOT}/{pid}/photos",
        content_type="multipart/form-data; boundary=x",
        input_stream=Unread(b"x"),
        environ_overrides={"CONTENT_LENGTH": str(length)},
    )


def test_a_body_past_its_bound_is_not_read(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    answer = unread(sender, pid, bodies.MOST_BYTES + 1)
    assert page_texts.BODY_TOO_LARGE in checked(answer, status=413).text
    assert place.files(pid) == []


def test_the_body_of_a_stranger_and_of_another_sender_is_not_read(
    place: Place, sender: Sender
) -> None:
    pid, other = sender.begins(), place.sender()
    assert unread(other, pid, 1000).status_code == 404
    other.browser.delete_cookie("h5-treasures")
    checked(unread(other, pid, 1000), status=403)


def test_a_body_for_what_staff_have_taken_on_is_not_read(place: Place, sender: Sender) -> None:
    pid = sender.hands_in()
    place.moves(pid, State.SCREENING, State.APPRAISAL)
    assert unread(sender, pid, 1000).headers["Location"] == f"{ROOT}/{pid}"


def test_a_body_that_finds_no_room_on_the_disk_is_not_read(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = sender.begins()
    monkeypatch.setattr(bodies, "SPARE_BYTES", 1 << 60)
    answer = unread(sender, pid, 1000)
    assert page_texts.DISK_FULL in checked(answer, status=507).text


def test_a_sender_who_has_sent_enough_for_now_is_asked_to_wait(
    place: Place, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "FILES", 2)
    pid = sender.begins()
    assert sender.sends(pid, a_photo(), a_photo()).status_code == 303
    answer = unread(sender, pid, 1000)
    assert page_texts.TOO_OFTEN in checked(answer, status=429).text
    assert place.sender().hands_in()


def test_a_network_that_has_sent_enough_for_now_is_asked_to_wait(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "FORMS", 3)
    pid, home = sender.begins(), {"REMOTE_ADDR": "2001:db8::1"}
    neighbour = {"REMOTE_ADDR": "2001:db8::2"}  # the same household
    form = {"csrf": sender.hidden(f"/{pid}/photos")["csrf"]}
    statuses = [
        sender.browser.post(
            f"{ROOT}/{pid}/photos",
            data=form | {"files": (io.BytesIO(a_photo()), "a.jpg")},
            environ_overrides=where,
        ).status_code
        for where in (home, home, neighbour, neighbour, {"REMOTE_ADDR": "2001:db8:1::1"})
    ]
    assert statuses == [303, 303, 303, 429, 303]


# -- order, turn, cover, out -------------------------------------------------------------------


def test_files_are_moved_up_down_and_to_a_place_by_number(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    sender.sends(pid, *(a_photo() for _each in range(4)))
    act(sender, pid, 2, "up")
    assert names(place, pid) == ["1", "0", "2", "3"]
    act(sender, pid, 1, "down")
    assert names(place, pid) == ["0", "1", "2", "3"]
    act(sender, pid, 4, "place", to="2")
    assert names(place, pid) == ["0", "3", "1", "2"]
    act(sender, pid, 1, "place", to="99")
    assert names(place, pid) == ["3", "1", "2", "0"]
    for nonsense in ("", "-1", "二", "9" * 30):
        act(sender, pid, 1, "place", to=nonsense)
    assert names(place, pid) == ["3", "1", "2", "0"]
    sender.sends(pid, a_photo(), name="9.jpg")
    assert place.files(pid)[-1].name == "09.jpg"


def test_a_button_pressed_twice_does_it_once(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    sender.sends(pid, a_photo(), a_photo(), a_photo())
    place.looks(pid)
    last = place.files(pid)[2].pid
    csrf = sender.hidden(f"/{pid}/photos")["csrf"]
    for form in ({"do": "up", "at": "3"}, {"do": "turn", "turned": "0"}):
        for _each in range(2):
            address = f"{ROOT}/{pid}/files/{last}"
            assert sender.browser.post(address, data=form | {"csrf": csrf}).status_code == 303
    files = place.files(pid)
    assert [file.pid for file in files].index(last) == 1
    assert files[1].turned == 90


def test_a_picture_is_turned_all_the_way_round_and_one_is_the_cover(
    place: Place, sender: Sender
) -> None:
    pid = sender.begins()
    sender.sends(pid, a_photo(), a_photo())
    place.looks(pid)
    for turned in (90, 180, 270, 0):
        act(sender, pid, 1, "turn")
        assert place.files(pid)[0].turned == turned
    for at in (1, 2):
        act(sender, pid, at, "cover")
        assert [file.is_cover for file in place.files(pid)] == [at == 1, at == 2]


def test_a_file_is_taken_out_after_one_more_question(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    sender.sends(pid, a_photo(), a_photo())
    file = place.files(pid)[0]
    assert "要拿掉这一件吗" in sender.page(f"/{pid}/files/{file.pid}/remove").text
    form = {"csrf": sender.hidden(f"/{pid}/photos")["csrf"]}
    for _each in range(2):
        address = f"{ROOT}/{pid}/files/{file.pid}/remove"
        assert sender.browser.post(address, data=form).status_code == 303
    assert [each.pid for each in place.files(pid)] != [file.pid]
    assert len(place.files(pid)) == 1
    place.works()
    assert file.object_key not in place.objects()
    gone = sender.browser.post(f"{ROOT}/{pid}/files/{file.pid}", data=form | {"do": "up"})
    assert page_texts.FILE_GONE in checked(gone, status=404).text


def test_a_file_of_another_upload_is_not_there(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    sender.sends(pid, a_photo())
    other = place.sender()
    theirs = other.begins()
    other.sends(theirs, a_photo())
    foreign = place.files(theirs)[0]
    form = {"csrf": sender.hidden(f"/{pid}/photos")["csrf"], "do": "cover", "at": "1"}
    answer = sender.browser.post(f"{ROOT}/{pid}/files/{foreign.pid}", data=form)
    assert answer.status_code == 404
    sender.browser.post(f"{ROOT}/{pid}/files/{foreign.pid}/remove", data=form)
    assert place.files(theirs) == [foreign]


# -- pictures ----------------------------------------------------------------------------------


def a_picture() -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (32.0, 38.0, 0.0)
    Image.new("RGB", (800, 400), "teal").save(file, "JPEG", exif=exif)
    return file.getvalue()


def test_a_picture_is_shown_to_its_owner_alone_small_and_bare(place: Place, sender: Sender) -> None:
    pid = sender.begins()
    sender.sends(pid, a_picture())
    (file,) = place.files(pid)
    address = f"{ROOT}/{pid}/files/{file.pid}"
    assert sender.browser.get(address).status_code == 404  # not looked at yet
    place.works()
    for form, side in (("thumb", 360), ("view", 800)):
        answer = sender.browser.get(f"{address}?form={form}")
        assert answer.mimetype == "image/jpeg"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        with Image.open(io.BytesIO(answer.data)) as shown:
            assert max(shown.size) == side
            assert not shown.getexif()
    for wrong in ("original", "", "../x"):
        assert sender.browser.get(f"{address}?form={wrong}").status_code == 404
    other = place.sender()
    assert other.browser.get(address).status_code == 404
    theirs = other.begins()
    assert other.browser.get(f"{ROOT}/{theirs}/files/{file.pid}").status_code == 404
