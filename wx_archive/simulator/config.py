"""What a simulated WeChat has to know about the account it serves."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final


class Encryption(StrEnum):
    """How messages are sealed, as chosen in the account's console."""

    PLAIN = "plain"
    COMPATIBLE = "compatible"
    SAFE = "safe"


class AccountKind(StrEnum):
    """The two kinds of official account."""

    SERVICE = "service"
    SUBSCRIPTION = "subscription"


SERVICE_ONLY: Final = ("message/template/",)
LISTS: Final = frozenset({"message/mass/send"})
VERIFIED_ONLY: Final = (
    "message/custom/",
    "message/mass/",
    "material/",
    "draft/",
    "freepublish/",
    "tags/",
    "user/tag/",
    "media/uploadvideo",
)


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """The account, its credentials, and where the simulator keeps its state.

    ``first_timeout_s`` is how long every delivery may take before it counts as unanswered;
    ``account`` and ``verified`` decide what the account may do.
    """

    account_url: str
    account_name: str
    original_id: str
    app_id: str
    app_secret: str
    token: str
    aes_key: str
    encryption: Encryption
    data_dir: Path
    first_timeout_s: float = 5.0
    account: AccountKind = AccountKind.SERVICE
    verified: bool = True

    @property
    def may_use_oauth(self) -> bool:
        """Web pages may ask who reads them only for a verified service account."""
        return self.verified and self.account == AccountKind.SERVICE

    def may_call(self, path: str) -> bool:
        """Tell whether the account may make a call.

        Source: reference section 1.8 and WeChat's table of privileges: publishing, tags and
        service messages need verification; template messages and sends to a list need a
        verified service account.
        """
        if path.startswith(SERVICE_ONLY) or path in LISTS:
            return self.verified and self.account == AccountKind.SERVICE
        return self.verified or not path.startswith(VERIFIED_ONLY)
