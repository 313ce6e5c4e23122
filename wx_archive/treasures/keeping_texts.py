"""What staff read of what is kept: fixity, bags, lists."""

from datetime import datetime
from typing import Final

from wx_archive.core.clock import SHANGHAI

UNFINISHED: Final = "没有做完就停了"
NO_FOLDER: Final = "存原件的文件夹不在，可能是磁盘没有挂上"
NOTHING_READ: Final = "应当有原件，却一个都没有核对到，可能是换错了数据库或者文件夹"
STARTED: Final = "已经排上，后台几分钟里就会开始；做完了这里看得到。"
MISSING: Final = "不见了，或者读不出来"
FLIPPED: Final = "内容变了"
UNKNOWN: Final = "存着，可是没有登记"
NO_UPLOAD: Final = "没有这个编号。看有哪些：wx-archive treasures list"
NO_ACCESSION: Final = (
    "登记簿里没有这个号。导出用入藏号（藏……），看有哪些：wx-archive treasures list"
)
TARGET_THERE: Final = "已经有这个文件夹或者文件，没有动它；请另给一个名字"
NO_FILES: Final = "这一件没有存着的原件，没有可以导出的"
NOT_LOOKED_AT: Final = "还有文件没有检查完，等检查完了再导出"


def moment(at: datetime) -> str:
    """Return an instant as staff read it: 2026-11-23 18:40."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def file_called(number: str | None, place: int, *, is_evidence: bool) -> str:
    """Return how staff find a file: 珍2026-000001 第 2 件."""
    of = number or "还没有交的一份"
    return f"{of} 的扫描件" if is_evidence else f"{of} 第 {place} 件"


def not_whole(count: int, first: str) -> str:
    """Say that files are not what came in."""
    return f"有 {count} 个原件和收进来时不一样，或者不见了：{first}" + ("等" if count > 1 else "")


def run_failed(why: str) -> str:
    """Say that a run proves nothing."""
    return f"最近一次核对原件没有成：{why}"


def overdue(days: int) -> str:
    """Say that nothing was read for long."""
    return f"已经 {days} 天没有核对过存着的原件"


def checked(files: int, *, bad: int) -> str:
    """Say what a check on the command line found."""
    if not bad:
        return f"核对了 {files} 个文件，都和收进来时一样"
    return f"核对了 {files} 个文件，{bad} 个不对"


def flipped(called: str) -> str:
    """Say that a file changed while it was to be exported."""
    return (
        f"{called}和收进来时不一样了，没有导出。请先运行 wx-archive treasures check，从备份里恢复"
    )


def bagged(number: str, place: str, files: int) -> str:
    """Say where a bag lies."""
    return f"{number} 导出在 {place}，原件 {files} 个，校验过"
