"""What can be wrong with a request that claims to come from WeChat, and with WeChat's answers."""

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
