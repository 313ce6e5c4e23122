"""Codes of an authenticator: one step early or late, each good once; secrets sealed."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from wx_archive.staff import qr, secondfactor

NOW = datetime(2026, 11, 23, 2, 0, 10, tzinfo=UTC)
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""RFC 6238, appendix B: «12345678901234567890»."""
KEY = "the installation's secret"


def step_of(instant: datetime) -> int:
    return int(instant.timestamp()) // 30


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (2000000000, "279037")]
)
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert secondfactor.matching_step(SECRET, code, after=0, now=now) == seconds // 30


@pytest.mark.parametrize(
    ("off_s", "is_right"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_clock_may_be_one_step_early_or_late(off_s: int, *, is_right: bool) -> None:
    there = NOW + timedelta(seconds=off_s)
    code = pyotp.TOTP(SECRET).at(there)
    found = secondfactor.matching_step(SECRET, code, after=0, now=NOW)
    assert found == (step_of(there) if is_right else None)


def test_a_step_that_was_used_is_over_and_so_are_those_before_it() -> None:
    used = step_of(NOW)
    for at in (NOW - timedelta(seconds=30), NOW):
        code = pyotp.TOTP(SECRET).at(at)
        assert secondfactor.matching_step(SECRET, code, after=used, now=NOW) is None
    later = pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=30))
    assert secondfactor.matching_step(SECRET, later, after=used, now=NOW) == used + 1


@pytest.mark.parametrize("shape", ["{} {}", " {}{} ", "{}-{}", "{}　{}"])
def test_a_code_is_read_however_it_is_typed(shape: str) -> None:
    code = pyotp.TOTP(SECRET).at(NOW)
    typed = shape.format(code[:3], code[3:])
    wide = typed.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    for text in (typed, wide):
        assert secondfactor.matching_step(SECRET, text, after=0, now=NOW) == step_of(NOW)


@pytest.mark.parametrize("typed", ["", "12345", "\ud800", "二八七〇八二", "9" * 500])
def test_anything_else_is_simply_wrong(typed: str) -> None:
    assert secondfactor.matching_step(SECRET, typed, after=0, now=NOW) is None


def test_a_sealed_secret_opens_for_its_owner_and_installation_alone() -> None:
    sealed = secondfactor.seal(SECRET, KEY, member_id=7)
    assert SECRET.encode() not in sealed
    assert sealed != secondfactor.seal(SECRET, KEY, member_id=7)
    assert secondfactor.unseal(sealed, KEY, member_id=7) == SECRET
    assert secondfactor.unseal(sealed, KEY, member_id=8) is None
    assert secondfactor.unseal(sealed, "another secret", member_id=7) is None
    assert secondfactor.unseal(sealed[:-1] + b"x", KEY, member_id=7) is None


def test_new_secrets_have_160_bits_and_are_typed_over_in_groups_of_four() -> None:
    secret = secondfactor.new_secret()
    assert len(secret) == 32
    groups = secondfactor.grouped(secret).split()
    assert [len(group) for group in groups] == [4] * 8
    assert "".join(groups) == secret


def test_the_picture_is_plain_svg_that_any_policy_lets_be() -> None:
    address = secondfactor.address_of(SECRET, login="chenxm", issuer="兰台档案")
    assert address.startswith("otpauth://totp/")
    assert f"secret={SECRET}" in address
    drawn = ET.fromstring(qr.draw(address))  # noqa: S314 -- our own text
    assert drawn.tag == "svg"
    attributes = {name for element in drawn.iter() for name in element.attrib}
    assert "style" not in attributes
    assert not {name for name in attributes if name.startswith("on") or "href" in name}


def test_recovery_codes_are_ten_and_only_their_hashes_are_kept() -> None:
    codes = secondfactor.new_recovery_codes()
    assert len(set(codes)) == 10
    hashes = {secondfactor.hash_recovery_code(code, member_id=7) for code in codes}
    assert len(hashes) == 10
    assert not hashes & set(codes)
    typed = codes[0].upper().replace("-", " ")
    assert secondfactor.hash_recovery_code(typed, member_id=7) in hashes
    assert secondfactor.hash_recovery_code(codes[0], member_id=8) not in hashes
