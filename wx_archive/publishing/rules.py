"""The columns."""

from enum import StrEnum


class Column(StrEnum):
    """Where a piece appears; the value is the folder's and the menu key's name."""

    BULLETIN = "bulletin"
    NEWSREEL = "newsreel"
    HISTORY = "history"
    CITY = "city"
    SHOWCASE = "showcase"


TITLES = {
    Column.BULLETIN: "信息快递",
    Column.NEWSREEL: "档案联播",
    Column.HISTORY: "历史钩沉",
    Column.CITY: "出彩十堰",
    Column.SHOWCASE: "档案鉴赏",
}
