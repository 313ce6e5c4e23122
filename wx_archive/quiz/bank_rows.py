"""A question as a row of a table or the fields of a form: one list of columns serves all of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from pydantic import ValidationError

from wx_archive.catalogue.files import read_date
from wx_archive.catalogue.files.columns import Column, fold_header
from wx_archive.core.text import fold
from wx_archive.quiz.bank_files import (
    EXPLANATION_LENGTH,
    MOST_SPELLINGS,
    NOT_TO_BE_FOUND,
    OPTION_LENGTH,
    QUOTE_LENGTH,
    SPELLING_LENGTH,
    TEXT_LENGTH,
    TOO_MANY_SPELLINGS,
    QuestionFile,
    Theme,
    mistakes,
)
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import DIFFICULTIES, KIND_NAMES, LETTERS, Kind

Cells = Mapping[str, str]
"""Texts by the columns' keys."""
Themes = Mapping[str, Theme]
OPTIONS: Final = tuple(f"option_{letter.lower()}" for letter in LETTERS)
SPELLINGS: Final = "|"
TAGS: Final = "、"
YES: Final = "是"
_NUMBER: Final = "-000"
"""Stands for a number that is not given yet."""
_SOURCE: Final = ("title", "edition", "article", "quote", "url", "where")
_KINDS: Final = {
    spelling: kind
    for kind, name in KIND_NAMES.items()
    for spelling in (kind.value, name, name.removesuffix("题"))
} | {"是非题": Kind.JUDGE, "单项选择题": Kind.SINGLE, "多项选择题": Kind.MULTIPLE}
_DIFFICULTIES: Final = {
    spelling: str(number)
    for number, name in DIFFICULTIES.items()
    for spelling in (str(number), name)
} | {"易": "1", "中": "2", "中等": "2", "难": "3", "困难": "3"}
_TRUE: Final = frozenset({"对", "正确", "是", "√", "✓", "✔", "t", "true"})
_FALSE: Final = frozenset({"错", "错误", "否", "×", "x", "✗", "✘", "f", "false"})  # noqa: RUF001 -- the sign people write
_KEPT: Final = frozenset({YES, "true", "1", "y", "yes", "不打乱"})
_SHUFFLED: Final = frozenset({"", "否", "false", "0", "n", "no"})
_SPELT: Final = {
    "id": "编号写成 archives-law-001 的样子：主题、连字符、三位数字",
    "edition": "日期写成 2026-11-23 的样子",
    "url": "网址以 http:// 或 https:// 开头，中间没有空格和汉字",
    "picture": "图片名写成 seal.png 的样子：小写字母、数字、连字符",
}
_SAID: Final = {
    NOT_TO_BE_FOUND: "出处要能查到：法规写“条款”和“原文”，其他写“网址”",
    TOO_MANY_SPELLINGS: (
        f"填空题的答案写 1 到 {MOST_SPELLINGS} 种能算对的写法，用竖线隔开，"
        f"每种不超过 {SPELLING_LENGTH} 个字"
    ),
}
"""What a file is told in its own words, in the words of a table and a form."""
_NO_LETTERS: Final = str.maketrans("", "", " 、，,;；.。/|")

