"""The bureau's profile in the console: its fields, its revisions, its file."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from inspect import isclass
from typing import Any, Final, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from wx_archive.chat.replies import filled, load_replies
from wx_archive.core import revisions
from wx_archive.core.errors import FileProblemError, RefusedError
from wx_archive.core.revisions import Kept, Revision
from wx_archive.core.site import PROFILE, Profile, Site
from wx_archive.core.yamlfile import load
from wx_archive.guide import service, texts
from wx_archive.guide.keywords import REPLY_LIMIT_BYTES

_TOP_KEY: Final = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*):")
_DOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class Kind(StrEnum):
    """How a field is filled in."""

    CHECK = "check"
    LINE = "line"
    LINES = "lines"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Item:
    """One field of the profile.

    Attributes:
        path: its place in the file, `portal.url`.
    """

    path: str
    label: str
    help: str
    kind: Kind
    is_required: bool


def items(model: type[BaseModel] = Profile, above: str = "") -> Iterator[Item]:
    """Yield the fields of the profile, those that a later version adds too."""
    for name, info in model.model_fields.items():
        path = f"{above}{name}"
        annotation: Any = info.annotation
        if isclass(annotation) and issubclass(annotation, BaseModel):
            yield from items(annotation, f"{path}.")
        elif kind := _kind(annotation):
            label, told = texts.PROFILE_FIELDS.get(path, (info.title or path, ""))
            yield Item(path, label, told or info.description or "", kind, _is_required(info, kind))


def _kind(annotation: Any) -> Kind | None:
    if annotation in (str, bool):
        return Kind.CHECK if annotation is bool else Kind.LINE
    if annotation in (int, float):
        return Kind.NUMBER
    return Kind.LINES if get_origin(annotation) is list else None


def _is_required(info: FieldInfo, kind: Kind) -> bool:
    return info.is_required() and kind is not Kind.LINES


def flat(profile: Profile) -> dict[str, str]:
    """Return what the fields hold, as a form shows it."""
    found = {}
    for item in items():
        value: Any = profile
        for name in item.path.split("."):
            value = getattr(value, name)
        found[item.path] = "\n".join(value) if item.kind is Kind.LINES else _shown(value)
    return found


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else ""
    return str(value)


def parsed(given: Mapping[str, str], base: Profile) -> tuple[Profile | None, dict[str, list[str]]]:
    """Return the profile that was filled in, or what is wrong with it, by field.

    Args:
        given: the form's fields by their paths.
        base: what the form does not show stays as it is here.
    """
    data = base.model_dump()
    for item in items():
        *parents, name = item.path.split(".")
        place = data
        for parent in parents:
            place = place[parent]
        value = given.get(item.path, "").strip()
        if item.kind is Kind.LINES:
            place[name] = [line.strip() for line in value.splitlines() if line.strip()]
        elif item.kind is Kind.CHECK:
            place[name] = bool(value)
        elif value or item.is_required:
            place[name] = value
        else:
            place.pop(name)  # the default
    try:
        profile = Profile.model_validate(data)
    except ValidationError as err:
        return None, _by_field(err)
    wrong = [one for one in profile.links.domains if not _DOMAIN.fullmatch(one)]
    if wrong:
        return None, {"links.domains": [f"“{wrong[0]}”不是域名，写成 www.example.org 这样"]}
    return profile, {}


def _by_field(err: ValidationError) -> dict[str, list[str]]:
    paths = [item.path for item in items()]
    found: dict[str, list[str]] = {}
    for problem in err.errors():
        place = ".".join(str(part) for part in problem["loc"])
        path = next((one for one in paths if place == one or place.startswith(f"{one}.")), paths[0])
        found.setdefault(path, []).append(texts.reason(problem))
    return found


def overflows(site: Site, profile: Profile) -> list[str]:
    """Return the beginnings of standing texts that this profile makes too long to be sent."""
    every = [*load_replies(site.folder).texts(), *(g.answer for g in service.guides(site).values())]
    return [
        one.strip()[:12] for one in every if len(filled(profile, one).encode()) > REPLY_LIMIT_BYTES
    ]


def changes(before: Profile, after: Profile) -> list[tuple[str, str, str, str]]:
    """Return path, label, old and new value of every field that differs."""
    old, new = flat(before), flat(after)
    return [
        (item.path, item.label, old[item.path], new[item.path])
        for item in items()
        if old[item.path] != new[item.path]
    ]


def as_json(profile: Profile) -> str:
    """Return the one JSON text of a profile."""
    return json.dumps(profile.model_dump(), ensure_ascii=False, sort_keys=True)


def _of_json(stored: str) -> Profile | None:
    """Return a stored profile; None for none, and for one that this version cannot read."""
    try:
        return Profile.model_validate_json(stored) if stored else None
    except ValidationError:
        return None


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand between the file and what staff edited.

    Attributes:
        profile: what counts.
        in_file: the file as it is now; None where it cannot be read.
        problem: why not.
        number: of the newest revision; 0 where there is none.
        is_edited: what counts is not the file's.
        is_conflict: the file has changed since staff edited it.
    """

    profile: Profile
    in_file: Profile | None
    problem: str
    number: int
    is_edited: bool
    is_conflict: bool


