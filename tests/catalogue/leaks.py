"""A catalogue full of things the public may not see, and every way in which the public may ask."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from click.testing import CliRunner
from sqlalchemy import select
from werkzeug.test import Client

from tests.builders import Row, a_document, a_file, a_record
from tests.talk import a_talk
from wx_archive import app
from wx_archive.catalogue import decisions, openings, repeals, search, words
from wx_archive.catalogue.files.export import Export
from wx_archive.catalogue.models import Document, Record, SearchEntry
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.service import Importer
from wx_archive.core import clock, schema
from wx_archive.core.database import Database
from wx_archive.core.ids import stable_pid
from wx_archive.core.settings import Settings
from wx_archive.core.site import Site
from wx_archive.lookup import cli as lookup_cli
from wx_archive.lookup import figures, service

PROJECT = Path(__file__).parents[2]
DEMO = PROJECT / "content" / "demo"
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SECRET_WORD = "绝不外露"
CLOSED_FILES = 5
MISSING = "nobody-has-this"

RECORDS: dict[str, Row] = {
    "unreviewed": {"open": None},
    "said to be unreviewed": {"open": None, "openness": "未审核"},
    "controlled": {"open": 0},
    "deferred": {"open": None, "openness": "延期开放", "open_on": "2099-01-01"},
    "open later": {"open_on": "2099-01-01"},
    "internal": {"open": 0, "secrecy": "内部"},
    "livelihood": {"livelihood": 1},
    "in a closed file": {},
    "closed by staff": {},
}
DOCUMENTS = ("none", "withdrawn")
BY_HAND = 60
"""How many of those that staff close or withdraw one by one."""


def _public(name: str) -> list[Row]:
    lines = (DEMO / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def restricted_records(count: int) -> list[Row]:
    """Return rows that look like the public ones, word for word, but for one word."""
    public = _public("records")
    rows = [
        a_record(f"closed{n}", ref_code=f"0077-{n}", level="file", open=0, title=SECRET_WORD)
        for n in range(CLOSED_FILES)
    ]
    for n in range(count):
        kind = list(RECORDS)[n % len(RECORDS)]
        model = public[n % len(public)]
        if kind == "closed by staff" and n >= BY_HAND * len(RECORDS):
            kind = "controlled"
        parent = f"0077-{n % CLOSED_FILES}" if kind == "in a closed file" else ""
        told: Row = {
            "ref_code": f"{model['ref_code']}{n}",
            "title": f"{model['title']}{SECRET_WORD}{n}",
            "date": model.get("date", ""),
            "doc_no": model.get("doc_no") or f"密字〔1971〕{n}号",
            "keywords": f"{model.get('keywords', '')};{SECRET_WORD};暗语{n % 7}",
            "abstract": f"{SECRET_WORD}：{model.get('abstract', '')}",
            "parent": parent,
        }
        rows.append(a_record(f"hidden-{kind}-{n}", **(told | RECORDS[kind])))
    return rows


def restricted_documents(count: int) -> list[Row]:
    """Return documents that are not disclosed; their texts speak of the public ones' repeal."""
    public = _public("documents")
    rows = []
    for n in range(count):
        model = public[n % len(public)]
        kind = DOCUMENTS[1] if n < BY_HAND else DOCUMENTS[0]
        told: Row = {
            "title": f"{model['title']}{SECRET_WORD}{n}",
            "doc_no": model.get("doc_no") or f"密字〔1971〕{n}号",
            "date": "2026-01-01",
            "category": f"{SECRET_WORD}类",
            "body": f"{SECRET_WORD}。《{model['title']}》同时废止。{model.get('body', '')[:200]}",
            "openness": "none" if kind == "none" else "full",
        }
        rows.append(a_document(f"hidden-{kind}-{n}", **told))
    return rows


