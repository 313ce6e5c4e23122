"""Checks of what a piece says: lengths, links, sources, wording, what is not finished."""

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlsplit

from wx_archive.publishing import body, sensitive, wechat_html
from wx_archive.publishing.findings import Case, Finding, Level, blocks, tells, warns
from wx_archive.publishing.page_html import Picture
from wx_archive.publishing.rules import TITLES, Column, Kind

NEEDS_SOURCES: Final = frozenset({Column.HISTORY, Column.SHOWCASE})
CHARACTERS_PER_MINUTE: Final = 400
LONG_MINUTES: Final = 8
FIRST_SCREEN: Final = 140
"""Characters that a phone shows below title and cover, before anybody moves a finger."""
PARAGRAPH: Final = 300
_ADDRESS: Final = "https://mmbiz.qpic.cn/" + "x" * 140
"""As long as an address at WeChat gets: what the article will be as HTML is measured with it."""


def _title(case: Case) -> Iterator[Finding]:
    length, most = len(case.content.title.strip()), case.limits.title
    if not length:
        yield blocks("标题", f"还没有标题。请写一个，最多 {most} 个字。")
    elif length > most:
        yield blocks(
            "标题", f"标题有 {length} 个字，微信最多 {most} 个，请去掉 {length - most} 个。"
        )


def _author(case: Case) -> Iterator[Finding]:
    length, most = len(case.content.author), case.limits.author
    if length > most:
        yield blocks("作者", f"作者有 {length} 个字，微信最多 {most} 个。")


def _summary(case: Case) -> Iterator[Finding]:
    length, most = len(case.content.summary), case.limits.digest
    if length > most:
        yield blocks(
            "摘要", f"摘要有 {length} 个字，微信最多 {most} 个，请去掉 {length - most} 个。"
        )
    elif case.is_article and not case.content.summary.strip():
        taken = case.limits.digest_taken
        yield warns("摘要", f"没有摘要。微信会取正文的头 {taken} 个字，最好自己写一句。")


def _body(case: Case) -> Iterator[Finding]:
    if case.is_article and body.is_blank(case.content.body):
        yield blocks("正文", "正文还是空的。")
    if case.content.kind is Kind.TEXT:
        yield from _text(case)
    elif case.is_article:
        yield from _article(case)


def _text(case: Case) -> Iterator[Finding]:
    text, limits = wechat_html.text_of(case.content, links=case.links), case.limits
    size = len(text.encode())
    if not text:
        yield blocks("正文", "文字消息还是空的。")
    if len(text) > limits.text_characters:
        over = len(text) - limits.text_characters
        yield blocks("正文", f"文字消息最多 {limits.text_characters} 个字，请去掉 {over} 个。")
    elif size > limits.text_bytes:
        yield blocks("正文", f"文字消息最多 {limits.text_bytes} 个字节，现在 {size} 个，请缩短。")


def _article(case: Case) -> Iterator[Finding]:
    html, limits = as_html(case), case.limits
    size = len(html.encode())
    if len(html) >= limits.body_characters:
        yield blocks(
            "正文",
            f"排版以后有 {len(html):,} 个字符，微信要少于 {limits.body_characters:,} 个。"
            "请缩短，或者拆成两篇。",
        )
    elif size >= limits.body_bytes:
        yield blocks("正文", f"排版以后有 {size:,} 个字节，微信要少于 {limits.body_bytes:,} 个。")


def as_html(case: Case) -> str:
    """Return the article as it will be sent, with addresses of the usual length."""
    uses = body.pictures(body.read(case.links.completed(case.content.body)))
    hosted = {use.pid: _ADDRESS for use in uses if use.pid}
    held = case.facts.held
    pictures = {pid: Picture(one.alt, one.credit) for pid, one in held.items()}
    try:
        return wechat_html.compose(case.content, hosted, links=case.links, pictures=pictures)
    except wechat_html.UnhostedPictureError:
        return ""  # of a picture that is not ours; `media_checks` says so


def _links(case: Case) -> Iterator[Finding]:
    if not case.is_article:
        return
    tokens = body.read(case.links.completed(case.content.body))
    away = {
        one
        for one in body.links(tokens)
        if (whole := case.links.absolute(one)) and not _stays(whole)
    }
    if away:
        yield tells("链接", f"有 {len(away)} 个外部链接，发到微信时会改成文末的“参考链接”。")
    odd = [one for one in body.links(tokens) if not case.links.absolute(one)]
    for address in dict.fromkeys(odd):
        yield warns("链接", f"“{address[:60]}”不是完整的网址，读者点不开。要写成 https:// 开头。")
    domains = case.links.profile.links.domains if case.links.profile else []
    hosts = {urlsplit(case.links.absolute(one)).hostname or "" for one in away}
    for host in sorted(hosts - {*domains, urlsplit(case.links.origin).hostname or ""}):
        yield warns(
            "链接", f"{host} 不在本馆认可的域名里，请核对。认可的写在 site.yaml 的 links 里。"
        )


