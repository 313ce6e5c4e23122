"""Everything the catalogue holds, hidden entries too, as staff look through it.

What has a key of its own (public id, document number, 档号) is found by its index. Words go to the
public index first, then to the titles of what the public may not see: these are read in windows of
ids, newest first, until a page is full or the time is up; the next page goes on where it stopped.
"""

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, null, or_, select

from wx_archive.catalogue import search
from wx_archive.catalogue.models import AccessDecision, Document, EntryEdit, Record
from wx_archive.catalogue.query import MAX_LENGTH, Query, understand
from wx_archive.catalogue.rules import (
    Kind,
    Period,
    Validity,
    document_number,
    looks_like_reference_code,
    reference_code,
    validity,
)
from wx_archive.catalogue.visibility import is_current, public_documents, public_records
from wx_archive.core.ids import is_pid

WINDOW: Final = 20_000
"""Ids looked at in one query: some hundredths of a second."""
PATIENCE_S: Final = 1.2
"""For so long one page is looked for; then it is said that there may be more."""
_LAST: Final = "\U0010ffff"
_CURSOR: Final = re.compile(r"([cpdr])(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for.

    Attributes:
        text: public id, document number, 档号 or its beginning, or words of the title.
        state: disclosure of documents or openness of records, as stored.
        validity: of documents, on the day of asking.
        livelihood: only 民生.
        public: only what the public finds, or only what it does not; None for both.
        edited: only what staff have edited.
        among: selects the only public ids that count; None for all.
    """

    text: str = ""
    kind: Kind | None = None
    state: str = ""
    validity: Validity | None = None
    livelihood: bool = False
    public: bool | None = None
    edited: bool = False
    among: Select[str] | None = None

    @property
    def is_plain(self) -> bool:
        """Words are all that is asked for, of one kind perhaps."""
        return replace(self, text="", kind=None) == Wanted()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Which kinds can be meant."""
        only_records = self.livelihood
        only_documents = self.validity is not None
        return tuple(
            kind
            for kind in Kind
            if self.kind in (None, kind)
            and not (only_records and kind is Kind.DOCUMENT)
            and not (only_documents and kind is Kind.RECORD)
        )


@dataclass(frozen=True, slots=True)
class Holding:
    """One line of the list.

    Attributes:
        code: 档号 of a record, number of a document.
        state: disclosure or openness, as stored.
        validity: of a document, today.
    """

    kind: Kind
    pid: str
    id: int
    title: str
    code: str
    dated: date | None
    date_end: date | None
    date_precision: str
    state: str
    secrecy: str
    open_on: date | None
    is_livelihood: bool
    is_closed_above: bool
    validity: Validity | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of holdings.

    Attributes:
        following: where the next page begins; empty at the end.
        is_cut: the time was up before the page was full or the end was reached.
        is_capped: the public index has more than it lists.
        edited: public ids among them that staff have edited.
        decided: those that staff have opened or closed.
    """

    holdings: tuple[Holding, ...]
    following: str = ""
    is_cut: bool = False
    is_capped: bool = False
    edited: frozenset[str] = frozenset()
    decided: frozenset[str] = frozenset()


def find(
    connection: Connection,
    wanted: Wanted,
    *,
    today: date,
    after: str = "",
    limit: int = 50,
    patience_s: float = PATIENCE_S,
) -> Listing:
    """Return a page of what is wanted.

    Args:
        connection: reads.
        wanted: what to look for.
        today: decides validity, and what is public.
        after: `Listing.following` of the page before; what makes no sense begins anew.
        limit: so many at most.
        patience_s: for so long.
    """
    looking = _Looking(connection, wanted, today, limit, time.monotonic() + patience_s)
    listing = looking.exactly(after) if wanted.text else None
    listing = listing or looking.through(after)
    pids = [holding.pid for holding in listing.holdings]
    return replace(
        listing,
        edited=frozenset(connection.scalars(select(EntryEdit.pid).where(EntryEdit.pid.in_(pids)))),
        decided=frozenset(
            connection.scalars(select(AccessDecision.pid).where(AccessDecision.pid.in_(pids)))
        ),
    )


def kind_of_pid(connection: Connection, pid: str) -> Kind | None:
    """Return what a public id stands for; None where the catalogue has none such."""
    if not is_pid(pid):
        return None
    for kind in Kind:
        table = _table(kind)
        if connection.execute(select(table.id).where(table.pid == pid, is_current(table))).first():
            return kind
    return None


def row_of(connection: Connection, kind: Kind, pid: str) -> Any:
    """Return all columns of a current entry, or None."""
    table = _table(kind)
    statement = select(table.__table__).where(table.pid == pid, is_current(table))
    return connection.execute(statement).one_or_none()


def is_public(connection: Connection, kind: Kind, pid: str, *, today: date) -> bool:
    """Tell whether the public sees an entry: by the predicate of every public query."""
    table, shown = _table(kind), _public(kind, today)
    return connection.execute(select(table.id).where(table.pid == pid, shown)).first() is not None


def above(connection: Connection, row: Any) -> list[Any]:
    """Return the descriptions that a record lies in, nearest first: 档号, title, pid, openness."""
    found: list[Any] = []
    keys = {row.reference_key}
    parent = row.parent_key
    while parent and parent not in keys:
        keys.add(parent)
        one = connection.execute(
            select(
                Record.pid,
                Record.title,
                Record.reference_code,
                Record.openness,
                Record.parent_key,
            )
            .where(Record.reference_key == parent, is_current(Record))
            .order_by(Record.openness != "controlled", Record.id)
            .limit(1)
        ).first()
        if one is None:
            break
        found.append(one)
        parent = one.parent_key
    return found


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many current entries there are of each kind in each state, 民生 apart.

    Attributes:
        is_whole: the time was enough to count them all.
    """

    counts: Mapping[tuple[Kind, str], int]
    is_whole: bool


def sizes(connection: Connection, *, patience_s: float = PATIENCE_S) -> Sizes:
    """Count the catalogue by state, for ``patience_s`` at most."""
    found: Counter[tuple[Kind, str]] = Counter()
    documents = select(Document.disclosure, func.count()).group_by(Document.disclosure)
    for state, count in connection.execute(documents.where(is_current(Document))):
        found[Kind.DOCUMENT, state] = count
    states = (Record.is_livelihood, Record.openness)
    records = select(*states, func.count()).group_by(*states).where(is_current(Record))
    until = time.monotonic() + patience_s
    last = connection.scalar(select(func.max(Record.id))) or 0
    for begin in range(0, last + 1, WINDOW):
        window = Record.id.between(begin, begin + WINDOW - 1)
        for is_livelihood, openness, count in connection.execute(records.where(window)):
            found[Kind.RECORD, "livelihood" if is_livelihood else openness] += count
        if time.monotonic() > until:
            return Sizes(found, is_whole=begin + WINDOW > last)
    return Sizes(found, is_whole=True)


def validity_on(day: date) -> ColumnElement[Any]:
    """Return the validity of documents on a day in SQL: `rules.validity`."""
    return case(
        (Document.repealed_on <= day, Validity.REPEALED.value),
        (Document.effective_to < day, Validity.EXPIRED.value),
        (Document.effective_from > day, Validity.NOT_YET.value),
        (Document.amended_on <= day, Validity.AMENDED.value),
        (Document.effective_from.is_not(None), Validity.IN_FORCE.value),
        else_=Validity.UNKNOWN.value,
    )


# -- looking -----------------------------------------------------------------------------------

_DOCUMENT_LINE: Final = (
    *(Document.pid, Document.id, Document.title, Document.number, Document.dated),
    *(null().label("date_end"), Document.disclosure, null().label("open_on")),
    *(Document.effective_from, Document.effective_to, Document.repealed_on, Document.amended_on),
)
_RECORD_LINE: Final = (
    *(Record.pid, Record.id, Record.title, Record.reference_code, Record.dated, Record.date_end),
    *(Record.date_precision, Record.openness, Record.secrecy, Record.open_on),
    *(Record.is_livelihood, Record.is_closed_above),
)


@dataclass(frozen=True, slots=True)
class _Looking:
    """One page of one question."""

    connection: Connection
    wanted: Wanted
    today: date
    limit: int
    until: float

    def exactly(self, after: str) -> Listing | None:
        """Return what bears the public id, number or 档号 that was typed; None if nothing does."""
        text = self.wanted.text.strip()
        if is_pid(text.upper()):
            found = [
                holding
                for kind in self.wanted.kinds
                for holding in self._lines(kind, _table(kind).pid == text.upper())
            ]
            return Listing(tuple(found)) if found else None
        if key := document_number(text):
            return self._numbered(key)
        if looks_like_reference_code(text) and Kind.RECORD in self.wanted.kinds:
            return self._coded(reference_code(text), after)
        return None

    def _numbered(self, key: str) -> Listing | None:
        """Return the documents with a number, by index, and the public records that bear it."""
        found = []
        if Kind.DOCUMENT in self.wanted.kinds:
            found += self._lines(Kind.DOCUMENT, Document.number_key == key)
        if Kind.RECORD in self.wanted.kinds:
            hits = search.by_number(self.connection, key, today=self.today)
            pids = [hit.pid for hit in hits if hit.kind is Kind.RECORD][: self.limit]
            found += self._lines(Kind.RECORD, Record.pid.in_(pids))
        return Listing(tuple(found[: 2 * self.limit])) if found else None

    def _coded(self, key: str, after: str) -> Listing | None:
        """Return a page of the records whose 档号 begins like this, in the order of their ids.

        A beginning is one range of the index; of what lies in it the page is chosen by id.
        """
        begins = and_(Record.reference_key >= key, Record.reference_key < key + _LAST)
        at = _place(after, "c")
        rows = self.connection.execute(
            select(*_RECORD_LINE)
            .where(begins, is_current(Record), *self._filters(Kind.RECORD))
            .order_by(Record.reference_key, Record.id)
            .offset(at)
            .limit(self.limit + 1)
        ).all()
        if not rows and not at:
            return None
        following = f"c{at + self.limit}" if len(rows) > self.limit else ""
        return Listing(tuple(map(_of_record, rows[: self.limit])), following)

    def through(self, after: str) -> Listing:
        """Return a page of everything, or of what has the typed words."""
        query = understand(self.wanted.text[:MAX_LENGTH], kind=self.wanted.kind)
        if not self.wanted.text or not self.wanted.is_plain or query.is_empty:
            return self.scan(query, after, [])
        if after and not after.startswith("p"):
            return replace(self, wanted=replace(self.wanted, public=False)).scan(query, after, [])
        at = _place(after, "p")
        found, is_capped = self._indexed(query, at)
        if len(found) > self.limit:
            return Listing(tuple(found[: self.limit]), f"p{at + self.limit}", is_capped=is_capped)
        hidden = replace(self, wanted=replace(self.wanted, public=False))
        return replace(hidden.scan(query, "", found), is_capped=is_capped)

    def _indexed(self, query: Query, at: int) -> tuple[list[Holding], bool]:
        """Return what the public index has, in its order, and whether it has too much.

        One more than a page where there is one.
        """
        found = search.search(
            self.connection, query, today=self.today, offset=at, limit=self.limit + 1
        )
        lines = {
            (kind, holding.pid): holding
            for kind in Kind
            for holding in self._lines(
                kind, _table(kind).pid.in_([hit.pid for hit in found.hits if hit.kind is kind])
            )
        }
        named = ((hit.kind, hit.pid) for hit in found.hits)
        return [lines[name] for name in named if name in lines], found.is_capped

    def scan(self, query: Query, after: str, found: list[Holding]) -> Listing:
        """Fill a page from the newest ids on, until it is full or the time is up."""
        for kind, low, high in self._windows(after):
            table = _table(kind)
            missing = self.limit - len(found)
            rows = self._lines(
                kind,
                table.id.between(low, high),
                *self._titled(kind, query),
                limit=missing + 1,
            )
            found += rows[:missing]
            if len(rows) > missing:
                last = rows[missing - 1].id if missing else high + 1
                return Listing(tuple(found), f"{kind.value[0]}{last}")
            if time.monotonic() > self.until:
                return Listing(tuple(found), f"{kind.value[0]}{low}", is_cut=True)
        return Listing(tuple(found))

    def _windows(self, after: str) -> Iterator[tuple[Kind, int, int]]:
        """Yield ranges of ids, newest first, documents before records."""
        kinds = self.wanted.kinds
        match = _CURSOR.fullmatch(after)
        begun = match[1] if match else ""
        for kind in kinds:
            if begun == "r" and kind is Kind.DOCUMENT:
                continue
            top = self.connection.scalar(select(func.max(_table(kind).id))) or 0
            if match and begun == kind.value[0]:
                top = min(top, int(match[2]) - 1)
            size = top if self._is_narrow else WINDOW
            while top > 0:
                low = max(top - size + 1, 1)
                yield kind, low, top
                top = low - 1

    @property
    def _is_narrow(self) -> bool:
        """A short list of public ids is asked for: no need to go by windows."""
        return self.wanted.edited or self.wanted.among is not None

    def _lines(
        self, kind: Kind, *where: ColumnElement[bool], limit: int | None = None
    ) -> list[Holding]:
        table = _table(kind)
        columns = _DOCUMENT_LINE if kind is Kind.DOCUMENT else _RECORD_LINE
        statement = select(*columns).where(*where, is_current(table), *self._filters(kind))
        rows = self.connection.execute(statement.order_by(table.id.desc()).limit(limit)).all()
        if kind is Kind.DOCUMENT:
            return [_of_document(row, self.today) for row in rows]
        return [_of_record(row) for row in rows]

    def _filters(self, kind: Kind) -> Sequence[ColumnElement[bool]]:
        wanted, table = self.wanted, _table(kind)
        found: list[ColumnElement[bool]] = []
        if wanted.state:
            state = Document.disclosure if kind is Kind.DOCUMENT else Record.openness
            found.append(state == wanted.state)
        if wanted.validity is not None and kind is Kind.DOCUMENT:
            found.append(validity_on(self.today) == wanted.validity.value)
        if wanted.livelihood and kind is Kind.RECORD:
            found.append(Record.is_livelihood.is_(True))
        if wanted.public is not None:
            # Unknown is not shown: plain NOT would lose what compares as unknown.
            shown = case((_public(kind, self.today), 1), else_=0)
            found.append(shown == int(wanted.public))
        if wanted.edited:
            found.append(table.pid.in_(select(EntryEdit.pid)))
        if wanted.among is not None:
            found.append(table.pid.in_(wanted.among))
        return found

    def _titled(self, kind: Kind, query: Query) -> list[ColumnElement[bool]]:
        """Return what an entry's title and date must be like."""
        if query.is_empty:
            return []
        table = _table(kind)
        found: list[ColumnElement[bool]] = [
            or_(
                *(
                    table.title.contains(spelling, autoescape=True)
                    for spelling in {word.text, word.text.upper()}
                )
            )
            for word in query.words
        ]
        if query.years:
            first, last = query.years
            found.append(table.dated.between(date(first, 1, 1), date(last, 12, 31)))
        return found


def _of_document(row: Any, today: date) -> Holding:
    period = Period(row.effective_from, row.effective_to, row.repealed_on, row.amended_on)
    return Holding(
        kind=Kind.DOCUMENT,
        pid=row.pid,
        id=row.id,
        title=row.title,
        code=row.number,
        dated=row.dated,
        date_end=None,
        date_precision="day",
        state=row.disclosure,
        secrecy="",
        open_on=None,
        is_livelihood=False,
        is_closed_above=False,
        validity=validity(period, on=today),
    )


def _of_record(row: Any) -> Holding:
    return Holding(
        kind=Kind.RECORD,
        pid=row.pid,
        id=row.id,
        title=row.title,
        code=row.reference_code,
        dated=row.dated,
        date_end=row.date_end,
        date_precision=row.date_precision,
        state=row.openness,
        secrecy=row.secrecy,
        open_on=row.open_on,
        is_livelihood=row.is_livelihood,
        is_closed_above=row.is_closed_above,
        validity=None,
    )


def _table(kind: Kind) -> type[Document] | type[Record]:
    return Document if kind is Kind.DOCUMENT else Record


def _public(kind: Kind, today: date) -> ColumnElement[bool]:
    return public_documents() if kind is Kind.DOCUMENT else public_records(today)


def _place(after: str, kind: str) -> int:
    match = _CURSOR.fullmatch(after)
    return min(int(match[2]), 1_000_000) if match and match[1] == kind else 0
