"""The one router of the uploads' bots."""

from wx_archive.chat.router import Router

router = Router("treasures")
