"""Builders of site folders: a guide, a piece, a menu, each as somebody would write it."""

from pathlib import Path


def write(path: Path, text: str) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def a_piece(
    key: str, *, title: str = "大坝", date: str = "2026-01-01", sources: str = "[档案]"
) -> str:
    """Return the Markdown of an article."""
    return (
        f"---\nid: {key}\ntitle: {title}\nsummary: 提要\ndate: {date}\ntopics: []\n"
        f"sources: {sources}\n---\n正文\n"
    )


def a_guide(
    key: str, *, title: str = "须知", keywords: str = "[]", sources: str = "[档案法]"
) -> str:
    """Return the Markdown of a guide."""
    return (
        f"---\nid: {key}\ntitle: {title}\nsummary: 提要\ndate: 2026-01-01\ntopics: []\n"
        f"sources: {sources}\nkeywords: {keywords}\nanswer: 答\n---\n正文\n"
    )
