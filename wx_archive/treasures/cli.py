"""`wx-archive treasures …`: uploads and the register on the command line."""

import click

from wx_archive.treasures import keeping_cli


@click.group(help="珍档：看送来的东西、核对保存的原件、导出入藏的一套。")
def treasures() -> None:
    """Show uploads, check what is stored, export accessions."""


for _command in keeping_cli.COMMANDS:
    treasures.add_command(_command)
