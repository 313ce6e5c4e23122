"""What the account and the desk say about vouchers."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from wx_archive.core import clock
from wx_archive.core.site import Profile
from wx_archive.core.text import tap_link, with_taps, written_day
from wx_archive.quiz import codes
from wx_archive.quiz.rules import CARDS, RIGHT_FOR_CARD, VoucherState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wx_archive.quiz.seasons import Known
    from wx_archive.quiz.voucher_queries import Offer, Shown

TAP: Final = "facsimile"
"""Name of the tap that chooses one."""
_PLACES: Final = 999
"""A higher number is not said back."""
_LIST_BYTES: Final = 1_950
"""A text reply holds 2,048; the rest is for the line that says how many did not fit."""

STALE: Final = (
    "还没有交付：这一页放久了，或者这张凭证刚才有人动过。请再查一次，看清现在的情形再确认"
)
PAPER_DAY: Final = "交付的日子只能是今天或以前，最多早 {days} 天"
PAPER_BEFORE_ISSUE: Final = "那一天还没有发出这张凭证，请核对交付的日子"
PAPER_TOO_LATE: Final = (
    "这张凭证那天有效，可是补录晚了：它已经按期失效，预留退回了库存。"
    "实物确实交出去的，请在复制件的库存里核减一份，写明“纸单”和交付的日子"
)
NO_RECEIPT: Final = "没有这个领取号，请核对"
UNDONE_BEFORE: Final = "这次交付已经撤销过了"
OWN_HAND_OVER: Final = "这次交付是您自己办的，要由另一个人来撤销"
UNDO_TOO_LATE: Final = "过了十五分钟，不能再撤销；实物不对的，请在复制件的库存里记一笔，写明原因"
REASON_MISSING: Final = "请写明为什么撤销，至少两个字，最多两百个字"
UNKNOWN_REPLY: Final = "没有这张凭证，请看清手机上的字符，再输一次"
SLIP_REPLY: Final = "校验位不对：有一个字符输错了，或者两个字符输反了，请再输一次"
ONE_YEAR: Final = "一次最多看一年，下面从 {first}看起；更早的，请分几次看"
_MOST_COUNTED: Final = 300
"""Of what is typed no more is read."""

_DESK_REFUSALS: Final = {
    "unknown": UNKNOWN_REPLY,
    "slip": SLIP_REPLY,
    "void": "这张凭证作废了：它的主人删除了自己的资料。请不要交付",
}


def moment(value: datetime) -> str:
    """Return an instant in Shanghai: 2026年11月23日 15:04."""
    local = value.astimezone(clock.SHANGHAI)
    return f"{written_day(local.date())} {local:%H:%M}"


def not_redeemed(verdict: str, shown: "Shown | None", length: int) -> str:
    """Say why the desk does not hand over; ``length`` is of what was typed."""
    if verdict == "length":
        count = f"{length} 位" if length < _MOST_COUNTED else f"{_MOST_COUNTED} 位以上"
        return f"凭证号是十位，您输了 {count}。四位数字是窗口核对码，不用输"
    if shown is None or verdict in _DESK_REFUSALS:
        return _DESK_REFUSALS.get(verdict, UNKNOWN_REPLY)
    if shown.state is VoucherState.REDEEMED and shown.redeemed_at:
        when, by = moment(shown.redeemed_at), shown.redeemed_by
        return f"这张凭证 {when} 已经由{by}交付过了，领取号 {shown.receipt}。请不要再交付"
    return (
        f"这张凭证到 {written_day(shown.expires_on)} 为止，已经过期，预留的一份退回了库存。"
        "请读者在公众号里回“领取”，还能领的会换一张新的"
    )


def paper_note(handed_on: date) -> str:
    """Return the note of a hand-over that the paper list tells."""
    return f"纸单，{written_day(handed_on)}交付"


# -- in the chat ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """How an owner gets to the voucher's page, and what the desk is shown.

    Attributes:
        desk_check: 窗口核对码.
        is_signed: the link opens for half an hour.
    """

    address: str
    desk_check: str
    is_signed: bool


def how_to_pick_up(shown: "Shown", profile: Profile, way: Way) -> str:
    """Say what a voucher is, where it is good, until when, and what to bring."""
    lasts = "（30 分钟内点开，过后再回“领取”）" if way.is_signed else ""
    lines = (
        f"凭证号：{codes.printed(shown.code)}（窗口核对码 {way.desk_check}）",
        f"领什么：{shown.facsimile}，一份",
        f"到哪里：{profile.name}{profile.desk}，{profile.address}",
        f"什么时候：{profile.opening_hours}，{written_day(shown.expires_on)}以前（含当天）",
        "带什么：只要凭证号或二维码。家人朋友也可以替您来；谁拿着都能领，请不要发到网上。",
        f'<a href="{way.address}">打开凭证和二维码</a>{lasts}',
    )
    return "\n".join(lines)


def issued(shown: "Shown", replaces: date | None, profile: Profile, way: Way) -> str:
    """Say that a voucher was issued."""
    head = "十张卡齐了，这是您的领取凭证，已为您留好一份。"
    if replaces:
        head = f"上一张凭证 {written_day(replaces)} 到期了，已为您换一张新的，也留好了一份。"
    return f"{head}\n{how_to_pick_up(shown, profile, way)}"


def issued_before(shown: "Shown", profile: Profile, way: Way) -> str:
    """Say which voucher somebody has."""
    return f"这是您的领取凭证，还没有领。\n{how_to_pick_up(shown, profile, way)}"


def redeemed_before(shown: "Shown", profile: Profile) -> str:
    """Say that it was picked up."""
    when = moment(shown.redeemed_at) if shown.redeemed_at else ""
    return with_taps(
        f"您的{shown.facsimile}已经领走了：{when}，领取号 {shown.receipt}。\n"
        f"如果不是您或您请的人领的，请打 {profile.telephone}。\n"
        "下一季的卡从头集起，看看[[我的卡]]。"
    )


def missing(season: "Known | None", cards: int, towards_next: int, *, is_on: bool) -> str:
    """Say how many cards there are, how many are missing, and how to go on."""
    if season is None:
        return with_taps(
            "领取珍贵档案复制件要集齐十张卡。现在没有正在进行的答题，开始的时候会在公众号里说。\n"
            "想先看看馆里的档案，直接打字就能查，例如[[档案 大桥]]。"
        )
    if not cards and not towards_next:
        told = f"“{season.name}”您还没有卡。答对 {RIGHT_FOR_CARD} 题得一张，集齐 {CARDS} 张就能领。"
    else:
        told = f"“{season.name}”您有 {cards} 张卡，还差 {CARDS - cards} 张就能领。"
    if not is_on:
        return with_taps(
            f"{told}\n这一季 {written_day(season.ends_on)} 已经结束，不能再得卡；"
            "没凑满一张的答对题数会带到下一季。\n看看[[我的卡]]。"
        )
    if cards or towards_next:
        told += f"再答对 {RIGHT_FOR_CARD - towards_next} 题得下一张。"
    way = "继续答题" if cards or towards_next else "开始答题"
    return with_taps(f"{told}\n[[{way}|答题]]　[[我的卡]]")


def choose(
    offers: "Sequence[tuple[int, Offer]]",
    *,
    is_gone: bool = False,
    no_place: int | None = None,
    replaces: date | None = None,
) -> str:
    """List what may be chosen, as much as fits: place in the list, facsimile, pieces left.

    Args:
        offers: with their places in the list.
        is_gone: the one that was chosen has no free piece any more.
        no_place: a place that was typed and is not in the list.
        replaces: the last day of the voucher that expired before.
    """
    head = _expired_before(replaces) + _asked(is_gone=is_gone, no_place=no_place)
    first = offers[0][0] if offers else 1
    foot = f"点一种，或者回复“领取 {first}”这样的编号。选定以后不能换。"
    lines = [head]
    room_bytes = _LIST_BYTES - len(f"{head}\n{foot}\n".encode())
    for place, one in offers:
        link = tap_link(one.name, f"领取 {place}", f"{TAP}.{one.pid}")
        line = f"{place} {link}（还有 {one.left} 份）"
        room_bytes -= len(line.encode()) + 1
        if room_bytes < 0:
            lines.append(f"还有 {len(offers) - len(lines) + 1} 种写不下，可以打电话问清编号。")
            break
        lines.append(line)
    return "\n".join((*lines, foot))


def _expired_before(last_day: date | None) -> str:
    return f"上一张凭证 {written_day(last_day)} 到期了，没有领。\n" if last_day else ""


def _asked(*, is_gone: bool, no_place: int | None) -> str:
    if no_place is not None:
        which = f"第 {no_place} 种" if no_place <= _PLACES else "这一种"
        return f"没有{which}，请从下面选："
    if is_gone:
        return "您选的那种刚刚领完了，请换一种："
    return "十张卡齐了，可以领一份。想要哪一种："


def none_left(season: "Known", profile: Profile, *, replaces: date | None = None) -> str:
    """Say calmly that nothing is left, and what then."""
    return with_taps(
        f"{_expired_before(replaces)}十张卡齐了。可惜复制件现在都领完了，一份也没有留下。\n"
        f"有人过期没领，或者馆里添了新的，就又有了：{written_day(season.pick_up_until)}以前随时再回[[领取]]，"
        f"您的卡一直在。\n想问什么时候添，请打 {profile.telephone}。"
    )


def closed(season: "Known", profile: Profile) -> str:
    """Say that the season's pick-up is over."""
    return with_taps(
        f"“{season.name}”的领取 {written_day(season.pick_up_until)} 已经截止，不能再领了。"
        "您的卡还在[[我的卡]]里。\n"
        f"有特别的情形，请打 {profile.telephone}；下一季请早些来。"
    )


