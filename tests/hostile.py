"""Text that wants to be more than text, in every place where a person's words may stand."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from sqlalchemy import Column, String, Table, func, insert, select, update
from sqlalchemy.orm import Session

from tests.enquiries.filing import a_follower, a_request
from tests.guide.asking import ask
from tests.html import read_page
from wx_archive.chat.models import DeadLetter
from wx_archive.core import clock
from wx_archive.core.database import Base, Database
from wx_archive.staff import audit
from wx_archive.staff.audit import Note

PRODUCT = str(7191 * 7)
HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)><x-hole autofocus onfocus=alert(1)>"
    "{{7191*7}}${7191*7}</textarea></title><!--\u202e-->javascript:alert(1)"
)
SHORT = "\"'><img src=x onerror=alert(1)>"
LINK = "javascript:alert(1)//https://archive.example.org/"
_MACHINE = re.compile(r"[\x21-\x7e]{0,200}\Z")
"""Codes, states, hashes, addresses of ours: what nobody types."""
_KEPT = {
    "search_entry",
    "term",
    "words_state",
    "installation",
    "schedule",
    "audit_entry",
    "revision",
    "job",
}
"""The search index, the machine's own notes; the log is written to, not over."""
_FIXED = {"retention", "secrecy", "carrier", "language"}
"""Words out of a list, which only the file can bring in."""
_ALSO = {("staff_session", "agent")}
"""What strangers send, though it looks like a machine's."""
_TAGS = (
    "a b body bdi br button caption circle code dd desc details div dl dt fieldset figcaption "
    "figure footer form g h1 h2 h3 h4 head header html input label legend li line link main mark "
    "meta nav ol option optgroup output p path polyline pre rect s script search section select "
    "small span strong sub summary sup svg table tbody td text textarea tfoot th thead time title "
    "tr tspan u ul use video audio blockquote article aside del ins em i abbr hr img datalist "
    "progress meter"
)
_OURS = frozenset(_TAGS.split())


def spoil(database: Database) -> list[str]:
    """Write hostile words over everything that people wrote, and some more by citizens.

    Returns the addresses of pages that soon no list begins with any more.
    """
    _citizens(database)
    with database.begin() as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if table.name not in _KEPT and _holds_words(session, table, column):
                    _write_over(session, table, column)
        done = Note("record.edit", HOSTILE, {HOSTILE: HOSTILE}, {"reason": [HOSTILE], "link": LINK})
        first = audit.append(session, done, actor=HOSTILE, address=HOSTILE, now=clock.now())
        done = Note("x.<x-hole>", HOSTILE, {"<x-hole>": {"<x-hole>": HOSTILE}})
        audit.append(session, done, actor=SHORT, address=SHORT, now=clock.now())
    return [f"/console/audit/{first}", f"/console/audit/{first + 1}"]


def _citizens(database: Database) -> None:
    now, today = clock.now(), clock.today()
    for number in range(2):
        follower = a_follower(database, f"oHostile{number}")
        a_request(database, follower, HOSTILE, now=now)
    for words in (HOSTILE[:60], SHORT, "{{7191*7}}"):
        ask(database, words, "one", "two", "three", "four", "five", "six", day=today)
    letter = {"handler": "lookup", "message": HOSTILE.encode(), "cause": HOSTILE, "state": "open"}
    with database.begin() as session:
        session.execute(insert(DeadLetter).values(key="hostile", failed_at=now, **letter))


def _holds_words(session: Session, table: Table, column: Column[object]) -> bool:
    """Tell whether people wrote what stands in a column."""
    is_text = isinstance(column.type, String)
    if not is_text or column.primary_key or column.foreign_keys or column.name in _FIXED:
        return False
    if column.unique or any(column.name in one.columns for one in table.indexes if one.unique):
        return False
    if (table.name, column.name) in _ALSO:
        return True
    values = session.scalars(select(column).where(column.is_not(None)).distinct().limit(50)).all()
    is_data = any(str(value)[:1] in ("{", "[") for value in values)
    return not is_data and any(
        not _MACHINE.match(str(value)) or str(value).startswith("http") for value in values
    )


def _write_over(session: Session, table: Table, column: Column[object]) -> None:
    is_link = session.scalar(select(column).where(column.startswith("http")).limit(1))
    words = LINK if is_link else HOSTILE
    room = getattr(column.type, "length", None) or 10_000
    if len(words) + 10 > room:
        words = SHORT[:room]
    changed = update(table).where(column != "", func.length(column) > 0)
    session.execute(changed.values({column: words + func.substr(column, 1, room - len(words))}))


@dataclass
class Form:
    """A form of a page, with the fields that it would send."""

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


class _Strict(HTMLParser):
    """Takes nothing but what our own templates are made of."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.amiss: list[str] = []
        self.forms: list[Form] = []
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag not in _OURS:
            self.amiss.append(f"<{tag}>")
        self.amiss += [f"{tag} {name}" for name in told if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action", "formaction", "xlink:href", "hx-get", "hx-post"):
            if told.get(name) and urlsplit(told[name]).scheme not in ("", "http", "https", "tel"):
                self.amiss.append(f"{tag} {name}={told[name]}")
        if tag == "script" and not told.get("src", "").startswith("/static/"):
            self.amiss.append("script of a page")
        if tag == "img" and told.get("src") == "x":
            self.amiss.append("img src=x")
        self._take(tag, told)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""

    def _take(self, tag: str, told: dict[str, str]) -> None:
        name = told.get("name", "")
        if tag == "form":
            is_post = told.get("method", "").lower() == "post"
            self.forms.append(Form(told.get("action", "") if is_post else ""))
        if not self.forms:
            return
        form = self.forms[-1]
        if tag == "select":
            self._select = name
            form.fields.setdefault(name, "")
        elif tag == "option" and self._select and told.get("value"):
            form.fields[self._select] = told["value"]
        elif tag == "textarea":
            form.fields[name] = HOSTILE[: int(told.get("maxlength", "10000"))]
        elif tag == "input" and name:
            self._fill(form, name, told)
        elif tag == "button" and name:
            form.fields[name] = told.get("value", "")

    def _fill(self, form: Form, name: str, told: dict[str, str]) -> None:
        match told.get("type", "text"):
            case "file":
                form.files.append(name)
            case "hidden":
                form.fields[name] = told.get("value", "")
            case "checkbox" | "radio":
                form.fields.setdefault(name, told.get("value", "y"))
            case "date":
                form.fields[name] = told.get("value") or clock.today().isoformat()
            case "number":
                form.fields[name] = told.get("value") or "1"
            case "password":
                form.fields[name] = "a-Long-Password-2026"
            case _:
                room = int(told.get("maxlength", "10000"))
                form.fields[name] = HOSTILE if len(HOSTILE) <= room else SHORT[:room]


def inspect(html: str) -> tuple[list[str], list[Form]]:
    """Return what is on a page that we did not put there, and the forms that change something."""
    reader = _Strict()
    reader.feed(html)
    amiss = reader.amiss
    try:
        page = read_page(html)
        page.check_frame()
    except AssertionError as err:
        amiss.append(f"not well made: {str(err)[:200]}")
    else:
        if PRODUCT in page.text:
            amiss.append("a template was filled in from words")
    return amiss, [form for form in reader.forms if form.action]
