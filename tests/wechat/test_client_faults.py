"""When the platform or what lies in between fails: what is repeated, what is known, what leaks."""

import io
import logging
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from tests.wechat.deliveries import OPENID, settings_for
from tests.wechat.fake_platform import (
    A_MENU,
    BUTTONS,
    OK,
    TOKEN_KEY,
    Answer,
    Scripted,
    VirtualTime,
    platform_of,
    refused,
    serving,
    speaking,
)
from wx_archive import demo
from wx_archive.core.clock import seconds
from wx_archive.core.settings import DEMO_CREDENTIALS
from wx_archive.core.store import Store
from wx_archive.wechat import transport
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import (
    BusyError,
    PlatformError,
    QuotaError,
    TokenRefusedError,
    UnknownOutcomeError,
)
from wx_archive.wechat.transport import TIMEOUT_S
from wx_archive.wechat.transport import Answer as Unread

TOKEN = "TOKEN-THAT-NOBODY-MAY-READ"
SECRET = DEMO_CREDENTIALS["wechat_app_secret"]
CODE = "C-0-D-E-9"
WORDS = "房产证在哪里查"
PICTURE = b"\x89PNG" + bytes(range(256)) * 20
UNKNOWN_ANSWERS: dict[str, Answer] = {
    "a page of a proxy": (200, "<html>welcome</html>"),
    "half an answer": (200, '{"errcode": 0, "err'),
    "a refusal of something in between": (403, "{}"),
    "a refusal that looks like wechats": (403, refused(40003)[1]),
    "a redirect": (302, "{}"),
    "no content": (204, ""),
    "a claim instead of a code": (200, '{"errcode": false}'),
}
BROKEN_SERVERS: dict[str, Answer] = {
    "an error of a proxy": (502, "<html>"),
    "an error in JSON": (502, A_MENU[1]),
    "an error that looks like success": (500, OK[1]),
    "an overload": (503, "{}"),
}


@contextmanager
def calling(store: Store, url: str, **options: Any) -> Iterator[Platform]:
    """A platform that has a token already."""
    store.put({TOKEN_KEY: (TOKEN.encode(), seconds(7_000))})
    with platform_of(settings_for(wechat_api_url=url), store, **options) as platform:
        yield platform


def ask(
    store: Store, *answers: Answer, act: Callable[[Platform], object], **options: Any
) -> Scripted:
    script = Scripted(*answers)
    with serving(script) as url, calling(store, url, **options) as platform:
        act(platform)
    return script


def failure(
    store: Store, *answers: Answer, act: Callable[[Platform], object], **options: Any
) -> tuple[PlatformError, Scripted]:
    script = Scripted(*answers)
    with (
        serving(script) as url,
        calling(store, url, **options) as platform,
        pytest.raises(PlatformError) as caught,
    ):
        act(platform)
    return caught.value, script


def menu(platform: Platform) -> None:
    assert platform.menu() == BUTTONS


def send(platform: Platform) -> None:
    platform.send_text(OPENID, WORDS)


def oauth(platform: Platform) -> None:
    platform.oauth_openid(CODE)


@pytest.mark.parametrize("code", [-1, -1000])
@pytest.mark.parametrize("act", [menu, send])
def test_a_busy_wechat_did_nothing_and_is_asked_again(
    act: Callable[[Platform], object], code: int, store: Store
) -> None:
    last = A_MENU if act is menu else OK
    time = VirtualTime()
    script = ask(store, refused(code), refused(code), last, act=act, sleep=time.sleep)
    assert len(script.asked) == 3
    assert len({asked.body for asked in script.asked}) == 1
    assert 0.25 <= time.slept[0] <= 0.75
    assert 0.5 <= time.slept[1] <= 1.5


def test_the_pauses_between_tries_are_not_all_alike(store: Store) -> None:
    time = VirtualTime()
    for _ in range(4):
        failure(store, *[refused(-1)] * 3, act=menu, sleep=time.sleep)
    assert len(set(time.slept)) == 8


def test_three_tries_are_all(store: Store) -> None:
    error, script = failure(store, *[refused(-1)] * 9, act=send)
    assert (type(error), error.code) == (BusyError, -1)
    assert len(script.asked) == 3


