"""What staff read at the catalogue's desk."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from wx_archive.catalogue.files import codes
from wx_archive.catalogue.files.columns import COLUMNS
from wx_archive.catalogue.rules import Disclosure, Kind, Openness, Validity
from wx_archive.cataloguing.rules import Hidden, ReleaseKind, ReleaseState
from wx_archive.staff.audit_texts import action_name

DISCLOSURE: Final = {level: word for word, level in codes.DISCLOSURE.items()}
OPENNESS: Final = {
    Openness.UNREVIEWED: "未审核",
    Openness.OPEN: "开放",
    Openness.DEFERRED: "延期开放",
    Openness.CONTROLLED: "控制使用",
}
LEVELS: Final = {code: word for word, code in codes.LEVELS.items()}
SECRECY: Final = {level: word for word, level in codes.SECRECY.items()}
KINDS: Final = {Kind.DOCUMENT: "文件", Kind.RECORD: "档案"}
STATE_SHAPES: Final[Mapping[str, str]] = {
    Disclosure.FULL: "good",
    Disclosure.PARTIAL: "warn",
    Disclosure.NONE: "over",
    Openness.OPEN: "good",
    Openness.DEFERRED: "wait",
    Openness.UNREVIEWED: "wait",
    Openness.CONTROLLED: "over",
}
VALIDITY_SHAPES: Final[Mapping[str, str]] = {
    Validity.IN_FORCE: "good",
    Validity.AMENDED: "good",
    Validity.NOT_YET: "wait",
    Validity.UNKNOWN: "warn",
    Validity.REPEALED: "over",
    Validity.EXPIRED: "over",
}
HIDDEN: Final = {
    Hidden.NOT_DISCLOSED: "公开属性是“不公开”",
    Hidden.WITHDRAWN: "已经由工作人员撤下",
    Hidden.LIVELIHOOD: "是民生档案：开放与否都不列出",
    Hidden.INTERNAL: "密级是“内部”",
    Hidden.UNREVIEWED: "还没有做过开放审核",
    Hidden.CONTROLLED: "控制使用",
    Hidden.DEFERRED: "延期开放，日子还没有到",
    Hidden.OPENS_LATER: "开放的日子还没有到",
    Hidden.CLOSED_ABOVE: "它所在的案卷、类或全宗是控制使用的",
}
HIDDEN_SHORT: Final = {
    Hidden.NOT_DISCLOSED: "不公开",
    Hidden.WITHDRAWN: "已撤下",
    Hidden.LIVELIHOOD: "民生",
    Hidden.INTERNAL: "内部",
    Hidden.UNREVIEWED: "未审核",
    Hidden.CONTROLLED: "控制使用",
    Hidden.DEFERRED: "延期未到",
    Hidden.OPENS_LATER: "日子未到",
    Hidden.CLOSED_ABOVE: "上级控制使用",
}
RELEASES: Final = {
    ReleaseKind.OPEN: "向社会开放",
    ReleaseKind.DEFER: "延期开放",
    ReleaseKind.LIVELIHOOD: "去掉“民生”",
    ReleaseKind.RESTORE: "恢复公开",
    ReleaseKind.DISCLOSE: "扩大公开",
}
RELEASE_STATES: Final = {
    ReleaseState.WAITING: "等放行",
    ReleaseState.RELEASED: "已放行",
    ReleaseState.REFUSED: "已退回",
    ReleaseState.WITHDRAWN: "已撤回",
}
RELEASE_SHAPES: Final = {
    ReleaseState.WAITING: "wait",
    ReleaseState.RELEASED: "good",
    ReleaseState.REFUSED: "over",
    ReleaseState.WITHDRAWN: "",
}
ACTIONS: Final[Mapping[str, str]] = {
    "document.edit": "改动内容",
    "record.edit": "改动内容",
    "document.withdraw": "撤下",
    "record.close": "收回，控制使用",
    "document.relate": "加关联",
    "document.unrelate": "去掉关联",
    "document.repeal": "写明废止",
    "document.unrepeal": "撤回废止",
    "document.propose": "提出公开",
    "record.propose": "提出开放",
    "release.release": "放行",
    "release.refuse": "退回",
    "release.withdraw": "撤回提出",
    "record.review": "开放审核",
    "entry.conflict": "定下不一致处",
}
"""What was done to an entry, as its own page says it; else as the audit log does."""
FIELDS: Final[Mapping[Kind, Mapping[str, str]]] = {
    kind: {column.key: column.header for column in columns} for kind, columns in COLUMNS.items()
}
HELP: Final[Mapping[Kind, Mapping[str, str]]] = {
    kind: {column.key: column.note for column in columns} for kind, columns in COLUMNS.items()
}
_YES: Final = {"1": "是", "0": "否"}
CLIPPED: Final = 500


def action(name: str) -> str:
    """Write what was done to an entry."""
    return ACTIONS.get(name) or action_name(name)


def state_word(kind: Kind, state: str) -> str:
    """Write the disclosure of a document or the openness of a record."""
    return DISCLOSURE[Disclosure(state)] if kind is Kind.DOCUMENT else OPENNESS[Openness(state)]


def value(key: str, text: str) -> str:
    """Write a field's value as staff read it."""
    if key == "openness":
        return DISCLOSURE[Disclosure(text)] if text in set(Disclosure) else text
    if key == "retention":
        return retention(text)
    return _YES.get(text, text) if key == "livelihood" else text


def retention(code: str) -> str:
    """Write a retention period: Y 永久, D30 30年; one that awaits review says so."""
    plain = code.rstrip("?")
    years = f"{plain[1:]}年" if plain[:1] == "D" and plain[1:].isdigit() else plain
    told = "永久" if plain == "Y" else years
    return f"{told}（待复核）" if code.endswith("?") else told


def clipped(text: str) -> str:
    """Return a long text's beginning, and how long it is."""
    return text if len(text) <= CLIPPED else f"{text[:CLIPPED]}……（共 {len(text)} 字）"


def chinese_date(day: date) -> str:
    """Write a day: 2004年4月2日."""
    return f"{day.year}年{day.month}月{day.day}日"


def shortly(first: date | None, precision: str = "day", last: date | None = None) -> str:
    """Write a date as far as it is catalogued, for a column: 1970, 1970-05, 1970-05-12."""
    if first is None:
        return ""
    length = {"year": 4, "month": 7}.get(precision, 10)
    begin, end = first.isoformat()[:length], (last or first).isoformat()[:length]
    told = begin if begin == end else f"{begin} 至 {end}"
    return f"[{told}]" if precision == "inferred" else told


def fields(kind: Kind, keys: Collection[str]) -> str:
    """List fields by their names."""
    names = FIELDS[kind]
    return "、".join(names[key] for key in names if key in keys)
