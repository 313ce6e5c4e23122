"""Each application compiles its two hundred addresses anew; the tests make a thousand of them."""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]


def compile_each_address_once() -> None:
    """Let applications of this process share the functions that build their addresses.

    Such a function is made of the rule alone; what is the application's own (its converters) comes
    to it as an argument. Rules with defaults, whose values go into it, are compiled as ever.
    """
    compiling: Callable[[Rule, bool], Builder] = Rule._compile_builder  # noqa: SLF001 -- no other way
    known: dict[tuple[Any, ...], Builder] = {}

    def remembering(rule: Rule, append_unknown: bool = True) -> Builder:  # noqa: FBT001, FBT002 -- theirs
        if rule.defaults:
            return compiling(rule, append_unknown)
        key = (rule.rule, append_unknown, *rule._trace)  # noqa: SLF001 -- what it is made of
        if key not in known:
            known[key] = compiling(rule, append_unknown)
        return known[key]

    Rule._compile_builder = remembering  # type: ignore[assignment, method-assign] # noqa: SLF001 -- as above
