"""Fields of WeChat's answers, checked: what is missing or of another type makes an outcome unknown.

An answer that something in between has bent says nothing of what WeChat did.
"""

from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus
from typing import Any, TypeVar

from wx_archive.wechat.errors import UnknownOutcomeError

Fields = Mapping[str, Any]
E = TypeVar("E", bound=Enum)


def incomplete(path: str) -> UnknownOutcomeError:
    """Return the error of an answer in which something is missing; ``path`` as in `draft/add`."""
    sentence = "微信接口的回答里缺东西，不知道这次调用有没有生效"
    return UnknownOutcomeError(sentence, path=f"/cgi-bin/{path}", status=HTTPStatus.OK)


def text(answer: Fields, name: str, path: str, *, is_optional: bool = False) -> str:
    """Return a text that is not empty; with ``is_optional`` an empty or missing one is empty."""
    value = answer.get(name, "" if is_optional else None)
    if not isinstance(value, str) or not (value or is_optional):
        raise incomplete(path)
    return value


def count(answer: Fields, name: str, path: str) -> int:
    """Return a whole number, 0 or more."""
    value = answer.get(name)
    if type(value) is not int or value < 0:
        raise incomplete(path)
    return value


def number(answer: Fields, name: str, path: str, *, is_optional: bool = False) -> str:
    """Return one of WeChat's own numbers, which come as an integer or in quotes, as text."""
    value = answer.get(name)
    if is_optional and value in (None, ""):
        return ""
    if type(value) is int and value > 0:
        return str(value)
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return value
    raise incomplete(path)


def fields(answer: Fields, name: str, path: str) -> Fields:
    """Return an object."""
    value = answer.get(name)
    if not isinstance(value, dict):
        raise incomplete(path)
    return value


def objects(answer: Fields, name: str, path: str) -> list[Fields]:
    """Return a list of objects; WeChat writes a single one without the list."""
    value = answer.get(name, [])
    entries = [value] if isinstance(value, dict) else value
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise incomplete(path)
    return entries


def texts(answer: Fields, name: str, path: str) -> list[str]:
    """Return a list of texts."""
    value = answer.get(name)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise incomplete(path)
    return value


def counts(answer: Fields, name: str, path: str) -> tuple[int, ...]:
    """Return a list of whole numbers; none when it is missing."""
    value = answer.get(name, [])
    if not isinstance(value, list) or not all(type(one) is int for one in value):
        raise incomplete(path)
    return tuple(value)


def one_of(kind: type[E], value: object, path: str) -> E:
    """Return the member that a value stands for."""
    try:
        return kind(value)
    except ValueError:
        raise incomplete(path) from None


def require_done(answer: Fields, path: str) -> None:
    """Take for done only what WeChat says is done: ``errcode`` 0, in so many words."""
    if type(answer.get("errcode")) is not int or answer["errcode"] != 0:
        raise incomplete(path)
