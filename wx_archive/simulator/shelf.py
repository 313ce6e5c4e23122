"""Records that outlive a restart, each a file of its own: what is large is written once."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

log = logging.getLogger(__name__)

Record = TypeVar("Record")
_DAMAGE: Final = (ValueError, LookupError, TypeError, AttributeError)


class Shelf(Generic[Record]):
    """Dataclasses of JSON's own types by key, in order; its owner holds the lock."""

    def __init__(self, folder: Path, read: Callable[[dict[str, Any]], Record]) -> None:
        self._folder = folder
        self._records: dict[str, Record] = {}
        folder.mkdir(parents=True, exist_ok=True)
        saved = [found for path in folder.glob("*.json") if (found := self._load(path, read))]
        for _, key, record in sorted(saved, key=lambda each: each[0]):
            self._records[key] = record
        self._last = max((place for place, _, _ in saved), default=0)
        self._places = {key: place for place, key, _ in saved}

    def _load(
        self, path: Path, read: Callable[[dict[str, Any]], Record]
    ) -> tuple[int, str, Record] | None:
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
            return int(saved["place"]), path.stem, read(saved["record"])
        except _DAMAGE as err:
            path.replace(path.with_suffix(".broken"))
            log.warning("simulator.record_set_aside file=%s reason=%r", path, err)
            return None

    def get(self, key: str) -> Record | None:
        """Return a record, or None."""
        return self._records.get(key)

    def all(self) -> list[Record]:
        """Return all records, the one first put down first."""
        return list(self._records.values())

    def put(self, key: str, record: Record) -> None:
        """Put a record down, in the place of an older one of that key."""
        if key not in self._places:
            self._last += 1
            self._places[key] = self._last
        draft = self._folder / f"{key}.new"
        saved = {"place": self._places[key], "record": asdict(record)}  # type: ignore[call-overload]  # records are dataclasses
        draft.write_text(json.dumps(saved, ensure_ascii=False), encoding="utf-8")
        draft.replace(self._folder / f"{key}.json")
        self._records[key] = record

    def take(self, key: str) -> Record | None:
        """Remove a record and return it, or None."""
        record = self._records.pop(key, None)
        self._places.pop(key, None)
        (self._folder / f"{key}.json").unlink(missing_ok=True)
        return record

    def clear(self) -> None:
        """Remove all records."""
        for key in list(self._records):
            self.take(key)
