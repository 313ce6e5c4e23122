"""Films and recordings: how long they are, and which are refused."""

import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media.files import a_film, an_amr, an_mp3, box
from wx_archive.core.errors import RefusedError
from wx_archive.media import arrivals, ffprobe, texts
from wx_archive.media.arrivals import Facts
from wx_archive.media.objects import ObjectStore
from wx_archive.media.rules import MediaKind


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


@pytest.fixture(autouse=True)
def _without_ffprobe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look for ffprobe in an empty folder, and anew in every test."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    ffprobe.program.cache_clear()
    yield
    ffprobe.program.cache_clear()


def looked_at(store: ObjectStore, content: bytes, name: str = "file") -> Facts:
    return arrivals.receive(store, io.BytesIO(content), name=name).facts


def refusal(store: ObjectStore, content: bytes, name: str = "file") -> str:
    with pytest.raises(RefusedError) as refused:
        looked_at(store, content, name)
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []
    return str(refused.value)


# -- films ------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_long", [False, True])
def test_a_film_tells_its_size_and_length(store: ObjectStore, *, is_long: bool) -> None:
    facts = looked_at(store, a_film(12.5, size=(1280, 720), is_long=is_long), "会议.mp4")
    assert facts == Facts(MediaKind.VIDEO, "video/mp4", 1280, 720, 12_500)


def test_a_film_that_does_not_tell_its_length_has_none(store: ObjectStore) -> None:
    assert looked_at(store, a_film(0)).duration_ms is None


def test_a_film_whose_index_stands_last_is_read_as_well(store: ObjectStore) -> None:
    whole = a_film(3)
    begin = whole.index(b"moov") - 4
    head, index, data = whole[:begin], whole[begin:-5008], whole[-5008:]
    assert looked_at(store, head + data + index).duration_ms == 3000


@pytest.mark.parametrize("cut", [30, 100, 300, 4000])
def test_a_film_that_is_cut_off_is_refused(store: ObjectStore, cut: int) -> None:
    assert refusal(store, a_film()[:-cut]) == texts.BROKEN_FILM
    assert refusal(store, a_film()[: len(a_film()) - 5008 - cut // 4]) == texts.BROKEN_FILM


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (a_film(codec=b"hvc1"), texts.NOT_H264),
        (a_film(codec=b"vp09"), texts.NOT_H264),
        (a_film(handler=b"soun"), texts.NO_FILM),
        (a_film(brand=b"M4A "), texts.M4A),
        (a_film(brand=b"qt  "), texts.QUICKTIME),
        (a_film(brand=b"heic"), texts.HEIC),
        (box(b"ftyp", b"isom") + box(b"mdat", bytes(90)), texts.BROKEN_FILM),
        (box(b"ftyp", b"isom") + box(b"moov") + box(b"mdat"), texts.NO_FILM),
        (box(b"ftyp", b"isom") + b"\x00\x00\x00\x04moov", texts.BROKEN_FILM),
        (box(b"ftyp", b"isom") + b"\x00\x00\x00\x01moov" + b"\xff" * 8, texts.BROKEN_FILM),
        (box(b"ftyp", b"isom") * 20_000, texts.BROKEN_FILM),
        (b"\x1aE\xdf\xa3" + bytes(200), texts.UNKNOWN),
        (b"RIFF\x00\x10\x00\x00AVI " + bytes(200), texts.UNKNOWN),
    ],
)
def test_other_films_are_refused_with_what_to_do(
    store: ObjectStore, content: bytes, sentence: str
) -> None:
    assert refusal(store, content) == sentence


def test_boxes_inside_boxes_without_an_end_are_no_trap(store: ObjectStore) -> None:
    deep = b""
    for _each in range(2000):
        deep = box(b"trak", deep)
    film = box(b"ftyp", b"isom") + box(b"moov", deep) + box(b"mdat")
    assert refusal(store, film) == texts.NO_FILM


# -- recordings -------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.5, 10, 61])
def test_the_length_of_an_mp3_is_that_of_its_frames(store: ObjectStore, seconds: float) -> None:
    facts = looked_at(store, an_mp3(seconds), "口述.mp3")
    assert (facts.kind, facts.content_type) == (MediaKind.AUDIO, "audio/mpeg")
    assert facts.duration_ms == pytest.approx(seconds * 1000, abs=27)
    tagged = looked_at(store, an_mp3(seconds, tags=True), "口述.mp3")
    assert tagged.duration_ms == facts.duration_ms


def test_an_mp3_of_a_lower_rate_is_measured_too(store: ObjectStore) -> None:
    # MPEG 2, 64 kbit/s, 22.05 kHz: frames of 576 samples in 208 bytes.
    frames = (b"\xff\xf3\x80\x00" + bytes(204)) * 100
    assert looked_at(store, frames).duration_ms == 100 * 576_000_000 // 22_050_000


