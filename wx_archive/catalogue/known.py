"""The current documents as other texts name them: by number, by title."""

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.catalogue.models import Document
from wx_archive.catalogue.rules import document_number
from wx_archive.catalogue.timeline import title_key
from wx_archive.catalogue.visibility import is_current


@dataclass(frozen=True, slots=True)
class Target:
    """A current document as others may name it."""

    id: int
    pid: str
    title: str
    number_key: str | None
    dated: date | None
    repealed_on: date | None
    amended_on: date | None


@dataclass(slots=True)
class Known:
    """The current documents, to be found by number, by title, by public id."""

    by_number: dict[str, list[Target]] = field(default_factory=dict)
    by_title: dict[str, list[Target]] = field(default_factory=dict)
    by_pid: dict[str, Target] = field(default_factory=dict)

    @classmethod
    def of(cls, where: Session | Connection) -> "Known":
        """Read them: once, however many names are to be looked up."""
        known = cls()
        columns = (
            *(Document.id, Document.pid, Document.title, Document.number_key),
            *(Document.dated, Document.repealed_on, Document.amended_on),
        )
        for row in where.execute(select(*columns).where(is_current(Document))):
            target = Target(*row)
            known.by_pid[target.pid] = target
            known.by_title.setdefault(title_key(target.title), []).append(target)
            if target.number_key:
                known.by_number.setdefault(target.number_key, []).append(target)
        return known

    def named(self, number: str, title: str, *, since: date) -> list[Target]:
        """Return what a file's relation names: by number where it gives one, else by title.

        What came later than the relation bears the same title by chance.
        """
        if number and (key := document_number(number)):
            return self.by_number.get(key, [])
        titled = self.by_title.get(title_key(title), [])
        return [each for each in titled if each.dated is None or each.dated <= since]
