"""Pictures: what is taken, what is refused with which sentence, what is made of them."""

import hashlib
import io
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from tests.media.files import (
    BLUE,
    RED,
    a_bomb,
    a_film,
    a_large_png,
    a_photo,
    a_picture,
    a_text_bomb,
    an_amr,
    an_archive_too,
    an_mp3,
    animated,
    in_strange_colours,
    noise,
)
from wx_archive.core.errors import RefusedError
from wx_archive.media import arrivals, images, texts
from wx_archive.media.arrivals import Arrival
from wx_archive.media.objects import ObjectStore
from wx_archive.media.rules import PAGE_BYTES, Form, MediaKind

WITHIN_S: Final = 5.0
SVG: Final = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


def receive(store: ObjectStore, content: bytes, name: str = "picture") -> Arrival:
    return arrivals.receive(store, io.BytesIO(content), name=name)


def made(tmp_path: Path, content: bytes, form: Form = Form.PAGE) -> Image.Image:
    path = tmp_path / "picture"
    path.write_bytes(content)
    return Image.open(io.BytesIO(images.make(path, form)))


def is_near(picture: Image.Image, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    seen = picture.convert("RGB").getpixel(place)
    assert isinstance(seen, tuple)
    return all(abs(one - other) < 12 for one, other in zip(seen, colour, strict=True))


@contextmanager
def quickly() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < WITHIN_S


# -- what comes in ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("GIF", "image/gif")],
)
def test_four_kinds_come_in_by_their_bytes_whatever_they_are_called(
    store: ObjectStore, kind: str, content_type: str
) -> None:
    content = a_picture(kind=kind, mode="P" if kind == "GIF" else "RGB")
    for name in (f"照片.{kind.lower()}", "photo.png", "photo", "../../etc/passwd", "a\\b\x00.jpg"):
        arrival = receive(store, content, name)
        facts = arrival.facts
        assert (facts.kind, facts.content_type) == (MediaKind.IMAGE, content_type)
        assert (facts.width_px, facts.height_px) == (1200, 800)
        assert arrival.sha256 == hashlib.sha256(content).hexdigest()
        assert arrival.size_bytes == len(content)
    kept = [path for path in store.folder.rglob("*") if path.is_file() and "wait" not in path.name]
    assert [path.read_bytes() for path in kept] == [content]


def test_a_photo_that_lies_on_its_side_is_measured_upright(store: ObjectStore) -> None:
    facts = receive(store, a_photo(orientation=6)).facts
    assert (facts.width_px, facts.height_px) == (800, 1200)


def test_what_telephones_append_to_a_picture_does_no_harm(store: ObjectStore) -> None:
    assert receive(store, a_photo() + a_film(2)).facts.content_type == "image/jpeg"


HOSTILE: Final = {
    "nothing": (b"", texts.EMPTY),
    "one byte": (b"\xff", texts.UNKNOWN),
    "words": ("不是图片".encode(), texts.UNKNOWN),
    "words of Windows": ("不是图片".encode("utf-16"), texts.UNKNOWN),
    "a page": (b"<!doctype html><script>alert(1)</script>", texts.UNKNOWN),
    "a program": (b"MZ" + bytes(500), texts.UNKNOWN),
    "an archive": (an_archive_too(b""), texts.UNKNOWN),
    "SVG": (SVG, texts.SVG),
    "HEIC": (b"\x00\x00\x00\x18ftypheic" + bytes(400), texts.HEIC),
    "AVIF": (b"\x00\x00\x00\x18ftypavif" + bytes(400), texts.HEIC),
    "TIFF": (a_picture(40, 40, "TIFF"), texts.TIFF),
    "PDF": (a_picture(40, 40, "PDF"), texts.PDF),
    "BMP": (a_picture(40, 40, "BMP"), texts.UNKNOWN),
    "only a head": (b"\xff\xd8\xff\xe0" + bytes(100), texts.BROKEN_PICTURE),
    "half a JPEG": (a_photo()[:6000], texts.BROKEN_PICTURE),
    "half a PNG": (a_picture(kind="PNG")[:900], texts.BROKEN_PICTURE),
    "half a WebP": (a_picture(kind="WEBP")[:400], texts.BROKEN_PICTURE),
    "half a GIF": (a_picture(kind="GIF", mode="P")[:1500], texts.BROKEN_PICTURE),
    "a bomb": (a_bomb(), texts.TOO_MANY_PIXELS),
    "a bomb a little too large": (a_bomb(8_001), texts.TOO_MANY_PIXELS),
    "a bomb that is no more than promised": (a_bomb(7_000), texts.BROKEN_PICTURE),
    "a bomb of words": (a_text_bomb(), texts.BROKEN_PICTURE),
    "a picture and an archive": (an_archive_too(a_photo()), texts.TWOFOLD),
    "a GIF and a script": (
        a_picture(kind="GIF", mode="P") + b"<script>x()</script>",
        texts.TWOFOLD,
    ),
    "a JPEG and a program": (a_photo() + b"<?php system($_GET[0]); ?>", texts.TWOFOLD),
    "a PNG and a page": (a_picture(kind="PNG") + b"<HTML><body onload=x()>", texts.TWOFOLD),
    "an archive and one byte": (an_archive_too(a_photo()) + b"x", texts.TWOFOLD),
    "a JPEG and a RAR": (a_photo() + b"Rar!\x1a\x07\x01\x00more", texts.TWOFOLD),
    "a JPEG and a 7z": (a_photo() + b"7z\xbc\xaf\x27\x1cmore", texts.TWOFOLD),
    "a JPEG and a Windows program": (a_photo() + b"MZ\x90\x00more", texts.TWOFOLD),
    "a JPEG and a PDF behind it": (a_photo() + b"%PDF-1.4 more", texts.TWOFOLD),
    "a JPEG and a PDF": (a_photo()[:20] + b"%PDF-1.4" + a_photo()[20:], texts.TWOFOLD),
    "a photo in a film's clothes": (
        b"\x00\x00\x00\x18ftypmp42" + bytes(300),
        texts.lies(MediaKind.IMAGE, MediaKind.VIDEO),
    ),
}