@pytest.mark.parametrize("what", BROKEN_SERVERS)
def test_after_a_broken_answer_only_a_repeatable_call_is_made_again(
    what: str, store: Store
) -> None:
    broken = BROKEN_SERVERS[what]
    assert len(ask(store, broken, broken, A_MENU, act=menu).asked) == 3
    error, script = failure(store, broken, OK, act=send)
    assert isinstance(error, UnknownOutcomeError)
    assert (error.code, error.status) == (None, broken[0] if isinstance(broken, tuple) else 0)
    assert len(script.asked) == 1


@pytest.mark.parametrize("what", BROKEN_SERVERS)
def test_a_code_of_an_authorisation_is_not_spent_twice(what: str, store: Store) -> None:
    error, script = failure(store, BROKEN_SERVERS[what], act=oauth)
    assert isinstance(error, UnknownOutcomeError)
    assert len(script.asked) == 1


@pytest.mark.parametrize("what", UNKNOWN_ANSWERS)
@pytest.mark.parametrize("act", [menu, send])
def test_what_cannot_be_read_is_no_success_and_is_not_repeated(
    act: Callable[[Platform], object], what: str, store: Store
) -> None:
    error, script = failure(store, UNKNOWN_ANSWERS[what], OK, act=act)
    assert isinstance(error, UnknownOutcomeError)
    assert error.code is None
    assert len(script.asked) == 1


def test_a_redirect_is_not_followed(store: Store) -> None:
    elsewhere = Scripted(A_MENU)
    with serving(elsewhere) as other_url:

        def moved(_request: Request) -> Response:
            return Response(A_MENU[1], status=307, headers={"Location": f"{other_url}/cgi-bin"})

        error, _script = failure(store, moved, act=menu)
    assert isinstance(error, UnknownOutcomeError)
    assert elsewhere.asked == []


@pytest.mark.parametrize("act", [menu, send, oauth])
def test_silence_is_an_unknown_outcome_in_time_and_is_not_repeated(
    act: Callable[[Platform], object], store: Store
) -> None:
    script = Scripted(None)
    with serving(script) as url, calling(store, url, timeout_s=(0.3, 0.3)) as platform:
        with pytest.raises(UnknownOutcomeError):
            act(platform)
        script.ended.set()
    assert len(script.asked) == 1


def test_every_call_has_the_timeouts_of_the_promise(store: Store) -> None:
    assert TIMEOUT_S == (3.0, 10.0)
    script = Scripted(None, None)
    with (
        serving(script) as url,
        platform_of(settings_for(wechat_api_url=url), store, timeout_s=(0.2, 0.2)) as platform,
    ):
        for act in (menu, oauth):  # the first one waits for its token
            with pytest.raises(UnknownOutcomeError):
                act(platform)
        script.ended.set()
    assert script.paths == ["/cgi-bin/stable_token", "/sns/oauth2/access_token"]


@pytest.mark.parametrize("act", [menu, send, oauth])
def test_where_nobody_listens_nothing_was_done_and_it_is_tried_again(
    act: Callable[[Platform], object], store: Store
) -> None:
    time = VirtualTime()
    nobody = f"http://127.0.0.1:{demo.free_port()}"
    with calling(store, nobody, sleep=time.sleep) as platform, pytest.raises(BusyError) as caught:
        act(platform)
    assert caught.value.code is None
    assert len(time.slept) == 2


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


@contextmanager
def forgetful() -> Iterator[tuple[str, list[int]]]:
    """A server behind a firewall that forgets: each connection answers once, then nothing more."""
    kept: list[socket.socket] = []
    stopped = threading.Event()
    heard: list[int] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.05)

        def run() -> None:
            while not stopped.is_set():
                with suppress(TimeoutError):
                    line, _address = server.accept()
                    kept.append(line)
                    heard.append(len(line.recv(65_536)))
                    line.sendall(HEAD.replace(b"close", b"keep-alive"))
                    line.sendall(b'Content-Length: 14\r\n\r\n{"errcode": 0}')

        thread = threading.Thread(target=run)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
        stopped.set()
        thread.join()
        for line in kept:
            line.close()


def test_a_message_is_not_lost_in_a_connection_that_died_while_idle(store: Store) -> None:
    with forgetful() as (url, heard), calling(store, url, timeout_s=(1, 1)) as platform:
        for _ in range(3):
            send(platform)
    assert len(heard) == 3


