"""How long the account takes to answer after it was killed."""

import asyncio

import pytest

from tests.faults.conftest import Place, Size, Tell
from tests.faults.report import Row, times_ms, verdict
from tests.faults.tree import Tree, account

READY_WITHIN_S = 10.0


@pytest.mark.timeout(120)
def test_after_a_kill_the_account_is_ready_again_soon(place: Place, size: Size, tell: Tell) -> None:
    async def run(tree: Tree) -> list[float]:
        await tree.all_up()
        took_s = []
        for _ in range(size.count(5, 2)):
            tree.kill_parent()
            assert not await tree.orphans()
            tree.start()
            took_s.append(await tree.ready())
        return took_s

    with account(place.settings) as tree:
        took_s = asyncio.run(run(tree))
    slow = [f"slow start: {one:.1f} s" for one in took_s if one > READY_WITHIN_S]
    tell(Row("ready after kill", place.name, verdict(slow), times_ms=times_ms(took_s)))
    assert not slow
