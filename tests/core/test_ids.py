"""Identifiers: unguessable, stable where they must be, never telling whose they are."""

from hypothesis import given
from hypothesis import strategies as st

from wx_archive.core.ids import is_pid, new_trace_id, pseudonym, stable_pid


@given(st.text(), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_stable_id_depends_on_its_key_and_the_secret_only(namespace: str, secret: str) -> None:
    namespace = namespace.encode(errors="replace").decode()
    pid = stable_pid(namespace, "k", secret)
    assert is_pid(pid)
    assert stable_pid(namespace, "k", secret) == pid
    others = {
        stable_pid(namespace, "k2", secret),
        stable_pid(namespace + "x", "k", secret),
        stable_pid(namespace, "k", secret + "x"),
    }
    assert pid not in others


def test_namespace_and_key_do_not_run_together() -> None:
    assert stable_pid("ab", "c", "s") != stable_pid("a", "bc", "s")


def test_only_the_shape_of_a_public_id_is_taken() -> None:
    good = stable_pid("record", "R1", "secret")
    for bad in (
        "",
        good[:-1],
        good + "0",
        good.lower(),
        good[:-1] + "U",
        good[:-1] + "é",
        "0" * 25,
    ):
        assert not is_pid(bad)


def test_a_pseudonym_tells_nothing_without_the_secret() -> None:
    openid = "oCitizen0000000000000000001"
    name = pseudonym(openid, "secret")
    assert name == pseudonym(openid, "secret")
    assert name != pseudonym(openid, "other")
    assert name != pseudonym(openid + "x", "secret")
    assert "Citizen" not in name
    assert len(name) == 16


def test_trace_ids_are_short_and_different() -> None:
    assert len({new_trace_id() for _ in range(100)}) == 100
    assert len(new_trace_id()) == 12
