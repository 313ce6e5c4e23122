"""What may be sent and what may not: each refusal with its own sentence, in little room."""

import io
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from tests.media.files import (
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
    noise,
)
from tests.treasures.sent_files import (
    ACTS,
    HEIC,
    a_file,
    a_film_of_nothing,
    a_gif_bomb,
    a_gif_script,
    a_heic_bomb,
    a_large_gif,
    a_page,
    a_pdf,
    a_phones_film,
    a_telling_photo,
    a_tiff_bomb,
    a_tiff_of_pages,
    a_turned_heic,
    a_webp_bomb,
    an_m4a,
    an_object_stream,
    an_old_film,
)
from wx_archive.core.errors import RefusedError
from wx_archive.media import images
from wx_archive.media.formats import Format
from wx_archive.media.objects import MissingObjectError, ObjectStore
from wx_archive.treasures import file_texts as texts
from wx_archive.treasures import looking, rules
from wx_archive.treasures import texts as own_texts
from wx_archive.treasures.files import Looked
from wx_archive.treasures.rules import FileKind

WITHIN_S: Final = 5.0
MIB: Final = 1024 * 1024
PROJECT: Final = Path(__file__).parents[2]
OLD_WORD: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
DOCX: Final = b"PK\x03\x04\x14\x00\x06\x00" + bytes(22) + b"[Content_Types].xml" + bytes(500)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "sealed")


def look(store: ObjectStore, content: bytes, name: str = "") -> Looked:
    return looking.look(store, a_file(store, content, name))


@contextmanager
def quickly() -> Iterator[None]:
    """Count what the processors did: how long it takes depends on what else they do."""
    begun = sum(os.times()[:4])
    yield
    assert sum(os.times()[:4]) - begun < WITHIN_S


# -- what comes in ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "content_type", "name"),
    [
        ("JPEG", "image/jpeg", "IMG_1.JPG"),
        ("PNG", "image/png", "截屏.png"),
        ("WEBP", "image/webp", "a.webp"),
        ("GIF", "image/gif", "动图.gif"),
        ("TIFF", "image/tiff", "扫描.tif"),
        ("AVIF", "image/avif", "b.avif"),
    ],
)
def test_pictures_come_in_by_their_bytes(
    store: ObjectStore, kind: str, content_type: str, name: str
) -> None:
    content = a_picture(kind=kind, mode="P" if kind == "GIF" else "RGB")
    for called in (name, "", "照片", "微信图片.jpeg"):
        looked = look(store, content, called)
        assert (looked.kind, looked.content_type) == (FileKind.IMAGE, content_type)
        assert (looked.width_px, looked.height_px) == (1200, 800)
        assert (looked.is_dark, looked.is_blurred, looked.duration_ms) == (False, False, None)


def test_a_telephones_heic_comes_in_with_its_day(store: ObjectStore) -> None:
    looked = look(store, HEIC, "IMG_0001.HEIC")
    assert (looked.content_type, looked.width_px, looked.height_px) == ("image/heic", 320, 240)
    assert looked.taken_text == "1998-10-02"


def test_a_heic_is_seen_upright(store: ObjectStore) -> None:
    looked = look(store, a_turned_heic())
    assert (looked.width_px, looked.height_px) == (240, 320)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_what_moves_comes_in(store: ObjectStore, kind: str) -> None:
    assert look(store, animated(kind)).width_px == 300


@pytest.mark.parametrize(
    ("content", "kind", "content_type", "duration_ms"),
    [
        (a_film(12.5), FileKind.VIDEO, "video/mp4", 12_500),
        (a_film(2, codec=b"hvc1"), FileKind.VIDEO, "video/mp4", 2_000),
        (a_phones_film(), FileKind.VIDEO, "video/quicktime", 7_000),
        (an_old_film(), FileKind.VIDEO, "video/quicktime", 4_000),
        (an_m4a(3), FileKind.AUDIO, "audio/mp4", 3_000),
        (an_m4a(4, b"isom"), FileKind.AUDIO, "audio/mp4", 4_000),
        (an_m4a(5, b"qt  "), FileKind.AUDIO, "audio/mp4", 5_000),
        (an_mp3(10), FileKind.AUDIO, "audio/mpeg", 10_004),
        (an_amr(5), FileKind.AUDIO, "audio/amr", 5_000),
    ],
    ids=["MP4", "HEVC", "MOV", "old MOV", "M4A", "MP4 of sound", "MOV of sound", "MP3", "AMR"],
)
def test_films_and_recordings_come_in_however_they_are_packed(
    store: ObjectStore, content: bytes, kind: FileKind, content_type: str, duration_ms: int
) -> None:
    looked = look(store, content)
    assert (looked.kind, looked.content_type) == (kind, content_type)
    assert looked.duration_ms == pytest.approx(duration_ms, abs=30)
    assert (looked.width_px is not None) is (kind is FileKind.VIDEO)


