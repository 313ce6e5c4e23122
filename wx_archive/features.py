"""THE list of what the product consists of, and what each feature plugs in."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import click
from flask import Blueprint

from wx_archive.catalogue import jobs as catalogue_jobs
from wx_archive.chat import cli as chat_cli
from wx_archive.chat import jobs as chat_jobs
from wx_archive.chat import personal_data as chat_data
from wx_archive.chat.router import Dispatcher, Router
from wx_archive.chat.turn import Witness
from wx_archive.core.jobs import Jobs, Schedule
from wx_archive.core.services import Services
from wx_archive.enquiries import bot as enquiries_bot
from wx_archive.enquiries import cli as enquiries_cli
from wx_archive.enquiries import pages as enquiries_pages
from wx_archive.enquiries import personal_data as enquiries_data
from wx_archive.followers import cli as followers_cli
from wx_archive.followers import personal_data as followers_data
from wx_archive.followers.personal_data import PersonalData
from wx_archive.guide import bot as guide_bot
from wx_archive.guide import pages as guide_pages
from wx_archive.lookup import bot as lookup_bot
from wx_archive.lookup import cli as lookup_cli
from wx_archive.lookup import figures_cli, usage
from wx_archive.lookup import jobs as lookup_jobs
from wx_archive.lookup import pages as lookup_pages
from wx_archive.lookup import personal_data as lookup_data
from wx_archive.menu import cli as menu_cli
from wx_archive.privacy import bot as privacy_bot
from wx_archive.privacy import pages as privacy_pages
from wx_archive.publishing import bot as publishing_bot
from wx_archive.publishing import pages as publishing_pages
from wx_archive.staff.plugs import Console
from wx_archive.wechat.client import Platform


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its folder's name and its edges."""

    name: str
    bot: Router | None = None
    pages: Callable[[Services], Blueprint] | None = None
    commands: tuple[click.Command, ...] = ()
    jobs: Callable[[Services, Platform], Jobs] | None = None
    schedules: tuple[Schedule, ...] = ()
    personal_data: tuple[PersonalData, ...] = ()
    witness: Callable[[Services], Witness] | None = None
    console: Console | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """What commands of single parts may ask of the whole."""

    dispatcher: Dispatcher
    personal_data: tuple[PersonalData, ...]

    def answers_click(self, key: str) -> bool:
        """Tell whether a menu key has a handler."""
        return self.dispatcher.answers_click(key)


_OTHERS = (
    Feature(
        "lookup",
        lookup_bot.router,
        lookup_pages.blueprint,
        (lookup_cli.lookup, figures_cli.figures),
        lookup_jobs.build,
        lookup_jobs.SCHEDULES,
        lookup_data.RULES,
        usage.buffer,
    ),
    Feature(
        "enquiries",
        enquiries_bot.router,
        enquiries_pages.blueprint,
        (enquiries_cli.enquiries,),
        personal_data=enquiries_data.RULES,
    ),
    Feature("publishing", publishing_bot.router, publishing_pages.blueprint),
    Feature("guide", guide_bot.router, guide_pages.blueprint),
    Feature("menu", commands=(menu_cli.menu,)),
)

PERSONAL_DATA: tuple[PersonalData, ...] = (
    *followers_data.RULES,
    *chat_data.RULES,
    *(rule for feature in _OTHERS for rule in feature.personal_data),
)
"""The rule for every table and store that knows a follower."""

FEATURES = (
    *_OTHERS,
    Feature(  # after all others: it hands out and erases what they keep
        "privacy",
        privacy_bot.router_for(PERSONAL_DATA),
        partial(privacy_pages.blueprint, PERSONAL_DATA),
        (followers_cli.followers,),
    ),
)


def dispatcher() -> Dispatcher:
    """Return the conversation's handlers, all features' together."""
    return Dispatcher([feature.bot for feature in FEATURES if feature.bot])


def product() -> Product:
    """Return the whole, for the commands of its parts."""
    return Product(dispatcher(), PERSONAL_DATA)


def consoles() -> tuple[Console, ...]:
    """Return every feature's part of the console, in the order of its rail."""
    return tuple(feature.console for feature in FEATURES if feature.console)


def witnesses(services: Services) -> tuple[Witness, ...]:
    """Return whoever keeps statistics of what answers and pages note, to be closed at the end."""
    return tuple(feature.witness(services) for feature in FEATURES if feature.witness)


def jobs(services: Services, platform: Platform) -> Jobs:
    """Return every kind of job, with what its handlers work with."""
    every = chat_jobs.build(services, platform, dispatcher())
    every.take_in(catalogue_jobs.build(services.database, services.site))
    for feature in FEATURES:
        if feature.jobs:
            every.take_in(feature.jobs(services, platform))
    return every


def schedules() -> tuple[Schedule, ...]:
    """Return every schedule."""
    own = (schedule for feature in FEATURES for schedule in feature.schedules)
    return (*chat_jobs.SCHEDULES, *catalogue_jobs.SCHEDULES, *own)


def commands() -> tuple[click.Command, ...]:
    """Return the commands of every part."""
    own = (command for feature in FEATURES for command in feature.commands)
    return (chat_cli.deadletter, *own)