def _stays(address: str) -> bool:
    return wechat_html.is_wechats(address)


def _source_url(case: Case) -> Iterator[Finding]:
    address, most = case.content.source_url, case.limits.source_url_bytes
    if not address:
        return
    if not address.startswith(("http://", "https://")):
        yield blocks("阅读原文", "阅读原文要写成 http:// 或 https:// 开头的网址，或者留空。")
    elif len(address.encode()) > most:
        yield blocks("阅读原文", f"阅读原文的网址太长，最多 {most} 个字节。")


def _sources(case: Case) -> Iterator[Finding]:
    if any(one.strip() for one in case.content.sources):
        return
    column = case.content.column
    if column in NEEDS_SOURCES:
        yield blocks("出处", f"《{TITLES[column]}》的每一篇都要写出处，请至少写一条。")
    else:
        yield warns("出处", "没有写出处。读者信的是出处，有就请写上。")


def _entries(case: Case) -> Iterator[Finding]:
    hidden = [one for one in case.content.entries if one not in case.facts.public_entries]
    if hidden:
        yield blocks(
            "提到的档案",
            f"提到的档案里有 {len(hidden)} 条公众看不到（不开放、已撤下或没有），请去掉再发。",
        )


def _wording(case: Case) -> Iterator[Finding]:
    for place, text in _places(case):
        for spot in sensitive.spots(case.wording, text):
            times = f"（{spot.count} 处）" if spot.count > 1 else ""
            if spot.right:
                sentence = f"“{spot.word}”应为“{spot.right}”{times}：{spot.why}。"
            else:
                sentence = f"“{spot.word}”{times}请再看一眼：{spot.why}。"
            wrong = spot.word if spot.right else ""
            yield Finding(Level.WARNS, place, sentence, wrong, spot.right)


def _unfinished(case: Case) -> Iterator[Finding]:
    for place, text in _places(case):
        for mark in sensitive.unfinished(text):
            yield blocks(place, f"还留着“{mark}”，看来没有写完。请补上，或者删去。")


def _places(case: Case) -> Iterator[tuple[str, str]]:
    content = case.content
    yield "标题", content.title
    yield "摘要", content.summary
    yield "正文", body.words(body.read(content.body)) if case.is_article else content.body
    yield "出处", "\n".join(content.sources)


def _marks(case: Case) -> Iterator[Finding]:
    if not case.is_article:
        return
    for mark in dict.fromkeys(body.stray_marks(body.read(case.content.body))):
        yield warns("正文", f"{mark} 没有变成粗体，星号会原样印出来。请在后面的 ** 之后空一格。")


def _length(case: Case) -> Iterator[Finding]:
    if not case.is_article:
        return
    words = body.words(body.read(case.links.completed(case.content.body)))
    count = sum(not char.isspace() for char in words)
    minutes = max(1, round(count / CHARACTERS_PER_MINUTE))
    told = f"正文约 {count:,} 字，读完大约 {minutes} 分钟。"
    if minutes > LONG_MINUTES:
        yield warns("正文", told + "手机上长了些，可以分成几篇，或者加小标题。")
    elif count:
        yield tells("正文", told)
    paragraphs = [line for line in words.split("\n") if line.strip()]
    if paragraphs and len(paragraphs[0]) > FIRST_SCREEN:
        yield warns(
            "正文",
            f"第一段有 {len(paragraphs[0])} 个字，手机头一屏只放得下 {FIRST_SCREEN} 个左右，"
            "最好先用一两句话说清。",
        )
    longest = max((len(one) for one in paragraphs[1:]), default=0)
    if longest > PARAGRAPH:
        yield warns("正文", f"有一段长达 {longest} 个字，手机上会占满一屏还多，最好分开。")


Look = Callable[[Case], Iterator[Finding]]
LOOKS: Final[tuple[Look, ...]] = (
    _title,
    _author,
    _summary,
    _body,
    _links,
    _source_url,
    _sources,
    _entries,
    _unfinished,
    _wording,
    _marks,
    _length,
)
