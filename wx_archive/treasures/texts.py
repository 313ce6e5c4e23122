"""What senders read in the chat, and the sentences that go with refusals."""

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath
from typing import Final

from wx_archive.core import clock
from wx_archive.core.text import clip_bytes, escape_label, tap_link, written_day
from wx_archive.core.wording import tidy
from wx_archive.treasures import rules
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.rules import FileKind, FileState, Right, State

DONE: Final = "完成"
DROP: Final = "取消"
MORE: Final = "再发"
TERMS: Final = "上传须知"
AGREE: Final = "同意并交"
YES: Final = "是"
NO: Final = "不是"
SAY: Final = "回答"
REVOKE: Final = "确定撤回授权"
WITHDRAW: Final = "确定撤回"
_SHOWN_BYTES: Final = 60
_TOLD_BYTES: Final = 900
_REASONS: Final = 3
"""So many reasons for what was not taken have room in an answer."""

TOO_MANY_FILES: Final = (
    f"一份最多放 {rules.MOST_FILES} 件，这一件没有收。先交这一份，再另发一份就行"
)
SAME_FILE: Final = "这一件和前面的一件完全相同，只留一份"
LOST_FILE: Final = "微信只替我们存三天，这一件没有来得及取到，请您再发一次"
NOTHING_SENT: Final = "还没有收到照片。请先发一张，再点“完成”"
TOO_MANY_OPEN: Final = (
    f"您有 {rules.MOST_OPEN} 份正在办，请等其中一份有了结果再传。急的话请给馆里打电话"
)
NOT_EDITABLE: Final = "这一份馆里已经在鉴定或者办完了，不能再改。要补充，请打电话告诉我们"
CREDIT_MISSING: Final = "请填要署的名字；不想署名，就选“不署名”"
UNTIL_PAST: Final = "“到哪一天为止”要是今天以后的日子"
ANSWER_LENGTH: Final = f"回答请写一句话，{rules.NOTE_LENGTH} 个字以内"

_FINISH: Final = f"发完点{tap_link(DONE, DONE)}，就是同意{tap_link('《上传须知》', TERMS)}"
_PROMISE: Final = f"{rules.DAYS[State.RECEIVED]} 个工作日内回复您"
_NEXT: Final = {
    State.DRAFT: f"还没有交。发完点{tap_link(DONE, DONE)}。",
    State.RECEIVED: f"馆里还没有看，{_PROMISE}。",
    State.SCREENING: "馆里正在看，有了结果在这里告诉您。",
    State.APPRAISAL: "正在请人鉴定，要些日子，有了结果在这里告诉您。",
    State.ACCEPTED: "馆里想收，下一步签一份书面协议，会和您联系。",
    State.AGREEMENT: "协议签好了，正在办入藏登记。",
    State.ACCESSIONED: "已经收进馆里，妥善保存。",
    State.PUBLISHED: "已经按您的意愿公开展示。",
    State.DECLINED: f"您发来的照片和文字，{rules.ERASED_AFTER_DAYS} 天以后删除。",
    State.RETURNED: "已经还给您了。",
    State.WITHDRAWN: f"照片和文字 {rules.ERASED_AFTER_DAYS} 天以后删除。",
}


# -- sentences of refusals --------------------------------------------------------------------


def too_long(what: str, most: int, length: int) -> str:
    """Say how long something may be."""
    return f"{what}最多 {most} 个字，现在有 {length} 个，请删短一些"


def file_name(name: str) -> str:
    """Return a file's name as it is shown: no folders, no marks that hide, not too long."""
    plain = tidy(PurePosixPath(name.replace("\\", "/")).name)
    return plain[-rules.NAME_LENGTH :]


def impossible(standing: State, to: State) -> str:
    """Say that an upload cannot go there from where it stands."""
    labels = rules.STAFF_STATES
    return f"现在是“{labels[standing]}”，不能改成“{labels[to]}”；请刷新页面看最新的情况"


def stale(by: str) -> str:
    """Say that somebody was faster."""
    return f"刚才{by}已经改过这一份，您看到的是旧的；请看最新的情况再办"


# -- sending ----------------------------------------------------------------------------------


def invitation(count: int, address: str, *, is_signed: bool) -> str:
    """Say what to send and how; what was begun before goes on.

    Args:
        count: files that were sent before and not handed in.
        address: of the page that takes pictures in original quality.
        is_signed: the address is the follower's alone, and good for half an hour.
    """
    begun = f"您上次发的 {count} 件还在，接着发就行。\n" if count else ""
    return (
        f"{begun}请发老照片、信件、证书这些的照片，一次可以发多张；"
        "视频、语音也行。打字说说它的来历：谁的、哪一年、在哪里，不知道也没关系。\n"
        f"{_FINISH}。\n微信会把照片压小，要原样清楚，{_page('用网页传', address, is_signed)}。"
    )


