"""What a record's row means: codes in any spelling, partial dates, one canonical form."""

from datetime import date
from pathlib import Path

import pytest

from tests.builders import a_document, a_file, a_record, wide
from wx_archive.catalogue import files
from wx_archive.catalogue.files import BadRow, DocumentRow, RecordRow
from wx_archive.catalogue.files.livelihood import LivelihoodRules, prepare
from wx_archive.catalogue.rules import Disclosure, Openness
from wx_archive.core.errors import FileProblemError

RULES = prepare(
    LivelihoodRules.model_validate(
        {
            "fonds": ["0150"],
            "categories": ["HY"],
            "titles": [{"any": ["结婚", "离婚"], "with": ["申请", "登记"], "not": ["登记工作"]}],
        }
    )
)


def a_row(**changes: object) -> RecordRow:
    return RecordRow.model_validate(a_record() | changes)


@pytest.mark.parametrize(
    ("written", "first", "last", "precision"),
    [
        ("1969-05-12", "1969-05-12", None, "day"),
        ("19690512", "1969-05-12", None, "day"),
        ("1969年5月12日", "1969-05-12", None, "day"),
        (wide("1969.5.12"), "1969-05-12", None, "day"),
        ("1969-05", "1969-05-01", "1969-05-31", "month"),
        ("196902", "1969-02-01", "1969-02-28", "month"),
        ("196911", "1969-11-01", "1969-11-30", "month"),
        ("19690500", "1969-05-01", "1969-05-31", "month"),
        ("1969年5月", "1969-05-01", "1969-05-31", "month"),
        ("1969.5", "1969-05-01", "1969-05-31", "month"),
        ("1969", "1969-01-01", "1969-12-31", "year"),
        ("1969年", "1969-01-01", "1969-12-31", "year"),
        ("19690000", "1969-01-01", "1969-12-31", "year"),
        ("196900", "1969-01-01", "1969-12-31", "year"),
        ("1969-1972", "1969-01-01", "1972-12-31", "year"),
        ("1969年—1972年", "1969-01-01", "1972-12-31", "year"),
        ("1969.5-1972.3", "1969-05-01", "1972-03-31", "month"),
        ("1969年5月至1972年3月", "1969-05-01", "1972-03-31", "month"),
        ("19690512-19720301", "1969-05-12", "1972-03-01", "day"),
        ("1969-05-12/1972-03-01", "1969-05-12", "1972-03-01", "day"),
        ("1969-05-12～1972", "1969-05-12", "1972-12-31", "year"),
        ("[19450815]", "1945-08-15", None, "inferred"),
        ("〔1945〕", "1945-01-01", "1945-12-31", "inferred"),
        ("[1945-1949]", "1945-01-01", "1949-12-31", "inferred"),
        ("约1945年", "1945-01-01", "1945-12-31", "inferred"),
    ],
)
def test_partial_and_inferred_dates_are_read_with_their_precision(
    written: str, first: str, last: str | None, precision: str
) -> None:
    row = a_row(date=written)
    assert row.date == written
    assert row.dated == date.fromisoformat(first)
    assert row.date_end == (date.fromisoformat(last) if last else None)
    assert row.date_precision == precision
    assert row.doubts(today=date(2026, 1, 1)) == []


@pytest.mark.parametrize(
    "written",
    ["1972-1969", "196913", "1969-20", "19690230", "[]", "民国三十四年", "1969-05-00x", "约"],
)
def test_what_is_no_date_is_taken_in_undated_with_a_doubt(written: str) -> None:
    row = a_row(date=written)
    assert (row.dated, row.date_end, row.date_precision) == (None, None, "day")
    assert row.doubts(today=date(2026, 1, 1)) == [("date", f"“{written}”不是日期，按没有日期收下")]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("永久", "Y"),
        ("y", "Y"),
        ("D30", "D30"),
        ("30年", "D30"),
        ("定期（30年）", "D30"),
        (10, "D10"),
        ("15年", "D15"),
        ("长期", "D30?"),
        ("短期", "D10?"),
        ("D30?", "D30?"),
        ("", ""),
        (None, ""),
    ],
)
def test_retention_is_a_code_and_old_terms_await_review(written: object, code: str) -> None:
    row = a_row(retention=written)
    assert row.retention == code
    doubtful = [column for column, _reason in row.doubts(today=date(2026, 1, 1))]
    assert doubtful == ["retention"] * code.endswith("?")


