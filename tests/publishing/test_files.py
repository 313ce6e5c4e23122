"""The pieces that files hold: strictly read, every mistake with its place."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.sites import a_piece, write
from wx_archive.core.errors import FileProblemError
from wx_archive.core.site import Site
from wx_archive.publishing import files
from wx_archive.publishing.rules import Column, Kind

PIXEL = b"\x89PNG not looked into here"


def a_site(folder: Path, **pieces: str) -> Site:
    """Write pieces, each named ``column_name``."""
    for key, text in pieces.items():
        column, name = key.split("_", 1)
        write(folder / "content" / column / f"{name}.md", text)
    return Site(folder, "https://archive.example.org")


def with_head(text: str, *lines: str) -> str:
    """Return a piece with further lines above its body."""
    return text.replace("\n---\n正文", "".join(f"\n{line}" for line in lines) + "\n---\n正文")


def test_a_piece_says_all_that_its_front_matter_does(tmp_path: Path) -> None:
    text = with_head(
        a_piece("dam"),
        "kind: text",
        "author: 小陈",
        "interests: [history]",
        "entries: [兰政发〔2004〕1号]",
        "due: 2026-12-01 09:00",
        "reviewed: {by: 王科长, on: 2026-11-20}",
    )
    piece = files.read_all(a_site(tmp_path, history_dam=text).content)["dam"]
    assert (piece.column, piece.head.kind, piece.head.author) == (Column.HISTORY, Kind.TEXT, "小陈")
    assert piece.head.due == datetime(2026, 12, 1, 1, 0, tzinfo=UTC)  # nine o'clock in Shanghai
    assert piece.head.reviewed is not None
    assert piece.head.reviewed.by == "王科长"
    assert piece.body == "正文"


def test_two_pieces_of_one_name_are_refused(tmp_path: Path) -> None:
    site = a_site(tmp_path, city_a=a_piece("a"), history_a=a_piece("a"))
    with pytest.raises(FileProblemError, match=r"a\.md:2:1: 已经有一篇 a"):
        files.check(site)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (a_piece("other"), ":2:1: id 要和文件名一样，写成 dam"),
        (a_piece("dam", sources="[]"), ":7:1: sources："),
        (a_piece("dam", sources=""), ":7:1: sources："),
        (a_piece("dam", date="2026年1月"), ":5:1: date：日期要写成 2026-03-01 的样子"),
        (a_piece("dam", title="长" * 33), ":3:1: title：太长，最多 32 个字"),
        (a_piece("dam").replace("topics: []\n", ""), ": topics：缺这一项"),
        (with_head(a_piece("dam"), "column: city"), "请改成一样"),
        (with_head(a_piece("dam"), "due: 明天"), ":8:1: due：时间要写成 2026-03-01 09:00 的样子"),
        (with_head(a_piece("dam"), "cover: no.jpg"), "找不到 no.jpg"),
        (with_head(a_piece("dam"), "cover: ../../../secret.jpg"), "找不到 ../../../secret.jpg"),
        (with_head(a_piece("dam"), "reviewed: {by: 王, on: 去年}"), ":8:19: reviewed.on："),
    ],
)
def test_a_mistake_in_a_piece_names_file_line_and_column(
    tmp_path: Path, text: str, place: str
) -> None:
    site = a_site(tmp_path / "site", history_dam=text)
    (tmp_path / "secret.jpg").write_bytes(PIXEL)
    with pytest.raises(FileProblemError) as caught:
        files.check(site)
    assert "dam.md" in str(caught.value)
    assert place in str(caught.value)


def test_a_changed_picture_changes_the_fingerprint(tmp_path: Path) -> None:
    body = a_piece("dam").replace("正文", "正文\n\n![大坝](images/dam.png)")
    site = a_site(tmp_path, history_dam=body)
    picture = tmp_path / "content" / "history" / "images" / "dam.png"
    picture.parent.mkdir()
    picture.write_bytes(PIXEL)
    before = files.read_all(site.content)["dam"]
    assert before.pictures == {"images/dam.png": picture}
    picture.write_bytes(PIXEL + b"!")
    assert files.read_all(site.content)["dam"].fingerprint != before.fingerprint


def test_paths_become_public_ids_and_nothing_else_does() -> None:
    body = "![甲](a.jpg) ![乙](media:X1) ![丙](https://example.org/b.jpg) [丁](c.jpg)"
    assert files.pictures_in(body) == ["a.jpg"]
    assert files.with_assets(body, {"a.jpg": "Z9"}) == body.replace("a.jpg", "media:Z9")
