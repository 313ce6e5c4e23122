"""What staff read about what went wrong, in the console and on their phones."""

from datetime import datetime, timedelta
from typing import Final

from wx_archive.core import clock

LATE_SCHEDULES: Final = "定时任务没有按时排出来，定时进程（wx-archive scheduler）可能没有在运行"
UNWATCHED: Final = (
    "已经十多分钟没有检查过有没有出错："
    "后台进程（wx-archive worker）或定时进程（wx-archive scheduler）可能没有在运行"
)
JOBS: Final = {
    "alerts.tell": "把提醒发给工作人员",
    "alerts.watch": "检查有没有出错",
    "catalogue.opening_day": "到开放日的档案开放出来",
    "catalogue.opening_reviews": "列出满二十五年要审核的档案",
    "catalogue.vocabulary": "整理检索用的词",
    "cataloguing.check": "检查上传的文件",
    "cataloguing.import": "导入上传的文件",
    "cataloguing.tidy_uploads": "清理上传过的文件",
    "chat.answer": "慢慢算的答复",
    "chat.deliver": "补发留着的答复",
    "chat.replay": "重放没办成的消息",
    "chat.tidy": "清理过期的对话资料",
    "enquiries.close_silent": "了结长久没有回音的请求",
    "lookup.fold_usage": "汇总每天的查询次数",
    "publishing.tags": "把关注者选的主题标到微信的标签上",
    "media.sweep": "清理没有收进媒体库的文件",
    "publishing.crowd": "问微信有多少人关注",
    "publishing.poll": "问微信推送的结果",
    "publishing.preview": "把推送发到工作人员的手机预览",
    "publishing.send": "发送推送",
    "publishing.slots": "给固定栏目做草稿",
    "publishing.sync": "收进 content/ 里的稿子",
    "quiz.expire": "让过期的领取凭证失效，退回预留",
    "quiz.remind": "提醒领取凭证快到期的关注者",
    "publishing.watch": "检查有没有漏掉的推送",
    "quiz.draw_cards": "画一季的卡片",
    "quiz.show_card": "把得到的卡片发给关注者",
    "staff.anchor": "给审计记录留底",
    "staff.sweep": "清理过期的登录",
    "media.taken_off": "媒体文件撤下后重画卡片",
    "treasures.expire_rights": "到期的授权停止展示",
    "treasures.certificate": "画证书",
    "treasures.send_certificate": "把证书发给送件人",
    "treasures.fixity": "核对存着的珍档原件",
    "treasures.fixity_slice": "核对一部分珍档原件",
    "treasures.settle": "收尾没有存完的珍档文件",
    "treasures.remove": "删除不再留的珍档文件",
    "treasures.batch": "告诉送件人一批照片收得怎么样",
    "treasures.erase": "删除到期的珍档资料",
    "treasures.look": "检查送来的文件",
    "treasures.fetch": "从微信取送来的照片",
    "treasures.sweep": "清理没有收完的文件",
    "treasures.sweep_objects": "清理没有主的珍档文件",
}
"""Kinds of job in words; the others are shown by their own name."""
JOB_STATES: Final = {"waiting": "等着办", "running": "正在办", "done": "办完", "dead": "没办成"}
LETTER_STATES: Final = {
    "open": "没办成",
    "queued": "已排队重放",
    "replayed": "已重放",
    "closed": "不再处理",
}
ACCOUNTS: Final = {
    "service/verified": "已认证的服务号",
    "service/unverified": "未认证的服务号",
    "subscription/verified": "已认证的订阅号",
    "subscription/unverified": "未认证的订阅号",
}
TEMPLATE_TITLE_LENGTH: Final = 20
"""WeChat takes so many characters in a template's `thing`."""


def dead_letters(count: int) -> str:
    """Say how many messages a handler failed on."""
    return f"有 {count} 条消息没能办成，发来的人只得到一句“已经记下”"


def dead_jobs(count: int) -> str:
    """Say how many jobs were given up."""
    return f"有 {count} 件后台任务试过几次都没办成"


def late_jobs(count: int) -> str:
    """Say how many jobs wait for too long."""
    return f"有 {count} 件后台任务等了五分钟还没有办，后台进程（wx-archive worker）可能没有在运行"


def stopped(name: str, until: datetime) -> str:
    """Say which call WeChat wants no more of, and until when."""
    return f"微信叫停了“{name}”，{moment(until)} 以后恢复"


def refused(name: str, sentence: str) -> str:
    """Say which call WeChat refuses, and why."""
    return f"微信拒绝了“{name}”：{sentence}"


def held(count: int) -> str:
    """Say how many answers nobody fetched."""
    return f"有 {count} 份替关注者留着的答复，过了七天还没有人取"


def disk_low(free_bytes: int) -> str:
    """Say how little room is left."""
    return f"数据文件夹所在的磁盘快满了，只剩 {free_bytes / 1_000_000:.0f} MB"


def check_failed(name: str) -> str:
    """Say which check failed."""
    return f"“{name}”的检查自己出了错，它管的事情有没有问题还不知道"


def told(title: str, since: datetime, *, address: str) -> str:
    """Return the message for somebody's phone."""
    return (
        f"【提醒】{title}。\n"
        f"从 {moment(since)} 起。\n"
        f'<a href="{address}">到管理台处理</a>，不想收提醒，回“解绑”。'
    )


def clipped(title: str) -> str:
    """Return a title as a template takes it."""
    most = TEMPLATE_TITLE_LENGTH
    return title if len(title) <= most else f"{title[: most - 1]}…"


def moment(at: datetime) -> str:
    """Write a moment as staff read it: 11月23日 12:00."""
    local = at.astimezone(clock.SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def full_moment(at: datetime | None) -> str:
    """Write a moment with its year: 2026-11-23 12:00."""
    return "—" if at is None else f"{at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}"


def lasting(duration: timedelta) -> str:
    """Write how long something has lasted, in its largest unit."""
    minutes = max(0, int(duration.total_seconds() // 60))
    if minutes < 1:
        return "不到一分钟"
    if minutes < 60:
        return f"{minutes} 分钟"
    if minutes < 48 * 60:
        return f"{minutes // 60} 小时"
    return f"{minutes // (24 * 60)} 天"


def size(size_bytes: int) -> str:
    """Write a size as people read it: 12.3 MB."""
    for unit, factor in (("GB", 1_000_000_000), ("MB", 1_000_000)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes / 1_000:.0f} kB"


def bound(text: str, name: str, login: str) -> str:
    """Say whose account the phone belongs to now."""
    return text.replace("{answer}", f"“{name}”（{login}）")
