"""What the worker does for requests once a day: those close by themselves whose day has passed."""

import logging
from typing import Final

from sqlalchemy import select

from wx_archive.core import clock
from wx_archive.core.jobs import Jobs, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.core.site import Site
from wx_archive.enquiries import rules, texts
from wx_archive.enquiries.models import Enquiry
from wx_archive.enquiries.rules import Clock, State
from wx_archive.enquiries.steps import BY_CLOCK, Doing, Terms, advance, locked, wind
from wx_archive.wechat.client import Platform

log = logging.getLogger(__name__)

CLOSE: Final = "enquiries.close_silent"
SCHEDULES: Final = (Schedule(CLOSE, "20 4 * * *", CLOSE),)
_ENDS: Final = sorted(rules.ANSWERED | {State.NEED_FIX})


def build(services: Services, _platform: Platform) -> Jobs:
    """Return the kinds of job."""
    own = Jobs()

    @own.handles(CLOSE)
    def close(work: Work) -> None:
        wound, closed = wind_old(work, services.site), close_silent(work, services.site)
        log.info("enquiries.day wound=%d closed=%d", wound, closed)

    return own


def close_silent(work: Work, site: Site) -> int:
    """Close what was answered or asked back long ago, each in a transaction of its own.

    Returns:
        How many were closed.
    """
    closed = 0
    while True:
        with work.begin() as session:
            doing = Doing(BY_CLOCK, clock.now(), Terms.of(site))
            due = select(Enquiry.number).where(
                Enquiry.state.in_(_ENDS), Enquiry.act_by < doing.today
            )
            number = session.scalars(due.order_by(Enquiry.id).limit(1)).one_or_none()
            if number is None:
                return closed
            enquiry = locked(session, number)
            standing = State(enquiry.state)
            if standing in _ENDS:  # nobody was faster
                answer = enquiry.note
                note = texts.SUPPLY_MISSED if standing is State.NEED_FIX else ""
                advance(session, enquiry, State.CLOSED, doing, note=note)
                enquiry.note = note or answer
                closed += 1


def wind_old(work: Work, site: Site) -> int:
    """Give requests of before there was a clock their day; one that is accepted its promise.

    Returns:
        How many had none.
    """
    wound = 0
    while True:
        with work.begin() as session:
            doing = Doing(BY_CLOCK, clock.now(), Terms.of(site))
            bare = select(Enquiry.number).where(
                Enquiry.state.not_in(sorted(rules.OVER)), Enquiry.act_by.is_(None)
            )
            number = session.scalars(bare.order_by(Enquiry.id).limit(1)).one_or_none()
            if number is None:
                return wound
            enquiry = locked(session, number)
            told, since = Clock.of(enquiry), clock.day_of(enquiry.changed_at)
            if State(enquiry.state) in rules.WORKED:
                days = doing.terms.promised(rules.Kind(enquiry.kind))
                told = told.started(days, today=since, calendar=doing.terms.calendar)
            if State(enquiry.state) in rules.ANSWERED and enquiry.answered_on is None:
                enquiry.answered_on = since
            wind(enquiry, told, doing)
            wound += 1
