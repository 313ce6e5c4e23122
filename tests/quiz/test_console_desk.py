"""The desk in the console: scan or type, check, confirm, receipt; undone by another; the paper."""

import csv
import io
import re
from datetime import timedelta
from urllib.parse import quote, unquote

import pytest
from sqlalchemy import select, update

from tests.console import Browser, Office
from tests.html import read_page
from tests.quiz.making import a_season, known_season
from tests.quiz.vouchers_making import SPEECH, a_collector, a_stock, adds_up
from wx_archive.chat.models import HeldAnswer
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.quiz import codes, season_desk, vouchers
from wx_archive.quiz.models import Season
from wx_archive.quiz.voucher_models import Facsimile, StockMove, Voucher, VoucherEvent
from wx_archive.quiz.vouchers import Issued
from wx_archive.staff.models import AuditEntry, LoginAttempt, StaffSession
from wx_archive.staff.rules import Role

DESK = "/console/quiz/desk"
RECEIPTS = "/console/quiz/receipts"
PAPER = "/console/quiz/paper"
SEEN = re.compile(r'name="seen" value="([0-9a-f]{64})"')
XSS = "<script>alert(1)</script>"


def some(database: Database, people: int = 1, *, name: str = SPEECH) -> list[str]:
    """Return the codes of new vouchers, all of one facsimile."""
    now = clock.now()
    today = clock.day_of(now)
    with database.begin() as session:
        season_id = a_season(
            session,
            starts_on=today - timedelta(days=400),
            ends_on=today,
            pick_up_until=today + timedelta(days=40),
        )
        facsimile_id = a_stock(session, 42, name=name)
        season = known_season(session, season_id)
        for number in range(people):
            follower_id = a_collector(session, season_id, f"f{number}")
            done = vouchers.issue(session, follower_id, season, facsimile_id, now=now)
            assert isinstance(done, Issued)
        wanted = select(Voucher.code).where(Voucher.facsimile_id == facsimile_id)
        return list(session.scalars(wanted.order_by(Voucher.id)))


def seen_on(browser: Browser, code: str) -> str:
    found = SEEN.search(browser.get(f"{DESK}?code={code}").text)
    assert found
    return found[1]


def hands_over(browser: Browser, code: str) -> str:
    """Check a code and confirm; return the receipt's number."""
    answer = browser.post(DESK, code=code, version=1, seen=seen_on(browser, code))
    assert answer.status_code == 303, read_page(answer.text).text
    return unquote(answer.headers["Location"]).rpartition("/")[2]


def noted(office: Office, kind: str = "voucher") -> list[AuditEntry]:
    with office.database.begin() as session:
        wanted = select(AuditEntry).where(AuditEntry.action.like(f"{kind}.%"))
        return list(session.scalars(wanted.order_by(AuditEntry.number)))


def shelf(office: Office) -> tuple[int, int]:
    with office.database.reads() as connection:
        row = connection.execute(
            select(Facsimile.on_hand, Facsimile.reserved).order_by(Facsimile.id.desc()).limit(1)
        ).one()
    return row.on_hand, row.reserved


