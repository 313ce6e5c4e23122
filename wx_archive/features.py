"""THE list of what the product consists of, and what each feature plugs in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import click
from flask import Blueprint
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from wx_archive.alerts import binding as alerts_binding
from wx_archive.alerts import bot as alerts_bot
from wx_archive.alerts import console as alerts_console
from wx_archive.alerts import jobs as alerts_jobs
from wx_archive.alerts import personal_data as alerts_data
from wx_archive.alerts import service as alerts_service
from wx_archive.catalogue import jobs as catalogue_jobs
from wx_archive.catalogue.appearances import Appearance
from wx_archive.cataloguing import console as cataloguing_console
from wx_archive.cataloguing import upload_jobs
from wx_archive.chat import cases
from wx_archive.chat import cli as chat_cli
from wx_archive.chat import jobs as chat_jobs
from wx_archive.chat import personal_data as chat_data
from wx_archive.chat.router import Dispatcher, Router
from wx_archive.chat.turn import Witness
from wx_archive.core import clock
from wx_archive.core.jobs import Jobs, Schedule
from wx_archive.core.services import Services
from wx_archive.dashboard import cli as dashboard_cli
from wx_archive.dashboard import console as dashboard_console
from wx_archive.dashboard import gathering
from wx_archive.enquiries import bot as enquiries_bot
from wx_archive.enquiries import cli as enquiries_cli
from wx_archive.enquiries import console as enquiries_console
from wx_archive.enquiries import jobs as enquiries_jobs
from wx_archive.enquiries import pages as enquiries_pages
from wx_archive.enquiries import personal_data as enquiries_data
from wx_archive.enquiries import queries as enquiries_queries
from wx_archive.enquiries import rules as enquiries_rules
from wx_archive.followers import cli as followers_cli
from wx_archive.followers import personal_data as followers_data
from wx_archive.followers.personal_data import PersonalData
from wx_archive.guide import bot as guide_bot
from wx_archive.guide import console as guide_console
from wx_archive.guide import pages as guide_pages
from wx_archive.guide.keywords import Others
from wx_archive.lookup import bot as lookup_bot
from wx_archive.lookup import cli as lookup_cli
from wx_archive.lookup import console as lookup_console
from wx_archive.lookup import figures, figures_cli, usage
from wx_archive.lookup import jobs as lookup_jobs
from wx_archive.lookup import pages as lookup_pages
from wx_archive.lookup import personal_data as lookup_data
from wx_archive.lookup import service as lookup_service
from wx_archive.media import jobs as media_jobs
from wx_archive.media import pages as media_pages
from wx_archive.menu import cli as menu_cli
from wx_archive.privacy import bot as privacy_bot
from wx_archive.privacy import console as privacy_console
from wx_archive.privacy import desk_codes
from wx_archive.privacy import pages as privacy_pages
from wx_archive.privacy.service import AfterWithdrawal, Hanging
from wx_archive.publishing import bot as publishing_bot
from wx_archive.publishing import console as publishing_console
from wx_archive.publishing import jobs as publishing_jobs
from wx_archive.publishing import out, push_cli, reading, showing, used_in
from wx_archive.publishing import pages as publishing_pages
from wx_archive.publishing import personal_data as publishing_data
from wx_archive.quiz import bots as quiz_bots
from wx_archive.quiz import cards_cli, losses
from wx_archive.quiz import cli as quiz_cli
from wx_archive.quiz import console as quiz_console
from wx_archive.quiz import jobs as quiz_jobs
from wx_archive.quiz import pages as quiz_pages
from wx_archive.quiz import personal_data as quiz_data
from wx_archive.staff import anchors
from wx_archive.staff import cli as staff_cli
from wx_archive.staff import jobs as staff_jobs
from wx_archive.staff.account_pages import ACCOUNT
from wx_archive.staff.audit_cli import audit_command
from wx_archive.staff.audit_pages import AUDIT
from wx_archive.staff.people_pages import PEOPLE
from wx_archive.staff.plugs import Alerts, Console, Fact
from wx_archive.staff.rules import Person
from wx_archive.treasures import bots as treasures_bots
from wx_archive.treasures import case_bot, uploads
from wx_archive.treasures import cli as treasures_cli
from wx_archive.treasures import console as treasures_console
from wx_archive.treasures import jobs as treasures_jobs
from wx_archive.treasures import pages as treasures_pages
from wx_archive.treasures import personal_data as treasures_data
from wx_archive.treasures import showing as treasures_showing
from wx_archive.treasures.elsewhere import UsedIn
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
    consoles: tuple[Console, ...] = ()

    def answers_click(self, key: str) -> bool:
        """Tell whether a menu key has a handler."""
        return self.dispatcher.answers_click(key)


def _others() -> Others:
    """Return what staff's replies to words must know of the other features."""
    return Others(
        commands=lambda: {word for bot in _bots() for word in bot.commands},
        prefixes=lambda: {word for bot in _bots() for word in bot.prefixes},
        is_number=lambda connection, words, today: bool(
            lookup_service.by_number(connection, words, today=today)
        ),
        empties=partial(figures.top, only_empty=True, limit=200),
    )


