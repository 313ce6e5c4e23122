"""Whatever names a follower goes with the follower."""

from sqlalchemy import Table, inspect

from wx_archive import features
from wx_archive.core.database import Base, Database

KEPT_WITHOUT_FOLLOWER: frozenset[str] = frozenset()
"""Tables that outlive a follower, each with a rule of its own for erasing."""


def tables() -> list[Table]:
    assert features.FEATURES
    return list(Base.metadata.tables.values())


def test_every_table_that_names_a_follower_is_erased_with_it() -> None:
    named = [table for table in tables() if "follower_id" in table.c]
    assert named
    for table in named:
        if table.name in KEPT_WITHOUT_FOLLOWER:
            continue
        (key,) = table.c.follower_id.foreign_keys
        assert key.target_fullname == "follower.id", table.name
        assert key.ondelete == "CASCADE", table.name


def test_the_openid_lives_in_one_table() -> None:
    assert [table.name for table in tables() if "openid" in table.c] == ["follower"]


def test_the_database_itself_erases_what_the_models_say(database: Database) -> None:
    inspector = inspect(database.engine)
    for table in tables():
        if "follower_id" not in table.c:
            continue
        keys = inspector.get_foreign_keys(table.name)
        rules = [
            key["options"].get("ondelete") for key in keys if key["referred_table"] == "follower"
        ]
        assert rules == ["CASCADE"], table.name
