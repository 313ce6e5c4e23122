"""Checks of the files that a piece shows: there, of the right kind, not too large, described."""

from collections.abc import Callable, Iterator
from typing import Final

from wx_archive.media.rules import KIND_NAMES, MediaKind
from wx_archive.publishing import body
from wx_archive.publishing.body import Use
from wx_archive.publishing.findings import Case, Fact, Finding, blocks, warns
from wx_archive.publishing.rules import KIND_NAMES as PIECE_KINDS
from wx_archive.publishing.rules import Kind

_MB: Final = 1 << 20
_PICTURE_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


def _cover(case: Case) -> Iterator[Finding]:
    pid = case.content.cover
    if pid is None:
        if case.is_article:
            yield blocks("封面", "还没有封面，请从媒体库里选一张，或者用标题做封面。")
        return
    fact = _of_kind(case, pid, MediaKind.IMAGE)
    if fact is None:
        yield blocks("封面", "封面的图片不在图库里，或者已经撤下，请另选一张。")
        return
    yield from _too_large("封面", fact, case.limits.image_bytes)
    width, height = case.limits.cover_width_px, case.limits.cover_height_px
    if (fact.width_px or 0) < width or (fact.height_px or 0) < height:
        size = f"{fact.width_px} 乘 {fact.height_px}" if fact.width_px else "大小不明"
        yield blocks("封面", f"封面只有 {size}，印出来会糊。至少要 {width} 乘 {height} 像素。")


def _pictures(case: Case) -> Iterator[Finding]:
    if not case.is_article:
        return
    uses = list(body.pictures(body.read(case.content.body)))
    for number, use in enumerate(uses, 1):
        yield from _picture(case, number, use)


def _picture(case: Case, number: int, use: Use) -> Iterator[Finding]:
    place = f"正文第 {number} 张图"
    if use.pid is None:
        yield blocks(place, "这张图放在别的网站上，微信会把它丢掉。请先存进图库，再从图库里插入。")
        return
    fact = _of_kind(case, use.pid, MediaKind.IMAGE)
    if fact is None:
        yield blocks(place, "这张图不在图库里，或者已经撤下，请换一张。")
        return
    yield from _shown(case, place, fact, use.alt)


def _shown(case: Case, place: str, fact: Fact, said: str = "") -> Iterator[Finding]:
    yield from _too_large(place, fact, case.limits.image_bytes)
    if fact.content_type not in _PICTURE_TYPES:
        yield blocks(place, f"这张图的格式（{fact.content_type}）微信不收，请存成 JPG 或 PNG。")
    if not (said or fact.alt).strip():
        yield warns(place, "没有说明图里是什么，看不见图的读者就不知道了。请在图库里补一句。")
    if not fact.credit.strip():
        yield warns(place, "没有写图的来历（谁拍的、藏在哪里）。请在图库里补上。")


def _files(case: Case) -> Iterator[Finding]:
    match case.content.kind:
        case Kind.PICTURES:
            yield from _picture_set(case)
        case Kind.VIDEO:
            yield from _one_file(case, MediaKind.VIDEO)
        case Kind.AUDIO:
            yield from _one_file(case, MediaKind.AUDIO)
        case Kind.ARTICLE | Kind.TEXT:
            if case.content.assets:
                name = PIECE_KINDS[case.content.kind]
                yield blocks("文件", f"“{name}”不带单独的文件，请去掉，或者改成图集、视频、音频。")


def _picture_set(case: Case) -> Iterator[Finding]:
    assets, most = case.content.assets, case.limits.pictures
    if not assets:
        yield blocks("图集", f"图集里还没有图片，请选 1 到 {most} 张。")
    if len(assets) > most:
        yield blocks("图集", f"图集里有 {len(assets)} 张图，微信最多 {most} 张。")
    for number, pid in enumerate(assets, 1):
        place = f"图集第 {number} 张"
        fact = _of_kind(case, pid, MediaKind.IMAGE)
        if fact is None:
            yield blocks(place, "这张图不在图库里，或者已经撤下，请换一张。")
        else:
            yield from _shown(case, place, fact)


def _one_file(case: Case, kind: MediaKind) -> Iterator[Finding]:
    name = KIND_NAMES[kind]
    if len(case.content.assets) != 1:
        told = f"现在有 {len(case.content.assets)} 个" if case.content.assets else "现在还没有"
        yield blocks(name, f"要有一个{name}文件，{told}。")
        return
    fact = _of_kind(case, case.content.assets[0], kind)
    if fact is None:
        yield blocks(name, f"{name}文件不在库里，或者已经撤下，请另选一个。")
        return
    yield from _file(case, name, fact, is_film=kind is MediaKind.VIDEO)


def _file(case: Case, name: str, fact: Fact, *, is_film: bool) -> Iterator[Finding]:
    limits = case.limits
    types = limits.video_types if is_film else limits.audio_types
    yield from _too_large(name, fact, limits.video_bytes if is_film else limits.audio_bytes)
    if fact.content_type not in types:
        known = "、".join(one.rpartition("/")[2].replace("mpeg", "mp3").upper() for one in types)
        yield blocks(name, f"{name}的格式（{fact.content_type}）微信不收，请存成 {known}。")
    if fact.duration_ms is None:
        yield warns(name, f"量不出{name}有多长，请自己放一遍，看看是不是完整。")
    elif not is_film and fact.duration_ms > limits.audio_ms:
        seconds = fact.duration_ms / 1000
        most = limits.audio_ms // 1000
        yield blocks(name, f"{name}长 {seconds:.0f} 秒，微信最多 {most} 秒，请剪短。")


def _too_large(place: str, fact: Fact, most: int) -> Iterator[Finding]:
    if fact.size_bytes > most:
        size = fact.size_bytes / _MB
        yield blocks(place, f"文件有 {size:.1f} MB，微信最多 {most / _MB:g} MB，请压缩以后再传。")


def _of_kind(case: Case, pid: str, kind: MediaKind) -> Fact | None:
    fact = case.facts.held.get(pid)
    return fact if fact is not None and fact.kind == kind else None


LOOKS: Final[tuple[Callable[[Case], Iterator[Finding]], ...]] = (_cover, _pictures, _files)
