"""The bank's files: text stays text, and every mistake is named with its line and column."""

from pathlib import Path

import pytest

from tests.builders import wide
from tests.quiz.making import PROJECT
from wx_archive.core.errors import FileProblemError
from wx_archive.quiz.bank_files import FOLDER, read_all
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import Kind

HEAD = "theme: things\nname: 试题\nabout: 测试用的题目\nquestions:\n"
GOOD = """  - id: things-001
    kind: single
    text: 兰台市档案馆的阅览室在几楼？
    options: [一楼, 二楼, 三楼]
    answer: B
    explanation: 阅览室在二楼。
    source:
      title: 兰台市档案馆指南
      url: https://archives.example.gov.cn/guide
    difficulty: 1
    tags: [指南]
    since: 2026-11-23
"""
FIRST = 5
"""The line on which the first question begins."""


def held(folder: Path, text: str, name: str = "things.yaml") -> list[Question]:
    (folder / name).write_text(text, encoding="utf-8")
    return list(read_all(folder)[1])


def problems(folder: Path, text: str, name: str = "things.yaml") -> list[str]:
    """Return what is said, without the folder's name."""
    with pytest.raises(FileProblemError) as told:
        held(folder, text, name)
    return [line.removeprefix(f"{folder}/") for line in str(told.value).splitlines()]


def line_of(part: str, text: str = GOOD) -> int:
    """Return the line of the file on which a part of the question stands."""
    return FIRST + text[: text.index(part)].count("\n")


def test_no_1e3_and_12_30_stay_what_somebody_typed(tmp_path: Path) -> None:
    text = GOOD.replace("[一楼, 二楼, 三楼]", '[no, 1e3, 12:30, "0x1F"]').replace(
        "tags: [指南]", "tags: [yes, 1969, ~x]"
    )
    (question,) = held(tmp_path, HEAD + text)
    assert question.options == ("no", "1e3", "12:30", "0x1F")
    assert question.tags == ("yes", "1969", "~x")


def test_spellings_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    text = (
        GOOD.replace("kind: single", "kind: fill")
        .replace("    options: [一楼, 二楼, 三楼]\n", "")
        .replace("answer: B", "answer: [二十五, 25, 025, 2_5]")
        .replace("几楼？", "____ 楼。")
    )
    (question,) = held(tmp_path, HEAD + text)
    assert question.answer == ("二十五", "25", "025", "2_5")


def test_letters_of_full_width_and_small_ones_are_understood(tmp_path: Path) -> None:
    text = GOOD.replace("kind: single", "kind: multiple").replace(
        "answer: B", f"answer: {wide('ca')}"
    )
    (question,) = held(tmp_path, HEAD + text)
    assert question.answer == ("A", "C")


