"""What a command left on the terminal, and whether it was a proper refusal."""

import json
import re
from dataclasses import dataclass
from typing import Any

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
