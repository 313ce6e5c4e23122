"""`quiz_bank/*.yaml`: one theme a file, strictly checked, every mistake with its place."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from wx_archive.core.errors import FileProblemError
from wx_archive.core.text import fold, xml_safe
from wx_archive.core.yamlfile import (
    FileModel,
    MisfitError,
    located,
    parse,
    read_text,
    reasons,
)
from wx_archive.quiz.questions import Question, Source
from wx_archive.quiz.rules import KIND_NAMES, LETTERS, Kind

FOLDER: Final = "quiz_bank"
PICTURES: Final = "pictures"
TEXT_LENGTH: Final = 120
OPTION_LENGTH: Final = 40
EXPLANATION_LENGTH: Final = 160
QUOTE_LENGTH: Final = 80
MOST_SPELLINGS: Final = 12
SPELLING_LENGTH: Final = 20
TAG_LENGTH: Final = 12
BLANK: Final = "____"
NOT_TO_BE_FOUND: Final = "出处要能查到：法规写 article 和 quote，其他写 url"
TOO_MANY_SPELLINGS: Final = (
    f"填空题的答案写成列表，1 到 {MOST_SPELLINGS} 种写法，"
    f"每种不超过 {SPELLING_LENGTH} 个字，里面没有竖线"
)
_ID: Final = r"^[a-z][a-z0-9-]{0,34}-\d{3,4}$"
_THEME: Final = r"^[a-z][a-z0-9-]{0,34}$"
_DAY: Final = r"^\d{4}-\d{2}-\d{2}$"
_YEAR: Final = re.compile(r"[1-9][0-9]{0,3}")
_WRITTEN_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MARKED: Final = re.compile(r"\s*《((?:[^《》]|《[^《》]*》)*)》\s*")
_APART: Final = re.compile(r"[|\uff5c、，,;；\s]")
"""What stands between tags in a table: no tag has it."""
Place = tuple[int | str, ...]


def _one_line(text: str) -> str:
    """Refuse what would break a message in the chat or a cell of a table."""
    if len(text.splitlines()) > 1 or xml_safe(text) != text:
        raise MisfitError("要写在一行里，不能有换行和控制字符")
    return text


def _as_written(day: object) -> object:
    """Refuse what pydantic would take for a day, seconds since 1970 too."""
    if isinstance(day, str) and not _WRITTEN_DAY.fullmatch(day.strip()):
        raise MisfitError("日期写成 2026-11-23 的样子")
    return day


def _unmarked(title: object) -> object:
    """Take off the marks around a title: every page puts them there."""
    found = _MARKED.fullmatch(title) if isinstance(title, str) else None
    return found[1] if found else title


OneLine = Annotated[str, AfterValidator(_one_line)]
Day = Annotated[date, BeforeValidator(_as_written)]


@dataclass(frozen=True, slots=True)
class Theme:
    """What a file of the bank is about."""

    slug: str
    name: str
    about: str


class SourceFile(FileModel):
    """A source, as a file says it; see `questions.Source`."""

    title: Annotated[OneLine, BeforeValidator(_unmarked)] = Field(min_length=2, max_length=100)
    edition: str = Field(default="", pattern=r"^$|" + _DAY)
    article: OneLine = Field(default="", max_length=20)
    quote: OneLine = Field(default="", max_length=QUOTE_LENGTH)
    url: str = Field(default="", max_length=300, pattern=r"^$|^https?://[!-~]+$")
    where: OneLine = Field(default="", max_length=40)

    @model_validator(mode="after")
    def _can_be_looked_up(self) -> Self:
        if not self.url and not (self.article and self.quote):
            raise ValueError(NOT_TO_BE_FOUND)
        return self


class QuestionFile(FileModel):
    """A question, as a file, a table's row or a form says it."""

    id: str = Field(pattern=_ID)
    kind: Kind
    text: OneLine = Field(min_length=6, max_length=TEXT_LENGTH)
    options: list[OneLine] = Field(default_factory=list)
    keep_order: bool = False
    answer: OneLine | list[OneLine]
    tolerance: int = Field(default=0, ge=0, le=20)
    explanation: OneLine = Field(min_length=4, max_length=EXPLANATION_LENGTH)
    source: SourceFile
    entry: OneLine = Field(default="", max_length=120)
    picture: str = Field(default="", pattern=r"^$|^[a-z0-9-]{1,60}\.png$")
    alt: OneLine = Field(default="", max_length=200)
    difficulty: int = Field(ge=1, le=3)
    tags: list[OneLine] = Field(min_length=1, max_length=4)
    since: Day
    retired: Day | None = None

    @field_validator("options")
    @classmethod
    def _options(cls, options: list[OneLine]) -> list[str]:
        seen: set[str] = set()
        for number, option in enumerate(options):
            if not 1 <= len(option) <= OPTION_LENGTH:
                raise MisfitError(f"每个选项 1 到 {OPTION_LENGTH} 个字", number)
            if fold(option) in seen:
                raise MisfitError(f"选项“{option}”写了两次", number)
            seen.add(fold(option))
        return options

    @field_validator("answer", mode="before")
    @classmethod
    def _written(cls, answer: object) -> object:
        every = answer if isinstance(answer, list) else [answer]
        if not all(isinstance(one, str) for one in every):
            raise MisfitError("答案写成文字，填空题写成列表，如 [二十五, 25]")
        return answer

    @field_validator("tags")
    @classmethod
    def _tags(cls, tags: list[str]) -> list[str]:
        for number, tag in enumerate(tags):
            if not 1 <= len(tag) <= TAG_LENGTH or _APART.search(tag):
                raise MisfitError(f"每个标签 1 到 {TAG_LENGTH} 个字，中间没有空格和标点", number)
        if len(set(tags)) < len(tags):
            raise MisfitError("同一个标签写了两次")
        return tags

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if problem := problem_of(self):
            raise MisfitError(problem, "answer" if self._has_its_options else "options")
        if self.kind is Kind.FILL and BLANK not in self.text:
            raise MisfitError(f"填空题的题干要用 {BLANK} 标出空处", "text")
        if bool(self.picture) != bool(self.alt):
            missing = "alt" if self.picture else "picture"
            raise MisfitError("图片和图片说明要一起写", missing)
        if self.retired and self.retired < self.since:
            raise MisfitError("停用日期不能早于启用日期", "retired")
        return self

    @property
    def _has_its_options(self) -> bool:
        if self.kind in (Kind.SINGLE, Kind.MULTIPLE):
            return 2 <= len(self.options) <= len(LETTERS)
        return not self.options

    @property
    def answers(self) -> tuple[str, ...]:
        """The answer in one shape: letters, 对 or 错, spellings, the year."""
        given = self.answer
        if self.kind is Kind.MULTIPLE and isinstance(given, str):
            return tuple(sorted(fold(given).upper().replace(" ", "")))
        one = [given] if isinstance(given, str) else given
        if self.kind in (Kind.SINGLE, Kind.MULTIPLE):
            return tuple(sorted(fold(each).upper() for each in one))
        return tuple(one)

    def question(self, theme: str) -> Question:
        """Return the question."""
        return Question(
            id=self.id,
            theme=theme,
            kind=self.kind,
            text=self.text,
            options=tuple(self.options),
            keep_order=self.keep_order,
            answer=self.answers,
            tolerance=self.tolerance,
            explanation=self.explanation,
            source=Source(**self.source.model_dump()),
            entry=self.entry,
            picture=self.picture,
            alt=self.alt,
            difficulty=self.difficulty,
            tags=tuple(self.tags),
            since=self.since,
            retired=self.retired,
        )


