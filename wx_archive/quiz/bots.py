"""The quiz's bots: reading them in puts their handlers on the feature's one router."""

from typing import Final

from wx_archive.quiz import album_bot, bot, voucher_bot
from wx_archive.quiz.routing import router

BOTS: Final = (bot, album_bot, voucher_bot)

__all__ = ["BOTS", "router"]
