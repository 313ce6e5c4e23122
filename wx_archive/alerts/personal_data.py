"""What is kept of a follower who works here: that they do, and the codes they tried."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from wx_archive.alerts.bot import TRIES
from wx_archive.alerts.models import StaffWechat
from wx_archive.chat.personal_data import remembered
from wx_archive.followers.personal_data import Case, PersonalData, Row, shown
from wx_archive.staff.models import Member


def _export(case: Case) -> Sequence[Row]:
    rows = case.session.execute(
        select(Member.name, Member.login, StaffWechat.bound_at)
        .join(Member, Member.id == StaffWechat.member_id)
        .where(StaffWechat.follower_id == case.follower_id)
    )
    return [
        {"姓名": row.name, "管理台账号": row.login, "绑定时间": shown(row.bound_at)} for row in rows
    ]


def _erase(case: Case) -> None:
    case.session.execute(delete(StaffWechat).where(StaffWechat.follower_id == case.follower_id))


RULES = (
    PersonalData("staff_wechat", "工作人员绑定", _export, _erase),
    remembered(TRIES, "绑定试过几次", lambda value: {"次数": value.decode()}),
)
