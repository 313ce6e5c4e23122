"""Walk-ins, letters and calls written down by staff, and the receipt that they are given."""

from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from wtforms import Form, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # not in its stubs
from wtforms.validators import InputRequired, Length

from wx_archive.core.errors import RefusedError
from wx_archive.enquiries import contacts, desk, entries, rules, texts, wording
from wx_archive.enquiries.console.shown import NEEDS, QUEUE, doing, find, path_of
from wx_archive.enquiries.contacts import Contact, Sealer
from wx_archive.enquiries.rules import Channel, Kind
from wx_archive.enquiries.service import Draft
from wx_archive.staff.pages import Act, Pages, Visit

_CHANNELS: Final = [
    SelectChoice(channel.value, texts.CHANNELS[channel])
    for channel in Channel
    if channel in rules.BY_STAFF
]
_KINDS: Final = [SelectChoice(kind.value, texts.KINDS[kind]) for kind in Kind]
NOTHING_SAID: Final = "请写清要查什么，至少两个字"
TOO_LONG: Final = "长了些，最多 {bound} 个字"
NO_ENTRY: Final = "没有公开的条目叫这个。填文号、档号或编号，也可以空着"
SEVERAL: Final = "有几条都叫这个，请填网址里那一串编号"


class NewForm(Form):
    """What somebody came, wrote or called for."""

    class Meta:
        """How WTForms speaks."""

        locales = ("zh",)

    channel = RadioField(
        "怎么来的",
        choices=_CHANNELS,
        default=Channel.DESK.value,
        validators=[InputRequired("请选怎么来的")],
    )
    kind = SelectField("什么事", choices=_KINDS, default=Kind.SEARCH.value)
    words = TextAreaField(
        "要查什么，或者哪里不对",
        description="写事由、年份、单位。证件号、手机号写了会自动隐去，联系方式请填在下面。",
        render_kw={"rows": 4, "required": True},
    )
    about = StringField(
        "报错说的是哪一条（可以空着）", description="文号、档号或网址里那一串编号。"
    )
    name = StringField(
        "姓名（可以空着）", validators=[Length(max=contacts.LENGTHS["name"], message="太长了")]
    )
    phone = StringField(
        "电话（可以空着）", validators=[Length(max=contacts.LENGTHS["phone"], message="太长了")]
    )
    address = StringField(
        "地址（可以空着）",
        description="联系方式加密保存，只有办代查的人能看，看一次记一次；办结就删。",
        validators=[Length(max=contacts.LENGTHS["address"], message="太长了")],
    )

    @property
    def contact(self) -> Contact:
        """How they can be reached."""
        told = (self.name.data or "", self.phone.data or "", self.address.data or "")
        return Contact.tidied(name=told[0], phone=told[1], address=told[2])


def add(pages: Pages) -> None:
    """Add the pages."""
    sealer = Sealer(pages.services.settings.secret())

    @pages.get("/enquiries/new", needs=NEEDS)
    def new(visit: Visit) -> ResponseReturnValue:
        return visit.page("enquiries/console/new.html", form=NewForm())

    @pages.post("/enquiries", needs=NEEDS, audit="enquiry.file")
    def write_down(act: Act) -> ResponseReturnValue:
        form = NewForm(request.form)
        draft = _draft(act, form)
        if draft is None:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return act.page("enquiries/console/new.html", status, form=form)
        filed = desk.write_down(act.session, draft, form.contact, sealer, doing(act))
        after = {"channel": filed.channel.value, "kind": filed.kind.value}
        after["has_contact"] = "no" if form.contact.is_empty else "yes"
        act.note(f"enquiry:{filed.number}", after=after)
        return act.done(
            path_of(filed, "receipt"), f"登记并受理了，编号 {filed.number}。可以打印回执。"
        )

    @pages.get("/enquiries/<pid>/receipt", needs=NEEDS)
    def receipt(visit: Visit, pid: str) -> ResponseReturnValue:
        with visit.reads() as connection:
            shown = find(connection, pid)
        return visit.page(
            "enquiries/console/receipt.html",
            one=shown,
            path=path_of(shown),
            queue=QUEUE,
            computation=texts.computation(shown.clock),
            promise=texts.promise(shown.clock),
            made=texts.date_of(shown.created_at),
            kinds=texts.KINDS,
            channels=texts.CHANNELS,
        )


def _draft(act: Act, form: NewForm) -> Draft | None:
    """Return what is to be filed; None where the form has mistakes, noted beside its fields."""
    is_valid = form.validate()
    kind = Kind(form.kind.data) if form.kind.data in set(Kind) else Kind.SEARCH
    words = wording.take_down(form.words.data or "", lines=kind is Kind.CORRECTION)
    bound = wording.SEARCH_LENGTH if kind is Kind.SEARCH else wording.CORRECTION_LENGTH
    problem = "" if wording.says_something(words) else NOTHING_SAID
    problem = TOO_LONG.format(bound=bound) if len(words) > bound else problem
    if problem:
        form.words.errors = [*form.words.errors, problem]
    try:
        about_pid = _about(act, form.about.data or "")
    except RefusedError as err:
        form.about.errors = [*form.about.errors, str(err)]
        return None
    if problem or not is_valid:
        return None
    return Draft(kind, words, about_pid=about_pid, channel=Channel(form.channel.data))


def _about(act: Act, named: str) -> str | None:
    if not named.strip():
        return None
    found = entries.find_entries(act.session.connection(), named, today=act.today)
    if len(found) != 1:
        raise RefusedError(SEVERAL if found else NO_ENTRY)
    return found[0].pid
