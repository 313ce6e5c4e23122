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
        ({"openness": "公开"}, "openness", "只能填 'full', 'partial' 或 'none'"),
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
        ({"livelihood": None}, "livelihood", "只能填 0 或 1"),
        ({"level": "箱"}, "level", "只能填 'fonds', 'series', 'file' 或 'item'"),
        ({"ref_code": ""}, "ref_code", "不能为空"),
    ],
)
def test_a_bad_record_is_named_with_column_and_remedy(
    tmp_path: Path, changes: dict[str, object], column: str, reason: str
) -> None:
    good, bad, _doubts = read(a_file(tmp_path / "f.jsonl", [a_record() | changes]), RecordRow)
    assert (good, bad) == ([], [BadRow(1, column, reason)])


@pytest.mark.parametrize("name", ["ref_code", "livelihood", "title", "id"])
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


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    assert read(a_file(tmp_path / "f.jsonl", [])) == ([], [], [])