def received(kind: FileKind, *, is_more: bool) -> str:
    """Answer the first file of a batch."""
    what = rules.FILE_KINDS[kind]
    if is_more:
        return f"{what}收到了，和前面的放在一起。{_FINISH}。"
    return (
        f"{what}收到了，正在保存。可以接着发；打字说说它的来历，我们一起记下。\n"
        f"{_FINISH}；不想交了，点{tap_link(DROP, DROP)}。"
    )


def full(why: str, *, is_begun: bool) -> str:
    """Say why no more is taken, and what is to be done about it."""
    if is_begun:
        return f"{why}。\n这一份发完了就点{tap_link(DONE, DONE)}。"
    return f"{why}。办到哪一步，看{tap_link('进度', '进度')}。"


def noted(words: str) -> str:
    """Say that words were taken for the story; whoever meant something else is shown the way."""
    shown = escape_label(clip_bytes(tidy(words), _SHOWN_BYTES))
    return (
        f"记下了：“{shown}”\n接着发照片或者接着说都行。{_FINISH}。"
        f"要查东西，先点{tap_link('先放着', '先放着')}，回头再发。"
    )


def not_told(why: str) -> str:
    """Say why words were not taken."""
    return f"{why}。前面说的都记着。{_FINISH}。"


def left(begun: Upload | None) -> str:
    """Say that what was sent is kept for a while."""
    if begun is None:
        return "好的。要传的时候，回“上传”。"
    days = rules.DRAFT_LASTS.days
    return (
        f"先放着，{days} 天以内回{tap_link('上传', '上传')}接着发，过了就删掉。"
        "现在想查什么，直接打字。"
    )


def file_by_page(address: str, *, is_signed: bool) -> str:
    """Say that WeChat hands no files over."""
    return (
        "文件的名字收到了，可是微信不把文件交给公众号。\n"
        f"要捐献、要请馆里看，{_page('用网页传', address, is_signed)}（照片、PDF、视频都行），"
        "或者拍成照片发在这里。想查这份文件，打标题里的几个字或者文号。"
    )


def terms(text: str) -> str:
    """Return the consent's text, with the way back."""
    return f"{text.strip()}\n接着发，或者点{tap_link(DONE, DONE)}。"


def ask_consent(text: str) -> str:
    """Ask for a yes to a text that was not shown yet."""
    return (
        f"交之前，请看一看：\n{text.strip()}\n"
        f"{tap_link('同意，交给档案馆', AGREE)}\n不同意就点{tap_link(DROP, DROP)}，什么也不留。"
    )


def handed_in(upload: Upload, every: Sequence[File], address: str, *, is_signed: bool) -> str:
    """Give the number, and the way to the form."""
    return (
        f"收好了，受理号 {upload.number}。共 {_counted(every)}。\n"
        f"馆里 {_PROMISE}；随时看{_progress(upload)}。\n"
        f"还请花两分钟{_page('填一填来历和意愿', address, is_signed)}：哪一年、在哪里，"
        "捐赠还是复制后还您，署不署名。不填，我们也会看。"
    )


def nothing_sent(every: Sequence[File], address: str, *, is_signed: bool) -> str:
    """Say that there is nothing to look at, and why if something was sent."""
    page = _page("用网页传", address, is_signed)
    why = [f"没有收下：{escape_label(file.reason)}。" for file in _bad(every)[:_REASONS]]
    if not why:
        return f"{NOTHING_SENT}；或者{page}。"
    return "\n".join([*why, f"请换一张再发，或者{page}；不发了，点{tap_link(DROP, DROP)}。"])


def only_by_page(address: str, *, is_signed: bool) -> str:
    """Say that this account is not handed what its followers send."""
    return (
        "这个公众号收不到您在聊天里发的照片（微信没有给它这个权限）。\n"
        f"请{_page('用网页传', address, is_signed)}：照片、视频、录音都行，还是原样清楚。"
    )


def dropped(count: int) -> str:
    """Say that nothing was kept."""
    gone = f"您发的 {count} 件已经删掉" if count else "好的，什么也没有留下"
    return f"{gone}。以后想传，回{tap_link('上传', '上传')}；想查什么，直接打字。"


# -- what staff ask ---------------------------------------------------------------------------


