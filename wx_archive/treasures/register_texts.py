"""Sentences of agreements, rights, the register and what is shown: for staff and for givers."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from wx_archive.treasures import rules
from wx_archive.treasures.rules import Right

NO_TIP: Final = "“仅提供线索”没有东西可以收，不签协议。请先问送件人愿意怎么办"
UNTIL_PUBLIC: Final = "选了“可以公开展示”，这里就要空着；到那天以前不公开的，请改选上面一项"
NOT_AMENDED: Final = "只有签了协议、还没有入藏的，才能更正协议"
CORRECTED: Final = "更正协议"
SIGNED_LATER: Final = "签字的日子不能是今天以后"
PRESERVE_FIRST: Final = "没有“保存和修复复制”，馆里就不能收。请先和送件人商量好"
USE_TWICE: Final = "同一种用法只写一次"
UNTIL_BEFORE: Final = "“用到哪天”不能早于“从哪天起”"
GRANT_STANDS: Final = "这一种用法已经有授权了。要改期限，请先撤回原来的"
NO_GRANT: Final = "选的这几种用法都没有授权，不用撤回"
NO_USES: Final = "请至少选一种用法"
PRESERVE_STAYS: Final = "“保存和修复复制”是协议的根本，不能单独撤回。要退还原件，请和送件人另签协议"
NO_REASON: Final = "请写一句为什么，以后的人要看得懂"
NO_EVIDENCE: Final = "请写凭据：协议号，或者送件人来信的日期"
NO_AGREEMENT: Final = "还没有签协议"
NOT_ACCEPTED: Final = "决定收下以后才能签协议"
NO_PLAN: Final = "还没有人提入藏方案"
PLAN_STANDS: Final = "已经有一份入藏方案。要改，先收回原来的"
NOT_PLANNED: Final = "签了协议、还没有入藏的，才提入藏方案"
TITLE_MISSING: Final = "请写题名"
FONDS_MISSING: Final = "请写全宗号，档案目录按它编档号"
FONDS_FORM: Final = "全宗号只用字母、数字和短横，20 个以内"
RECEIVED_LATER: Final = "收到的日子不能是今天以后"
NO_WEB_RIGHT: Final = "没有“网页公布”的授权，不能展示"
SCOPE_CLOSED: Final = "送件人现在不愿意公开，不能展示"
NOT_CHECKED: Final = "保密审查、肖像和隐私核对两样都要您本人签上"
NO_PICTURES: Final = "没有可以展示的图片：要先检查过，只展示照片"
NONE_CHOSEN: Final = "请至少勾一张图片"
SAME_PICTURE: Final = "一模一样的图片已经用在另一份珍档里。请核对两份，只展示一份"
NOT_SHOWN: Final = "这一件现在没有展示"
NO_CUSTODY: Final = "决定收下以后，才有原件交接"
NOT_ENTERED: Final = "还没有入藏，只能登记“收到”和“还给送件人”"
ONLY_BACK: Final = "这一份已经办完，只能登记“原件还给送件人”"
CUSTODY_NOTE: Final = "请写清楚交给谁、放在哪里、什么样子，200 个字以内"
LOCATION_MISSING: Final = "移库要写新的存放位置"
RECORD_REFUSED: Final = "档案目录收不了这一条，请核对题名和全宗号"
RESTRICTED: Final = "市民珍档：是否公开由协议的授权决定，到“珍档”里展示或者撤下"
EXPIRED: Final = "授权到期"
BY_SENDER: Final = "送件人不愿意再公开"
BY_YOU: Final = "您不愿意再公开"
SHOWN_CHECKED: Final = "保密审查、肖像和隐私核对已由本人签上"
PLAN_WITHDRAWN: Final = "收回方案"

AGREED_MEAN: Final[Mapping[rules.Wish, str]] = {
    rules.Wish.DONATE: "原件归乙方永久保存，乙方发给捐赠证书",
    rules.Wish.COPY: "乙方复制一份收藏，原件还给甲方",
    rules.Wish.DEPOSIT: "原件仍归甲方，由乙方代为保管",
    rules.Wish.TIP: "甲方不交原件，只提供线索",
}
"""What the printed agreement says of the original, between its two parties."""


def too_long(what: str, most: int) -> str:
    """Say how long something may be."""
    return f"{what}最多 {most} 个字"


def not_wished(use: Right, *, until: date | None) -> str:
    """Say that a use goes against what the sender wishes."""
    later = f"；要从 {until:%Y-%m-%d} 以后起" if until else ""
    return f"送件人不愿意公开，不能授权“{rules.RIGHTS[use]}”{later}"


def custody_order(what: str, before: str) -> str:
    """Say that something cannot have become of an original after what became of it last."""
    last = f"上一次登记的是“{before}”" if before else "还没有登记过原件交接"
    return f"{last}，现在不能登记“{what}”"


def uses(chosen: frozenset[Right]) -> str:
    """Name ways of use, in the order of the agreement."""
    return "、".join(name for use, name in rules.RIGHTS.items() if use in chosen)


def revoked(chosen: frozenset[Right], because: str) -> str:
    """Say what a step that revokes was."""
    return f"{uses(chosen)}：{because}"


def granted(chosen: frozenset[Right], evidence: str) -> str:
    """Say what a step that grants was."""
    return f"{uses(chosen)}（{evidence}）"


def told_to_sender(note: str) -> str:
    """Return the words of a step that revokes as its sender reads them."""
    what, _colon, because = note.partition("：")
    if because == EXPIRED:
        return what  # the line says so itself
    return f"{what}：{BY_YOU}" if because == BY_SENDER else note


def why_to_sender(because: str) -> str:
    """Return why a right was revoked as the sender reads it."""
    return BY_YOU if because == BY_SENDER else because


def amended(number: str, because: str) -> str:
    """Say what a step that corrects an agreement was."""
    return f"{CORRECTED} {number}：{because}"


def revoked_before(use: Right) -> str:
    """Say that a revoked use takes a new letter."""
    return f"“{rules.RIGHTS[use]}”撤回过，更正协议不能再给。送件人又同意的，凭来信在“授权”里添"


def planned(title: str) -> str:
    """Say what was proposed."""
    return f"提出入藏：{title}"


def provenance(credited: str, wish: rules.Wish, received_on: date, number: str) -> str:
    """Say where a piece comes from, for its record: nobody's name but the one agreed on."""
    day = f"{received_on.year}年{received_on.month}月{received_on.day}日"
    verb = {
        rules.Wish.DONATE: "捐赠",
        rules.Wish.COPY: "提供原件、馆里收的是复制件",
        rules.Wish.DEPOSIT: "寄存",
    }
    return f"{credited}{verb.get(wish, '提供')}，{day}收到。入藏号 {number}。"


def picture_credit(credited: str, number: str) -> str:
    """Say whose a picture is, and where it is kept."""
    return f"{credited}提供，入藏号 {number}"
