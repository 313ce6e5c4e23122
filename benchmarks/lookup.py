"""How fast, and how truly, is something found, beside what one would use instead?

    python benchmarks/lookup.py --records 100000 1000000 [--databases sqlite,postgresql]
                                [--as-generated] [--quick] [--pages] [--keep FOLDER] [--json FILE]

Ours is the chat's real call, `lookup.service.find`, on SQLite and on PostgreSQL. Beside it, in the
same run over the same visible rows: `LIKE`, FTS5's trigram tokenizer ordered by rank, and tantivy
on the very tokens of ours. Questions of every kind have names; three hundred more are random
fragments that nothing was tuned for. Recall and precision are told against a scan of every visible
row. Importing, the index's size and what one change costs are measured on the way.

The records come from `../shared/data/generate_catalogue.py`, all made visible so that the index
holds as many; `--as-generated` leaves most of them hidden. Without that folder the sample site's
records are copied: then only the times mean anything. One run, one machine: read the ratios.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # `benchmarks` and `tests` are not installed

from benchmarks.looking.run import main

if __name__ == "__main__":
    sys.exit(main())
