"""Staff's decisions at the command line: open, close, withdraw, repeal, and what awaits them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Final

import click
from sqlalchemy.orm import Session

from wx_archive.catalogue import decisions, openings, repeals
from wx_archive.catalogue.cli import catalogue, documents
from wx_archive.catalogue.decisions import Hindrance, Outcome
from wx_archive.core import clock, schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.database import Database
from wx_archive.staff import audit
from wx_archive.staff.audit import Note

SHOWN: Final = 50
_WHY: Final = {
    Hindrance.LIVELIHOOD: "已开放，但它是民生档案：查询里从不列出，请本人到窗口查阅",
    Hindrance.CLOSED_ABOVE: "已开放，但它所在的上级（案卷、类或全宗）没有开放，现在仍然不列出",
    Hindrance.NOT_DISCLOSED: "已恢复，但导入时写明不公开，现在仍然不列出",
}
_pid = click.argument("pid")
_reason = click.option("--reason", default="", help="为什么，留给以后的人看")
_day = click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="从哪天起，如 2020-01-01")


@catalogue.command("open", help="把一条档案向社会开放，今后导入不会改回去。")
@_pid
@_reason
@as_json
def open_record(pid: str, reason: str, *, json_wanted: bool) -> None:
    """Open a record."""
    with _the_database() as database, database.begin(unhurried=True) as session:
        outcome = decisions.open_record(
            session, pid, reason=reason, now=clock.now(), today=clock.today()
        )
        _note(session, "record.open", outcome, reason)
    _tell(outcome, "已开放，查询里可以看到", json_wanted=json_wanted)


@catalogue.command("close", help="把一条档案连同它下面的一起撤回，今后导入不会改回去。")
@_pid
@_reason
@as_json
def close_record(pid: str, reason: str, *, json_wanted: bool) -> None:
    """Close a record and what lies below it."""
    with _the_database() as database, database.begin(unhurried=True) as session:
        outcome = decisions.close_record(
            session, pid, reason=reason, now=clock.now(), today=clock.today()
        )
        _note(session, "record.close", outcome, reason)
    _tell(outcome, "已撤回，查询和网页里都不再出现", json_wanted=json_wanted)


@catalogue.command("reviews", help="列出满 25 年还没有做过开放审核的档案。")
@as_json
def reviews(*, json_wanted: bool) -> None:
    """List what is old enough to be reviewed; nothing is opened by it."""
    with _the_database() as database, database.reads() as connection:
        found = openings.reviews(connection)
    if json_wanted:
        print_json(
            [
                {
                    "pid": review.pid,
                    "reference_code": review.reference_code,
                    "title": review.title,
                    "formed_on": review.formed_on,
                    "due_on": review.due_on,
                }
                for review in found
            ]
        )
        return
    for review in found[:SHOWN]:
        click.echo(f"{review.pid}  {review.due_on}  {review.reference_code}  {review.title}")
    click.echo(f"共 {len(found)} 条待审核{_more(len(found))}。满 25 年只提醒审核，不会自动开放。")


@documents.command("withdraw", help="撤下一份现行文件，今后导入不会再放出来。")
@_pid
@_reason
@as_json
def withdraw(pid: str, reason: str, *, json_wanted: bool) -> None:
    """Take a document from the public."""
    with _the_database() as database, database.begin(unhurried=True) as session:
        outcome = decisions.withdraw(
            session, pid, reason=reason, now=clock.now(), today=clock.today()
        )
        _note(session, "document.withdraw", outcome, reason)
    _tell(outcome, "已撤下，查询和网页里都不再出现", json_wanted=json_wanted)


@documents.command("restore", help="恢复一份撤下的现行文件，公开到它导入时写明的程度。")
@_pid
@as_json
def restore(pid: str, *, json_wanted: bool) -> None:
    """Give a withdrawn document back."""
    with _the_database() as database, database.begin(unhurried=True) as session:
        outcome = decisions.restore(session, pid, today=clock.today())
        _note(session, "document.restore", outcome, "")
    _tell(outcome, "已恢复，查询里可以看到", json_wanted=json_wanted)


@documents.command("repeal", help="写明一份现行文件已被废止。")
@_pid
@_day
@click.option("--by", help="废止它的那份文件的编号")
@as_json
def repeal(pid: str, on: datetime | None, by: str | None, *, json_wanted: bool) -> None:
    """State a repeal by hand; from today on, unless another day is given."""
    since = _to_date(on) or clock.today()
    with _the_database() as database, database.begin(unhurried=True) as session:
        title = repeals.repeal(session, pid, by=by, on=since, now=clock.now())
        told = {"repealed_on": since, "by": by}
        done = Note("document.repeal", f"document:{pid}", after=told)
        audit.from_terminal(session, done, now=clock.now())
    if json_wanted:
        print_json({"pid": pid, "title": title, "repealed_on": since})
    else:
        click.echo(f"《{title}》从 {since} 起废止。")


@documents.command("proposals", help="列出正文里写着“同时废止”、等人确认的文件。")
@as_json
def proposals(*, json_wanted: bool) -> None:
    """List the repeals that texts announce."""
    with _the_database() as database, database.reads() as connection:
        found = repeals.pending(connection)
    if json_wanted:
        print_json(
            [
                {
                    "id": each.id,
                    "document": {"pid": each.document_pid, "title": each.document},
                    "target": {"pid": each.target_pid, "title": each.target},
                    "sentence": each.sentence,
                    "repealed_on": each.repealed_on,
                }
                for each in found
            ]
        )
        return
    for each in found[:SHOWN]:
        since = f"从 {each.repealed_on} 起" if each.repealed_on else "没有写明哪天"
        click.echo(f"{each.id}  《{each.target or each.target_pid}》{since}废止")
        click.echo(f"    《{each.document or each.document_pid}》：{each.sentence}")
    click.echo(f"共 {len(found)} 条待确认{_more(len(found))}。用 documents accept 或 reject 决定。")


@documents.command("accept", help="确认一条废止建议。")
@click.argument("number", type=int)
@_day
@as_json
def accept(number: int, on: datetime | None, *, json_wanted: bool) -> None:
    """Make an announced repeal a fact."""
    with _the_database() as database, database.begin(unhurried=True) as session:
        title, since = repeals.accept(session, number, on=_to_date(on), now=clock.now())
        done = Note("proposal.accept", f"proposal:{number}", after={"repealed_on": since})
        audit.from_terminal(session, done, now=clock.now())
    if json_wanted:
        state = repeals.State.ACCEPTED.value
        print_json({"id": number, "state": state, "title": title, "repealed_on": since})
    else:
        click.echo(f"已确认：《{title}》从 {since} 起废止。")


@documents.command("reject", help="驳回一条废止建议。")
@click.argument("number", type=int)
@as_json
def reject(number: int, *, json_wanted: bool) -> None:
    """Put an announced repeal aside."""
    with _the_database() as database, database.begin(unhurried=True) as session:
        repeals.reject(session, number, now=clock.now())
        done = Note("proposal.reject", f"proposal:{number}")
        audit.from_terminal(session, done, now=clock.now())
    if json_wanted:
        print_json({"id": number, "state": repeals.State.REJECTED.value})
    else:
        click.echo("已驳回，同一份文件不会再提出来。")


def _note(session: Session, action: str, outcome: Outcome, reason: str) -> None:
    told = {"listed": outcome.is_listed, "below": outcome.below, "reason": reason}
    done = Note(action, f"{outcome.kind.value}:{outcome.pid}", after=told)
    audit.from_terminal(session, done, now=clock.now())


def _tell(outcome: Outcome, done: str, *, json_wanted: bool) -> None:
    if json_wanted:
        print_json(
            {
                "kind": outcome.kind.value,
                "pid": outcome.pid,
                "title": outcome.title,
                "listed": outcome.is_listed,
                "hindrance": outcome.hindrance.value if outcome.hindrance else None,
                "below": outcome.below,
            }
        )
        return
    click.echo(f"{outcome.title}：{_WHY[outcome.hindrance] if outcome.hindrance else done}。")
    if outcome.below:
        click.echo(f"它下面的 {outcome.below} 条一起变动。")


def _more(count: int) -> str:
    return f"，这里列出前 {SHOWN} 条，用 --json 看全部" if count > SHOWN else ""


def _to_date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@contextmanager
def _the_database() -> Iterator[Database]:
    database = Database(settings_of_installation().database)
    try:
        schema.require_current(database, demo=True)
        yield database
    finally:
        database.dispose()


__all__ = ["catalogue", "documents"]
