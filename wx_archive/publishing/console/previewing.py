"""What a piece will look like on a phone, and what stands against it; as typed, saved or not."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup
from sqlalchemy import Connection

from wx_archive.media import service as media
from wx_archive.media.service import Held
from wx_archive.publishing import checks, page_html, sensitive, wechat_html
from wx_archive.publishing.checks import Finding, Level, MediaFacts
from wx_archive.publishing.console import shown
from wx_archive.publishing.entry_names import EntryName
from wx_archive.publishing.page_html import Picture
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.wechat_html import Links
from wx_archive.staff.pages import Visit

_FIELDS: Final[Mapping[str, str]] = {
    "标题": "title",
    "作者": "author",
    "摘要": "summary",
    "封面": "cover",
    "正文": "body",
    "链接": "body",
    "出处": "sources",
    "阅读原文": "source_url",
    "图集": "assets",
    "文件": "assets",
    "提到的档案": "entries",
}
"""Beside which field of the form a finding stands, by how its place begins."""

_PICTURE: Final = re.compile(rf'src="{page_html.MEDIA_PATH}([0-9A-Z]{{26}})"')
"""Words that look like it have their quotes escaped."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A piece on a phone.

    Attributes:
        body: the page's HTML, made by our renderer alone.
        text: the body without marks, as a text push sends it.
        assets: what it shows or plays besides its body, in order.
        entries: what it tells of, hidden ones too; only staff see this.
        findings: what blocks it first.
    """

    content: Content
    body: Markup
    text: str
    cover: Held | None = None
    assets: Sequence[Held] = ()
    entries: Sequence[EntryName] = ()
    findings: Sequence[Finding] = ()
    beside: Mapping[str, Sequence[Finding]] = field(default_factory=dict)

    @property
    def is_blocked(self) -> bool:
        """Tell whether something keeps it from going out."""
        return checks.is_blocked(self.findings)


def preview(visit: Visit, connection: Connection, content: Content) -> Preview:
    """Return a content as readers will see it today, with everything to be said about it."""
    site = visit.services.site
    links = Links.of(site)
    pids = [*content.assets, *wechat_html.media_of(content)]
    held = media.find(connection, [*pids, *([content.cover] if content.cover else [])])
    entries = shown.entries_of(visit, connection, content.entries)
    facts = MediaFacts(held, frozenset(one.pid for one in entries if one.is_public))
    found = checks.check(content, facts, wording=sensitive.wording(site), links=links)
    pictures = {
        pid: Picture(one.alt, one.credit, one.width_px or 0, one.height_px or 0)
        for pid, one in held.items()
    }
    return Preview(
        content,
        _for_staff(page_html.render(content, pictures, text=links.completed(content.body))),
        wechat_html.text_of(content, links=links),
        held.get(content.cover) if content.cover else None,
        [held[pid] for pid in content.assets if pid in held],
        entries,
        found,
        _beside(found),
    )


def _for_staff(body: Markup) -> Markup:
    """Have pictures come from the library: readers get those of pieces that are out alone."""
    return Markup(_PICTURE.sub(r'src="/console/media/\1/page"', str(body)))  # noqa: S704 -- markup of ours


def _beside(found: Sequence[Finding]) -> dict[str, list[Finding]]:
    beside: dict[str, list[Finding]] = {}
    for finding in found:
        if finding.level is not Level.TELLS:
            field_name = next(
                (_FIELDS[one] for one in _FIELDS if finding.place.startswith(one)), ""
            )
            beside.setdefault(field_name, []).append(finding)
    return beside
