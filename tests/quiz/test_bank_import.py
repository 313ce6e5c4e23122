"""Files of questions: every mistake by row, near-duplicates named, the same file twice nothing."""

import csv
import io
import time
from dataclasses import replace
from pathlib import Path

import pytest
import xlsxwriter

from tests.quiz.bank_making import NOW, TODAY, a_folder, a_row, a_table
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.quiz import bank, bank_desk, bank_export, bank_import, bank_view
from wx_archive.quiz.bank import Bank
from wx_archive.quiz.bank_import import Checked
from wx_archive.quiz.bank_rows import COLUMNS
from wx_archive.quiz.bank_view import Known, Version
from wx_archive.quiz.rules import Kind, VersionState

CHOICE = {
    "kind": "单选题",
    "text": "兰台市档案馆的阅览室在几楼？",
    "option_a": "一楼",
    "option_b": "二楼",
    "option_c": "三楼",
    "answer": "B",
    "explanation": "阅览室在二楼。",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site whose bank has one question: things-001."""
    return a_folder(tmp_path)


@pytest.fixture
def known(folder: Path) -> Known:
    """The bank of that site, without anything from a database."""
    held = bank.of_files(folder)
    return Known(held, held.questions, ids=frozenset(held.questions))


def check(path: Path, known: Known, folder: Path) -> Checked:
    return bank_import.check(path, known, folder, today=TODAY)


def told(checked: Checked) -> list[tuple[int, str, str]]:
    return [(row.line, row.column, row.reason) for row in checked.bad]


def test_all_mistakes_of_all_rows_are_named_with_line_column_and_remedy(
    tmp_path: Path, known: Known, folder: Path
) -> None:
    path = a_table(
        tmp_path / "x.csv",
        [
            a_row(text="兰台市档案馆第一阅览室不用预约。"),
            a_row(theme="没有", answer="也许", difficulty="很难", tags=""),
            a_row(**CHOICE | {"answer": "D", "option_b": ""}),
            a_row(kind="填空", text="阅览室在____楼。", answer="", url="", title=""),
            a_row(id="other-001"),
            a_row(kind="作文"),
        ],
    )
    checked = check(path, known, folder)
    assert [one.text for one in checked.added] == ["兰台市档案馆第一阅览室不用预约。"]
    found = told(checked)
    assert {line for line, _column, _reason in found} == {3, 4, 5, 6, 7}
    assert {(line, column) for line, column, _reason in found} == {
        (3, "主题"),
        (3, "难度"),
        (3, "标签"),
        (3, "答案"),
        (4, "选项B"),
        (5, "出处"),
        (5, "答案"),
        (5, "网址"),
        (6, "编号"),
        (7, "题型"),
    }
    by_place = {(line, column): reason for line, column, reason in found}
    assert by_place[3, "主题"] == "没有这个主题，可以写：试题"
    assert by_place[7, "题型"] == "请从这几样里选：单选题、多选题、判断题、填空题、年份题"
    assert checked.read == 6


def a_sentence(n: int) -> str:
    """Return a question of its own, mostly other words than in the next one."""
    signs = (chr(0x4E00 + (n * 7919 + place * 104_729) % 19_997) for place in range(24))
    return "".join(signs) + "？"


def test_five_thousand_rows_are_read_in_seconds_and_no_more(
    tmp_path: Path, known: Known, folder: Path
) -> None:
    rows = [a_row(text=a_sentence(n)) for n in range(5_000)]
    begun = time.process_time()
    checked = check(a_table(tmp_path / "x.csv", rows), known, folder)
    assert time.process_time() - begun < 20
    assert (len(checked.added), checked.bad) == (5_000, ())
    with pytest.raises(RefusedError, match="最多 5000 题"):
        check(a_table(tmp_path / "y.csv", [*rows, a_row(text="多出来的一道题目。")]), known, folder)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_every_encoding_and_separator_of_offices_is_read(
    tmp_path: Path, known: Known, folder: Path, encoding: str, sign: str
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=sign)
    row = a_row(**CHOICE)
    writer.writerow(column.header for column in COLUMNS)
    writer.writerow(row.get(column.key, "") for column in COLUMNS)
    path = tmp_path / "x.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    checked = check(path, known, folder)
    assert told(checked) == []
    assert [one.options for one in checked.added] == [("一楼", "二楼", "三楼")]


def test_numbers_and_dates_of_a_workbook_are_read_as_people_see_them(
    tmp_path: Path, known: Known, folder: Path
) -> None:
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        row = a_row(kind="年份题", text="兰台市是哪一年建市的？", answer="")
        for place, column in enumerate(COLUMNS):
            sheet.write_string(0, place, column.header)
            sheet.write_string(1, place, row.get(column.key, ""))
            match column.key:
                case "answer":
                    sheet.write_number(1, place, 1969)
                case "tolerance":
                    sheet.write_number(1, place, 2)
                case "since":
                    sheet.write_datetime(1, place, NOW.replace(tzinfo=None, hour=0), day)
    checked = check(path, known, folder)
    assert told(checked) == []
    (question,) = checked.added
    assert (question.answer, question.tolerance, question.since) == (("1969",), 2, TODAY)


def test_words_of_every_kind_of_answer_are_understood(
    tmp_path: Path, known: Known, folder: Path
) -> None:
    rows = [
        a_row(**CHOICE | {"answer": "b"}),
        a_row(**CHOICE | {"kind": "多选", "answer": "C、a", "text": "阅览室在哪两层楼？"}),
        a_row(text="阅览室星期一开放吗，对还是错？", answer="√"),
        a_row(kind="填空题", text="阅览室在____楼。", answer="二｜2 | 贰"),  # noqa: RUF001 -- as typed
        a_row(kind="年份题", text="兰台市是哪一年建市的？", answer="公元1969年"),
        a_row(text="阅览室不许带水杯进去。", since="2027年1月2日", retired="2027/3/4"),
    ]
    checked = check(a_table(tmp_path / "x.csv", rows), known, folder)
    assert told(checked) == []
    assert [one.answer for one in checked.added[:5]] == [
        ("B",),
        ("A", "C"),
        ("对",),
        ("二", "2", "贰"),
        ("1969",),
    ]
    last = checked.added[-1]
    assert (last.since.isoformat(), last.retired and last.retired.isoformat()) == (
        "2027-01-02",
        "2027-03-04",
    )


def test_headers_may_stand_in_any_order_and_under_other_names(
    tmp_path: Path, known: Known, folder: Path
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "题目,正确答案,A,B,题型,主题,难度,标签,解释,来源,链接,备注\n"
        "阅览室在几楼？,B,一楼,二楼,单选,things,1,指南,在二楼。,指南,https://a.example.cn/,x\n",
        encoding="utf-8",
    )
    checked = check(path, known, folder)
    assert told(checked) == []
    assert checked.added[0].options == ("一楼", "二楼")
    assert [(row.line, row.column) for row in checked.warnings] == [(1, "备注")]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("题干,答案", "现在缺：主题|现在缺：题型"),
        ("主题,题型,题干,题目,答案,解析,出处,难度,标签", "有两列"),
    ],
)
def test_a_table_without_its_headers_is_refused_with_what_is_missing(
    tmp_path: Path, known: Known, folder: Path, header: str, said: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"{header}\n1,2\n", encoding="utf-8")
    with pytest.raises(RefusedError, match=said):
        check(path, known, folder)


# -- ids, twins, neighbours ---------------------------------------------------------------------


def test_rows_without_an_id_get_the_next_numbers_of_their_theme(
    tmp_path: Path, known: Known, folder: Path
) -> None:
    rows = [
        a_row(text="第一阅览室不用预约。"),
        a_row(text="第二陈列厅星期五关门。", id="things-002"),
        a_row(text="查档不收任何费用的说法。"),
    ]
    checked = check(a_table(tmp_path / "x.csv", rows), known, folder)
    assert [one.id for one in checked.added] == ["things-003", "things-002", "things-004"]


def test_an_id_of_the_bank_changes_that_question_and_keeps_its_first_day(
    tmp_path: Path, folder: Path, known: Known
) -> None:
    row = a_row(id="things-001", explanation="星期天和节日闭馆。")
    checked = bank_import.check(
        a_table(tmp_path / "x.csv", [row]), known, folder, today=TODAY.replace(year=2030)
    )
    before = known.bank.questions["things-001"]
    assert checked.changed == (replace(before, explanation="星期天和节日闭馆。"),)


def test_an_id_that_stands_twice_is_a_mistake(tmp_path: Path, known: Known, folder: Path) -> None:
    rows = [
        a_row(id="things-009", text="第一阅览室不用预约。"),
        a_row(id="things-009", text="第二陈列厅星期五关门。"),
    ]
    checked = check(a_table(tmp_path / "x.csv", rows), known, folder)
    assert told(checked) == [(3, "编号", "编号与第 2 行重复")]


def test_a_near_duplicate_is_named_with_the_others_id_and_a_percentage(
    tmp_path: Path, known: Known, folder: Path
) -> None:
    rows = [
        a_row(text="兰台市档案馆星期天也会开放阅览。"),
        a_row(**CHOICE),
        a_row(**CHOICE | {"text": "兰台市档案馆的阅览室，在几楼呢？"}),
    ]
    checked = check(a_table(tmp_path / "x.csv", rows), known, folder)
    assert told(checked) == []
    first, second = checked.warnings
    assert (first.line, first.column) == (2, "题干")
    assert first.reason.startswith("与 things-001 相似 8")
    assert second.line == 4
    assert second.reason.startswith("与 第 3 行 相似 ")


def test_the_same_question_again_is_a_mistake_unless_nothing_is_changed(
    tmp_path: Path, known: Known, folder: Path
) -> None:
    rows = [
        a_row(),
        a_row(explanation="另一种解析。"),
        a_row(id="things-007"),
        a_row(**CHOICE),
        a_row(**CHOICE | {"option_a": "三楼", "option_c": "一楼"}),
    ]
    checked = check(a_table(tmp_path / "x.csv", rows), known, folder)
    assert checked.unchanged == 1
    assert [row.line for row in checked.bad] == [3, 4, 6]
    assert "things-001" in checked.bad[0].reason
    assert "要改那一题，请写上它的编号" in checked.bad[0].reason
    assert "第 5 行" in checked.bad[2].reason, "the options stand in another order"


def test_the_example_of_the_template_is_passed_over(
    tmp_path: Path, known: Known, folder: Path
) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(bank_export.template(known.bank.themes))
    checked = check(path, known, folder)
    assert (checked.read, checked.bad) == (0, ())
    assert "示例行" in checked.warnings[0].reason


def test_a_picture_that_is_not_there_is_named(tmp_path: Path, known: Known, folder: Path) -> None:
    row = a_row(text="图里的印章是圆的。", picture="seal.png", alt="一枚印章")
    checked = check(a_table(tmp_path / "x.csv", [row]), known, folder)
    assert told(checked) == [(2, "图片", "quiz_bank/pictures 里没有这张图片")]


def test_yaml_is_imported_question_by_question_with_the_line_of_each_mistake(
    tmp_path: Path, known: Known, folder: Path
) -> None:
    good = (folder / "quiz_bank" / "things.yaml").read_text(encoding="utf-8")
    bad = good.replace("things-001", "things-002").replace("difficulty: 1", "difficulty: 7")
    more = bad.partition("questions:\n")[2]
    path = tmp_path / "x.yaml"
    path.write_text(good + more, encoding="utf-8")
    checked = check(path, known, folder)
    assert checked.unchanged == 1
    text = path.read_text(encoding="utf-8")
    line = 1 + text[: text.index("difficulty: 7")].count("\n")
    assert told(checked) == [(line, "difficulty", "要小于或等于 3")]


# -- with a database ----------------------------------------------------------------------------


def test_the_same_file_twice_changes_nothing(
    tmp_path: Path, database: Database, folder: Path
) -> None:
    path = a_table(
        tmp_path / "x.csv", [a_row(**CHOICE), a_row(id="things-001", explanation="节日闭馆。")]
    )
    for expected in ((1, 1, 0), (0, 0, 2)):
        with database.begin() as session:
            known = bank_desk.begin(session, folder)
            checked = check(path, known, folder)
            bank_desk.release_at_once(session, known, checked.good, by="cli:x", now=NOW)
        found = (len(checked.added), len(checked.changed), checked.unchanged)
        assert found == expected
    with database.reads() as connection:
        held = bank.effective(folder, connection).questions
    assert held["things-002"].kind is Kind.SINGLE
    assert held["things-001"].explanation == "节日闭馆。"


def test_a_question_that_somebody_is_writing_on_is_not_overwritten(
    tmp_path: Path, database: Database, folder: Path
) -> None:
    with database.begin() as session:
        known = bank_desk.begin(session, folder)
        written = replace(known.bank.questions["things-001"], explanation="写到一半。")
        bank_desk.propose_all(session, known, [written], batch="", by="editor", now=NOW)
    with database.reads() as connection:
        known = bank_view.known(folder, connection)
    path = a_table(tmp_path / "x.csv", [a_row(id="things-001", explanation="另一个人的。")])
    checked = check(path, known, folder)
    assert told(checked) == [(2, "编号", "这一题有一稿还没有放行，请先放行或作废那一稿")]


def test_a_question_that_counts_is_named_before_one_that_waits(
    tmp_path: Path, known: Known, folder: Path
) -> None:
    text = "兰台市档案馆星期日也开放阅览吗。"
    draft = replace(known.bank.questions["things-001"], id="things-009", text=text)
    version = Version(
        1, draft, VersionState.DRAFT, draft.fingerprint, "", "editor", NOW, "", None, "", ""
    )
    writing = replace(
        known, open={"things-009": version}, ids=frozenset({*known.ids, "things-009"})
    )
    row = a_row(text="兰台市档案馆星期日也开放阅览。")
    for held, key in (
        (writing, "things-001"),
        (replace(writing, bank=Bank({}, known.bank.themes)), "things-009"),
    ):
        checked = check(a_table(tmp_path / "x.csv", [row]), held, folder)
        assert f"与 {key} 相似" in checked.warnings[0].reason


def test_hints_say_line_and_column_and_ask_what_the_public_finds(
    tmp_path: Path, known: Known, folder: Path
) -> None:
    rows = [a_row(text="第一阅览室不用预约", article="一", entry=entry) for entry in ("X1", "有1")]
    rows[1]["text"] = "第二陈列厅星期五关门？"
    path = a_table(tmp_path / "x.csv", rows)
    checked = bank_import.check(
        path, known, folder, today=TODAY, is_borne=lambda number: number == "有1"
    )
    assert [(row.line, row.column) for row in checked.warnings] == [
        (2, "题干"),
        (2, "条款"),
        (2, "档号或文号"),
        (3, "条款"),
    ]
    assert len(checked.added) == 2
