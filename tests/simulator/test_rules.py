"""WeChat's rules that need no network: menus, windows, tokens, media."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from wx_archive.media import films, recordings
from wx_archive.simulator.errors import ApiError, RefusedError
from wx_archive.simulator.media import (
    LIFETIME,
    Media,
    check_article_image,
    check_upload,
    content_type_of,
    draw_picture,
    film_nothing,
    record_silence,
)
from wx_archive.simulator.menu import find_button, read_menu
from wx_archive.simulator.tokens import FORCED_PER_DAY, TokenDesk
from wx_archive.simulator.windows import Occasion, Window, opened, spend

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_button(**changes: Any) -> dict[str, Any]:
    return {"type": "click", "name": "名", "key": "k"} | changes


def under(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"name": "上", "sub_button": list(buttons)}


def errcode_of(call: Any, *args: Any, **kwargs: Any) -> int:
    with pytest.raises(ApiError) as caught:
        call(*args, **kwargs)
    return caught.value.errcode


@pytest.mark.parametrize(
    ("buttons", "errcode"),
    [
        ([a_button()] * 4, 40016),
        ("not a list", 40016),
        ([["not an object"]], 40017),
        ([a_button(type="hologram")], 40017),
        ([a_button(name="")], 40018),
        ([a_button(name="六个汉字太长")], 40018),
        ([a_button(key="")], 40019),
        ([a_button(key="k" * 129)], 40019),
        ([a_button(type="view", url="http://a/" + "x" * 1016)], 40020),
        ([a_button(type="view", url="weixin://x")], 40055),
        ([a_button(type="media_id")], 40007),
        ([a_button(type="miniprogram", url="http://a/", appid="wx1")], 40007),
        ([under(*[a_button()] * 6)], 40023),
        ([under(under(a_button()))], 40022),
        ([under(a_button(type="x"))], 40024),
        ([under(a_button(name="字" * 21))], 40025),
        ([under(a_button(key=""))], 40026),
        ([under(a_button(type="view", url=""))], 40027),
        ([under(a_button(type="view", url="ftp://a/"))], 40054),
    ],
)
def test_a_menu_beyond_the_limits_is_refused(buttons: Any, errcode: int) -> None:
    assert errcode_of(read_menu, {"button": buttons}) == errcode


def test_a_menu_at_the_limits_is_accepted() -> None:
    full = under(*[a_button(name="字" * 20, key="k" * 128)] * 5)
    view = a_button(type="view", url="http://a/" + "x" * 1015)
    menu = read_menu({"button": [full, view, a_button(name="五个汉字x")]})
    assert [len(button.buttons) for button in menu] == [5, 0, 0]
    assert read_menu({"button": [button.as_json() for button in menu]}) == menu


def test_buttons_are_found_by_their_names() -> None:
    menu = read_menu({"button": [under(a_button(name="查", key="k.1")), a_button()]})
    assert find_button(menu, "上/查").values == {"key": "k.1"}
    assert find_button(menu, "名").type == "click"
    for path in ("", "上", "查", "上/没有", "名/名"):
        with pytest.raises(RefusedError) as caught:
            find_button(menu, path)
        assert caught.value.status == 404


@pytest.mark.parametrize(
    ("occasion", "messages", "lasts"),
    [
        (Occasion.MESSAGE, 5, timedelta(hours=48)),
        (Occasion.CLICK, 3, MINUTE),
        (Occasion.SUBSCRIBE, 3, MINUTE),
        (Occasion.SCAN, 3, MINUTE),
    ],
)
def test_each_occasion_opens_its_window(
    occasion: Occasion, messages: int, lasts: timedelta
) -> None:
    windows = {occasion: opened(occasion, now=NOON)}
    late = NOON + lasts - timedelta(seconds=1)
    for _ in range(messages):
        spend(windows, now=late)
    assert errcode_of(spend, windows, now=late) == 45047
    assert errcode_of(spend, windows, now=NOON + lasts) == 45015


def test_the_window_that_closes_first_is_spent_first() -> None:
    windows = {each: opened(each, now=NOON) for each in (Occasion.MESSAGE, Occasion.CLICK)}
    spend(windows, now=NOON)
    assert windows[Occasion.CLICK] == Window(NOON + MINUTE, 2)
    assert windows[Occasion.MESSAGE].left == 5


def test_without_any_occasion_there_is_no_window() -> None:
    assert errcode_of(spend, {}, now=NOON) == 45015


def test_a_new_plain_token_ends_the_one_before_within_five_minutes() -> None:
    desk = TokenDesk()
    first = desk.issue_plain(now=NOON)
    second = desk.issue_plain(now=NOON + MINUTE)
    assert second.seconds_left(NOON + MINUTE) == 7200
    desk.check(first.value, now=NOON + 5 * MINUTE)
    assert errcode_of(desk.check, first.value, now=NOON + 6 * MINUTE) == 42001
    desk.check(second.value, now=NOON + 6 * MINUTE)


def test_a_token_ends_after_two_hours_and_is_forgotten_a_day_later() -> None:
    desk = TokenDesk()
    token = desk.issue_plain(now=NOON)
    two_hours = timedelta(hours=2)
    desk.check(token.value, now=NOON + two_hours - timedelta(seconds=1))
    assert errcode_of(desk.check, token.value, now=NOON + two_hours) == 42001
    much_later = NOON + timedelta(days=2)
    desk.issue_plain(now=much_later)
    desk.issue_plain(now=much_later)
    assert errcode_of(desk.check, token.value, now=much_later) in {40001, 42001}


def test_the_stable_token_is_renewed_five_minutes_early_and_overlaps() -> None:
    desk = TokenDesk()
    first = desk.issue_stable(force=False, now=NOON)
    assert desk.issue_stable(force=False, now=NOON + 114 * MINUTE) == first
    second = desk.issue_stable(force=False, now=NOON + 115 * MINUTE)
    assert second != first
    desk.check(first.value, now=NOON + 119 * MINUTE)


def test_stable_and_plain_tokens_do_not_end_each_other() -> None:
    desk = TokenDesk()
    stable = desk.issue_stable(force=False, now=NOON)
    plain = desk.issue_plain(now=NOON)
    desk.issue_stable(force=True, now=NOON)
    desk.check(plain.value, now=NOON + 119 * MINUTE)
    assert errcode_of(desk.check, stable.value, now=NOON) == 42001


def test_forcing_is_counted() -> None:
    desk = TokenDesk()
    for number in range(FORCED_PER_DAY):
        desk.issue_stable(force=True, now=NOON + number * MINUTE)
    last = NOON + FORCED_PER_DAY * MINUTE
    early = last - MINUTE + timedelta(seconds=29)
    assert errcode_of(desk.issue_stable, force=True, now=early) == 45011
    assert errcode_of(desk.issue_stable, force=True, now=last) == 45009
    desk.issue_stable(force=True, now=NOON + timedelta(days=1))


@pytest.mark.parametrize(
    ("kind", "start", "limit_bytes", "errcode"),
    [
        ("image", b"\x89PNG\r\n\x1a\n", 10 << 20, 40009),
        ("voice", b"#!AMR\n", 2 << 20, 40010),
        ("video", b"\0\0\0\x18ftyp", 10 << 20, 40011),
        ("thumb", b"\xff\xd8\xff", 64 << 10, 40012),
    ],
)
def test_uploads_have_size_limits(kind: str, start: bytes, limit_bytes: int, errcode: int) -> None:
    assert check_upload(kind, start.ljust(limit_bytes, b"\0"))
    assert errcode_of(check_upload, kind, start.ljust(limit_bytes + 1, b"\0")) == errcode


def test_uploads_are_known_by_their_first_bytes() -> None:
    assert errcode_of(check_upload, "hologram", b"x") == 40004
    assert errcode_of(check_upload, "image", b"<svg/>") == 40005
    assert errcode_of(check_upload, "thumb", b"\x89PNG\r\n\x1a\n") == 40005
    assert errcode_of(check_article_image, b"\xff\xd8\xff".ljust(1 << 20, b"\0")) == 40009
    assert check_article_image(b"\xff\xd8\xff".ljust((1 << 20) - 1, b"\0")) == "image/jpeg"


def test_samples_are_what_they_claim_to_be() -> None:
    assert content_type_of(draw_picture(1)) == "image/png"
    assert content_type_of(record_silence(1)) == "audio/amr"
    assert content_type_of(film_nothing()) == "video/mp4"


def test_samples_are_what_an_account_can_read(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(film_nothing())
    assert films.look(tmp_path / "film.mp4") == films.Film(320, 240, 2000)
    assert recordings.look(record_silence(4)).duration_ms == 4000


def test_temporary_media_lasts_three_days_and_article_pictures_for_good() -> None:
    image, article = (Media("m", kind, "image/png", NOON) for kind in ("image", "article"))
    assert not image.has_expired(NOON + LIFETIME - timedelta(seconds=1))
    assert image.has_expired(NOON + LIFETIME)
    assert not article.has_expired(NOON + 10 * LIFETIME)
