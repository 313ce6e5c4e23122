"""Why a file that came in the chat could not be taken over, in sentences for its sender."""

from typing import Final

from wx_archive.treasures import rules
from wx_archive.treasures.rules import FileKind

NO_MEDIA: Final = "本账号还取不到微信里发的文件，请回“上传”，用网页传"
"""The account's kind may not download; it is no fault of the sender's."""
NOT_TO_BE_HAD: Final = "微信没有把这一件交给我们，请再发一次，或者回“上传”用网页传"


def too_large(kind: FileKind) -> str:
    """Say how large a file may be."""
    most_mb = rules.MOST_BYTES[kind] // (1024 * 1024)
    return f"这一件超过 {most_mb} MB，收不下，请剪短或压小一些再发"
