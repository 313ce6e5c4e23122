"""`wx-archive cards show OPENID|check`: what somebody has earned; whether the ledgers add up."""

from typing import Any

import click
from sqlalchemy import Connection

from wx_archive.core import schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import open_services
from wx_archive.followers import service as followers
from wx_archive.quiz import codes, ledgers, queries, seasons, voucher_queries
from wx_archive.quiz.rules import VOUCHER_STATES, VoucherState

UNKNOWN = "没有这位关注者：代码抄错了，或者资料已经删除"

cards = click.Group("cards", help="关注者的卡和领取凭证；卡、凭证、库存的账对不对得上。")


@cards.command(help="看一位关注者答对几题、有几张卡、哪些凭证。OPENID 是微信给的代码。")
@click.argument("openid")
@as_json
def show(openid: str, *, json_wanted: bool) -> None:
    """Show what a follower has earned."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        with services.database.reads() as connection:
            follower_id = followers.find(connection, openid)
            if follower_id is None:
                raise RefusedError(UNKNOWN)
            told = earned(connection, follower_id)
    if json_wanted:
        print_json(told)
    else:
        _print(told)


def earned(connection: Connection, follower_id: int) -> dict[str, Any]:
    """Return what a follower has earned, over all seasons and in each."""
    parts = queries.takings(connection, follower_id)
    names = {one.id: one.name for one in seasons.read(connection)}
    shown = voucher_queries.of_entries(connection, [one.entry_id for one in parts])
    return {
        "right_answers": sum(one.right for one in parts),
        "cards": sum(len(one.cards) for one in parts),
        "vouchers": [
            {
                "code": one.code,
                "state": one.state.value,
                "facsimile": one.facsimile,
                "expires_on": one.expires_on.isoformat(),
                "receipt": one.receipt,
            }
            for one in shown
        ],
        "seasons": [
            {
                "name": names.get(one.season_id, ""),
                "carried": one.carried,
                "answered": one.answered,
                "right_answers": one.right,
                "cards": list(one.cards),
            }
            for one in parts
        ],
    }


def _print(told: dict[str, Any]) -> None:
    click.echo(f"答对 {told['right_answers']} 题，{told['cards']} 张卡。")
    for one in told["seasons"]:
        ordinals = "、".join(map(str, one["cards"])) or "还没有"
        click.echo(
            f"  {one['name'] or '（没有放行的一季）'}：带来 {one['carried']}，"
            f"答了 {one['answered']} 题，对 {one['right_answers']}；卡：{ordinals}"
        )
    for one in told["vouchers"]:
        state = VOUCHER_STATES[VoucherState(one["state"])]
        receipt = f"，领取号 {one['receipt']}" if one["receipt"] else ""
        code = codes.printed(one["code"])
        click.echo(f"  凭证 {code} {state}：{one['facsimile']}，到 {one['expires_on']}{receipt}")
    if not told["vouchers"]:
        click.echo("  还没有领取凭证。")


@cards.command(help="核对账目：答对数和卡、库存和流水、凭证和预留、领取号。对不上就说出第一处。")
@as_json
def check(*, json_wanted: bool) -> None:
    """Verify the ledgers; exit 1 at the first breach."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        # One transaction: the rows are counted as of one moment.
        with services.database.begin(unhurried=True) as session:
            found = ledgers.first_breach(session)
            counted = ledgers.counted(session.connection())
    if json_wanted:
        print_json({"ok": not found, "breach": found, **counted})
    if found:
        raise RefusedError(found)
    if not json_wanted:
        click.echo(
            f"对得上：{counted['entries']} 人次参加，{counted['answers']} 次回答，"
            f"{counted['cards']} 张卡，{counted['vouchers']} 张凭证，{counted['receipts']} 次交付。"
        )
