"""Every bad row is named with line, column and remedy; a file that cannot be read is refused."""

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_document, a_file, a_record
from wx_archive.catalogue import files
from wx_archive.catalogue.files import BadRow, DocumentRow, RecordRow, read_date
from wx_archive.catalogue.files.reading import NO_RULES
from wx_archive.catalogue.rules import Openness
from wx_archive.core.errors import RefusedError


def read(
    path: Path, model: type[DocumentRow] | type[RecordRow] = DocumentRow
) -> tuple[list[Any], list[BadRow], list[BadRow]]:
    """Return the good rows, the bad ones and the doubtful ones."""
    bad: list[BadRow] = []
    doubts: list[BadRow] = []
    return [line.row for line in files.read(path, model, bad, doubts)], bad, doubts


def as_bytes(*rows: object) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"title": ""}, "title", "不能为空"),
        ({"title": None}, "title", "要写成文字"),
        ({"title": "长" * 501}, "title", "太长，请缩短"),
        ({"title": "甲\0乙"}, "title", "有空字符（NUL），请删掉"),
        ({"id": ""}, "id", "不能为空"),
        ({"id": True}, "id", "要写成文字"),
        ({"body": ["甲"]}, "body", "要写成文字"),
        (
            {"openness": "公开"},
            "openness",
            "只能填 完全公开（full）、部分公开（partial）、不公开（none）",
        ),
        ({"effective_from": "2015-06-31"}, "effective_from", "日期要写成 2004-04-02 的样子"),
        ({"effective_to": 86400}, "effective_to", "日期要写成 2004-04-02 的样子"),
        (
            {"effective_from": "2015-02-01", "effective_to": "2015-01-01"},
            "",
            "失效日期早于施行日期",
        ),
        ({"relations": None}, "relations", "要写成列表，写成 […]"),
        (
            {"relations": [{"type": "repeals"}]},
            "relations.0",
            "关联要写文号（number）或题名（title）",
        ),
        (
            {"relations": [{"type": "repeals", "title": "甲", "no": 1}]},
            "relations.0.no",
            "没有这一项，请检查拼写",
        ),
        (
            {"relations": [{"type": "repeals", "title": "\0"}]},
            "relations.0.title",
            "有空字符（NUL），请删掉",
        ),
    ],
)
def test_a_bad_document_is_named_with_column_and_remedy(
    tmp_path: Path, changes: dict[str, object], column: str, reason: str
) -> None:
    rows = [a_document("D1"), a_document("D2") | changes, a_document("D3")]
    good, bad, _doubts = read(a_file(tmp_path / "f.jsonl", rows))
    assert bad == [BadRow(2, column, reason)]
    assert [row.id for row in good] == ["D1", "D3"]


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"open": 2}, "open", "只能填 0 或 1"),
        ({"livelihood": 2}, "livelihood", "只能填 是（1）、否（0）"),
        ({"livelihood": None}, "livelihood", NO_RULES),
        ({"level": "箱"}, "level", "只能填 全宗（fonds）、类（series）、案卷（file）、件（item）"),
        (
            {"level": ["件"]},
            "level",
            "只能填 全宗（fonds）、类（series）、案卷（file）、件（item）",
        ),
        ({"ref_code": ""}, "ref_code", "不能为空"),
        ({"ref_code": "\ufdfa" * 20}, "ref_code", "太长，请缩短"),
        ({"year": "六九"}, "year", "要写成整数"),
        ({"year": 69}, "year", "数字太大或太小"),
        ({"extent_pages": True}, "extent_pages", "要写成整数"),
        (
            {"retention": "很久"},
            "retention",
            "只能填 永久（Y）、30年（D30）、10年（D10）这样的期限",
        ),
        ({"secrecy": "秘密"}, "secrecy", "涉密不上网，请从文件里删掉这一行"),
        ({"secrecy": "机密★10年"}, "secrecy", "涉密不上网，请从文件里删掉这一行"),
        ({"secrecy": "绝 密"}, "secrecy", "涉密不上网，请从文件里删掉这一行"),
        ({"secrecy": "MM"}, "secrecy", "涉密不上网，请从文件里删掉这一行"),
        ({"secrecy": "Top Secret"}, "secrecy", "涉密不上网，请从文件里删掉这一行"),
        ({"secrecy": "3"}, "secrecy", "只能填 公开（public）、内部（internal）"),
        (
            {"secrecy": "内部", "open": 1},
            "openness",
            "密级是内部的不能开放：请改密级，或改成 控制",
        ),
        (
            {"open": 1, "openness": "控制"},
            "openness",
            "和 open 的 1 说法不一，请留一个",
        ),
        ({"open": None, "openness": "延期开放"}, "open_on", "延期开放要写开放日期"),
        (
            {"open": None, "openness": "公开"},
            "openness",
            "只能填 未审核（unreviewed）、开放（open）、延期开放（deferred）、控制（controlled）",
        ),
        (
            {"omitted": "内部项"},
            "omitted",
            "这是给公众看的导出，略去了内部项，导入会把它抹掉；请用 --all 导出的文件",
        ),
    ],
)
def test_a_bad_record_is_named_with_column_and_remedy(
    tmp_path: Path, changes: dict[str, object], column: str, reason: str
) -> None:
    good, bad, _doubts = read(a_file(tmp_path / "f.jsonl", [a_record() | changes]), RecordRow)
    assert (good, bad) == ([], [BadRow(1, column, reason)])


