"""What the pages of pushes say of steps, calls, reasons to stop, and what one may decide."""

from collections.abc import Mapping
from typing import Final

from wx_archive.publishing.decisions import Decision
from wx_archive.publishing.rules import CallState, HoldReason, PushState

STEPS: Final[Mapping[str, str]] = {
    PushState.PREPARING: "在筹备",
    PushState.SCHEDULED: "排好了",
    PushState.SENDING: "开始发",
    PushState.SENT: "发完了",
    PushState.PARTLY: "部分失败",
    PushState.FAILED: "没有发出去",
    PushState.CANCELLED: "取消了",
    PushState.HELD: "停下来等人决定",
    "hosted": "图片等传到了微信",
    "media": "图片等传到了微信",
    "draft": "存进了微信草稿箱",
    "calling": "请微信发",
    "accepted": "微信收下了",
    "again": "过一会儿再试",
    "frozen": "名单定下来了",
    "reported": "微信报告了结果",
    "polled": "问过微信结果",
    "out": "读者看得到了",
    "preview": "手机预览",
    "preview.asked": "要发到手机预览",
}
"""Steps in words; one that is not here is shown by its own name."""

CALLS: Final[Mapping[str, str]] = {
    CallState.READY: "还没有请微信发",
    CallState.CALLING: "请微信发了，还没有回音",
    CallState.ACCEPTED: "微信收下了",
    CallState.FINISHED: "有了结果",
    CallState.REFUSED: "微信没有收",
}

REASONS: Final[Mapping[HoldReason, str]] = {
    HoldReason.MISSED: (
        "到了最晚时间还没有发出去，多半是定时进程或网络停过。"
        "晚了的消息可能已经不合适，所以不自己补发，请您看过再定。"
    ),
    HoldReason.CHANGED: (
        "排期以后，里面的稿件改过，和审定、体检时看到的不一样了。"
        "等稿件重新审定，再“另定时间”做一次体检。"
    ),
    HoldReason.UNAPPROVED: "里面有稿件的审定或保密审查收回了。重新审定以后，才能再发。",
    HoldReason.NO_QUOTA: "群发的次数不够了。可以换一个时间，或先取消另一次。",
    HoldReason.UNKNOWN: (
        "请微信发的时候断了线，之后一直没有问到结果：可能发了，也可能没有。"
        "请先登录公众平台，在“已发表”里看这一次在不在，再来选。"
    ),
    HoldReason.NO_REPORT: (
        "微信收下以后，一直没有告诉结果。请登录公众平台，在“已发表”里看这一次在不在，再来选。"
    ),
    HoldReason.REFUSED: "微信没有收，原因写在上面。改好以后可以再发。",
}
"""Why a push waits, and what to do first."""

DECISIONS: Final[Mapping[Decision, str]] = {
    Decision.ASK_AGAIN: "用原来的编号再请微信发一次：上次发出去了就不会再发，没有发出去就发。",
    Decision.RESCHEDULE: "收回来，重新做体检、定时间。占的次数先还回去。",
    Decision.RESEND_NEW: (
        "当作上一次没有发，用新的编号再发一次。要是上一次其实发了，读者会收到两遍。"
        "只有在公众平台上看清楚没有发，才选这个。"
    ),
    Decision.TAKE_FOR_SENT: "在公众平台上看到已经发了，就选这个：稿件放进菜单和往期，次数算用掉。",
    Decision.TAKE_FOR_FAILED: "在公众平台上看到没有发，就选这个：不再发，次数还回去。",
    Decision.CANCEL: "不发了，次数还回去；稿件还在，以后可以另做一次推送。",
}
"""What follows from a decision."""

BUTTONS: Final[Mapping[Decision, str]] = {
    Decision.ASK_AGAIN: "用原来的编号再发给 {people} 人",
    Decision.RESCHEDULE: "收回来，另定时间",
    Decision.RESEND_NEW: "我看清楚了没有发，再发给 {people} 人",
    Decision.TAKE_FOR_SENT: "我看到了，算作已发",
    Decision.TAKE_FOR_FAILED: "我看过了没有，算作没有发",
    Decision.CANCEL: "取消这次推送",
}
"""What stands on the last button: it names what it does."""
