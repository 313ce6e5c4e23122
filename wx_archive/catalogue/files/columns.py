"""The columns of both kinds of tables: Chinese headers, other spellings, what staff should know.

One list serves reading, templates and export. Source of the names: DA/T 18-2022.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wx_archive.catalogue.files import codes
from wx_archive.catalogue.rules import Kind, Validity
from wx_archive.core.errors import RefusedError

MAX_COLUMNS: Final = 500
_MARKS: Final = re.compile(r"[\s*\ufeff:]+|\((?:必填|选填|必须|可选)\)")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        key: the JSON name.
        header: what templates and exports write.
        others: headers that are understood too.
        choices: the words of its drop-down.
        is_code: text for Excel, which would make 12 of 0012.
        is_internal: never in an export for the public.
    """

    key: str
    header: str
    note: str
    others: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    example: str = ""
    width: int = 12
    is_required: bool = False
    is_code: bool = False
    is_internal: bool = False


RECORD_COLUMNS: Final = (
    Column(
        "ref_code",
        "档号",
        "照目录原样填，不要改写。",
        others=("档案号",),
        example="0001-2-0345-012",
        width=22,
        is_required=True,
        is_code=True,
    ),
    Column(
        "title",
        "题名",
        "最长 500 字。",
        others=("案卷题名", "文件题名", "正题名", "标题"),
        example="（示例）关于修建大桥的批复",
        width=50,
        is_required=True,
    ),
    Column("responsible", "责任者", "形成文件的机关或人。", others=("作者",), width=24),
    Column(
        "doc_no",
        "文件编号",
        "发文字号，如 兰政发〔1985〕12号。",
        others=("文号", "发文字号"),
        width=20,
        is_code=True,
    ),
    Column(
        "date",
        "日期",
        "可写 1969-05-12、196905、1969年5月、1969、1969-1972；考证的写 [19450815]。",
        others=("文件日期", "成文日期", "形成日期", "时间", "起止日期"),
        example="1970-05-12",
        is_code=True,
    ),
    Column("year", "年度", "归档的年度，四位数。", others=("归档年度",), is_code=True),
    Column(
        "retention",
        "保管期限",
        "永久、30年、10年；旧称 长期、短期 收下后待复核。",
        choices=(*codes.RETENTION, *codes.OLD_TERMS),
        example="永久",
    ),
    Column(
        "secrecy",
        "密级",
        "公开或内部，空着算公开。涉密的不能上网，整行不要写进来。",
        choices=tuple(codes.SECRECY),
        example="公开",
    ),
    Column(
        "openness",
        "开放标识",
        "空着算未审核，公众看不到。延期开放要写开放日期。",
        others=("开放状态", "开放情况"),
        choices=tuple(codes.OPENNESS),
        example="未审核",
    ),
    Column("open_on", "开放日期", "到这一天才开放，如 2030-01-01。", is_code=True),
    Column(
        "livelihood",
        "民生",
        "婚姻、知青、招工、学籍等关系个人的填 是：公众查不到，也不计数。空着由本馆规则判断。",
        others=("民生档案", "是否民生"),
        choices=tuple(codes.LIVELIHOOD),
        example="否",
    ),
    Column(
        "level",
        "层级",
        "全宗、类、案卷、件；空着算件。",
        others=("著录层级", "级别"),
        choices=tuple(codes.LEVELS),
        example="件",
    ),
    Column("parent", "上级档号", "所在案卷或全宗的档号。", width=22, is_code=True),
    Column("fonds", "全宗号", "如 0012。", others=("全宗",), example="0001", is_code=True),
    Column("catalogue_code", "目录号", "", others=("目录",), is_code=True),
    Column("file_code", "案卷号", "", others=("卷号",), is_code=True),
    Column("item_code", "件号", "", others=("顺序号",), is_code=True),
    Column("page_code", "页号", "", others=("页次",), is_code=True),
    Column("category", "门类", "如 WS 文书、KJ 科技，或本馆的门类名称。", others=("档案门类",)),
    Column("keywords", "主题词", "多个词用分号隔开。", others=("关键词",), width=24),
    Column("abstract", "提要", "", others=("摘要", "内容提要"), width=40),
    Column("genre", "文种", "", others=()),
    Column("carrier", "载体", "", others=("载体形态", "载体类型")),
    Column("extent_pages", "页数", "整数。"),
    Column("extent_copies", "份数", "整数。"),
    Column("language", "语种", "", others=("语言",)),
    Column("note", "附注", "", others=("备注",), width=24),
    Column(
        "location",
        "存放位置",
        "只给工作人员看。",
        others=("位置", "库房位置"),
        is_code=True,
        is_internal=True,
    ),
    Column(
        "restriction_note",
        "限制说明",
        "为什么不开放；只给工作人员看。",
        others=("控制理由", "延期理由"),
        is_internal=True,
    ),
    Column(
        "id",
        "编号",
        "原系统里不变的编号；没有就空着，用档号代替。",
        others=("序号编号", "唯一编号"),
        is_code=True,
    ),
)
DOCUMENT_COLUMNS: Final = (
    Column(
        "title",
        "题名",
        "最长 500 字。",
        others=("标题", "文件名称", "文件题名"),
        example="（示例）兰台市养犬管理办法",
        width=50,
        is_required=True,
    ),
    Column(
        "doc_no",
        "文号",
        "如 兰政发〔2015〕12号。",
        others=("发文字号", "文件编号"),
        example="兰政发〔2015〕12号",
        width=22,
        is_code=True,
    ),
    Column(
        "issuer",
        "发文机关",
        "",
        others=("制发机关", "发布机关", "发文单位"),
        example="兰台市人民政府",
        width=24,
    ),
    Column(
        "date",
        "成文日期",
        "如 2015-04-20。",
        others=("发文日期", "日期", "印发日期"),
        example="2015-04-20",
        is_code=True,
    ),
    Column(
        "effective_from",
        "施行日期",
        "空着的文件，效力显示为“效力待核”。",
        others=("生效日期", "实施日期"),
        example="2015-06-01",
        is_code=True,
    ),
    Column("effective_to", "失效日期", "有效的最后一天；没有期限就空着。", is_code=True),
    Column(
        "category", "分类", "市民看得懂的主题。", others=("主题分类", "类别"), example="城市管理"
    ),
    Column("body", "正文", "", others=("全文", "内容"), width=40),
    Column(
        "openness",
        "公开属性",
        "完全公开（看全文）、部分公开（只公开目录）、不公开。",
        others=("公开方式", "公开程度"),
        choices=tuple(codes.DISCLOSURE),
        example="完全公开",
    ),
    Column(
        "validity",
        "效力状态",
        "只用来核对：查档时的效力按日期和关联计算。",
        others=("效力", "有效性"),
        choices=tuple(state for state in Validity if state is not Validity.UNKNOWN),
    ),
    Column(
        "relations",
        "关联",
        "一行一条：废止：兰政发〔2004〕3号；或 修改：《某某办法》。"
        "可用 废止、替代、修改、实施、解释、转发。",
        width=30,
    ),
    Column("source", "来源", "", others=("信息来源",)),
    Column("url", "网址", "", others=("链接", "原文链接"), width=30, is_code=True),
    Column(
        "id",
        "编号",
        "原系统里不变的编号；没有就空着，按文号和题名计算。",
        others=("唯一编号",),
        is_code=True,
    ),
)
OMITTED: Final = Column("omitted", "略去", "给公众的导出略去了什么。")
ALSO_READ: Final = (OMITTED, Column("open", "open", "1 开放，0 控制。"))
COLUMNS: Final[Mapping[Kind, tuple[Column, ...]]] = {
    Kind.DOCUMENT: DOCUMENT_COLUMNS,
    Kind.RECORD: RECORD_COLUMNS,
}
ARE_RECORDS: Final = "这像是档案目录，不是现行文件；请用 wx-archive catalogue import"
_ONLY_RECORDS: Final = frozenset({"档号", "全宗号", "保管期限", "开放标识"})