def test_sounds_may_be_called_a_film_and_films_a_sound(store: ObjectStore) -> None:
    assert look(store, an_m4a(3, b"isom"), "录音.mp4").kind is FileKind.AUDIO
    assert look(store, an_m4a(3, b"isom"), "录音.m4a").kind is FileKind.AUDIO


HARMLESS_PAPERS: Final = {
    "plain": a_pdf(),
    "with an outline": a_pdf(b"<< /Type /Outlines /First 12 0 R /Last 13 0 R /Count 2 >>"),
    "packed": a_pdf(an_object_stream(b"7 0 << /Type /Font /Name (Launch) >>")),
    "with the names of Chinese typefaces": a_pdf(
        b"<< /Type /Font /BaseFont /#CB#CE#CC#E5 /Alt /#e5#ae#8b#e4#bd#93,Bold /K#c3#b6ln 1 >>"
    ),
    "with words that look alike": a_pdf(b"<< /Title (JavaScript and EmbeddedFile) /JSX 1 >>"),
    "with other things after its end": a_pdf() + bytes(900),
}


@pytest.mark.parametrize("content", HARMLESS_PAPERS.values(), ids=HARMLESS_PAPERS)
def test_a_harmless_pdf_comes_in(store: ObjectStore, content: bytes) -> None:
    looked = look(store, content, "家谱.pdf")
    assert looked == Looked(FileKind.PAPER, "application/pdf")


def test_a_scanned_pdf_of_chance_is_not_taken_for_a_program(store: ObjectStore) -> None:
    scan = random.Random(8).randbytes(8 * MIB)  # noqa: S311 -- a picture's bytes
    head = b"<< /Type /XObject /Subtype /Image /Filter /DCTDecode /Length %d >>" % len(scan)
    with quickly():
        assert look(store, a_pdf(head + b"\nstream\n" + scan + b"\nendstream")).kind is (
            FileKind.PAPER
        )


@pytest.mark.parametrize(
    "part",
    [
        b"/First " + b"1" * 20 * MIB + b" 0 R",
        b"/First" + b" " * 20 * MIB,
        b"/First 1 0 R " * MIB,
        b"/Filter [" * 2 * MIB + b"/First 5 ",
        b"/First 5 " * 2 * MIB + b"stream endstream",
        b"/First 5 stream " * MIB + b"endstream",
        b"/First 5 stream endstream " * MIB,
        b"/ObjStm endobj " * MIB,
        b"/" * 20 * MIB,
        b"/a#6" * 5 * MIB,
        b"/a#61" * 4 * MIB,
    ],
    ids=[str(number) for number in range(11)],
)
def test_a_pdf_made_to_take_long_takes_no_time(store: ObjectStore, part: bytes) -> None:
    file = a_file(store, a_pdf(part))
    with quickly(), suppress(RefusedError):
        looking.look(store, file)


# -- what does not ----------------------------------------------------------------------------

