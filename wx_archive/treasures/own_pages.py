"""`/h5/treasures` and `/h5/treasures/<pid>`: what one has sent, how it stands, what to do next."""

from http import HTTPStatus

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from wx_archive.core import clock
from wx_archive.core.services import Services
from wx_archive.core.text import written_day
from wx_archive.followers.service import hold
from wx_archive.treasures import (
    certificates,
    page_texts,
    queries,
    register_queries,
    removal,
    rights,
    rules,
    showing,
    texts,
    uploads,
)
from wx_archive.treasures.own_visits import PAGE, Own, Sender, Visits, parted, show, to
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import Channel, State
from wx_archive.treasures.steps import ImpossibleMoveError
from wx_archive.treasures.uploads import TooManyOpenError

LISTED = 60


def add(blueprint: Blueprint, services: Services) -> None:
    """Add the sender's own pages but for the form."""
    visits = Visits(services)
    _add_list(blueprint, visits)
    _add_beginning(blueprint, visits)
    _add_one(blueprint, visits)
    _add_answer(blueprint, visits)
    _add_withdrawal(blueprint, visits)


def _add_list(blueprint: Blueprint, visits: Visits) -> None:
    @blueprint.get(PAGE)
    @visits.sender
    def mine(sender: Sender) -> ResponseReturnValue:
        with visits.services.database.reads() as connection:
            found = queries.of_follower(connection, sender.follower_id, limit=LISTED)
            covers = {
                one.id: queries.cover(queries.files(connection, one.id))
                for one in found
                if one.erased_at is None
            }
        return render_template(
            "treasures/h5/mine.html",
            uploads=found,
            covers=covers,
            next=page_texts.NEXT,
            states=State,
            day=written_day,
        )