@dataclass(frozen=True, slots=True)
class Layout:
    """Which cell of a row is which column.

    Attributes:
        cells: position in the row and JSON name.
        names: JSON name and header as the file has it.
        unknown: position and header of columns that nobody asked for.
    """

    cells: tuple[tuple[int, str], ...]
    names: Mapping[str, str]
    unknown: tuple[tuple[int, str], ...]
    width: int


def fold_header(text: str) -> str:
    """Return a header in one spelling."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", text)).lower()


def known_headers(kind: Kind) -> Mapping[str, str]:
    """Return the JSON name of every header that is understood."""
    return {
        fold_header(header): column.key
        for column in (*COLUMNS[kind], *ALSO_READ)
        for header in (column.key, *column.others, column.header)
    }


def lay_out(header: Sequence[str], kind: Kind) -> Layout:
    """Find the columns in a table's first row.

    Raises:
        RefusedError: a required column is missing, one stands twice, or there are far too many.
    """
    if len(header) > MAX_COLUMNS:
        raise RefusedError(f"表头有 {len(header)} 列，最多 {MAX_COLUMNS} 列；请删去多余的列")
    known = known_headers(kind)
    found: dict[str, tuple[int, str]] = {}
    unknown = []
    for place, text in enumerate(header):
        key = known.get(fold_header(text))
        if key is None:
            unknown.append((place, text.strip()))
        elif key in found:
            raise RefusedError(f"表头里“{found[key][1]}”和“{text.strip()}”是同一项，请只留一列")
        else:
            found[key] = (place, text.strip())
    _require(found, unknown, kind)
    return Layout(
        tuple((place, key) for key, (place, _text) in found.items()),
        {key: text for key, (_place, text) in found.items()},
        tuple(unknown),
        len(header),
    )


def _require(found: Iterable[str], unknown: Iterable[tuple[int, str]], kind: Kind) -> None:
    if kind is Kind.DOCUMENT and _ONLY_RECORDS & {text for _place, text in unknown}:
        raise RefusedError(ARE_RECORDS)
    missing = [c.header for c in COLUMNS[kind] if c.is_required and c.key not in set(found)]
    if missing:
        raise RefusedError(
            f"表头里缺：{'、'.join(missing)}。第一行要是表头，每列一个格子，不要合并单元格；"
            f"样子可用 wx-archive {_COMMANDS[kind]} template 做一份"
        )


_COMMANDS: Final = {Kind.DOCUMENT: "documents", Kind.RECORD: "catalogue"}