# -- told later -------------------------------------------------------------------------------


def told_redeemed(facsimile: str, receipt: str, at: datetime, paper_day: date | None) -> str:
    """Tell the owner that it was handed over."""
    when = moment(at)
    if paper_day:
        noted = "" if paper_day == clock.day_of(at) else f"（{moment(at)}登记）"
        when = f"{written_day(paper_day)}{noted}"
    return with_taps(
        f"已领取，感谢。\n{facsimile}，{when}在窗口交付，领取号 {receipt}。\n"
        "如果不是您或您请的人领的，请马上告诉我们：[[电话]]。"
    )


def told_undone(receipt: str) -> str:
    """Tell the owner that the hand-over was undone."""
    return with_taps(f"领取号 {receipt} 登记错了，已经撤销。您的凭证照样有效，回[[领取]]就能看到。")


def told_expired(facsimile: str, expires_on: date) -> str:
    """Tell the owner that the voucher's day has passed."""
    return with_taps(
        f"您的{facsimile}领取凭证到 {written_day(expires_on)} 为止，没有领，已经过期。"
        "留的那一份退回了库存。\n"
        "还想领的，回[[领取]]；还有余量、没过截止日的，会给您换一张新的。"
    )


def told_reminder(facsimile: str, expires_on: date, profile: Profile) -> str:
    """Remind the owner that the voucher's day comes near; read days later it is still true."""
    return with_taps(
        f"提醒您：{facsimile}的领取凭证快到期了，{written_day(expires_on)}是最后一天。\n"
        f"{profile.desk}，{profile.opening_hours}。回[[领取]]看凭证号。"
    )


# -- at the desk ------------------------------------------------------------------------------


def handed(receipt: str) -> str:
    """Say that it is done."""
    return f"已交付，领取号 {receipt}。可以打印收据。"


def undone(receipt: str) -> str:
    """Say that it was undone."""
    return f"已撤销 {receipt}：实物放回架上，仍给这位读者留着。"


def slowed(pause: timedelta) -> str:
    """Say that too many codes were wrong, and how long to wait."""
    seconds = max(1, round(pause.total_seconds()))
    wait = f"{seconds} 秒" if seconds < 90 else f"{round(seconds / 60)} 分钟"
    return (
        f"连着输了好几个不存在的凭证号，请等 {wait}再查。"
        "先请读者打开凭证页，把十位字符看清楚；时候到了，在下面接着查"
    )
