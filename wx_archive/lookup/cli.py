"""`wx-archive lookup QUERY`."""

import click

from wx_archive.catalogue.query import MAX_LENGTH
from wx_archive.core import clock, schema
from wx_archive.core.cli import as_json, print_json, settings_of_installation
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import open_services
from wx_archive.lookup import rules, service, texts


@click.command("lookup", help="查开放档案和现行文件，和公众号里查到的一样。")
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 100), default=10, help="最多列几条")
@as_json
def lookup(query: tuple[str, ...], limit: int, *, json_wanted: bool) -> None:
    """Look something up as citizens do."""
    asked = " ".join(query)
    text, kind = rules.split_scope(asked)
    if len(text) > MAX_LENGTH:
        raise RefusedError(f"要查的话太长，最多 {MAX_LENGTH} 个字，请挑两三个要紧的词")
    with open_services(settings_of_installation()) as services:
        schema.require_current(services.database, demo=True)
        with services.database.reads() as connection:
            found = service.find(
                connection, services.site, text, today=clock.today(), kind=kind, limit=limit
            )
    results = [
        {
            "kind": hit.kind.value,
            "pid": hit.pid,
            "title": hit.title,
            "number": hit.number,
            "date": hit.dated.isoformat() if hit.dated else None,
            "badge": service.badge(hit),
            "validity": hit.validity.value if hit.validity else None,
            "reference_code": hit.reference_code,
        }
        for hit in found.hits
    ]
    if json_wanted:
        print_json(
            {"query": asked, "total": found.total, "capped": found.is_capped, "results": results}
        )
        return
    click.echo(texts.total(found))
    for number, result in enumerate(results, 1):
        told = ("number", "reference_code", "date", "validity", "badge")
        facts = [str(result[name]) for name in told if result[name]]
        click.echo(f"{number:3} {result['title']}  {' · '.join(facts)}")