def standing(connection: Connection, site: Site) -> Standing:
    """Return how things stand now."""
    in_file, problem = None, ""
    try:
        in_file = load(site.profile_path, Profile)
    except FileProblemError as err:
        problem = str(err).replace(str(site.folder), "").lstrip("/")
    newest = revisions.newest(connection, PROFILE)
    edited = _of_json(newest.body) if newest else None
    seed = _of_json(newest.seed) if newest else None
    return Standing(
        edited or in_file or site.profile,
        in_file,
        problem,
        newest.number if newest else 0,
        is_edited=edited is not None,
        is_conflict=bool(edited and in_file and in_file not in (seed, edited)),
    )


@dataclass(frozen=True, slots=True)
class Step:
    """A revision beside the one before it.

    Attributes:
        is_file: staff went back to the file.
        changes: as `changes` tells them.
    """

    kept: Kept
    profile: Profile | None
    is_file: bool
    changes: list[tuple[str, str, str, str]] = field(default_factory=list)


def history(connection: Connection, *, limit: int = 30) -> list[Step]:
    """Return the revisions, the newest first, each with what it changed."""
    kept = revisions.history(connection, PROFILE, limit=limit + 1)
    found = []
    for number, one in enumerate(kept[:limit]):
        profile = _told(one)
        before = _told(kept[number + 1]) if number + 1 < len(kept) else _of_json(one.seed)
        diff = changes(before, profile) if before and profile else []
        found.append(Step(one, profile, not one.body, diff))
    return found


def at(connection: Connection, number: int) -> Profile | None:
    """Return the profile of a revision, if it can still be used."""
    kept = revisions.at(connection, PROFILE, number)
    return _told(kept) if kept else None


def _told(kept: Kept) -> Profile | None:
    return _of_json(kept.body or kept.seed)


def keep(
    session: Session,
    site: Site,
    stands: Standing,
    profile: Profile | None,
    *,
    by: str,
    now: datetime,
) -> None:
    """Make a profile count in every process; None goes back to the file.

    Args:
        session: of the change.
        site: whose profile.
        stands: what its editor saw.
        profile: checked (`parsed`, `overflows`).
        by: the editor's login.
        now: when.

    Raises:
        StaleError: somebody else has changed it since.
        RefusedError: the file cannot be read.
    """
    if profile is None and stands.in_file is None:
        raise RefusedError("content/site.yaml 现在读不了，不能改用文件里的")
    revision = Revision(
        name=PROFILE,
        body="" if profile is None else as_json(profile),
        seed=as_json(stands.in_file or stands.profile),
        made_by=by,
        made_at=now,
    )
    revisions.add(session, revision, since=stands.number, live=site.live)


def as_yaml(profile: Profile, before: str) -> str:
    """Return the profile as its file, with the comments that stood above each field in ``before``.

    Comments beside a value and inside a list are lost.
    """
    above: dict[str, list[str]] = {}
    comments: list[str] = []
    for line in before.splitlines():
        if found := _TOP_KEY.match(line):
            above[found[1]], comments = comments, []
        else:
            comments = [*comments, line] if line.startswith("#") or not line.strip() else []
    written = []
    for name, value in profile.model_dump().items():
        written += above.get(name, [""])
        written.append(yaml.safe_dump({name: value}, allow_unicode=True, width=1000).rstrip())
    return "\n".join(written).lstrip("\n") + "\n"