def told(upload: Upload, origin: str) -> str:
    """Return what the sender is told of a state it came into."""
    head = f"珍档 {upload.number}{_titled(upload)}"
    if upload.state is State.NEED_INFO:
        asked = f"{head}，馆里想问您一句：\n{_note(upload)}"
        return f"{asked}\n{_choices(upload)}\n看{_progress(upload)}。"
    said = f"\n{_note(upload)}" if upload.note else ""
    match upload.state:
        case State.ACCEPTED:
            text = (
                f"{head}：馆里看过了，想收下。{said}\n"
                "下一步要签一份书面协议，写明怎么保存、怎么用，馆里会和您联系。"
            )
        case State.ACCESSIONED:
            text = f"{head}：已经入藏，谢谢您。{said}\n证书画好了就发到这里。"
        case State.PUBLISHED:
            page = f'<a href="{origin}/h5/treasures/pieces/{upload.pid}">去看一看</a>'
            text = f"{head}：已经按协议公开展示，{page}。{said}"
        case State.DECLINED:
            text = (
                f"{head}：谢谢您拿给我们看，这一次没有收下。{said}\n"
                f"照片和文字 {rules.ERASED_AFTER_DAYS} 天以后删除，原件请您留好。"
            )
        case State.RETURNED:
            text = f"{head}：已经还给您。{said}"
        case _:
            text = f"{head}：{upload.label}。{said}"
    return f"{text}\n看{_progress(upload)}。"


def taken_off(upload: Upload) -> str:
    """Say that a piece is shown no more; what was signed stays."""
    return (
        f"珍档 {upload.number}{_titled(upload)}：已经撤下，网页、目录和文章里都不再有它。"
        f"东西还在馆里，协议和证书不变。\n看{_progress(upload)}。"
    )


def is_it_the_answer(upload: Upload, words: str) -> str:
    """Ask whether words that nobody understood answer what staff have asked."""
    shown = escape_label(clip_bytes(tidy(words), _SHOWN_BYTES))
    number = (upload.number or "").lstrip(rules.Sign.UPLOAD)
    yes = tap_link("是，转给馆里", f"{SAY} {upload.number} {words}", f"treasure.words.{number}")
    return (
        f"“{shown}”是回答馆里问的话吗？\n珍档 {upload.number}：{_note(upload)}\n"
        f"▸{yes}　▸{tap_link('不是，查别的', '帮助')}"
    )


def say_it(upload: Upload) -> str:
    """Ask for the answer in the sender's own words."""
    return f"{_note(upload)}\n请打字说，一条发完。不想说，点{tap_link(DROP, DROP)}。"


def answered(upload: Upload) -> str:
    """Thank for an answer."""
    return f"谢谢您，已经转给馆里看 {upload.number} 的人。看{_progress(upload)}。"


def not_answered(number: str) -> str:
    """Say that the question stands."""
    return f"好的。想起来了，回“{SAY} {number}”加您要说的话。"


# -- 进度, 撤回 --------------------------------------------------------------------------------


def mine(own: Sequence[Upload], total: int, address: str, *, is_signed: bool) -> str:
    """List a follower's uploads, the newest first, and the way to the page of all."""
    shown = f"，先看最近 {len(own)} 份" if total > len(own) else ""
    lines = [f"您传的珍档，共 {total} 份{shown}："]
    for upload in own:
        number = _progress(upload, label=upload.number) if upload.number else "正在发的一份"
        lines.append(f"{number} {upload.label}{_titled(upload)}")
    return "\n".join([*lines, f"{_page('打开“我的珍档”', address, is_signed)}。"])


def status(upload: Upload, every: Sequence[File], address: str, *, is_signed: bool) -> str:
    """Say where an upload stands, and what comes next."""
    since = written_day(clock.day_of(upload.changed_at))
    lines = [f"珍档 {upload.number}{_titled(upload)}", f"{upload.label}（{since}）"]
    if upload.state not in rules.GONE:
        lines.append(f"共 {_counted(every)}。")
    if upload.note:
        lines.append(f"馆里的话：{_note(upload)}")
    lines += [f"没有收下：{escape_label(file.reason)}。" for file in _bad(every)[:_REASONS]]
    lines.append(_choices(upload) if upload.state is State.NEED_INFO else _NEXT[upload.state])
    ways = [_page("打开这一份", address, is_signed)]
    if upload.state is State.PUBLISHED:
        ways.append(tap_link("撤回授权", f"撤回授权 {upload.number}"))
    if upload.state in rules.WITHDRAWABLE:
        ways.append(tap_link("撤回", f"撤回 {upload.number}"))
    lines.append("　".join(f"▸{way}" for way in ways))
    return "\n".join(lines)


