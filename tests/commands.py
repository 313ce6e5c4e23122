"""What a command left on the terminal, and whether it was a proper refusal."""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from wx_archive import cli

CHINESE = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Outcome:
    """What a command left on the terminal."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


def refused(outcome: Outcome) -> str:
    """Return the reason, after making sure that it is one."""
    assert outcome.code == 1
    assert "Traceback" not in outcome.err
    assert CHINESE.search(outcome.err)
    return outcome.err


def run_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str | Path
) -> Outcome:
    """Run `wx-archive ARGUMENTS` in this process."""
    monkeypatch.setattr(sys, "argv", ["wx-archive", *map(str, arguments)])
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        cli.main()
    shown = capsys.readouterr()
    assert isinstance(stop.value.code, int)
    return Outcome(stop.value.code, shown.out, shown.err)
