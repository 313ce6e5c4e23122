"""Relations between documents in one cell of a table: one a line, «废止：兰政发〔2004〕3号»."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from wx_archive.catalogue.files.codes import RELATIONS

_WORDS: Final[Mapping[str, str]] = {code: word for word, code in RELATIONS.items()}


def read_relations(cell: str) -> object:
    """Return the relations of a cell as a JSON file has them.

    Raises:
        ValueError: a line says none.
    """
    if cell.lstrip().startswith("["):
        try:
            return json.loads(cell)
        except (ValueError, RecursionError) as err:
            message = "不是完整的 JSON"
            raise ValueError(message) from err
    return [_relation(line) for line in cell.splitlines() if line.strip()]


def _relation(line: str) -> dict[str, str]:
    word, found, target = line.strip().replace("：", ":", 1).partition(":")
    kind = RELATIONS.get(word.strip())
    target = target.strip()
    if not found or kind is None or not target:
        message = (
            f"“{line.strip()[:40]}”要写成 废止：文号 或 废止：《题名》；可用 {'、'.join(RELATIONS)}"
        )
        raise ValueError(message)
    if target.startswith("《") and target.endswith("》"):
        return {"type": kind, "title": target[1:-1]}
    return {"type": kind, "number": target}


def write_relations(relations: Iterable[Sequence[str]]) -> str:
    """Return relations (type, number, title) as a cell that reads back as the same."""
    told = [as_json(*relation) for relation in relations]
    lines = [f"{_WORDS[each['type']]}：{_target(each)}" for each in told]
    cell = "\n".join(lines)
    try:
        is_plain = not cell or read_relations(cell) == told
    except ValueError:
        is_plain = False
    return cell if is_plain else json.dumps(told, ensure_ascii=False)


def as_json(kind: str, number: str, title: str) -> dict[str, str]:
    """Return one relation as a JSON file has it."""
    told = {"type": kind, "number": number, "title": title}
    return {name: value for name, value in told.items() if value}


def _target(told: Mapping[str, str]) -> str:
    return told.get("number") or f"《{told.get('title', '')}》"
