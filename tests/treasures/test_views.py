"""What is shown of a picture: small, turned as told, with nothing in it but the picture."""

import io
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.media.files import BLUE, RED, a_picture, animated, in_strange_colours
from tests.treasures.sent_files import HEIC, SECRETS, a_file, a_telling_photo, a_turned_heic
from wx_archive.core.errors import RefusedError
from wx_archive.media import images
from wx_archive.media.objects import MissingObjectError, ObjectStore
from wx_archive.treasures import file_texts, removal, views
from wx_archive.treasures.queries import File
from wx_archive.treasures.rules import FileKind, FileState
from wx_archive.treasures.views import Form

JPEG = "image/jpeg"
NOTES = (b"Exif", b"http://ns.adobe.com", b"ICC_PROFILE", b"Photoshop", b"8BIM", b"1998", b"1985")
MARKERS = (0xE1, 0xE2, 0xED, 0xFE)
"""Of JPEG: EXIF and XMP, colour profiles, IPTC, comments."""


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "sealed")


def clean(store: ObjectStore, content: bytes, content_type: str = JPEG, **changes: object) -> File:
    told: dict[str, object] = {"state": FileState.CLEAN, "content_type": content_type}
    return a_file(store, content, **(told | changes))  # type: ignore[arg-type] # builder


def shown(store: ObjectStore, file: File, form: Form = Form.VIEW) -> bytes:
    with views.opened(store, file, form) as opened:
        return opened.read()


def seen(store: ObjectStore, file: File, form: Form = Form.VIEW) -> Image.Image:
    return Image.open(io.BytesIO(shown(store, file, form)))


def is_near(picture: Image.Image, x: float, y: float, colour: tuple[int, int, int]) -> bool:
    """Compare a place, told in shares of width and height."""
    place = round((picture.width - 1) * x), round((picture.height - 1) * y)
    pixel = picture.getpixel(place)
    assert isinstance(pixel, tuple)
    return all(abs(one - other) < 14 for one, other in zip(pixel, colour, strict=True))


def forms_of(store: ObjectStore, file: File) -> list[str]:
    beside = store.folder.rglob(f"{file.object_key}*")
    return sorted(path.name.removeprefix(file.object_key or "") for path in beside)


def segments(jpeg: bytes) -> set[int]:
    """Return the markers before the picture itself."""
    found, at = set(), 2
    while jpeg[at + 1] != 0xDA:
        found.add(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return found


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize(
    ("content", "kind"), [(a_telling_photo(), JPEG), (HEIC, "image/heic")], ids=["JPEG", "HEIC"]
)
def test_nothing_leaves_the_house_but_the_picture(
    store: ObjectStore, content: bytes, kind: str, form: Form
) -> None:
    original = Image.open(io.BytesIO(content)) if kind == JPEG else None
    if original is not None:
        assert original.getexif().get_ifd(0x8825)  # there is a place to be forgotten
        assert all(secret in content for secret in SECRETS)
        assert segments(content) & set(MARKERS) >= {0xE1, 0xED, 0xFE}
    assert b"SecretCamera" in content
    for turned in (0, 90):
        raw = shown(store, clean(store, content, kind, turned=turned), form)
        assert not [word for word in (*SECRETS, *NOTES) if word in raw]
        assert segments(raw) & set(MARKERS) == set()
        picture = Image.open(io.BytesIO(raw))
        assert (picture.format, picture.mode) == ("JPEG", "RGB")
        assert dict(picture.getexif()) == {}
        assert picture.getexif().get_ifd(0x8825) == {}


def test_a_colour_profile_is_heeded_and_left_behind(store: ObjectStore) -> None:
    content = in_strange_colours()
    assert 0xE2 in segments(content)
    file = clean(store, content)
    for form in Form:
        picture = seen(store, file, form)
        assert is_near(picture, 0.1, 0.5, BLUE)
        assert is_near(picture, 0.9, 0.5, RED)
        assert "icc_profile" not in picture.info


@pytest.mark.parametrize(
    ("size", "view", "thumb"),
    [
        ((2400, 1600), (1600, 1067), (360, 240)),
        ((1600, 2400), (1067, 1600), (240, 360)),
        ((300, 200), (300, 200), (300, 200)),
        ((1000, 6000), (480, 2880), (60, 360)),
        ((9000, 300), (9000, 300), (360, 12)),
        ((1, 1), (1, 1), (1, 1)),
    ],
)
def test_forms_have_their_sizes_and_nothing_is_enlarged(
    store: ObjectStore, size: tuple[int, int], view: tuple[int, int], thumb: tuple[int, int]
) -> None:
    file = clean(store, a_picture(*size))
    assert seen(store, file).size == view
    assert seen(store, file, Form.THUMB).size == thumb


@pytest.mark.parametrize(
    ("turned", "is_wide", "red"),
    [
        (0, True, (0.1, 0.5)),
        (90, False, (0.5, 0.1)),
        (180, True, (0.9, 0.5)),
        (270, False, (0.5, 0.9)),
    ],
)
def test_a_picture_is_turned_clockwise_as_its_sender_wishes(
    store: ObjectStore, turned: int, red: tuple[float, float], *, is_wide: bool
) -> None:
    for form in Form:
        picture = seen(store, clean(store, a_telling_photo(), turned=turned), form)
        assert (picture.width > picture.height) is is_wide
        assert is_near(picture, *red, RED)
        assert is_near(picture, 1 - red[0], 1 - red[1], BLUE)


@pytest.mark.parametrize(
    ("orientation", "is_wide", "red"),
    [
        (1, True, (0.1, 0.5)),
        (2, True, (0.9, 0.5)),
        (3, True, (0.9, 0.5)),
        (4, True, (0.1, 0.5)),
        (5, False, (0.5, 0.1)),
        (6, False, (0.5, 0.1)),
        (7, False, (0.5, 0.9)),
        (8, False, (0.5, 0.9)),
    ],
)
def test_a_photo_stands_the_way_it_was_taken(
    store: ObjectStore, orientation: int, red: tuple[float, float], *, is_wide: bool
) -> None:
    photo = a_telling_photo(orientation=orientation, size=(600, 400))
    picture = seen(store, clean(store, photo))
    assert (picture.width > picture.height) is is_wide
    assert is_near(picture, *red, RED)
    assert is_near(picture, 1 - red[0], 1 - red[1], BLUE)


def test_a_heic_is_shown_the_way_it_was_taken(store: ObjectStore) -> None:
    picture = seen(store, clean(store, a_turned_heic(), "image/heic"))
    assert picture.size == (240, 320)
    assert is_near(picture, 0.5, 0.05, RED)
    assert is_near(picture, 0.5, 0.95, BLUE)


def test_a_scan_that_lies_on_its_side_is_shown_upright(store: ObjectStore) -> None:
    content = a_picture(600, 400, "TIFF", tiffinfo={0x0112: 6})
    picture = seen(store, clean(store, content, "image/tiff"))
    assert picture.size == (400, 600)
    assert is_near(picture, 0.5, 0.1, RED)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        *(("CMYK", "JPEG"), ("P", "PNG"), ("LA", "PNG"), ("RGBA", "WEBP"), ("1", "TIFF")),
        *(("P", "GIF"), ("RGB", "AVIF"), ("F", "TIFF")),
    ],
)
def test_every_way_to_keep_colours_can_be_shown(store: ObjectStore, mode: str, kind: str) -> None:
    file = clean(store, a_picture(2000, 1000, kind, mode=mode), f"image/{kind.lower()}")
    assert seen(store, file).size == (1600, 800)
    assert seen(store, file, Form.THUMB).mode == "RGB"
    if mode in ("CMYK", "P", "RGBA", "RGB"):
        assert is_near(seen(store, file), 0.1, 0.5, RED)


