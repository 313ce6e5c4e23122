"""BagIt: an accession's originals leave the house whole, described, verifiable; or not at all."""

import json
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bagit  # type: ignore[import-untyped] # it has no types
import pytest

from tests.treasures.keeping_making import Vault, a_vault
from tests.treasures.register_making import STORY, TITLE, accession_of
from wx_archive.core.errors import RefusedError
from wx_archive.core.sealing import Contact
from wx_archive.treasures import bag_words, bags, contacts, keeping_texts, texts
from wx_archive.treasures.bags import NoAccessionError, NotWholeError, TargetThereError
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.rules import NOBODY, Credit

CONTACT = Contact("李建国", "0719-7654321", "北门大院 3 号")


@pytest.fixture
def vault(tmp_path: Path, database_url: str) -> Iterator[Vault]:
    with a_vault(tmp_path / "data", database_url) as opened:
        yield opened


def export(
    vault: Vault, target: Path, upload: Upload, *, zipped: bool = False, with_contact: bool = False
) -> Path:
    number = accession_of(vault.database, upload.id).number
    making = bags.prepared(vault.services, number, target, zipped=zipped, with_contact=with_contact)
    with making as bag:
        assert not target.exists()
        return bag.place()


def described(bag: Path) -> dict[str, object]:
    told = json.loads((bag / "data" / "description.json").read_text(encoding="utf-8"))
    assert isinstance(told, dict)
    return told


def everything_in(bag: Path) -> str:
    return "\n".join(
        str(path.relative_to(bag)) + path.read_bytes().decode(errors="replace")
        for path in bag.rglob("*")
        if path.is_file()
    )


def with_contact(vault: Vault, upload: Upload) -> None:
    own = contacts.sealer(vault.services.settings)
    with vault.database.begin() as session:
        contacts.keep(session, upload.id, CONTACT, own)


def test_a_bag_is_valid_and_stays_so_where_it_is_moved(vault: Vault, tmp_path: Path) -> None:
    upload = vault.entered(b"one" * 1000, b"two", scan=b"signed")
    number = accession_of(vault.database, upload.id).number
    place = export(vault, tmp_path / "藏一", upload)
    assert bagit.Bag(str(place)).validate()
    where = place.rename(tmp_path / "elsewhere")
    bag = bagit.Bag(str(where))
    assert bag.validate()
    assert set(bag.algorithms) == {"sha256", "sha512"}
    assert bag.info["External-Identifier"] == number
    assert bag.info["Source-Organization"] == vault.services.site.profile.name
    payload = sorted(bag.payload_entries())
    assert bag.info["Payload-Oxum"].endswith(f".{len(payload)}")
    assert payload == [
        "data/agreement/协2026-000001.jpg",
        "data/description.json",
        "data/originals/01-a.jpg",
        "data/originals/02-a.jpg",
    ]
    assert (where / payload[2]).read_bytes() == b"one" * 1000


def test_it_tells_of_the_piece_its_rights_and_its_way(vault: Vault, tmp_path: Path) -> None:
    upload = vault.entered(b"one")
    told = described(export(vault, tmp_path / "bag", upload))
    assert (told["title"], told["story"], told["credit"]) == (TITLE, STORY, "老李")
    assert told["upload"] == upload.number
    rights = told["rights"]
    assert isinstance(rights, list)
    assert rights
    assert told["agreement"]
    assert str(told["certificate"]).startswith("证2026-")
    steps = told["steps"]
    assert isinstance(steps, list)
    assert {"at", "what"} == set(steps[0])
    assert steps[-1]["what"] == "已入藏"


def test_who_sent_it_is_not_in_it_unless_it_was_asked_for(vault: Vault, tmp_path: Path) -> None:
    upload = vault.entered(b"one", credit=Credit.ANONYMOUS)
    with_contact(vault, upload)
    plain = export(vault, tmp_path / "plain", upload)
    assert described(plain)["credit"] == NOBODY
    for word in (*vars_of(CONTACT), "老李", "a-giver", "editor", "reviewer"):
        assert word not in everything_in(plain)
    full = export(vault, tmp_path / "full", upload, with_contact=True)
    kept = json.loads((full / "data" / "contact.json").read_text(encoding="utf-8"))
    assert tuple(kept.values()) == vars_of(CONTACT)
    assert bagit.Bag(str(full)).validate()


def vars_of(contact: Contact) -> tuple[str, str, str]:
    return (contact.name, contact.phone, contact.address)


