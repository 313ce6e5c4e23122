"""Each code of WeChat's leads to the class that says what to do."""

from datetime import datetime

import pytest

from tests.wechat.fake_platform import NOON
from wx_archive.core.clock import SHANGHAI
from wx_archive.wechat import errors
from wx_archive.wechat.errors import PlatformError, QuotaError
from wx_archive.wechat.refusals import next_midnight, refusal

PATH = "/cgi-bin/menu/create"
MEANT: dict[type[PlatformError], list[int]] = {
    errors.TokenRefusedError: [40001, 40014, 42001, 41001],
    errors.MisconfiguredError: [40013, 40125, 40164, 40243, 41002, 41004],
    errors.BusyError: [-1, -1000, 45066],
    errors.QuotaError: [45009, 45011, 45028, 48006],
    errors.FollowerError: [40003, 43004, 43005, 43019, 43101, 45015, 45047, 45059, 49003],
    errors.ForbiddenError: [48001, 48003, 48004],
    errors.OAuthCodeError: [40029, 40163, 42003],
    errors.ContentError: [
        *range(40004, 40013),
        *range(40015, 40028),
        *(40033, 40035, 40037, 44002, 44003, 44004, 46003, 47001, 47003, 53503, 53504, 65320),
        *range(45001, 45009),
        *(40032, 40130, 45056, 45058, 45067, 45110, 45157, 45158, 45159, 53505),
    ],
    errors.PlatformError: [99999, 1, -2],
}


def meaning(code: int, words: str = "no rid: 68bc1283-2b9f1fa3-0caf8618") -> PlatformError:
    return refusal(code, words, path=PATH, now=NOON)


@pytest.mark.parametrize(
    ("kind", "code"), [(kind, code) for kind, codes in MEANT.items() for code in codes]
)
def test_a_code_has_its_class_its_number_and_a_sentence(
    kind: type[PlatformError], code: int
) -> None:
    error = meaning(code)
    assert type(error) is kind
    assert (error.code, error.path) == (code, PATH)
    assert error.rid == "68bc1283-2b9f1fa3-0caf8618"
    sentence, _, marks = str(error).rpartition("（")
    assert not sentence.isascii()
    assert marks == f"错误码 {code}，rid {error.rid}）"


@pytest.mark.parametrize(
    ("words", "rid"),
    [
        ("invalid credential rid: 1-2", "1-2"),
        ("rid:12", "12"),
        ("", ""),
        ("hint: [abc]", ""),
        ("rid: <script>", ""),
        ("rid: " + "9" * 500, "9" * 64),
    ],
)
def test_the_number_of_a_call_is_found_in_wechats_words(words: str, rid: str) -> None:
    assert meaning(48001, words).rid == rid


def test_only_the_number_of_wechats_words_is_kept() -> None:
    assert "SECRET" not in str(meaning(40035, "bad SECRET rid: 1"))


def test_a_refused_address_is_named_because_staff_must_list_it() -> None:
    assert "10.1.2.3" in str(meaning(40164, "invalid ip 10.1.2.3 ipv6 ::ffff:10.1.2.3, not in"))


def test_where_a_token_is_asked_for_a_bad_credential_is_the_secret() -> None:
    error = refusal(40001, "invalid credential", path="/cgi-bin/stable_token", now=NOON)
    assert type(error) is errors.MisconfiguredError
    assert "WX_ARCHIVE_WECHAT_APP_SECRET" in str(error)


@pytest.mark.parametrize(
    ("code", "now", "until"),
    [
        (45009, "2026-11-23T23:59:59+08:00", "2026-11-24T00:00:00+08:00"),
        (45009, "2026-11-23T16:00:00+00:00", "2026-11-25T00:00:00+08:00"),
        (45028, "2026-12-31T12:00:00+08:00", "2027-01-01T00:00:00+08:00"),
        (45011, "2026-11-23T23:59:59+08:00", "2026-11-24T00:00:59+08:00"),
        (48006, "2026-11-23T12:00:00+08:00", "2026-12-01T00:00:00+08:00"),
        (48006, "2026-11-30T12:00:00+08:00", "2026-12-01T00:00:00+08:00"),
        (48006, "2026-12-31T23:00:00+08:00", "2027-01-01T00:00:00+08:00"),
        (48006, "2027-01-31T00:00:00+08:00", "2027-02-01T00:00:00+08:00"),
    ],
)
def test_a_quota_says_when_it_begins_anew(code: int, now: str, until: str) -> None:
    error = refusal(code, "", path=PATH, now=datetime.fromisoformat(now))
    assert isinstance(error, QuotaError)
    assert error.until == datetime.fromisoformat(until)


def test_midnight_is_that_of_shanghai() -> None:
    assert next_midnight(NOON) == datetime(2026, 11, 24, tzinfo=SHANGHAI)
