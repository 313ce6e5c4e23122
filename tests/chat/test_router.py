"""Who answers what, in which order; two handlers for one thing are refused at start."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from tests.chat.talks import Asking, a_router, read, says, tapped, typed
from tests.wechat.deliveries import xml
from wx_archive.chat.router import Dispatcher, Router, Stage, words_of
from wx_archive.chat.state import State
from wx_archive.wechat.inbound import Image, Text

ASKING = Asking(1)


def a_full_router() -> Router:
    """Register out of order, so that only the stages decide."""
    router = a_router()
    router.on_kind(Text)(says("kind"))
    for stage in reversed(Stage):
        router.on_words(stage)(says(stage.name))
    router.on_state(Asking)(says("state"))
    router.on_prefix("查")(says("prefix"))
    router.on_command("帮助", "?", "查 帮助")(says("command"))
    router.on_tap("open")(says("tap"))
    router.on_click("guide.*")(says("group"))
    router.on_click("guide.index")(says("exact"))
    return router


def order(told: str, state: State | None = None) -> list[tuple[str, str]]:
    """Return what each candidate would say, with its argument, most specific first."""
    message = read(told)
    found = Dispatcher([a_full_router()]).candidates(message, words_of(message), state)
    any_turn: Any = None
    return [(getattr(route.handler(any_turn), "text", ""), route.argument) for route in found]


def said(told: str, state: State | None = None) -> list[str]:
    return [text for text, _argument in order(told, state)]


ALWAYS = ["CONTEXT", "KEYWORD", "NUMBER", "LOOKUP", "SENTENCE", "INSTEAD", "kind", "otherwise"]


def test_the_order_of_understanding_is_the_promised_one() -> None:
    tap = typed("查 帮助", bizmsgmenuid="open.1")
    assert said(tap, ASKING) == ["tap", "command", "prefix", "state", *ALWAYS]


def test_ordinary_words_go_through_every_stage() -> None:
    assert said(typed("公积金")) == ALWAYS
    assert said(typed("公积金"), ASKING) == ["state", *ALWAYS]


def test_a_command_wins_over_the_state() -> None:
    assert said(typed("帮助"), ASKING)[:2] == ["command", "state"]


@pytest.mark.parametrize(
    "text", ["帮助", " 帮助 ", "帮助。", "帮助！！", "帮助？", "?", "\uff1f", "？？"]
)
def test_a_command_is_understood_in_any_width_and_with_marks_behind_it(text: str) -> None:
    assert ("command" in said(typed(text))) is (text != "？？")


def test_a_longer_sentence_is_no_command() -> None:
    assert said(typed("帮助我")) == ALWAYS


@pytest.mark.parametrize("text", ["查 公积金", "查\u3000公积金", "  查   公积金 "])
def test_a_prefix_hands_over_what_follows(text: str) -> None:
    assert order(typed(text))[0] == ("prefix", "公积金")


@pytest.mark.parametrize("text", ["查", "查 ", "查公积金"])
def test_a_prefix_needs_something_behind_it(text: str) -> None:
    assert "prefix" not in said(typed(text))


def test_a_tap_hands_over_its_argument() -> None:
    assert order(typed("1", bizmsgmenuid="open.01A.2"))[0] == ("tap", "01A.2")


@pytest.mark.parametrize("menu_id", ["say", "gone.1", ".", "OPEN.1"])
def test_a_tap_with_an_unknown_id_is_as_if_typed(menu_id: str) -> None:
    assert said(typed("公积金", bizmsgmenuid=menu_id)) == ALWAYS


def test_a_menu_key_finds_its_handler_or_its_group() -> None:
    assert order(tapped("guide.index"))[0] == ("exact", "")
    assert order(tapped("guide.desk"))[0] == ("group", "desk")
    assert said(tapped("gone.index")) == ["otherwise"]


def test_a_menu_key_is_never_read_as_words() -> None:
    assert said(tapped("帮助"), ASKING) == ["otherwise"]


def test_a_spoken_command_is_understood() -> None:
    spoken = xml(MsgType="voice", MediaId="m", Recognition="帮助。")
    assert said(spoken) == ["command", *ALWAYS[:-2], "otherwise"]


def test_a_kind_without_words_goes_to_its_handler() -> None:
    assert said(xml(MsgType="image", MediaId="m")) == ["otherwise"]
    router = a_router()
    router.on_kind(Image)(says("photo"))
    found = Dispatcher([router]).candidates(read(xml(MsgType="image", MediaId="m")), "", ASKING)
    assert [route.name for route in found] == ["own.says_photo", "own.says_otherwise"]


def test_handlers_of_one_stage_come_in_the_order_of_the_features() -> None:
    first, second = Router("first"), a_router("second")
    second.on_words(Stage.KEYWORD)(says("2"))
    first.on_words(Stage.KEYWORD)(says("1"))
    found = Dispatcher([first, second]).candidates(read(typed("x")), "x", None)
    assert [route.name for route in found][:2] == ["first.says_1", "second.says_2"]


def test_it_is_known_which_menu_keys_have_an_answer() -> None:
    dispatcher = Dispatcher([a_full_router()])
    assert dispatcher.answers_click("guide.anything")
    assert not dispatcher.answers_click("quiz.start")


CLAIMS: list[tuple[str, tuple[Any, ...]]] = [
    ("on_command", ("帮助",)),
    ("on_prefix", ("查",)),
    ("on_click", ("quiz.start",)),
    ("on_click", ("guide.*",)),
    ("on_tap", ("open",)),
    ("on_kind", (Image,)),
    ("on_state", (Asking,)),
]


@pytest.mark.parametrize(("register", "claim"), CLAIMS)
def test_two_handlers_for_one_thing_are_refused_at_start(
    register: str, claim: tuple[Any, ...]
) -> None:
    one, other = a_router("one"), Router("other")
    getattr(one, register)(*claim)(says("1"))
    getattr(other, register)(*claim)(says("2"))
    with pytest.raises(RuntimeError, match=r"answered by one\.says_1 and by other\.says_2"):
        Dispatcher([one, other])
    with pytest.raises(RuntimeError, match="answered by"):
        getattr(one, register)(*claim)(says("again"))


def test_one_command_in_two_widths_is_refused_too() -> None:
    router = a_router()
    router.on_command("n")(says("1"))
    with pytest.raises(RuntimeError, match="answered by"):
        router.on_command("\uff2e")(says("2"))


def test_exactly_one_handler_answers_what_nobody_else_does() -> None:
    for routers in ([], [Router("a")], [a_router("a"), a_router("b")]):
        with pytest.raises(RuntimeError, match="exactly one router"):
            Dispatcher(routers)


def test_two_states_of_one_name_are_refused_at_start() -> None:
    @dataclass(frozen=True)
    class Other:
        name: ClassVar[str] = "asking"
        version: ClassVar[int] = 1
        lasts: ClassVar[timedelta] = timedelta(minutes=1)

    router = a_router()
    router.on_state(Asking)(says("1"))
    router.on_state(Other)(says("2"))
    with pytest.raises(RuntimeError, match="'asking'"):
        Dispatcher([router])


def test_two_handlers_of_one_name_are_refused_at_start() -> None:
    router = a_router()
    router.on_command("n")(says("same"))
    router.on_click("n")(says("same"))
    with pytest.raises(RuntimeError, match=r"two handlers are called own\.says_same"):
        Dispatcher([router])


def test_what_is_slow_can_have_no_effect_of_its_own() -> None:
    with pytest.raises(RuntimeError, match="runs as a job"):
        a_router().on_command("n", effect=True, slow=True)(says("1"))