@pytest.mark.parametrize("name", ["ref_code", "title", "id"])
def test_a_missing_column_is_named(tmp_path: Path, name: str) -> None:
    row = a_record()
    del row[name]
    _good, bad, _doubts = read(a_file(tmp_path / "f.jsonl", [row]), RecordRow)
    assert bad == [BadRow(1, name, "缺这一列")]


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (b'{"id": "1", "title": ', "21", "这一行不是完整的 JSON"),
        (b"[1]", "", "一行要是一个 JSON 对象，写成 {…}"),
        (b"[" * 100_000, "", "嵌套太深"),
        (b'{"id": ' + b"1" * 5_000 + b"}", "", "有一个数字太长"),
        (b'{"id": "1", "title": "\\ud800"}', "title", "有残缺的字符，请改正"),
        (b"\xff\xfe{\x00", "", "既不是 UTF-8 也不是 GB 18030 编码"),
    ],
)
def test_a_line_that_is_no_row_is_named(
    tmp_path: Path, line: bytes, column: str, reason: str
) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(as_bytes(a_document("D1")) + line + b"\n" + as_bytes(a_document("D2")))
    good, bad, _doubts = read(path)
    assert bad == [BadRow(2, column, reason)]
    assert [row.id for row in good] == ["D1", "D2"]


def test_an_overlong_line_is_one_bad_row_and_later_lines_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    huge = b'{"title": "' + b"x" * (files.MAX_LINE_BYTES + 10) + b'"}\n'
    path.write_bytes(huge + as_bytes(a_document("D1"), a_document("D1")))
    good, bad, _doubts = read(path)
    assert [row.id for row in good] == ["D1"]
    assert bad == [BadRow(1, "", "这一行超过 16 MB"), BadRow(3, "id", "编号与第 2 行重复")]


def test_an_unreadable_date_is_a_doubt_and_no_mistake(tmp_path: Path) -> None:
    rows = [a_document("D1", date="None-03-05"), a_document("D2", date="")]
    good, bad, doubts = read(a_file(tmp_path / "f.jsonl", rows))
    assert [row.dated for row in good] == [None, None]
    assert bad == []
    assert doubts == [BadRow(1, "date", "“None-03-05”不是日期，按没有日期收下")]


@pytest.mark.parametrize(
    "written", ["2004-04-02", "20040402", "2004年4月2日", "2004.4.2", "2004/04/02", " 2004-4-2 "]
)
def test_dates_are_read_as_people_write_them(written: str) -> None:
    assert read_date(written) == date(2004, 4, 2)


@pytest.mark.parametrize("written", ["", "2004", "2004-13-01", "2004-02-30", "0004-04-02", "明天"])
def test_other_words_are_no_date(written: str) -> None:
    assert read_date(written) is None


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (1, Openness.OPEN),
        (0, Openness.CONTROLLED),
        (None, Openness.UNREVIEWED),
        ("", Openness.UNREVIEWED),
    ],
)
def test_a_record_that_nobody_reviewed_is_not_open(
    tmp_path: Path, said: object, means: Openness
) -> None:
    good, bad, _doubts = read(a_file(tmp_path / "f.jsonl", [a_record(open=said)]), RecordRow)
    assert bad == []
    assert [row.openness for row in good] == [means]
    silent = a_record()
    del silent["open"]
    assert (
        read(a_file(tmp_path / "f.jsonl", [silent]), RecordRow)[0][0].openness is not Openness.OPEN
    )


def _plain(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _with_mark(path: Path, data: bytes) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + data)


def _national(path: Path, data: bytes) -> None:
    path.write_bytes(data.decode().encode("gb18030"))


def _zipped(path: Path, data: bytes) -> None:
    path.write_bytes(gzip.compress(data))


def _from_windows(path: Path, data: bytes) -> None:
    path.write_bytes(data.replace(b"\n", b"\r\n") + b"\r\n\r\n")


@pytest.mark.parametrize("write", [_plain, _with_mark, _national, _zipped, _from_windows])
def test_every_usual_way_to_save_a_file_is_read(
    tmp_path: Path, write: Callable[[Path, bytes], None]
) -> None:
    path = tmp_path / "f.jsonl"
    write(path, as_bytes(a_document("D1"), a_document("D2", title="㐂𠮷")))
    good, bad, _doubts = read(path)
    assert bad == []
    assert [row.title for row in good] == ["兰台市养犬管理办法", "㐂𠮷"]