class ThemeFile(FileModel):
    """One file of the bank."""

    theme: str = Field(pattern=_THEME)
    name: str = Field(min_length=2, max_length=12)
    about: str = Field(min_length=4, max_length=60)
    questions: list[QuestionFile] = Field(min_length=1)


_SOUND: Final[Mapping[str, Any]] = {
    "id": "sound-000",
    "text": "这里是题干____。",
    "explanation": "这里是解析。",
    "difficulty": 1,
    "tags": ["标签"],
    "since": "2026-01-01",
    "retired": None,
    "tolerance": 0,
    "entry": "",
    "keep_order": False,
}
"""Takes the place of what is wrong by itself, so that the rest can be looked at."""
MOST_ROUNDS: Final = 8
"""What lies between fields comes to light one by one."""
_SOUND_PICTURE: Final = {"picture": "", "alt": ""}
_SOUND_ANSWER: Final = {"kind": Kind.JUDGE, "options": [], "answer": "对"}
_SOUND_SOURCE: Final = {"title": "题名", "url": "https://example.cn/"}


def mistakes(values: Mapping[str, Any]) -> list[tuple[Place, str]]:
    """Return every mistake of a question: where, and what to do about it.

    What lies between fields is judged too where other fields are wrong by themselves.
    """
    found: list[tuple[Place, str]] = []
    for _round in range(MOST_ROUNDS):
        try:
            QuestionFile.model_validate(values)
        except ValidationError as err:
            told = [one for one in reasons(err) if one not in found]
            found += told
            values = _mended(dict(values), [where for where, _reason in told])
        else:
            break
    return found


def _mended(values: dict[str, Any], places: Iterable[Place]) -> dict[str, Any]:
    for place in places:
        match place:
            case ("source", str(key), *_rest):
                values["source"] = values["source"] | {key: _SOUND_SOURCE.get(key, "")}
            case ("source",):
                values["source"] = _SOUND_SOURCE
            case ("picture" | "alt", *_rest):
                values |= _SOUND_PICTURE
            case ("kind" | "options" | "answer" as key, *_rest):
                # A fill-in stays one where only its answer is wrong: its blank is still looked for.
                is_fill = key == "answer" and values.get("kind") == Kind.FILL
                values |= {"answer": ["答"]} if is_fill else _SOUND_ANSWER
            case (str(key), *_rest) if key in _SOUND:
                values[key] = _SOUND[key]
            case (str(key), *_rest):
                values.pop(key, None)
    return values


