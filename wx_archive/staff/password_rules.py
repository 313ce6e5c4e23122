"""Which passwords are good enough: long, and not what everybody tries first; no I/O.

Nothing is asked of their composition: a sentence in Chinese is as welcome as anything else.
Source: docs/sources.md#staff (NIST SP 800-63B, ASVS 5.0 chapter 6).
"""

import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import Final

from wx_archive.staff.passwords import LONGEST

SHORTEST: Final = 12
"""Characters; a hanzi is one."""
OWN_CHARACTERS: Final = 6
"""How many different characters must be left of it, without what everybody tries."""
INITIAL_GOOD_FOR: Final = timedelta(days=7)
"""A password that somebody else chose, and that may lie in a letter or a chat."""

_COMMON: Final = (
    *("password", "passw0rd", "p@ssw0rd", "p@ssword", "passwd", "administrator", "admin", "root"),
    *("letmein", "welcome", "iloveyou", "changeme", "secret", "master", "monkey", "dragon"),
    *("sunshine", "princess", "football", "superman", "guest", "test", "demo", "login", "user"),
    *("wxarchive", "archives", "archive", "wechat", "weixin", "gongzhonghao", "shiyan", "hubei"),
    *("danganguan", "dangan", "woaini", "woaiwojia", "zhongguo", "beijing", "5201314", "1314520"),
    *(
        "nihao",
        "mima",
        "guanliyuan",
        "密码",
        "档案馆",
        "档案局",
        "档案",
        "管理员",
        "管理",
        "公众号",
    ),
)
_ROWS: Final = (
    *("0123456789", "1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl"),
    *(
        "zxcvbnm",
        "1qaz2wsx3edc4rfv5tgb6yhn",
        "qazwsxedcrfvtgb",
        "!@#$%^&*()",
        "一二三四五六七八九十",
    ),
)
_RUNS: Final = (*_ROWS, *(row[::-1] for row in _ROWS))
_SHORTEST_RUN: Final = 4
_NO_MISTAKE: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Characters that nobody takes for another one."""


def problem_of(password: str, *, login: str, name: str) -> str:
    """Return why a password will not do, for whoever chose it; empty when it does."""
    if len(password) < SHORTEST:
        return f"太短：至少 {SHORTEST} 个字，可以用一句别人猜不到的话"
    if len(password) > LONGEST:
        return f"太长：最多 {LONGEST} 个字"
    if is_guessable(password, login=login, name=name):
        return "太好猜：去掉账号、姓名、常用词和连续、重复的字，就不剩什么了"
    return ""


def is_guessable(password: str, *, login: str, name: str) -> bool:
    """Tell whether little is left of it without the login, the name and what everybody tries."""
    left = _plain(password)
    for word in sorted({_plain(login), _plain(name), *_COMMON}, key=len, reverse=True):
        left = left.replace(word, "") if word else left
    return len(set(_without_runs(left))) < OWN_CHARACTERS


def is_initial_over(set_at: datetime, *, now: datetime) -> bool:
    """Tell whether a password that somebody else chose has lain about for too long."""
    return now - set_at >= INITIAL_GOOD_FOR


def random_password() -> str:
    """Return a password to hand over: 79 bits, easy to read out and to type."""
    return "-".join(
        "".join(secrets.choice(_NO_MISTAKE) for _character in range(4)) for _group in range(4)
    )


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char not in " -_.")


def _without_runs(text: str) -> str:
    """Drop what is typed by running along the keyboard, the digits or the alphabet."""
    kept, at = [], 0
    while at < len(text):
        length = max(_run_at(text, at, run) for run in _RUNS)
        if length < _SHORTEST_RUN:
            kept.append(text[at])
        at += length if length >= _SHORTEST_RUN else 1
    return "".join(kept)


def _run_at(text: str, at: int, run: str) -> int:
    """Return how many characters from ``at`` on stand side by side in the run."""
    begin = run.find(text[at])
    if begin < 0:
        return 0
    length = 0
    while (
        text[at + length : at + length + 1]
        and run[begin + length : begin + length + 1] == (text[at + length])
    ):
        length += 1
    return length
