"""The pieces of the columns: strict files, newest first, none before its day."""

from datetime import date
from pathlib import Path

import pytest

from tests.sites import a_piece, write
from wx_archive.core.errors import FileProblemError
from wx_archive.core.site import Site
from wx_archive.publishing import service
from wx_archive.publishing.rules import Column

DAY, BEFORE = date(2026, 11, 23), date(2026, 11, 22)


def a_site(folder: Path, **pieces: str) -> Site:
    """Write pieces, each named ``column_name``."""
    for key, text in pieces.items():
        column, name = key.split("_", 1)
        write(folder / "content" / column / f"{name}.md", text)
    return Site(folder, "https://archive.example.org")


def test_a_piece_is_not_shown_before_its_day(tmp_path: Path) -> None:
    site = a_site(tmp_path, history_dam=a_piece("dam", date=str(DAY)))
    assert service.piece(site, "dam", today=BEFORE) is None
    assert service.latest(site, Column.HISTORY, today=BEFORE) == []
    shown = service.piece(site, "dam", today=DAY)
    assert shown is not None
    assert service.latest(site, Column.HISTORY, today=DAY) == [shown]


def test_a_column_shows_its_own_pieces_newest_first(tmp_path: Path) -> None:
    site = a_site(
        tmp_path,
        city_a=a_piece("a", date="2026-01-01"),
        city_b=a_piece("b", date="2026-03-01"),
        city_c=a_piece("c", date="2026-02-01"),
        history_d=a_piece("d", date="2026-04-01"),
    )
    assert [one.id for one in service.latest(site, Column.CITY, today=DAY)] == ["b", "c", "a"]
    assert [one.id for one in service.latest(site, Column.CITY, today=DAY, limit=2)] == ["b", "c"]
    assert service.check(site) == 4


def test_two_pieces_of_one_name_are_refused(tmp_path: Path) -> None:
    site = a_site(tmp_path, city_a=a_piece("a"), history_a=a_piece("a"))
    with pytest.raises(FileProblemError, match=r"a\.md:2:1: 已经有一篇 a"):
        service.check(site)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (a_piece("other"), ":2:1: id 要和文件名一样，写成 dam"),
        (a_piece("dam", sources="[]"), ":7:1: sources："),
        (a_piece("dam", sources=""), ":7:1: sources："),
        (a_piece("dam", date="2026年1月"), ":5:1: date：日期要写成 2026-03-01 的样子"),
        (a_piece("dam", title="长" * 33), ":3:1: title：太长，最多 32 个字"),
        (a_piece("dam").replace("topics: []\n", ""), ": topics：缺这一项"),
    ],
)
def test_a_mistake_in_a_piece_names_file_line_and_column(
    tmp_path: Path, text: str, place: str
) -> None:
    site = a_site(tmp_path, history_dam=text)
    with pytest.raises(FileProblemError) as caught:
        service.check(site)
    assert "dam.md" in str(caught.value)
    assert place in str(caught.value)
