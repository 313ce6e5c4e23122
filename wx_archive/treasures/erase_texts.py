"""What the calendar notes in an upload's steps."""

from typing import Final

from wx_archive.treasures import rules

ERASED: Final = f"满 {rules.ERASED_AFTER_DAYS} 天，文件和文字已删除"
"""For staff."""
SILENT: Final = "没有等到您的回答，我们先接着办"
"""For the sender as well, who may still answer by telephone."""
