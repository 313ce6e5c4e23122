"""近义词: words that mean the same to a lookup; what staff change counts within two seconds."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from flask import abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from wx_archive.catalogue.tokens import normalise
from wx_archive.catalogue.words import editing
from wx_archive.catalogue.words.synonym_file import Group
from wx_archive.core.errors import ArchiveError, FileProblemError, RefusedError
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

LIST: Final = "/console/synonyms"
PAGE: Final = 50
MOST_TYPED: Final = 400
_APART: Final = re.compile(r"[\s、，,;；/|]+")
_VIEWS: Final = "cataloguing/console"


def add(pages: Pages) -> None:
    """Add the pages of synonyms."""

    @pages.get("/synonyms", needs=Permission.WORDS_EDIT)
    def synonyms_list(visit: Visit) -> ResponseReturnValue:
        return _list(visit)

    @pages.post("/synonyms", needs=Permission.WORDS_EDIT, audit="synonyms.add")
    def synonyms_add(act: Act) -> ResponseReturnValue:
        typed = request.form.get("words", "")
        try:
            words = _typed_words(typed)
            before = _groups_of(act, words)
            group = editing.add(act.session, act.services.site, words, now=act.now)
        except ArchiveError as err:
            told = _told(act, err)
            return _list(act, typed=typed, problem=told, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        act.note(_subject(group), before={"groups": before}, after={"groups": [group]})
        return act.done(f"{LIST}?q={quote(group[0])}", f"已生效：{'、'.join(group)}。")

    _removing(pages)
    _settling(pages)


def _removing(pages: Pages) -> None:
    @pages.post("/synonyms/remove", needs=Permission.WORDS_EDIT, audit="synonyms.remove")
    def synonyms_remove(act: Act) -> ResponseReturnValue:
        word = request.form.get("word", "")
        before = _groups_of(act, [word])
        left = _removed(act, word, whole=False)
        act.note(_subject(*before), before={"groups": before}, after={"groups": [left]})
        said = f"已把“{word}”移走，这一组还有：{'、'.join(left)}。" if left else _GONE
        return act.done(LIST, said)

    @pages.get("/synonyms/group", needs=Permission.WORDS_EDIT)
    def synonyms_drop_asked(visit: Visit) -> ResponseReturnValue:
        groups = _groups_of(visit, [request.args.get("word", "")])
        if not groups:
            abort(HTTPStatus.NOT_FOUND)
        return visit.page(f"{_VIEWS}/synonyms_group.html", group=groups[0])

    @pages.post("/synonyms/group", needs=Permission.WORDS_EDIT, audit="synonyms.drop")
    def synonyms_drop(act: Act) -> ResponseReturnValue:
        word = request.form.get("word", "")
        before = _groups_of(act, [word])
        _removed(act, word, whole=True)
        act.note(_subject(*before), before={"groups": before}, after={"groups": []})
        return act.done(LIST, f"已去掉这一组：{'、'.join(before[0])}。")


def _settling(pages: Pages) -> None:
    @pages.post("/synonyms/settle", needs=Permission.WORDS_EDIT, audit="synonyms.settle")
    def synonyms_settle(act: Act) -> ResponseReturnValue:
        head, told = request.form.get("head", ""), request.form.get("winner", "")
        if told not in list(editing.Winner):
            raise RefusedError("请选一边：用文件里的，还是留馆里改的")
        site, winner = act.services.site, editing.Winner(told)
        clash = next((c for c in editing.conflicts(act.session, site) if c.head == head), None)
        if clash is None:
            raise RefusedError("这一组两边已经一致，不用再选")
        editing.sync(act.session, site, winner=winner, only=head)
        after = clash.in_file if winner is editing.Winner.FILE else clash.edited
        both = {"in_file": clash.in_file, "edited": clash.edited}
        act.note(_subject((head,)), before=both, after={"winner": told, "groups": [after]})
        return act.done(LIST, f"“{head}”这一组现在是：{'、'.join(after) or '没有了'}。")


_GONE: Final = "已移走；只剩一个词不成一组，这一组没有了。"


def _list(
    visit: Visit, *, typed: str = "", problem: str = "", status: int = HTTPStatus.OK
) -> Response:
    asked = request.args.get("q", "").strip()[:60]
    page = max(1, min(request.args.get("page", 1, int), 10_000))
    groups: list[Group] = []
    clashes: list[editing.Conflict] = []
    with visit.reads() as connection:
        session = Session(connection)
        try:
            groups = editing.groups(session, visit.services.site)
            clashes = editing.conflicts(session, visit.services.site)
        except FileProblemError as err:
            problem = _told(visit, err)
    wanted = normalise(asked)
    found = [group for group in groups if any(wanted in word for word in group)]
    turn = f"{LIST}?q={quote(asked)}&page=" if asked else f"{LIST}?page="
    return visit.page(
        f"{_VIEWS}/synonyms.html",
        status,
        groups=found[(page - 1) * PAGE : page * PAGE],
        total=len(found),
        asked=asked,
        typed=typed[:MOST_TYPED],
        problem=problem,
        clashes=clashes,
        newer=f"{turn}{page - 1}" if page > 1 else "",
        older=f"{turn}{page + 1}" if len(found) > page * PAGE else "",
    )


def _typed_words(typed: str) -> list[str]:
    """Return the words that somebody has typed in one line.

    Raises:
        RefusedError: there is nothing, or a whole text.
    """
    if len(typed) > MOST_TYPED:
        raise RefusedError(f"一次最多写 {MOST_TYPED} 个字，请分几次添")
    words = [word for word in _APART.split(typed) if word]
    if len(words) < 2:
        raise RefusedError("请写至少两个词，用空格或顿号隔开，例如：公积金 住房公积金")
    return words


def _groups_of(visit: Visit, words: Sequence[str]) -> list[Group]:
    """Return the groups that have one of the words."""
    wanted = {normalise(word.strip()) for word in words}
    with visit.reads() as connection:
        every = editing.groups(Session(connection), visit.services.site)
    return [group for group in every if wanted & set(group)]


def _removed(act: Act, word: str, *, whole: bool) -> Group:
    """Take a word, or its group, away.

    Raises:
        RefusedError: no group has the word.
    """
    if not _groups_of(act, [word]):
        raise RefusedError(f"近义词里已经没有“{word[:30]}”，也许刚才有人移走了")
    return editing.remove(act.session, act.services.site, word, whole=whole, now=act.now)


def _subject(*groups: Sequence[str]) -> str:
    return f"synonyms:{groups[0][0]}" if groups and groups[0] else "synonyms"


def _told(visit: Visit, err: ArchiveError) -> str:
    """Return what to say of a refusal, or of a file that cannot be read, without our folders."""
    folder = f"{visit.services.site.folder}/"
    return str(err).replace(folder, "").replace("，可以用 synonyms list 看现有的", "")
