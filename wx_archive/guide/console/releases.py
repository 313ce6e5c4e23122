"""答复放行: the second person reads what the phone would show, and decides."""

from http import HTTPStatus
from typing import Final

from flask import abort, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response
from wtforms import Form, StringField
from wtforms.validators import DataRequired, Length

from wx_archive.guide import keywords, rules, texts
from wx_archive.guide.console.replies import withdrawing, withdrawn
from wx_archive.guide.console.shown import moment, names
from wx_archive.guide.keywords import Others, Place
from wx_archive.guide.models import KeywordReply, State
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

PATH: Final = "/console/words/releases"


class RefuseForm(Form):
    """Why a reply goes back to its writer."""

    note = StringField(
        "退回的理由",
        [
            DataRequired("请写一句理由，好让写的人知道怎么改"),
            Length(max=200, message="最多 200 个字"),
        ],
    )


def add(pages: Pages, others: Others) -> None:
    """Add the pages."""
    _reading(pages)
    _deciding(pages, others)

    @pages.get("/words/releases/<int:number>/withdraw", needs=Permission.WORDS_RELEASE)
    def ask_withdraw_released(visit: Visit, number: int) -> ResponseReturnValue:
        return withdrawing(visit, number, PATH)

    @pages.post(
        "/words/releases/<int:number>/withdraw",
        needs=Permission.WORDS_RELEASE,
        audit="reply.withdraw",
    )
    def withdraw_released(act: Act, number: int) -> ResponseReturnValue:
        return withdrawn(act, number, PATH)


def _reading(pages: Pages) -> None:
    @pages.get("/words/releases", needs=Permission.WORDS_RELEASE)
    def releases(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            return visit.page(
                "guide/console/releases.html",
                waiting=keywords.listed(connection, (State.WAITING,)),
                released=keywords.listed(connection, (State.RELEASED,)),
                states=texts.STATES,
                names=names(connection),
                moment=moment,
            )

    @pages.get("/words/releases/<int:number>", needs=Permission.WORDS_RELEASE)
    def waiting_reply(visit: Visit, number: int) -> ResponseReturnValue:
        return _page(visit, number, RefuseForm())


def _deciding(pages: Pages, others: Others) -> None:
    @pages.post(
        "/words/releases/<int:number>", needs=Permission.WORDS_RELEASE, audit="reply.release"
    )
    def release_reply(act: Act, number: int) -> ResponseReturnValue:
        reply = _found(act, number)
        site = act.services.site
        place = Place(
            act.session.connection(), site, others, act.today, keywords.versions_of(reply)
        )
        keywords.release(
            act.session,
            reply,
            place,
            person=act.person,
            seen=request.form.get("seen", ""),
            now=act.now,
            live=site.live,
        )
        after = {"state": reply.state, "words": reply.words, "text": reply.text}
        act.note(f"reply:{number}", before={"state": State.WAITING}, after=after)
        return act.done(PATH, "放行了，两秒以内读者就能得到这个答复。")

    @pages.post(
        "/words/releases/<int:number>/refuse", needs=Permission.WORDS_RELEASE, audit="reply.refuse"
    )
    def refuse_reply(act: Act, number: int) -> ResponseReturnValue:
        reply, form = _found(act, number), RefuseForm(request.form)
        if not form.validate():
            return _page(act, number, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        note = (form.note.data or "").strip()
        seen = request.form.get("seen", "")
        keywords.refuse(act.session, reply, person=act.person, seen=seen, note=note, now=act.now)
        after = {"state": reply.state, "note": note}
        act.note(f"reply:{number}", before={"state": State.WAITING}, after=after)
        return act.done(PATH, "退回去了，写的人会看到理由。")


def _page(visit: Visit, number: int, form: RefuseForm, *, status: int = HTTPStatus.OK) -> Response:
    with visit.reads() as connection:
        found = keywords.one(connection, number)
        if found is None:
            abort(HTTPStatus.NOT_FOUND)
        about, text = found
        before = keywords.one(connection, about.replaces_id) if about.replaces_id else None
        return visit.page(
            "guide/console/release.html",
            status,
            about=about,
            pieces=_phone(visit, text),
            size=rules.size_of(text),
            before=before[0] if before else None,
            before_pieces=_phone(visit, before[1]) if before else [],
            seen=rules.seal("\n".join(about.words), text),
            is_own=about.made_by == visit.person.login,
            form=form,
            states=texts.STATES,
            names=names(connection),
            moment=moment,
        )


def _phone(visit: Visit, text: str) -> list[rules.Piece]:
    return rules.pieces(visit.services.site.profile.fill(text))


def _found(act: Act, number: int) -> KeywordReply:
    reply = keywords.find(act.session, number)
    if reply is None:
        abort(HTTPStatus.NOT_FOUND)
    return reply
