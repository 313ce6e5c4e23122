"""Content files: text stays text, keys stand once, a mistake names its line and column."""

from pathlib import Path

import pytest
from pydantic import Field, field_validator

from wx_archive.core.errors import FileProblemError
from wx_archive.core.yamlfile import FileModel, load, load_front_matter, parse, read_text

HERE = Path("guide.yaml")


class Desk(FileModel):
    name: str
    opens: str = "09:00"


class Guide(FileModel):
    title: str = Field(max_length=10)
    words: list[str] = Field(default_factory=list)
    desks: list[Desk] = Field(default_factory=list)
    scenes: dict[str, str] = Field(default_factory=dict)
    count: int = 0
    note: str | None = None

    @field_validator("title")
    @classmethod
    def _calm(cls, value: str) -> str:
        if value.endswith("!"):
            message = "题名不用感叹号"
            raise ValueError(message)
        return value


def mistakes(text: str) -> list[str]:
    with pytest.raises(FileProblemError) as caught:
        parse(text, Guide, HERE)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    "typed",
    ["no", "yes", "on", "true", "1e3", "12:30", "1_000", "0x1F", "010", "2024-01-01", ".inf", "="],
)
def test_text_stays_the_text_that_was_typed(typed: str) -> None:
    assert parse(f"title: {typed}", Guide, HERE).title == typed
    assert parse(f"title: a\nwords: [{typed}]", Guide, HERE).words == [typed]
    assert parse(f"title: a\nscenes: {{{typed}: {typed}}}", Guide, HERE).scenes == {typed: typed}


@pytest.mark.parametrize("typed", ["", "~", "null"])
def test_nothing_stays_nothing(typed: str) -> None:
    assert parse(f"title: a\nnote: {typed}", Guide, HERE).note is None


def test_numbers_are_read_where_numbers_are_asked_for() -> None:
    assert parse("title: a\ncount: 12", Guide, HERE).count == 12


def test_blanks_around_text_do_not_matter() -> None:
    assert parse('title: "  a "', Guide, HERE).title == "a"


def test_what_was_read_never_changes_again() -> None:
    guide = parse("title: a", Guide, HERE)
    with pytest.raises(ValueError, match="frozen"):
        guide.title = "b"


def test_a_key_that_stands_twice_is_a_mistake_at_its_second_place() -> None:
    assert mistakes("title: a\nwords: []\ntitle: b") == [
        "guide.yaml:3:1: “title”写了两次，请留一个"
    ]
    assert mistakes("title: a\ndesks:\n  - name: x\n    name: y")[0].startswith("guide.yaml:4:5: ")


def test_a_key_with_a_spelling_mistake_is_named_at_its_place() -> None:
    assert mistakes("title: a\ntitel: b") == ["guide.yaml:2:1: titel：没有这一项，请检查拼写"]


def test_a_missing_key_is_named_at_the_place_it_belongs_to() -> None:
    assert mistakes("words: []") == ["guide.yaml:1:1: title：缺这一项"]
    assert mistakes("title: a\ndesks:\n  - opens: x") == ["guide.yaml:3:5: desks.0.name：缺这一项"]


def test_all_mistakes_are_told_at_once_each_at_its_place() -> None:
    text = "title: 一二三四五六七八九十十一\nwords:\n  - [x]\ncount: many\nx: 1"
    told = mistakes(text)
    assert [line.split(": ")[0] for line in told] == [
        "guide.yaml:1:1",
        "guide.yaml:3:5",
        "guide.yaml:4:1",
        "guide.yaml:5:1",
    ]
    assert "太长，最多 10 个字" in told[0]


def test_a_rule_of_ours_speaks_its_own_words() -> None:
    assert mistakes("title: 来!") == ["guide.yaml:1:1: title：题名不用感叹号"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("title: a\n  words: b", "2:8"),
        ("title: 'a", "1:10"),
        ("title: a\nwords: [a", "2:10"),
        ("title: a\n\tcount: 1", "2:1"),
        ("title: &a x\nnote: *b", "2:7"),
        ("title: a\nnote: !!python/object:os.system x", "2:7"),
        ("title: a\n? [a]\n: b", "2:3"),
        ("title: a\n[[帮助]]: b", "2:1"),
        ("title: a\n---\ntitle: b", "2:1"),
        ("title: a\nnote: b\x07c", "2:8"),
    ],
)
def test_a_slip_of_the_syntax_is_one_line_with_its_place(text: str, place: str) -> None:
    (told,) = mistakes(text)
    assert told.startswith(f"guide.yaml:{place}: ")


def test_an_empty_file_lacks_what_is_required() -> None:
    assert mistakes("") == ["guide.yaml:1:1: title：缺这一项"]
    assert mistakes("- a")[0].startswith("guide.yaml:1:1: ")


def test_a_file_is_read_with_and_without_a_mark_of_its_encoding(tmp_path: Path) -> None:
    for raw in ("title: 馆".encode(), "title: 馆".encode("utf-8-sig"), b"title: \xe9\xa6\x86\r\n"):
        (tmp_path / "a.yaml").write_bytes(raw)
        assert load(tmp_path / "a.yaml", Guide).title == "馆"


def test_a_file_in_another_encoding_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("title: 馆".encode("gb18030"))
    with pytest.raises(FileProblemError, match="请另存为 UTF-8"):
        read_text(tmp_path / "a.yaml")


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileProblemError, match=r"a\.yaml: 读不到"):
        load(tmp_path / "a.yaml", Guide)


def a_piece(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "piece.md"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_front_matter_and_body_are_told_apart(tmp_path: Path, ends: str) -> None:
    text = ends.join(["---", "title: 题", "---", "", "# 正文", "", "---", "完"])
    piece, body = load_front_matter(a_piece(tmp_path, text), Guide)
    assert piece.title == "题"
    assert body == "# 正文\n\n---\n完"


def test_a_piece_may_end_with_its_front_matter(tmp_path: Path) -> None:
    piece, body = load_front_matter(a_piece(tmp_path, "---\ntitle: 题\n---"), Guide)
    assert (piece.title, body) == ("题", "")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("title: a\n", "1:1"),
        ("---\ntitle: a\n", "1:1"),
        ("---\ntitle: a\ntitel: b\n---\n", "3:1"),
        ("---\nwords: []\n---\n", "2:1"),
        ("---\ntitle: a\ntitle: b\n---\n", "3:1"),
        ("---\ntitle: a\n  words: b\n---\n", "3:8"),
        ("---\ntitle: a\nnote: b\x07\n---\n", "3:8"),
    ],
)
def test_a_mistake_in_front_matter_names_the_line_of_the_whole_file(
    tmp_path: Path, text: str, place: str
) -> None:
    path = a_piece(tmp_path, text)
    with pytest.raises(FileProblemError) as caught:
        load_front_matter(path, Guide)
    assert str(caught.value).startswith(f"{path}:{place}: ")
