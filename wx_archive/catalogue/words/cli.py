"""`wx-archive synonyms …`: the words that mean the same, as staff edit them."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from sqlalchemy.orm import Session

from wx_archive.catalogue.words import editing, synonym_file, synonyms
from wx_archive.core import clock, schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.services import open_services
from wx_archive.core.site import Site
from wx_archive.staff import audit
from wx_archive.staff.audit import Note

synonyms_command = click.Group("synonyms", help="近义词：查其中一个，等于查一组。")


@synonyms_command.command("list", help="列出现在生效的近义词。")
@as_json
def list_groups(*, json_wanted: bool) -> None:
    """Print the groups that count."""
    with _opened() as (session, site):
        groups = editing.groups(session, site)
    if json_wanted:
        print_json({"groups": groups})
        return
    for group in groups:
        click.echo("、".join(group))


@synonyms_command.command("add", help="让几个词互为近义词；其中一个已有一组的，加进那一组。")
@click.argument("words", nargs=-1, required=True)
def add(words: tuple[str, ...]) -> None:
    """Make words mean the same."""
    with _opened() as (session, site):
        group = editing.add(session, site, words, now=clock.now())
        _note(session, "add", {"group": group})
    click.echo(f"已生效：{'、'.join(group)}")


@synonyms_command.command("remove", help="把一个词移出它那一组；加 --group 去掉整组。")
@click.argument("word")
@click.option("--group", "whole", is_flag=True, help="去掉整组")
def remove(word: str, *, whole: bool) -> None:
    """Take a word out of its group, or the group away."""
    with _opened() as (session, site):
        left = editing.remove(session, site, word, whole=whole, now=clock.now())
        _note(session, "remove", {"word": word, "group": left})
    click.echo(f"已移走，这一组还有：{'、'.join(left)}" if left else "已移走，这一组没有了")


@synonyms_command.command("export", help="把现在生效的近义词写回文件，注释保留。")
@click.option("--output", type=click.Path(path_type=Path), help="写到别处；- 是屏幕")
def export(output: Path | None) -> None:
    """Write the groups that count into the file."""
    with _opened() as (session, site):
        groups = editing.groups(session, site)
        path = synonyms.path_of(site)
    before = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    text = synonym_file.write(before, groups)
    if str(output) == "-":
        click.echo(text, nl=False)
        return
    (output or path).write_text(text, encoding="utf-8")
    click.echo(f"已写入 {output or path}，共 {len(groups)} 组")


@synonyms_command.command("sync", help="文件改过以后让它生效；和馆里的修改冲突的会列出来。")
@click.option(
    "--prefer", type=click.Choice([one.value for one in editing.Winner]), help="冲突时留哪边"
)
@as_json
def sync(prefer: str | None, *, json_wanted: bool) -> None:
    """Bring the file's changes in."""
    with _opened() as (session, site):
        report = editing.sync(session, site, winner=editing.Winner(prefer) if prefer else None)
        _note(session, "sync", {"kept": report.kept, "settled": report.settled})
    if json_wanted:
        print_json(asdict(report))
    else:
        click.echo(
            f"文件里 {report.groups} 组；馆里的修改保留 {report.kept} 组，并入 {report.settled} 组"
        )
    for conflict in report.conflicts:
        click.echo(
            f"“{conflict.head}”两边都改过：文件里是 {_shown(conflict.in_file)}，"
            f"馆里是 {_shown(conflict.edited)}（现在按馆里的）",
            err=True,
        )
    if report.conflicts:
        click.echo("请定下来再运行：--prefer file 用文件的，--prefer staff 用馆里的", err=True)
        sys.exit(1)


def _note(session: Session, verb: str, told: Mapping[str, object]) -> None:
    done = Note(f"synonyms.{verb}", "synonyms", after=told)
    audit.from_terminal(session, done, now=clock.now())


def _shown(group: synonym_file.Group) -> str:
    return "、".join(group) or "（已去掉）"


@contextmanager
def _opened() -> Iterator[tuple[Session, Site]]:
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        with services.database.begin() as session:
            yield session, services.site
