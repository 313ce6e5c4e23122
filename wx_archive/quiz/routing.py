"""The quiz's one router; the bots register on it."""

from wx_archive.chat.router import Router

router = Router("quiz")
