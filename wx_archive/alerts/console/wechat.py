"""`/console/alerts/wechat`: have alerts sent to one's own WeChat."""

from typing import Final

from flask.typing import ResponseReturnValue

from wx_archive.alerts import binding, texts
from wx_archive.core.errors import RefusedError
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

HOME: Final = "/console/alerts/wechat"
_TEMPLATE: Final = "alerts/console/wechat.html"


def add(pages: Pages) -> None:
    """Add the pages."""

    @pages.get("/alerts/wechat", needs=Permission.OWN)
    def wechat(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            bound_at = binding.of_member(connection, visit.person.id)
        return visit.page(_TEMPLATE, bound_at=bound_at, code="", moment=texts.full_moment)

    @pages.post("/alerts/wechat/code", needs=Permission.OWN, audit="wechat.code")
    def wechat_code(act: Act) -> ResponseReturnValue:
        # Shown once, on the answer to this very form: it is kept nowhere but as a hash.
        code = binding.new_code(
            act.services.store.steady,
            act.person.id,
            secret=act.services.settings.secret(),
            now=act.now,
        )
        act.note(f"member:{act.person.login}")
        bound_at = binding.of_member(act.session.connection(), act.person.id)
        return act.page(_TEMPLATE, bound_at=bound_at, code=code, moment=texts.full_moment)

    @pages.post("/alerts/wechat/unbind", needs=Permission.OWN, audit="wechat.unbind")
    def wechat_unbind(act: Act) -> ResponseReturnValue:
        if binding.unbind(act.session, member_id=act.person.id) is None:
            raise RefusedError("没有绑定着的微信，或者已经解绑了")
        act.note(f"member:{act.person.login}")
        return act.done(HOME, "已经解绑，以后不再往那个微信发提醒。")
