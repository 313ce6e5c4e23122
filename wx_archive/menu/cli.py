"""`wx-archive menu check|diff|push|pull`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

from wx_archive.core import clock
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import Services, open_services, site_of
from wx_archive.core.settings import Settings
from wx_archive.menu import service
from wx_archive.staff import audit
from wx_archive.staff.audit import Note
from wx_archive.wechat.client import Platform


class KnowsClicks(Protocol):
    """What the root command hands over."""

    def answers_click(self, key: str) -> bool:
        """Tell whether a menu key has a handler."""


menu = click.Group("menu", help="公众号菜单。")


@menu.command("check", help="检查 menus/default.yaml。")
@as_json
@click.pass_obj
def check(product: KnowsClicks, *, json_wanted: bool) -> None:
    """Check the menu's file."""
    site = site_of(Settings.load())
    buttons = service.read(site, product.answers_click)
    if json_wanted:
        print_json({"button": buttons})
    else:
        click.echo(f"{service.menu_file(site)} 没有问题。")


@menu.command("diff", help="比较文件里的菜单和微信上的菜单。")
@as_json
@click.pass_obj
def diff(product: KnowsClicks, *, json_wanted: bool) -> None:
    """Compare the menu's file with WeChat's."""
    with _platform() as (services, platform):
        lines = service.diff(service.read(services.site, product.answers_click), platform.menu())
    if json_wanted:
        print_json({"same": not lines, "lines": lines})
    else:
        click.echo("\n".join(lines) if lines else "两边一样。")


@menu.command("push", help="把文件里的菜单发到微信。")
@as_json
@click.pass_obj
def push(product: KnowsClicks, *, json_wanted: bool) -> None:
    """Send the menu to WeChat unless it has it already."""
    with _platform() as (services, platform):
        buttons = service.read(services.site, product.answers_click)
        sent = service.push(platform, buttons)
        if sent:
            with services.database.begin() as session:
                pushed = Note("menu.push", "menu", after={"buttons": len(buttons)})
                audit.from_terminal(session, pushed, now=clock.now())
    done, same = "菜单已发到微信，关注者最迟五分钟后看到。", "微信上已是这份菜单，没有重发。"
    if json_wanted:
        print_json({"sent": sent})
    else:
        click.echo(done if sent else same)


@menu.command("pull", help="把微信上的菜单写成文件的样子，显示出来。")
@as_json
def pull(*, json_wanted: bool) -> None:
    """Print WeChat's menu as a file."""
    with _platform() as (_services, platform):
        buttons = platform.menu()
    if buttons is None:
        raise RefusedError("微信上还没有菜单")
    if json_wanted:
        print_json({"button": buttons})
    else:
        click.echo(service.to_yaml(buttons), nl=False)


@contextmanager
def _platform() -> Iterator[tuple[Services, Platform]]:
    with open_services(settings_of_installation()) as services:
        platform = Platform(services.settings, services.store, services.database)
        try:
            yield services, platform
        finally:
            platform.close()
