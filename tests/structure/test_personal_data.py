"""Whatever knows a follower can be handed out and erased, and after that nobody knows them."""

import ast
import importlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Table, inspect, select, table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.builders import a_document, import_documents
from tests.structure import quiz_rows, treasure_rows
from tests.talk import NOON, ORIGIN, Talk
from wx_archive import features
from wx_archive.alerts.models import StaffWechat
from wx_archive.chat.answering import Answering
from wx_archive.chat.models import (
    Conversation,
    DeadLetter,
    HandledMessage,
    HeldAnswer,
    ServiceWindow,
)
from wx_archive.core.clock import day_of
from wx_archive.core.database import Base, Database
from wx_archive.core.ids import pseudonym
from wx_archive.core.jobs.models import Job
from wx_archive.core.site import Site
from wx_archive.core.store import Store, entries, open_store
from wx_archive.enquiries.models import Enquiry
from wx_archive.followers import personal_data
from wx_archive.followers import service as followers
from wx_archive.followers.models import Consent, Interest, SceneEntry
from wx_archive.followers.personal_data import Case
from wx_archive.lookup import wording
from wx_archive.lookup.models import LookupEvent
from wx_archive.lookup.usage import Usage
from wx_archive.lookup.wording import person_key
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push, PushRecipient, TagMember
from wx_archive.publishing.reader_models import PieceOpinion
from wx_archive.staff.models import Member

PACKAGE = Path(__file__).parents[2] / "wx_archive"
SECRET = "a-secret"
OPENID = "oPrivatePerson00000000000001"
NOISE = "oNoise0000000000000000000002"
MARK = "只有本人知道"
MONTH = wording.month_key(SECRET, day_of(NOON))
NAMES = {"follower_id", "openid", "person_key"}
"""Columns that lead to a follower."""

RULES = {rule.holds: rule for rule in features.PERSONAL_DATA}


def naming_tables() -> set[str]:
    """Return every table that names a follower, by a key or by the name of a column."""
    return {table.name for table in Base.metadata.tables.values() if _names_follower(table)}


def _names_follower(table: Table) -> bool:
    by_key = {key.column.table.name for key in table.foreign_keys}
    return "follower" in by_key or bool(NAMES & set(table.c.keys()))


def remembered_keys() -> set[str]:
    """Return the names under which handlers keep short-lived values (`turn.remember(NAME, …)`)."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for call in ast.walk(tree):
            match call:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name("turn"), attr="remember"), args=[key, *_]
                ):
                    found.add(_value(key, path))
    return found


def _value(key: ast.expr, path: Path) -> str:
    if isinstance(key, ast.Constant):
        return str(key.value)
    assert isinstance(key, ast.Name), f"{path}:{key.lineno}: name the key by a constant"
    dotted = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    return str(getattr(importlib.import_module(dotted), key.id))


# -- the registry -----------------------------------------------------------------------------


def test_every_table_that_names_a_follower_has_a_rule() -> None:
    assert naming_tables() - RULES.keys() == set()


def test_every_short_lived_value_about_a_follower_has_a_rule() -> None:
    keys = remembered_keys()
    assert keys
    assert {f"store:{key}" for key in keys} == {key for key in RULES if key.startswith("store:")}


def test_every_rule_is_about_something_that_exists_and_says_what_in_chinese() -> None:
    tables = {key for key in RULES if not key.startswith("store:")}
    hanging = {**quiz_rows.HANGING, **treasure_rows.HANGING}
    assert tables == naming_tables() | hanging.keys()
    for name, above in hanging.items():
        keys = Base.metadata.tables[name].foreign_keys
        assert above in {key.column.table.name for key in keys}
    assert len(RULES) == len(features.PERSONAL_DATA)
    titles = [rule.title for rule in features.PERSONAL_DATA]
    assert len(set(titles)) == len(titles)
    assert not any(title.isascii() for title in titles)


# -- one person in every table ----------------------------------------------------------------

Row = Callable[[int, str], object]

ROWS: dict[str, Row] = {
    "arrival": lambda number, _who: SceneEntry(follower_id=number, at=1_700_000_000, scene=MARK),
    "interest": lambda number, _who: Interest(follower_id=number, topic=MARK, since=NOON),
    "consent": lambda number, _who: Consent(
        follower_id=number, purpose=MARK, version=1, given_at=NOON
    ),
    "conversation": lambda number, _who: Conversation(
        follower_id=number,
        name="elsewhere",
        version=1,
        payload=json.dumps({"text": MARK}, ensure_ascii=False),
        expires_at=NOON + timedelta(hours=1),
    ),
    "handled_message": lambda number, who: HandledMessage(
        key=f"m-{number}",
        reply=f"<Content>{MARK}{who}</Content>".encode(),
        handled_at=NOON,
        follower_id=number,
    ),
    "held_answer": lambda number, who: HeldAnswer(
        key=f"h-{number}",
        follower_id=number,
        text=MARK + who,
        created_at=NOON,
        expires_at=NOON + timedelta(days=1),
    ),
    "service_window": lambda number, _who: ServiceWindow(
        follower_id=number, occasion="scan", opened_at=NOON, used=1
    ),
    "dead_letter": lambda number, who: DeadLetter(
        key=f"d-{number}",
        follower_id=number,
        handler="x",
        message=f"<FromUserName>{who}</FromUserName>{MARK}".encode(),
        cause=f"Error: {who}",
        failed_at=NOON,
        state="open",
    ),
    "job": lambda number, who: Job(
        kind="chat.answer",
        key=f"j-{number}",
        payload=json.dumps({"message": MARK + who}, ensure_ascii=False),
        follower_id=number,
        run_after=NOON,
        created_at=NOON,
    ),
    "lookup_event": lambda number, who: LookupEvent(
        id=number,
        day=day_of(NOON),
        channel="chat",
        what="asked",
        words=MARK,
        person_key=person_key(who, MONTH),
    ),
    "enquiry": lambda number, who: Enquiry(
        number=f"查2026-{number:06d}",
        pid=f"{number:026d}",
        kind="search",
        state="submitted",
        follower_id=number,
        words=MARK + who,
        about_pid=None,
        note=MARK + who,
        created_at=NOON,
        changed_at=NOON,
    ),
    "staff_wechat": lambda number, _who: StaffWechat(
        member_id=number, follower_id=number, bound_at=NOON
    ),
    "piece_opinion": lambda number, who: PieceOpinion(
        piece_id=number, follower_id=number, is_useful=True, words=MARK + who, made_at=NOON
    ),
    "push_recipient": lambda number, _who: PushRecipient(push_id=number, follower_id=number),
    "tag_member": lambda number, _who: TagMember(topic=MARK, follower_id=number),
}
"""A row for each table that names a follower; the follower's own is made by their first words."""
BARE = {"follower", "service_window", "quiz_voucher_event"}
"""Tables without a place for words: the mark cannot stand in them."""


