"""How long does it take to say whom a push reaches? 100,000 followers, counted and segmented.

    python benchmarks/publishing.py [--followers 100000] [--rounds 7] [--plans]

Ours is what the pre-flight page and the sender really call, `audiences.count` and
`audiences.freeze`, on SQLite and on PostgreSQL: everybody, a topic's followers and a segment of
three conditions are counted, each with how many have had their four of the month, and the segment
is written down as the list of the calls that send. Beside it, in the same run over the same rows:

- «rows in Python»: the rows fetched with the same driver and filtered with sets, the usual script;
- «wechatpy»: the openids read by `user.iter_followers` and `tag.iter_tag_users` from a server on
  this machine that answers at once. It knows neither codes nor last visits nor the month's quota:
  it only counts everybody and a topic, and the real WeChat is a network away. «ours, no quota»
  (a subscription account's count) is what to read it beside.

All that count the same must come to the same numbers, or the run fails. One machine: read the
ratios.
"""

import argparse
import json
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import psycopg
from sqlalchemy import delete, event, insert, select, text
from wechatpy import WeChatClient

sys.path.insert(0, str(Path(__file__).parent.parent))  # `tests` is not installed

from tests import services
from wx_archive.core import clock, schema
from wx_archive.core.database import Database
from wx_archive.followers.models import Follower, Interest, SceneEntry
from wx_archive.publishing import audiences
from wx_archive.publishing.audiences import Audience, Segment
from wx_archive.publishing.push_models import Push, PushRecipient
from wx_archive.publishing.rules import AudienceKind, Delivery, PushState
from wx_archive.wechat.account import Entitlements
from wx_archive.wechat.limits import AccountType, limits

NOW: Final = datetime(2026, 11, 25, 2, tzinfo=UTC)
SERVICE: Final = Entitlements(AccountType.SERVICE_VERIFIED)
SUBSCRIPTION: Final = Entitlements(AccountType.SUBSCRIPTION_VERIFIED)
TOPICS: Final = ("history", "city", "documents")
SCENES: Final = ("", "", "hall", "poster")
GOAL_MS: Final = 1_000.0
SEGMENT: Final = Segment(topics=("history", "city"), scene="hall", active_within_days=30)
EVERYBODY: Final = Audience(AudienceKind.ALL)
CITY: Final = Audience(AudienceKind.TAG, "city")
SOME: Final = Audience(AudienceKind.LIST, segment=SEGMENT)
SINCE: Final = timedelta(days=30)
PAGE: Final = 10_000
Numbers = Sequence[tuple[int, int | None]]
"""Of everybody, the topic and the segment: how many, and how many over their quota if known."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way of coming to the numbers; ``steps`` are timed one by one."""

    name: str
    steps: Mapping[str, Callable[[], tuple[int, int | None]]]


def main() -> int:
    """Print the table; 1 if ours is not fast enough."""
    parser = argparse.ArgumentParser(description="How long does it take to say whom it reaches?")
    parser.add_argument("--followers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--plans", action="store_true", help="print how the databases do it")
    told = parser.parse_args()
    with ExitStack() as held:
        ours: dict[str, float] = {}
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        server = held.enter_context(services.postgres("shared_buffers=512MB"))
        for name, url in (
            ("SQLite", f"sqlite:///{folder / 'archive.db'}"),
            ("PostgreSQL", held.enter_context(_postgres(server))),
        ):
            database = Database(url)
            held.callback(database.dispose)
            schema.upgrade(database)
            _fill(database, told.followers)
            wechat = held.enter_context(_answering(_pages(database)))
            ways = (
                _ours(database),
                _in_python(database),
                _without_quota(database),
                _wechatpy(wechat),
            )
            ours[name] = _measure(name, ways, told.rounds)
            if told.plans:
                _print_plans(database)
    return int(max(ours.values()) > GOAL_MS)


# The rows.


