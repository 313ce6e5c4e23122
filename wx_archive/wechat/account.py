"""What this account may do at WeChat, by its kind and whether it is verified."""

from dataclasses import dataclass

from wx_archive.core.errors import RefusedError
from wx_archive.core.settings import Settings
from wx_archive.wechat.limits import AccountType, Capability, limits

__all__ = ["Capability", "Entitlements"]

_NAMES = {
    AccountType.SERVICE_VERIFIED: "已认证的服务号",
    AccountType.SERVICE_UNVERIFIED: "未认证的服务号",
    AccountType.SUBSCRIPTION_VERIFIED: "已认证的订阅号",
    AccountType.SUBSCRIPTION_UNVERIFIED: "未认证的订阅号",
}


@dataclass(frozen=True, slots=True)
class Entitlements:
    """The account's kind, asked about what it may do."""

    type: AccountType

    @classmethod
    def of(cls, settings: Settings) -> "Entitlements":
        """Return those of the settings' account."""
        verified = "verified" if settings.wechat_verified else "unverified"
        return cls(AccountType(f"{settings.wechat_account.value}/{verified}"))

    def may(self, capability: Capability) -> bool:
        """Tell whether WeChat allows it to this kind of account."""
        return self.type in limits().capabilities[capability].accounts

    def require(self, capability: Capability) -> None:
        """Do nothing if the account may.

        Raises:
            RefusedError: it may not; the sentence says which account may and what to do.
        """
        if self.may(capability):
            return
        asked = limits().capabilities[capability]
        allowed = "、".join(_NAMES[kind] for kind in AccountType if kind in asked.accounts)
        raise RefusedError(
            f"本账号是{_NAMES[self.type]}，微信不开放“{asked.name}”，只开放给{allowed}。"
            f"{self._remedy(asked.accounts)}"
        )

    def _remedy(self, accounts: tuple[AccountType, ...]) -> str:
        kind = self.type.value.partition("/")[0]
        if AccountType(f"{kind}/verified") in accounts:
            return "请在公众平台完成微信认证，再设 WX_ARCHIVE_WECHAT_VERIFIED=true"
        return (
            "请改用或迁移为服务号，再设 WX_ARCHIVE_WECHAT_ACCOUNT=service、"
            "WX_ARCHIVE_WECHAT_VERIFIED=true"
        )
