"""How fast does the account answer, beside what a city would pick instead?

    python benchmarks/webhook.py [--quick] [--only ours,werobot] [--json FILE]

Ours is the real thing: `wx-archive serve` with the demo's catalogue, a whole turn in safe mode, on
SQLite and on PostgreSQL + Redis. Beside it, in the same run: WeRoBot's echo, wechatpy + Flask doing
comparable work, Flask that only says `success`, and node's co-wechat echo.

Messages are distinct, signed and sealed before the clock starts; every reply is opened and checked
after it has stopped. Each server has one core to itself; the client, PostgreSQL and Redis have the
other. One run, one machine: read the ratios, and CPU a message before throughput.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # `benchmarks` and `tests` are not installed

from benchmarks.webhook.run import main

if __name__ == "__main__":
    sys.exit(main())
