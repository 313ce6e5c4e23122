"""CSV as offices save it: any separator, any encoding, Chinese headers; lines as in the file."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wx_archive.catalogue import files
from wx_archive.catalogue.files import BadRow, DocumentRow, RecordRow
from wx_archive.catalogue.files.livelihood import LivelihoodRules, prepare
from wx_archive.catalogue.rules import Disclosure, Openness
from wx_archive.core.errors import RefusedError

NO_RULES = prepare(LivelihoodRules())
HEADER = "档号,题名,责任者,日期,保管期限,密级,开放标识,民生,全宗号\n"
ROW = "0012-2-0345-012,关于修建大桥的批复,县革委会,197005,永久,公开,开放,否,0012\n"


def read(
    path: Path, model: type[DocumentRow] | type[RecordRow] = RecordRow
) -> tuple[list[Any], list[BadRow], list[BadRow]]:
    """Return the good lines, the bad rows and the doubts."""
    bad: list[BadRow] = []
    doubts: list[BadRow] = []
    return list(files.read(path, model, bad, doubts, livelihood=NO_RULES)), bad, doubts


def a_table(folder: Path, text: str, *, encoding: str = "utf-8", name: str = "f.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_a_row_of_the_catalogue_is_read_under_its_chinese_headers(tmp_path: Path) -> None:
    lines, bad, doubts = read(a_table(tmp_path, HEADER + ROW))
    assert (bad, doubts) == ([], [])
    [line] = lines
    assert line.number == 2
    row = line.row
    assert (row.id, row.ref_code) == ("0012-2-0345-012", "0012-2-0345-012")
    assert (row.title, row.responsible, row.fonds) == ("关于修建大桥的批复", "县革委会", "0012")
    assert (row.retention, row.secrecy, row.openness) == ("Y", "public", Openness.OPEN)
    assert (row.livelihood, row.date_precision, row.level) == (0, "month", "item")


def test_a_current_document_is_read_under_its_chinese_headers(tmp_path: Path) -> None:
    text = (
        "题名,文号,发文机关,成文日期,施行日期,失效日期,分类,正文,公开属性,效力状态,来源,网址,关联\n"
        '甲办法,兰政发〔2015〕4号,市政府,2015-04-20,2015-06-01,,城管,"第一条\n第二条",完全公开,'
        '现行有效,公报,https://example.org/1,"废止：兰政发〔2004〕3号\n修改:《乙办法》"\n'
    )
    lines, bad, doubts = read(a_table(tmp_path, text), DocumentRow)
    assert (bad, doubts) == ([], [])
    row = lines[0].row
    assert row.openness is Disclosure.FULL
    assert row.body == "第一条\n第二条"
    assert [(each.type, each.number, each.title) for each in row.relations] == [
        ("repeals", "兰政发〔2004〕3号", ""),
        ("amends", "", "乙办法"),
    ]
    again, _bad, _doubts = read(a_table(tmp_path, text, name="g.csv"), DocumentRow)
    assert again[0].row.id == row.id
    assert row.id.startswith("n")


def _with_mark(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data


def _unicode_text(data: bytes) -> bytes:
    return b"\xff\xfe" + data.decode().replace(",", "\t").encode("utf-16-le")


def _big_endian(data: bytes) -> bytes:
    return b"\xfe\xff" + data.decode().encode("utf-16-be")


def _national(data: bytes) -> bytes:
    return data.decode().encode("gb18030")


def _semicolons(data: bytes) -> bytes:
    return b"sep=;\r\n" + data.replace(b",", b";").replace(b"\n", b"\r\n")


def _old_macintosh(data: bytes) -> bytes:
    return data.replace(b"\n", b"\r")


@pytest.mark.parametrize(
    "save",
    [
        bytes,
        _with_mark,
        _unicode_text,
        _big_endian,
        _national,
        _semicolons,
        _old_macintosh,
        gzip.compress,
    ],
)
def test_every_usual_way_to_save_a_table_is_read(
    tmp_path: Path, save: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "目录.csv"
    path.write_bytes(save((HEADER + ROW + ROW.replace("012,", "013,", 1)).encode()))
    lines, bad, doubts = read(path)
    assert (bad, doubts) == ([], [])
    assert [line.row.title for line in lines] == ["关于修建大桥的批复"] * 2


def test_the_name_of_a_file_does_not_decide_what_it_is(tmp_path: Path) -> None:
    lines, bad, _doubts = read(a_table(tmp_path, HEADER + ROW, name="目录.txt"))
    assert (len(lines), bad) == (1, [])
    row = '{"id": 1, "ref_code": "1-1", "title": "甲", "livelihood": 0}\n'
    lines, bad, _doubts = read(a_table(tmp_path, row, name="行.csv"))
    assert ([line.row.id for line in lines], bad) == (["1"], [])


def test_lines_are_those_of_the_file_whatever_is_quoted(tmp_path: Path) -> None:
    text = (
        '"档\n号",题名,开放标识\n'  # lines 1 and 2
        '1-1,"两\n行\n题名",开放\n'  # lines 3 to 5
        "\n"
        "1-2,,开放\n"  # line 7
        '1-3,"有""引号""的题名",公开\n'
        "1-1,又一个,\n"
    )
    lines, bad, _doubts = read(a_table(tmp_path, text))
    assert [(line.number, line.row.title) for line in lines] == [(3, "两 行 题名")]
    assert bad == [
        BadRow(7, "题名", "不能为空"),
        BadRow(
            8,
            "开放标识",
            "只能填 未审核（unreviewed）、开放（open）、延期开放（deferred）、控制（controlled）",
        ),
        BadRow(9, "档号", "编号与第 3 行重复"),
    ]


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ("1-1,甲,1969,永久,机密★20年,开放,否", "密级", "涉密不上网，请从文件里删掉这一行"),
        (
            "1-1,甲,1969,永久,内部,开放,否",
            "开放标识",
            "密级是内部的不能开放：请改密级，或改成 控制",
        ),
        ("1-1,甲,1969,永久,公开,延期开放,否", "开放日期", "延期开放要写开放日期"),
        ("1-1,甲,1969,永久,公开,开放,也许", "民生", "只能填 是（1）、否（0）"),
        ("1-1,甲\0乙,1969,永久,公开,开放,否", "题名", "有空字符（NUL），请删掉"),
        (f"1-1,{'长' * 1_000_000},,,,,", "题名", "太长，请缩短"),
        (
            "1-1,甲,1969,永久,公开,开放,否,,多,出",
            "",
            "这一行的格子比表头多；多半是有逗号的格子没有加引号",
        ),
        ('1-1,"甲"乙,1969,永久,公开,开放,否', "", '引号后面还有字；格子里的引号要写两遍（""）'),
    ],
)
def test_a_bad_cell_is_named_by_its_chinese_header(
    tmp_path: Path, cells: str, column: str, reason: str
) -> None:
    text = f"档号,题名,日期,保管期限,密级,开放标识,民生,开放日期\n{cells}\n1-9,好的,,,,,,\n"
    lines, bad, _doubts = read(a_table(tmp_path, text))
    assert bad == [BadRow(2, column, reason)]
    assert [line.row.title for line in lines] == ["好的"]


def test_unknown_headers_are_a_doubt_and_other_spellings_are_none(tmp_path: Path) -> None:
    text = "档案号, 题 名（必填）,库房温度,案卷号,\n1-1,甲,20,0012,\n"
    lines, bad, doubts = read(a_table(tmp_path, text))
    assert bad == []
    assert (lines[0].row.file_code, lines[0].row.title) == ("0012", "甲")
    assert doubts == [
        BadRow(1, "库房温度", "第 3 列没有这一项，没有导入；请检查表头"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "是空的"),
        ("\ufeff \r\n", "是空的"),
        (HEADER, "只有表头"),
        ("责任者,日期\n甲,1969\n", "表头里缺：档号、题名"),
        ("兰台县档案馆目录,,\n档号,题名,\n", "表头里缺：档号、题名"),
        ("档号,题名,标题\n1,甲,乙\n", "“题名”和“标题”是同一项"),
        ('档号,题名\n1,甲\n2,"没有配对\n3,丙\n', "从第 3 行起引号没有配对"),
        (f"档号,题名\n1,{'长' * 2_000_001}\n", "从第 2 行起引号没有配对，或一格超过"),
        ("档号,题名\n1," + "x" * (17 * 1024 * 1024), "第 2 行超过 16 MB"),
        (",".join(["列"] * 100_000) + "\n1\n", "表头有 100000 列"),
        ("<html><table><tr><td>档号</td>", "是网页或 XML"),
        ("[\n {}\n]", "整个是一个 JSON 列表"),
        ("{\\rtf1 档号}", "RTF"),
        ("%PDF-1.7", "PDF"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(RefusedError, match=re.escape(reason)) as caught:
        read(a_table(tmp_path, text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (HEADER.encode("gb18030") + ROW.encode("gb18030")[:-3] + b"\xb0", "（第 2 行起）"),
        (HEADER.encode() + "café, 甲\n".encode("latin-1", "replace") + b"\xff\xfe\n", "（第 2 行"),
        (HEADER.encode() + ROW.encode() + b"1-1,\xed\xa0\x80,\xff\n", "（第 3 行起）"),
        (b"\xff\xfe" + HEADER.encode("utf-16-le") + ROW.encode("utf-16-le") + b"\x00\xd8", "残缺"),
        (b"\x89PNG\r\n\x1a\n", "图片"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5_000), "旧格式"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
            + bytes(2_000_000)
            + "EncryptedPackage".encode("utf-16-le"),
            "打开密码",
        ),
    ],
)
def test_a_wrong_encoding_or_format_is_refused_in_one_sentence(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(data)
    with pytest.raises(RefusedError, match=re.escape(reason)):
        read(path)


def test_a_formula_is_text_and_an_exports_apostrophe_is_taken_off(tmp_path: Path) -> None:
    text = "档号,题名\n1-1,'=cmd|' /C calc'!A0\n1-2,=1+1\n1-3,''引\n1-4,'引\n"
    lines, bad, _doubts = read(a_table(tmp_path, text))
    assert bad == []
    titles = [line.row.title for line in lines]
    assert titles == ["=cmd|' /C calc'!A0", "=1+1", "'引", "'引"]


def test_the_templates_example_row_is_passed_over_with_a_word(tmp_path: Path) -> None:
    lines, bad, doubts = read(a_table(tmp_path, "档号,题名\n1-1,（示例）甲\n1-2,乙\n"))
    assert bad == []
    assert [line.row.title for line in lines] == ["乙"]
    assert doubts == [BadRow(2, "题名", "这是模板里的示例行，没有导入")]


def test_a_catalogue_is_not_taken_for_current_documents(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="catalogue import"):
        read(a_table(tmp_path, HEADER + ROW), DocumentRow)


@pytest.mark.parametrize("cell", ["撤销：甲", "废止", "废止：", "[{", "废止 兰政发〔2004〕3号"])
def test_a_relation_that_cannot_be_read_is_named(tmp_path: Path, cell: str) -> None:
    _lines, bad, _doubts = read(a_table(tmp_path, f"题名,关联\n甲,{cell}\n"), DocumentRow)
    assert [(each.line, each.column) for each in bad] == [(2, "关联")]