def problem_of(one: QuestionFile) -> str:
    """Return what does not fit together in a question, with the remedy; empty if all does."""
    if one.kind in (Kind.SINGLE, Kind.MULTIPLE):
        return _choice_problem(one, one.answers)
    if one.options:
        return f"{KIND_NAMES[one.kind]}不写选项"
    return _PROBLEMS[one.kind](one, one.answers)


def _judge_problem(_one: QuestionFile, answers: tuple[str, ...]) -> str:
    return "" if answers in {("对",), ("错",)} else "判断题的答案写 对 或 错"


def _fill_problem(_one: QuestionFile, answers: tuple[str, ...]) -> str:
    fit = all(1 <= len(one) <= SPELLING_LENGTH and not set("|\uff5c") & set(one) for one in answers)
    return "" if 1 <= len(answers) <= MOST_SPELLINGS and fit else TOO_MANY_SPELLINGS


def _year_problem(_one: QuestionFile, answers: tuple[str, ...]) -> str:
    is_year = len(answers) == 1 and _YEAR.fullmatch(answers[0])
    return "" if is_year else "年份题的答案写一个公元年份，如 1969"


_PROBLEMS: Final = {
    Kind.JUDGE: _judge_problem,
    Kind.FILL: _fill_problem,
    Kind.YEAR: _year_problem,
}


def _choice_problem(one: QuestionFile, answers: tuple[str, ...]) -> str:
    letters = LETTERS[: len(one.options)]
    if not 2 <= len(one.options) <= len(LETTERS):
        return "选择题要有 2 到 4 个选项"
    if (
        one.kind is Kind.SINGLE
        and len("".join(answers)) > 1
        and set("".join(answers)) <= set(letters)
    ):
        return "单选题只能有一个答案；不止一个的，题型写多选"
    wrong = [letter for letter in answers if len(letter) != 1 or letter not in letters]
    if wrong or len(set(answers)) < len(answers):
        return f"答案“{''.join(answers)}”不在 {letters[0]}–{letters[-1]} 里，或者写了两遍"
    is_enough = one.kind is Kind.SINGLE or len(answers) > 1
    return "" if is_enough else "多选题至少要有两个答案；只有一个的，题型写单选"


@dataclass(frozen=True, slots=True)
class Placed:
    """A question of a file and where it stands.

    Attributes:
        places: ``line:column`` of its id and of its picture.
    """

    question: Question
    path: Path
    places: tuple[str, str]


def read_all(folder: Path) -> tuple[tuple[Theme, ...], tuple[Question, ...]]:
    """Return the themes and questions of a folder `quiz_bank`; none if there is none.

    Raises:
        FileProblemError: files break the schema; every mistake of all files is told.
    """
    themes, placed = read_placed(folder)
    return themes, tuple(one.question for one in placed)


def read_placed(folder: Path) -> tuple[tuple[Theme, ...], tuple[Placed, ...]]:
    """Return the themes, and the questions with their places in the files.

    Raises:
        FileProblemError: files break the schema; every mistake of all files is told.
    """
    themes: list[Theme] = []
    placed: list[Placed] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            text = read_text(path)
            file = parse(text, ThemeFile, path)
        except FileProblemError as err:
            problems.append(str(err))
            continue
        if file.theme != path.stem:
            problems.append(f"{path}:1:1: theme 要和文件名一致：{path.stem}")
        themes.append(Theme(file.theme, file.name, file.about))
        placed += _placed(path, text, file)
    problems += _problems(placed, folder / PICTURES)
    if problems:
        raise FileProblemError("\n".join(problems))
    return tuple(themes), tuple(placed)


def _placed(path: Path, text: str, file: ThemeFile) -> Iterator[Placed]:
    places = located(text, [place for n in range(len(file.questions)) for place in _asked(n)])
    written = [f"{line}:{column}" for line, column in places]
    for number, one in enumerate(file.questions):
        id_place, picture_place = written[2 * number : 2 * number + 2]
        yield Placed(one.question(file.theme), path, (id_place, picture_place))


def _asked(number: int) -> tuple[Place, Place]:
    return ("questions", number, "id"), ("questions", number, "picture")


def _problems(placed: Sequence[Placed], pictures: Path) -> Iterator[str]:
    """Yield what is wrong between a question and its file, its pictures, the other questions."""
    seen: dict[str, Placed] = {}
    for one in placed:
        question, (id_place, picture_place) = one.question, one.places
        before = seen.setdefault(question.id, one)
        if not question.id.startswith(f"{question.theme}-"):
            yield f"{one.path}:{id_place}: 编号 {question.id} 要以 {question.theme}- 开头"
        if before is not one:
            where = f"{before.path.name} 第 {before.places[0].partition(':')[0]} 行"
            yield f"{one.path}:{id_place}: 编号 {question.id} 在 {where}已经用了"
        if question.picture and not (pictures / question.picture).is_file():
            yield f"{one.path}:{picture_place}: 图片 {question.picture} 不在 {pictures} 里"
