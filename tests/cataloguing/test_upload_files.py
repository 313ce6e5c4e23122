"""What a file is called and what is kept of what was found in it: harmless, and bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wx_archive.catalogue.files import BadRow
from wx_archive.catalogue.service import ImportReport
from wx_archive.cataloguing.upload_files import LISTED, Report, display_name


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("目录.xlsx", "目录.xlsx"),
        ("C:\\Users\\chen\\目录 二.csv", "目录 二.csv"),
        ("../../etc/passwd", "passwd"),
        ("a/../..", "未命名"),
        ("..", "未命名"),
        ("", "未命名"),
        ("\x00\r\nX: y.csv", "X: y.csv"),
        ("目录\u202evsc.exe", "目录vsc.exe"),
        (".jsonl", "jsonl"),
        ("一.jsonl.gz", "一.jsonl.gz"),
        ("\ud800甲.csv", "甲.csv"),
        ("长" * 300 + ".csv", "长" * 59 + "….csv"),
    ],
)
def test_a_name_has_no_folder_and_no_trick(told: str, shown: str) -> None:
    assert display_name(told) == shown


@given(st.text(max_size=400))
def test_any_name_can_be_shown_and_written_to_disk(told: str) -> None:
    name = display_name(told)
    assert 0 < len(name) <= 120
    assert len(name.encode()) <= 220
    assert "/" not in name
    assert name not in (".", "..")
    assert name.isprintable()
    assert display_name(name) == name


def test_only_the_first_rows_are_kept_and_the_rest_is_counted() -> None:
    bad = [BadRow(n // 2, "题" * 200, "长" * 1_000) for n in range(3_000)]
    report = Report.of(ImportReport(read=7, added=1, bad=bad, warnings=bad[:2]), opens=1)
    assert (report.bad_count, report.bad_lines, len(report.bad)) == (3_000, 1_500, LISTED)
    assert (report.read, report.doubt_count) == (1_507, 2)
    assert len(report.as_json()) < 500_000
    assert Report.read_json(report.as_json()) == report