PIXELS: Final = "照片尺寸太大，最多 {} 万像素；请缩小以后再传".format
JPEG_PIXELS, PNG_PIXELS = PIXELS(6400), PIXELS(5000)
HOSTILE: Final = {
    "nothing": (b"", texts.REFUSED[Format.EMPTY]),
    "one byte": (b"\xff", texts.UNKNOWN),
    "words": ("不是照片".encode(), texts.UNKNOWN),
    "SVG": (
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        texts.REFUSED[Format.SVG],
    ),
    "a page": (b"\n<!DOCTYPE html><script>alert(1)</script>", texts.REFUSED[Format.HTML]),
    "a program of Windows": (b"MZ" + bytes(500), texts.REFUSED[Format.PROGRAM]),
    "a program of Linux": (b"\x7fELF" + bytes(500), texts.REFUSED[Format.PROGRAM]),
    "a script": (b"#!/bin/sh\nrm -rf /\n", texts.REFUSED[Format.PROGRAM]),
    "an archive": (an_archive_too(b""), texts.REFUSED[Format.ARCHIVE]),
    "a RAR": (b"Rar!\x1a\x07\x00" + bytes(90), texts.REFUSED[Format.ARCHIVE]),
    "Word": (DOCX, texts.REFUSED[Format.OFFICE]),
    "old Word": (OLD_WORD, texts.REFUSED[Format.OFFICE]),
    "BMP": (a_picture(40, 40, "BMP"), texts.REFUSED[Format.BMP]),
    "WAV": (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(90), texts.REFUSED[Format.OTHER_SOUND]),
    "a MKV": (b"\x1a\x45\xdf\xa3" + bytes(90), texts.REFUSED[Format.OTHER_FILM]),
    "only a head": (b"\xff\xd8\xff\xe0" + bytes(100), texts.BROKEN_PICTURE),
    "half a JPEG": (noise(900, 700)[:60_000], texts.BROKEN_PICTURE),
    "half a PNG": (a_picture(kind="PNG")[:900], texts.BROKEN_PICTURE),
    "half a WebP": (a_picture(kind="WEBP")[:400], texts.BROKEN_PICTURE),
    "half a GIF": (a_picture(kind="GIF", mode="P")[:1500], texts.BROKEN_PICTURE),
    "half a TIFF": (a_picture(kind="TIFF", compression="tiff_lzw")[:3000], texts.BROKEN_PICTURE),
    "half a HEIC": (HEIC[:-200], texts.BROKEN_PICTURE),
    "rubbish called HEIC": (b"\x00\x00\x00\x18ftypheic" + bytes(400), texts.BROKEN_PICTURE),
    "rubbish called AVIF": (b"\x00\x00\x00\x18ftypavif" + bytes(400), texts.BROKEN_PICTURE),
    "a PNG bomb": (a_bomb(), PNG_PIXELS),
    "a PNG bomb a little too large": (a_bomb(7_072), PNG_PIXELS),
    "a PNG bomb no larger than allowed": (a_bomb(7_000), texts.BROKEN_PICTURE),
    "a PNG bomb of words": (a_text_bomb(), texts.BROKEN_PICTURE),
    "a GIF bomb of frames": (a_gif_bomb(), texts.TOO_MANY_FRAMES),
    "a GIF bomb of one frame": (a_large_gif(), PNG_PIXELS),
    "a TIFF bomb": (a_tiff_bomb(), PNG_PIXELS),
    "a TIFF bomb of pages": (a_tiff_of_pages(600), texts.TOO_MANY_FRAMES),
    "a HEIC bomb": (a_heic_bomb(), JPEG_PIXELS),
    "a WebP bomb": (a_webp_bomb(), PIXELS(1600)),
    "a JPEG and an archive": (an_archive_too(a_photo()), texts.TWOFOLD),
    "a JPEG and a page": (a_photo() + b"<html><script>x()</script>", texts.TWOFOLD),
    "a JPEG and a program": (a_photo() + b"<?php system($_GET[0]); ?>", texts.TWOFOLD),
    "a JPEG and a PDF": (a_photo()[:20] + b"%PDF-1.4" + a_photo()[20:], texts.TWOFOLD),
    "a GIF and a script": (a_gif_script(), texts.TWOFOLD),
    "a HEIC and an archive": (an_archive_too(HEIC), texts.TWOFOLD),
    "a film and an archive": (an_archive_too(a_film()), texts.TWOFOLD),
    "a recording and an archive": (an_archive_too(an_mp3()), texts.TWOFOLD),
    "a PDF and an archive": (an_archive_too(a_pdf()), texts.TWOFOLD),
    "half a film": (a_film()[:-3000], texts.BROKEN_FILM),
    "a film of nothing": (a_film_of_nothing(), texts.BROKEN_FILM),
    "half an M4A": (an_m4a()[:-3000], texts.BROKEN_SOUND),
    "a film's head": (b"\x00\x00\x00\x18ftypmp42" + bytes(300), texts.BROKEN_FILM),
    "half an AMR": (an_amr()[:-5], texts.BROKEN_SOUND),
    "rubbish called MP3": (b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(300), texts.BROKEN_SOUND),
    "half a PDF": (a_pdf()[:-20], texts.BROKEN_PAPER),
    "a PDF that ends early": (a_pdf() + bytes(2000), texts.BROKEN_PAPER),
    "a sealed PDF": (a_pdf(trailer=b"/Encrypt 9 0 R"), texts.SEALED_PAPER),
    "a PDF that acts": (a_pdf(ACTS), texts.ACTIVE_PAPER),
    "a PDF that acts under another name": (
        a_pdf(ACTS.replace(b"/JavaScript", b"/J#61v#61Script")),
        texts.ACTIVE_PAPER,
    ),
    "a PDF that acts from its pack": (a_pdf(an_object_stream(ACTS)), texts.ACTIVE_PAPER),
    "a PDF that acts from a nameless pack": (
        a_pdf(an_object_stream(ACTS, kind=b"")),
        texts.ACTIVE_PAPER,
    ),
    "a PDF that starts programs": (
        a_pdf(b"<< /S /Launch /F (calc.exe) >>"),
        texts.ACTIVE_PAPER,
    ),
    "a PDF packed strangely": (
        a_pdf(an_object_stream(ACTS.hex().encode(), more=b"/Filter /ASCIIHexDecode")),
        texts.ACTIVE_PAPER,
    ),
    "a PDF packed as it says elsewhere": (
        a_pdf(an_object_stream(ACTS.hex().encode(), more=b"/Filter 9 0 R")),
        texts.ACTIVE_PAPER,
    ),
    "a PDF that acts from a pack that begins as it says elsewhere": (
        a_pdf(an_object_stream(ACTS, kind=b"").replace(b"/First 5", b"/First 9 0 R")),
        texts.ACTIVE_PAPER,
    ),
    "a PDF with a bomb inside": (
        a_pdf(an_object_stream(bytes(17 * MIB))),
        texts.ACTIVE_PAPER,
    ),
    "a PDF with files inside": (
        a_pdf(b"<< /Type /EmbeddedFile /Length 0 >>"),
        texts.PACKED_PAPER,
    ),
    "a PDF with packed files inside": (
        a_pdf(an_object_stream(b"<< /EmbeddedFiles 5 0 R >>")),
        texts.PACKED_PAPER,
    ),
}