@pytest.mark.parametrize(
    ("before", "after", "part", "column", "said"),
    [
        ("answer: B", "answer: D", "answer:", 5, "不在 A–C 里"),
        ("answer: B", "answer: BC", "answer:", 5, "单选题只能有一个答案"),
        ("answer: B", "answer: {B: 1}", "answer:", 5, "答案写成文字"),
        ("kind: single", "kind: multiple", "answer:", 5, "多选题至少要有两个答案"),
        ("kind: single", "kind: fill", "options:", 5, "填空题不写选项"),
        ("kind: single", "kind: choice", "kind:", 5, "只能写 single, multiple"),
        ("[一楼, 二楼, 三楼]", "[一楼]", "options:", 5, "2 到 4 个选项"),
        ("[一楼, 二楼, 三楼]", "[一楼, 二楼, 一楼]", "options:", 23, "“一楼”写了两次"),
        ("[一楼, 二楼, 三楼]", "一楼", "options:", 5, "要写成列表"),
        ("      url: https://archives.example.gov.cn/guide\n", "", "source:", 5, "出处要能查到"),
        ("https://archives", "ftp://archives", "url:", 7, "写法不对"),
        ("difficulty: 1", "difficulty: 4", "difficulty:", 5, "小于或等于 3"),
        ("difficulty: 1", "difficulty: 难", "difficulty:", 5, "要写成整数"),
        ("since: 2026-11-23", "since: 1764806400", "since:", 5, "日期写成"),
        ("since: 2026-11-23", "since: 2026-13-01", "since:", 5, "日期写成"),
        ("tags: [指南]", "tags: []", "tags:", 5, "不能为空"),
        ("tags: [指南]", "tags: [指 南]", "tags:", 12, "中间没有空格和标点"),
        ("tags: [指南]", "tags: [a, b, c, d, e]", "tags:", 5, "最多 4 项"),
        ("text: 兰台市档案馆的阅览室在几楼？", "text: 几楼？", "text:", 5, "至少 6 个字"),
        ("explanation:", "explaination:", "explaination:", 5, "检查拼写"),
        ("tags:", "retired: 2026-11-22\n    tags:", "retired:", 5, "不能早于启用日期"),
        ("tags:", "alt: 一枚印章\n    tags:", "id: ", 5, "图片和图片说明要一起写"),
        ("tags:", "picture: x.png\n    alt: 一枚印章\n    tags:", "picture:", 5, "不在"),
        ("id: things-001", "id: other-001", "id:", 5, "要以 things- 开头"),
        ("id: things-001", "id: things-1", "id:", 5, "写法不对"),
        (
            "兰台市档案馆的阅览室在几楼？",
            '"兰台市档案馆\\n的阅览室在几楼？"',
            "text:",
            5,
            "写在一行里",
        ),
    ],
)
def test_a_mistake_inside_a_question_is_named_with_its_line_and_column(
    tmp_path: Path, before: str, after: str, part: str, column: int, said: str
) -> None:
    text = GOOD.replace(before, after)
    told = problems(tmp_path, HEAD + text)
    found = [line for line in told if said in line]
    assert found, told
    assert found[0].startswith(f"things.yaml:{line_of(part, text)}:{column}: "), told


def test_every_mistake_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    twice = GOOD.replace("answer: B", "answer: E") + GOOD.replace("difficulty: 1", "difficulty: 0")
    (tmp_path / "other.yaml").write_text("theme: other\n", encoding="utf-8")
    told = problems(tmp_path, HEAD + twice)
    assert [line.partition(":")[0] for line in told].count("things.yaml") == 2
    assert any(line.startswith("other.yaml:1:1: ") and "缺这一项" in line for line in told)


def test_an_id_that_stands_twice_is_named_with_both_places(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, HEAD + GOOD + GOOD)
    second = FIRST + GOOD.count("\n")
    assert told == f"things.yaml:{second}:5: 编号 things-001 在 things.yaml 第 {FIRST} 行已经用了"


def test_a_key_that_stands_twice_and_a_tab_are_refused_with_their_place(tmp_path: Path) -> None:
    double = GOOD.replace("    answer: B\n", "    answer: B\n    answer: C\n")
    (told,) = problems(tmp_path, HEAD + double)
    assert told.startswith(f"things.yaml:{line_of('answer: C', double)}:5: “answer”写了两次")
    tab = GOOD.replace("    answer: B\n", "\tanswer: B\n")
    (told,) = problems(tmp_path, HEAD + tab)
    assert told.startswith(f"things.yaml:{line_of('answer', tab)}:1: YAML 写法有误")


def test_a_file_that_is_called_otherwise_than_its_theme_is_refused(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, HEAD + GOOD, "papers.yaml")
    assert told == "papers.yaml:1:1: theme 要和文件名一致：papers"


def test_the_shipped_bank_is_large_and_of_every_kind() -> None:
    themes, questions = read_all(PROJECT / FOLDER)
    assert len(themes) >= 5
    assert len(questions) >= 150
    assert {one.kind for one in questions} == set(Kind)
    assert any(one.picture for one in questions)
    for one in questions:
        assert one.explanation, one.id
        assert one.source.url or (one.source.article and one.source.quote), one.id
