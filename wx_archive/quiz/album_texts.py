"""What the chat says of cards."""

from datetime import date
from html import escape
from typing import Final

from wx_archive.core.text import clip_bytes, escape_label, tap_link, written_day
from wx_archive.quiz import rules
from wx_archive.quiz.album import Album
from wx_archive.quiz.rules import VoucherState
from wx_archive.quiz.seasons import Known, KnownCard

TITLE_BYTES: Final = 60
TAPPED: Final = 3
"""How many cards can be tapped in the list, the newest ones; the album has all of them."""
_PLAY: Final = tap_link("▸继续答题", "答题")
_FETCH: Final = tap_link("▸领取", "领取")


def none_yet(season: Known, rules_address: str) -> str:
    """Say how to begin."""
    return (
        f"您还没有卡。“{season.name}”正在进行：答对 {rules.RIGHT_FOR_CARD} 题得一张卡，"
        f"十张各不相同；集齐十张，到馆领一份珍贵档案复制件。\n"
        f'{tap_link("▸开始答题", "答题")}　<a href="{escape(rules_address)}">看活动规则</a>'
    )


def mine(album: Album, address: str, *, is_signed: bool, today: date) -> str:
    """Return the cards of a season with what comes next.

    Args:
        album: whose cards.
        address: of the album's page.
        is_signed: it opens for half an hour, and for nobody else.
        today: the Shanghai day.
    """
    have = len(album.earned)
    lines = [
        f"我的卡 · {album.season.name}",
        f"{'●' * have}{'○' * (rules.CARDS - have)}",
        _count(have),
    ]
    lines += [f"{card.ordinal} {titled(card)}" for card in album.earned]
    lines.append(_next(album, today))
    looks = [_look(album.season, card) for card in reversed(album.earned[-TAPPED:])]
    taps = [*looks, *_taps(album, today)]
    lines += ["　".join(taps)] if taps else []
    lasts = "（30 分钟内点开）" if is_signed else ""
    lines.append(f'<a href="{escape(address)}">▸打开我的卡册</a>{lasts}')
    return "\n".join(line for line in lines if line)


def _count(have: int) -> str:
    if have == rules.CARDS:
        return "十张集齐了"
    return f"已有 {have} 张，还差 {rules.CARDS - have} 张"


def _next(album: Album, today: date) -> str:
    voucher, season = album.voucher, album.season
    if album.is_complete:
        if voucher is not None and voucher.state is VoucherState.REDEEMED:
            return f"复制件已经领取，领取号 {voucher.receipt}。"
        if voucher is not None and album.has_voucher(today):
            until = f"{written_day(voucher.expires_on)}以前（含当天）"
            return f"凭证已经开好，请在{until}到馆领取，号码在卡册里。"
        if album.may_ask(today):
            until = f"{written_day(season.pick_up_until)}以前（含当天）"
            return f"可以领一份珍贵档案复制件了：请在{until}回复“领取”。"
        return f"这一季的领取期限是{written_day(season.pick_up_until)}，已经过了。卡一直给您留着。"
    if not season.is_on(today):
        return "这一季已经结束，没用完的答对数下一季接着算。卡一直给您留着。"
    return f"再答对 {album.still_to_answer} 题，得第 {len(album.earned) + 1} 张卡。"


def _taps(album: Album, today: date) -> list[str]:
    if album.may_ask(today):
        return [_FETCH]
    return [_PLAY] if album.season.is_on(today) and not album.is_complete else []


def _look(season: Known, card: KnownCard) -> str:
    return tap_link(f"▸看第 {card.ordinal} 张", "看卡", f"card.{card.ordinal}.{season.pid}")


def one(season: Known, card: KnownCard, address: str, *, is_signed: bool) -> str:
    """Return a card in words, where its picture cannot be answered with."""
    lasts = "（30 分钟内点开）" if is_signed else ""
    return (
        f"{season.name} 第 {card.ordinal} 张卡：{titled(card)}\n编号 {card.number}\n"
        f'<a href="{escape(address)}">▸看卡面和故事</a>{lasts}\n'
        f"{tap_link('▸我的卡', '我的卡')}"
    )


NOT_EARNED: Final = (
    f"这张卡还没有得到，得到以后才能看。\n{tap_link('▸我的卡', '我的卡')}　"
    f"{tap_link('▸答题', '答题')}"
)


def titled(card: KnownCard) -> str:
    """Return a card's title in 《》, shortened, once however it is written."""
    title = escape_label(clip_bytes(card.title, TITLE_BYTES))
    return title if title.startswith("《") else f"《{title}》"
