"""A card is a promise: whatever is killed, ten right answers are one card, and no answer two."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults import invariants, ledger
from tests.faults.conftest import Make, Place, Size, Tell
from tests.faults.players import Line, Player
from tests.faults.report import summed
from tests.faults.test_kills import Kills, kill_parents
from tests.faults.tree import Tree, account
from tests.quiz.making import a_facsimile, a_season, a_site_folder, some_questions
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.quiz import stock
from wx_archive.quiz.rules import RIGHT_FOR_CARD, StockAction

PIECES = 10
WRONG = 2
"""Questions that everybody answers wrongly; they count for nothing."""


def open_season(settings: Settings, *, pieces: int) -> None:
    """Begin a season, with so many pieces of one facsimile on the shelf."""
    today, now = clock.today(), clock.now()
    days = {
        "starts_on": today - timedelta(days=1),
        "ends_on": today + timedelta(days=20),
        "pick_up_until": today + timedelta(days=50),
    }
    database = Database(settings.database)
    try:
        with database.begin() as session:
            a_season(session, **days)
            shelf = a_facsimile(session, on_hand=0)
            received = StockAction.RECEIVE
            assert stock.move(session, shelf, received, pieces=pieces, actor="desk", now=now)
    finally:
        database.dispose()


def checked(settings: Settings) -> list[str]:
    """Return what `wx-archive cards check` finds wrong."""
    done = subprocess.run(
        [sys.executable, "-m", "wx_archive", "cards", "check"],
        env=settings.environment(),
        cwd=settings.data_dir,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return [] if done.returncode == 0 else [f"cards check: {(done.stdout + done.stderr)[-300:]}"]


def miscounted(settings: Settings, players: Sequence[Player], right: int) -> list[str]:
    """Return whose answers or cards are not exactly those that they have earned."""
    database = Database(settings.database)
    try:
        answers = ledger.rows(
            database,
            "SELECT openid, right_no FROM quiz_answer JOIN quiz_entry ON quiz_entry.id = entry_id"
            " JOIN follower ON follower.id = follower_id ORDER BY right_no",
        )
        cards = ledger.rows(
            database,
            "SELECT openid, ordinal FROM quiz_card JOIN quiz_entry ON quiz_entry.id = entry_id"
            " JOIN follower ON follower.id = follower_id ORDER BY ordinal",
        )
    finally:
        database.dispose()
    breaches = []
    for player in players:
        numbers = [number for openid, number in answers if openid == player.openid]
        counted = [number for number in numbers if number is not None]
        if counted != list(range(1, right + 1)) or len(numbers) != right + WRONG:
            breaches.append(f"answers miscounted: {len(counted)} of {len(numbers)}")
        earned = [ordinal for openid, ordinal in cards if openid == player.openid]
        if earned != list(range(1, right // RIGHT_FOR_CARD + 1)):
            breaches.append(f"cards miscounted: {earned}")
    if len(cards) != len(players) * (right // RIGHT_FOR_CARD):
        breaches.append(f"cards miscounted: {len(cards)} in all")
    return breaches


def promised(settings: Settings) -> tuple[int, int, int]:
    """Return how many vouchers there are, how many owners they have, and the pieces reserved."""
    database = Database(settings.database)
    try:
        (row,) = ledger.rows(
            database,
            "SELECT count(*), count(DISTINCT entry_id), (SELECT sum(reserved) FROM quiz_facsimile)"
            " FROM quiz_voucher",
        )
    finally:
        database.dispose()
    return row[0], row[1], row[2]


def misjudged(players: Sequence[Player]) -> list[str]:
    """Return the followers who were told of more or fewer right answers than they gave.

    A verdict may be missed: its message was counted, never acknowledged, and said again.
    """
    return [
        "misjudged"
        for player in players
        if player.verdicts.count("✘") > WRONG or player.verdicts.count("✔") > player.right
    ]


async def kill_trees(tree: Tree, kills: Kills) -> None:
    """Kill the whole tree again and again, however long a busy machine takes to start it."""
    while kills.number < kills.limit:
        with suppress(TimeoutError):
            await kill_parents(tree, kills)


async def played(tree: Tree, players: Sequence[Player], kills: Kills) -> None:
    """Let everybody play and then ask for their facsimile at once, while the tree is killed."""
    await tree.all_up()
    killing = asyncio.create_task(kill_trees(tree, kills))
    async with asyncio.TaskGroup() as group:
        for player in players:
            group.create_task(player.plays())
    async with asyncio.TaskGroup() as group:
        for player in players:
            group.create_task(player.says("领取"))
    killing.cancel()
    with suppress(asyncio.CancelledError):
        await killing
    await tree.ready()


def run(place: Place, size: Size, tell: Tell) -> None:
    number, right = size.count(100, 12), size.count(100, 20)
    open_season(place.settings, pieces=PIECES)
    kills = Kills(limit=size.count(40, 2))
    with account(place.settings) as tree:
        line = Line(tree.port)
        players = [Player(line, f"oPlayer{n:021d}", right) for n in range(number)]
        asyncio.run(played(tree, players, kills))
    books = ledger.read(place.settings)
    breaches = [
        *invariants.unanswered(line.told),
        *invariants.unequal(line.told),
        *invariants.unreadable(line.told),
        *invariants.failed(line.told),
        *invariants.lost(line.told, books),
        *invariants.invented(line.told, books),
        *miscounted(place.settings, players, right),
        *misjudged(players),
        *checked(place.settings),
        *kills.orphans,
    ]
    has_all_cards = right >= RIGHT_FOR_CARD * 10
    vouchers = PIECES if has_all_cards else 0
    if promised(place.settings) != (vouchers, vouchers, vouchers):
        breaches.append(f"vouchers miscounted: {promised(place.settings)}")
    if sum("领取凭证" in one.text for one in players) != vouchers:
        breaches.append("vouchers told otherwise")
    refusal = "领完了" if has_all_cards else "还差 8 张"
    if sum(refusal in one.text for one in players) != number - vouchers:
        breaches.append("refusals told otherwise")
    note = f"({kills.number} kills, {number} by {right})"
    tell(summed("quiz", place.name, line.told, books, breaches, note))
    assert not breaches
    assert kills.number >= size.count(5, 2)


@pytest.mark.timeout(2_400)
def test_ten_right_answers_are_one_card_whatever_is_killed(
    make: Make, size: Size, tell: Tell, tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir()
    questions = some_questions(size.count(100, 20) + WRONG)
    site = a_site_folder(tmp_path / "site", questions)
    for kind in ("sqlite", "postgresql") if size.is_full else ("postgresql",):
        run(make(kind, site_dir=site), size, tell)
