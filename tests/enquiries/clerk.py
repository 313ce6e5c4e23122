"""窗口小周 at the console: takes a request through its steps, and looks at what then stands."""

from sqlalchemy import select

from tests.console import Browser, Office
from tests.enquiries.filing import a_follower, a_request
from tests.html import Page, read_page
from wx_archive.catalogue import visibility
from wx_archive.catalogue.models import Document
from wx_archive.chat.models import HeldAnswer
from wx_archive.core import clock
from wx_archive.enquiries import queries
from wx_archive.enquiries.queries import Request
from wx_archive.enquiries.rules import State
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role

QUEUE = "/console/enquiries"
XSS = "大坝<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def a_desk(office: Office) -> Browser:
    return office.sits(Role.DESK)


def path_of(one: Request, *below: str) -> str:
    return "/".join((QUEUE, one.pid, *below))


def now_of(office: Office, one: Request) -> Request:
    with office.database.reads() as connection:
        found = queries.by_pid(connection, one.pid)
    assert found
    return found


def asked(office: Office, words: str = "大坝图纸", openid: str = "oOne") -> Request:
    return a_request(office.database, a_follower(office.database, openid), words, now=clock.now())


def post(office: Office, desk: Browser, one: Request, *below: str, **fields: object) -> Page:
    """Send a form of the request's page as it stands now; it must succeed."""
    version = now_of(office, one).version
    return desk.done(path_of(one, *below), version=version, **fields)


def steps_to(office: Office, desk: Browser, one: Request, *states: State, note: str = "") -> Page:
    """Take a request through steps in the console, reading what has to be read."""
    page = desk.page(path_of(one))
    for state in states:
        path, version = path_of(one, "to", state.value), now_of(office, one).version
        answer = desk.post(path, version=version, note=note)
        if answer.status_code == 422:
            seen = read_page(answer.text).value_of("seen")
            answer = desk.post(path, version=version, note=note, seen=seen)
        assert answer.status_code == 303, read_page(answer.text).text
        page = desk.page(answer.headers["Location"])
    return page


def noted(office: Office) -> list[AuditEntry]:
    with office.database.begin() as session:
        found = select(AuditEntry).where(AuditEntry.action.startswith("enquiry."))
        return list(session.scalars(found.order_by(AuditEntry.number)))


def told(office: Office) -> list[str]:
    with office.database.reads() as connection:
        return list(connection.scalars(select(HeldAnswer.text).order_by(HeldAnswer.id)))


def a_public_document(office: Office) -> tuple[str, str]:
    with office.database.reads() as connection:
        row = connection.execute(
            select(Document.pid, Document.title).where(visibility.public_documents()).limit(1)
        ).one()
    return row.pid, row.title
