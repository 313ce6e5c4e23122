"""What the chat says while somebody plays."""

from dataclasses import replace
from datetime import date
from typing import Final

from wx_archive.catalogue.hits import Hit
from wx_archive.core.text import clip_bytes, escape_label, tap_link, written_day
from wx_archive.followers.consents import ConsentText
from wx_archive.quiz import answers, rules
from wx_archive.quiz.album_texts import titled
from wx_archive.quiz.entries import path_of
from wx_archive.quiz.play import Asked, Judged, Over
from wx_archive.quiz.questions import Source
from wx_archive.quiz.rules import LETTERS, Kind, Reason
from wx_archive.quiz.seasons import Known, KnownCard

START: Final = "答题"
AGREE: Final = "同意并开始"
LEAVE: Final = "退出"
NEXT: Final = "下一题"
CARDS: Final = "我的卡"
FETCH: Final = "领取"
ROOM_BYTES: Final = 1_900
"""What an answer may take of WeChat's 2,048: the rest is for what was heard before it."""
WORDS_SHOWN_BYTES: Final = 60
WORDS_SENT_BYTES: Final = 300
"""More would not fit into the link that sends them on: each byte takes three there."""
_NEXT_TAP: Final = tap_link(f"▸{NEXT}", NEXT, "quiz.n")
_CARDS_TAP: Final = tap_link(f"▸{CARDS}", CARDS)
_ALBUM_AND_LOOKUP: Final = (
    f"已有的卡在“{tap_link(CARDS, CARDS)}”里；想查档案，直接打关键词就行，"
    f"例如：{tap_link('公积金', '公积金')}。"
)

NOTHING_OPEN: Final = f"现在没有等您回答的题。回复“{tap_link(START, START)}”就出题。"
LAPSED: Final = f"这道题已经撤下，不算分。{_NEXT_TAP}"
NEVER_DEALT: Final = f"没找到这道题。回复“{tap_link(START, START)}”接着答。"
THANKS: Final = f"记下了，馆里的人会核对这道题，谢谢您。\n{_NEXT_TAP}"
LEFT: Final = (
    f"先到这里，没答的题给您留着。想接着答，回复“{tap_link(START, START)}”。\n{_ALBUM_AND_LOOKUP}"
)
CHANGED: Final = "上一道题刚刚改过或撤下了，请看这一道："


def no_season(coming: Known | None, last: Known | None, *, today: date) -> str:
    """Say that no questions are dealt today, and what there is instead."""
    if coming is not None:
        told = f"“{coming.name}”{written_day(coming.starts_on)}开始，到时候回复“{START}”就能答题。"
    elif last is not None:
        ended = written_day(last.ends_on)
        told = f"“{last.name}”已经在{ended}结束，谢谢您来答题。没用完的答对数，下一季接着算。"
        if last.is_picked_up(today):
            until = f"{written_day(last.pick_up_until)}以前（含当天）"
            told += f"集齐十张卡的，{until}回复“{tap_link(FETCH, FETCH)}”。"
    else:
        told = "答题活动还没有开始，定下日子会在公众号里告诉大家。"
    return f"{told}\n{_ALBUM_AND_LOOKUP}"


def invitation(season: Known, consent: ConsentText, left: int, rules_address: str) -> str:
    """Return what somebody reads before the first question: the rules in short, and the privacy."""
    stock = f"现有 {left} 份" if left else "眼下都许出去了，有了再领"
    return (
        f"答题闯关 · {season.name}\n"
        f"答对 {rules.RIGHT_FOR_CARD} 题得一张卡，一季十张各不相同；"
        f"集齐十张，到馆领一份珍贵档案复制件，{stock}。"
        f"不限时，答错不扣分，每天最多 {season.daily_cap} 题，"
        f"{written_day(season.ends_on)}截止。\n\n"
        f"{consent.text}\n\n"
        f"{tap_link(f'▸{AGREE}', AGREE, f'quiz.y.{consent.version}')}　"
        f'<a href="{rules_address}">看活动规则</a>'
    )