@pytest.mark.parametrize(("content", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_not_fit_is_refused_with_its_reason_at_once(
    store: ObjectStore, content: bytes, sentence: str
) -> None:
    with quickly(), pytest.raises(RefusedError) as refused:
        receive(store, content, "evil.jpg")
    assert str(refused.value) == sentence
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []


def test_a_file_of_26_mb_is_refused_before_it_is_decoded(store: ObjectStore) -> None:
    large = a_photo() + bytes(26_000_000)
    with quickly(), pytest.raises(RefusedError, match="图片最多 25 MB"):
        receive(store, large)


def test_a_film_that_is_called_a_picture_is_a_lie(store: ObjectStore) -> None:
    with pytest.raises(RefusedError, match="文件名说它是图片，里面其实是视频"):
        receive(store, a_film(), "photo.jpg")
    with pytest.raises(RefusedError, match="文件名说它是视频，里面其实是音频"):
        receive(store, an_mp3(), "film.MP4")
    with pytest.raises(RefusedError, match="文件名说它是音频，里面其实是图片"):
        receive(store, a_photo(), "song.mp3")
    assert receive(store, an_amr(), "voice.bin").facts.kind is MediaKind.AUDIO


def test_pictures_are_decoded_outside_of_this_process(store: ObjectStore) -> None:
    large = a_large_png(7_900, 8_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with quickly():
        facts = receive(store, large).facts
    assert (facts.width_px, facts.height_px) == (7_900, 8_000)
    for hostile in (a_bomb(), a_text_bomb()):
        with pytest.raises(RefusedError):
            receive(store, hostile)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 150_000  # decoded, it has 253 MB


def test_what_needs_more_memory_than_there_is_is_refused(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MEMORY_BYTES", 120_000_000)
    with quickly(), pytest.raises(RefusedError) as refused:
        receive(store, a_large_png(7_000, 7_000))
    assert str(refused.value) == texts.TOO_HARD


def test_what_takes_too_long_is_refused(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "WALL_S", 0.001)
    with pytest.raises(RefusedError) as refused:
        receive(store, a_picture())
    assert str(refused.value) == texts.TOO_HARD


# -- what is made -----------------------------------------------------------------------------


@pytest.mark.parametrize("form", [Form.PAGE, Form.COVER, Form.SQUARE])
def test_nothing_is_left_of_what_a_photo_says_of_itself(tmp_path: Path, form: Form) -> None:
    content = a_photo()
    original = Image.open(io.BytesIO(content))
    assert original.getexif().get_ifd(0x8825)  # there is a place to be forgotten
    (tmp_path / "picture").write_bytes(content)
    raw = images.make(tmp_path / "picture", form)
    picture = Image.open(io.BytesIO(raw))
    assert dict(picture.getexif()) == {}
    assert picture.getexif().get_ifd(0x8825) == {}
    assert set(picture.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "progressive",
        "progression",
    }
    for word in (b"Exif", b"Secret", b"GPS", b"http://ns.adobe.com", b"ICC_PROFILE", b"Photoshop"):
        assert word in content or word in (
            b"GPS",
            b"http://ns.adobe.com",
            b"ICC_PROFILE",
            b"Photoshop",
        )
        assert word not in raw


def test_the_forms_have_their_sizes(tmp_path: Path) -> None:
    content = a_picture(2400, 1600)
    assert made(tmp_path, content, Form.PAGE).size == (1080, 720)
    assert made(tmp_path, content, Form.COVER).size == (900, 383)
    assert made(tmp_path, content, Form.SQUARE).size == (200, 200)
    assert {made(tmp_path, content, form).format for form in (Form.PAGE, Form.COVER)} == {"JPEG"}


def test_nothing_is_enlarged(tmp_path: Path) -> None:
    content = a_picture(600, 400)
    assert made(tmp_path, content, Form.PAGE).size == (600, 400)
    assert made(tmp_path, content, Form.COVER).size == (600, 255)
    assert made(tmp_path, a_picture(90, 300), Form.SQUARE).size == (90, 90)
    assert made(tmp_path, a_picture(1, 1), Form.COVER).size == (1, 1)


def test_a_cover_is_the_middle(tmp_path: Path) -> None:
    cover = made(tmp_path, a_picture(2000, 600), Form.COVER)
    assert is_near(cover, (100, 200), RED)
    assert is_near(cover, (800, 200), BLUE)
    assert is_near(cover, (445, 200), RED)
    assert is_near(cover, (455, 200), BLUE)


@pytest.mark.parametrize(
    ("orientation", "left_top"), [(1, RED), (3, BLUE), (2, BLUE), (6, RED), (8, BLUE)]
)
def test_a_photo_stands_the_way_it_was_taken(
    tmp_path: Path, orientation: int, left_top: tuple[int, int, int]
) -> None:
    page = made(tmp_path, a_photo(orientation=orientation))
    assert page.size == ((1080, 720) if orientation < 5 else (800, 1200))
    assert is_near(page, (20, 20), left_top)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_of_what_moves_the_first_picture_is_shown(tmp_path: Path, kind: str) -> None:
    assert is_near(made(tmp_path, animated(kind)), (50, 50), RED)


def test_transparency_becomes_white(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    clear.paste((*RED, 255), (0, 0, 150, 300))
    for mode, kind in (("RGBA", "PNG"), ("RGBA", "WEBP"), ("P", "GIF"), ("LA", "PNG")):
        out = io.BytesIO()
        clear.convert(mode).save(out, kind, **({"transparency": 0} if kind == "GIF" else {}))
        page = made(tmp_path, out.getvalue())
        assert is_near(page, (250, 150), (255, 255, 255)), (mode, kind)
        assert not is_near(page, (50, 150), (255, 255, 255)), (mode, kind)


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("P", "PNG"), ("L", "PNG"), ("1", "PNG"), ("L", "JPEG")]
)
def test_every_way_to_keep_colours_can_be_read(tmp_path: Path, mode: str, kind: str) -> None:
    page = made(tmp_path, a_picture(kind=kind, mode=mode))
    assert page.mode == "RGB"
    if mode in ("CMYK", "P"):
        assert is_near(page, (50, 50), RED)
        assert is_near(page, (1000, 50), BLUE)


def test_sixteen_bits_of_grey_are_neither_black_nor_white(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("I;16", (300, 200), 0x8000).save(out, "PNG")
    assert is_near(made(tmp_path, out.getvalue()), (50, 50), (128, 128, 128))


def test_strange_colours_become_those_of_the_web(tmp_path: Path) -> None:
    page = made(tmp_path, in_strange_colours())
    assert is_near(page, (50, 50), BLUE)
    assert is_near(page, (1000, 50), RED)


def test_a_profile_that_makes_no_sense_is_left_out(tmp_path: Path) -> None:
    page = made(tmp_path, a_picture(icc_profile=b"no profile at all" * 20))
    assert is_near(page, (50, 50), RED)


def test_a_page_stays_below_what_wechat_takes(tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(noise(1600, 6000))
    raw = images.make(tmp_path / "picture", Form.PAGE)
    assert len(raw) < PAGE_BYTES
    assert Image.open(io.BytesIO(raw)).width < 1080


@pytest.mark.parametrize("form", [Form.PAGE, Form.COVER, Form.SQUARE])
def test_the_same_picture_gives_the_same_bytes(tmp_path: Path, form: Form) -> None:
    (tmp_path / "picture").write_bytes(a_photo(orientation=6))
    assert images.make(tmp_path / "picture", form) == images.make(tmp_path / "picture", form)