def _torn(data: bytes) -> bytes:
    return gzip.compress(data)[:-12]


def _damaged(data: bytes) -> bytes:
    zipped = bytearray(gzip.compress(data))
    zipped[12:20] = b"\xff" * 8
    return bytes(zipped)


def _wrong_sum(data: bytes) -> bytes:
    zipped = bytearray(gzip.compress(data))
    zipped[-6] ^= 1
    return bytes(zipped)


def _only_magic(_data: bytes) -> bytes:
    return b"\x1f\x8b"


@pytest.mark.parametrize("spoil", [_torn, _damaged, _wrong_sum, _only_magic])
def test_a_broken_archive_is_refused(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "f.jsonl.gz"
    path.write_bytes(spoil(as_bytes(*(a_document(f"D{n}") for n in range(50)))))
    with pytest.raises(RefusedError, match="压缩包不完整"):
        read(path)


def test_a_missing_file_and_a_folder_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="没有这个文件"):
        read(tmp_path / "nowhere.jsonl")
    with pytest.raises(RefusedError, match="这是一个文件夹"):
        read(tmp_path)


def test_an_empty_file_of_rows_says_so(tmp_path: Path) -> None:
    empty = [BadRow(0, "", "文件里一行也没有")]
    assert read(a_file(tmp_path / "f.jsonl", [])) == ([], [], empty)


def test_a_file_that_is_all_mistakes_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(b"{}\n" * 100_001)
    with pytest.raises(
        RefusedError, match=r"有误的地方超过 100000 处.*第一处在第 1 行：id 缺这一列"
    ):
        read(path)


def test_doubts_are_listed_up_to_a_bound_and_then_counted(tmp_path: Path) -> None:
    rows = [a_record(f"R{n}", date="不详") for n in range(10_003)]
    good, bad, doubts = read(a_file(tmp_path / "f.jsonl", rows), RecordRow)
    assert (len(good), bad) == (10_003, [])
    assert doubts[-1] == BadRow(0, "", "要留意的还有 3 处，没有一一列出")
    assert len(doubts) == 10_001


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(b'{"id":"')
        for _ in range(200):
            file.write(bytes(1 << 20))
    with pytest.raises(RefusedError, match="压缩包展开后超过原来的 200 倍"):
        read(path)


def test_two_documents_of_one_number_are_a_doubt(tmp_path: Path) -> None:
    rows = [
        a_document("D1", doc_no="兰政发〔2015〕4号"),
        a_document("D2", doc_no="兰政发[2015]4号"),
    ]
    good, bad, doubts = read(a_file(tmp_path / "f.jsonl", rows))
    assert (len(good), bad) == (2, [])
    assert doubts == [BadRow(2, "doc_no", "文号与第 1 行相同")]


TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("stated", "dates", "reason"),
    [
        ("现行有效", {"effective_from": "2015-01-01"}, ""),
        ("有效", {"effective_from": "2015-01-01"}, ""),
        ("已修改", {}, ""),
        ("效力待核", {}, ""),
        ("已宣布失效", {"effective_to": "2020-01-01"}, ""),
        ("尚未施行", {"effective_from": "2027-01-01"}, ""),
        ("现行有效", {"effective_from": "2015-01-01", "effective_to": "2020-01-01"}, "已失效"),
        ("尚未施行", {"effective_from": "2015-01-01"}, "现行有效"),
        ("现行有效", {}, "效力待核"),
        ("好的", {"effective_from": "2015-01-01"}, "现行有效"),
    ],
)
def test_a_stated_validity_that_the_dates_contradict_is_a_doubt(
    tmp_path: Path, stated: str, dates: dict[str, str], reason: str
) -> None:
    path = a_file(tmp_path / "f.jsonl", [a_document("D1", validity=stated, **dates)])
    bad: list[BadRow] = []
    doubts: list[BadRow] = []
    assert len(list(files.read(path, DocumentRow, bad, doubts, today=TODAY))) == 1
    assert bad == []
    assert [each.column for each in doubts] == ["validity"] * bool(reason)
    assert all(reason in each.reason for each in doubts)


def test_a_document_said_to_be_repealed_needs_one_that_repeals_it(tmp_path: Path) -> None:
    repeals = [{"type": "repeals", "number": "兰政发[2004]1号"}]
    rows = [
        a_document("D1", doc_no="兰政发〔2004〕1号", validity="已废止"),
        a_document("D2", title="甲办法", validity="已废止"),
        a_document("D3", relations=repeals),
    ]
    _good, bad, doubts = read(a_file(tmp_path / "f.jsonl", rows))
    assert bad == []
    assert [(each.line, each.column) for each in doubts] == [(2, "validity")]


def test_a_catalogue_of_records_is_not_taken_for_documents(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="catalogue import"):
        read(a_file(tmp_path / "f.jsonl", [a_record()]))