def ask(asked: Asked, origin: str) -> str:
    """Return a question with everything that can be tapped."""
    level, number = rules.level_of(asked.place)
    question = asked.question
    kind = rules.KIND_NAMES[question.kind]
    lines = [CHANGED] if asked.is_changed else []
    lines += [
        f"第 {level} 关 · 第 {number} 题（共 {rules.LEVEL} 题，{kind}，不限时）",
        question.text,
    ]
    if question.picture:
        lines.append(f'<a href="{origin}/h5/quiz/pictures/{question.id}">▸看图</a>')
    lines += [*_options(asked), _how(asked)]
    return "\n".join(line for line in lines if line)


def _options(asked: Asked) -> list[str]:
    verb = "p" if asked.question.kind is Kind.MULTIPLE else "a"
    shown = asked.question.shown_options
    return [
        tap_link(
            f"{letter} {shown[LETTERS.index(one)]}{'（已选）' if letter in asked.picked else ''}",
            letter,
            f"quiz.{verb}.{asked.token}.{letter}",
        )
        for letter, one in zip(LETTERS, asked.order, strict=False)
    ]


def _how(asked: Asked) -> str:
    match asked.question.kind:
        case Kind.MULTIPLE:
            if len(asked.picked) > 1:
                done = f"quiz.a.{asked.token}.{asked.picked}"
                return f"{tap_link(f'▸就选 {asked.picked}', asked.picked, done)}，或者接着点。"
            return "不止一个答案：一个一个点，或者一起打字母，例如：AC。"
        case Kind.FILL | Kind.YEAR:
            # Without an example: it might be the answer.
            what = "公元年份的数字" if asked.question.kind is Kind.YEAR else "空里的字"
            return f"直接打{what}。{_given_up(asked)}"
        case _:
            return "点蓝字，或者回复字母。" if asked.place <= rules.LEVEL else ""


def judged(done: Judged, entry: Hit | None, origin: str) -> str:
    """Return what an answer brought: right or wrong, why, the source, how far one is."""
    lines = [""]
    if entry is not None:
        title = escape_label(clip_bytes(entry.title, 60))
        lines.insert(0, f'<a href="{origin}{path_of(entry)}">▸看《{title}》</a>')
    lines.append(_progress(done))
    faulty = tap_link("▸这题有问题", "这题有问题", f"quiz.c.{done.asked.token}")
    lines.append(f"{_NEXT_TAP}　{faulty}")
    told = "\n".join(lines)
    return f"{_why(done, ROOM_BYTES - len(told.encode()))}\n{told}"


def _why(done: Judged, room_bytes: int) -> str:
    """Return the verdict with its reason and source, shortened where a long one leaves no room.

    The quotation goes first, then where the page is, then the end of the reason: the links below
    always stay whole.
    """
    question, verdict = done.asked.question, _verdict(done)
    reason, needed = question.explanation, len(question.explanation.encode())

    def left_bytes(told: str) -> int:
        return room_bytes - len(f"{verdict}\n\n{told}".encode())

    unquoted = replace(question.source, quote="")
    bare = source(replace(unquoted, url="", where=""))
    longer = (source(question.source), source(unquoted))
    told = next((one for one in longer if left_bytes(one) >= needed), bare)
    return f"{verdict}\n{clip_bytes(reason, left_bytes(told))}\n{told}"


def _verdict(done: Judged) -> str:
    if done.is_right:
        return "✔ 答对了" + (f"（{_right_answer(done.asked).strip()}）" if _was_near(done) else "")
    return f"✘ 答错了，应为{_right_answer(done.asked)}。不扣分。"


def _was_near(done: Judged) -> bool:
    question = done.asked.question
    return question.kind is Kind.YEAR and done.given != question.answer[0]


def _right_answer(asked: Asked) -> str:
    question = asked.question
    match question.kind:
        case Kind.SINGLE | Kind.MULTIPLE:
            shown = answers.as_shown(asked.order, "".join(question.answer))
            texts = (
                f"{letter} {question.options[LETTERS.index(asked.order[LETTERS.index(letter)])]}"
                for letter in shown
            )
            return " " + "；".join(texts)
        case Kind.YEAR:
            return f" {question.answer[0]} 年"
        case _:
            return f"“{question.answer[0]}”"