def _requester(session: Session, typed: str) -> tuple[str, int] | None:
    """Return the request that somebody typed the number of, as printed, and whose it is."""
    follower_id = enquiries_queries.follower_of(session, typed)
    if follower_id is None:
        return None
    numbers = enquiries_rules.read_number(typed)
    own = (one for one in numbers if enquiries_queries.follower_of(session, one) == follower_id)
    return next(own), follower_id


def _appears_in(connection: Connection, pid: str, now: datetime) -> Sequence[Appearance]:
    """Return what tells of an entry: its own page if a citizen gave it, then articles."""
    own = treasures_showing.appears_in(connection, pid, now)
    return (*own, *out.appears_in(connection, pid, now))


def _is_shown(connection: Connection, pid: str, now: datetime) -> bool:
    """Tell whether an article shows a file, and whoever gave it allows that today."""
    may_be = treasures_showing.may_be_used(connection, pid, now)
    return may_be and showing.is_shown(connection, pid, now)


def _used_in(connection: Connection, pid: str, now: datetime) -> Sequence[UsedIn]:
    """Return what uses a picture that a citizen gave."""
    pieces = showing.uses(connection, pid, now=now)
    cards = losses.uses(connection, pid)
    sent = used_in.sent(connection, pid)
    return (
        *(UsedIn("稿件", one.title, f"/console/pieces/{one.pid}") for one in pieces),
        *(
            UsedIn(
                "卡片",
                f"{one.season}：{one.title}",
                f"/console/quiz/seasons/{one.season_pid}/cards/{one.ordinal}",
            )
            for one in cards
        ),
        *(
            UsedIn("推送", one.title, f"/console/pushes/{one.push_pid}", is_sent=True)
            for one in sent
        ),
    )


_OTHERS = (
    Feature(
        "dashboard",
        commands=(dashboard_cli.group(figures_cli.COMMANDS),),
        console=dashboard_console.CONSOLE,
    ),
    Feature(
        "lookup",
        lookup_bot.router,
        partial(lookup_pages.blueprint, appears_in=_appears_in),
        (lookup_cli.lookup,),
        lookup_jobs.build,
        lookup_jobs.SCHEDULES,
        lookup_data.RULES,
        usage.buffer,
        lookup_console.CONSOLE,
    ),
    Feature(
        "cataloguing",
        jobs=upload_jobs.build,
        schedules=upload_jobs.SCHEDULES,
        console=cataloguing_console.CONSOLE,
    ),
    Feature(
        "enquiries",
        enquiries_bot.router,
        enquiries_pages.blueprint,
        (enquiries_cli.enquiries,),
        enquiries_jobs.build,
        enquiries_jobs.SCHEDULES,
        enquiries_data.RULES,
        console=enquiries_console.CONSOLE,
    ),
    Feature(
        "media",
        pages=partial(media_pages.blueprint, is_shown=_is_shown, is_lent=treasures_showing.is_lent),
        jobs=partial(media_jobs.build, losing=losses.draw_without),
        schedules=media_jobs.SCHEDULES,
    ),
    Feature(
        "publishing",
        publishing_bot.router,
        publishing_pages.blueprint,
        (push_cli.push,),
        partial(publishing_jobs.build, openid_of=alerts_binding.openid_of),
        publishing_jobs.SCHEDULES,
        personal_data=publishing_data.RULES,
        witness=reading.buffer,
        console=publishing_console.CONSOLE,
    ),
    Feature(
        "quiz",
        quiz_bots.router,
        quiz_pages.blueprint,
        (*quiz_cli.COMMANDS, cards_cli.cards),
        quiz_jobs.build,
        quiz_jobs.SCHEDULES,
        quiz_data.RULES,
        console=quiz_console.CONSOLE,
    ),
    Feature(
        "treasures",
        treasures_bots.router,
        treasures_pages.blueprint,
        (treasures_cli.treasures,),
        treasures_jobs.build,
        treasures_jobs.SCHEDULES,
        treasures_data.RULES,
        console=treasures_console.console_for(_used_in),
    ),
    Feature(
        "guide", guide_bot.router, guide_pages.blueprint, console=guide_console.console(_others())
    ),
    Feature("cases", cases.router_for((enquiries_bot.CASES, treasures_bots.CASES))),
    Feature("menu", commands=(menu_cli.menu,)),
    Feature(  # last: when its schedule fires, those of the others have been moved on
        "alerts",
        alerts_bot.router,
        jobs=lambda services, platform: alerts_jobs.build(services, platform, alert_sources),
        schedules=alerts_jobs.SCHEDULES,
        personal_data=alerts_data.RULES,
        console=alerts_console.console_for(lambda: dispatcher()),  # noqa: PLW0108 -- made below
    ),
)

