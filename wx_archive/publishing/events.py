"""What WeChat tells of its own accord: a mass send, a publication has ended."""

from wx_archive.chat.turn import Turn
from wx_archive.publishing import reports, verdicts
from wx_archive.publishing.reports import Report
from wx_archive.wechat.inbound import MassSendFinished, PublishFinished
from wx_archive.wechat.replies import NoReply, Reply

UNDER_WAY = 1
"""WeChat's number for a publication that it is still working on."""


def mass_send_finished(turn: Turn[MassSendFinished]) -> Reply:
    """Keep what became of a mass send, and settle its push."""
    told = turn.message
    report = Report(
        verdicts.MASS + told.msg_id,
        told.status,
        total=told.total,
        filtered=told.filtered,
        sent=told.sent,
        failed=told.failed,
    )
    reports.take(turn.session, report, now=turn.now, live=turn.site.live)
    return NoReply()


def publish_finished(turn: Turn[PublishFinished]) -> Reply:
    """Keep what became of a publication, and settle its push."""
    told = turn.message
    if told.status == UNDER_WAY:
        return NoReply()
    report = Report(
        verdicts.PUBLISH + told.publish_id,
        str(told.status),
        article_id=told.article_id or "",
        urls=told.article_urls,
    )
    reports.take(turn.session, report, now=turn.now, live=turn.site.live)
    return NoReply()
