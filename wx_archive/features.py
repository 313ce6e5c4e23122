"""THE list of what the product consists of, and what each feature plugs in."""

from collections.abc import Callable
from dataclasses import dataclass

import click
from flask import Blueprint

from wx_archive.chat.router import Dispatcher, Router
from wx_archive.core.services import Services
from wx_archive.guide import bot as guide_bot
from wx_archive.guide import pages as guide_pages
from wx_archive.lookup import bot as lookup_bot
from wx_archive.lookup import cli as lookup_cli
from wx_archive.lookup import pages as lookup_pages
from wx_archive.menu import cli as menu_cli
from wx_archive.publishing import bot as publishing_bot
from wx_archive.publishing import pages as publishing_pages


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its folder's name and its edges."""

    name: str
    bot: Router | None = None
    pages: Callable[[Services], Blueprint] | None = None
    commands: tuple[click.Command, ...] = ()


FEATURES = (
    Feature("lookup", lookup_bot.router, lookup_pages.blueprint, (lookup_cli.lookup,)),
    Feature("publishing", publishing_bot.router, publishing_pages.blueprint),
    Feature("guide", guide_bot.router, guide_pages.blueprint),
    Feature("menu", commands=(menu_cli.menu,)),
)


def dispatcher() -> Dispatcher:
    """Return the conversation's handlers, all features' together."""
    return Dispatcher([feature.bot for feature in FEATURES if feature.bot])
