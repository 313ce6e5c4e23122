"""What is exported imports back unchanged, whatever it says, and is no formula in any program."""

import csv
import io
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.quiz.making import PROJECT, TODAY
from wx_archive.core.errors import RefusedError
from wx_archive.quiz import bank, bank_export, bank_import
from wx_archive.quiz.bank import Bank
from wx_archive.quiz.bank_files import FOLDER, QuestionFile, Theme, read_all
from wx_archive.quiz.bank_view import Known
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import LETTERS, Kind

THEMES = {"things": Theme("things", "试题", "测试用的题目")}
TRICKY = "甲乙丙=+-@'\"|｜、，,;；:：#&*!%{}[]~`> \u3000_-0123456789noyesNULL½①é😀"  # noqa: RUF001 -- what people type


def words(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(st.sampled_from(TRICKY), min_size=least, max_size=most)


@st.composite
def raw_questions(draw: st.DrawFn) -> dict[str, Any]:
    """Return what a file could say: any kind, tricky characters everywhere."""
    kind = draw(st.sampled_from(Kind))
    told: dict[str, Any] = {
        "id": f"things-{draw(st.integers(0, 9999)):03}",
        "kind": kind,
        "text": draw(words(6, 60)) + "____",
        "explanation": draw(words(4, 60)),
        "source": {
            "title": draw(words(2, 20)),
            "url": draw(st.sampled_from(["https://a.example.cn/x?y=1&z=2", "http://b.cn/'#"])),
            "where": draw(words(0, 10)),
            "quote": draw(words(0, 20)),
            "article": draw(words(0, 10)),
            "edition": draw(st.sampled_from(["", "2020-06-20"])),
        },
        "difficulty": draw(st.integers(1, 3)),
        "tags": draw(st.lists(words(1, 6), min_size=1, max_size=4)),
        "since": draw(st.dates(date(2000, 1, 1), date(2030, 1, 1))).isoformat(),
        "retired": draw(st.sampled_from([None, "2031-01-01"])),
        "keep_order": draw(st.booleans()),
        "tolerance": draw(st.integers(0, 20)),
        "entry": draw(words(0, 20)),
    }
    match kind:
        case Kind.SINGLE | Kind.MULTIPLE:
            options = draw(st.lists(words(1, 20), min_size=2, max_size=4, unique=True))
            count = 1 if kind is Kind.SINGLE else draw(st.integers(2, len(options)))
            letters = draw(st.permutations(LETTERS[: len(options)]))[:count]
            told |= {"options": options, "answer": "".join(sorted(letters))}
        case Kind.JUDGE:
            told["answer"] = draw(st.sampled_from("对错"))
        case Kind.FILL:
            told["answer"] = draw(st.lists(words(1, 10), min_size=1, max_size=4, unique=True))
        case Kind.YEAR:
            told["answer"] = str(draw(st.integers(1, 2100)))
    return told


def is_question(told: dict[str, Any]) -> bool:
    try:
        QuestionFile.model_validate(told)
    except ValidationError:
        return False
    return True


questions = (
    raw_questions()
    .filter(is_question)
    .map(lambda told: QuestionFile.model_validate(told).question("things"))
)


def as_bank(*every: Question) -> Bank:
    return Bank({one.id: one for one in every}, THEMES)


def back(path: Path, themes: dict[str, Theme]) -> tuple[Question, ...]:
    """Import into an empty bank."""
    checked = bank_import.check(path, Known(Bank({}, themes), {}), PROJECT, today=TODAY)
    assert checked.bad == ()
    return checked.added


@given(one=questions)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_question_comes_back_from_csv_and_yaml_as_it_was(tmp_path: Path, one: Question) -> None:
    for name in ("x.csv", "x.yaml"):
        bank_export.write(as_bank(one), tmp_path / name, theme="things")
        assert back(tmp_path / name, THEMES) == (one,)


@given(every=st.lists(questions, min_size=1, max_size=30, unique_by=lambda one: (one.id, one.text)))
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_questions_come_back_from_a_workbook_as_they_were(
    tmp_path: Path, every: list[Question]
) -> None:
    held = as_bank(*every)
    bank_export.write(held, tmp_path / "x.xlsx")
    distinct = {(one.text.casefold(), one.answer): one for one in held.questions.values()}
    if len(distinct) == len(held.questions):
        assert back(tmp_path / "x.xlsx", THEMES) == tuple(held.questions.values())


@pytest.fixture(scope="module")
def shipped() -> Bank:
    """The bank as it ships."""
    return bank.of_files(PROJECT)


@pytest.mark.parametrize("name", ["x.xlsx", "x.csv"])
def test_the_whole_shipped_bank_comes_back_as_it_was(
    tmp_path: Path, shipped: Bank, name: str
) -> None:
    assert bank_export.write(shipped, tmp_path / name) == len(shipped.questions)
    assert back(tmp_path / name, dict(shipped.themes)) == tuple(shipped.questions.values())
    known = Known(shipped, shipped.questions, ids=frozenset(shipped.questions))
    checked = bank_import.check(tmp_path / name, known, PROJECT, today=TODAY)
    assert (checked.unchanged, checked.good) == (len(shipped.questions), ())


def test_a_folder_of_yaml_is_a_bank_again(tmp_path: Path, shipped: Bank) -> None:
    bank_export.write(shipped, tmp_path / FOLDER)
    (tmp_path / FOLDER / "pictures").symlink_to(PROJECT / FOLDER / "pictures")
    themes, found = read_all(tmp_path / FOLDER)
    assert {one.slug: one for one in themes} == shipped.themes
    assert {one.id: one for one in found} == shipped.questions
    with zipfile.ZipFile(io.BytesIO(bank_export.as_zip(shipped))) as packed:
        assert sorted(packed.namelist()) == sorted(
            f"quiz_bank/{slug}.yaml" for slug in shipped.themes
        )


def test_no_cell_is_a_formula(shipped: Bank) -> None:
    one = next(iter(shipped.questions.values()))
    evil = replace(one, explanation="=HYPERLINK(1)", tags=("+1",), entry="@x", alt="-2")
    rows = csv.reader(io.StringIO(bank_export.as_csv([evil], shipped.themes).decode("utf-8-sig")))
    for row in rows:
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_one_theme_is_written_alone(tmp_path: Path, shipped: Bank) -> None:
    theme = next(iter(shipped.themes))
    count = bank_export.write(shipped, tmp_path / "x.yaml", theme=theme)
    assert count == sum(one.theme == theme for one in shipped.questions.values())
    assert (tmp_path / "x.yaml").read_text(encoding="utf-8").startswith(f"theme: {theme}\n")


@pytest.mark.parametrize(
    ("name", "theme", "said"),
    [
        ("x.yaml", "", "请加 --theme"),
        ("x.csv", "nothing", "没有主题 nothing"),
        ("x.doc", "", "写成 .xlsx"),
        ("nowhere/x.csv", "", "写不了"),
    ],
)
def test_an_export_that_cannot_be_is_refused_with_the_way_on(
    tmp_path: Path, shipped: Bank, name: str, theme: str, said: str
) -> None:
    with pytest.raises(RefusedError, match=said):
        bank_export.write(shipped, tmp_path / name, theme=theme)
    assert list(tmp_path.iterdir()) == []