TORN = {
    "hung up without a word": [],
    "hung up in the head": [b"HTTP/1.1 200 OK\r\nContent-Ty"],
    "hung up in the body": [HEAD, b"Content-Length: 100\r\n\r\n", b'{"errcode": 0}'],
    "hung up in a chunk": [HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b'40\r\n{"errcode": 0}'],
    "hung up between chunks": [
        HEAD,
        b"Transfer-Encoding: chunked\r\n\r\n",
        b'e\r\n{"errcode": 0}\r\n',
    ],
    "packed in nonsense": [HEAD, b"Content-Encoding: gzip\r\n\r\n", b'{"errcode": 0}'],
    "no HTTP at all": [b"SSH-2.0-OpenSSH_9.2\r\n"],
}


@pytest.mark.parametrize("what", TORN)
def test_a_torn_answer_is_an_unknown_outcome(what: str, store: Store) -> None:
    with speaking(*TORN[what]) as url, calling(store, url) as platform:
        with pytest.raises(UnknownOutcomeError):
            send(platform)
        into = io.BytesIO()
        with pytest.raises(UnknownOutcomeError):
            platform.download("M", into, max_bytes=1_000)
        assert into.getvalue() == b""


def test_a_torn_file_is_no_file(store: Store) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 99\r\n\r\n"
    with speaking(head, b"half") as url, calling(store, url) as platform:
        into = io.BytesIO()
        with pytest.raises(UnknownOutcomeError):
            platform.download("M", into, max_bytes=1_000)
    assert into.getvalue() == b""


def test_an_answer_without_an_end_is_cut_off(store: Store) -> None:
    padded = f'{{"errcode": 0, "x": "{"x" * transport.ANSWER_LIMIT_BYTES}"}}'
    error, script = failure(store, (200, padded), act=send)
    assert isinstance(error, UnknownOutcomeError)
    assert len(script.asked) == 1


