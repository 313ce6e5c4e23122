"""What uploads know of a follower: handed out in full; gone with them but for the register.

`erasure.forget_sender` does it for all tables at once, in the rule of the uploads themselves.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy import Row as Found

from wx_archive.core import clock
from wx_archive.core.sealing import Sealer
from wx_archive.followers.personal_data import Case, PersonalData, Row, shown
from wx_archive.treasures import erasure, queries, register_texts, rules
from wx_archive.treasures.models import Treasure, TreasureContact, TreasureEvent, TreasureFile
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.register_models import (
    Accession,
    AccessionPlan,
    Agreement,
    Certificate,
    FixityFault,
    RightsGrant,
    Showing,
)
from wx_archive.treasures.rules import Action, Credit, Right, Scope, State, Wish
from wx_archive.treasures.steps import Doing

CONTACT_USE: Final = "treasures-contact"
"""Names the key under which contacts are sealed."""
_MOST: Final = 10_000
_NUMBERS: Final = (
    "编号一年一本账，不能缺号：没有收进馆的，照片、文字、联系方式都删，只留编号、时间和办到哪一步；"
    "签了协议的照协议留着，不再知道是从哪个微信送来的；原件还在馆里的，联系方式留到还给您为止"
)
_AGREED: Final = (
    "协议是双方的凭据，也是馆里能收藏、能公开的依据：签了协议的，协议、署名、授权和封存的联系方式"
    "照协议留着；要改要撤回，请带身份证来馆，或者打电话"
)
_KEPT: Final = "入藏的是馆藏，登记簿和证书不能缺：照协议留着，不再知道是从哪个微信送来的"

Export = Callable[[Case], Sequence[Row]]


def _mine(case: Case) -> ColumnElement[bool]:
    return Treasure.follower_id == case.follower_id


def _read(query: Callable[[], Select[Any]], told: Callable[[Found[Any]], Row]) -> Export:
    """Return the export of rows that hang on the follower's uploads, the oldest first."""

    def export(case: Case) -> Sequence[Row]:
        return [told(row) for row in case.session.execute(query().where(_mine(case)))]

    return export


def _uploads(case: Case) -> Sequence[Row]:
    found = queries.of_follower(case.session.connection(), case.follower_id, limit=_MOST)
    return [_upload(one) for one in reversed(found)]


def _upload(one: Upload) -> Row:
    return {
        "编号": one.number or "",
        "办到哪一步": one.label,
        "从哪里来": rules.CHANNELS[one.channel],
        "题名": one.title,
        "来历": one.story,
        "年代": one.year_text,
        "地点": one.place,
        "人物": one.people,
        "怎么得来的": rules.OWNERSHIPS[one.ownership] if one.ownership else "",
        "想怎么办": rules.WISHES[one.wish] if one.wish else "",
        "谁可以看": rules.SCOPES[one.scope] if one.scope else "",
        "到哪一天为止": one.scope_until.isoformat() if one.scope_until else "",
        "署名方式": rules.CREDITS[one.credit] if one.credit else "",
        "署名": one.credit_name,
        "同意书的版本": one.consent_version,
        "同意的时间": shown(one.consented_at),
        "填完的时间": shown(one.confirmed_at),
        "馆里的话": one.note,
        "开始的时间": shown(one.created_at),
        "删除的日子": one.erase_on.isoformat() if one.erase_on else "",
    }


def _files(case: Case) -> Sequence[Row]:
    query = queries.FILES.join(Treasure, Treasure.id == TreasureFile.treasure_id).where(_mine(case))
    rows = case.session.execute(query.order_by(TreasureFile.id))
    return [_file(File.of(row)) for row in rows]


def _file(one: File) -> Row:
    return {
        "文件名": one.name,
        "是什么": rules.FILE_KINDS[one.kind],
        "字节": one.size_bytes,
        "SHA-256": one.sha256 or "",
        "怎么样了": rules.FILE_STATES[one.state],
        "没有收的原因": one.reason,
        "拍摄日期": one.taken_text,
        "收到的时间": shown(one.received_at),
    }


def _steps() -> Select[Any]:
    return (
        select(Treasure.number, TreasureEvent.__table__)
        .join(TreasureEvent, TreasureEvent.treasure_id == Treasure.id)
        .where(TreasureEvent.action.in_(sorted(rules.SENDERS_ACTIONS)))
        .order_by(TreasureEvent.id)
    )


def _step(row: Found[Any]) -> Row:
    action = Action(row.action)
    is_revoked = action is Action.REVOKE
    return {
        "编号": row.number or "",
        "时间": shown(row.at),
        "做了什么": rules.ACTIONS[action] or rules.STATES[State(row.to_state)],
        "说的话": register_texts.told_to_sender(row.note) if is_revoked else row.note,
    }


def _contacts(case: Case) -> Sequence[Row]:
    query = select(Treasure.number, TreasureContact.sealed).join(
        TreasureContact, TreasureContact.treasure_id == Treasure.id
    )
    sealer = Sealer(case.secret, CONTACT_USE)
    rows = case.session.execute(query.where(_mine(case)).order_by(Treasure.id))
    return [_contact(row, sealer) for row in rows]


def _contact(row: Any, sealer: Sealer) -> Row:
    contact = sealer.open(row.sealed)
    parts = () if contact is None else (contact.name, contact.phone, contact.address)
    return {"编号": row.number or "", "联系方式": " ".join(filter(None, parts))}


