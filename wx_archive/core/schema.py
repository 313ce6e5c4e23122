"""The database's schema: upgrading it, and refusing to serve on another one."""

from pathlib import Path

from sqlalchemy import Column, String, Table, column, delete, insert, inspect, select, table
from sqlalchemy.orm import Session

from wx_archive.core.database import Base, Database
from wx_archive.core.errors import ArchiveError

HEAD = "20261128_treasure_register"
"""The newest migration: the schema that this version serves on."""

installation = Table(
    "installation",
    Base.metadata,
    Column("name", String(40), primary_key=True),
    Column("value", String(200), nullable=False),
)
"""Facts about this installation: whether its catalogue is the demo's."""


class SchemaError(ArchiveError):
    """The database is not fit for this version."""


def upgrade(database: Database) -> None:
    """Bring the database to this version's schema; a second run changes nothing."""
    from alembic import command  # noqa: PLC0415 -- only an upgrade needs it
    from alembic.config import Config  # noqa: PLC0415 -- likewise

    config = Config()
    folder = Path(__file__).parent.parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(database: Database, *, demo: bool) -> None:
    """Refuse an old, newer or foreign schema, and the demo's data in a real account.

    Raises:
        SchemaError: says what to do.
    """
    with database.engine.connect() as connection:
        version = table("alembic_version", column("version_num"))
        is_there = inspect(connection).has_table(version.name)
        current = connection.execute(select(version)).scalars().all() if is_there else []
    if current != [HEAD]:
        raise SchemaError("数据库的结构不是这个版本的，请先运行 wx-archive db upgrade")
    if not demo and is_demo(database):
        raise SchemaError(
            "这是演示用的数据库，里面的目录是虚构的。正式运行请换一个 WX_ARCHIVE_DATA_DIR "
            "或 WX_ARCHIVE_DATABASE_URL，再运行 wx-archive db upgrade"
        )


def is_demo(database: Database) -> bool:
    """Tell whether the database holds the demo's invented catalogue."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table(installation.name):
            return False
        found = connection.execute(
            select(installation.c.value).where(installation.c.name == "demo")
        )
        return found.scalar_one_or_none() == "yes"


def mark_demo(database: Database) -> None:
    """Note that invented data was loaded."""
    with database.begin() as session:
        session.execute(delete(installation).where(installation.c.name == "demo"))
        session.execute(insert(installation).values(name="demo", value="yes"))


def was_invented(database: Database, what: str) -> bool:
    """Tell whether a part of the demo was invented before."""
    with database.reads() as connection:
        mark = select(installation.c.value).where(installation.c.name == what)
        return connection.execute(mark).first() is not None


def mark_invented(session: Session, what: str) -> None:
    """Note, with what was invented, that it was."""
    session.execute(insert(installation).values(name=what, value="yes"))