def test_a_scanned_code_is_checked_confirmed_and_has_a_receipt(
    any_office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    (code,) = some(any_office.database)
    desk = any_office.sits(Role.DESK)
    assert "扫码" in desk.page(DESK).text
    address = codes.address("", code)
    page = desk.page(address)
    assert page.headings == ["有效"]
    for words in (SPEECH, "42→41", codes.printed(code)):
        assert words in page.text, words
    assert desk.page(f"{DESK}?code={codes.printed(code).lower()}").headings == ["有效"]
    number = hands_over(desk, code)
    receipt = desk.page(f"{RECEIPTS}/{number}")
    for words in (number, SPEECH, "窗口小周", "领取人签字"):
        assert words in receipt.text, words
    assert shelf(any_office) == (41, 0)
    with any_office.database.begin() as session:
        (told,) = session.scalars(select(HeldAnswer.text).where(HeldAnswer.text.like("已领取%")))
        assert "已领取，感谢" in told
    (entry,) = noted(any_office)
    assert (entry.action, entry.subject, entry.actor) == (
        "voucher.redeem",
        f"voucher:{number}",
        "desk",
    )
    assert code not in f"{entry.before}{entry.after}{caplog.text}"
    assert desk.page(address).headings == ["已领取"]
    assert number in desk.page(address).text


def test_a_second_press_hands_nothing_over(office: Office) -> None:
    (code,) = some(office.database)
    desk = office.sits(Role.DESK)
    seen = seen_on(desk, code)
    assert desk.post(DESK, code=code, version=1, seen=seen).status_code == 303
    again = desk.post(DESK, code=code, version=1, seen=seen)
    assert again.status_code == 409
    page = read_page(again.text)
    page.check_frame()
    assert page.headings == ["已领取"]
    assert shelf(office) == (41, 0)
    assert len(noted(office)) == 1


@pytest.mark.parametrize(
    "changes", [{"seen": ""}, {"seen": "0" * 64}, {"version": "2"}, {"version": "x"}]
)
def test_nothing_is_handed_over_without_its_check(office: Office, changes: dict[str, str]) -> None:
    (code,) = some(office.database)
    desk = office.sits(Role.DESK)
    told = {"code": code, "version": "1", "seen": seen_on(desk, code)} | changes
    answer = desk.post(DESK, **told)
    assert answer.status_code == 409
    assert "还没有交付" in answer.text
    goes_on_at_the_desk(answer.text, code)
    assert shelf(office) == (42, 1)
    assert noted(office) == []


def goes_on_at_the_desk(page: str, typed: str) -> None:
    """Assert that a refusal leads to the desk's page, and that what was typed need not be again."""
    read_page(page).check_frame()
    assert 'href="/console/quiz/desk"' in page
    assert f'value="{typed}"' in page


def test_what_has_another_length_is_told_so_and_stays_in_the_field(office: Office) -> None:
    some(office.database)
    desk = office.sits(Role.DESK)
    lengths = {"5714": "4 位", "😀": "1 位", "LRLH": "4 位", "A" * 299: "299 位", "---": "0 位"}
    lengths["A" * 300] = "300 位以上"
    for typed, length in lengths.items():
        said = f"凭证号是十位，您输了 {length}。四位数字是窗口核对码，不用输"
        answer = desk.get(f"{DESK}?code={typed}")
        page = read_page(answer.text)
        page.check_frame()
        assert said in page.text
        assert f'value="{typed}"' in answer.text
        assert "校验位" not in page.text
        answer = desk.post(PAPER, code=typed, day=clock.today().isoformat())
        assert answer.status_code == 422
        assert said in read_page(answer.text).text
        assert f'value="{typed}"' in answer.text


def test_only_what_is_to_be_mended_stays_in_the_field(office: Office) -> None:
    (code,) = some(office.database)
    desk = office.sits(Role.DESK)
    hands_over(desk, code)
    assert 'value=""' in desk.get(f"{DESK}?code={code}").text
    assert 'value="7K3M-9QX2-44"' in desk.get(f"{DESK}?code=7K3M-9QX2-44").text
    # Of an address its code: a scanner types the next one beside it.
    unknown = codes.new_code()
    scanned = quote(codes.address("https://archive.example", unknown), safe="")
    assert f'value="{unknown}"' in desk.get(f"{DESK}?code={scanned}").text


@pytest.mark.parametrize("left", ["5714", "7K3M-9QX2-44", "7K3M9QX244", "😀"])
def test_a_scan_beside_what_was_left_in_the_field_is_the_scanned_one(
    office: Office, left: str
) -> None:
    (code,) = some(office.database)
    desk = office.sits(Role.DESK)
    scanned = codes.address("https://archive.example", code)
    for typed in (f"{scanned}{left}", f"{left}{scanned}"):
        assert desk.page(f"{DESK}?code={quote(typed, safe='')}").headings == ["有效"]


def test_a_voucher_of_a_season_that_was_withdrawn_is_handed_over(any_office: Office) -> None:
    (code,) = some(any_office.database)
    with any_office.database.begin() as session:
        season = session.scalars(select(Season).order_by(Season.id.desc()).limit(1)).one()
        season_desk.withdraw(session, season, "题有错", seen=season.version)
    desk = any_office.sits(Role.DESK)
    assert desk.page(f"{DESK}?code={code}").headings == ["有效"]
    assert desk.page(f"{RECEIPTS}/{hands_over(desk, code)}").headings
    assert shelf(any_office) == (41, 0)
    adds_up(any_office.database)


def test_a_check_of_one_voucher_or_one_clerk_opens_no_other(office: Office) -> None:
    first, second = some(office.database, 2)
    desk = office.sits(Role.DESK)
    other = office.sits(Role.DESK)
    seen = seen_on(desk, first)
    assert desk.post(DESK, code=second, version=1, seen=seen).status_code == 409
    assert other.post(DESK, code=first, version=1, seen=seen).status_code == 409
    assert shelf(office) == (42, 2)


def test_expired_void_unknown_and_mistyped_are_large_words(office: Office) -> None:
    expired, void = some(office.database, 2)
    with office.database.begin() as session:
        past = clock.today() - timedelta(days=1)
        session.execute(update(Voucher).where(Voucher.code == expired).values(expires_on=past))
        session.execute(update(Voucher).where(Voucher.code == void).values(state="void"))
    desk = office.sits(Role.DESK)
    slip = ("3" if void[0] == "2" else "2") + void[1:]
    unknown = codes.new_code()
    words = {
        expired: "已过期",
        void: "已作废",
        unknown: "无此凭证",
        slip: "校验位不对",
        "1": "位数不对",
    }
    for code, word in words.items():
        page = desk.page(f"{DESK}?code={code}")
        assert page.headings == [word], code
        assert "确认交付" not in page.text
    assert "回“领取”" in desk.page(f"{DESK}?code={expired}").text


def test_guessing_is_slowed_and_a_slip_of_the_pen_is_not_counted(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    (code,) = some(office.database)
    desk = office.sits(Role.DESK)
    for _ in range(12):
        assert desk.page(f"{DESK}?code=7K3M-9QX2-44").headings == ["校验位不对"]
    guesses = [codes.new_code() for _ in range(5)]
    for guess in guesses:
        assert desk.page(f"{DESK}?code={guess}").headings == ["无此凭证"]
    answer = desk.get(f"{DESK}?code={code}")
    assert answer.status_code == 409
    assert "连着输了好几个" in answer.text
    goes_on_at_the_desk(answer.text, code)
    answer = desk.post(PAPER, code=code, day=clock.today().isoformat())
    assert answer.status_code == 409
    assert "连着输了好几个" in answer.text
    assert f'value="{code}"' in answer.text
    assert shelf(office) == (42, 1)
    assert not any(guess in caplog.text for guess in guesses)
    assert "quiz.voucher_unknown member=" in caplog.text
    with office.database.begin() as session:
        session.execute(update(LoginAttempt).values(blocked_until=clock.now()))
    assert desk.page(f"{DESK}?code={code}").headings == ["有效"]
    # Logging in is counted apart.
    assert office.stranger().post("/console/switch", login="desk").status_code == 303


# -- what was handed over ---------------------------------------------------------------------


def test_the_day_is_listed_filtered_and_exported(office: Office) -> None:
    first, second = some(office.database, 2, name="=1+1（复制件）")
    desk, reviewer = office.sits(Role.DESK), office.sits(Role.REVIEWER)
    one, other = hands_over(desk, first), hands_over(desk, second)
    reviewer.done(f"{RECEIPTS}/{one}/undo", reason="扫错了人")
    page = desk.page(RECEIPTS).text
    assert one in page
    assert other in page
    assert one not in desk.page(f"{RECEIPTS}?how=desk").text
    assert other not in desk.page(f"{RECEIPTS}?how=undone").text
    assert "这些天没有交付" in desk.page(f"{RECEIPTS}?clerk=nobody").text
    assert "这些天没有交付" in desk.page(f"{RECEIPTS}?how=paper").text
    day = clock.today() + timedelta(days=1)
    assert "这些天没有交付" in desk.page(f"{RECEIPTS}?first={day}").text
    assert one in desk.page(f"{RECEIPTS}?first=x&last=y").text
    answer = desk.get(f"{RECEIPTS}.csv?how=undone")
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["领取号", one]
    assert rows[1][2] == "'=1+1（复制件）"
    assert "扫错了人" in rows[1][5]
    assert noted(office)[-1].action == "voucher.export"


def test_of_more_than_a_year_the_last_one_is_shown_and_told(office: Office) -> None:
    (code,) = some(office.database)
    desk = office.sits(Role.DESK)
    number, today = hands_over(desk, code), clock.today()
    page = desk.page(f"{RECEIPTS}?first=2019-01-01&last={today}").text
    assert "一次最多看一年" in page
    assert number in page
    first = today - timedelta(days=366)
    assert f"{first.year}年{first.month}月{first.day}日" in page
    answer = desk.get(f"{RECEIPTS}.csv?first=2019-01-01&last={today}")
    assert number in answer.get_data().decode("utf-8-sig")
    assert "一次最多看一年" not in desk.page(f"{RECEIPTS}?first={first}&last={today}").text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-13-01"])
def test_a_day_outside_of_every_calendar_is_today(office: Office, day: str) -> None:
    (code,) = some(office.database)
    desk = office.sits(Role.DESK)
    number = hands_over(desk, code)
    assert number in desk.page(f"{RECEIPTS}?first={day}&last={day}").text


def test_a_clerk_who_was_wrong_is_told_whom_to_ask_while_it_helps(office: Office) -> None:
    first, second = some(office.database, 2)
    desk, reviewer = office.sits(Role.DESK), office.sits(Role.REVIEWER)
    number, other = hands_over(desk, first), hands_over(desk, second)
    said = "交错了：15 分钟内请审核在“交付记录”里撤销"
    assert said in desk.page(f"{RECEIPTS}/{number}").text
    assert said not in reviewer.page(f"{RECEIPTS}/{number}").text
    reviewer.done(f"{RECEIPTS}/{number}/undo", reason="扫错了人")
    assert said not in desk.page(f"{RECEIPTS}/{number}").text
    with office.database.begin() as session:
        old = clock.now() - timedelta(minutes=16)
        session.execute(update(VoucherEvent).where(VoucherEvent.action == "redeem").values(at=old))
    assert said not in desk.page(f"{RECEIPTS}/{other}").text


def test_a_receipt_that_is_none_is_not_found(office: Office) -> None:
    desk, reviewer = office.sits(Role.DESK), office.sits(Role.REVIEWER)
    assert desk.get(f"{RECEIPTS}/领2026-999999").status_code == 404
    assert reviewer.get(f"{RECEIPTS}/x/undo").status_code == 404
    assert reviewer.post(f"{RECEIPTS}/x/undo", reason="扫错了人").status_code == 404


def test_another_person_undoes_it_within_minutes_with_a_reason(any_office: Office) -> None:
    (code,) = some(any_office.database)
    desk, reviewer = any_office.sits(Role.DESK), any_office.sits(Role.REVIEWER)
    number = hands_over(desk, code)
    assert desk.get(f"{RECEIPTS}/{number}/undo").status_code == 403
    assert "撤销这次交付" not in desk.page(f"{RECEIPTS}/{number}").text
    assert "撤销这次交付" in reviewer.page(f"{RECEIPTS}/{number}").text
    empty = reviewer.post(f"{RECEIPTS}/{number}/undo", reason=" ")
    assert empty.status_code == 422
    assert "为什么" in read_page(empty.text).text
    page = reviewer.done(f"{RECEIPTS}/{number}/undo", reason=f"扫错了人{XSS}")
    assert "收据作废" in page.text
    assert shelf(any_office) == (42, 1)
    assert noted(any_office)[-1].subject == f"voucher:{number}"
    assert desk.page(f"{DESK}?code={code}").headings == ["有效"]
    again = reviewer.post(f"{RECEIPTS}/{number}/undo", reason="扫错了人")
    assert again.status_code == 422
    assert "已经撤销过" in read_page(reviewer.get(f"{RECEIPTS}/{number}/undo").text).text


def test_after_a_quarter_of_an_hour_it_stays(office: Office) -> None:
    (code,) = some(office.database)
    desk, reviewer = office.sits(Role.DESK), office.sits(Role.REVIEWER)
    number = hands_over(desk, code)
    with office.database.begin() as session:
        old = clock.now() - timedelta(minutes=16)
        session.execute(update(VoucherEvent).where(VoucherEvent.action == "redeem").values(at=old))
    assert "十五分钟" in reviewer.page(f"{RECEIPTS}/{number}/undo").text
    assert reviewer.post(f"{RECEIPTS}/{number}/undo", reason="扫错了人").status_code == 422
    assert shelf(office) == (41, 0)


# -- paper ------------------------------------------------------------------------------------


def is_fresh(office: Office) -> None:
    with office.database.begin() as session:
        session.execute(update(StaffSession).values(confirmed_at=clock.now()))


def is_not_fresh(office: Office) -> None:
    with office.database.begin() as session:
        session.execute(update(StaffSession).values(confirmed_at=clock.now() - timedelta(hours=1)))


def test_the_paper_list_has_no_code_and_what_shows_that_one_is_ours(office: Office) -> None:
    first, second = some(office.database, 2)
    desk = office.sits(Role.DESK)
    is_not_fresh(office)
    for path in (f"{PAPER}/list", f"{PAPER}.csv"):
        assert "/console/confirm" in desk.get(path).headers["Location"]
    assert noted(office) == []
    is_fresh(office)
    assert "2 张" in desk.page(PAPER).text
    page = desk.page(f"{PAPER}/list").text
    table = desk.get(f"{PAPER}.csv").get_data().decode("utf-8-sig")
    secret = office.settings.secret()
    for code in (first, second):
        for text in (page, table):
            assert code not in text
            assert code[:6] not in text
            assert code[-4:] in text
            assert codes.desk_check(code, secret) in text
    assert [entry.action for entry in noted(office)] == ["voucher.paper"] * 2
    hands_over(desk, first)
    assert "1 张" in desk.page(PAPER).text


def test_what_was_handed_over_on_paper_is_written_down_afterwards(any_office: Office) -> None:
    (code,) = some(any_office.database)
    desk = any_office.sits(Role.DESK)
    today = clock.today().isoformat()
    page = desk.done(PAPER, code=codes.printed(code), day=today)
    assert "纸单" in page.text
    assert shelf(any_office) == (41, 0)
    (entry,) = noted(any_office)
    assert (entry.action, f'"handed_on":"{today}"' in entry.after) == ("voucher.write_down", True)
    assert "纸单" in desk.page(f"{RECEIPTS}?how=paper").text
    again = desk.post(PAPER, code=code, day=today)
    assert again.status_code == 409
    assert "已经由窗口小周交付过了" in read_page(again.text).text
    assert f'value="{code}"' in again.text  # the form, as it was filled in
    assert shelf(any_office) == (41, 0)


@pytest.mark.parametrize(
    ("code", "day", "status", "says"),
    [
        ("", "2026-01-01", 422, "请填"),
        ("7K3M9QX244", "2026-01-01", 422, "校验位不对"),
        ("good", "", 422, ""),
        ("good", "1999-01-01", 409, "31 天"),
        ("good", "2999-01-01", 409, "今天或以前"),
        ("unknown", "2026-01-01", 422, "没有这张凭证"),
    ],
)
def test_a_line_with_a_mistake_comes_back(
    office: Office, code: str, day: str, status: int, says: str
) -> None:
    (good,) = some(office.database)
    typed = {"good": good, "unknown": codes.new_code()}.get(code, code)
    desk = office.sits(Role.DESK)
    answer = desk.post(PAPER, code=typed, day=day)
    assert answer.status_code == status
    page = read_page(answer.text)
    page.check_frame()
    assert says in page.text
    assert shelf(office) == (42, 1)
    assert noted(office) == []


# -- doors and strings ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.EDITOR, {RECEIPTS}),
        (Role.REVIEWER, {RECEIPTS}),
        (Role.AUDITOR, set()),
        (Role.ADMIN, set()),
        (Role.CORRESPONDENT, set()),
    ],
)
def test_only_the_desk_checks_and_hands_over(office: Office, role: Role, may: set[str]) -> None:
    (code,) = some(office.database)
    stranger = office.sits(role)
    for path in (DESK, f"{DESK}?code={code}", PAPER, f"{PAPER}/list", f"{PAPER}.csv", RECEIPTS):
        assert stranger.get(path).status_code == (200 if path in may else 403), path
    assert stranger.post(DESK, code=code, version=1, seen="").status_code == 403
    assert stranger.post(PAPER, code=code, day="2026-01-01").status_code == 403
    assert shelf(office) == (42, 1)


