"""The worker's part in keeping tags: every night, for the topics that pushes go to."""

import logging
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select, union

from wx_archive.core import clock
from wx_archive.core.jobs import Jobs, LaterError, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.followers import interests
from wx_archive.publishing import tags
from wx_archive.publishing.push_models import Push, WeChatTag
from wx_archive.publishing.rules import AudienceKind, PushState
from wx_archive.wechat.account import Capability
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import BusyError, PlatformError, QuotaError

log = logging.getLogger(__name__)

SYNC: Final = "publishing.tags"
SCHEDULES: Final = (Schedule(SYNC, "40 3 * * *", SYNC),)
_AGAIN: Final = clock.seconds(60)


def build(services: Services, platform: Platform) -> Jobs:
    """Return the kinds of job."""
    own = Jobs()

    @own.handles(SYNC)
    def sync(work: Work) -> None:
        if platform.account.may(Capability.MASS_SEND_BY_TAG):
            sync_used(services, platform, only=work.payload.get("topic"))

    return own


def sync_used(services: Services, platform: Platform, *, only: str | None = None) -> int:
    """Bring the tags of the topics that are used to their followers; return how many topics.

    A topic that no push ever went to has no tag: what people chose is told to WeChat when there
    is a use for it and not before.

    Args:
        services: database and site.
        platform: the account at WeChat.
        only: slug of the one topic that is wanted, used or not.

    Raises:
        LaterError: the day's calls are used up, or somebody else is at it.
        PlatformError: the first topic's that failed, after the others were tried.
    """
    known = interests.topics(services.site)
    with services.database.reads() as connection:
        wanted = [only] if only else used(connection, platform.publishing.app_id)
    failed: PlatformError | None = None
    slugs = [slug for slug in wanted if slug in known]
    for slug in slugs:
        try:
            done = tags.sync(
                services.database,
                platform.publishing,
                known[slug],
                now=clock.now(),
                thorough=True,
            )
        except QuotaError as err:
            raise LaterError(max(_AGAIN, err.until - clock.now())) from err
        except BusyError as err:
            raise LaterError(_AGAIN) from err
        except PlatformError as err:
            failed = failed or err
        else:
            log.info("publishing.tagged topic=%s members=%d", slug, done.members)
    if failed:
        raise failed
    return len(slugs)


def used(connection: Connection, app_id: str) -> Sequence[str]:
    """Return the topics that have a tag at this account, or that a push is going to."""
    has_tag = select(WeChatTag.topic).where(WeChatTag.app_id == app_id)
    is_wanted = select(Push.topic).where(
        Push.audience == AudienceKind.TAG, Push.state == PushState.SCHEDULED
    )
    return sorted(connection.scalars(union(has_tag, is_wanted)))
