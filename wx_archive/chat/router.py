"""Who answers what, and the order in which words are understood.

Tap → command words → the state the follower is in → the list shown last → exact keywords and
guides → a known document number or reference code → lookup → a keyword inside the sentence → what
the sentence is likely about. The first handler that returns a reply has answered; a handler that
returns None says «not mine».
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Final, TypeVar

from wx_archive.chat.state import State
from wx_archive.chat.turn import Turn
from wx_archive.core.text import fold
from wx_archive.wechat.inbound import Inbound, MenuClick, Text, Voice
from wx_archive.wechat.replies import Reply

Handler = Callable[[Turn[Any]], Reply | None]
H = TypeVar("H", bound=Handler)
_TRAILING: Final = "。.!！?？,，~～ "


class Stage(IntEnum):
    """Where a words handler stands in the order of understanding."""

    CONTEXT = 1
    KEYWORD = 2
    NUMBER = 3
    LOOKUP = 4
    SENTENCE = 5
    INSTEAD = 6


@dataclass(frozen=True, slots=True)
class Route:
    """A handler with what it was found by.

    Attributes:
        effect: it writes, in the transaction that also keeps its reply.
        slow: it may take longer than WeChat waits: a job does it, the reply follows when it can.
    """

    name: str
    handler: Handler
    effect: bool
    slow: bool = False
    argument: str = ""

    def with_argument(self, argument: str) -> "Route":
        """Return the route as taken for one message."""
        return replace(self, argument=argument)


class Router:
    """The handlers of one feature, registered by decorators."""

    def __init__(self, feature: str) -> None:
        self.feature = feature
        self.commands: dict[str, Route] = {}
        self.prefixes: dict[str, Route] = {}
        self.clicks: dict[str, Route] = {}
        self.taps: dict[str, Route] = {}
        self.kinds: dict[type[Inbound], Route] = {}
        self.states: dict[type[State], Route] = {}
        self.stages: list[tuple[Stage, Route]] = []
        self.last: Route | None = None

    def on_command(self, *words: str, effect: bool = False, slow: bool = False) -> Callable[[H], H]:
        """Answer exactly these words, in any width and case."""
        return self._into(self.commands, *map(fold, words), effect=effect, slow=slow)

    def on_prefix(self, *words: str, effect: bool = False, slow: bool = False) -> Callable[[H], H]:
        """Answer «word, space, something»; the something is `turn.argument`."""
        return self._into(self.prefixes, *map(fold, words), effect=effect, slow=slow)

    def on_click(self, *keys: str, effect: bool = False, slow: bool = False) -> Callable[[H], H]:
        """Answer a menu key; ``guide.*`` takes every key below, the rest is `turn.argument`."""
        return self._into(self.clicks, *keys, effect=effect, slow=slow)

    def on_tap(self, *names: str, effect: bool = False) -> Callable[[H], H]:
        """Answer a live link whose id is ``name.argument``."""
        return self._into(self.taps, *names, effect=effect)

    def on_kind(self, *kinds: type[Inbound], effect: bool = False) -> Callable[[H], H]:
        """Answer a kind of message or event."""
        return self._into(self.kinds, *kinds, effect=effect)

    def on_state(self, kind: type[State], *, effect: bool = False) -> Callable[[H], H]:
        """Answer words while the follower is in a state."""
        return self._into(self.states, kind, effect=effect)

    def on_words(self, stage: Stage, *, effect: bool = False) -> Callable[[H], H]:
        """Offer to answer words at a stage of the order of understanding."""

        def register(handler: H) -> H:
            self.stages.append((stage, self._route(handler, effect=effect)))
            return handler

        return register

    def otherwise(self, handler: H) -> H:
        """Answer what nobody else does."""
        self.last = self._route(handler, effect=False)
        return handler

    def routes(self) -> Iterator[Route]:
        """Yield every route, some of them more than once."""
        tables: tuple[dict[Any, Route], ...] = (
            self.commands,
            self.prefixes,
            self.clicks,
            self.taps,
            self.kinds,
            self.states,
        )
        for table in tables:
            yield from table.values()
        yield from (route for _stage, route in self.stages)
        if self.last:
            yield self.last

    def _into(
        self, table: dict[Any, Route], *keys: object, effect: bool, slow: bool = False
    ) -> Callable[[H], H]:
        def register(handler: H) -> H:
            for key in keys:
                _claim(table, key, self._route(handler, effect=effect, slow=slow))
            return handler

        return register

    def _route(self, handler: Handler, *, effect: bool, slow: bool = False) -> Route:
        name = getattr(handler, "__name__", type(handler).__name__)
        if effect and slow:
            message = f"{name}: what is slow runs as a job and has no part in the message's effect"
            raise RuntimeError(message)
        return Route(f"{self.feature}.{name}", handler, effect, slow)


class Dispatcher:
    """All features' handlers; finds the candidates for a message, in order."""

    def __init__(self, routers: list[Router]) -> None:
        self._commands = _merge(router.commands for router in routers)
        self._prefixes = _merge(router.prefixes for router in routers)
        self._clicks = _merge(router.clicks for router in routers)
        self._taps = _merge(router.taps for router in routers)
        self._kinds = _merge(router.kinds for router in routers)
        self._states = _merge(router.states for router in routers)
        _merge({kind.name: route} for kind, route in self._states.items())  # stored by name
        stages = [pair for router in routers for pair in router.stages]
        self._stages = [route for _stage, route in sorted(stages, key=lambda pair: pair[0])]
        lasts = [router.last for router in routers if router.last]
        if len(lasts) != 1:
            message = f"exactly one router must answer what nobody else does, not {len(lasts)}"
            raise RuntimeError(message)
        self._last = lasts[0]
        self._by_name: dict[str, Route] = {}
        for route in (route for router in routers for route in router.routes()):
            if self._by_name.setdefault(route.name, route).handler is not route.handler:
                message = f"two handlers are called {route.name}: dead letters could not tell them"
                raise RuntimeError(message)

    def named(self, name: str) -> Route | None:
        """Return the handler of a name, as dead letters and jobs remember it."""
        return self._by_name.get(name)

    @property
    def state_kinds(self) -> tuple[type[State], ...]:
        """Every conversation state there is."""
        return tuple(self._states)

    def answers_click(self, key: str) -> bool:
        """Tell whether a menu key has a handler."""
        return self._click(key) is not None

    def candidates(self, message: Inbound, words: str, state: State | None) -> Iterator[Route]:
        """Yield the handlers that may answer, the most specific first."""
        if isinstance(message, MenuClick):
            if route := self._click(message.key):
                yield route
        elif words:
            yield from self._for_words(message, words, state)
        if route := self._kinds.get(type(message)):
            yield route
        yield self._last

    def _for_words(self, message: Inbound, words: str, state: State | None) -> Iterator[Route]:
        if isinstance(message, Text) and message.menu_id:
            name, _dot, argument = message.menu_id.partition(".")
            if name in self._taps:
                yield self._taps[name].with_argument(argument)
        folded = fold(words).rstrip(_TRAILING) or fold(words)
        if folded in self._commands:
            yield self._commands[folded]
        head, _space, rest = words.strip().replace("\u3000", " ").partition(" ")
        if rest.strip() and fold(head) in self._prefixes:
            yield self._prefixes[fold(head)].with_argument(rest.strip())
        if state is not None and type(state) in self._states:
            yield self._states[type(state)]
        yield from self._stages

    def _click(self, key: str) -> Route | None:
        if key in self._clicks:
            return self._clicks[key]
        group, _dot, rest = key.partition(".")
        found = self._clicks.get(f"{group}.*")
        return found.with_argument(rest) if found else None


def words_of(message: Inbound) -> str:
    """Return what was typed or said, or an empty text."""
    match message:
        case Text(content=content):
            return content.strip()
        case Voice(recognition=recognition):
            heard = (recognition or "").strip().rstrip(_TRAILING)
            return heard if len(heard) > 1 else ""  # 「嗯」 asks for nothing
        case _:
            return ""


def _claim(table: dict[Any, Route], key: object, route: Route) -> None:
    if key in table:
        message = f"{key!r} is answered by {table[key].name} and by {route.name}"
        raise RuntimeError(message)
    table[key] = route


def _merge(tables: Iterable[dict[Any, Route]]) -> dict[Any, Route]:
    merged: dict[Any, Route] = {}
    for table in tables:
        for key, route in table.items():
            _claim(merged, key, route)
    return merged
