"""Beginnings of answers that the desk gives often; filled in, and editable before they go out."""

from collections.abc import Mapping, Sequence
from typing import Final

from wx_archive.core.site import Profile
from wx_archive.enquiries.rules import Kind, State
from wx_archive.staff.canned import Canned, filled

_SEARCH: Final[Mapping[State, Sequence[Canned]]] = {
    State.NEED_FIX: (
        Canned("问年份和单位", "请补一句：大概是哪一年的事、和哪个单位有关？知道得越多越好找。"),
        Canned("问用途", "请说一下要这份材料做什么用，我们好判断给您找哪一种。"),
    ),
    State.CONSULTING: (
        Canned("问形成单位", "这份材料能不能提供，要先问一问当年形成它的单位，有回音就接着办。"),
    ),
    State.FOUND: (
        Canned("链接在下面", "查到了，点下面的题名就能看。"),
        Canned("来馆看原件", "查到了。请在接待时间（{opening_hours}）到{desk}看，报编号就行。"),
    ),
    State.NOT_FOUND: (
        Canned(
            "目录里没有", "目录和全文都查过了，没有找到。换个年份或者单位名称，可以再请我们查一次。"
        ),
    ),
    State.NOT_HELD: (
        Canned(
            "不在本馆",
            "这类材料不由本馆保管。可以问当年形成它的单位，或者打 {telephone} 问该找哪一家。",
        ),
    ),
    State.REFUSED: (
        Canned(
            "还没有开放",
            "这份档案还没有开放，不能提供。有正当用途的，可以带证件和说明到{desk}申请。",
        ),
        Canned(
            "关系个人隐私",
            "这类档案关系个人隐私，不能在微信里答复。请本人带身份证件到{desk}，当面就能办。",
        ),
    ),
    State.REFERRED: (
        Canned(
            "转有关单位", "这件事由别的单位办，已经替您转过去。问进展请打 {telephone}，报编号。"
        ),
    ),
}
_CORRECTION: Final[Mapping[State, Sequence[Canned]]] = {
    State.NEED_FIX: (Canned("问依据", "请补一句：应该是什么，依据是哪里的？"),),
    State.FOUND: (Canned("改好了", "核对了原件，已经改过来，谢谢您指出来。"),),
    State.NOT_FOUND: (
        Canned("原样无误", "核对了原件，原件就是这样写的，目录照原件著录。谢谢您留心。"),
    ),
    State.REFUSED: (Canned("照原件", "目录照原件著录，原件上的错字不改，我们在备注里注明。"),),
}


def canned(kind: Kind, state: State, profile: Profile) -> list[Canned]:
    """Return the beginnings for a step, filled in for the bureau."""
    own = _CORRECTION if kind is Kind.CORRECTION else {}
    given = own.get(state) or _SEARCH.get(state, ())
    return filled(given, profile)
