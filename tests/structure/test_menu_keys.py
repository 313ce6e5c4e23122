"""Menu and program agree: every key has a handler and every handler a key."""

from pathlib import Path

import yaml

from wx_archive import features

PROJECT = Path(__file__).parents[2]


def menu_keys() -> set[str]:
    """Return the keys of all menu files, read without the program's own reader."""
    keys = set()
    for path in (PROJECT / "menus").rglob("*.yaml"):
        for top in yaml.safe_load(path.read_text(encoding="utf-8"))["button"]:
            keys |= {entry["key"] for entry in top.get("sub_button", [top]) if "key" in entry}
    return keys


def handler_keys() -> set[str]:
    return {key for feature in features.FEATURES if feature.bot for key in feature.bot.clicks}


def test_every_key_of_the_menu_has_a_handler() -> None:
    dispatcher = features.dispatcher()
    assert menu_keys()
    assert [key for key in menu_keys() if not dispatcher.answers_click(key)] == []


def test_every_handler_of_a_click_stands_in_the_menu() -> None:
    single = {key for key in handler_keys() if not key.endswith(".*")}
    assert single == menu_keys() & handler_keys()


def test_keys_are_named_after_the_feature_that_answers_them() -> None:
    folders = {path.name for path in (PROJECT / "wx_archive").iterdir() if path.is_dir()}
    later = {"quiz", "treasures"}
    assert {key.partition(".")[0] for key in menu_keys()} <= folders | later
