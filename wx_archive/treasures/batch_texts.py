"""One line for a batch of photos, and what became later of those that were still on their way."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from wx_archive.core.text import escape_label, tap_link
from wx_archive.treasures import rules, texts
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.rules import FileKind, FileState, State

_UNITS: Final = {FileKind.IMAGE: "张", FileKind.VIDEO: "段", FileKind.AUDIO: "段"}
_GO_ON: Final = f"{tap_link('接着发', texts.MORE)}，或点{tap_link(texts.DONE, texts.DONE)}。"
_CLEAR: Final = "清楚"
_KEPT: Final = "收好了"
_REFUSED: Final = "不能收"
_DARK: Final = "偏暗（建议重拍）"
_BLURRED: Final = "模糊（建议重拍）"
_ENDINGS: Final = {
    FileState.SAME: "重复（只留一份）",
    FileState.LOST: "没有取到（请再发一次）",
    FileState.REFUSED: _REFUSED,
    FileState.AWAITED: "还在从微信取",
    FileState.QUARANTINED: "正在检查",
}


def line(batch: Sequence[File]) -> str:
    """Say how a batch came in, in one line and its reasons."""
    unit = _unit(batch)
    good = _CLEAR if unit == "张" else _KEPT
    counts = Counter(_how(file, good) for file in batch)
    order = (good, _DARK, _BLURRED, *_ENDINGS.values())
    parts = [f"{counts[how]} {unit}{how}" for how in order if counts[how]]
    said = "、".join(parts) if counts[good] < len(batch) else f"都{good}"
    lines = [f"已收到 {len(batch)} {unit}，{said}。{_GO_ON}"]
    if any(file.state in rules.STANDING - {FileState.CLEAN} for file in batch):
        lines.append("还没取好的不用再发，我们接着取。")
    return "\n".join([*lines, *_reasons(batch)])


def rest(upload: Upload, missed: Sequence[File]) -> str:
    """Say what was not taken of what had been on its way, once all of it has come or not."""
    unit = _unit(missed)
    lost = sum(file.state is FileState.LOST for file in missed)
    head = f"珍档 {upload.number}" if upload.number else "您发来的珍档"
    lines = [f"{head}里，有 {len(missed)} {unit}没有收下。", *_reasons(missed)]
    if lost:
        lines.append(f"{lost} {unit}没有取到：微信只替我们存三天。对不住您，{_again(upload)}")
    return "\n".join(lines)


def _again(upload: Upload) -> str:
    if upload.state is State.DRAFT:
        return f"请{tap_link('再发', texts.MORE)}一次。"
    if not upload.is_editable:
        return "要补上，请打电话告诉馆里。"
    number = tap_link("进度", f"进度 {upload.number}")
    return f"请点{number}打开网页，补在这一份里。"


def is_wrong(file: File) -> bool:
    """Tell whether the sender should know something about a file."""
    is_poor = file.state is FileState.CLEAN and (file.is_dark or file.is_blurred)
    return is_poor or file.state in (FileState.REFUSED, FileState.LOST, FileState.SAME)


def _how(file: File, good: str) -> str:
    if file.state is not FileState.CLEAN:
        return _ENDINGS.get(file.state, _REFUSED)
    if file.is_dark:
        return _DARK
    return _BLURRED if file.is_blurred else good


def _reasons(every: Sequence[File]) -> list[str]:
    """Return why files were refused, each reason once."""
    unit = _unit(every)
    counts = Counter(file.reason for file in every if file.state is FileState.REFUSED)
    return [f"{count} {unit}{_REFUSED}：{escape_label(why)}。" for why, count in counts.items()]


def _unit(every: Sequence[File]) -> str:
    units = {_UNITS.get(file.kind, "份") for file in every}
    return units.pop() if len(units) == 1 else "件"