def ask_to_withdraw(upload: Upload) -> str:
    """Say what withdrawing means, and wait for a yes."""
    sure = tap_link("确定撤回", f"{WITHDRAW} {upload.number}")
    kept = tap_link("不撤了", f"进度 {upload.number}")
    return (
        f"撤回 {upload.number}{_titled(upload)}？{_NEXT[State.WITHDRAWN]}撤了不能改回来。\n"
        f"▸{sure}　▸{kept}"
    )


def would_end(own: Sequence[Upload]) -> str:
    """Name the uploads that end with the consent."""
    numbers = "、".join(upload.number or "正在发的一份" for upload in own)
    return f"{numbers} 也撤回，照片和文字 {rules.ERASED_AFTER_DAYS} 天以后删除，不能改回来。"


def withdrawn(upload: Upload) -> str:
    """Say that an upload was withdrawn."""
    return f"{upload.number} 已经撤回。{_NEXT[State.WITHDRAWN]}"


def not_withdrawn(upload: Upload) -> str:
    """Say why an upload cannot be withdrawn any more, and what can be done instead."""
    if upload.state in rules.KEPT:
        revoke = tap_link("撤回授权", f"撤回授权 {upload.number}")
        return f"{upload.number} {upload.label}，按协议保存。不想再公开，可以{revoke}。"
    return f"{upload.number} {upload.label}，不用撤回。"


def ask_to_revoke(upload: Upload, uses: Collection[Right]) -> str:
    """Say what revoking means, and wait for a yes."""
    named = "、".join(rules.RIGHTS[use] for use in Right if use in uses)
    return (
        f"珍档 {upload.number}{_titled(upload)}，协议里您允许：{named}。\n"
        "撤回以后，网页、文章和卡片里马上不再有它；已经发到大家手机上的推送，微信收不回来。"
        "东西还在馆里，照协议保存。\n"
        f"▸{tap_link('确定撤回', f'{REVOKE} {upload.number}')}　"
        f"▸{tap_link('不撤了', f'进度 {upload.number}')}"
    )


def revoked(upload: Upload) -> str:
    """Say that it is done."""
    return f"{upload.number} 的授权撤回了，已经不再公开。看{_progress(upload)}。"


def revocable(own: Sequence[Upload]) -> str:
    """List what may be revoked, each a tap."""
    if not own:
        return f"您没有公开展示的珍档，不用撤回授权。传过什么，看{tap_link('进度', '进度')}。"
    lines = [
        f"▸{tap_link(upload.number or '', f'撤回授权 {upload.number}')}{_titled(upload)}"
        for upload in own
    ]
    return "\n".join(["要撤回哪一件的授权？", *lines])


def nothing_to_revoke(upload: Upload) -> str:
    """Say that nothing is public."""
    return f"{upload.number} {upload.label}，现在没有公开，不用撤回授权。看{_progress(upload)}。"


def _counted(every: Sequence[File]) -> str:
    """Say how many files there are of each kind, and how many were not taken."""
    counts: dict[FileKind, int] = {}
    for file in every:
        if file.state in rules.STANDING:
            counts[file.kind] = counts.get(file.kind, 0) + 1
    units = {FileKind.IMAGE: "张照片", FileKind.VIDEO: "段视频", FileKind.AUDIO: "段录音"}
    parts = [f"{count} {units.get(kind, '份 PDF')}" for kind, count in counts.items()]
    late, bad = sum(file.state is FileState.AWAITED for file in every), len(_bad(every))
    told = "、".join(parts) or "0 件"
    if late:
        told += f"，其中 {late} 件还在从微信取（不用再发）"
    return told + (f"，{bad} 件没有收下" if bad else "")


def _bad(every: Sequence[File]) -> list[File]:
    return [file for file in every if file.state in (FileState.REFUSED, FileState.LOST)]


def _titled(upload: Upload) -> str:
    return f"“{escape_label(upload.title)}”" if upload.title else ""


def _note(upload: Upload) -> str:
    return escape_label(clip_bytes(upload.note, _TOLD_BYTES))


def _progress(upload: Upload, *, label: str | None = None) -> str:
    return tap_link(label or "进度", f"进度 {upload.number}")


def _choices(upload: Upload) -> str:
    number = upload.number or ""
    plain = number.lstrip(rules.Sign.UPLOAD)  # a link's id is of letters and digits
    links = (("是", YES, "yes"), ("不是", NO, "no"), ("我来说说", SAY, "say"))
    return "　".join(
        f"▸{tap_link(label, f'{says} {number}', f'treasure.{verb}.{plain}')}"
        for label, says, verb in links
    )


def _page(label: str, address: str, is_signed: bool) -> str:  # noqa: FBT001 -- as it is told
    lasts = "（只给您本人，30分钟内有效）" if is_signed else ""
    return f'<a href="{address}">{label}</a>{lasts}'
