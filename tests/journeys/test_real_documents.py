"""Ten questions that citizens ask, over 3,536 real laws and regulations."""

import shutil
from pathlib import Path

import pytest
import requests
from sqlalchemy import delete

from wx_archive import demo
from wx_archive.core import schema
from wx_archive.core.database import Database
from wx_archive.core.jobs.models import Job
from wx_archive.core.settings import Encryption, Settings
from wx_archive.simulator.phone import Phone

PROJECT = Path(__file__).parents[2]

ON_THE_FIRST_PAGE = {
    "公积金": "住房公积金管理条例",
    "档案法": "中华人民共和国档案法",
    "个人信息保护": "中华人民共和国个人信息保护法",
    "烟花爆竹安全管理": "烟花爆竹安全管理条例",
    "上海 养犬": "上海市养犬管理条例",
    "北京 物业管理": "北京市物业管理条例",
    "工伤保险条例": "工伤保险条例",
    "义务教育法": "中华人民共和国义务教育法",
    "我想查一下带薪年休假": "职工带薪年休假条例",
    "未成年人保护法 2024": "中华人民共和国未成年人保护法",
}

pytestmark = pytest.mark.timeout(180)  # the import alone takes a quarter of a minute


@pytest.fixture
def installation(real_documents: Path, tmp_path: Path) -> Path:
    """A data folder whose catalogue is the real documents and nothing else."""
    settings = Settings.for_demo(data_dir=tmp_path, site_dir=PROJECT)
    shutil.copy(real_documents, tmp_path / "archive.db")
    database = Database(settings.database)
    schema.mark_demo(database)
    with database.begin() as session:
        session.execute(delete(Job))  # the words of the documents are known already
    database.dispose()
    return tmp_path


def test_ten_everyday_questions_find_their_answer_in_every_mode(installation: Path) -> None:
    missing = []
    for mode in Encryption:
        port, other = demo.free_port(), demo.free_port()
        settings = Settings.for_demo(
            data_dir=installation,
            site_dir=PROJECT,
            port=port,
            simulator_port=other,
            public_url=f"http://127.0.0.1:{port}",
            wechat_api_url=f"http://127.0.0.1:{other}",
            wechat_encryption=mode,
        )
        with demo.in_process(settings) as running:
            missing += [
                f"{mode}: {question}"
                for question, title in ON_THE_FIRST_PAGE.items()
                if not _finds(Phone(running.simulator_url), question, title)
            ]
    assert missing == []


def _finds(phone: Phone, question: str, title: str) -> bool:
    """Ask, open the entry with that very title, and read its page."""
    phone.follows()
    phone.says(question)
    choices = [span.text for span in phone.links if span.menu and span.menu.id.startswith("open.")]
    if title not in choices[:5]:
        return False
    phone.presses(choices.index(title) + 1)
    (card,) = phone.last_articles
    with requests.get(card.url, timeout=5) as page:
        return card.title == title and f"<h1>{title}</h1>" in page.text
