"""发送前体检: everything that is looked at before a push may leave, each with a sentence.

The only road to a send. Nothing here changes anything; what blocks has a place where it is mended.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from wx_archive.core import clock
from wx_archive.core.site import Profile
from wx_archive.core.workdays import Calendar
from wx_archive.publishing import audiences, preflight_facts, preflight_terms, similar
from wx_archive.publishing.audiences import Audience, Counted
from wx_archive.publishing.checks import NO_WORDING
from wx_archive.publishing.findings import Level
from wx_archive.publishing.preflight_facts import Looked
from wx_archive.publishing.preflight_terms import Check, Mark, When
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import TITLES, Delivery, PieceState
from wx_archive.publishing.sensitive import Wording
from wx_archive.publishing.similar import Match
from wx_archive.publishing.wechat_html import Links
from wx_archive.wechat.account import Entitlements

PIECES: Final = "/console/pieces"


@dataclass(frozen=True, slots=True)
class Group:
    """Checks that belong together."""

    title: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """What a push is examined by.

    Attributes:
        profile: says how many people review a piece.
        calendar: working days.
    """

    account: Entitlements
    profile: Profile
    calendar: Calendar
    links: Links
    wording: Wording = NO_WORDING


@dataclass(frozen=True, slots=True)
class Examined:
    """A push as it was found.

    Attributes:
        counted: the number on the button; None where nobody is told.
        needs_reason: it looks like another one: whoever sends it says why.
        seal: the same while everything is as it was found here.
    """

    groups: tuple[Group, ...]
    pieces: tuple[Looked, ...]
    counted: Counted | None
    needs_reason: bool
    seal: str = field(default="")

    @property
    def is_blocked(self) -> bool:
        """Something must be mended first: there is no button."""
        return self.count(Mark.BLOCKS) > 0

    def count(self, mark: Mark) -> int:
        """Return how many checks say so."""
        return sum(check.mark == mark for group in self.groups for check in group.checks)


def examine(
    connection: Connection, push: Push, when: When, around: Around, *, now: datetime
) -> Examined:
    """Look at everything that could be wrong with a push that is to leave at a time.

    Args:
        connection: reads; the transaction's own where somebody is about to send.
        push: being prepared.
        when: as it would be scheduled.
        around: account, profile and calendar that it goes by.
        now: the present instant.
    """
    looked = preflight_facts.look(
        connection,
        push,
        steps=around.profile.review_steps,
        links=around.links,
        wording=around.wording,
        today=clock.day_of(now),
    )
    counted = _counted(connection, push, when, around, now=now)
    repeated = _repeated(connection, push, looked, now=now)
    groups = (
        *(Group(f"《{one.title}》", tuple(_of_piece(one))) for one in looked),
        Group("有没有发过", tuple(_of_repeats(repeated))),
        Group("发给谁", tuple(preflight_terms.road(push, counted, around.account))),
        Group(
            "次数", tuple(preflight_terms.quota(connection, push, when, around.account, now=now))
        ),
        Group("时间", tuple(preflight_terms.hours(push, when, around.calendar, now=now))),
    )
    shown = tuple(group for group in groups if group.checks)
    seal = _seal(push, counted, when, shown, looked)
    return Examined(shown, tuple(looked), counted, bool(repeated), seal)


def _counted(
    connection: Connection, push: Push, when: When, around: Around, *, now: datetime
) -> Counted | None:
    if push.delivery != Delivery.MASS:
        return None
    return audiences.count(
        connection,
        Audience.of(push),
        now=when.leaves_at(now),
        account=around.account,
        besides=push.id,
    )


def _of_piece(one: Looked) -> list[Check]:
    """Return the checks of one piece: its words, the names below it, what was said of it."""
    edit, page = f"{PIECES}/{one.pid}/edit", f"{PIECES}/{one.pid}"
    found = [
        Check(_LEVELS[finding.level], f"{finding.place}：{finding.sentence}", edit)
        for finding in one.findings
        if finding.level is not Level.TELLS
    ]
    if not found:
        said = (
            f"{TITLES[one.content.column]}，标题 {len(one.title)} 字，内容和图片都符合微信的要求。"
        )
        found.append(Check(Mark.GOOD, said))
    if one.is_withdrawn:
        found.append(Check(Mark.BLOCKS, "这篇已经撤下，不能再发。请换一篇。", page))
    return [*found, *_of_approval(one, page), *_of_remarks(one, page)]


def _of_approval(one: Looked, page: str) -> list[Check]:
    approval = one.approval
    if one.state is not PieceState.APPROVED or approval.missing:
        told = f"还差 {approval.missing} 个人审" if approval.missing else "要重新送审"
        given = [Check(Mark.BLOCKS, f"还没有审定：{told}。", page)]
    else:
        names = "、".join(signature.name for signature in approval.given)
        at = max(signature.made_at for signature in approval.given)
        local = at.astimezone(clock.SHANGHAI)
        said = f"审定：{names}，{local.month}月{local.day}日 {local:%H:%M}；审定以后没有改过。"
        given = [Check(Mark.GOOD, said)]
    if approval.secrecy_by:
        return [*given, Check(Mark.GOOD, f"保密审查：{approval.secrecy_by}签字。")]
    return [*given, Check(Mark.BLOCKS, "还没有人签保密审查。", page)]


def _of_remarks(one: Looked, page: str) -> list[Check]:
    if one.remarks:
        return [Check(Mark.BLOCKS, f"还有 {one.remarks} 条批注没有处理。", f"{page}#remarks")]
    return [Check(Mark.GOOD, "批注都处理过了。")]


def _repeated(
    connection: Connection, push: Push, looked: Sequence[Looked], *, now: datetime
) -> list[Match]:
    sent = similar.sent_lately(connection, but_of=push.id, now=now)
    return [match for one in looked for match in similar.matches(one.title, one.content_hash, sent)]


def _of_repeats(repeated: Sequence[Match]) -> list[Check]:
    if not repeated:
        return [Check(Mark.GOOD, "九十天以内没有发过一样或标题很像的。")]
    return [
        Check(Mark.WARNS, _repeat(match), f"/console/pushes/{match.other.push_pid}")
        for match in repeated
    ]


def _repeat(match: Match) -> str:
    at = match.other.at.astimezone(clock.SHANGHAI)
    when = f"{at.month}月{at.day}日"
    if match.is_same:
        return f"《{match.title}》和{when}那次推送里的一字不差。真要再发，请在下面写明原因。"
    return (
        f"《{match.title}》和{when}那次推送里的《{match.other.title}》标题很像。"
        "真要发，请在下面写明原因。"
    )


def _seal(
    push: Push,
    counted: Counted | None,
    when: When,
    groups: Sequence[Group],
    looked: Sequence[Looked],
) -> str:
    """Return a fingerprint of all that was shown, so that nobody sends something else."""
    told = {
        "push": [push.pid, push.version, push.audience, push.topic, push.segment, push.delivery],
        "counted": [counted.total, counted.over_quota] if counted else None,
        "when": when.written,
        "checks": [
            [group.title, [[check.mark, check.sentence] for check in group.checks]]
            for group in groups
        ],
        "pieces": [[one.pid, one.content_hash] for one in looked],
    }
    whole = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:24]


_LEVELS: Final = {Level.BLOCKS: Mark.BLOCKS, Level.WARNS: Mark.WARNS, Level.TELLS: Mark.GOOD}