def _add_beginning(blueprint: Blueprint, visits: Visits) -> None:
    def form(
        sender: Sender, *, problem: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> ResponseReturnValue:
        with visits.services.database.reads() as connection:
            begun = queries.draft_of(connection, sender.follower_id)
        page = render_template(
            "treasures/h5/new.html",
            begun=begun,
            csrf=sender.csrf,
            problem=problem,
            most=rules.MOST_FILES,
        )
        return page, status

    @blueprint.get(f"{PAGE}/new")
    @visits.sender
    def new(sender: Sender) -> ResponseReturnValue:
        return form(sender)

    @blueprint.post(f"{PAGE}/new")
    @visits.sender
    def begin(sender: Sender) -> ResponseReturnValue:
        """Begin one, or go on with the one that was begun: sent twice, it is one."""
        try:
            with visits.services.database.begin() as session:
                if not hold(session, sender.follower_id):
                    abort(HTTPStatus.NOT_FOUND)
                draft = uploads.draft(session, sender.follower_id, Channel.H5, visits.doing())
                pid = draft.pid
        except TooManyOpenError as err:
            return form(sender, problem=str(err), status=HTTPStatus.CONFLICT)
        return to(f"{PAGE}/{pid}/photos")


def _add_one(blueprint: Blueprint, visits: Visits) -> None:
    @blueprint.get(f"{PAGE}/<pid>")
    @visits.own
    def standing(own: Own) -> ResponseReturnValue:
        return _standing(visits, own)


def _standing(
    visits: Visits,
    own: Own,
    *,
    words: str = "",
    problem: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> ResponseReturnValue:
    """Return the page of how an upload stands, perhaps with an answer that was not taken."""
    upload = own.upload
    with visits.services.database.reads() as connection:
        files, left_out = parted(queries.files(connection, upload.id))
        history = page_texts.history(queries.steps(connection, upload.id))
        certificate = certificates.of_treasure(connection, upload.id)
        public_page = _public_page(connection, upload)
        is_revocable = _is_revocable(connection, upload)
    return show(
        own,
        "standing",
        status=status,
        problems={"words": problem} if problem else {},
        words=words,
        files=files,
        left_out=left_out,
        public_page=public_page,
        is_revocable=is_revocable,
        history=history,
        way=page_texts.way(upload),
        next=page_texts.NEXT[upload.state],
        certificate=certificate,
        may_withdraw=upload.state in rules.WITHDRAWABLE or upload.state is State.DRAFT,
        rules=rules,
        texts=page_texts,
        day=written_day,
        states=State,
    )


def _public_page(connection: Connection, upload: Upload) -> str:
    """Return where everybody sees a piece; empty while nobody does."""
    piece = showing.find(connection, upload.pid, today=clock.today())
    return "" if piece is None else f"{showing.PAGE}/{piece.pid}"


def _is_revocable(connection: Connection, upload: Upload) -> bool:
    """Tell whether 撤回授权 in the chat would take something from the public."""
    allowed = register_queries.standing(connection, upload.id, clock.today())
    return upload.state in rules.KEPT and not rights.PUBLIC_USES.isdisjoint(allowed)


def _add_answer(blueprint: Blueprint, visits: Visits) -> None:
    @blueprint.post(f"{PAGE}/<pid>/answer")
    @visits.own
    def answer(own: Own) -> ResponseReturnValue:
        typed, quick = request.form.get("words", ""), request.form.get("quick", "")
        words = "。".join(part for part in (_quick(quick), typed.strip()) if part)
        if own.upload.state is not State.NEED_INFO:
            # Sent twice; or the question is settled, and what was typed is still there to read.
            return to(own.page) if not typed else _unasked(visits, own, typed)
        if request.form.get("version") != str(own.upload.version):
            anew = page_texts.ASKED_ANEW
            return _standing(visits, own, words=typed, problem=anew, status=HTTPStatus.CONFLICT)
        problem = ""
        if not words:
            problem = page_texts.ANSWER_MISSING
        elif len(words) > rules.NOTE_LENGTH:
            problem = texts.too_long("回答", rules.NOTE_LENGTH, len(words))
        if problem:
            bad = HTTPStatus.BAD_REQUEST
            return _standing(visits, own, words=typed, problem=problem, status=bad)
        try:
            with visits.services.database.begin() as session:
                uploads.answer(session, visits.locked(session, own), words, visits.doing())
        except ImpossibleMoveError:
            return to(own.page)  # the page says how it stands
        return to(own.page)


def _quick(said: str) -> str:
    return said if said in (texts.YES, texts.NO) else ""


def _unasked(visits: Visits, own: Own, typed: str) -> ResponseReturnValue:
    """Show what somebody typed to a question that is settled; the same answer again is no news."""
    with visits.services.database.reads() as connection:
        answers = [
            step.note
            for step in queries.steps(connection, own.upload.id)
            if step.action is rules.Action.ANSWER
        ]
    if any(typed.strip() in said for said in answers[-1:]):
        return to(own.page)
    return _standing(visits, own, words=typed, status=HTTPStatus.CONFLICT)


def _add_withdrawal(blueprint: Blueprint, visits: Visits) -> None:
    @blueprint.get(f"{PAGE}/<pid>/withdraw")
    @visits.own
    def ask_withdrawal(own: Own) -> ResponseReturnValue:
        state = own.upload.state
        if state is not State.DRAFT and state not in rules.WITHDRAWABLE:
            return to(own.page)
        return show(own, "withdraw", days=rules.ERASED_AFTER_DAYS, states=State)

    @blueprint.post(f"{PAGE}/<pid>/withdraw")
    @visits.own
    def withdraw(own: Own) -> ResponseReturnValue:
        doing = visits.doing()
        try:
            with visits.services.database.begin() as session:
                treasure = visits.locked(session, own)
                if State(treasure.state) is State.DRAFT:
                    keys = uploads.drop(session, treasure, doing)
                    removal.later(session, keys, now=doing.now)
                    return to(PAGE)
                uploads.withdraw(session, treasure, doing)
        except ImpossibleMoveError:
            return to(own.page)  # the page says how it stands
        return to(own.page)