def fill(settings: Settings, folder: Path, *, restricted: int) -> None:
    """Load the invented catalogue, after ``restricted`` rows that nobody may see."""
    database = Database(settings.database)
    schema.mark_demo(database)
    importer = Importer(database, settings.secret())
    if restricted:
        records = a_file(folder / "hidden.jsonl", restricted_records(restricted * 4 // 5))
        assert importer.records(records).bad == []
        documents = a_file(folder / "hidden_d.jsonl", restricted_documents(restricted // 5))
        assert importer.documents(documents).bad == []
        _decide(database)
    importer.documents(DEMO / "documents.jsonl")
    importer.records(DEMO / "records.jsonl")
    openings.follow_calendar(database, today=clock.today())
    openings.make_reviews(database, today=clock.today(), now=NOW)
    repeals.propose_all(database, now=NOW)
    also = words.of_file(PROJECT / "content" / "synonyms.yaml")
    words.rebuild(database, today=clock.today(), also=also)
    database.dispose()


def _decide(database: Database) -> None:
    with database.begin() as session:
        closed = Record.source_key.startswith("hidden-closed by staff")
        withdrawn = Document.source_key.startswith("hidden-withdrawn")
        given: dict[str, Any] = {"reason": SECRET_WORD, "now": NOW, "today": clock.today()}
        for pid in session.scalars(select(Record.pid).where(closed)).all():
            decisions.close_record(session, pid, **given)
        for pid in session.scalars(select(Document.pid).where(withdrawn)).all():
            decisions.withdraw(session, pid, **given)


def hidden_pids(settings: Settings) -> dict[str, str]:
    """Return one public id of each way to be hidden, and one that nobody ever had."""
    database = Database(settings.database)
    found: dict[str, str] = {"missing": stable_pid("record", MISSING, settings.secret())}
    with database.begin() as session:
        for table in (Record, Document):
            rows = session.execute(select(table.source_key, table.pid).order_by(table.id))
            for key, pid in rows:
                if str(key).startswith("hidden-"):
                    found.setdefault(f"{table.__tablename__} {str(key).split('-')[1]}", pid)
    database.dispose()
    return found


QUERIES = (
    *(
        "公积金",
        "房",
        "兰台",
        "档案",
        "关于",
        "批复",
        "1970",
        "1970年代",
        "2010-2019",
        "关于 2004年",
    ),
    *("文件 公积金", "档案 公路", "0012", "0012-2", "0012-2-0345-012", "0077-1", "0077"),
    *("密字〔1971〕5号", "兰政发〔2015〕9号", "文号 兰政发", "公基金", "gongjijin", "gjj"),
    *(
        SECRET_WORD,
        "绝不",
        "外露",
        "绝",
        "暗语3",
        f"公积金 {SECRET_WORD}",
        "绝布外露",
        "juebuwailu",
    ),
    *("结婚登记", "知青", "我想查一下公积金怎么提取", "猫头鹰", "", "!!!", "长" * 80),
)
"""Common words, years, scopes, numbers, codes, slips, and words that only hidden entries have."""


class Public:
    """The public of one installation: everybody's questions, and the answers byte for byte."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def answers(self, folder: Path, pids: dict[str, str]) -> Iterator[tuple[str, object]]:
        """Yield every question and what the public gets for it."""
        database = Database(self.settings.database)
        yield from self._search(database)
        yield from self._chat(database, pids)
        yield from self._pages(pids)
        yield from self._figures(database)
        yield from self._files(database, folder)
        database.dispose()

    def _search(self, database: Database) -> Iterator[tuple[str, object]]:
        site = Site(PROJECT, "https://archive.example.org")
        today = clock.today()
        with database.reads() as connection:
            for text in QUERIES:
                for kind, offset in ((None, 0), (None, 5), (Kind.RECORD, 0), (Kind.DOCUMENT, 0)):
                    found = service.find(
                        connection, site, text[:64], today=today, kind=kind, offset=offset
                    )
                    shown = [{**asdict(hit), "id": None} for hit in found.hits]
                    facts = (found.total, found.is_capped, found.kinds, shown)
                    yield f"find {text} {kind} {offset}", facts
                query = understand(text[:64])
                if not query.is_empty:
                    yield f"count {text}", search.count(connection, query, today=today)
                yield f"suggest {text}", words.suggest(connection, text, today=today)
                yield f"near {text}", words.near_terms(connection, text, today=today)
                yield f"meant {text}", words.did_you_mean(connection, text, today=today)
                yield (
                    f"number {text}",
                    [hit.pid for hit in service.by_number(connection, text, today=today)],
                )

    def _chat(self, database: Database, pids: dict[str, str]) -> Iterator[tuple[str, object]]:
        with a_talk(database, PROJECT) as talk:
            for text in QUERIES:
                for said in (text, f"查 {text}", "下一页", "1", "0", "3"):
                    talk.says(said)
                    yield f"chat {text} / {said}", (talk.text, talk.cards)
            for name, pid in pids.items():
                talk.says("3", menu_id=f"open.{pid}")
                yield f"tap {name}", (talk.text, talk.cards)

    def _pages(self, pids: dict[str, str]) -> Iterator[tuple[str, object]]:
        application = app.build(self.settings)
        browser = Client(application.wsgi)
        addresses = [f"/h5/lookup?q={quote(text)}" for text in QUERIES]
        addresses += [f"/h5/lookup?q={quote(text)}&page=2&kind=record" for text in QUERIES[:8]]
        addresses += [f"/h5/suggest?q={quote(text)}" for text in QUERIES]
        addresses += ["/h5/lookup", "/", *self._entries()]
        for place in ("records", "documents"):
            addresses += [f"/h5/{place}/{pid}" for pid in pids.values()]
        for address in addresses:
            answer = browser.get(address)
            yield address, (answer.status, sorted(answer.headers.items()), answer.data)
        metrics = browser.get("/-/metrics")
        yield "/-/metrics", metrics.data
        application.close()

    def _entries(self) -> list[str]:
        """Return the addresses of everything that has an entry in the index."""
        database = Database(self.settings.database)
        with database.begin() as session:
            addresses = [
                f"/h5/{place}s/{pid}"
                for table, place in ((Record, "record"), (Document, "document"))
                for pid in session.scalars(
                    select(table.pid)
                    .join(SearchEntry, SearchEntry.target_id == table.id)
                    .where(SearchEntry.kind == place)
                )
            ]
        database.dispose()
        return sorted(addresses)

    def _figures(self, database: Database) -> Iterator[tuple[str, object]]:
        with database.reads() as connection:
            today: date = clock.today()
            yield "figures", asdict(figures.gather(connection, today=today, days=30))

    def _files(self, database: Database, folder: Path) -> Iterator[tuple[str, object]]:
        for kind in Kind:
            target = folder / f"{kind.value}.jsonl"
            Export(database, kind, clock.today()).to(target)
            yield f"export {kind}", target.read_bytes()
        for text in filter(None, QUERIES[:-1]):
            shown = CliRunner().invoke(
                lookup_cli.lookup, [text, "--json"], env=dict(self.settings.environment())
            )
            yield f"lookup {text}", (shown.exit_code, shown.stdout)
