"""What stands against a piece before it goes out, and what somebody should look at again.

Pure: whoever asks has looked up the files and which entries are public. Nothing here changes
anything, and nothing calls WeChat. Limits: docs/sources.md#publishing.
"""

from collections.abc import Iterable
from typing import Final

from wx_archive.publishing import media_checks, word_checks
from wx_archive.publishing.findings import (
    Case,
    Fact,
    Finding,
    Level,
    Limits,
    MediaFacts,
    wechats_limits,
)
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.sensitive import Wording
from wx_archive.publishing.wechat_html import Links

__all__ = ["Fact", "Finding", "Level", "Limits", "MediaFacts", "check", "is_blocked"]

NO_WORDING: Final = Wording()
NO_LINKS: Final = Links("")


def check(
    content: Content,
    facts: MediaFacts,
    *,
    wording: Wording = NO_WORDING,
    links: Links = NO_LINKS,
    limits: Limits | None = None,
) -> tuple[Finding, ...]:
    """Return everything to be said about a piece, what blocks it first.

    Args:
        content: of the piece.
        facts: what is known of its files and entries.
        wording: the site's list of words.
        links: what completes the body, as when it is sent.
        limits: WeChat's numbers; those that we know by default.
    """
    case = Case(content, facts, limits or wechats_limits(), wording, links)
    looks = (*word_checks.LOOKS, *media_checks.LOOKS)
    found = [finding for look in looks for finding in look(case)]
    return tuple(sorted(found, key=lambda one: list(Level).index(one.level)))


def is_blocked(findings: Iterable[Finding]) -> bool:
    """Tell whether anything keeps a piece from going out."""
    return any(one.level is Level.BLOCKS for one in findings)
