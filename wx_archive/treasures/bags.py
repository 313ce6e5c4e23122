"""An accession as a BagIt bag: its originals, what is known of them, and their checksums.

The bag is made whole beside its place, each original compared with the checksum that it came in
with, and put there in one step: whoever is stopped half-way leaves nothing that looks finished.

Source: docs/sources.md#treasures (RFC 8493).
"""

import hashlib
import json
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import Services
from wx_archive.media.objects import BLOCK_BYTES, MissingObjectError, ObjectStore
from wx_archive.treasures import bag_words, contacts, queries, register_queries, rules
from wx_archive.treasures import keeping_texts as texts
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.register_models import Accession, Certificate
from wx_archive.treasures.register_queries import Agreed, Entered, Grant
from wx_archive.treasures.rules import FileState
from wx_archive.treasures.sealed import open_sealed

CHECKSUMS: Final = ("sha256", "sha512")


class NoAccessionError(RefusedError):
    """The register has no such number."""

    def __init__(self) -> None:
        super().__init__(texts.NO_ACCESSION)


class TargetThereError(RefusedError):
    """Something is where the bag was to be put."""

    def __init__(self) -> None:
        super().__init__(texts.TARGET_THERE)


class NotWholeError(RefusedError):
    """An original is not what it was when it came in; nothing was exported.

    Attributes:
        called: how staff find it.
    """

    def __init__(self, called: str) -> None:
        super().__init__(texts.flipped(called))
        self.called = called


@dataclass(frozen=True, slots=True)
class Holding:
    """All that the register knows of an accession.

    Attributes:
        scan: the signed agreement, where it was scanned.
        certificate: its number; empty where there is none that counts.
    """

    upload: Upload
    entered: Entered
    agreed: Agreed | None
    grants: Sequence[Grant]
    steps: Sequence[queries.Step]
    files: Sequence[File]
    scan: File | None
    certificate: str


@dataclass(frozen=True, slots=True)
class Bag:
    """A bag that is whole and verified, and not in its place yet.

    Attributes:
        number: of the accession.
        originals: how many there are.
    """

    number: str
    originals: int
    _made: Path
    _target: Path

    def place(self) -> Path:
        """Put it where it was asked for, in one step.

        Raises:
            TargetThereError: something came there meanwhile.
        """
        if self._target.exists():
            raise TargetThereError
        return self._made.rename(self._target)


@contextmanager
def prepared(
    services: Services, number: str, target: Path, *, zipped: bool, with_contact: bool
) -> Iterator[Bag]:
    """Make the bag of an accession beside its place; it is gone at the end unless placed.

    Args:
        services: the installation's; no transaction is open while files are read.
        number: of the accession, as typed.
        target: the bag itself, a folder or, ``zipped``, a file; must not be there.
        zipped: as one ZIP file, whose one folder is the bag.
        with_contact: with the sender's sealed name, telephone and address, opened.

    Raises:
        NoAccessionError: there is no such accession.
        TargetThereError: something is there.
        NotWholeError: an original is not what came in.
        RefusedError: there is nothing to export, or not all of it is looked at.
    """
    target = target.absolute()
    if target.exists() or target.is_symlink():
        raise TargetThereError
    with services.database.reads() as connection:
        holding = _holding(connection, number)
    contact = _contact(services, holding) if with_contact else None
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".bag-") as folder:
        made = Path(folder) / target.name.removesuffix(".zip")
        made.mkdir(mode=0o700)
        names = _fill(made, holding, open_sealed(services.settings), contact)
        _seal(made, bag_words.info(services.site.profile, holding), names)
        if zipped:
            made = _zip(made, Path(folder) / f"{made.name}.zip")
        yield Bag(holding.entered.number, len(holding.files), made, target)


