"""What citizens are shown comes from this service alone: no address of anybody else is built in."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

PACKAGE = Path(__file__).parents[2] / "wx_archive"
ADDRESS = re.compile(r"""(?:https?:)?//[^\s"'<>)\\}]+""")
TEXT = {".html", ".css", ".js", ".svg", ".md", ".txt", ".json"}
NAMES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
"""XML namespaces are names: nobody fetches them."""
RESERVED = ("example", "invalid", "test", "localhost", "example.org", "example.com", "example.net")


def committed() -> list[Path]:
    folders = [path for path in PACKAGE.rglob("*") if path.name in {"templates", "static"}]
    files = {path for folder in folders for path in folder.rglob("*") if path.suffix in TEXT}
    return sorted(files)


def is_reserved(address: str) -> bool:
    host = (urlsplit(address).hostname or "").rstrip(".")
    return host == "127.0.0.1" or any(host == end or host.endswith("." + end) for end in RESERVED)


@pytest.mark.parametrize("path", committed(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_outside_address_is_built_into_a_page(path: Path) -> None:
    found = ADDRESS.findall(path.read_text(encoding="utf-8"))
    addresses = [one for one in found if one.startswith("http") or "." in one.split("/")[2]]
    assert [one for one in addresses if one not in NAMES and not is_reserved(one)] == []


def test_there_is_something_to_look_at() -> None:
    assert len(committed()) > 10
