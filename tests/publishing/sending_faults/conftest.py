"""How large the runs are: the same switch as `tests/faults`."""

import os

import pytest

from tests.faults.conftest import Size


@pytest.fixture(scope="session")
def size() -> Size:
    """The form that was asked for."""
    asked = os.environ.get("WX_ARCHIVE_TEST_FAULTS", "")  # noqa: TID251 -- about this run only
    return Size(is_full=asked == "full")
