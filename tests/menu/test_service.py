"""The menu's file and WeChat's menu: checked, compared, pushed once, pulled back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.conftest import SettingsFactory
from tests.sites import write
from wx_archive import demo, features
from wx_archive.core.errors import FileProblemError
from wx_archive.core.services import open_services
from wx_archive.core.site import Site
from wx_archive.menu import service
from wx_archive.wechat.client import Platform

PROJECT = Path(__file__).parents[2]
ANSWERS = features.dispatcher().answers_click


def a_site(folder: Path, menu: str) -> Site:
    write(folder / "menus" / "default.yaml", menu)
    profile = (PROJECT / "content" / "site.yaml").read_text(encoding="utf-8")
    write(folder / "content" / "site.yaml", profile)
    return Site(folder, "https://archive.example.org")


def test_a_key_that_nobody_answers_is_named_with_its_line(tmp_path: Path) -> None:
    site = a_site(
        tmp_path,
        "button:\n  - {name: 甲, key: lookup.start}\n  - {name: 乙, key: lookup.stop}\n"
        "  - {name: 丙, key: nobody}\n",
    )
    with pytest.raises(FileProblemError) as caught:
        service.read(site, ANSWERS)
    first, second = str(caught.value).splitlines()
    assert "default.yaml:3:1: 没有谁回答“lookup.stop”" in first
    assert "default.yaml:4:1: 没有谁回答“nobody”" in second


def test_placeholders_are_filled_from_the_profile(tmp_path: Path) -> None:
    site = a_site(
        tmp_path, 'button:\n  - {name: 甲, url: "{portal}"}\n  - {name: 乙, url: "{weibo}"}\n'
    )
    urls = [button["url"] for button in service.read(site, ANSWERS)]
    assert urls == [site.profile.portal.url, site.profile.weibo.url]


def test_an_unknown_placeholder_is_named_with_its_line(tmp_path: Path) -> None:
    site = a_site(tmp_path, 'button:\n  - {name: 甲, url: "{portl}"}\n')
    with pytest.raises(FileProblemError, match=r"default\.yaml:2:1: 没有“\{portl\}”这个占位"):
        service.read(site, ANSWERS)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileProblemError, match=r"default\.yaml: 读不到"):
        service.read(Site(tmp_path, ""), ANSWERS)


@pytest.fixture
def platform(demo_settings: SettingsFactory) -> Iterator[Platform]:
    """The simulated WeChat of a running account."""
    settings = demo_settings()
    with demo.in_process(settings), open_services(settings) as services:
        platform = Platform(settings, services.store)
        yield platform
        platform.close()


def test_a_menu_is_pushed_once_and_again_only_when_it_changed(
    platform: Platform, tmp_path: Path
) -> None:
    site = a_site(tmp_path, "button:\n  - {name: 查询, key: lookup.start}\n")
    ours = service.read(site, ANSWERS)
    assert service.diff(ours, platform.menu())
    assert service.push(platform, ours)
    assert service.diff(ours, platform.menu()) == []
    assert not service.push(platform, ours)
    changed = [ours[0] | {"name": "档案查询"}]
    assert service.diff(changed, platform.menu()) == [
        "- 查询 → lookup.start",
        "+ 档案查询 → lookup.start",
    ]
    assert service.push(platform, changed)


def test_the_order_of_entries_is_a_difference() -> None:
    one, two = ({"type": "click", "name": name, "key": "a"} for name in "甲乙")
    assert service.diff([one, two], [two, one])


def test_a_pulled_menu_written_to_the_file_is_clean(platform: Platform, tmp_path: Path) -> None:
    theirs = platform.menu()
    assert theirs is not None
    site = a_site(tmp_path, service.to_yaml(theirs))
    ours = service.read(site, ANSWERS)
    assert service.diff(ours, theirs) == []
    assert not service.push(platform, ours)
    written = yaml.safe_load(service.menu_file(site).read_text(encoding="utf-8"))
    assert [top["name"] for top in written["button"]] == ["兰台经纬", "趣味互动", "服务大厅"]
