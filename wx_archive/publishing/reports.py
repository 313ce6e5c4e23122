"""What WeChat reports of a send: by event and by asking, early, late, twice, in any order.

A report is a row by WeChat's own number before anybody asks whose it is. Whoever comes later, the
report or the answer to our call, brings the two together.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core.database import insert_into
from wx_archive.core.live import Live
from wx_archive.publishing import calls, ledger, plans, progress, releases, rules, verdicts
from wx_archive.publishing.push_models import Push, PushCall, PushPiece, SendReport
from wx_archive.publishing.rules import CallState, PushState
from wx_archive.publishing.verdicts import Ending, Verdict

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """How a send ended, as WeChat says.

    Attributes:
        msg_id: `mass:` or `publish:` and WeChat's number.
        status: WeChat's word for it.
        filtered: how many were left after WeChat's own filter.
        urls: where WeChat shows the articles, in their order.
    """

    msg_id: str
    status: str
    total: int = 0
    filtered: int = 0
    sent: int = 0
    failed: int = 0
    article_id: str = ""
    urls: tuple[str, ...] = ()


def take(session: Session, report: Report, *, now: datetime, live: Live | None) -> None:
    """Keep a report, and settle the push that it is about, if that is known by now.

    Args:
        session: of the change.
        report: as it came; the same again changes nothing.
        now: the present instant.
        live: what this process knows of the newest pieces.
    """
    keep(session, report, now=now)
    push_id = session.scalars(
        select(PushCall.push_id).where(PushCall.msg_id == report.msg_id)
    ).one_or_none()
    if push_id is not None:
        settle_by_id(session, push_id, now=now, live=live)


def keep(session: Session, report: Report, *, now: datetime) -> None:
    """Keep a report under its number; an event, which has numbers, replaces what was asked."""
    values = {
        "status": report.status[:40],
        "total": report.total,
        "filtered": report.filtered,
        "sent": report.sent,
        "failed": report.failed,
        "article_id": report.article_id[:128],
        "urls": json.dumps(report.urls),
        "at": now,
    }
    first = insert_into(session, SendReport).values(msg_id=report.msg_id, **values)
    if report.status in verdicts.POLLED:
        session.execute(first.on_conflict_do_nothing(index_elements=["msg_id"]))
        return
    session.execute(
        first.on_conflict_do_update(
            index_elements=["msg_id"],
            set_=values,
            where=SendReport.status.in_(sorted(verdicts.POLLED)),
        )
    )


def settle_by_id(session: Session, push_id: int, *, now: datetime, live: Live | None) -> None:
    """Lock a push and do with it what `settle` does."""
    releases.lock_pieces(session, push_id)
    push = plans.locked_by_id(session, push_id)
    if push is not None:
        settle(session, push, now=now, live=live)


def settle(session: Session, push: Push, *, now: datetime, live: Live | None) -> bool:
    """Bring a push into the state that its calls' reports say; False while one is missing.

    Args:
        session: of the change; the push is locked in it, and its pieces were before.
        push: of which WeChat has taken at least one call, or refused all.
        now: the present instant.
        live: what this process knows of the newest pieces.
    """
    rows = calls.of(session, push)
    news = [call for call in rows if call.msg_id and _read(session, push, call)]
    if not rows or any(call.state not in calls.OVER for call in rows):
        return False
    _sum_up(push, rows)
    found = verdicts.verdict([_ending(call) for call in rows])
    if push.state == found.state:
        push.sentence = "" if found.state is PushState.SENT else found.sentence[:500]
    elif found.state in rules.PUSH_MOVES[PushState(push.state)]:
        _end(session, push, found, now=now, live=live)
    elif news:
        said = f"微信后来报告：{rules.PUSH_STATE_NAMES[found.state]}。{found.sentence}"
        progress.note(session, push, "reported", actor=progress.WECHAT, now=now, words=said)
    session.flush()
    return True


def _read(session: Session, push: Push, call: PushCall) -> bool:
    """Write down what is reported of a call; False when that is known or nothing is."""
    report = session.get(SendReport, call.msg_id, populate_existing=True)
    if report is None or (call.state == CallState.FINISHED and call.status == report.status):
        return False
    is_sent, code, sentence = verdicts.meaning(report.msg_id, report.status)
    call.state, call.status = CallState.FINISHED, report.status
    call.error_code, call.sentence = code, "" if is_sent else sentence
    call.total, call.filtered = report.total, report.filtered
    call.sent, call.failed = report.sent, report.failed
    push.article_id = report.article_id or push.article_id
    keep_addresses(session, push, json.loads(report.urls))
    return True


def keep_addresses(session: Session, push: Push, urls: list[str]) -> None:
    """Note where WeChat shows the articles of a push."""
    rows = session.scalars(
        select(PushPiece).where(PushPiece.push_id == push.id).order_by(PushPiece.place)
    )
    for row, url in zip(rows, urls, strict=False):
        row.article_url = url[:500]


def _ending(call: PushCall) -> Ending:
    if call.state == CallState.REFUSED:
        return Ending(is_sent=False, code=call.error_code, sentence=call.sentence)
    return Ending(
        is_sent=not call.sentence,
        code=call.error_code,
        sentence=call.sentence,
        total=call.total,
        filtered=call.filtered,
        sent=call.sent,
        failed=call.failed,
    )


def _sum_up(push: Push, rows: Sequence[PushCall]) -> None:
    push.total = sum(call.total for call in rows)
    push.filtered = sum(call.filtered for call in rows)
    push.sent = sum(call.sent for call in rows)
    push.failed = sum(call.failed for call in rows)


def _end(session: Session, push: Push, found: Verdict, *, now: datetime, live: Live | None) -> None:
    if found.state is PushState.FAILED:
        if push.sent_at is not None:
            releases.take_in(session, push, live=live)
        if push.sent_at is None or found.code in verdicts.NOT_CONFIRMED:
            ledger.free(session, push)
    else:
        releases.went_out(session, push, now=now, live=live)
    progress.advance(
        session, push, found.state, actor=progress.WECHAT, now=now, words=found.sentence
    )
    push.error_code = found.code
    log.info("publishing.settled push=%d state=%s code=%s", push.id, found.state, found.code)
