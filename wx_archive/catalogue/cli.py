"""`wx-archive documents|catalogue import`, `template`, `export`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from wx_archive.catalogue.files import BadRow, livelihood_of
from wx_archive.catalogue.rules import Disclosure, Kind
from wx_archive.catalogue.service import Importer, ImportReport
from wx_archive.core import clock, schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.database import Database
from wx_archive.staff import audit
from wx_archive.staff.audit import Note

SHOWN_ROWS = 200
documents = click.Group("documents", help="现行文件。")
catalogue = click.Group("catalogue", help="档案目录。")


def _import_options(command: Callable[..., None]) -> Callable[..., None]:
    for decorate in (
        click.argument("file", type=click.Path(path_type=Path)),
        click.option("--dry-run", is_flag=True, help="只检查，不写入"),
        click.option("--skip-bad", is_flag=True, help="跳过有问题的行，其余照常导入"),
        as_json,
    ):
        command = decorate(command)
    return command


@documents.command("import", help="导入现行文件：CSV、XLSX 或 JSON Lines，可压缩为 .gz。")
@_import_options
@click.option(
    "--openness",
    type=click.Choice([level.value for level in Disclosure]),
    help="没有写公开属性的行按什么算：full 公开全文，partial 只公开目录，none 不公开",
)
def import_documents(
    file: Path, openness: str | None, *, dry_run: bool, skip_bad: bool, json_wanted: bool
) -> None:
    """Take in current documents."""
    level = Disclosure(openness) if openness else None
    with _importer(level, dry_run=dry_run, skip_bad=skip_bad) as importer:
        report = importer.documents(file)
        _note_import(importer, report, file, Kind.DOCUMENT)
    _report(report, file, dry_run=dry_run, skip_bad=skip_bad, json_wanted=json_wanted)


@catalogue.command("import", help="导入档案目录：CSV、XLSX 或 JSON Lines，可压缩为 .gz。")
@_import_options
def import_records(file: Path, *, dry_run: bool, skip_bad: bool, json_wanted: bool) -> None:
    """Take in archive records."""
    with _importer(None, dry_run=dry_run, skip_bad=skip_bad) as importer:
        report = importer.records(file)
        _note_import(importer, report, file, Kind.RECORD)
    _report(report, file, dry_run=dry_run, skip_bad=skip_bad, json_wanted=json_wanted)


def _export_options(command: Callable[..., None]) -> Callable[..., None]:
    for decorate in (
        click.argument("file", type=click.Path(path_type=Path)),
        click.option("--all", "everything", is_flag=True, help="连同公众看不到的，只给工作人员用"),
        as_json,
    ):
        command = decorate(command)
    return command


@documents.command(
    "export", help="导出现行文件：.csv、.xlsx 或 .jsonl；只含公众能看的，除非 --all。"
)
@_export_options
def export_documents(file: Path, *, everything: bool, json_wanted: bool) -> None:
    """Write the current documents to a file."""
    _export(file, Kind.DOCUMENT, everything=everything, json_wanted=json_wanted)


@catalogue.command(
    "export", help="导出档案目录：.csv、.xlsx 或 .jsonl；只含公众能看的，除非 --all。"
)
@_export_options
def export_records(file: Path, *, everything: bool, json_wanted: bool) -> None:
    """Write the archive's catalogue to a file."""
    _export(file, Kind.RECORD, everything=everything, json_wanted=json_wanted)


def _export(file: Path, kind: Kind, *, everything: bool, json_wanted: bool) -> None:
    from wx_archive.catalogue.files.export import Export  # noqa: PLC0415 -- only here: starts slowly

    database = Database(settings_of_installation().database)
    columns = (TextColumn("导出"), TextColumn("{task.completed} 条"), TimeElapsedColumn())
    try:
        schema.require_current(database, demo=True)
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("导出", total=None)
            count = Export(
                database,
                kind,
                clock.today(),
                everything=everything,
                progress=lambda done: bar.update(task, completed=done),
            ).to(file)
        told = {"kind": kind.value, "all": everything, "rows": count, "file": file.name}
        _note(database, Note("catalogue.export", "catalogue", after=told))
    finally:
        database.dispose()
    if json_wanted:
        print_json({"file": str(file), "rows": count, "all": everything})
    else:
        scope = "全部" if everything else "公众能看的"
        click.echo(f"已导出 {count} 条（{scope}）到 {file}")


@documents.command("template", help="做一份现行文件的 Excel 模板，有说明和下拉列表。")
@click.argument("file", type=click.Path(path_type=Path))
def document_template(file: Path) -> None:
    """Write an empty workbook for current documents."""
    _template(file, Kind.DOCUMENT)


@catalogue.command("template", help="做一份档案目录的 Excel 模板，有说明和下拉列表。")
@click.argument("file", type=click.Path(path_type=Path))
def record_template(file: Path) -> None:
    """Write an empty workbook for archive records."""
    _template(file, Kind.RECORD)


def _template(file: Path, kind: Kind) -> None:
    from wx_archive.catalogue.files.templates import write_template  # noqa: PLC0415 -- likewise

    write_template(file, kind)
    click.echo(f"已写好模板 {file}；填好后用 import 导入")


@contextmanager
def _importer(openness: Disclosure | None, *, dry_run: bool, skip_bad: bool) -> Iterator[Importer]:
    settings = settings_of_installation()
    database = Database(settings.database)
    columns = (TextColumn("导入"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        schema.require_current(database, demo=True)
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("导入", total=None)
            yield Importer(
                database,
                settings.secret(),
                openness=openness,
                livelihood=livelihood_of(settings.site() / "content"),
                dry_run=dry_run,
                skip_bad=skip_bad,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    finally:
        database.dispose()


def _note_import(importer: Importer, report: ImportReport, file: Path, kind: Kind) -> None:
    """Note what came in; the import itself has many transactions of its own."""
    if importer.dry_run or (report.bad and not importer.skip_bad):
        return
    told = {
        "kind": kind.value,
        "file": file.name,
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "skipped": len({row.line for row in report.bad}),
    }
    _note(importer.database, Note("catalogue.import", "catalogue", after=told))


def _note(database: Database, done: Note) -> None:
    with database.begin() as session:
        audit.from_terminal(session, done, now=clock.now())


def _report(
    report: ImportReport, file: Path, *, dry_run: bool, skip_bad: bool, json_wanted: bool
) -> None:
    if json_wanted:
        print_json(report.as_json())
    _print_rows(report.warnings, file, "留意")
    _print_rows(report.bad, file, "有误")
    if report.bad and not skip_bad:
        click.echo(
            f"{len(report.bad)} 处有误，一行也没有导入。"
            "改好再来，或加 --skip-bad 只导入没问题的行。",
            err=True,
        )
        sys.exit(1)
    if not json_wanted:
        done = "会" if dry_run else "已"
        click.echo(
            f"读到 {report.read} 行：{done}新增 {report.added}，{done}更新 {report.changed}，"
            f"没有变化 {report.unchanged}，跳过 {len({row.line for row in report.bad})}。"
        )


def _print_rows(rows: list[BadRow], file: Path, word: str) -> None:
    for row in rows[:SHOWN_ROWS]:
        place = f"{file}:{row.line}:{row.column}" if row.column else f"{file}:{row.line}"
        click.echo(f"{place}: {word}：{row.reason}", err=True)
    if len(rows) > SHOWN_ROWS:
        click.echo(f"……还有 {len(rows) - SHOWN_ROWS} 处，用 --json 看全部", err=True)