@pytest.mark.parametrize("mode", range(9))
def test_the_length_of_an_amr_is_that_of_its_frames(store: ObjectStore, mode: int) -> None:
    facts = looked_at(store, an_amr(5, mode=mode), "口述.amr")
    assert (facts.content_type, facts.duration_ms) == ("audio/amr", 5000)


def test_a_wide_amr_is_measured_by_its_own_table(store: ObjectStore) -> None:
    wide = b"#!AMR-WB\n" + (b"\x44" + bytes(60)) * 50
    assert looked_at(store, wide).duration_ms == 1000


@pytest.mark.parametrize(
    "content",
    [
        an_amr()[:-3],
        b"#!AMR\n",
        b"#!AMR\n" + b"\x64" * 50,
        an_mp3(1)[:500],
        b"\xff\xfb" + bytes(5000),
        b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(100),
        b"ID3",
        an_mp3(1) + b"<script>alert(1)</script>" * 200,
        b"\xff\xfb\x90",
        b"\xff\xfb" * 3000,
    ],
)
def test_a_recording_that_is_damaged_is_refused(store: ObjectStore, content: bytes) -> None:
    assert refusal(store, content) == texts.BROKEN_RECORDING


@pytest.mark.parametrize(
    "content", [b"OggS" + bytes(90), b"RIFF\x10\x00\x00\x00WAVE" + bytes(90), b"fLaC" + bytes(90)]
)
def test_other_recordings_are_refused(store: ObjectStore, content: bytes) -> None:
    assert refusal(store, content) == texts.UNKNOWN


def test_a_recording_above_25_mb_is_refused(store: ObjectStore) -> None:
    assert "音频最多 25 MB" in refusal(store, an_mp3(1) + bytes(26_000_000))
    assert "视频最多 50 MB" in refusal(store, a_film() + bytes(51_000_000))


# -- ffprobe, where it is installed -----------------------------------------------------------


def install(tmp_path: Path, script: str) -> None:
    """Put a program called ffprobe on the path."""
    program = tmp_path / "bin" / "ffprobe"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    ffprobe.program.cache_clear()


def says(tmp_path: Path, **told: object) -> None:
    """Have ffprobe print its JSON, and write down what it was asked."""
    answer = json.dumps(told).replace("'", "")
    log = tmp_path / "asked"
    install(tmp_path, f"echo \"$@\" > '{log}'\n/bin/cat <<'END'\n{answer}\nEND")


STREAMS = [
    {"index": 0, "codec_name": "h264", "codec_type": "video", "width": 640, "height": 360},
    {"index": 1, "codec_name": "aac", "codec_type": "audio", "sample_rate": "44100"},
]
FORMAT = {"format_name": "mov,mp4,m4a,3gp,3g2,mj2", "duration": "12.512000", "size": "1570024"}


def test_ffprobe_is_believed_where_it_is_installed(store: ObjectStore, tmp_path: Path) -> None:
    says(tmp_path, streams=STREAMS, format=FORMAT)
    assert looked_at(store, a_film(3)).duration_ms == 12_512
    asked = (tmp_path / "asked").read_text().split()
    assert asked[:4] == ["-v", "error", "-print_format", "json"]
    assert asked[-3:-1] == ["-protocol_whitelist", "file"]
    assert asked[-1].startswith(f"file:{store.folder}")
    assert looked_at(store, an_mp3(3)).duration_ms == 12_512


@pytest.mark.parametrize(
    "script",
    [
        "exit 1",
        "echo not JSON",
        "echo '[]'",
        'echo \'{"format": {"duration": "N/A"}}\'',
        "echo '{\"format\": {}}'",
        "kill -9 $$",
    ],
)
def test_without_an_answer_of_ffprobe_we_read_ourselves(
    store: ObjectStore, tmp_path: Path, script: str
) -> None:
    install(tmp_path, script)
    assert looked_at(store, a_film(3)).duration_ms == 3000


def test_an_ffprobe_that_hangs_is_not_waited_for(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ffprobe, "TIMEOUT_S", 0.2)
    install(tmp_path, "exec /bin/sleep 30")
    assert looked_at(store, a_film(3)).duration_ms == 3000


def test_a_film_of_another_codec_is_refused_by_what_ffprobe_says(
    store: ObjectStore, tmp_path: Path
) -> None:
    says(tmp_path, streams=[{**STREAMS[0], "codec_name": "hevc"}], format=FORMAT)
    assert refusal(store, a_film(3)) == texts.NOT_H264
