"""A strict reader of WeChat's small XML: no DTD, bounded depth and count, each name once."""

from typing import Final
from xml.parsers import expat

from wx_archive.wechat.errors import MalformedError

Node = str | dict[str, "Node"] | list["Node"]
Tree = dict[str, Node]

MAX_DEPTH: Final = 5
"""`xml > SendPicsInfo > PicList > item > PicMd5Sum` is the deepest that WeChat sends."""
MAX_ELEMENTS: Final = 1_000
REPEATABLE: Final = frozenset({"item", "List", "AroundBeacon"})


class _Reader:
    """Collects one document into nested dictionaries."""

    def __init__(self) -> None:
        self.root: Tree | None = None
        self._open: list[tuple[str, Tree, list[str]]] = []
        self._count = 0

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise MalformedError("xml-too-deep")
        if not self._open and name != "xml":
            raise MalformedError("xml-root")
        self._open.append((name, {}, []))

    def end(self, _name: str) -> None:
        name, children, texts = self._open.pop()
        if not self._open:
            self.root = children
            return
        value: Node = children or "".join(texts)
        siblings = self._open[-1][1]
        if name not in siblings:
            siblings[name] = [value] if name in REPEATABLE else value
        elif isinstance(known := siblings[name], list) and name in REPEATABLE:
            known.append(value)
        else:
            raise MalformedError("xml-repeated-name")

    def text(self, data: str) -> None:
        if self._open:
            self._open[-1][2].append(data)

    def doctype(self, *_: object) -> None:
        raise MalformedError("xml-doctype")


def read_tree(raw: bytes) -> Tree:
    """Return the children of `<xml>` as nested dictionaries; repeated items as lists.

    Raises:
        MalformedError: anything WeChat would not send.
    """
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(raw, True)  # noqa: FBT003 -- expat's own signature
    except expat.ExpatError as err:
        raise MalformedError("xml") from err
    if not reader.root:
        raise MalformedError("xml-empty")
    return reader.root