@pytest.mark.parametrize(("content", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_not_fit_is_refused_with_its_reason_at_once(
    store: ObjectStore, content: bytes, sentence: str
) -> None:
    with quickly(), pytest.raises(RefusedError) as refused:
        look(store, content)
    assert str(refused.value) == sentence
    assert 10 < len(sentence) <= 200
    assert "请" in sentence  # what to do instead


@pytest.mark.parametrize(
    ("content", "name", "told", "real"),
    [
        (a_film(), "photo.jpg", "照片", FileKind.VIDEO),
        (an_mp3(), "film.MP4", "视频", FileKind.AUDIO),
        (a_photo(), "song.mp3", "录音", FileKind.IMAGE),
        (a_pdf(), "scan.png", "照片", FileKind.PAPER),
        (a_photo(), "家谱.pdf", "PDF", FileKind.IMAGE),
        (a_photo(), "好看.exe", "程序或网页", FileKind.IMAGE),
        (a_picture(kind="GIF", mode="P"), "x.html", "程序或网页", FileKind.IMAGE),
    ],
)
def test_a_name_that_lies_is_refused(
    store: ObjectStore, content: bytes, name: str, told: str, real: FileKind
) -> None:
    with pytest.raises(RefusedError) as refused:
        look(store, content, name)
    assert str(refused.value) == texts.lies(told, real)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<html><body onload=alert(1)>", "photo.jpg"),
        (b"MZ" + bytes(300), "photo.jpg"),
        (b"<svg/>", "photo.png"),
    ],
)
def test_a_picture_by_name_alone_is_what_it_is(
    store: ObjectStore, content: bytes, name: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        look(store, content, name)
    assert "不能收" in str(refused.value)
    assert str(refused.value) in texts.REFUSED.values()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("..\\..\\windows\\win.jpg", "win.jpg"),
        ("C:\\照片\\全家.jpg", "全家.jpg"),
        ("a\x00b.jpg", "ab.jpg"),
        ("gpj.\u202eexe.jpg", "gpj.exe.jpg"),
        ("a\r\nSet-Cookie: x.jpg", "a Set-Cookie: x.jpg"),
        ("长" * 300 + ".jpg", "长" * 76 + ".jpg"),
    ],
)
def test_a_hostile_name_does_no_harm(store: ObjectStore, name: str, shown: str) -> None:
    assert own_texts.file_name(name) == shown
    for called in (name, shown):
        assert look(store, a_photo(), called).kind is FileKind.IMAGE
    kept = [path for path in store.folder.rglob("*") if path.is_file() and "wait" not in path.name]
    assert len(kept) == 2
    assert all(path.name.isalnum() for path in kept)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(a_photo(), FileKind.IMAGE), (an_amr(), FileKind.AUDIO), (a_pdf(), FileKind.PAPER)],
)
def test_a_file_of_26_mib_is_refused_before_it_is_read(
    store: ObjectStore, content: bytes, kind: FileKind
) -> None:
    assert rules.MOST_BYTES[kind] == 25 * MIB
    with quickly(), pytest.raises(RefusedError) as refused:
        look(store, content + bytes(26 * MIB))
    assert str(refused.value) == texts.too_large(kind)
    assert "最多 25 MB" in str(refused.value)


