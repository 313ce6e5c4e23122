"""The judges of the fault suites can say no: each breach is seen, and what is right passes."""

from dataclasses import replace

from tests.faults import invariants
from tests.faults.caller import Told
from tests.faults.ledger import Books
from tests.faults.messages import Kind, Message, a_message, again, plan
from tests.faults.report import Row, summed, table, verdict
from tests.faults.wire import Outcome

CHOSEN = "已选上「出彩十堰」。"
DROPPED = "已取消「出彩十堰」。"
WHO = "oWho0000000000000000000000"


def ok(reply: str, took_s: float = 0.1) -> Outcome:
    return Outcome(200, reply, took_s)


def a_tap(second: int = 1_800_000_000) -> Message:
    return a_message(Kind.TAP, WHO, second, "city")


def told(message: Message, *outcomes: Outcome) -> Told:
    return Told(message, list(outcomes))


def books(*handled: Message, chosen: bool = False, follows: bool = True, at: int = 0) -> Books:
    return Books(
        handled=frozenset(message.key for message in handled),
        unfinished=frozenset(),
        chosen=frozenset({(WHO, "city")} if chosen else ()),
        following={WHO: follows},
        changed_at={WHO: at},
        buried=0,
    )


def test_what_went_well_is_no_breach() -> None:
    one, two, three = a_tap(), a_tap(), a_tap()
    seen = [told(one, ok(CHOSEN), ok(CHOSEN)), told(two, ok(DROPPED)), told(three, ok(CHOSEN))]
    assert invariants.after_all(seen, books(one, two, three, chosen=True)) == []


def test_a_message_without_an_answer_is_seen_unless_its_follower_sent_it_again() -> None:
    silent = told(a_tap(), Outcome(None, None, 5.0), Outcome(503, None, 4.5))
    assert invariants.unanswered([silent])
    silent.instead = told(again(silent.message, 1_800_000_100), ok(CHOSEN))
    assert not invariants.unanswered([silent])
    silent.instead.outcomes = [Outcome(None, None, 5.0)]
    assert invariants.unanswered([silent])


def test_deliveries_of_one_message_with_two_answers_are_seen() -> None:
    assert invariants.unequal([told(a_tap(), ok(CHOSEN), ok(DROPPED))])
    assert not invariants.unequal([told(a_tap(), Outcome(503, None, 4.5), ok(CHOSEN))])


def test_an_acknowledged_effect_that_is_not_there_is_seen() -> None:
    tap = a_tap()
    assert invariants.lost([told(tap, ok(CHOSEN))], books())
    assert not invariants.lost([told(tap, Outcome(None, None, 5.0))], books())
    half_done = replace(books(tap), unfinished=frozenset({tap.key}))
    assert invariants.lost([told(tap, ok(CHOSEN))], half_done)
    assert invariants.invented([told(tap, ok(CHOSEN))], half_done)


def test_an_effect_nobody_asked_for_is_seen() -> None:
    assert invariants.invented([], books(a_tap()))
    assert invariants.invented([], replace(books(), buried=1))


def test_an_effect_that_happened_twice_or_not_at_all_is_seen() -> None:
    tap = a_tap()
    assert invariants.doubled([told(tap, ok(CHOSEN))], books(tap, chosen=False))
    assert invariants.doubled([told(a_tap(), Outcome(None, None, 5.0))], books(chosen=True))
    assert not invariants.doubled([told(tap, ok(CHOSEN))], books(tap, chosen=True))


def test_answers_that_do_not_alternate_are_seen_even_when_the_state_is_right() -> None:
    one, two = a_tap(), a_tap()
    both = books(one, two)
    assert invariants.misworded([told(one, ok(CHOSEN)), told(two, ok(CHOSEN))], both)
    assert invariants.misworded([told(one, ok(DROPPED)), told(two, ok(DROPPED))], both)
    assert not invariants.misworded([told(two, ok(DROPPED)), told(one, ok(CHOSEN))], both)
    assert invariants.misworded([told(one, ok("请稍后再试"))], books(one))


def test_a_late_event_that_brought_an_old_state_back_is_seen() -> None:
    arrival = a_message(Kind.ARRIVAL, WHO, 1_800_000_001)
    departure = a_message(Kind.DEPARTURE, WHO, 1_800_000_002)
    seen = [told(departure, ok("success")), told(arrival, ok("success"))]
    right = books(arrival, departure, follows=False, at=1_800_000_002)
    assert not invariants.misplaced(seen, right)
    assert invariants.misplaced(seen, replace(right, following={WHO: True}))
    assert invariants.misplaced(seen, replace(right, changed_at={WHO: 1_800_000_001}))


def test_answers_that_come_late_early_wrong_or_not_at_all_are_seen() -> None:
    assert invariants.late([told(a_tap(), ok(CHOSEN, 4.95))])
    assert invariants.hasty([told(a_tap(), Outcome(503, None, 0.2))])
    assert not invariants.hasty([told(a_tap(), Outcome(503, None, 4.5))])
    assert invariants.failed([told(a_tap(), Outcome(500, None, 0.2))])
    assert not invariants.failed([told(a_tap(), Outcome(503, None, 4.5), ok(CHOSEN))])
    assert invariants.silent([told(a_tap(), Outcome(None, None, 5.0))])
    assert invariants.unreadable([told(a_tap(), Outcome(200, None, 0.1, is_readable=False))])


def test_firings_that_are_missing_or_done_twice_are_seen() -> None:
    assert not invariants.firing_breaches(["a", "b"], {"a": 1, "b": 1})
    assert invariants.firing_breaches(["a", "b"], {"a": 1})
    assert invariants.firing_breaches(["a"], {"a": 2})
    assert invariants.firing_breaches(["a"], {"a": 1, "b": 1})


def test_percentiles_are_values_that_were_seen() -> None:
    values = [number / 100 for number in range(100)]
    assert invariants.percentile(values, 0.5) == 0.5
    assert invariants.percentile(values, 0.99) == 0.99
    assert invariants.percentile(values, 1.0) == 0.99
    assert invariants.percentile([], 0.5) == 0


def test_the_plan_is_the_same_every_time_and_no_two_messages_look_alike() -> None:
    def planned() -> list[tuple[str, str, str]]:
        crowd = plan(number=500, rate=100, start=1_800_000_000, later_s=(1, 2))
        assert 60 < sum(one.double is not None for one in crowd) < 140
        assert len({one.message.key for one in crowd}) == 500
        return [(one.message.kind, one.message.openid, one.message.subject) for one in crowd]

    assert planned() == planned()
    assert {kind for kind, _openid, _subject in planned()} == set(Kind)


def test_the_table_tells_what_was_lost() -> None:
    tap = a_tap()
    seen = [told(tap, Outcome(None, None, 5.0), ok(CHOSEN, 0.25))]
    row = summed("locked", "SQLite", seen, books(), invariants.lost(seen, books()))
    assert (row.effects, row.lost, row.answered, row.deliveries) == ((1, 0), 1, 1, 2)
    assert row.verdict == "FAILED 1 lost"
    head, line = table([row.fields])
    assert head.split()[:2] == ["scenario", "database"]
    assert "1/0" in line
    assert "250/250/250" in line
    assert verdict([], "(2 kills)") == "ok (2 kills)"
    assert "ok" in table([Row("start", "SQLite", "ok").fields])[1]
