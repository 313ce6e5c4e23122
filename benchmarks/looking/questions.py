"""What is asked: named questions of every kind, and random ones that nobody tuned anything for."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.looking.catalogue import Number, Raw, number_of
from wx_archive.catalogue.query import Query, understand
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.tokens import normalise, words

HELD_OUT: Final = "held out"
_ADVERSE: Final = ("sparse pair", "one character", "function word")
"""Made to hurt: left out of the ordinary ones."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that somebody types.

    Attributes:
        kind: of question, for the tables.
        text: as typed.
        scope: only documents or only records.
        meaning: the part of the text that is looked for, where that is not all.
        years: that must be understood.
        number: the document number that is meant.
        code: what the 档号 begins with.
    """

    kind: str
    text: str
    scope: Kind | None = None
    meaning: str = ""
    years: tuple[int, int] | None = None
    number: Number | None = None
    code: str = ""

    @property
    def is_ordinary(self) -> bool:
        """Neither random nor made to hurt."""
        return self.kind != HELD_OUT and self.kind not in _ADVERSE

    @property
    def is_named(self) -> bool:
        """Not random."""
        return self.kind != HELD_OUT

    def understood(self, synonyms: dict[str, tuple[str, ...]]) -> Query:
        """Return the query that is meant, as the product understands it."""
        return understand(self.meaning or self.text, kind=self.scope, synonyms=synonyms)


_NAMED: Final = {
    "common pair": "婚姻 通知 十堰 土地 登记 结婚 工资 批复 人民 情况",
    "rare pair": "殡葬 彩票 种子 邮政 地图 养犬 烈士 茶叶",
    "phrase": (
        "结婚登记 土地房产所有证 知识青年上山下乡 人民政府办公室 第二汽车制造厂 烟花爆竹 住房公积金"
        " 个人信息保护 义务教育 工伤保险 食品安全 物业管理 丹江口水库移民 复员退伍军人登记表 "
        "集体土地使用证 补发结婚证"
    ),
    "name": "张伟 刘明 王建国 李国华 陈桂兰 黄志明 杨春 张建国、王秀英结婚登记",
    "traditional": "結婚登記 土地房產 計劃生育 學籍檔案",
    "nothing": "不存在的词语 量子计算机 火星移民 甲骨文字典 xyzzy",
    "function word": "的通知 关于",
    "one character": "王 房 县",
}
"""Words that are looked for alone; no space inside."""
_PHRASES: Final = {
    "several words": (
        ("郧阳区", "结婚"), ("人民医院", "工资"), ("水库", "移民", "安置"), ("卫生局", "通知"),
        ("残疾人", "就业"), ("十堰市", "教育局", "批复"), ("劳动模范", "登记表"),
        ("房县", "林权证"), ("竹山县", "知识青年"), ("烟花爆竹", "安全"),
    ),
    "sparse pair": (
        ("结婚", "土地"), ("通知", "王建国"), ("批复", "任职"), ("离婚", "林权"), ("张湾", "竹溪"),
        ("十堰", "结婚登记"), ("县", "房"), ("工资", "土地", "婚姻"),
    ),
}  # fmt: skip
_YEARS: Final = (
    ("year", "1985年", (1985, 1985)),
    ("year", "1962", (1962, 1962)),
    ("year", "八十年代", None),
    ("year", "1980-1985", (1980, 1985)),
    ("year", "一九七八年", (1978, 1978)),
    ("year and word", "1985年 结婚", (1985, 1985)),
    ("year and word", "土地 1962", (1962, 1962)),
    ("year and word", "80年代 招工", (1980, 1989)),
    ("year and word", "1950年代 土改", (1950, 1959)),
    ("year and word", "2004年工作", (2004, 2004)),
    ("year and word", "通知 1999年", (1999, 1999)),
    ("year and word", "1990年至1995年 烟花爆竹", (1990, 1995)),
)
_SCOPED: Final = (
    ("公路", Kind.RECORD), ("结婚登记", Kind.RECORD), ("通知", Kind.DOCUMENT),
    ("烟花爆竹", Kind.DOCUMENT),
)  # fmt: skip
_ROUND: Final = re.compile(r"\d{4}|[〇零一二三四五六七八九]{4}")
"""A year, which is understood as a filter and not as text."""
_HAN: Final = re.compile("[\u3400-\u9fff]")
_NUMERALS: Final = str.maketrans("0123456789", "〇一二三四五六七八九")
_WIDE: Final = str.maketrans("0123456789", "０１２３４５６７８９")  # noqa: RUF001 -- that is the point


def named(sample: Sequence[Raw]) -> list[Question]:
    """Return the questions that have a name; numbers and codes are those of the sample."""
    plain = [Question(kind, one) for kind, told in _NAMED.items() for one in told.split()]
    plain += [Question(kind, " ".join(one)) for kind, told in _PHRASES.items() for one in told]
    plain += [Question(kind, one, years=years) for kind, one, years in _YEARS]
    plain += [Question("scope", one, scope) for one, scope in _SCOPED]
    plain.append(Question("asked politely", "我想查一下公积金", meaning="公积金"))
    return [*plain, *_numbers(sample), *_codes(sample)]


def _numbers(sample: Sequence[Raw]) -> Iterator[Question]:
    numbers = [number for row in sample if (number := number_of(row))]
    if not numbers:
        return
    first = next((one for one in numbers if one[0] == "十政发"), numbers[0])
    letters, year, serial = first
    chinese = str(year).translate(_NUMERALS)
    for spelled in (
        f"{letters}〔{year}〕{serial}号", f"{letters}[{year}]{serial}号",
        f"{letters}（{year}）{serial}号", f"{letters}({year}){serial}号",
        f"{letters}{year} {serial}号", f"{letters}{year}-{serial}",
        f"{letters}〔{chinese}〕{serial}号", f"{letters}〔{year}〕{serial}号".translate(_WIDE),
        f"文号：{letters}〔{year}〕第{serial}号",
        f"{letters.replace('发', '發')}〔{year}〕{serial}號",
    ):  # fmt: skip
        yield Question("number", spelled, number=first)
    yield Question("part of a number", f"{letters} {year}", years=(year, year))
    yield Question("nothing", f"{letters}〔{year}〕99999号")


def _codes(sample: Sequence[Raw]) -> Iterator[Question]:
    codes = [str(row["ref_code"]) for row in sample]
    old = next((code for code in codes if "WS" not in code), codes[0])
    new = next((code for code in codes if "WS" in code), codes[-1])
    for code in (old, old.rpartition("-")[0], "-".join(old.split("-")[:2]), new):
        yield Question("reference code", code, code=code)
    yield Question("reference code", new.rpartition("-")[0], code=new.rpartition("-")[0])
    yield Question("reference code", old.replace("-", "－"), code=old)


def held_out(sample: Sequence[Raw], *, seed: int, count: int) -> list[Question]:
    """Return random fragments of 2 to 6 characters of titles, issuers and keywords.

    Three in ten are two terms, every other time of the same record, else of any two; one in four
    asks for the year of its record as well.
    """
    chance = random.Random(seed)  # noqa: S311 -- a seeded sample
    found: list[Question] = []
    while len(found) < count:
        row = chance.choice(sample)
        terms = [fragment(row, chance, 2, 6)]
        if chance.random() < 0.3:
            other = row if chance.random() < 0.5 else chance.choice(sample)
            terms.append(fragment(other, chance, 2, 6))
        year = int(row["year"])
        filtered = chance.random() < 0.25
        asked = " ".join([*([f"{year}年"] if filtered else []), *dict.fromkeys(terms)])
        found.append(Question(HELD_OUT, asked, years=(year, year) if filtered else None))
    return found


def fragment(
    row: Raw, chance: random.Random, least: int, most: int, *, only_title: bool = False
) -> str:
    """Return a piece of a record's text that begins and ends with a Chinese character."""
    fields = ("title",) if only_title else ("title", "responsible", "keywords")
    runs = [run for name in fields for run in words(normalise(str(row[name]))) if len(run) > 1]
    for _ in range(1_000):
        run = chance.choice(runs)
        start = chance.randrange(len(run))
        piece = run[start : start + chance.randint(least, most)]
        is_whole = len(piece) > 1 and _HAN.match(piece[0]) and _HAN.match(piece[-1])
        if is_whole and not _ROUND.search(piece):
            return piece
    message = f"nothing to cut from {row['title']!r}"
    raise ValueError(message)
