"""How fast are answers judged and written into the ledger, beside what one would write in an hour?

    python benchmarks/quiz.py [--quick] [--only ours,naive] [--followers 400] [--rounds 8]
    python benchmarks/quiz.py --profile 1000

Ours is the real thing: `wx-archive serve --workers 2` in safe mode, on PostgreSQL + Redis and on
SQLite. An answer is a tap on an option: deduplicated, judged, its row in the ledger, one in ten
with its card and the job that shows it, the reply kept for repetitions, one commit. The turns that
ask («下一题») are timed apart, in the same run. Beside it wechatpy + Flask + SQLAlchemy as a
tutorial has it: read the user's row, compare the letter, add one, commit; no ledger, no
deduplication, no card.

PostgreSQL lies on the disk and waits for it (fsync=on); so does SQLite. Nothing is pinned: client,
servers and PostgreSQL share the machine. Messages are signed and sealed before the clock starts;
every reply is opened and every answer counted in the database after it has stopped. Read the
ratios, and CPU an answer before throughput.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # `benchmarks` and `tests` are not installed

from benchmarks.quiz.run import main

if __name__ == "__main__":
    sys.exit(main())