def test_a_film_may_be_larger(store: ObjectStore) -> None:
    box = (30 * MIB).to_bytes(4, "big") + b"free"
    assert look(store, a_film() + box + bytes(30 * MIB - 8)).kind is FileKind.VIDEO
    with pytest.raises(RefusedError, match="视频最多 50 MB"):
        look(store, a_film() + bytes(51 * MIB))


def test_what_is_not_in_the_store_is_missing(store: ObjectStore) -> None:
    file = a_file(store, a_photo())
    assert file.object_key is not None
    store.delete(file.object_key)
    with pytest.raises(MissingObjectError):
        looking.look(store, file)
    with pytest.raises(MissingObjectError):
        looking.look(store, a_file(store, a_photo(), object_key=None))


@pytest.mark.parametrize(
    ("setting", "value", "content"),
    [("MEMORY_BYTES", 120_000_000, a_large_png(6_900, 6_900)), ("WALL_S", 0.001, a_photo())],
)
def test_what_needs_too_much_is_refused(
    store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: float,
    content: bytes,
) -> None:
    monkeypatch.setattr(images, setting, value)
    with quickly(), pytest.raises(RefusedError) as refused:
        look(store, content)
    assert str(refused.value) == texts.TOO_HARD


MEASURED: Final = """
import resource, sys
from dataclasses import replace
from pathlib import Path
from tests.treasures.sent_files import a_file
from wx_archive.core.errors import RefusedError
from wx_archive.media.objects import ObjectStore
from wx_archive.treasures import looking
store = ObjectStore(Path(sys.argv[1]))
file = a_file(store, b"any")
def told(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))
before = told("VmRSS")
for key in sys.argv[2:]:
    try:
        looking.look(store, replace(file, object_key=key))
    except RefusedError as err:
        pass
print(told("VmHWM") - before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_no_hostile_file_takes_more_than_256_mib(store: ObjectStore) -> None:
    bombs = [content for name, (content, _) in HOSTILE.items() if "bomb" in name]
    bombs.append(a_large_png(7_000, 7_000))
    keys = [a_file(store, content).object_key or "" for content in bombs]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, store.folder, *keys],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    ours_kib, childs_kib = (int(told) for told in done.stdout.split())
    assert ours_kib < 64 * 1024
    assert 64 * 1024 < childs_kib < 256 * 1024  # the largest that may come in needs much of it


# -- what is seen of a picture ----------------------------------------------------------------


def distance(one: Looked, other: Looked) -> int:
    return (int(one.likeness, 16) ^ int(other.likeness, 16)).bit_count()


def scaled(content: bytes, width: int, quality: int) -> bytes:
    picture = Image.open(io.BytesIO(content))
    out = io.BytesIO()
    picture.resize((width, width * picture.height // picture.width)).save(
        out, "JPEG", quality=quality
    )
    return out.getvalue()


def test_the_same_picture_sent_again_smaller_looks_alike(store: ObjectStore) -> None:
    page, other = look(store, a_page()), look(store, noise(1200, 900))
    smaller = look(store, scaled(a_page(), 900, 50))
    assert len(page.likeness) == 16
    assert distance(page, smaller) <= 6
    assert distance(page, other) > 10


def test_a_photo_is_seen_upright(store: ObjectStore) -> None:
    upright = look(store, a_telling_photo())
    lying = look(store, a_telling_photo(orientation=6))
    assert (upright.width_px, upright.height_px) == (1200, 800)
    assert (lying.width_px, lying.height_px) == (800, 1200)
    assert distance(upright, lying) > 4


def test_a_tiff_that_lies_on_its_side_is_seen_upright(store: ObjectStore) -> None:
    looked = look(store, a_picture(kind="TIFF", tiffinfo={0x0112: 6}))
    assert (looked.width_px, looked.height_px) == (800, 1200)


@pytest.mark.parametrize(
    ("taken", "told"),
    [
        ("1985:06:01 09:30:00", "1985-06-01"),
        ("2024-02-29 00:00:00", "2024-02-29"),
        ("0000:00:00 00:00:00", ""),
        ("2023:02:30 10:00:00", ""),
        ("    :  :     :  :  ", ""),
        ("gestern", ""),
        ("", ""),
    ],
)
def test_the_day_is_told_where_it_makes_sense(store: ObjectStore, taken: str, told: str) -> None:
    assert look(store, a_telling_photo(taken=taken)).taken_text == told


def test_notes_that_make_no_sense_do_not_cost_the_picture(store: ObjectStore) -> None:
    looked = look(store, a_picture(exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff" + bytes(30)))
    assert (looked.width_px, looked.taken_text) == (1200, "")


@pytest.mark.parametrize(
    ("content", "is_dark", "is_blurred"),
    [
        (a_page(), False, False),
        (a_page(blur_px=4), False, False),
        (a_page(blur_px=20), False, True),
        (a_page(light=0.5), False, False),
        (a_page(light=0.2), True, False),
        (a_page(light=0.08), True, False),
        (a_picture(), False, False),
        (noise(1600, 1200), False, False),
        (a_picture(40, 40), False, False),
    ],
    ids=["good", "soft", "blurred", "dim", "dark", "black", "drawn", "noise", "tiny"],
)
def test_only_clear_cases_are_called_dark_or_blurred(
    store: ObjectStore, content: bytes, *, is_dark: bool, is_blurred: bool
) -> None:
    looked = look(store, content)
    assert (looked.is_dark, looked.is_blurred) == (is_dark, is_blurred)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        *(("CMYK", "JPEG"), ("L", "JPEG"), ("P", "PNG"), ("LA", "PNG"), ("RGBA", "PNG")),
        *(("1", "TIFF"), ("L", "TIFF"), ("CMYK", "TIFF"), ("F", "TIFF")),
        *(("I;16", "PNG"), ("I;16", "TIFF")),
    ],
)
def test_every_way_to_keep_colours_can_be_looked_at(
    store: ObjectStore, mode: str, kind: str
) -> None:
    if mode == "I;16":
        out = io.BytesIO()
        Image.linear_gradient("L").resize((600, 400)).convert("I").point(
            lambda value: value * 256
        ).convert("I;16").save(out, kind)
        content = out.getvalue()
    else:
        content = a_picture(600, 400, kind, mode=mode)
    looked = look(store, content)
    assert (looked.width_px, looked.height_px, looked.is_dark) == (600, 400, False)