def test_of_what_moves_the_first_picture_is_shown(store: ObjectStore) -> None:
    assert is_near(seen(store, clean(store, animated("GIF"), "image/gif")), 0.5, 0.5, RED)


def test_a_form_is_made_once_and_another_one_when_it_is_turned(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = clean(store, a_telling_photo())
    first = shown(store, file)
    assert forms_of(store, file) == ["", ".view1t0"]
    with monkeypatch.context() as patched:
        patched.setattr(images, "WALL_S", 0.0001)  # nothing can be drawn
        assert shown(store, file) == first
        with pytest.raises(RefusedError, match=file_texts.TOO_HARD):
            shown(store, replace(file, turned=90))
    assert shown(store, replace(file, turned=90)) != first
    shown(store, file, Form.THUMB)
    assert forms_of(store, file) == ["", ".thumb1t0", ".view1t0", ".view1t90"]


@pytest.mark.parametrize(
    "changes",
    [
        {"state": FileState.QUARANTINED},
        {"state": FileState.REFUSED, "object_key": None},
        {"state": FileState.ERASED, "object_key": None},
        {"kind": FileKind.PAPER, "content_type": "application/pdf"},
        {"kind": FileKind.VIDEO, "content_type": "video/mp4"},
    ],
)
def test_nobody_sees_what_is_not_a_clean_picture(
    store: ObjectStore, changes: dict[str, Any]
) -> None:
    file = replace(clean(store, a_telling_photo()), **changes)
    with pytest.raises(views.NoSuchFormError):
        views.opened(store, file, Form.VIEW)
    assert [path.name for path in store.folder.rglob("*.view*")] == []


def test_what_is_forgotten_leaves_nothing_behind(store: ObjectStore) -> None:
    file, other = clean(store, a_telling_photo()), clean(store, a_picture())
    for turned in (0, 90, 180, 270):
        for form in Form:
            shown(store, replace(file, turned=turned), form)
    shown(store, other)
    assert len(forms_of(store, file)) == 9
    assert file.object_key is not None
    for _again in range(2):
        views.forget(store, file.object_key)
        assert forms_of(store, file) == []
    assert forms_of(store, other) == ["", ".view1t0"]
    with pytest.raises(MissingObjectError):
        views.opened(store, file, Form.VIEW)


def test_who_draws_while_a_file_is_forgotten_leaves_nothing(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = clean(store, a_telling_photo())
    key = file.object_key or ""
    is_drawn, is_forgotten = threading.Event(), threading.Event()
    draw = images.fit

    def slowly(*args: object, **more: object) -> bytes:
        made = draw(*args, **more)  # type: ignore[arg-type] # as it was called
        is_drawn.set()
        assert is_forgotten.wait(20)
        return made

    monkeypatch.setattr(images, "fit", slowly)
    caught: list[Exception] = []

    def show() -> None:
        try:
            shown(store, file)
        except MissingObjectError as err:
            caught.append(err)

    drawer = threading.Thread(target=show)
    drawer.start()
    assert is_drawn.wait(20)
    removal.remove(store, key)
    is_forgotten.set()
    drawer.join(20)
    assert len(caught) == 1
    assert forms_of(store, file) == []
