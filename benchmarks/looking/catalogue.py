"""The catalogue that is looked through: made by the shared generator, and what of it is visible."""

import importlib.util
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).parents[2]
GENERATOR: Final = PROJECT.parent / "shared" / "data" / "generate_catalogue.py"
SAMPLE: Final = PROJECT / "content" / "demo" / "records.jsonl"
SEED: Final = 42
_NUMBER: Final = re.compile(r"(\w+?)[〔\[（(]((?:19|20)\d\d)[〕\]）)](\d+)号")

Raw = dict[str, Any]
Number = tuple[str, int, int]
"""Letters, year and serial of a document number."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A file of records.

    Attributes:
        path: JSON Lines, as the importer takes them.
        records: how many lines it has.
        visible: how many of them the public may see.
        made: how it came about, for the report.
    """

    path: Path
    records: int
    visible: int
    made: str

    def rows(self) -> Iterator[Raw]:
        """Yield what the public may see, as the file has it."""
        with self.path.open(encoding="utf-8") as file:
            yield from filter(is_visible, map(json.loads, file))

    def sample(self, count: int, *, seed: int) -> list[Raw]:
        """Return visible rows picked by chance, in the order of the file."""
        chance = random.Random(seed)  # noqa: S311 -- a seeded sample
        chosen = set(chance.sample(range(self.visible), min(count, self.visible)))
        return [row for place, row in enumerate(self.rows()) if place in chosen]


def is_visible(row: Raw) -> bool:
    """Tell whether the public may see a record, by what its line says."""
    return bool(row["open"] == 1 and row["livelihood"] == 0)


def number_of(row: Raw) -> Number | None:
    """Return a record's document number in parts."""
    match = _NUMBER.fullmatch(row["doc_no"] or "")
    return (match[1], int(match[2]), int(match[3])) if match else None


def make(folder: Path, records: int, *, as_generated: bool) -> Catalogue:
    """Write the file if it is not there yet, and count what is visible in it."""
    has_generator = GENERATOR.exists()
    made = "generate_catalogue.py" if has_generator else "copies of the sample site's records"
    made += ", as generated" if as_generated else ", all visible"
    path = folder / f"records-{records}{'-as-generated' if as_generated else ''}.jsonl"
    if not path.exists():
        rows = _generated(records) if has_generator else _copied(records)
        unfinished = path.with_suffix(".part")
        with unfinished.open("w", encoding="utf-8") as file:
            for row in rows:
                if not as_generated:
                    row |= {"open": 1, "livelihood": 0}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        unfinished.rename(path)
    with path.open(encoding="utf-8") as file:
        visible = sum(map(is_visible, map(json.loads, file)))
    return Catalogue(path, records, visible, made)


def _generated(records: int) -> Iterator[Raw]:
    spec = importlib.util.spec_from_file_location("generate_catalogue", GENERATOR)
    if spec is None or spec.loader is None:
        message = f"{GENERATOR} cannot be read"
        raise ImportError(message)
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    for values in generator.Gen(SEED).records(records):
        yield dict(zip(generator.COLS, values, strict=True))


def _copied(records: int) -> Iterator[Raw]:
    lines = cycle(SAMPLE.read_text(encoding="utf-8").splitlines())
    for number, line in enumerate(islice(lines, records), start=1):
        row = json.loads(line)
        code = f"{row['ref_code']}-{number}"  # a 档号 belongs to one record
        yield row | {"id": number, "ref_code": code}
