"""`wx-archive …`: 0 done, 1 refused or failed (reason on stderr), 2 wrong usage.

Commands are imported when they are called: a process that only minds others stays small and is
there at once.
"""

import sys
from importlib import import_module
from typing import NoReturn

import click

from wx_archive import __version__
from wx_archive.core.errors import ArchiveError

SERVING = ("demo", "serve", "worker", "scheduler", "simulator")


class _Root(click.Group):
    """Finds the commands in their modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every name."""
        del ctx
        return sorted((*SERVING, *import_module("wx_archive.commands").COMMANDS))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name, or None."""
        found: click.Command | None
        if cmd_name in SERVING:
            found = import_module("wx_archive.serving").COMMANDS[cmd_name]
        else:
            ctx.obj = import_module("wx_archive.features").product()
            found = import_module("wx_archive.commands").COMMANDS.get(cmd_name)
        return found


@click.group(
    cls=_Root,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="公共档案馆微信公众号后台。",
)
@click.version_option(__version__, prog_name="wx-archive")
def cli() -> None:
    """Collect the commands."""


def main() -> NoReturn:
    """Run the command line; every expected failure is one sentence and exit code 1."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(1)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as err:
        err.show()
        sys.exit(err.exit_code)
    except Exception as err:
        if (sentence := _expected(err)) is None:
            raise
        click.echo(sentence, err=True)
        sys.exit(1)
    sys.exit(0)


def _expected(err: Exception) -> str | None:
    """Return what to tell of a failure that is nobody's bug."""
    if isinstance(err, ArchiveError):
        return str(err)
    if isinstance(err, OSError):
        return f"读写文件或网络时出错：{err}"
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415 -- only where it is needed

    from wx_archive.simulator.phone import PhoneRefusedError  # noqa: PLC0415 -- likewise

    if isinstance(err, PhoneRefusedError):
        return str(err)
    return f"数据库打不开或正忙：{err.orig}" if isinstance(err, OperationalError) else None