@pytest.fixture(params=["sqlite", "postgresql", "postgresql+redis"])
def home(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Database, Store, Redis | None]]:
    """A database and the short-lived store beside it, in each way of running."""
    kind, _plus, with_redis = request.param.partition("+")
    name = "sqlite_url" if kind == "sqlite" else "postgres_url"
    redis_url = str(request.getfixturevalue("redis_url")) if with_redis else ""
    with ExitStack() as held:
        database = Database(str(request.getfixturevalue(name)))
        held.callback(database.dispose)
        import_documents(database, tmp_path, a_document(title="公积金管理办法"))
        store, close = open_store(database, redis_url)
        held.callback(close)
        redis = held.enter_context(Redis.from_url(redis_url)) if redis_url else None
        yield database, store, redis


def a_conversation(database: Database, store: Store, held: ExitStack) -> Talk:
    answering = Answering(
        dispatcher=features.dispatcher(),
        database=database,
        store=store,
        site=Site(PACKAGE.parent, ORIGIN),
        secret=SECRET,
    )
    answering.witnesses = (Usage(database, SECRET),)
    held.callback(answering.witnesses[0].close)
    held.callback(answering.close)
    return Talk(answering, openid=OPENID)


def fill(session: Session, openid: str) -> int:
    number = followers.ensure(session, openid, now=NOON)
    session.add(
        Member(
            id=number,
            login=f"m{number}",
            name=MARK,
            password_hash="x",
            password_set_at=NOON,
            created_at=NOON,
        )
    )
    session.add(a_piece(number))
    session.add(a_push(number))
    session.flush()
    session.add_all([make(number, openid) for make in ROWS.values()])
    quiz_rows.add_rows(session, number, MARK, NOON)
    treasure_rows.add_rows(session, number, MARK, SECRET, NOON)
    return number


def a_piece(number: int) -> Piece:
    return Piece(
        id=number,
        pid=f"p{number}",
        state="draft",
        column="history",
        kind="article",
        title="大坝",
        content_hash="x",
        made_by="x",
        made_at=NOON,
        changed_at=NOON,
    )


def a_push(number: int) -> Push:
    return Push(
        id=number,
        pid=f"{number:026d}",
        state="preparing",
        delivery="mass",
        topic=MARK,
        made_by="x",
        made_at=NOON,
        changed_at=NOON,
    )


def case_of(session: Session, store: Store, openid: str) -> Case:
    number = followers.ensure(session, openid, now=NOON)
    alias = pseudonym(openid, SECRET)
    return Case(session, store.steady, Site(PACKAGE.parent, ORIGIN), number, openid, alias, SECRET)


