"""Which passwords are good enough: long and not everybody's; nothing is asked of their signs."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import wide
from wx_archive.staff import password_rules, passwords

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def problem(password: str, *, login: str = "chenxm", name: str = "陈晓明") -> str:
    return password_rules.problem_of(password, login=login, name=name)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "长江从门前流过又到了海边啊",
        "kfe3-9wmt-hq7x-2vdc",
        "z" * 3 + "Unusual!Words7",
        "a" * 3 + "龙门石窟夕照图卷轴残本" + "b" * 100,
    ],
)
def test_long_words_of_ones_own_are_welcome_in_any_script(password: str) -> None:
    assert problem(password) == ""


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", "太短"),
        ("十一个字的一句话还不够", "太短"),
        ("correct horse battery staple" * 5, "太长"),
        ("aaaaaaaaaaaaaaaa", "太好猜"),
        ("abcabcabcabcabc", "太好猜"),
        ("123456789012", "太好猜"),
        ("987654321098", "太好猜"),
        ("qwertyuiop123", "太好猜"),
        ("Password123456", "太好猜"),
        ("P@ssw0rd2026!", "太好猜"),
        ("wxarchive2026", "太好猜"),
        ("wx-archive-demo", "太好猜"),
        (wide("wx-archive-demo"), "太好猜"),
        ("chenxm-chenxm-1", "太好猜"),
        ("陈晓明陈晓明陈晓明陈晓明", "太好猜"),
        ("Chen.Xm.2026.11", "太好猜"),
        ("档案馆管理员档案局档案馆", "太好猜"),
        ("1qaz2wsx3edc4rfv", "太好猜"),
    ],
)
def test_what_everybody_tries_first_will_not_do(password: str, why: str) -> None:
    assert problem(password).startswith(why)


@pytest.mark.parametrize("length", [11, 12, 128, 129])
def test_the_bounds_are_twelve_and_a_hundred_and_twenty_eight(length: int) -> None:
    password = ("bcfhjmpwyz" * 13)[:length]
    assert (problem(password) == "") == (length in (12, 128))


@given(st.text(max_size=140), st.text(max_size=12), st.text(max_size=12))
def test_any_text_is_judged_without_an_accident(password: str, login: str, name: str) -> None:
    assert isinstance(problem(password, login=login, name=name), str)


def test_given_passwords_are_good_and_never_the_same() -> None:
    made = {password_rules.random_password() for _one in range(200)}
    assert len(made) == 200
    assert {problem(password) for password in made} == {""}


@pytest.mark.parametrize(
    ("age", "is_over"), [(timedelta(days=7, seconds=-1), False), (timedelta(days=7), True)]
)
def test_a_first_password_is_good_for_a_week(age: timedelta, *, is_over: bool) -> None:
    assert password_rules.is_initial_over(NOW - age, now=NOW) is is_over


def test_a_password_is_the_same_in_full_width_and_another_one_is_not() -> None:
    stored = passwords.hash_password("Ａ长江 1958 年的一句话")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.is_password("A长江 1958 年的一句话", stored)
    assert not passwords.is_password("a长江 1958 年的一句话", stored)
    assert not passwords.is_password("\ud800" * 12, stored)


def test_nobody_has_no_password() -> None:
    assert not passwords.is_password("nobody has this password", None)


def test_what_is_no_hash_is_nobodys_password() -> None:
    assert not passwords.is_password("", "")
    assert not passwords.is_password("x", "no hash")
