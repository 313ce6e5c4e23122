"""`/h5/media/<pid>`: shown for as long as a piece that is out shows it, and not a moment longer."""

import io
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from tests.console import Office
from tests.media.files import a_film, a_photo, a_picture, an_mp3, box
from tests.media.showing import a_piece, an_office, bring, past
from wx_archive.core import clock
from wx_archive.media import forms, service
from wx_archive.media.objects import open_objects
from wx_archive.media.rules import Form
from wx_archive.media.service import Held
from wx_archive.publishing import pieces, showing
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import Column, Kind, PieceState

MISSING = "0123456789ABCDEFGHJKMNPQRS"


@pytest.fixture(scope="module")
def desk(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with an_office(_demo_data, tmp_path_factory.mktemp("pages") / "data") as opened:
        yield opened


_widths = count(300)


def fresh() -> bytes:
    """Return a picture that no other test shows."""
    return a_picture(next(_widths), 200)


def get(office: Office, pid: str, query: str = "", **headers: str) -> TestResponse:
    return office.stranger().client.get(f"/h5/media/{pid}{query}", headers=headers)


def shown(office: Office, content: bytes, **piece: object) -> Held:
    """Bring in a file that a piece which is out shows."""
    held = bring(office, content)
    a_piece(office, **{"body": f"![x](media:{held.pid})", "out_at": past(), **piece})  # type: ignore[arg-type] # a test's own
    return held


def test_a_picture_is_shown_in_the_forms_of_readers(desk: Office) -> None:
    held = shown(desk, a_photo())
    for query, size in (
        ("", (1080, 720)),
        ("?form=page", (1080, 720)),
        ("?form=cover", (900, 383)),
        ("?form=square", (200, 200)),
    ):
        answer = get(desk, held.pid, query)
        assert answer.status_code == 200
        assert answer.mimetype == "image/jpeg"
        assert Image.open(io.BytesIO(answer.data)).size == size
        assert b"Secret" not in answer.data
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize("form", ["original", "ORIGINAL", "huge", "../page", "page1", "\x00"])
def test_no_other_form_is_given_out(desk: Office, form: str) -> None:
    held = shown(desk, fresh())
    answer = desk.stranger().client.get(f"/h5/media/{held.pid}", query_string={"form": form})
    assert answer.status_code == 404


def test_hidden_and_missing_are_the_same_bytes(desk: Office) -> None:
    draft = bring(desk, fresh())
    a_piece(desk, body=f"![x](media:{draft.pid})", state=PieceState.DRAFT)
    later = bring(desk, fresh())
    a_piece(desk, cover=later.pid, out_at=clock.now().replace(year=2999))
    down = bring(desk, fresh())
    a_piece(desk, cover=down.pid, out_at=past(), withdrawn=True)
    gone = shown(desk, fresh())
    assert get(desk, gone.pid).status_code == 200
    with desk.database.begin() as session:
        service.withdraw(session, gone.pid, now=clock.now())
    missing = get(desk, MISSING)
    assert missing.status_code == 404
    nowhere = bring(desk, fresh())
    for held in (draft, later, down, gone, nowhere):
        for query in ("", "?form=square", "?form=original"):
            answer = get(desk, held.pid, query)
            assert answer.status_code == 404
            assert answer.data.replace(held.pid.encode(), b"") == get(
                desk, MISSING, query
            ).data.replace(MISSING.encode(), b"")
            assert dict(answer.headers) == dict(get(desk, MISSING, query).headers)


def test_a_withdrawal_counts_at_the_next_look_even_of_those_who_kept_it(desk: Office) -> None:
    held = shown(desk, fresh())
    answer = get(desk, held.pid)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    known = {"If-None-Match": answer.headers["ETag"]}
    again = get(desk, held.pid, **known)
    assert (again.status_code, again.data) == (304, b"")
    with desk.database.begin() as session:
        service.withdraw(session, held.pid, now=clock.now())
    assert get(desk, held.pid, **known).status_code == 404
    with desk.database.begin() as session:
        service.restore(session, held.pid)
    assert get(desk, held.pid, **known).status_code == 304
    assert get(desk, held.pid, "?form=square", **known).status_code == 200


def test_only_the_words_that_were_approved_show_their_pictures(desk: Office) -> None:
    old, new = bring(desk, fresh()), bring(desk, fresh())
    pid = a_piece(desk, body=f"![x](media:{old.pid})", out_at=past())
    assert get(desk, old.pid).status_code == 200
    with desk.database.begin() as session:
        piece = pieces.locked(session, pid)
        assert piece
        changed = Content.of(piece)
        changed = Content(changed.column, changed.kind, "改过", body=f"![y](media:{new.pid})")
        pieces.save(session, piece, changed, since=1, made_by="chen", now=clock.now())
    assert get(desk, new.pid).status_code == 404
    assert get(desk, old.pid).status_code == 200
    with desk.database.begin() as session:
        piece = pieces.locked(session, pid)
        assert piece
        pieces.move(piece, PieceState.APPROVED, now=clock.now())
    assert get(desk, new.pid).status_code == 200
    assert get(desk, old.pid).status_code == 404


def test_covers_sets_films_and_recordings_are_shown_too(desk: Office) -> None:
    cover, film, voice = (bring(desk, content) for content in (fresh(), a_film(), an_mp3()))
    a_piece(desk, kind=Kind.VIDEO, cover=cover.pid, assets=(film.pid,), out_at=past())
    a_piece(desk, kind=Kind.AUDIO, assets=(voice.pid,), out_at=past())
    assert get(desk, cover.pid).status_code == 200
    for held, mimetype, content in ((film, "video/mp4", a_film()), (voice, "audio/mpeg", an_mp3())):
        answer = get(desk, held.pid)
        assert (answer.status_code, answer.mimetype) == (200, mimetype)
        assert answer.data == content
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert get(desk, held.pid, "?form=page").status_code == 404
        assert get(desk, held.pid, "?form=original").status_code == 200


@pytest.mark.parametrize("more_bytes", [0, 3_000_000])
def test_a_film_is_given_out_piece_by_piece(desk: Office, more_bytes: int) -> None:
    content = a_film(7) + box(b"free", bytes(more_bytes))
    held = bring(desk, content)
    a_piece(desk, kind=Kind.VIDEO, assets=(held.pid,), out_at=past())
    for asked, start, stop in (
        ("bytes=0-1", 0, 2),
        ("bytes=100-199", 100, 200),
        ("bytes=5000-", 5000, len(content)),
        ("bytes=-50", len(content) - 50, len(content)),
    ):
        with closing(get(desk, held.pid, Range=asked)) as answer:
            assert answer.status_code == 206
            assert answer.data == content[start:stop]
        expected = f"bytes {start}-{stop - 1}/{len(content)}"
        assert answer.headers["Content-Range"] == expected
        assert answer.headers["Content-Length"] == str(stop - start)
    with closing(get(desk, held.pid)) as answer:
        assert answer.headers["Accept-Ranges"] == "bytes"
        tag = {"If-None-Match": answer.headers["ETag"]}
    with closing(get(desk, held.pid, **tag)) as answer:
        assert (answer.status_code, answer.data) == (304, b"")
    with closing(get(desk, held.pid, Range="bytes=9999999-")) as answer:
        assert answer.status_code == 416
    other = {"Range": "bytes=0-1", "If-Range": '"another"'}
    with closing(get(desk, held.pid, **other)) as answer:
        assert answer.data == content


def test_a_form_that_was_lost_is_made_again_and_an_original_is_not(desk: Office) -> None:
    held = shown(desk, fresh())
    before, store = get(desk, held.pid).data, open_objects(desk.settings)
    store.delete(forms.key_of(held, Form.PAGE))
    assert get(desk, held.pid).data == before
    store.delete(forms.key_of(held, Form.PAGE))
    store.delete(held.sha256)
    assert get(desk, held.pid).status_code == 404


def test_our_pages_may_show_films_from_here_and_nothing_from_elsewhere(desk: Office) -> None:
    for path in ("/", "/console/login"):
        policy = desk.stranger().get(path).headers["Content-Security-Policy"]
        assert "media-src 'self'" in policy
        assert "default-src 'none'" in policy


def test_what_shows_a_file_is_named(desk: Office) -> None:
    held = bring(desk, fresh())
    draft = a_piece(desk, title="草稿", cover=held.pid, state=PieceState.DRAFT)
    out = a_piece(desk, title="出来的", body=f"![x](media:{held.pid})", out_at=past())
    with desk.database.reads() as connection:
        uses = {use.pid: use for use in showing.uses(connection, held.pid, now=clock.now())}
    assert set(uses) == {draft, out}
    assert (uses[draft].is_out, uses[out].is_out) == (False, True)
    assert uses[draft].state is PieceState.DRAFT


def test_a_content_names_each_of_its_files_once() -> None:
    pids = [char * 26 for char in "ABCDE"]
    told = {"cover": pids[0], "assets": (pids[1], pids[2])}
    body = f'![a](media:{pids[3]}) ![b](media:{pids[0]} "c") media:{pids[4]} media:short'
    content = a_content(body=body, **told)
    assert content.media == (pids[0], pids[1], pids[2], pids[3], pids[4])


def a_content(**told: object) -> Content:
    return Content(
        Column.HISTORY,
        Kind.ARTICLE,
        "一座大坝",
        **told,  # type: ignore[arg-type] # a test's own
    )