def test_an_answer_that_drips_for_ever_is_given_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER_WITHIN_S", 0.2)
    drops = 0

    def drip(_request: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            nonlocal drops
            pause = Scripted().ended
            for _ in range(100):
                drops += 1
                pause.wait(0.05)
                yield b" "

        return Response(pieces(), content_type="application/json")

    error, _script = failure(store, drip, act=send)
    assert isinstance(error, UnknownOutcomeError)
    assert drops < 50


@pytest.mark.parametrize("first", [refused(-1), (503, "{}"), refused(40001)])
def test_the_upload_of_a_second_try_is_whole(first: Answer, store: Store) -> None:
    file = io.BytesIO(PICTURE)
    file.seek(0, io.SEEK_END)
    renewed = (200, '{"access_token": "TOKEN-2", "expires_in": 7200}')
    answers = [first, *([renewed] if first == refused(40001) else [])]
    done = (200, '{"type": "image", "media_id": "M1", "created_at": 1}')
    got = []
    script = ask(
        store, *answers, done, act=lambda platform: got.append(platform.upload("image", file))
    )
    uploads = [asked for asked in script.asked if asked.path == "/cgi-bin/media/upload"]
    assert got == ["M1"]
    assert len(uploads) == 2
    assert [asked.body.count(PICTURE) for asked in uploads] == [1, 1]
    assert {asked.params["type"] for asked in uploads} == {"image"}


def test_a_file_that_has_a_name_keeps_it_but_not_its_folder(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "secret-folder" / "photo.png"
    path.parent.mkdir()
    path.write_bytes(PICTURE)

    def upload(platform: Platform) -> None:
        with path.open("rb") as file:
            platform.upload("image", file)

    script = ask(store, (200, '{"media_id": "M1"}'), act=upload)
    assert b'filename="photo.png"' in script.asked[0].body
    assert b"secret-folder" not in script.asked[0].body


def test_an_upload_without_an_id_is_none(store: Store) -> None:
    def upload(platform: Platform) -> None:
        platform.upload("image", io.BytesIO(PICTURE))

    for answer in ("{}", '{"media_id": ""}', '{"media_id": 5}', '{"thumb_media_id": "M"}'):
        assert isinstance(failure(store, (200, answer), act=upload)[0], UnknownOutcomeError)


def test_the_picture_of_a_video_has_an_id_of_another_name(store: Store) -> None:
    got = []
    ask(
        store,
        (200, '{"type": "thumb", "thumb_media_id": "T1"}'),
        act=lambda platform: got.append(platform.upload("thumb", io.BytesIO(PICTURE))),
    )
    assert got == ["T1"]


LEAKY: dict[str, Answer] = {
    "a refused token": refused(40001, f"invalid credential {TOKEN} {SECRET} rid: 1"),
    "a bad follower": refused(40003, f"invalid openid {OPENID}"),
    "a quota": refused(45009, f"reach max {OPENID}"),
    "an unknown code": refused(
        99999, f"no idea {TOKEN} {SECRET} {OPENID} {WORDS} {CODE} rid: 12-ab"
    ),
    "a page": (200, f"<html>{TOKEN} {SECRET} {OPENID} {WORDS} {CODE}</html>"),
    "a broken server": (502, f"{TOKEN} {SECRET} {OPENID} {WORDS} {CODE}"),
    "silence": None,
}


@pytest.mark.parametrize("what", [*LEAKY, "nobody"])
@pytest.mark.parametrize("act", [send, oauth])
def test_no_log_line_and_no_trace_tells_a_secret(
    act: Callable[[Platform], object], what: str, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    script = Scripted(*[LEAKY.get(what)] * 5)
    with caplog.at_level(logging.INFO), serving(script) as own_url:
        url = f"http://127.0.0.1:{demo.free_port()}" if what == "nobody" else own_url
        with (
            calling(store, url, timeout_s=(0.2, 0.2)) as platform,
            pytest.raises(PlatformError) as caught,
        ):
            act(platform)
        script.ended.set()
    told = caplog.text + "".join(traceback.format_exception(caught.value))
    chain: BaseException | None = caught.value
    while chain is not None:
        told += repr(chain)
        chain = chain.__cause__ or chain.__context__
    assert "wechat.call_failed" in told
    for hidden in (TOKEN, SECRET, OPENID, CODE, WORDS):
        assert hidden not in told, hidden


def test_odd_headers_do_not_put_the_token_into_the_log(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nno colon here\r\nX: 1\r\n\r\n"
    with (
        caplog.at_level(logging.WARNING),
        speaking(head, b'{"errcode": 0}') as url,
        calling(store, url) as platform,
    ):
        send(platform)
    assert TOKEN not in caplog.text


def test_one_line_tells_code_path_and_number_of_a_refusal(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        error, _script = failure(store, refused(45015, "out of time rid: ab-12"), act=send)
    assert (error.code, error.rid, error.path) == (45015, "ab-12", "/cgi-bin/message/custom/send")
    lines = [record.message for record in caplog.records if record.name.startswith("wx_archive")]
    told = "kind=FollowerError code=45015 path=/cgi-bin/message/custom/send rid=ab-12"
    assert lines == [f"wechat.call_failed {told}"]


def test_words_that_are_no_text_do_not_stop_a_message(store: Store) -> None:
    script = ask(store, OK, act=lambda platform: platform.send_text(OPENID, "a\ud800b"))
    assert script.asked[0].json["text"] == {"content": "a?b"}


def test_a_message_sent_before_counts_as_sent(store: Store) -> None:
    """45065 answers a clientmsgid that was used; what it answers is the first send's number."""
    answers: list[dict[str, Any]] = []

    def read(answer: Unread) -> None:
        answers.append(answer.json(now=VirtualTime().now()))

    with (
        serving(
            Scripted((200, '{"errcode": 45065, "errmsg": "clientmsgid exist", "msg_id": 34182}'))
        ) as url,
        calling(store, url) as platform,
    ):
        platform._client.with_token(  # noqa: SLF001 -- no method sends to many yet
            transport.Call("post", "/cgi-bin/message/mass/sendall", body=b"{}"), read
        )
    assert answers[0]["msg_id"] == 34182


def test_what_must_wait_a_minute_is_not_tried_again_within_seconds(store: Store) -> None:
    error, script = failure(store, refused(45066), OK, act=send)
    assert isinstance(error, BusyError)
    assert len(script.asked) == 1


def test_the_kinds_of_trouble_are_told_apart(store: Store) -> None:
    kinds = {
        code: type(failure(store, *[refused(code)] * 3, act=send)[0])
        for code in (45009, 45011, 45066, 99999)
    }
    assert kinds == {45009: QuotaError, 45011: QuotaError, 45066: BusyError, 99999: PlatformError}
    assert not issubclass(QuotaError, BusyError)
    assert not issubclass(TokenRefusedError, BusyError)
