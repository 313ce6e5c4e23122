"""The uploads' bots: reading them in puts their handlers on the feature's one router."""

from typing import Final

from wx_archive.treasures import bot, case_bot
from wx_archive.treasures.case_bot import CASES
from wx_archive.treasures.routing import router

BOTS: Final = (bot, case_bot)

__all__ = ["BOTS", "CASES", "router"]