def _holding(connection: Connection, number: str) -> Holding:
    wanted = unicodedata.normalize("NFKC", number).strip()
    treasure_id = connection.scalar(select(Accession.treasure_id).where(Accession.number == wanted))
    if treasure_id is None:
        raise NoAccessionError
    entered = register_queries.accession(connection, treasure_id)
    if entered is None:
        raise NoAccessionError
    certificate = connection.scalar(
        select(Certificate.number).where(
            Certificate.accession_id == entered.id, Certificate.revoked_at.is_(None)
        )
    )
    agreed = register_queries.agreement(connection, treasure_id)
    evidence = queries.files(connection, treasure_id, evidence=True)
    return Holding(
        queries.by_id(connection, treasure_id),
        entered,
        agreed,
        register_queries.grants(connection, treasure_id),
        queries.steps(connection, treasure_id),
        _complete(queries.files(connection, treasure_id)),
        next((one for one in evidence if agreed and one.id == agreed.scan_id), None),
        certificate or "",
    )


def _complete(files: Sequence[File]) -> list[File]:
    """Return the pieces of an accession; what is refused or removed is none of it.

    Raises:
        RefusedError: some are not looked at yet, or there are none.
    """
    standing = [one for one in files if one.state in rules.STANDING]
    if any(one.state is not FileState.CLEAN for one in standing):
        raise RefusedError(texts.NOT_LOOKED_AT)
    if not standing:
        raise RefusedError(texts.NO_FILES)
    return standing


def _contact(services: Services, holding: Holding) -> Mapping[str, str] | None:
    with services.database.begin() as session:
        own = contacts.sealer(services.settings)
        found = contacts.read(session, holding.upload.id, own)
    return None if found is None else asdict(found)


def _fill(
    made: Path, holding: Holding, store: ObjectStore, contact: Mapping[str, str] | None
) -> dict[str, str]:
    """Write the payload; return the checksum that each original must have, by its path."""
    wanted: dict[str, File] = {}
    for place, file in enumerate(holding.files, start=1):
        wanted[f"originals/{bag_words.file_name(place, file)}"] = file
    if holding.scan is not None and holding.agreed is not None:
        name = bag_words.scan_name(holding.agreed.number, holding.scan)
        wanted[f"agreement/{name}"] = holding.scan
    for name, file in wanted.items():
        path = made / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _copy(store, file, path, called=_called(holding, file))
    _write(made / "description.json", bag_words.description(holding, wanted))
    if contact is not None:
        _write(made / "contact.json", contact)
    return {name: file.sha256 or "" for name, file in wanted.items()}


def _called(holding: Holding, file: File) -> str:
    return texts.file_called(holding.upload.number, file.place, is_evidence=file.is_evidence)


def _copy(store: ObjectStore, file: File, path: Path, *, called: str) -> None:
    digest = hashlib.sha256()
    try:
        with store.open(file.object_key or "0" * 64) as source, path.open("xb") as copy:
            while block := source.read(BLOCK_BYTES):
                digest.update(block)
                copy.write(block)
    except MissingObjectError as err:
        raise NotWholeError(called) from err
    if digest.hexdigest() != file.sha256:
        raise NotWholeError(called)


def _write(path: Path, told: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _seal(made: Path, info: dict[str, str], names: Mapping[str, str]) -> None:
    """Turn a folder into a bag, read it again from its manifests, and compare the originals."""
    import bagit  # type: ignore[import-untyped] # noqa: PLC0415 -- has no types; costs every other command a tenth of a second

    info["Bagging-Date"] = clock.today().isoformat()
    bag = bagit.make_bag(str(made), info, checksums=list(CHECKSUMS))
    bag.validate()
    said = bag.payload_entries()
    for name, sha256 in names.items():
        if said[f"data/{name}"]["sha256"] != sha256:
            raise NotWholeError(name)


def _zip(made: Path, path: Path) -> Path:
    """Pack a bag without compressing it again; its names are UTF-8."""
    with zipfile.ZipFile(path, "x", zipfile.ZIP_STORED) as packed:
        for one in sorted(made.rglob("*")):
            packed.write(one, one.relative_to(made.parent))
    path.chmod(0o600)
    return path