def test_a_flipped_byte_stops_it_and_is_named(vault: Vault, tmp_path: Path) -> None:
    upload = vault.entered(b"one", b"two" * 100)
    vault.flip(vault.files(upload)[1])
    with pytest.raises(NotWholeError) as told:
        export(vault, tmp_path / "bag", upload)
    assert told.value.called == f"{upload.number} 第 2 件"
    assert str(told.value).startswith(f"{upload.number} 第 2 件和收进来时不一样了")
    assert not [one for one in tmp_path.iterdir() if "bag" in one.name]


def test_a_missing_original_and_a_flipped_scan_stop_it(vault: Vault, tmp_path: Path) -> None:
    upload = vault.entered(b"one", scan=b"signed")
    (scan,) = vault.files(upload, evidence=True)
    vault.flip(scan)
    with pytest.raises(NotWholeError, match="的扫描件"):
        export(vault, tmp_path / "bag", upload)
    vault.path(vault.files(upload)[0]).unlink()
    with pytest.raises(NotWholeError, match="第 1 件"):
        export(vault, tmp_path / "bag", upload)


def test_what_is_there_is_left_alone(vault: Vault, tmp_path: Path) -> None:
    upload = vault.entered(b"one")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loose").symlink_to(tmp_path / "nowhere")
    for name in ("empty", "file", "loose"):
        with pytest.raises(TargetThereError):
            export(vault, tmp_path / name, upload)
    assert (tmp_path / "file").read_text() == "mine"
    number = accession_of(vault.database, upload.id).number
    making = bags.prepared(
        vault.services, number, tmp_path / "late", zipped=False, with_contact=False
    )
    with making as bag:
        (tmp_path / "late").mkdir()
        with pytest.raises(TargetThereError):
            bag.place()
    assert list((tmp_path / "late").iterdir()) == []


def test_only_accessions_leave_and_only_when_everything_is_looked_at(
    vault: Vault, tmp_path: Path
) -> None:
    vault.agreed(b"one")
    for number in ("藏2026-000001", "珍2026-000001", "", "藏2026-1' OR 1=1"):
        with (
            pytest.raises(NoAccessionError),
            bags.prepared(vault.services, number, tmp_path / "x", zipped=False, with_contact=False),
        ):
            pass
    upload = vault.entered(b"two", openid="another")
    with vault.database.begin() as session:
        vault.bring(session, upload.id, b"late", is_clean=False)
    with pytest.raises(RefusedError, match=keeping_texts.NOT_LOOKED_AT):
        export(vault, tmp_path / "x", upload)
    assert not (tmp_path / "x").exists()


def test_zipped_it_is_one_file_with_one_folder_that_is_the_bag(
    vault: Vault, tmp_path: Path
) -> None:
    upload = vault.entered(b"one", name="外婆的照片.jpg")
    place = export(vault, tmp_path / "藏一.zip", upload, zipped=True)
    with zipfile.ZipFile(place) as packed:
        assert packed.testzip() is None
        packed.extractall(tmp_path / "out")
    (bag,) = (tmp_path / "out").iterdir()
    assert bag.name == "藏一"
    assert bagit.Bag(str(bag)).validate()
    assert (bag / "data" / "originals" / "01-外婆的照片.jpg").read_bytes() == b"one"


HOSTILE = {
    "../../etc/passwd": "01-passwd.jpg",
    "外婆.jpg.exe": "01-外婆.jpg.jpg",
    "CON": "01-CON.jpg",
    "a%0Ab:c*d?.png": "01-a_0Ab_c_d_.jpg",
    ".hidden": "01-hidden.jpg",
    "e\u0301tude.jpg": "01-étude.jpg",
    "\u202egpj.exe": "01-gpj.jpg",
    "长" * 78: "01-" + "长" * 50 + ".jpg",
    "  ": "01-照片.jpg",
    "...": "01-照片.jpg",
    "$(rm -rf ~)`x`|y": "01-_(rm -rf _)_x__y.jpg",
}


def test_hostile_names_become_plain_ones(vault: Vault) -> None:
    (file,) = vault.files(vault.handed_in(b"one"))
    made = {
        name: bag_words.file_name(1, replace(file, name=texts.file_name(name))) for name in HOSTILE
    }
    assert made == HOSTILE
    for name in made.values():
        assert unicodedata.is_normalized("NFC", name)
        assert len(name.encode()) < 255


def test_two_files_of_one_name_are_two(vault: Vault, tmp_path: Path) -> None:
    upload = vault.entered(b"one", b"two", name="a.jpg")
    place = export(vault, tmp_path / "bag", upload)
    found: list[File] = vault.files(upload)
    assert len(list((place / "data" / "originals").iterdir())) == len(found) == 2