def everything(database: Database, store: Store, redis: Redis | None) -> str:
    """Return every row of every table, and every value of the stores, as one text."""
    parts = []
    with database.engine.connect() as connection:
        for name in inspect(connection).get_table_names():
            if not name.startswith("search_fts"):  # no text inside, and none of a follower
                parts += [
                    _shown(row)
                    for row in connection.execute(select(text("*")).select_from(table(name)))
                ]
    with store.steady._lines.engine.connect() as connection:  # noqa: SLF001 -- expired values as well
        parts += [_shown(row) for row in connection.execute(select(entries))]
    if redis is not None:
        parts += [_shown((key, redis.get(key))) for key in redis.scan_iter()]
    return "\n".join(parts)


def _shown(values: Iterable[Any]) -> str:
    return repr(
        [each.decode(errors="replace") if isinstance(each, bytes) else each for each in values]
    )


Home = tuple[Database, Store, Redis | None]


def test_there_is_a_row_for_every_table() -> None:
    assert ROWS.keys() | {"follower", "quiz_entry", "treasure"} == naming_tables()


def test_the_export_holds_what_every_table_holds(home: Home) -> None:
    database, store, _redis = home
    with ExitStack() as held:
        talk = a_conversation(database, store, held)
        talk.says("公积金")
        talk.says("钛合金飞船")
        talk.says("绑定 00000000")
        talk.says("我的代码")
    with database.begin() as session:
        fill(session, OPENID)
        fill(session, NOISE)
    with database.begin() as session:
        case = case_of(session, store, OPENID)
        told = personal_data.export(case, features.PERSONAL_DATA, now=NOON)
    written = json.loads(json.dumps(told, ensure_ascii=False))["资料"]
    for holds, rule in RULES.items():
        assert written[rule.title], holds
        is_bare = holds in BARE or holds.startswith("store:")
        assert is_bare or MARK in json.dumps(written[rule.title], ensure_ascii=False), holds
    assert OPENID in str(written)
    assert NOISE not in str(written)


def test_after_erasing_nobody_knows_them(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    database, store, redis = home
    alias = pseudonym(OPENID, SECRET)
    caplog.set_level(logging.DEBUG, logger="wx_archive")
    with ExitStack() as held:
        talk = a_conversation(database, store, held)
        talk.says("公积金")
        talk.says("兴趣 历史钩沉")
        with database.begin() as session:
            fill(session, OPENID)
            fill(session, NOISE)
            letter = f"<xml><FromUserName>{OPENID}</FromUserName></xml>".encode()
            session.add(  # failed before they had a row
                DeadLetter(
                    key="early", handler="x", message=letter, cause="", failed_at=NOON, state="open"
                )
            )
        assert OPENID in everything(database, store, redis)
        assert f"list:{alias}" in everything(database, store, redis)
        talk.says("删除我的资料")
        caplog.clear()
        talk.says("确认删除")
        assert "已经删除" in talk.visible
    left = everything(database, store, redis)
    assert OPENID not in left
    assert alias not in left
    assert person_key(OPENID, MONTH) not in left
    assert person_key(NOISE, MONTH) in left
    assert OPENID not in caplog.text
    assert alias not in caplog.text
    with database.begin() as session:
        case = case_of(session, store, NOISE)
        kept = personal_data.export(case, features.PERSONAL_DATA, now=NOON)["资料"]
    tables = [rule for holds, rule in RULES.items() if not holds.startswith("store:")]
    assert [rule.title for rule in tables if not kept[rule.title]] == []


def test_no_openid_and_no_words_reach_the_log(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="wx_archive")
    database = Database(sqlite_url)
    with ExitStack() as held:
        held.callback(database.dispose)
        store, close = open_store(database, "")
        held.callback(close)
        talk = a_conversation(database, store, held)
        for words in ("兴趣 历史钩沉", "我的资料", "删除我的资料", "确认删除", "我的秘密"):
            talk.says(words)
    assert caplog.records
    assert OPENID not in caplog.text
    assert "秘密" not in caplog.text


def test_an_error_of_the_database_tells_nothing_of_what_was_asked(database: Database) -> None:
    wrong = text("SELECT nonsense FROM follower WHERE openid = :openid")
    with pytest.raises(DBAPIError) as told, database.begin() as session:
        session.execute(wrong, {"openid": OPENID})
    assert "nonsense" in str(told.value)
    assert OPENID not in str(told.value)


def test_an_erasure_that_fails_halfway_erases_nothing(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    store, close = open_store(database, "")
    with database.begin() as session:
        fill(session, OPENID)

    def fail(_case: Case) -> None:
        raise RuntimeError

    broken = personal_data.PersonalData("broken", "坏的", lambda _case: [], fail)
    with pytest.raises(RuntimeError), database.begin() as session:
        personal_data.erase(
            case_of(session, store, OPENID), [*features.PERSONAL_DATA, broken], now=NOON
        )
    with database.begin() as session:
        told = personal_data.export(
            case_of(session, store, OPENID), features.PERSONAL_DATA, now=NOON
        )["资料"]
    tables = [rule for holds, rule in RULES.items() if not holds.startswith("store:")]
    assert [rule.title for rule in tables if not told[rule.title]] == []
    close()
    database.dispose()
