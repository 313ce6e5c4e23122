"""Strict YAML and front matter: text stays text, keys stand once, mistakes name their line."""

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from wx_archive.core.errors import FileProblemError

M = TypeVar("M", bound=BaseModel)
Location = tuple[int, int]


class MisfitError(ValueError):
    """A mistake that lies between fields, named by the one to mend.

    Attributes:
        where: the field, below the model that found it.
    """

    def __init__(self, reason: str, *where: int | str) -> None:
        super().__init__(reason)
        self.where = where


class FileModel(BaseModel):
    """A record read from a file: unknown keys are mistakes, values never change again."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class _StrictLoader(yaml.SafeLoader):
    """YAML in which `no`, `1e3`, `12:30` and dates are the text that somebody typed."""


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _unique_mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: dict[Hashable, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(
                None, None, "冒号前面要是文字；有括号的请加引号", key_node.start_mark
            )
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"“{key}”写了两次，请留一个", key_node.start_mark
            )
        seen[key] = loader.construct_object(value_node, deep=True)
    return seen


_StrictLoader.add_constructor("tag:yaml.org,2002:map", _unique_mapping)


def read_text(path: Path) -> str:
    """Return a UTF-8 file's text.

    Raises:
        FileProblemError: the file is missing, unreadable or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as err:
        raise FileProblemError(f"{path}: 不是 UTF-8 编码，请另存为 UTF-8") from err
    except OSError as err:
        raise FileProblemError(f"{path}: 读不到（{err.strerror}）") from err


def load(path: Path, model: type[M]) -> M:
    """Read one YAML file as ``model``."""
    return parse(read_text(path), model, path)


def load_front_matter(path: Path, model: type[M]) -> tuple[M, str]:
    """Read a Markdown file: the front matter as ``model`` and the body below it."""
    text = read_text(path)
    if not text.startswith("---\n"):
        raise FileProblemError(f"{path}:1:1: 开头要有一行 ---，然后是标题等信息")
    head, found, body = f"{text[4:]}\n".partition("\n---\n")
    if not found:
        raise FileProblemError(f"{path}:1:1: 标题信息后面缺一行 ---")
    return parse(head, model, path, first_line=2), body.strip()


def parse(text: str, model: type[M], path: Path, *, first_line: int = 1) -> M:
    """Check YAML ``text`` against ``model``.

    Raises:
        FileProblemError: one line for each mistake, each ``file:line:column: reason``.
    """
    shift = first_line - 1
    try:
        loader = _StrictLoader(text)
        try:
            node = loader.get_single_node()
            value = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        line, column = (mark.line + 1 + shift, mark.column + 1) if mark else (1, 1)
        problem = err.problem or "看不懂"
        if problem.isascii():  # the parser's own words
            problem = f"YAML 写法有误（{problem}）"
        raise FileProblemError(f"{path}:{line}:{column}: {problem}") from err
    except yaml.reader.ReaderError as err:
        before = text[: err.position]
        line, column = before.count("\n") + 1 + shift, len(before) - before.rfind("\n")
        raise FileProblemError(f"{path}:{line}:{column}: 有不可见的控制字符，请删去") from err
    try:
        return model.model_validate(value if value is not None else {})
    except ValidationError as err:
        raise FileProblemError(
            "\n".join(
                f"{path}:{line + shift}:{column}: {_where(loc)}{reason}"
                for loc, reason in reasons(err)
                for line, column in [_locate(node, loc)]
            )
        ) from err


def reasons(err: ValidationError) -> list[tuple[tuple[int | str, ...], str]]:
    """Return every mistake that a model found: where it lies, and what to do about it."""
    return [
        (item["loc"] + getattr(item.get("ctx", {}).get("error"), "where", ()), _reason(item))
        for item in err.errors(include_url=False)
    ]


def located(text: str, places: Sequence[tuple[int | str, ...]]) -> list[Location]:
    """Return line and column, from 1, of places in a YAML text that can be read."""
    node = yaml.compose(text, Loader=_StrictLoader)
    return [_locate(node, place) for place in places]


def _locate(node: yaml.Node | None, loc: tuple[int | str, ...]) -> Location:
    """Return the 1-based place of the deepest part of ``loc`` that exists in the file."""
    place: Location = (1, 1)
    for part in loc:
        found: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key_node, value_node in node.value:
                if key_node.value == str(part):
                    place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
                    found = value_node
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            found = node.value[part]
            place = (found.start_mark.line + 1, found.start_mark.column + 1)
        if found is None:
            break
        node = found
    return place


def _where(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc) + "：" if loc else ""


_REASONS = {
    "missing": "缺这一项",
    "extra_forbidden": "没有这一项，请检查拼写",
    "string_type": "要写成文字",
    "string_too_short": "太短，至少 {min_length} 个字",
    "string_too_long": "太长，最多 {max_length} 个字",
    "string_pattern_mismatch": "写法不对，要符合 {pattern}",
    "too_short": "不能为空",
    "too_long": "太多，最多 {max_length} 项",
    "greater_than_equal": "要大于或等于 {ge}",
    "less_than_equal": "要小于或等于 {le}",
    "int_parsing": "要写成整数",
    "bool_parsing": "写 true 或 false",
    "date_from_datetime_parsing": "日期写成 2026-11-23 的样子",
    "date_parsing": "日期写成 2026-11-23 的样子",
    "list_type": "要写成列表，如 [甲, 乙]",
    "dict_type": "要写成“名称: 内容”的样子",
    "model_type": "要写成“名称: 内容”的样子",
}


def _reason(item: Any) -> str:
    kind, context = item["type"], item.get("ctx", {})
    match kind:
        case "value_error":
            return str(context["error"])
        case "enum":
            return f"只能写 {context['expected']}".replace(" or ", " 或 ").replace("'", "")
        case "string_too_short" if not item["input"].strip():
            return "不能为空"
    told = _REASONS.get(kind)
    return told.format(**context) if told else str(item["msg"])
