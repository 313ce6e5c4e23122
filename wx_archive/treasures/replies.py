"""Beginnings of what is said to senders often: questions, thanks, a no that stays kind.

Each question can be answered by 是 or 不是, or in the sender's own words: so the chat asks it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from wx_archive.core.site import Profile
from wx_archive.staff.canned import Canned, filled
from wx_archive.treasures.rules import State

ASK_RIGHTS: Final = Canned(
    "请填权利",
    "这一份我们想收。还要请您填一填：东西是怎么来的，原件想怎么处理，愿意公开到哪一步，署什么名字。"
    "回“进度”，点“打开这一份”，在“权利”一栏选一选，说不清的可以选“说不清”。填好了请点“是”。",
)
"""Asked by one click where an acceptance has to wait for it; the progress has the form's link."""
_GIVEN: Final[Mapping[State, Sequence[Canned]]] = {
    State.NEED_INFO: (
        ASK_RIGHTS,
        Canned(
            "背面有没有字",
            "照片的背面写着字吗？有的话，请把背面也拍一张，回“进度”，点“打开这一份”加上，再点“是”。",
        ),
        Canned(
            "是不是自家的",
            "这件东西是您家里传下来的吗？不是的话，点“我来说说”，讲一讲怎么到您手里的。",
        ),
        Canned(
            "年代和地点",
            "您记得它大概是哪一年、在哪里的吗？点“我来说说”，讲个大概就行，不记得就点“不是”。",
        ),
        Canned(
            "画面里是谁", "画面里的人您认得吗？认得的话，点“我来说说”，告诉我们是谁、在做什么。"
        ),
        Canned("原件还在吗", "原件还在您手里吗？在的话，先不要裁、不要擦，我们告诉您怎么保管。"),
        Canned(
            "请重拍一张",
            "有一张不太清楚，能请您在亮处平放着重拍一张吗？拍好回“进度”，点“打开这一份”加上，再点“是”。",
        ),
        Canned(
            "愿不愿意让馆里复制",
            "您说只提供线索。愿意让馆里复制一份收藏、原件还归您吗？愿意，请点“是”。",
        ),
    ),
    State.DECLINED: (
        Canned(
            "馆里已经有了",
            "同样的内容馆里已经有一份。您想着把它拿给我们看，谢谢您，原件请留在家里，好好传下去。",
        ),
        Canned(
            "不在收集范围",
            "这件东西很有意思，可是不在本馆的收集范围里。也可以问问当地的博物馆、图书馆。"
            "拿不准问谁，请打 {telephone}，我们帮您想。",
        ),
        Canned(
            "看不清内容",
            "照片看不清内容，没有办法鉴定。原件如果还在，欢迎带到{desk}，我们当面看。",
        ),
        Canned(
            "来历说不清",
            "这一件的来历还说不清，收下以后不好用、也不好还。以后想起来了，请再告诉我们，随时欢迎。",
        ),
        Canned(
            "谢谢您的线索",
            "您说的这条线索我们记下了，会去找。谢谢您惦记着这座城市的档案，再有消息，请接着告诉我们。",
        ),
    ),
    State.ACCEPTED: (
        Canned(
            "请来签协议",
            "谢谢您愿意把它交给{short_name}。方便的时候请带上原件和身份证，到{desk}签协议，"
            "接待时间：{opening_hours}。来之前请打 {telephone} 约一下。",
        ),
        Canned(
            "出门不方便的",
            "谢谢您愿意把它交给{short_name}。下一步要签一份协议，原件请先收好。出门不方便，请打 "
            "{telephone} 告诉我们，一起商量怎么办方便。",
        ),
    ),
}


def canned(to: State, profile: Profile) -> list[Canned]:
    """Return the beginnings for a step, filled in for the bureau."""
    return filled(_GIVEN.get(to, ()), profile)


def ask_rights(profile: Profile) -> str:
    """Return the question that an acceptance waits for."""
    return profile.fill(ASK_RIGHTS.text)