def _fill(database: Database, followers: int) -> None:
    chance = random.Random(20_261_125)  # noqa: S311 -- a seeded sample
    people = [
        {
            "openid": f"o{number:027d}",
            "is_following": chance.random() < 0.95,
            "changed_at": 1,
            "left_at": 0,
            "first_seen_at": NOW - timedelta(days=400),
            "last_seen_at": NOW - timedelta(days=chance.randrange(365)),
        }
        for number in range(followers)
    ]
    with database.begin(unhurried=True) as session:
        session.execute(insert(Follower), people)
        ids = list(session.scalars(select(Follower.id)))
        chosen = [(one, topic) for topic in TOPICS for one in chance.sample(ids, len(ids) // 10)]
        session.execute(
            insert(Interest),
            [{"follower_id": one, "topic": topic, "since": NOW} for one, topic in chosen],
        )
        session.execute(
            insert(SceneEntry),
            [{"follower_id": one, "at": 1, "scene": chance.choice(SCENES)} for one in ids],
        )
        for days in range(5):
            push = _a_push(days, AudienceKind.LIST)
            session.add(push)
            session.flush()
            got = [
                {"push_id": push.id, "follower_id": one}
                for one in chance.sample(ids, len(ids) // 2)
            ]
            session.execute(insert(PushRecipient), got)
        session.add(_a_push(6, AudienceKind.ALL))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _a_push(days: int, audience: AudienceKind, state: PushState = PushState.SENT) -> Push:
    return Push(
        pid=f"{audience}-{state}-{days}",
        state=state,
        delivery=Delivery.MASS,
        audience=audience,
        segment=SEGMENT.as_json() if state is not PushState.SENT else "{}",
        due_at=NOW - timedelta(days=days),
        sent_at=NOW - timedelta(days=days) if state is PushState.SENT else None,
        made_by="benchmark",
        made_at=NOW,
        changed_at=NOW,
    )


# Ours.


def _ours(database: Database) -> Way:
    def count(audience: Audience) -> Callable[[], tuple[int, int | None]]:
        def run() -> tuple[int, int | None]:
            with database.reads() as connection:
                found = audiences.count(connection, audience, now=NOW, account=SERVICE)
            return found.total, found.over_quota

        return run

    with database.begin() as session:
        push = _a_push(0, AudienceKind.LIST, PushState.PREPARING)
        session.add(push)
        session.flush()

    def freeze() -> tuple[int, int | None]:
        with database.begin() as session:
            return audiences.freeze(session, push, now=NOW), None

    steps = {"everybody": count(EVERYBODY), "a topic": count(CITY), "a segment": count(SOME)}
    return Way("ours", {**steps, "its list": freeze})


def _without_quota(database: Database) -> Way:
    def count(audience: Audience) -> Callable[[], tuple[int, int | None]]:
        def run() -> tuple[int, int | None]:
            with database.reads() as connection:
                found = audiences.count(connection, audience, now=NOW, account=SUBSCRIPTION)
            return found.total, None

        return run

    steps = {"everybody": count(EVERYBODY), "a topic": count(CITY), "a segment": count(SOME)}
    return Way("ours, no quota", steps)


# The usual script.


def _in_python(database: Database) -> Way:
    def run(audience: Audience) -> Callable[[], tuple[int, int | None]]:
        def filtered() -> tuple[int, int | None]:
            with database.long_reads() as connection:
                people = _chosen_in_python(connection, audience)
                over = _over_in_python(connection)
            return len(people), len(people & over)

        return filtered

    with database.begin() as session:
        push = _a_push(1, AudienceKind.LIST, PushState.PREPARING)
        session.add(push)
        session.flush()

    def written() -> tuple[int, int | None]:
        with database.begin(unhurried=True) as session:
            people = sorted(_chosen_in_python(session, SOME))
            session.execute(delete(PushRecipient).where(PushRecipient.push_id == push.id))
            places = [
                {"push_id": push.id, "follower_id": one, "place": at // PAGE}
                for at, one in enumerate(people)
            ]
            session.execute(insert(PushRecipient), places)
        return len(people), None

    steps = {"everybody": run(EVERYBODY), "a topic": run(CITY), "a segment": run(SOME)}
    return Way("rows in Python", {**steps, "its list": written})


def _chosen_in_python(where: Any, audience: Audience) -> set[int]:
    rows = where.execute(select(Follower.id, Follower.is_following, Follower.last_seen_at)).all()
    people = {number for number, follows, _seen in rows if follows}
    if audience.kind is AudienceKind.ALL:
        return people
    topics = {audience.topic} if audience.kind is AudienceKind.TAG else set(SEGMENT.topics)
    chosen = where.execute(select(Interest.follower_id, Interest.topic)).all()
    people &= {number for number, topic in chosen if topic in topics}
    if audience.kind is AudienceKind.TAG:
        return people
    came = where.execute(select(SceneEntry.follower_id, SceneEntry.scene)).all()
    people &= {number for number, scene in came if scene == SEGMENT.scene}
    return people & {number for number, _follows, seen in rows if seen >= NOW - SINCE}


def _over_in_python(where: Any) -> set[int]:
    month = NOW.astimezone(clock.SHANGHAI).month
    pushes = where.execute(
        select(Push.id, Push.audience, Push.sent_at).where(Push.state == PushState.SENT)
    ).all()
    own = [one for one in pushes if one.sent_at.astimezone(clock.SHANGHAI).month == month]
    to_all = sum(one.audience == AudienceKind.ALL for one in own)
    got = where.execute(select(PushRecipient.push_id, PushRecipient.follower_id)).all()
    counted = {one.id for one in own}
    had = Counter(number for push_id, number in got if push_id in counted)
    most = limits().mass_send.service_per_month
    return {number for number, times in had.items() if times + to_all >= most}


# wechatpy.


def _wechatpy(address: str) -> Way:
    class Local(WeChatClient):  # type: ignore[misc] # wechatpy is untyped
        API_BASE_URL = f"{address}/cgi-bin/"

    client = Local("wx0", "secret", access_token="T")  # noqa: S106 -- of a server of our own

    def everybody() -> tuple[int, int | None]:
        return len(set(client.user.iter_followers())), None

    def topic() -> tuple[int, int | None]:
        follows = set(client.user.iter_followers())
        return len(follows & set(client.tag.iter_tag_users(TOPICS.index("city")))), None

    return Way("wechatpy", {"everybody": everybody, "a topic": topic})


def _pages(database: Database) -> dict[str, list[list[str]]]:
    """Return what WeChat would answer: its own lists of who follows and who has a topic's tag."""
    with database.long_reads() as connection:
        follows = select(Follower.openid).where(Follower.is_following.is_(True))
        lists = {"user/get": list(connection.scalars(follows))}
        for number, topic in enumerate(TOPICS):
            tagged = follows.join(Interest, Interest.follower_id == Follower.id)
            found = connection.scalars(tagged.where(Interest.topic == topic))
            lists[f"user/tag/get {number}"] = list(found)
    return {
        name: [openids[at : at + PAGE] for at in range(0, len(openids), PAGE)]
        for name, openids in lists.items()
    }


@contextmanager
def _answering(pages: Mapping[str, Sequence[Sequence[str]]]) -> Iterator[str]:
    """Serve the lists from a process of its own, every answer ready."""
    answers: dict[tuple[str, str], bytes] = {}
    for name, parts in pages.items():
        after = ""
        for part in parts:
            told = {
                "total": sum(map(len, parts)),
                "count": len(part),
                "data": {"openid": part},
                "next_openid": part[-1],
            }
            answers[name, after] = json.dumps(told).encode()
            after = part[-1]
        answers[name, after] = b'{"count":0,"next_openid":""}'
    mine, theirs = multiprocessing.Pipe()
    serving = multiprocessing.Process(target=_serve, args=(answers, theirs), daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{mine.recv()}"
    finally:
        serving.kill()
        serving.join()


def _serve(answers: Mapping[tuple[str, str], bytes], tell: Any) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            self._answer("user/get", query.get("next_openid", [""])[0])

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(f"user/tag/get {asked['tagid']}", asked.get("next_openid") or "")

        def _answer(self, name: str, after: str) -> None:
            body = answers[name, after]
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    tell.send(server.server_port)
    server.serve_forever()


# The clock.


def _measure(title: str, ways: Sequence[Way], rounds: int) -> float:
    """Print a table; return the milliseconds of all steps of ours."""
    times: dict[tuple[str, str], list[float]] = {}
    found: dict[str, dict[str, tuple[int, int | None]]] = {}
    for turn in range(rounds + 1):
        for way in ways[turn % len(ways) :] + ways[: turn % len(ways)]:
            for step, run in way.steps.items():
                started = time.perf_counter()
                numbers = run()
                took_ms = (time.perf_counter() - started) * 1000
                if turn:  # the first round warms up
                    times.setdefault((way.name, step), []).append(took_ms)
                found.setdefault(step, {})[way.name] = numbers
    _require_equal(found)
    middle = {key: statistics.median(taken) for key, taken in times.items()}
    _print(title, ways, middle, found)
    return sum(middle["ours", step] for step in ways[0].steps)


def _require_equal(found: Mapping[str, Mapping[str, tuple[int, int | None]]]) -> None:
    for step, told in found.items():
        totals = {total for total, _over in told.values()}
        over = {one for _total, one in told.values() if one is not None}
        if len(totals) > 1 or len(over) > 1:
            message = f"{step}: not the same numbers: {told}"
            raise RuntimeError(message)


def _print(
    title: str,
    ways: Sequence[Way],
    middle: Mapping[tuple[str, str], float],
    found: Mapping[str, Mapping[str, tuple[int, int | None]]],
) -> None:
    print(f"\n{title}, milliseconds (median)")
    print(f"{'':12}{'people':>9}{'over':>8}" + "".join(f"{way.name:>18}" for way in ways))
    for step in ways[0].steps:
        total, over = found[step]["ours"]
        cells = [
            f"{middle[way.name, step]:>18.1f}" if step in way.steps else f"{'—':>18}"
            for way in ways
        ]
        print(f"{step:12}{total:>9,}{'' if over is None else f'{over:,}':>8}" + "".join(cells))
    sums = [sum(middle[way.name, step] for step in way.steps) for way in ways]
    print(f"{'together':29}" + "".join(f"{one:>18.1f}" for one in sums))
    print(
        f"{'of what ours needs for that':29}"
        + "".join(_ratio(way, ways[0], middle) for way in ways)
    )


def _ratio(way: Way, ours: Way, middle: Mapping[tuple[str, str], float]) -> str:
    same = sum(middle[ours.name, step] for step in way.steps)
    return f"{sum(middle[way.name, step] for step in way.steps) / same:>16.1f} x"


def _print_plans(database: Database) -> None:
    """Print how the database comes to the number of a segment."""
    asked: list[tuple[str, Any]] = []
    with database.reads() as connection:
        event.listen(
            connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3]))
        )
        audiences.count(connection, SOME, now=NOW, account=SERVICE)
    [(statement, values)] = asked
    prefix = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN (ANALYZE, COSTS OFF) "
    with database.long_reads() as connection:
        for row in connection.exec_driver_sql(prefix + statement, values):
            print("   ", row[-1])


@contextmanager
def _postgres(server: str) -> Iterator[str]:
    address = server.replace("+psycopg", "") + "/postgres"
    name = f"benchmark_{random.getrandbits(48):x}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield f"{server}/{name}"
    finally:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


if __name__ == "__main__":
    sys.exit(main())
