"""关键词答复: written here, released by somebody else."""

from http import HTTPStatus
from typing import Final

from flask import abort, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response
from wtforms import Form, TextAreaField

from wx_archive.guide import keywords, rules, texts
from wx_archive.guide.console.shown import moment, names
from wx_archive.guide.keywords import OPEN, Others, Place, Written
from wx_archive.guide.models import KeywordReply, State
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

PATH: Final = "/console/words/replies"
TEMPLATE: Final = "guide/console/reply.html"
_LISTS: Final = {
    "": (State.RELEASED, *OPEN),
    "released": (State.RELEASED,),
    "waiting": (State.WAITING,),
    "refused": (State.REFUSED,),
    "draft": (State.DRAFT,),
    "over": (State.WITHDRAWN, State.REPLACED),
}


class ReplyForm(Form):
    """A reply as it is written."""

    words = TextAreaField(
        "关键词",
        description="一行一个。读者打的字和它一样，或者一句话里主要是它，就得到下面的答复。",
        render_kw={"rows": 4},
    )
    text = TextAreaField("答复", render_kw={"rows": 8})


def add(pages: Pages, others: Others) -> None:
    """Add the pages."""
    _lists(pages)
    _writing(pages, others)
    _withdrawing(pages)


def _lists(pages: Pages) -> None:
    @pages.get("/words/replies", needs=Permission.WORDS_EDIT)
    def replies(visit: Visit) -> ResponseReturnValue:
        state = request.args.get("state", "")
        with visit.reads() as connection:
            found = keywords.listed(connection, _LISTS.get(state, _LISTS[""]))
            return visit.page(
                "guide/console/replies.html",
                replies=found,
                state=state,
                states=texts.STATES,
                names=names(connection),
                moment=moment,
            )


def _writing(pages: Pages, others: Others) -> None:
    @pages.get("/words/replies/new", needs=Permission.WORDS_EDIT)
    def new_reply(visit: Visit) -> ResponseReturnValue:
        asked = rules.words_of("\n".join(request.args.getlist("word"))[:600])
        text = texts.skeleton(asked)
        if like := request.args.get("like", type=int):
            with visit.reads() as connection:
                found = keywords.one(connection, like)
            asked, text = (found[0].words, found[1]) if found else (asked, text)
        form = ReplyForm(data={"words": "\n".join(asked), "text": text})
        return _page(visit, form, None)

    @pages.post("/words/replies", needs=Permission.WORDS_EDIT, audit="reply.save")
    def write_reply(act: Act) -> ResponseReturnValue:
        return _write(act, others, None)

    @pages.get("/words/replies/<int:number>", needs=Permission.WORDS_EDIT)
    def reply(visit: Visit, number: int) -> ResponseReturnValue:
        with visit.reads() as connection:
            found = keywords.one(connection, number)
        if found is None:
            abort(HTTPStatus.NOT_FOUND)
        form = ReplyForm(data={"words": "\n".join(found[0].words), "text": found[1]})
        return _page(visit, form, number)

    @pages.post("/words/replies/<int:number>", needs=Permission.WORDS_EDIT, audit="reply.save")
    def rewrite_reply(act: Act, number: int) -> ResponseReturnValue:
        return _write(act, others, _found(act, number))


def _write(act: Act, others: Others, reply: KeywordReply | None) -> Response:
    form = ReplyForm(request.form)
    written = Written(
        rules.words_of(form.words.data or ""),
        (form.text.data or "").replace("\r\n", "\n").strip(),
    )
    place = Place(
        act.session.connection(),
        act.services.site,
        others,
        act.today,
        keywords.versions_of(reply),
    )
    form.words.errors = keywords.word_problems(place, written.words)
    form.text.errors = keywords.text_problems(place.site, written.text)
    if form.words.errors or form.text.errors:
        number = reply.id if reply else None
        return _page(act, form, number, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    is_ready = request.form.get("then") == "wait"
    before = {"words": reply.words, "text": reply.text} if reply else {}
    saved = keywords.save(
        act.session, reply, written, is_ready=is_ready, by=act.person.login, now=act.now
    )
    act.note(
        f"reply:{saved.id}",
        before=before,
        after={"words": saved.words, "text": saved.text},
        action="reply.propose" if is_ready else "reply.save",
    )
    said = "已经交给别人放行；放行以前，读者看到的不变。" if is_ready else "存为草稿，还没有交。"
    return act.done(f"{PATH}/{saved.id}", said)


def _page(
    visit: Visit, form: ReplyForm, number: int | None, *, status: int = HTTPStatus.OK
) -> Response:
    site, text = visit.services.site, form.text.data or ""
    with visit.reads() as connection:
        found = keywords.one(connection, number) if number else None
        return visit.page(
            TEMPLATE,
            status,
            form=form,
            about=found[0] if found else None,
            pieces=rules.pieces(site.profile.fill(text)),
            size=rules.size_of(text.replace("\r\n", "\n").strip()),
            limit=rules.TEXT_LIMIT_BYTES,
            is_open=found is None or found[0].state in (*OPEN, State.RELEASED),
            states=texts.STATES,
            names=names(connection),
            moment=moment,
        )


def _withdrawing(pages: Pages) -> None:
    @pages.get("/words/replies/<int:number>/withdraw", needs=Permission.WORDS_EDIT)
    def ask_withdraw_reply(visit: Visit, number: int) -> ResponseReturnValue:
        return withdrawing(visit, number, PATH)

    @pages.post(
        "/words/replies/<int:number>/withdraw", needs=Permission.WORDS_EDIT, audit="reply.withdraw"
    )
    def withdraw_reply(act: Act, number: int) -> ResponseReturnValue:
        return withdrawn(act, number, PATH)


def withdrawing(visit: Visit, number: int, path: str) -> Response:
    """Show what a withdrawal does, with its form."""
    with visit.reads() as connection:
        found = keywords.one(connection, number)
    if found is None or found[0].state not in (*OPEN, State.RELEASED):
        abort(HTTPStatus.NOT_FOUND)
    about, text = found
    return visit.page(
        "guide/console/withdraw.html",
        about=about,
        is_released=about.state is State.RELEASED,
        pieces=rules.pieces(visit.services.site.profile.fill(text)),
        path=path,
    )


def withdrawn(act: Act, number: int, path: str) -> Response:
    """Withdraw a reply, or drop one that was never released."""
    reply = _found(act, number)
    was_released = reply.state == State.RELEASED
    before = {"state": reply.state, "words": reply.words}
    keywords.withdraw(act.session, reply, live=act.services.site.live)
    act.note(f"reply:{number}", before=before, after={"state": reply.state})
    said = "撤下了，两秒以内就不再这样答复。" if was_released else "作废了，没有人看到过它。"
    return act.done(path, said)


def _found(act: Act, number: int) -> KeywordReply:
    reply = keywords.find(act.session, number)
    if reply is None:
        abort(HTTPStatus.NOT_FOUND)
    return reply
