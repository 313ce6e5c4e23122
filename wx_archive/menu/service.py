"""Reading, comparing and pushing the menu."""

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from wx_archive.core.errors import FileProblemError
from wx_archive.core.site import Site
from wx_archive.core.yamlfile import load
from wx_archive.menu import rules
from wx_archive.menu.rules import Menu
from wx_archive.wechat.client import Platform

Buttons = list[dict[str, Any]]


def menu_file(site: Site) -> Path:
    """Return where the menu is written down."""
    return site.folder / "menus" / "default.yaml"


def read(site: Site, answers: Callable[[str], bool]) -> Buttons:
    """Return the checked menu of the files, as WeChat takes it.

    Raises:
        FileProblemError: it breaks a rule, or nothing answers one of its keys.
    """
    path = menu_file(site)
    menu = load(path, Menu)
    lines = path.read_text(encoding="utf-8").splitlines()
    problems = [
        f"{path}:{_line_of(lines, key)}:1: 没有谁回答“{key}”，请改成已有的 key"
        for key in menu.answered_keys()
        if not answers(key)
    ]
    if problems:
        raise FileProblemError("\n".join(problems))
    buttons = rules.to_wechat(menu)
    for button in [entry for top in buttons for entry in top.get("sub_button", [top])]:
        if "url" in button:
            button["url"] = _filled(site, button["url"], path, lines)
    return buttons


def diff(ours: Buttons, theirs: Buttons | None) -> list[str]:
    """Return the lines that differ, `-` as WeChat has it, `+` as the files say."""
    before = rules.outline(theirs or [])
    after = rules.outline(ours)
    if rules.canonical(theirs or []) == rules.canonical(ours):
        return []
    changed = [line for line in difflib.ndiff(before, after) if line.startswith(("- ", "+ "))]
    return changed or ["~ 顺序或类型不同"]


def push(platform: Platform, ours: Buttons) -> bool:
    """Send the menu unless WeChat already has it; tell whether it was sent."""
    if not diff(ours, platform.menu()):
        return False
    platform.push_menu(ours)
    return True


def to_yaml(buttons: Buttons) -> str:
    """Return WeChat's buttons in the form of a menu file."""
    slim = [
        {"name": top["name"], "sub_button": [_slim(entry) for entry in top["sub_button"]]}
        if top.get("sub_button")
        else _slim(top)
        for top in buttons
    ]
    return yaml.safe_dump({"button": slim}, allow_unicode=True, sort_keys=False)


def _filled(site: Site, url: str, path: Path, lines: list[str]) -> str:
    filled = site.profile.fill(url)
    if filled.startswith("{"):
        raise FileProblemError(
            f"{path}:{_line_of(lines, url)}:1: 没有“{url}”这个占位，可以写 {{portal}}、{{weibo}}"
        )
    return filled


def _slim(button: dict[str, Any]) -> dict[str, Any]:
    return {key: button[key] for key in ("name", "key", "url") if button.get(key)}


def _line_of(lines: list[str], key: str) -> int:
    return next((number for number, line in enumerate(lines, 1) if key in line), 1)