def source(told: Source) -> str:
    """Return where a fact can be looked up, in one line."""
    where = "".join(filter(None, (told.article, told.where and f"，{told.where}")))
    quote = f"：“{told.quote}”" if told.quote else ""
    title = f"《{told.title}》"
    if told.url:
        title = f'<a href="{told.url}">{title}</a>'
    return f"出处：{title}{where}{quote}"


def _progress(done: Judged) -> str:
    lines = []
    if done.right_in_level is not None:
        level, _number = rules.level_of(done.asked.place)
        lines.append(
            f"第 {level} 关走完：{rules.LEVEL} 题答对 {done.right_in_level} 题，"
            f"称号“{rules.title_after(level)}”。"
        )
    if done.card is not None:
        lines.append(_earned(done.card, done.season))
    elif done.credit >= rules.CARDS * rules.RIGHT_FOR_CARD:
        lines.append(f"这一季的十张卡您已经集齐。{tap_link(f'▸{FETCH}', FETCH)}")
    else:
        lines.append(_dots(done.credit))
    return "\n".join(lines)


def _dots(credit: int) -> str:
    have = rules.towards_next(credit)
    dots = "●" * have + "○" * (rules.RIGHT_FOR_CARD - have)
    return f"{dots}\n再答对 {rules.RIGHT_FOR_CARD - have} 题得一张卡。"


def _earned(card: KnownCard, season: Known) -> str:
    look = tap_link("▸看这张卡", "看卡", f"card.{card.ordinal}")
    told = f"第 {card.ordinal} 张卡：{titled(card)}\n编号 {card.number}\n{look}　{_CARDS_TAP}"
    if card.ordinal == rules.CARDS:
        return (
            f"{told}\n十张集齐了，可以领一份珍贵档案复制件：请在"
            f"{written_day(season.pick_up_until)}以前（含当天）回复“{tap_link(FETCH, FETCH)}”。"
        )
    return f"{told}\n集齐十张可以到馆领一份珍贵档案复制件，还差 {rules.CARDS - card.ordinal} 张。"


def over(told: Over) -> str:
    """Say that there is nothing more to answer today, or in this season."""
    if told.is_day:
        return (
            f"今天的 {told.season.daily_cap} 题都答过了，歇一歇，明天接着来。\n{_ALBUM_AND_LOOKUP}"
        )
    return (
        "这一季的题，您全都答过了，了不起。下一季会换新题，没用完的答对数接着算。\n"
        f"{_ALBUM_AND_LOOKUP}"
    )


def answered(is_right: bool | None) -> str:  # noqa: FBT001 -- what is told of, not a switch
    """Say that a question was answered before."""
    if is_right is None:
        return LAPSED
    how = "答对了" if is_right else "没答对"
    return f"这道题您答过了，当时{how}，只算一次。\n{_NEXT_TAP}"


def one_of(options: int) -> str:
    """Say that one letter is wanted."""
    return f"这道题只选一个：请点蓝字，或者回复 A–{LETTERS[options - 1]} 里的一个字母。"


def no_answer(asked: Asked, words: str) -> str:
    """Ask whether words that are no answer are meant for something else."""
    shown = escape_label(clip_bytes(words, WORDS_SHOWN_BYTES))
    sent = clip_bytes(words, WORDS_SENT_BYTES, ellipsis="")
    is_blank = asked.question.kind is Kind.FILL
    again = "，再想想，可以接着打" if is_blank else ""
    return (
        f"“{shown}”不是这道题的答案{again}。\n"
        f"{tap_link('▸看题目', START) if is_blank else tap_link('▸接着答题', START)}\n"
        f"{_given_up(asked)}\n"
        f"{tap_link(f'▸退出答题，查“{shown}”', sent, 'quizout')}"
    )


def _given_up(asked: Asked) -> str:
    return tap_link("▸不知道，看答案", "看答案", f"quiz.k.{asked.token}")


def which_fault(token: str) -> str:
    """Ask what is wrong with a question."""
    taps = "　".join(
        tap_link(name, name, f"quiz.c.{token}.{reason}") for reason, name in rules.REASONS.items()
    )
    call = tap_link("电话", "电话")
    return f"这道题哪里不对？点一个：\n{taps}\n想细说，请在接待时间打我们的{call}。"


def reason_of(word: str) -> Reason | None:
    """Return the reason that a link names."""
    return Reason(word) if word in set(Reason) else None