PERSONAL_DATA: tuple[PersonalData, ...] = (
    *followers_data.RULES,
    *chat_data.RULES,
    *(rule for feature in _OTHERS for rule in feature.personal_data),
    *desk_codes.RULES,
)
"""The rule for every table and store that knows a follower."""

AFTER_WITHDRAWAL: AfterWithdrawal = {
    uploads.PURPOSE: Hanging(case_bot.ends_with_consent, uploads.consent_withdrawn)
}
"""What ends with a consent, by its purpose."""

FEATURES = (
    *_OTHERS,
    Feature(  # after all others: it hands out and erases what they keep
        "privacy",
        privacy_bot.router_for(PERSONAL_DATA, AFTER_WITHDRAWAL),
        partial(privacy_pages.blueprint, PERSONAL_DATA, AFTER_WITHDRAWAL),
        (followers_cli.followers,),
        console=privacy_console.console_for(PERSONAL_DATA, _requester),
    ),
)


def _bots() -> list[Router]:
    return [feature.bot for feature in FEATURES if feature.bot]


def dispatcher() -> Dispatcher:
    """Return the conversation's handlers, all features' together."""
    return Dispatcher(_bots())


def product() -> Product:
    """Return the whole, for the commands of its parts."""
    return Product(dispatcher(), PERSONAL_DATA, consoles())


def consoles() -> tuple[Console, ...]:
    """Return every feature's part of the console, in the order of its rail."""
    own = (feature.console for feature in FEATURES if feature.console)
    return (*own, AUDIT, PEOPLE, ACCOUNT)


def alert_sources() -> tuple[tuple[str, Alerts], ...]:
    """Return every feature's own look for what is wrong, by the feature's name."""
    return tuple(
        (feature.name, feature.console.alerts)
        for feature in FEATURES
        if feature.console and feature.console.alerts
    )


def alert_badge(connection: Connection, person: Person) -> int:
    """Return how many alerts a person has not seen; stands on every page of the console."""
    return alerts_service.badge(connection, person, now=clock.now())


def facts_of_today(connection: Connection, now: datetime) -> Sequence[Fact]:
    """Return the day so far, for the console's first page."""
    return gathering.today(connection, now, consoles=consoles())


def witnesses(services: Services) -> tuple[Witness, ...]:
    """Return whoever keeps statistics of what answers and pages note, to be closed at the end."""
    return tuple(feature.witness(services) for feature in FEATURES if feature.witness)


def jobs(services: Services, platform: Platform) -> Jobs:
    """Return every kind of job, with what its handlers work with."""
    every = chat_jobs.build(services, platform, dispatcher())
    every.take_in(catalogue_jobs.build(services.database, services.site))
    every.take_in(staff_jobs.build(services.database))
    every.take_in(anchors.build(services.database, anchors.path_of(services.settings)))
    for feature in FEATURES:
        if feature.jobs:
            every.take_in(feature.jobs(services, platform))
    return every


def schedules() -> tuple[Schedule, ...]:
    """Return every schedule."""
    own = (schedule for feature in FEATURES for schedule in feature.schedules)
    staff = (*anchors.SCHEDULES, *staff_jobs.SCHEDULES)
    return (*chat_jobs.SCHEDULES, *catalogue_jobs.SCHEDULES, *staff, *own)


def commands() -> tuple[click.Command, ...]:
    """Return the commands of every part."""
    own = (command for feature in FEATURES for command in feature.commands)
    return (chat_cli.deadletter, audit_command, staff_cli.staff, *own)
