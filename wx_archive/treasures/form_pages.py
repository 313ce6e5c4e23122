"""`/h5/treasures/<pid>/story`, `/rights`, `/confirm`: steps of the form, each saved on its own."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.services import Services
from wx_archive.core.text import written_day
from wx_archive.followers import consents
from wx_archive.treasures import page_texts, queries, rules, saving
from wx_archive.treasures.form_values import RightsForm, StoryForm
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.own_visits import PAGE, Own, Visits, parted, show, to
from wx_archive.treasures.rules import State
from wx_archive.treasures.uploads import PURPOSE, NotEditableError, NothingSentError

STEPS: Final = (("photos", "拍照"), ("story", "讲述"), ("rights", "权利"), ("confirm", "确认"))
_SLUGS: Final = tuple(slug for slug, _name in STEPS)


def add(blueprint: Blueprint, services: Services) -> None:
    """Add the steps that take words and choices."""
    visits = Visits(services)
    _add_story(blueprint, visits)
    _add_rights(blueprint, visits)
    _add_confirmation(blueprint, visits)


# -- 讲述 --------------------------------------------------------------------------------------


def _add_story(blueprint: Blueprint, visits: Visits) -> None:
    @blueprint.get(f"{PAGE}/<pid>/story")
    @visits.own
    def story(own: Own) -> ResponseReturnValue:
        if not own.upload.is_editable:
            return to(own.page)
        return _story(visits, own, StoryForm.of(own.upload))

    @blueprint.post(f"{PAGE}/<pid>/story")
    @visits.own
    def tell(own: Own) -> ResponseReturnValue:
        form = StoryForm.read(request.form)
        if day := request.form.get("use"):
            return _story(visits, own, _with_day(form, page_texts.taken_on(day)))
        if problems := form.problems():
            return _story(visits, own, form, problems=problems)
        try:
            with visits.services.database.begin() as session:
                treasure = visits.locked(session, own)
                is_seen = form.seen == saving.mark(saving.told_of(treasure))
                if is_seen or form.told.tidied() == saving.told_of(treasure):
                    saving.save_told(session, treasure, form.told, visits.doing())
                    return to(_next(own, "rights"))
        except NotEditableError as err:
            return _story(visits, own, form, problems={"": str(err)})
        return _meanwhile(visits, own, form)


def _story(
    visits: Visits,
    own: Own,
    form: StoryForm,
    *,
    problems: Mapping[str, str] | None = None,
    standing: str = "",
) -> ResponseReturnValue:
    with visits.services.database.reads() as connection:
        found = {file.taken_text for file in queries.files(connection, own.upload.id)}
    days = [(text, page_texts.taken_on(text)) for text in sorted(found) if text]
    return show(
        own,
        "story",
        status=HTTPStatus.BAD_REQUEST if problems else HTTPStatus.OK,
        problems=problems,
        form=form,
        days=days,
        standing=standing,
        decades=page_texts.DECADES,
        unknown=page_texts.UNKNOWN,
        rules=rules,
        step="story",
        form_steps=STEPS,
    )


def _with_day(form: StoryForm, day: str) -> StoryForm:
    """Return the form with a day that its owner has asked to be put in; nothing is saved yet."""
    values = {name: getattr(form, name) for name in StoryForm.__slots__}
    return StoryForm(**{**values, "year": day or form.year})


def _meanwhile(visits: Visits, own: Own, form: StoryForm) -> ResponseReturnValue:
    """Return what was typed beside what was added in the chat since the page was made."""
    now = visits.upload(own.sender.follower_id, own.upload.pid)
    values = {name: getattr(form, name) for name in StoryForm.__slots__}
    anew = StoryForm(**{**values, "seen": saving.mark(saving.told_of(now))})
    problems = {"": page_texts.TOLD_MEANWHILE}
    return _story(visits, Own(own.sender, now), anew, problems=problems, standing=now.story)


# -- 权利 --------------------------------------------------------------------------------------


def _add_rights(blueprint: Blueprint, visits: Visits) -> None:
    @blueprint.get(f"{PAGE}/<pid>/rights")
    @visits.own
    def rights(own: Own) -> ResponseReturnValue:
        if not own.upload.is_editable:
            return to(own.page)
        return _rights(own, RightsForm.of(own.upload))

    @blueprint.post(f"{PAGE}/<pid>/rights")
    @visits.own
    def choose(own: Own) -> ResponseReturnValue:
        form, today = RightsForm.read(request.form), clock.today()
        if wrong := form.wrong(today=today):
            return _rights(own, form, problems=form.missing() | wrong)
        try:
            with visits.services.database.begin() as session:
                treasure = visits.locked(session, own)
                saving.save_chosen(session, treasure, form.chosen, visits.doing())
        except NotEditableError as err:
            return _rights(own, form, problems={"": str(err)})
        missing = form.missing()
        if missing and request.form.get("go") not in _SLUGS:
            return _rights(own, form, problems=missing)
        return to(_next(own, "confirm"))


def _rights(
    own: Own, form: RightsForm, *, problems: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    return show(
        own,
        "rights",
        status=HTTPStatus.BAD_REQUEST if problems else HTTPStatus.OK,
        problems=problems,
        form=form,
        rules=rules,
        step="rights",
        form_steps=STEPS,
    )


# -- 确认 --------------------------------------------------------------------------------------


def _add_confirmation(blueprint: Blueprint, visits: Visits) -> None:
    @blueprint.get(f"{PAGE}/<pid>/confirm")
    @visits.own
    def confirm(own: Own) -> ResponseReturnValue:
        return _glance(visits, own) if own.upload.is_editable else to(own.page)

    @blueprint.post(f"{PAGE}/<pid>/confirm")
    @visits.own
    def hand_in(own: Own) -> ResponseReturnValue:
        return _take_up(visits, own)

    @blueprint.get(f"{PAGE}/<pid>/done")
    @visits.own
    def done(own: Own) -> ResponseReturnValue:
        if own.upload.confirmed_at is None or own.upload.state not in rules.EDITABLE:
            return to(own.page)
        return show(own, "done", next=page_texts.NEXT[own.upload.state])


def _take_up(visits: Visits, own: Own) -> ResponseReturnValue:
    """Hand an upload in as it was seen, with the consent to the text that was shown."""
    if _was_confirmed(own):
        return to(f"{own.page}/done")
    version = consents.current_text(visits.services.site, PURPOSE).version
    if request.form.get("agree") != str(version):
        return _glance(visits, own, problem=page_texts.CONSENT_MISSING)
    try:
        with visits.services.database.begin() as session:
            is_in = _hand_in(session, visits, own, version)
    except (NotEditableError, NothingSentError) as err:
        return _glance(visits, own, problem=str(err))
    return to(f"{own.page}/done") if is_in else _again(visits, own)


def _was_confirmed(own: Own) -> bool:
    """Tell whether this very form was taken before: the upload was confirmed since it was shown."""
    try:
        shown_at = datetime.fromisoformat(request.form.get("shown", ""))
    except ValueError:
        return False
    confirmed_at = own.upload.confirmed_at
    return confirmed_at is not None and shown_at.tzinfo is not None and confirmed_at > shown_at


def _hand_in(session: Session, visits: Visits, own: Own, consent_version: int) -> bool:
    """Hand in what was seen; False if it is something else by now, or was handed in before."""
    treasure = visits.locked(session, own)
    if request.form.get("version") != str(treasure.version) or _lacks(session, treasure):
        return False
    number = own.sender.follower_id
    saving.hand_in(session, treasure, number, visits.doing(), consent_version=consent_version)
    return True


def _lacks(session: Session, treasure: Treasure) -> list[str]:
    session.flush()
    connection = session.connection()
    upload = queries.by_id(connection, treasure.id)
    files = queries.files(connection, treasure.id)
    return saving.missing(upload, standing_files=_count(files))


def _count(files: list[queries.File]) -> int:
    return sum(file.state in rules.STANDING for file in files)


def _again(visits: Visits, own: Own) -> ResponseReturnValue:
    """Answer a form that is out of date: sent twice, it was handed in; else it is shown anew."""
    now = Own(own.sender, visits.upload(own.sender.follower_id, own.upload.pid))
    if _was_confirmed(now):
        return to(f"{own.page}/done")
    return _glance(visits, now, problem=page_texts.SEEN_MEANWHILE)


def _glance(visits: Visits, own: Own, *, problem: str = "") -> ResponseReturnValue:
    with visits.services.database.reads() as connection:
        shown, left_out = parted(queries.files(connection, own.upload.id))
    return show(
        own,
        "confirm",
        status=HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        problems={"agree": problem} if problem else {},
        files=shown,
        left_out=left_out,
        missing=saving.missing(own.upload, standing_files=len(shown)),
        consent=consents.current_text(visits.services.site, PURPOSE),
        rules=rules,
        texts=page_texts,
        day=written_day,
        step="confirm",
        form_steps=STEPS,
        days=rules.DAYS[State.RECEIVED],
        shown=clock.now().isoformat(),
        is_draft=own.upload.state is State.DRAFT,
    )


def _next(own: Own, on: str) -> str:
    """Return where a step leads: on, or to the step whose button was pressed."""
    wanted = request.form.get("go", "")
    return f"{own.page}/{wanted if wanted in _SLUGS else on}"
