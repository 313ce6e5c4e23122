"""WeChat's rules for menus, to the byte."""

from pathlib import Path

import pytest

from wx_archive.core.errors import FileProblemError
from wx_archive.core.yamlfile import parse
from wx_archive.menu import rules
from wx_archive.menu.rules import Menu


def a_menu(text: str) -> Menu:
    return parse(text, Menu, Path("default.yaml"))


def problem_of(text: str) -> str:
    with pytest.raises(FileProblemError) as caught:
        a_menu(text)
    return str(caught.value)


def a_top(**changes: str) -> str:
    entry = {"name": "甲", "key": "a"} | changes
    return "button:\n  - " + "\n    ".join(f"{name}: {value}" for name, value in entry.items())


def a_sub(**changes: str) -> str:
    entry = {"name": "乙", "key": "a"} | changes
    lines = "\n        ".join(f"{name}: {value}" for name, value in entry.items())
    return f"button:\n  - name: 甲\n    sub_button:\n      - {lines}"


def of_bytes(size: int) -> str:
    """Return Chinese text of exactly so many bytes."""
    return "查" * (size // 3) + "a" * (size % 3)


URL = "https://example.org/"


@pytest.mark.parametrize(
    ("text", "longer"),
    [
        (a_top(name=of_bytes(16)), a_top(name=of_bytes(17))),
        (a_sub(name=of_bytes(60)), a_sub(name=of_bytes(61))),
        (a_top(key="k" * 128), a_top(key="k" * 129)),
        (a_sub(key="k" * 128), a_sub(key="k" * 129)),
    ],
)
def test_names_and_keys_may_be_just_so_many_bytes(text: str, longer: str) -> None:
    assert a_menu(text).button
    assert "字节，最多" in problem_of(longer)


@pytest.mark.parametrize("where", ["top", "sub"])
def test_an_address_may_be_just_so_many_bytes(where: str) -> None:
    def menu(size: int) -> str:
        url = URL + "x" * (size - len(URL))
        if where == "top":
            return f"button:\n  - name: 甲\n    url: {url}"
        return f"button:\n  - name: 甲\n    sub_button:\n      - name: 乙\n        url: {url}"

    assert a_menu(menu(1_024)).button
    assert "有 1025 字节，最多 1024 字节" in problem_of(menu(1_025))


def test_three_columns_and_five_entries_are_the_most() -> None:
    top = "  - {name: 甲, key: a}\n"
    sub = "      - {name: 乙, key: a}\n"
    assert len(a_menu("button:\n" + 3 * top).button) == 3
    assert "一级菜单要有 1 到 3 个，现在有 4 个" in problem_of("button:\n" + 4 * top)
    assert "一级菜单要有 1 到 3 个，现在有 0 个" in problem_of("button: []")
    column = "button:\n  - name: 甲\n    sub_button:\n"
    assert len(a_menu(column + 5 * sub).button[0].sub_button) == 5
    assert "“甲”下面最多 5 项，现在有 6 项" in problem_of(column + 6 * sub)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (a_top(ky="a"), "default.yaml:4:5: button.0.ky：没有这一项，请检查拼写"),
        (a_sub(type="click"), "default.yaml:6:9: button.0.sub_button.0.type：没有这一项"),
        ("buttons: []", "default.yaml:1:1: buttons：没有这一项"),
        ("button:\n  - name: 甲", "default.yaml:2:5: button.0：“甲”要写 key 或 url，二者选一"),
        (a_top(url=URL), "“甲”要写 key 或 url，二者选一"),
        (a_sub(url=URL), "“乙”要写 key 或 url，二者选一"),
        ("button:\n  - name: 甲\n    url: ftp://example.org", "网址要以 https:// 开头"),
        (a_sub() + "\n    key: b", "“甲”下面已有子菜单，不能再写 key 或 url"),
        ("button:\n  - name: 甲\n    name: 乙\n    key: a", "default.yaml:3:5: “name”写了两次"),
        ("button: [", "default.yaml:1:"),
    ],
)
def test_a_mistake_names_line_column_and_remedy(text: str, complaint: str) -> None:
    assert complaint in problem_of(text)


def test_what_wechat_adds_makes_no_difference() -> None:
    ours = [{"type": "click", "name": "甲", "key": "a"}]
    theirs = [{"type": "click", "name": "甲", "key": "a", "sub_button": []}]
    assert rules.canonical(theirs) == rules.canonical(ours)
    group = [{"name": "甲", "sub_button": ours}]
    assert rules.canonical([{"name": "甲", "sub_button": theirs, "type": ""}]) == group
