"""What will happen when something is released or closed, said before anybody does it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from wx_archive.catalogue.rules import Disclosure, Kind, Openness
from wx_archive.cataloguing import releases, texts
from wx_archive.cataloguing.entries import EntryView, access
from wx_archive.cataloguing.rules import RecordAccess, ReleaseKind
from wx_archive.core.errors import RefusedError

_RECORD_SHOWS = (
    "公众能查到它，看到题名、责任者、日期、主题词、提要和档号；存放位置和限制说明不给公众看。"
)
_DOCUMENT_SHOWS = {
    Disclosure.FULL: "公众能查到它，看到目录和全文。",
    Disclosure.PARTIAL: "公众能查到它，只看到目录；全文要申请。",
    Disclosure.NONE: "公众查不到它。",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What changes.

    Attributes:
        rows: what it is called, before, after.
        says: who will see what.
        shows: the public sees it, or more of it, at once.
    """

    rows: tuple[tuple[str, str, str], ...]
    says: tuple[str, ...]
    shows: bool = False


def of_release(
    view: EntryView, kind: ReleaseKind, payload: Mapping[str, str], *, today: date
) -> Preview:
    """Return what a release would do to an entry as it stands.

    Raises:
        RefusedError: the entry is of the other kind, or the day is no day.
    """
    if kind.subject is not view.kind:
        raise RefusedError("这件事不能对这一条做")
    if view.kind is Kind.DOCUMENT:
        return _of_document(view, kind, payload)
    return _of_record(view, kind, payload, today)


def of_closing(view: EntryView) -> Preview:
    """Return what closing a record or withdrawing a document would do."""
    now = "公众现在查得到它，办了以后立刻查不到。" if view.is_public else "公众现在也查不到它。"
    if view.kind is Kind.DOCUMENT:
        word = texts.state_word(view.kind, view.row.disclosure)
        kept = "它废止、修改过的文件照旧算废止、修改。"
        return Preview((("公开属性", word, "不公开（撤下）"),), (now, kept, _STAYS))
    word = texts.state_word(view.kind, view.row.openness)
    below = (f"它下面的 {view.below} 条及再往下的也一起查不到。",) if view.below else ()
    return Preview((("开放标识", word, "控制使用"),), (now, *below, _STAYS))


_STAYS = "以后导入的目录不会把它改回去；要恢复，须另一个人放行。"


def _of_document(view: EntryView, kind: ReleaseKind, payload: Mapping[str, str]) -> Preview:
    before = Disclosure(view.row.disclosure)
    if kind is ReleaseKind.RESTORE:
        after = Disclosure(view.decision.stated) if view.is_withdrawn else before
    else:
        after = (
            Disclosure(payload["openness"])
            if payload.get("openness") in set(Disclosure)
            else before
        )
    words = texts.DISCLOSURE[before], texts.DISCLOSURE[after]
    return Preview((("公开属性", *words),), (_DOCUMENT_SHOWS[after],), shows=after is not before)


def _of_record(
    view: EntryView, kind: ReleaseKind, payload: Mapping[str, str], today: date
) -> Preview:
    before = access(view.row, view.above)
    after, row = _after(before, kind, payload)
    says = [_seen(after, today)]
    if kind is ReleaseKind.DEFER:
        day = texts.chinese_date(releases.opening_day(payload))
        on_the_day = _seen(after, releases.opening_day(payload))
        says = [f"{day}以前公众查不到。", f"到{day}自己开放，不再有人放行：{on_the_day}"]
    if view.below and before.openness is Openness.CONTROLLED and after.openness != before.openness:
        says.append(
            f"它下面直接有 {view.below} 条；自己已经开放、只因为它控制使用才不列出的，会一起出现。"
        )
    return Preview((row,), tuple(says), shows=after.is_public(today))


def _after(
    before: RecordAccess, kind: ReleaseKind, payload: Mapping[str, str]
) -> tuple[RecordAccess, tuple[str, str, str]]:
    word = texts.OPENNESS[before.openness]
    if kind is ReleaseKind.LIVELIHOOD:
        return replace(before, is_livelihood=False), ("民生", "是", "否")
    if kind is ReleaseKind.DEFER:
        day = releases.opening_day(payload)
        after = replace(before, openness=Openness.DEFERRED, open_on=day)
        return after, ("开放标识", word, f"延期开放，{texts.chinese_date(day)}起")
    after = replace(before, openness=Openness.OPEN, open_on=None)
    return after, ("开放标识", word, "开放")


def _seen(state: RecordAccess, today: date) -> str:
    hidden = state.hidden(today)
    if not hidden:
        return _RECORD_SHOWS
    return f"公众仍然查不到它：{'；'.join(texts.HIDDEN[why] for why in hidden)}。"