def test_what_people_write_is_inert_on_every_page(office: Office) -> None:
    (code,) = some(office.database, name=XSS)
    desk, reviewer = office.sits(Role.DESK), office.sits(Role.REVIEWER)
    desk.page(f"{DESK}?code={code}")
    desk.page(f"{DESK}?code={XSS}")
    is_fresh(office)
    desk.page(f"{PAPER}/list")
    number = hands_over(desk, code)
    reviewer.page(f"{RECEIPTS}/{number}/undo")
    reviewer.done(f"{RECEIPTS}/{number}/undo", reason=XSS)
    desk.page(RECEIPTS)
    desk.page(f"{RECEIPTS}?clerk={XSS}&first={XSS}&how={XSS}")


def test_the_ledgers_add_up_after_all_of_it(office: Office) -> None:
    first, second, third = some(office.database, 3)
    desk, reviewer = office.sits(Role.DESK), office.sits(Role.REVIEWER)
    number = hands_over(desk, first)
    hands_over(desk, second)
    desk.done(PAPER, code=third, day=clock.today().isoformat())
    reviewer.done(f"{RECEIPTS}/{number}/undo", reason="扫错了人")
    assert shelf(office) == (40, 1)
    with office.database.begin() as session:
        actions = session.scalars(select(StockMove.action).order_by(StockMove.id)).all()
    assert list(actions)[-4:] == ["hand_out", "hand_out", "hand_out", "take_back"]
    adds_up(office.database)