COLUMNS: Final = (
    Column("id", "编号", "空着就按主题接着编号；填了已有的编号，就是改那一题。", width=20),
    Column("theme", "主题", "从列表里选。", width=14, is_required=True),
    Column(
        "kind",
        "题型",
        "从列表里选。",
        choices=tuple(KIND_NAMES.values()),
        example="单选题",
        is_required=True,
    ),
    Column(
        "text",
        "题干",
        f"以句号或问号结尾，最多 {TEXT_LENGTH} 字；填空题用 ____ 标出空处。",
        others=("题目", "问题"),
        example="（示例）县级以上档案馆的档案，自形成之日起满多少年向社会开放？",
        width=50,
        is_required=True,
    ),
    *(
        Column(
            key,
            f"选项{letter}",
            f"单选题、多选题才写，2 到 4 个，每个最多 {OPTION_LENGTH} 字。",
            others=(letter,),
            example=example,
            width=18,
        )
        for key, letter, example in zip(
            OPTIONS, LETTERS, ("十五年", "二十年", "二十五年", "三十年"), strict=True
        )
    ),
    Column(
        "answer",
        "答案",
        "单选 B；多选 ACD；判断 对 或 错；填空写可以算对的写法，用竖线隔开：二十五|25；年份 1969。",
        others=("正确答案",),
        example="C",
        is_required=True,
        is_code=True,
    ),
    Column(
        "explanation",
        "解析",
        f"一到三句话，说为什么，最多 {EXPLANATION_LENGTH} 字。",
        others=("解释", "答案解析"),
        example="满二十五年开放是一般规定，少数类别可以更早或更晚。",
        width=50,
        is_required=True,
    ),
    Column(
        "title",
        "出处",
        "文件或书的题名，不写书名号。",
        others=("来源",),
        example="中华人民共和国档案法",
        width=28,
        is_required=True,
    ),
    Column(
        "edition",
        "版本日期",
        "同名文件有几个版本时写，如 2020-06-20。",
        example="2020-06-20",
        is_code=True,
    ),
    Column("article", "条款", "法规写第几条。", others=("条",), example="第二十七条"),
    Column(
        "quote",
        "原文",
        f"法规写依据的那句原文，一字不改，最多 {QUOTE_LENGTH} 字。",
        others=("依据",),
        example="县级以上各级档案馆的档案，应当自形成之日起满二十五年向社会开放",
        width=40,
    ),
    Column("url", "网址", "不是法规的，写能查到的网址。", others=("链接",), width=28),
    Column("where", "位置", "页码、章节，可以不写。", others=("页码",)),
    Column(
        "difficulty",
        "难度",
        "从列表里选。",
        choices=tuple(DIFFICULTIES.values()),
        example="容易",
        is_required=True,
    ),
    Column(
        "tags",
        "标签",
        "1 到 4 个词，用顿号隔开。",
        example="开放、年限",
        width=16,
        is_required=True,
    ),
    Column("since", "启用日期", "空着就是今天；如 2026-11-23。", is_code=True),
    Column("retired", "停用日期", "从这一天起不再出；一般空着。", is_code=True),
    Column("tolerance", "误差年数", "年份题才写：差几年以内算对，0 到 20。", is_code=True),
    Column(
        "keep_order",
        "选项不打乱",
        "选项是数字、年份，打乱了别扭的，写 是。",
        choices=(YES, "否"),
        example=YES,
    ),
    Column("picture", "图片", "quiz_bank/pictures 里的文件名，如 seal.png。", width=16),
    Column("alt", "图片说明", "图里是什么，不泄露答案；有图片就要写。", width=24),
    Column("entry", "档号或文号", "答完可以点开看的那一件；可以不写。", width=20, is_code=True),
)
HEADERS: Final[Mapping[str, str]] = {column.key: column.header for column in COLUMNS}
KNOWN: Final[Mapping[str, str]] = {
    fold_header(header): column.key
    for column in COLUMNS
    for header in (column.key, column.header, *column.others)
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row.

    Attributes:
        key: of the column to mend.
        reason: with the remedy, in Chinese.
    """

    key: str
    reason: str


class RowError(ValueError):
    """A row is no question; all its problems."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("；".join(problem.reason for problem in problems))
        self.problems = problems


def read_row(cells: Cells, themes: Themes, *, today: date, before: Question | None) -> Question:
    """Return the question of a row; its id is empty where the row has none.

    Args:
        cells: texts by column, without blanks around them.
        themes: of the bank, by slug.
        today: Shanghai day from which on it may be asked where the row does not say.
        before: the question of this id, if there is one.

    Raises:
        RowError: with everything that is wrong.
    """
    problems: list[Problem] = []
    theme = _theme(cells, themes, problems)
    values = _values(cells, problems)
    values["id"] = cells.get("id", "").strip() or theme + _NUMBER
    values["since"] = _day(cells, "since") or (before.since if before else today).isoformat()
    try:
        question = QuestionFile.model_validate(values).question(theme)
    except ValidationError as err:
        told = {problem.key for problem in problems} | {"theme"}
        if "kind" in told:  # without a kind nobody knows what its answer should be like
            told |= {"answer", *OPTIONS}
        problems += [one for one in _problems(values) if one.key not in told]
        raise RowError(problems) from err
    if cells.get("id") and not question.id.startswith(f"{theme}-"):
        problems.append(Problem("id", f"编号要以 {theme}- 开头，或者空着"))
    if problems:
        raise RowError(problems)
    return question if cells.get("id") else replace(question, id="")


def _theme(cells: Cells, themes: Themes, problems: list[Problem]) -> str:
    given = cells.get("theme", "").strip()
    for theme in themes.values():
        if given in (theme.slug, theme.name):
            return theme.slug
    if not given and (slug := cells.get("id", "").rpartition("-")[0]) in themes:
        return slug
    names = "、".join(theme.name for theme in themes.values()) or "quiz_bank 里还没有主题"
    problems.append(Problem("theme", f"没有这个主题，可以写：{names}"))
    return "unknown"


def _values(cells: Cells, problems: list[Problem]) -> dict[str, Any]:
    """Return what the schema asks for, of everything that a row says."""
    words = {key: cells.get(key, "").strip() for key in HEADERS}
    kind = _one_of(words, "kind", _KINDS, tuple(KIND_NAMES.values()), problems)
    difficulty = _one_of(words, "difficulty", _DIFFICULTIES, tuple(DIFFICULTIES.values()), problems)
    if not words["answer"]:
        problems.append(Problem("answer", "请写答案"))
    options = [words[key] for key in OPTIONS]
    while options and not options[-1]:
        options.pop()
    plain = ("text", "explanation", "entry", "picture", "alt")
    return {key: words[key] for key in plain} | {
        "kind": kind or Kind.JUDGE,
        "difficulty": difficulty or "1",
        "options": options,
        "answer": _answer(words["answer"], kind),
        "source": {key: words[key] for key in _SOURCE} | {"edition": _day(words, "edition")},
        "tags": [part for part in words["tags"].translate(_TAG_MARKS).split(TAGS) if part.strip()],
        "tolerance": words["tolerance"] or "0",
        "keep_order": _kept(words["keep_order"], problems),
        "retired": _day(words, "retired") or None,
    }


_TAG_MARKS: Final = {ord(sign): TAGS for sign in "，,;；|\uff5c \u3000"}


def _one_of(
    words: Cells, key: str, known: Mapping[str, Any], named: tuple[str, ...], to: list[Problem]
) -> Any:
    found = known.get(fold(words[key]))
    if found is None:
        to.append(Problem(key, f"请从这几样里选：{'、'.join(named)}"))
    return found


def _answer(written: str, kind: Kind | None) -> str | list[str]:
    match kind:
        case Kind.FILL:
            parts = written.replace("\uff5c", SPELLINGS).split(SPELLINGS)
            return [part.strip() for part in parts if part.strip()]
        case Kind.MULTIPLE:
            return written.translate(_NO_LETTERS)
        case Kind.JUDGE:
            told = fold(written)
            return "对" if told in _TRUE else "错" if told in _FALSE else written
        case Kind.YEAR:
            return fold(written).removeprefix("公元").removesuffix("年").strip()
        case _:
            return written


def _kept(written: str, problems: list[Problem]) -> bool:
    told = fold(written)
    if told not in _KEPT | _SHUFFLED:
        problems.append(Problem("keep_order", "写 是 或 否，或者空着"))
    return told in _KEPT


def _day(cells: Cells, key: str) -> str:
    """Return a day as the schema wants it; what is none is left for the schema to refuse."""
    written = cells.get(key, "").strip()
    day = read_date(written)
    return day.isoformat() if day else written


def _problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    for where, reason in mistakes(values):
        key = _key(where)
        is_misspelt = reason.startswith("写法不对")
        said = _SPELT.get(key, reason) if is_misspelt else _SAID.get(reason, reason)
        yield Problem(key, said)


def _key(where: tuple[int | str, ...]) -> str:
    match where:
        case ("options", int(number), *_rest) if number < len(OPTIONS):
            return OPTIONS[number]
        case ("options", *_rest):
            return OPTIONS[0]
        case ("source",):
            return "url"
        case ("source", str(key), *_rest) | (str(key), *_rest):
            return key
        case _:
            return ""


def cells_of(question: Question, themes: Themes) -> dict[str, str]:
    """Return a question as a row that `read_row` reads back unchanged."""
    source = question.source
    options = dict(zip(OPTIONS, question.options, strict=False))
    theme = themes.get(question.theme)
    return (
        dict.fromkeys(HEADERS, "")
        | options
        | {
            "id": question.id,
            "theme": theme.name if theme else question.theme,
            "kind": KIND_NAMES[question.kind],
            "text": question.text,
            "answer": (SPELLINGS if question.kind is Kind.FILL else "").join(question.answer),
            "explanation": question.explanation,
            **{key: str(getattr(source, key)) for key in _SOURCE},
            "difficulty": DIFFICULTIES[question.difficulty],
            "tags": TAGS.join(question.tags),
            "since": question.since.isoformat(),
            "retired": question.retired.isoformat() if question.retired else "",
            "tolerance": str(question.tolerance or ""),
            "keep_order": YES if question.keep_order else "",
            "picture": question.picture,
            "alt": question.alt,
            "entry": question.entry,
        }
    )


@dataclass(frozen=True, slots=True)
class Change:
    """One column in which two questions differ."""

    header: str
    before: str
    after: str


def changes(before: Question | None, after: Question, themes: Themes) -> list[Change]:
    """Return where two questions differ, column by column; without one, all that is there."""
    old = cells_of(before, themes) if before else {}
    new = cells_of(after, themes)
    return [
        Change(header, old.get(key, ""), new[key])
        for key, header in HEADERS.items()
        if old.get(key, "") != new[key]
    ]
