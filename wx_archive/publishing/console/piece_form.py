"""The form of a piece: filled with what it says, read into what it is to say."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from wtforms import (
    Form,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # older stubs
from wtforms.widgets import CheckboxInput, DateTimeLocalInput

from wx_archive.core import clock
from wx_archive.core.site import Site
from wx_archive.core.text import xml_safe
from wx_archive.followers import interests
from wx_archive.publishing import drafts, entry_names, naming
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import TITLES, Column

MOST_BYTES: Final = 10 * drafts.MOST_BODY
"""A body of the longest, as a browser spells it: nine bytes for a Chinese character."""
_BETWEEN: Final = re.compile(r"[\s,，、;；]+")
_LINES: Final = {"title": 64, "author": 32, "summary": 256, "source_url": 500}
"""As many characters as the columns hold; WeChat's own limits are findings, not refusals."""
_MOST: Final = {"topics": (12, 40), "sources": (30, 500), "entries": (30, 120)}
"""So many of them, and so many characters each."""


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody typed.

    Attributes:
        content: as far as it could be read.
        problems: why it cannot be saved, by field.
    """

    content: Content
    wanted_at: datetime | None
    problems: Mapping[str, str] = field(default_factory=dict)


def filled(connection: Connection, site: Site, piece: Piece, *, today: Any) -> Form:
    """Return the form of a piece as it stands."""
    content = Content.of(piece)
    named = {
        one.pid: one.typed
        for one in entry_names.of_pids(connection, content.entries, today=today, tells_hidden=False)
    }
    values: list[tuple[str, str]] = [
        ("title", content.title),
        ("author", content.author),
        ("summary", content.summary),
        ("column", content.column.value),
        ("topics", "、".join(content.topics)),
        ("sources", "\n".join(content.sources)),
        ("entries", "\n".join(named.get(pid, pid) for pid in content.entries)),
        ("source_url", content.source_url),
        ("wanted_at", _typed(piece.wanted_at)),
        ("body", content.body),
        *(("interests", slug) for slug in content.interests),
    ]
    return typed(site, MultiDict(values))


def typed(site: Site, values: MultiDict[str, str] | ImmutableMultiDict[str, str]) -> Form:
    """Return the form with what was typed."""
    topics = interests.topics(site).values()
    form = _PieceForm(values)
    form.column.choices = [SelectChoice(one.value, TITLES[one]) for one in Column]
    form.interests.choices = [SelectChoice(one.slug, one.name) for one in topics]
    return form


def read(
    connection: Connection,
    site: Site,
    values: MultiDict[str, str] | ImmutableMultiDict[str, str],
    before: Content,
) -> Given:
    """Return what was typed as a content; what the form does not show stays as it was before."""
    problems: dict[str, str] = {}
    lines = {name: _line(values.get(name, ""), name, problems) for name in _LINES}
    many = {
        "topics": _several(_BETWEEN.split(xml_safe(values.get("topics", ""))), "topics", problems),
        "sources": _several(_lines_of(values, "sources"), "sources", problems),
    }
    body = xml_safe(values.get("body", "")).replace("\r\n", "\n").strip("\n")
    if len(body) > drafts.MOST_BODY:
        problems["body"] = f"正文最多 {drafts.MOST_BODY} 个字，现在有 {len(body)} 个"
    if lines["source_url"] and not _is_web(lines["source_url"]):
        problems["source_url"] = "网址要以 http:// 或 https:// 开头"
    column = values.get("column", "")
    if column not in set(Column):
        problems["column"] = "请选一个栏目"
    content = replace(
        before,
        title=lines["title"],
        author=lines["author"],
        summary=lines["summary"],
        source_url=lines["source_url"],
        column=Column(column) if column in set(Column) else before.column,
        body=body,
        topics=many["topics"],
        sources=many["sources"],
        interests=tuple(
            one for one in interests.topics(site) if one in values.getlist("interests")
        ),
        entries=_entries(connection, values, before, problems),
    )
    return Given(content, _moment(values.get("wanted_at", ""), problems), problems)


class _PieceForm(Form):
    title = StringField("标题", render_kw={"maxlength": "64"}, description="微信里最多 32 个字。")
    author = StringField(
        "作者", render_kw={"maxlength": "32"}, description="显示在标题下面，可以空着。"
    )
    summary = TextAreaField(
        "摘要",
        render_kw={"maxlength": "256", "rows": "3"},
        description="卡片上的一两句话；54 个字以内，微信才会整句显示。",
    )
    column = SelectField("栏目", choices=[])
    body = TextAreaField("正文", render_kw={"rows": "22", "class": "mono"})
    topics = StringField("关键词", description="读者按这些词能找到它，用顿号隔开，最多 12 个。")
    interests = SelectMultipleField("消息主题", choices=[], option_widget=CheckboxInput())
    sources = TextAreaField(
        "出处", render_kw={"rows": "4"}, description="一行一条：书名、页码，或档号。"
    )
    entries = TextAreaField(
        "讲到的档案和文件",
        render_kw={"rows": "3"},
        description="一行一个档号、文号或编号。公众能查到的，文章下面会带上链接；查不到的不会显示。",
    )
    source_url = StringField(
        "阅读原文", render_kw={"maxlength": "500"}, description="空着就是本馆网页上的这一篇。"
    )
    wanted_at = StringField(
        "想什么时候发",
        widget=DateTimeLocalInput(),
        description="只是一个愿望，排期时由发布的人定。",
    )


def _line(text: str, name: str, problems: dict[str, str]) -> str:
    said = " ".join(xml_safe(text).split())
    if len(said) > _LINES[name]:
        problems[name] = f"最多 {_LINES[name]} 个字，现在有 {len(said)} 个"
    return said


def _lines_of(values: Any, name: str) -> list[str]:
    return xml_safe(values.get(name, "")).splitlines()


def _several(found: Sequence[str], name: str, problems: dict[str, str]) -> tuple[str, ...]:
    most, length = _MOST[name]
    kept = tuple(dict.fromkeys(one.strip() for one in found if one.strip()))
    if len(kept) > most:
        problems[name] = f"最多 {most} 个，现在有 {len(kept)} 个"
    elif long := next((one for one in kept if len(one) > length), ""):
        problems[name] = f"“{long[:12]}…”太长，一个最多 {length} 个字"
    return kept


def _entries(
    connection: Connection, values: Any, before: Content, problems: dict[str, str]
) -> tuple[str, ...]:
    said = _several(_lines_of(values, "entries"), "entries", problems)
    if "entries" in problems:
        return before.entries
    # An entry that an import has taken away since is kept under its public id.
    kept = {pid: pid for pid in before.entries}
    named = naming.resolve(connection, [one for one in said if one not in kept])
    if named.unknown:
        problems["entries"] = f"目录里没有“{named.unknown[0]}”，请核对档号或文号"
    elif named.ambiguous:
        problems["entries"] = f"“{named.ambiguous[0]}”不止一条，请写它页面地址里的编号"
    found = iter(named.pids)
    return tuple(dict.fromkeys([*(one for one in said if one in kept), *found]))


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and " " not in address


def _moment(text: str, problems: dict[str, str]) -> datetime | None:
    said = text.strip()
    if not said:
        return None
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        problems["wanted_at"] = "请写成 2026-12-01 09:00 的样子"
        return None
    if found.tzinfo is not None or not 2000 <= found.year <= 2999:
        problems["wanted_at"] = "请写成 2026-12-01 09:00 的样子"
        return None
    return found.replace(tzinfo=clock.SHANGHAI)


def _typed(value: datetime | None) -> str:
    return f"{value.astimezone(clock.SHANGHAI):%Y-%m-%dT%H:%M}" if value else ""