@pytest.mark.parametrize(
    ("changes", "openness"),
    [
        ({"openness": "未审核"}, Openness.UNREVIEWED),
        ({"openness": "开放"}, Openness.OPEN),
        ({"openness": "open"}, Openness.OPEN),
        ({"openness": "延期开放", "open_on": "2030-01-01"}, Openness.DEFERRED),
        ({"openness": "控制", "open": 0}, Openness.CONTROLLED),
        ({"openness": ""}, Openness.UNREVIEWED),
        ({"open": "1"}, Openness.OPEN),
        ({}, Openness.UNREVIEWED),
    ],
)
def test_openness_is_read_as_word_code_or_number(
    changes: dict[str, object], openness: Openness
) -> None:
    assert a_row(**({"open": None} | changes)).openness is openness


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("", "public"),
        (None, "public"),
        ("公开", "public"),
        ("内部", "internal"),
        ("NB", "internal"),
    ],
)
def test_secrecy_is_public_or_internal(said: object, code: str) -> None:
    assert a_row(secrecy=said, open=0).secrecy == code


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": "张三、李四结婚登记申请书"}, 1),
        ({"title": "張三、李四結婚登記申請書"}, 1),
        ({"title": "关于做好结婚登记工作的通知"}, 0),
        ({"title": "关于修建兰水大桥的批复", "fonds": wide("0150")}, 1),
        ({"title": "关于修建兰水大桥的批复", "category": "hy"}, 1),
        ({"title": "关于修建兰水大桥的批复"}, 0),
        ({"title": "张三结婚登记申请书", "livelihood": 0}, 0),
        ({"title": "关于修建兰水大桥的批复", "livelihood": "是"}, 1),
    ],
)
def test_the_files_word_on_livelihood_goes_before_the_sites_rules(
    tmp_path: Path, changes: dict[str, object], expected: int
) -> None:
    row = a_record() | {"livelihood": None} | changes
    bad: list[BadRow] = []
    path = a_file(tmp_path / "f.jsonl", [row])
    lines = list(files.read(path, RecordRow, bad, [], livelihood=RULES))
    assert bad == []
    assert [line.row.livelihood for line in lines if isinstance(line.row, RecordRow)] == [expected]


def test_the_same_rules_are_the_same_in_every_process() -> None:
    """An import that was cut short is found again by what was read under which rules."""
    again = prepare(LivelihoodRules.model_validate({"fonds": ["0150"]}))
    assert str(again) == str(prepare(LivelihoodRules.model_validate({"fonds": ["0150"]})))
    assert " at 0x" not in str(RULES)
    assert again.fingerprint != RULES.fingerprint


def test_the_samples_rules_know_the_usual_livelihood_records() -> None:
    folder = Path(__file__).parents[2] / "content"
    rules = files.load_livelihood(folder / "livelihood.yaml")
    for title in (
        "张三结婚登记申请书",
        "知识青年李四下乡插队落户审批表",
        "王五学籍档案",
        "赵六林权证登记台账",
    ):
        assert rules.covers(a_row(title=title)), title
    for title in ("关于修建兰水大桥的批复", "关于加强知识青年工作的意见", "婚姻登记工作总结"):
        assert not rules.covers(a_row(title=title)), title


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("titles: [{any: [婚]}]", "一个字到处都有"),
        ("titles: [{any: []}]", "不能为空"),
        ("title: []", "没有这一项"),
    ],
)
def test_livelihood_rules_are_strict(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "livelihood.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileProblemError, match=reason):
        files.load_livelihood(path)


def test_one_meaning_has_one_canonical_form() -> None:
    one = a_row(retention="永久", open=1, year="1970年", livelihood=0, level="件")
    two = a_row(retention="Y", open=None, openness="开放", year=1970, livelihood="否", note="")
    assert one.canonical() == two.canonical()
    for changes in ({"title": "另一个"}, {"open": 0}, {"livelihood": 1}, {"location": "库"}):
        assert a_row(**changes).canonical() != a_row().canonical()


def test_a_documents_canonical_form_holds_the_openness_it_is_imported_under() -> None:
    said = DocumentRow.model_validate(a_document("D1", openness="full"))
    silent = DocumentRow.model_validate(a_document("D1", openness=None))
    assert said.canonical() == silent.canonical(Disclosure.FULL)
    assert silent.canonical(Disclosure.FULL) != silent.canonical(Disclosure.PARTIAL)
    assert said.canonical(Disclosure.NONE) == said.canonical()