def _agreements() -> Select[Any]:
    return (
        select(Treasure.number.label("upload"), Agreement.__table__)
        .join(Agreement, Agreement.treasure_id == Treasure.id)
        .order_by(Agreement.id)
    )


def _agreement(row: Found[Any]) -> Row:
    return {
        "编号": row.upload,
        "协议号": row.number,
        "怎么办": rules.WISHES[Wish(row.wish)],
        "谁可以看": rules.SCOPES[Scope(row.scope)],
        "到哪一天为止": row.scope_until.isoformat() if row.scope_until else "",
        "署名": rules.credited(Credit(row.credit), row.credit_name),
        "另外约定": row.terms,
        "您优先使用": row.has_priority,
        "签的日子": row.signed_on.isoformat(),
    }


def _rights() -> Select[Any]:
    return (
        select(Treasure.number, RightsGrant.__table__)
        .join(RightsGrant, RightsGrant.treasure_id == Treasure.id)
        .order_by(RightsGrant.id)
    )


def _right(row: Found[Any]) -> Row:
    return {
        "编号": row.number,
        "可以怎么用": rules.RIGHTS[Right(row.use)],
        "从哪一天": row.from_on.isoformat(),
        "到哪一天": row.until_on.isoformat() if row.until_on else "",
        "依据": row.evidence,
        "撤回的时间": shown(row.revoked_at),
        "撤回的原因": register_texts.why_to_sender(row.revoked_because),
    }


def _plans() -> Select[Any]:
    return (
        select(Treasure.number, AccessionPlan.__table__)
        .join(AccessionPlan, AccessionPlan.treasure_id == Treasure.id)
        .order_by(Treasure.id)
    )


def _plan(row: Found[Any]) -> Row:
    return {
        "编号": row.number,
        "题名": row.title,
        "收到的日子": row.received_on.isoformat(),
        "品相": row.condition,
        "数量": row.extent,
    }


def _accessions() -> Select[Any]:
    return (
        select(Treasure.number.label("upload"), Accession.__table__)
        .join(Accession, Accession.treasure_id == Treasure.id)
        .order_by(Accession.id)
    )


def _accession(row: Found[Any]) -> Row:
    return {
        "编号": row.upload,
        "入藏号": row.number,
        "题名": row.title,
        "收到的日子": row.received_on.isoformat(),
        "品相": row.condition,
        "数量": row.extent,
        "登记的时间": shown(row.entered_at),
    }


def _certificates() -> Select[Any]:
    return (
        select(Accession.number.label("accession"), Certificate.__table__)
        .join(Accession, Accession.id == Certificate.accession_id)
        .join(Treasure, Treasure.id == Accession.treasure_id)
        .order_by(Certificate.id)
    )


def _certificate(row: Found[Any]) -> Row:
    return {
        "入藏号": row.accession,
        "证书号": row.number,
        "署名": row.credit_name,
        "发的日子": row.issued_on.isoformat(),
        "作废的时间": shown(row.revoked_at),
    }


def _showings() -> Select[Any]:
    return (
        select(TreasureFile.name, Showing.__table__)
        .join(Showing, Showing.file_id == TreasureFile.id)
        .join(Treasure, Treasure.id == TreasureFile.treasure_id)
        .order_by(Showing.file_id)
    )


def _showing(row: Found[Any]) -> Row:
    return {
        "文件名": row.name,
        "公开的时间": shown(row.shown_at),
        "撤下的时间": shown(row.withdrawn_at),
    }


def _faults() -> Select[Any]:
    return (
        select(TreasureFile.name, FixityFault.__table__)
        .join(FixityFault, FixityFault.file_id == TreasureFile.id)
        .join(Treasure, Treasure.id == TreasureFile.treasure_id)
        .order_by(FixityFault.id)
    )


def _fault(row: Found[Any]) -> Row:
    return {
        "文件名": row.name,
        "核对的时间": shown(row.at),
        "应当是": row.expected,
        "查到的是": row.found,
        "恢复的时间": shown(row.settled_at),
    }


def _erase(case: Case) -> None:
    doing = Doing.of(case.site, erasure.BY_ERASURE, now=clock.now())
    erasure.forget_sender(case.session, case.follower_id, doing)


def _goes_along(_case: Case) -> None:
    """Leave it to the rule of the uploads: what stays of it hangs on what stays of them."""


def _along(holds: str, title: str, export: Export, kept_because: str) -> PersonalData:
    return PersonalData(holds, title, export, _goes_along, kept_because)


RULES: tuple[PersonalData, ...] = (
    PersonalData("treasure", "上传的珍档", _uploads, _erase, kept_because=_NUMBERS),
    _along("treasure_file", "珍档的文件", _files, _NUMBERS),
    _along("treasure_event", "珍档办理的经过", _read(_steps, _step), _NUMBERS),
    _along("treasure_contact", "珍档的联系方式", _contacts, _AGREED),
    _along("treasure_agreement", "珍档的协议", _read(_agreements, _agreement), _AGREED),
    _along("treasure_right", "珍档的授权", _read(_rights, _right), _AGREED),
    _along("treasure_plan", "珍档的入藏方案", _read(_plans, _plan), _KEPT),
    _along("treasure_accession", "珍档的入藏登记", _read(_accessions, _accession), _KEPT),
    _along("treasure_certificate", "珍档的证书", _read(_certificates, _certificate), _KEPT),
    _along("treasure_showing", "珍档的公开展示", _read(_showings, _showing), _KEPT),
    _along("treasure_fixity_fault", "珍档文件的核对", _read(_faults, _fault), _KEPT),
)
