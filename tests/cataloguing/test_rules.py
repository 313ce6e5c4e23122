"""Why the public does not see an entry: the reasons agree with the one predicate."""

from datetime import date, timedelta
from itertools import product

import pytest

from wx_archive.catalogue.rules import Disclosure, Openness, Secrecy
from wx_archive.cataloguing import texts
from wx_archive.cataloguing.rules import (
    Hidden,
    RecordAccess,
    ReleaseKind,
    ReleaseState,
    hidden_document,
)

TODAY = date(2026, 11, 23)
DAYS = (None, TODAY - timedelta(1), TODAY, TODAY + timedelta(1))


def test_a_record_has_a_reason_exactly_when_the_public_does_not_see_it() -> None:
    for told in product(Openness, Secrecy, DAYS, (False, True), (False, True)):
        access = RecordAccess(*told)
        assert access.is_public(TODAY) == (access.hidden(TODAY) == ()), told


@pytest.mark.parametrize("disclosure", Disclosure)
def test_so_does_a_document(disclosure: Disclosure) -> None:
    is_hidden = disclosure is Disclosure.NONE
    assert hidden_document(disclosure, is_withdrawn=False) == (
        (Hidden.NOT_DISCLOSED,) if is_hidden else ()
    )
    assert hidden_document(disclosure, is_withdrawn=True) == (
        (Hidden.WITHDRAWN,) if is_hidden else ()
    )


def test_every_reason_is_said_of_its_own_case() -> None:
    plain = (Openness.OPEN, Secrecy.PUBLIC, None, False, False)
    cases = {
        Hidden.LIVELIHOOD: (*plain[:3], True, False),
        Hidden.CLOSED_ABOVE: (*plain[:4], True),
        Hidden.INTERNAL: (plain[0], Secrecy.INTERNAL, *plain[2:]),
        Hidden.UNREVIEWED: (Openness.UNREVIEWED, *plain[1:]),
        Hidden.CONTROLLED: (Openness.CONTROLLED, *plain[1:]),
        Hidden.DEFERRED: (Openness.DEFERRED, Secrecy.PUBLIC, DAYS[-1], False, False),
        Hidden.OPENS_LATER: (Openness.OPEN, Secrecy.PUBLIC, DAYS[-1], False, False),
    }
    for why, told in cases.items():
        assert RecordAccess(*told).hidden(TODAY) == (why,)


def test_everything_has_its_words() -> None:
    assert set(texts.HIDDEN) == set(texts.HIDDEN_SHORT) == set(Hidden)
    assert set(texts.RELEASES) == set(ReleaseKind)
    assert set(texts.RELEASE_STATES) == set(texts.RELEASE_SHAPES) == set(ReleaseState)
    assert set(texts.OPENNESS) == set(Openness)
    assert set(texts.DISCLOSURE) == set(Disclosure)
