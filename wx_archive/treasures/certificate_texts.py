"""What is said of certificates: on the paper, on the phone, to staff."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from wx_archive.core.text import tap_link
from wx_archive.treasures.rules import Wish

VERIFY: Final = "/h5/treasures/verify"
"""The public page; `/<token>` is one certificate's."""
NAME_MISSING: Final = "请填证书上要署的名字；不署名，就选“不署名”"
NOT_STANDING: Final = "这一张证书已经作废了；请看最新的情况再办"
REASON: Final = "请写一句作废的原因，200 个字以内"

SCAN: Final = "扫码核对这一张证书"
SEALED: Final = ("图上的红印是装饰图样，不是公章。", "纸质证书到馆领取，由本馆亲手盖章。")
MARKS: Final[Mapping[Wish, str]] = {
    Wish.DONATE: "珍档入藏",
    Wish.COPY: "珍档入藏",
    Wish.DEPOSIT: "珍档寄存",
}
"""Four characters of the ornament that stands where cards have theirs."""
GIVEN: Final = "特发此证，以资纪念。"
_DIGITS: Final = "〇一二三四五六七八九"
_TEN: Final = 10


def name_too_long(most: int, length: int) -> str:
    """Say how long a name may be."""
    return f"署名最多 {most} 个字，现在有 {length} 个，请删短一些"


def no_glyph(missing: str) -> str:
    """Say which characters no typeface has."""
    return f"本机的字体里没有这几个字：{missing}。请装一种有这些字的字体再重画，或者换一种写法换发"


def verify_address(origin: str, token: str) -> str:
    """Return the address in a certificate's QR code."""
    return f"{origin}{VERIFY}/{token}"


def own_page(treasure_pid: str) -> str:
    """Return the path of the page on which its owner finds a certificate."""
    return f"/h5/treasures/{treasure_pid}/certificate"


def revoked_step(number: str, why: str) -> str:
    """Say in an upload's steps that its certificate is void."""
    return f"证书 {number} 作废：{why}"


def numbered(number: str) -> str:
    """Return the number as it stands beside the code."""
    return f"证书编号　{number}"


def tail(code: str) -> str:
    """Return the end of the token as it is printed, for those without a camera."""
    return f"核对码　　{code}"


def registered(accession: str) -> str:
    """Return the line of the register as it stands beside the code."""
    return f"入藏号　　{accession}"


def body(kind: Wish, title: str, extent: str) -> tuple[str, ...]:
    """Return what a certificate says, paragraph by paragraph."""
    # A line may end at a space: a number is not to be parted from what it counts.
    much = "".join(extent.split())
    what = f"{_quoted(title)}（{much}）" if much else _quoted(title)
    match kind:
        case Wish.DEPOSIT:
            said = f"您寄存的{what}，已由本馆代为保管。所有权仍归您，您可以随时取回。"
            thanks = "感谢您的信任。"
        case Wish.COPY:
            said = f"承蒙您提供{what}，本馆已复制收藏，原件归您保存。"
            thanks = "感谢您让这座城市的记忆多了一页。"
        case _:
            said = f"承蒙您捐赠{what}，本馆已登记入藏，永久保存。"
            thanks = "感谢您为这座城市留下珍贵的记忆。"
    return said, thanks, GIVEN


def _quoted(title: str) -> str:
    """Return a title in its marks; one that has some of its own stands in corners."""
    return f"「{title}」" if "《" in title else f"《{title}》"


def chinese_day(day: date) -> str:
    """Return a day in Chinese numerals: 二〇二六年十一月二十三日."""
    year = "".join(_DIGITS[int(digit)] for digit in str(day.year))
    return f"{year}年{_counted(day.month)}月{_counted(day.day)}日"


def _counted(number: int) -> str:
    """Return a number below 100 in words: 二十三."""
    tens, ones = divmod(number, _TEN)
    ten = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return ten + (_DIGITS[ones] if ones else "")


def sent(called: str, number: str, *, is_anew: bool) -> str:
    """Return what is said to the sender before the picture itself."""
    if is_anew:
        return f"这是换发的新证书，编号 {number}，原来那张作废。长按图片可以保存。"
    return f"这是您的{called}，编号 {number}。长按图片可以保存。"


def ready(
    called: str, number: str, treasure_number: str, address: str, *, is_anew: bool = False
) -> str:
    """Return what the sender is told where the picture itself could not be sent.

    Args:
        called: 捐赠证书.
        number: the certificate's.
        treasure_number: the upload's; a tap on it always gives a fresh way in.
        address: of the page, where it is good for as long as this text may wait; else empty.
        is_anew: it was issued in the place of another one.
    """
    way = (
        f'<a href="{address}">看证书</a>'
        if address
        else tap_link("看证书", f"进度 {treasure_number}")
    )
    what = f"换发的新{called}好了，编号 {number}，原来那张作废" if is_anew else ""
    what = what or f"您的{called}好了，编号 {number}"
    return f"{what}。打开以后长按图片，就能保存到手机。\n{way}"


# -- to staff ------------------------------------------------------------------------------------

DRAWN_AGAIN: Final = "已经排上重画，过一会儿刷新就能看到"
NOTHING_TO_DRAW: Final = "这一张不用重画"


def alert(number: str) -> str:
    """Say that a certificate cannot be drawn; which character is missing, its page says."""
    return f"证书 {number} 画不出来：字体里缺字"


def revoked(number: str) -> str:
    """Say that a certificate is void."""
    return f"证书 {number} 已作废，核对页上马上就能看到"


def issued_anew(old: str, new: str) -> str:
    """Say which certificate took the place of which."""
    return f"{old} 的新证 {new} 已经发出，正在画"
