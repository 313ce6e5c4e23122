"""Calling the platform: one token for everybody, one refresh, and no silent failure."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tests.wechat.deliveries import APP_ID, settings_for
from wx_archive import demo
from wx_archive.core.clock import seconds
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.core.store import Store, open_store
from wx_archive.simulator import app as simulator
from wx_archive.wechat.client import Platform, PlatformError

BUTTONS: list[dict[str, Any]] = [{"type": "click", "name": "查档案", "key": "lookup.start"}]
TOKEN_KEY = f"token:{APP_ID}"
Reply = tuple[int, str]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = Database(f"sqlite:///{tmp_path / 'archive.db'}")
    opened, close = open_store(database, "")
    yield opened
    close()
    database.dispose()


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Settings]:
    """Settings whose platform is a running simulator."""
    settings = settings_for(data_dir=tmp_path)
    with simulator.running(demo.simulator_config(settings)) as url:
        yield settings.model_copy(update={"wechat_api_url": url})


@contextmanager
def platform_of(settings: Settings, store: Store, **options: Any) -> Iterator[Platform]:
    platform = Platform(settings, store, **options)
    try:
        yield platform
    finally:
        platform.close()


class Broken:
    """A platform that answers as told, call by call, and remembers what it was asked."""

    def __init__(self, *answers: Reply | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.ended = threading.Event()

    def __call__(self, request: Request) -> Response:
        body = json.loads(request.get_data() or b"{}")
        self.asked.append((request.path, request.args.get("access_token", ""), body))
        answer = self.answers.pop(0) if self.answers else (200, "{}")
        if answer is None:
            self.ended.wait(10)
            answer = (200, "{}")
        return Response(answer[1], status=answer[0])

    @property
    def paths(self) -> list[str]:
        return [path for path, _token, _body in self.asked]


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 -- werkzeug's name
        pass


@contextmanager
def serving(answer: Callable[[Request], Response]) -> Iterator[str]:
    application = Request.application(answer)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(store: Store, broken: Broken, *, url: str = "") -> None:
    """Ask a platform for its menu."""
    with serving(broken) as own_url:
        settings = settings_for(wechat_api_url=url or own_url)
        with platform_of(settings, store) as platform:
            assert platform.menu() == BUTTONS


def refusal(store: Store, broken: Broken, *, url: str = "") -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        ask(store, broken, url=url)
    return caught.value


def a_token(value: str = "TOKEN-1") -> Reply:
    return 200, json.dumps({"access_token": value, "expires_in": 7200})


REFUSED_TOKEN = (200, '{"errcode": 40001, "errmsg": "invalid credential rid: 1"}')
A_MENU = (200, json.dumps({"menu": {"button": BUTTONS}}))


def test_a_menu_is_pushed_and_read_back(simulated: Settings, store: Store) -> None:
    with platform_of(simulated, store) as platform:
        assert platform.menu() is None
        platform.push_menu(BUTTONS)
        assert [button["name"] for button in platform.menu() or []] == ["查档案"]


def test_a_refusal_carries_wechats_code(simulated: Settings, store: Store) -> None:
    with platform_of(simulated, store) as platform, pytest.raises(PlatformError) as caught:
        platform.push_menu([{"type": "click", "name": "", "key": "x"}])
    assert caught.value.code is not None
    assert 40_000 < caught.value.code < 50_000


def test_the_token_is_shared_through_the_store(simulated: Settings, store: Store) -> None:
    with platform_of(simulated, store) as platform:
        platform.menu()
    held = store.get(TOKEN_KEY)
    assert held
    with platform_of(simulated, store) as platform:
        platform.menu()
    assert store.get(TOKEN_KEY) == held


def test_one_token_serves_many_calls_of_many_processes(store: Store) -> None:
    broken = Broken(a_token(), A_MENU, A_MENU, A_MENU)
    with serving(broken) as url:
        settings = settings_for(wechat_api_url=url)
        for _ in range(3):
            with platform_of(settings, store) as platform:
                platform.menu()
    assert broken.paths == ["/cgi-bin/stable_token", *["/cgi-bin/menu/get"] * 3]
    assert {token for _path, token, _body in broken.asked[1:]} == {"TOKEN-1"}
    assert broken.asked[0][2]["force_refresh"] is False


def test_a_token_that_the_simulator_refuses_is_replaced(simulated: Settings, store: Store) -> None:
    store.put({TOKEN_KEY: (b"forged-or-old", seconds(7_000))})
    with platform_of(simulated, store) as platform:
        platform.push_menu(BUTTONS)
        assert platform.menu()
    assert store.get(TOKEN_KEY) != b"forged-or-old"


def test_a_refused_token_leads_to_one_refresh_and_one_retry(store: Store) -> None:
    store.put({TOKEN_KEY: (b"TOKEN-0", seconds(7_000))})
    broken = Broken(REFUSED_TOKEN, a_token("TOKEN-1"), REFUSED_TOKEN, a_token("TOKEN-2"))
    assert refusal(store, broken).code == 40001
    assert [(path, token) for path, token, _body in broken.asked] == [
        ("/cgi-bin/menu/get", "TOKEN-0"),
        ("/cgi-bin/stable_token", ""),
        ("/cgi-bin/menu/get", "TOKEN-1"),
    ]


def test_the_very_token_that_was_refused_is_renewed_by_force_once(store: Store) -> None:
    store.put({TOKEN_KEY: (b"TOKEN-0", seconds(7_000))})
    broken = Broken(REFUSED_TOKEN, a_token("TOKEN-0"), a_token("TOKEN-1"), A_MENU)
    ask(store, broken)
    forced = [body.get("force_refresh") for _path, _token, body in broken.asked]
    assert forced == [None, False, True, None]


def test_another_refusal_is_not_tried_again(store: Store) -> None:
    broken = Broken(a_token(), (200, '{"errcode": 45009, "errmsg": "quota"}'))
    assert refusal(store, broken).code == 45009
    assert len(broken.asked) == 2


NONSENSE = {
    "a page of a proxy": (200, "<html>502 Bad Gateway</html>"),
    "nothing": (200, ""),
    "a list": (200, "[]"),
    "a number": (200, "0"),
    "half an answer": (200, '{"menu": {"butt'),
    "an error of a proxy": (502, "<html>"),
    "an error in JSON": (502, json.dumps({"menu": {"button": BUTTONS}})),
    "an overload": (503, "{}"),
    "a redirect": (302, "{}"),
    "a code that is no number": (200, '{"errcode": "none"}'),
    "a code that is null": (200, '{"errcode": null}'),
    "no menu in it": (200, '{"errcode": 0}'),
    "a menu that is none": (200, '{"menu": []}'),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_an_answer_that_is_none_is_an_error_of_unknown_outcome(what: str, store: Store) -> None:
    broken = Broken(a_token(), NONSENSE[what])
    assert refusal(store, broken).code is None
    assert len(broken.asked) == 2


@pytest.mark.parametrize("answer", [(200, "{}"), (200, '{"access_token": 5}'), (500, "oops")])
def test_a_token_answer_without_a_token_is_an_error(answer: Reply, store: Store) -> None:
    assert refusal(store, Broken(answer)).code is None
    assert store.get(TOKEN_KEY) is None


def test_silence_is_an_error_of_unknown_outcome_in_time(store: Store) -> None:
    broken = Broken(a_token(), None)
    with serving(broken) as url:
        settings = settings_for(wechat_api_url=url)
        with platform_of(settings, store, timeout_s=(0.3, 0.3)) as platform:
            started = time.monotonic()
            with pytest.raises(PlatformError) as caught:
                platform.push_menu(BUTTONS)
            assert time.monotonic() - started < 2
            broken.ended.set()
    assert caught.value.code is None
    assert broken.paths.count("/cgi-bin/menu/create") == 1


def test_a_platform_that_is_not_there_is_an_error_of_unknown_outcome(store: Store) -> None:
    nobody = f"http://127.0.0.1:{demo.free_port()}"
    assert refusal(store, Broken(), url=nobody).code is None


def test_every_call_goes_to_the_address_of_the_settings(store: Store) -> None:
    broken = Broken(a_token(), A_MENU, (200, '{"errcode": 0}'))
    with serving(broken) as url:
        settings = settings_for(wechat_api_url=f"{url}/proxy/")
        with platform_of(settings, store) as platform:
            platform.menu()
            platform.push_menu(BUTTONS)
    assert broken.paths == [
        "/proxy/cgi-bin/stable_token",
        "/proxy/cgi-bin/menu/get",
        "/proxy/cgi-bin/menu/create",
    ]


def test_chinese_words_travel_as_themselves(store: Store) -> None:
    broken = Broken(a_token(), (200, '{"errcode": 0}'))
    with serving(broken) as url, platform_of(settings_for(wechat_api_url=url), store) as platform:
        platform.push_menu(BUTTONS)
    assert broken.asked[-1][2] == {"button": BUTTONS}
