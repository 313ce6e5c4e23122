"""The words of the audit log: what was done, to what, and which values, in Chinese."""

from collections.abc import Mapping
from typing import Final

from wx_archive.staff.audit_check import Fault, Reason

ACTIONS: Final[Mapping[str, str]] = {
    # the log itself
    "audit.check": "核对审计记录",
    "audit.export": "导出审计记录",
    # people and their ways in
    "account.login": "登录",
    "account.logout": "退出",
    "account.confirm": "再输一次密码",
    "account.password": "改自己的密码",
    "account.propose": "准备动态码",
    "account.second_factor": "启用动态码",
    "account.new_codes": "换一组恢复码",
    "account.recovery_code": "用掉一个恢复码",
    "account.end_session": "结束自己的一处登录",
    "account.end_sessions": "结束自己的其他登录",
    "member.add": "添加人员",
    "member.disable": "停用人员",
    "member.enable": "恢复人员",
    "member.reset": "重置人员的密码",
    "member.roles": "改人员的角色",
    "wechat.bind": "绑定自己的微信",
    "wechat.code": "取微信绑定码",
    "wechat.unbind": "解除自己的微信绑定",
    # records and documents
    "catalogue.import": "导入目录",
    "catalogue.export": "导出目录",
    "record.open": "开放档案",
    "record.close": "撤回档案",
    "record.edit": "修改档案著录",
    "record.propose": "提出档案的变动",
    "record.review": "开放审核",
    "document.withdraw": "撤下文件",
    "document.restore": "恢复文件",
    "document.repeal": "写明文件废止",
    "document.unrepeal": "撤销文件的废止",
    "document.edit": "修改文件",
    "document.propose": "提出文件的变动",
    "document.relate": "添加文件关系",
    "document.unrelate": "去掉文件关系",
    "entry.conflict": "处理导入和修改的冲突",
    "release.release": "放行",
    "release.refuse": "不放行",
    "release.withdraw": "收回提出的变动",
    "proposal.accept": "确认废止建议",
    "proposal.reject": "驳回废止建议",
    "proposal.undo": "撤销对废止建议的决定",
    "upload.receive": "上传目录文件",
    "upload.again": "重新检查上传的文件",
    "upload.drop": "删除上传的文件",
    "upload.propose": "把上传的文件送去放行",
    "upload.release": "放行上传的文件",
    "upload.return": "退回上传的文件",
    "upload.import": "把上传的文件导入",
    "synonyms.add": "添加近义词",
    "synonyms.remove": "移走近义词",
    "synonyms.drop": "去掉一组近义词",
    "synonyms.settle": "处理近义词的冲突",
    "synonyms.sync": "并入文件里的近义词",
    # pieces
    "opinion.read": "看过读者的话",
    "piece.begin": "写新稿",
    "piece.save": "改稿",
    "piece.media": "给稿件放图片、视频、音频",
    "piece.send_in": "把稿件交给编辑",
    "piece.conflict": "定下稿件以文件还是管理台为准",
    "piece.take": "接手来稿",
    "piece.back": "退回来稿",
    "piece.submit": "送审稿件",
    "piece.recall": "收回送审的稿件",
    "piece.approve": "审定稿件",
    "piece.return": "退回送审的稿件",
    "piece.remark": "给稿件写批注",
    "piece.settle": "了结稿件的批注",
    "piece.withdraw": "撤下稿件",
    "piece.restore": "恢复稿件",
    # pushes
    "push.compose": "新建推送",
    "push.schedule": "确认推送",
    "push.cancel": "取消推送",
    "push.postpone": "收回推送另定时间",
    "push.decide": "决定停下来的推送",
    "push.preview": "把推送发到手机预览",
    "push.figures": "导出推送的效果",
    # the media library
    "media.add": "收进媒体文件",
    "media.edit": "改媒体文件的说明",
    "media.withdraw": "撤下媒体文件",
    "media.restore": "恢复媒体文件",
    # requests
    "enquiry.file": "登记代查",
    "enquiry.move": "推进代查",
    "enquiry.hand": "改代查的首问责任人",
    "enquiry.extend": "延长代查的时限",
    "enquiry.attach": "给代查附上条目",
    "enquiry.detach": "从代查去掉条目",
    "enquiry.contact_read": "看代查的联系方式",
    "enquiry.contact_write": "写代查的联系方式",
    # vouchers at the desk
    "voucher.redeem": "交付复制件",
    "voucher.undo": "撤销一次交付",
    "voucher.export": "导出交付记录",
    "voucher.paper": "打印领取纸单",
    "voucher.write_down": "补录纸单上的交付",
    # followers, messages, the machine
    "follower.find": "查找关注者",
    "follower.read": "看关注者资料",
    "follower.export": "导出关注者资料",
    "follower.erase.ask": "准备删除关注者资料",
    "follower.erase": "删除关注者资料",
    "alert.acknowledge": "知道了提醒",
    "deadletter.replay": "重放失败的消息或任务",
    "failure.replay": "重放失败的消息或任务",
    "failure.close": "了结失败的消息或任务",
    "figures.exported": "导出统计",
    # the account's own words
    "profile.edit": "修改本馆资料",
    "profile.file": "本馆资料改用文件里的",
    "profile.keep": "本馆资料保留馆里的修改",
    "profile.restore": "本馆资料恢复到旧的一版",
    "reply.save": "修改关键词答复",
    "reply.propose": "提出关键词答复",
    "reply.withdraw": "撤下关键词答复",
    "reply.release": "放行关键词答复",
    "reply.refuse": "不放行关键词答复",
    "words.ignore": "不再列出没答上的词",
    "words.show": "重新列出没答上的词",
    "menu.push": "把菜单发到微信",
}
"""Every action that a page or a command notes; a structural test misses none."""

