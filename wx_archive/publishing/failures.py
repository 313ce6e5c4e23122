"""What follows from WeChat's refusing or not answering: again, a person, or the end. Pure rules.

Source: docs/sources.md#platform-errors, #publishing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from wx_archive.core.errors import RefusedError
from wx_archive.publishing import rules
from wx_archive.publishing.rules import HoldReason
from wx_archive.wechat.errors import (
    BusyError,
    ContentError,
    ForbiddenError,
    MisconfiguredError,
    PlatformError,
    QuotaError,
    TokenRefusedError,
    UnknownOutcomeError,
)

MOST_REFUSALS: Final = 5
"""So often a wrong token or setting is tried again, a minute apart: somebody may mend it."""


class Next(StrEnum):
    """What to do."""

    AGAIN = "again"
    HOLD = "hold"
    END = "end"
    """It will never be taken as it is."""


@dataclass(frozen=True, slots=True)
class Step:
    """What follows, with what staff read about it.

    Attributes:
        after: how long to wait before the same is tried again.
        reason: why a person is needed, for `HOLD`.
    """

    next: Next
    sentence: str
    code: int | None = None
    after: timedelta = rules.RETRY_UNKNOWN_AFTER
    reason: HoldReason = HoldReason.REFUSED


def step_after(
    err: PlatformError | RefusedError,
    *,
    may_have_gone: bool,
    tries: int,
    latest_at: datetime,
    now: datetime,
) -> Step:
    """Return what follows from an error.

    Args:
        err: WeChat's refusal or silence, or what our own rules refuse.
        may_have_gone: an earlier try of the same call was never answered. Then no refusal proves
            that nothing was sent: the quota may be used up, the draft gone *because* it was.
        tries: how often it has been tried, this one included.
        latest_at: after it only a person sends.
        now: the present instant.
    """
    sentence, code = str(err), getattr(err, "code", None)
    if isinstance(err, UnknownOutcomeError | BusyError):
        return Step(Next.AGAIN, sentence, code)
    if isinstance(err, QuotaError) and err.until <= latest_at:
        return Step(Next.AGAIN, sentence, code, after=max(err.until - now, timedelta(seconds=1)))
    if isinstance(err, TokenRefusedError | MisconfiguredError) and tries < MOST_REFUSALS:
        return Step(Next.AGAIN, sentence, code)
    if may_have_gone:
        unsure = f"前一次没有得到回答，这一次微信说：{sentence}。可能已经发出，请到公众平台核对"
        return Step(Next.HOLD, unsure, code, reason=HoldReason.UNKNOWN)
    if isinstance(err, ContentError):
        return Step(Next.END, sentence, code)
    reason = HoldReason.NO_QUOTA if isinstance(err, QuotaError) else HoldReason.REFUSED
    if isinstance(err, ForbiddenError):
        sentence = f"{sentence}。开通以后再发"
    return Step(Next.HOLD, sentence, code, reason=reason)
