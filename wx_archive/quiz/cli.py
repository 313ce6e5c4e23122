"""`wx-archive quiz check`, `import`, `export`, `template`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from wx_archive.catalogue.files import BadRow
from wx_archive.core import clock, schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import open_services, site_of
from wx_archive.core.settings import Settings
from wx_archive.quiz import bank, bank_check, bank_desk, bank_export, bank_import, entries
from wx_archive.quiz.bank_import import Checked
from wx_archive.staff import audit
from wx_archive.staff.audit import Note

SHOWN_ROWS: Final = 200
quiz = click.Group("quiz", help="题库。")
COMMANDS: tuple[click.Command, ...] = (quiz,)


@quiz.command("check", help="离线检查 quiz_bank/ 里的题目；有误的指出文件、行、列。")
@as_json
def quiz_check(*, json_wanted: bool) -> None:
    """Check the files of the bank."""
    report = bank_check.report(site_of(Settings.load()))
    if json_wanted:
        print_json({"ok": not report.problems} | asdict(report))
    else:
        for hint in report.hints:
            click.echo(f"留意：{hint}")
        if not report.problems:
            click.echo(f"{report.themes} 个主题，{report.questions} 道题，没有错误。")
    for problem in report.problems:
        click.echo(problem, err=True)
    if report.problems:
        sys.exit(1)


@quiz.command(
    "import",
    help="导入题目：XLSX、CSV 或 YAML；有编号的改原题，没有的接着编号。"
    "导入的题马上就出给读者，不经第二个人放行；要放行的，请在管理台里导入。",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="只检查，不写入")
@click.option("--skip-bad", is_flag=True, help="跳过有误的行，其余照常导入")
@as_json
def quiz_import(file: Path, *, dry_run: bool, skip_bad: bool, json_wanted: bool) -> None:
    """Take in questions; they count at once."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        now, folder = clock.now(), services.site.folder
        with services.database.begin(unhurried=True) as session:
            known = bank_desk.begin(session, folder)
            today = clock.day_of(now)
            checked = bank_import.check(
                file,
                known,
                folder,
                today=today,
                is_borne=entries.bearer(session.connection(), today=today),
            )
            is_taken = not dry_run and (skip_bad or not checked.bad)
            if is_taken and checked.good:
                by = audit.terminal_actor()
                bank_desk.release_at_once(session, known, checked.good, by=by, now=now)
                audit.from_terminal(session, _note(file, checked), now=now)
    is_written = is_taken and bool(checked.good)
    if json_wanted:
        is_ok = skip_bad or not checked.bad
        print_json({"ok": is_ok, "written": is_written} | checked.as_json())
    _report(checked, file, dry_run=dry_run, skip_bad=skip_bad, json_wanted=json_wanted)


def _note(file: Path, checked: Checked) -> Note:
    told = {
        "file": file.name,
        "added": [one.id for one in checked.added],
        "changed": [one.id for one in checked.changed],
        "unchanged": checked.unchanged,
        "skipped": checked.bad_lines,
    }
    return Note("question.import", "quiz_bank", after=told)


@quiz.command(
    "export", help="导出题库：.xlsx、.csv、.yaml（加 --theme），或一个文件夹（每个主题一个 YAML）。"
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--theme", default="", help="只要一个主题，写它的英文名，如 archives-law")
@as_json
def quiz_export(file: Path, *, theme: str, json_wanted: bool) -> None:
    """Write the bank as it counts to a file."""
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        with services.database.reads() as connection:
            held = bank.effective(services.site.folder, connection)
        count = bank_export.write(held, file, theme=theme)
        told = {"file": file.name, "theme": theme, "questions": count}
        with services.database.begin() as session:
            note = Note("question.export", "quiz_bank", after=told)
            audit.from_terminal(session, note, now=clock.now())
    if json_wanted:
        print_json({"file": str(file), "questions": count})
    else:
        click.echo(f"已导出 {count} 道题到 {file}")


@quiz.command("template", help="做一份 Excel 模板，有说明、下拉列表和示例行。")
@click.argument("file", type=click.Path(path_type=Path))
def quiz_template(file: Path) -> None:
    """Write an empty workbook for questions."""
    if file.suffix.lower() != ".xlsx":
        raise RefusedError(f"{file.name}：模板的文件名要以 .xlsx 结尾")
    if file.exists():
        raise RefusedError(f"已经有 {file}，为免盖掉填好的表，没有写；请换个名字")
    content = bank_export.template(bank.of_files(site_of(Settings.load()).folder).themes)
    with _writing(file):
        file.write_bytes(content)
    click.echo(f"已写好模板 {file}；填好后用 quiz import 导入")


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        raise RefusedError(f"写不了 {file}：{err.strerror or err}") from err


def _report(
    checked: Checked, file: Path, *, dry_run: bool, skip_bad: bool, json_wanted: bool
) -> None:
    _print_rows(checked.warnings, file, "留意")
    _print_rows(checked.bad, file, "有误")
    if checked.bad and not skip_bad:
        click.echo(
            f"{checked.bad_lines} 行、{len(checked.bad)} 处有误，一题也没有导入。"
            "改好再来，或加 --skip-bad 只导入没问题的题。",
            err=True,
        )
        sys.exit(1)
    if not json_wanted:
        done = "会" if dry_run else "已"
        click.echo(
            f"读到 {checked.read} 题：{done}新增 {len(checked.added)}，{done}更新 "
            f"{len(checked.changed)}，没有变化 {checked.unchanged}，跳过 {checked.bad_lines} 行。"
        )
        if checked.good:
            when = "导入以后" if dry_run else "两秒以内"
            click.echo(f"{when}读者就会答到这些题：用命令导入的不经第二个人放行。")


def _print_rows(rows: tuple[BadRow, ...], file: Path, word: str) -> None:
    for row in rows[:SHOWN_ROWS]:
        place = f"{file}:{row.line}:{row.column}" if row.column else f"{file}:{row.line}"
        click.echo(f"{place}: {word}：{row.reason}", err=True)
    if len(rows) > SHOWN_ROWS:
        click.echo(f"……还有 {len(rows) - SHOWN_ROWS} 处，用 --json 看全部", err=True)