KINDS: Final[Mapping[str, str]] = {
    "alert": "提醒",
    "audit": "审计记录",
    "catalogue": "目录",
    "deadletter": "失败的消息或任务",
    "document": "文件",
    "enquiry": "代查",
    "failure": "失败的消息或任务",
    "figures": "统计",
    "follower": "关注者",
    "import": "导入",
    "member": "人员",
    "media": "媒体文件",
    "piece": "稿件",
    "push": "推送",
    "menu": "菜单",
    "proposal": "废止建议",
    "profile": "本馆资料",
    "record": "档案",
    "reply": "关键词答复",
    "release": "待放行的变动",
    "session": "登录",
    "synonyms": "近义词",
    "upload": "上传的文件",
    "voucher": "领取凭证",
    "words": "没答上的词",
}
"""What stands before the colon of a subject."""

VALUES: Final[Mapping[str, str]] = {
    "above": "上级",
    "audience": "发给谁",
    "counted": "人数",
    "decision": "决定",
    "delivery": "怎么发",
    "due": "什么时候发",
    "latest": "最晚",
    "override": "重复也要发的原因",
    "pieces": "稿件",
    "added": "新增",
    "agent": "浏览器",
    "all": "连同不公开的",
    "alt": "画面说明",
    "anchors": "对上的锚",
    "below": "下级条数",
    "column": "栏目",
    "fields": "改了哪些",
    "facsimile": "复制件",
    "handed_on": "交付的日子",
    "on_hand": "库存",
    "vouchers": "凭证张数",
    "hash": "内容的校验码",
    "remark": "批注的编号",
    "revision": "稿次",
    "secrecy": "签了保密审查",
    "withdrawn_by": "撤下的人",
    "buttons": "菜单项",
    "by": "依据",
    "bytes": "字节数",
    "changed": "更新",
    "credit": "出处",
    "edited": "馆里改的",
    "fault": "第一处不对",
    "file": "文件名",
    "first": "起",
    "format": "格式",
    "group": "词组",
    "groups": "词组",
    "hindrance": "仍不列出的原因",
    "in_file": "文件里的",
    "kind": "种类",
    "last": "止",
    "listed": "公众能查到",
    "login": "账号",
    "made_by": "上传的人",
    "name": "姓名",
    "note": "说明",
    "open_on": "开放日期",
    "openness": "开放标识",
    "opens": "新公开",
    "proposed_by": "提出的人",
    "reason": "理由",
    "relation": "关联",
    "release": "待放行的编号",
    "repealed_on": "废止日期",
    "roles": "角色",
    "rows": "行数",
    "scope": "范围",
    "since": "从哪天起",
    "skipped": "跳过",
    "state": "状态",
    "target": "对方文件",
    "text": "答复",
    "title": "题名",
    "unchanged": "没有变化",
    "verdict": "审核意见",
    "what": "做什么",
    "winner": "留哪边",
    "word": "词",
    "words": "关键词",
}
"""Names of values before and after; others are shown as they are."""


def action_name(action: str) -> str:
    """Return what was done, in Chinese where we know it."""
    return ACTIONS.get(action, action)


def subject_name(subject: str) -> str:
    """Return what it was done to, its kind in Chinese where we know it."""
    kind, colon, rest = subject.partition(":")
    return f"{KINDS.get(kind, kind)}{colon and ' '}{rest}"


def value_name(key: str) -> str:
    """Return the name of a value, in Chinese where we know it."""
    return VALUES.get(key, key)


def tell(fault: Fault) -> str:
    """Return what is wrong, and where."""
    match fault.reason:
        case Reason.CHANGED:
            return f"第 {fault.number} 行的内容被改过，和它的校验码对不上。"
        case Reason.LINK:
            return f"第 {fault.number} 行接不上前一行：其中一行被换过。"
        case Reason.GAP:
            return f"第 {fault.number} 行不见了，后面的还在。"
        case Reason.END:
            return f"从第 {fault.number} 行起，和记录的末尾对不上：少了行，或者多出了行。"
        case Reason.ANCHOR:
            first = fault.since + 1
            return f"第 {first} 行到第 {fault.number} 行之间被整段改写过，和当天留的锚不一样。"
        case Reason.CUT:
            return f"从第 {fault.number} 行起被截掉了：留锚的时候还在。"
