"""What can be wrong with a request that claims to come from WeChat, and with WeChat's answers."""

from datetime import datetime

from wx_archive.core.errors import ArchiveError


class WireError(ArchiveError):
    """The request is refused without detail.

    Attributes:
        status: HTTP status of the refusal.
        reason: short label for logs and metrics, never shown to the sender.
    """

    status = 400

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MalformedError(WireError):
    """The body is not a message."""


class ForgedError(WireError):
    """The signature, freshness or receiver is not right."""

    status = 403


class TooLargeError(WireError):
    """The body is larger than any message of WeChat's."""

    status = 413


class PlatformError(ArchiveError):
    """WeChat did not do what it was asked; the class says what the caller should do.

    The plain class is a refusal that no table knows: do not repeat it, show it to staff. The text
    is a Chinese sentence for staff; it never holds a token, a secret or an openid.

    Attributes:
        code: WeChat's errcode; None when it gave none.
        rid: WeChat's number of the call, for its support; empty when it gave none.
        path: which call it was, such as ``/cgi-bin/menu/create``.
    """

    def __init__(
        self, sentence: str, *, code: int | None = None, rid: str = "", path: str = ""
    ) -> None:
        known = (("错误码 ", "" if code is None else str(code)), ("rid ", rid))
        marks = "，".join(f"{name}{value}" for name, value in known if value)
        super().__init__(f"{sentence}（{marks}）" if marks else sentence)
        self.code = code
        self.rid = rid
        self.path = path


class TokenRefusedError(PlatformError):
    """WeChat goes on refusing the access token: try again in a few minutes, tell staff."""


class MisconfiguredError(PlatformError):
    """A setting is wrong (app id, secret, address list): nothing works until staff mend it."""


class BusyError(PlatformError):
    """WeChat certainly did nothing: the very same call may be made again later."""


class QuotaError(PlatformError):
    """Too many calls: make this one again, but not before ``until``.

    Attributes:
        until: the first instant at which the call may succeed.
    """

    def __init__(
        self, sentence: str, *, until: datetime, code: int | None = None, rid: str = "", path: str
    ) -> None:
        super().__init__(sentence, code=code, rid=rid, path=path)
        self.until = until


class FollowerError(PlatformError):
    """This follower cannot be reached now (gone, silent for too long): drop the message."""


class ForbiddenError(PlatformError):
    """The account may not make this call at all: switch the feature off and tell staff."""


class ContentError(PlatformError):
    """What was sent is not acceptable: the same again will be refused again."""


class OversizedError(ContentError):
    """What WeChat has is larger than what was asked for may be."""


class UnknownOutcomeError(PlatformError):
    """No usable answer: the call may or may not have had its effect.

    Attributes:
        status: HTTP status of the answer; None when there was no whole answer.
    """

    def __init__(self, sentence: str, *, path: str = "", status: int | None = None) -> None:
        super().__init__(sentence, path=path)
        self.status = status


class OAuthCodeError(PlatformError):
    """The code of a web authorisation is used, old or not ours: start the authorisation again."""
