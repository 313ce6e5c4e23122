"""What is wrong with a row, in words that name line, column and remedy."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from wx_archive.core.errors import RefusedError

MAX_BAD: Final = 100_000
"""So many mistakes are one mistake: the file is of another kind; and a list must end somewhere."""
MAX_DOUBTS: Final = 10_000
_MESSAGES: Final = {
    "missing": "缺这一列",
    "string_too_short": "不能为空",
    "too_short": "不能为空",
    "string_too_long": "太长，请缩短",
    "too_long": "太长，请缩短",
    "string_type": "要写成文字",
    "string_unicode": "有残缺的字符，请改正",
    "string_pattern_mismatch": "有空字符（NUL），请删掉",
    "model_type": "一行要是一个 JSON 对象，写成 {…}",
    "tuple_type": "要写成列表，写成 […]",
    "extra_forbidden": "没有这一项，请检查拼写",
    "recursion_loop": "嵌套太深",
}


@dataclass(frozen=True, slots=True)
class BadRow:
    """Why one line cannot be taken in, or what is doubtful about it.

    Attributes:
        line: line of the file, or row of the sheet; the first is 1.
        column: the JSON name, or the header as the table has it.
    """

    line: int
    column: str
    reason: str


@dataclass(slots=True)
class Findings:
    """Collects mistakes and doubts; both lists end somewhere, whatever the file."""

    bad: list[BadRow]
    doubts: list[BadRow]
    names: Mapping[str, str] = field(default_factory=dict)
    """For tables: the header of each JSON name."""
    _more: int = 0

    def add_bad(self, line: int, column: str, reason: str) -> None:
        """Note a mistake.

        Raises:
            RefusedError: nearly every row has one.
        """
        if len(self.bad) >= MAX_BAD:
            first = self.bad[0]
            raise RefusedError(
                f"有误的地方超过 {MAX_BAD} 处，不再往下读，多半是整个文件的格式不对。"
                f"第一处在第 {first.line} 行：{first.column} {first.reason}"
            )
        self.bad.append(BadRow(line, self.names.get(column, column), reason))

    def add_doubt(self, line: int, column: str, reason: str) -> None:
        """Note a doubt about a row that is taken in."""
        if len(self.doubts) < MAX_DOUBTS:
            self.doubts.append(BadRow(line, self.names.get(column, column), reason))
        else:
            self._more += 1

    def explain(self, line: int, err: ValueError | RecursionError) -> None:
        """Note every mistake that a model or the JSON reader found in one row."""
        match err:
            case ValidationError():
                for item in err.errors(include_url=False):
                    self._explain_item(line, item)
            case json.JSONDecodeError():
                self.add_bad(line, str(err.colno), "这一行不是完整的 JSON")
            case RecursionError():
                self.add_bad(line, "", "嵌套太深")
            case _:  # Python reads no number of more than 4,300 digits
                self.add_bad(line, "", "有一个数字太长")

    def close(self) -> None:
        """Say how many doubts were not listed."""
        if self._more:
            self.doubts.append(BadRow(0, "", f"要留意的还有 {self._more} 处，没有一一列出"))

    def _explain_item(self, line: int, item: Any) -> None:
        column = ".".join(str(part) for part in item["loc"])
        match item["type"]:
            case "value_error":
                reason = str(item["ctx"]["error"])
                column = getattr(item["ctx"]["error"], "column", column)
            case "enum" | "literal_error":
                reason = f"只能填 {item['ctx']['expected']}".replace(" or ", " 或 ")
            case "missing" if column in self.names:
                reason = "不能为空"
            case "greater_than_equal" | "less_than_equal":
                reason = "数字太大或太小"
            case kind:
                reason = _MESSAGES.get(kind, str(item["msg"]))
        self.add_bad(line, column, reason)


class ColumnError(ValueError):
    """A mistake that lies between columns, named by the column to mend."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
