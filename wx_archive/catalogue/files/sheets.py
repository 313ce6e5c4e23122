"""Rows of an XLSX workbook, read by another process so that no file can harm this one."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from wx_archive.catalogue.files.sources import check_workbook
from wx_archive.core.errors import RefusedError

MEMORY_BYTES: Final = 1024**3
CPU_S: Final = 300
MAX_ROW_BYTES: Final = 64 * 1024 * 1024
_OUT_OF_BOUNDS: Final = (-signal.SIGABRT, -signal.SIGKILL, -signal.SIGXCPU, 9)
_BROKEN: Final = "{name} 不是完好的 .xlsx，读不了；请重新另存一份"
_TOO_BIG: Final = (
    "{name} 太大：读它要用的内存超过 1 GB。常见的原因是很远的地方有一个格子（按 Ctrl+End 看看），"
    "请删去；真有这么多行，请另存为 CSV（UTF-8）再导入"
)


def sheet_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield row number and texts of every row that is not empty, of the first sheet.

    Raises:
        RefusedError: the workbook cannot be read, or not within the bounds.
    """
    check_workbook(path)
    program = Path(__file__).with_name("sheet_process.py")
    command = [sys.executable, "-I", str(program), str(path.resolve())]
    child = subprocess.Popen(  # noqa: S603 -- our own program
        [*command, str(MEMORY_BYTES), str(CPU_S)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
    )
    try:
        yield from _rows(child, path.name)
    finally:
        child.kill()
        if child.stdout:
            child.stdout.close()
        child.wait()


def _rows(child: subprocess.Popen[bytes], name: str) -> Iterator[tuple[int, list[str]]]:
    lines = child.stdout
    while lines and (line := lines.readline(MAX_ROW_BYTES)):
        if line == b"null\n":
            return
        match json.loads(line) if line.endswith(b"\n") else None:
            case [int(number), list(texts)]:
                yield number, texts
            case _:
                raise RefusedError(_BROKEN.format(name=name))
    # A workbook that ends its reader asks for more memory or time than there is.
    if child.wait() in _OUT_OF_BOUNDS:
        raise RefusedError(_TOO_BIG.format(name=name))
    raise RefusedError(_BROKEN.format(name=name))
