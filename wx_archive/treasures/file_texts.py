"""Why a file is not taken, each time with what to do instead; and what staff read about it."""

from collections.abc import Mapping
from typing import Final

from wx_archive.media.formats import Format
from wx_archive.treasures import rules
from wx_archive.treasures.rules import FILE_KINDS, FileKind

_TAKEN: Final = "照片收 JPEG、PNG、HEIC、TIFF，视频收 MP4、MOV，录音收 MP3、M4A、AMR，文稿收 PDF"
UNKNOWN: Final = f"认不出这个文件。{_TAKEN}；请转成其中一种再传"
REFUSED: Final[Mapping[Format, str]] = {
    Format.EMPTY: "这是一个空文件，请重新选一个",
    Format.SVG: "这是 SVG 图，里面可以藏程序，不能收；请截一张图再传",
    Format.HTML: "这是网页文件，里面可以藏程序，不能收；请截图，或另存为 PDF 再传",
    Format.PROGRAM: "这是程序文件，不能收；请核对是不是选错了，再选照片、视频、录音或 PDF",
    Format.OFFICE: "这是 Word、Excel 一类的文件，里面可以藏程序，不能收；请另存为 PDF 再传",
    Format.ARCHIVE: "这是压缩包，不能收；请解开以后，把里面的照片一张一张传来",
    Format.BMP: "这是 BMP 图片，不能收；请用看图软件打开，另存为 JPEG 或 PNG 再传",
    Format.OTHER_SOUND: "这种录音我们放不出来；请转成 MP3 或 M4A 再传",
    Format.OTHER_FILM: "这种视频我们放不出来；请转成 MP4 再传",
}
BROKEN_PICTURE: Final = "照片不完整或者已经损坏，打不开；请从原处重新传一次"
BROKEN_FILM: Final = "视频不完整或者已经损坏，放不出来；请从原处重新传一次"
BROKEN_SOUND: Final = "录音不完整或者已经损坏，放不出来；请从原处重新传一次"
BROKEN_PAPER: Final = "这份 PDF 不完整或者已经损坏，打不开；请从原处重新传一次"
TWOFOLD: Final = "这个文件里还藏着别的东西，不能收；照片请打开后截一张图再传，其他的请重新导出一份"
TOO_HARD: Final = "打开这张照片要用的内存或时间太多，不能收；请打开后截一张图再传"
TOO_MANY_FRAMES: Final = "这张图里的画面太多，不能收；请截取要紧的几张，一张一张传"
SEALED_PAPER: Final = "这份 PDF 加了密码，馆里打不开；请去掉密码再传"
ACTIVE_PAPER: Final = (
    "这份 PDF 里带有程序或表单动作，不能收；请打开后用“打印”另存一份 PDF，或拍成照片再传"
)
PACKED_PAPER: Final = "这份 PDF 里夹带了别的文件，不能收；请打开后用“打印”另存一份 PDF 再传"
INFECTED: Final = "安全检查发现这个文件带有病毒，没有收；请用杀毒软件查一查手机或电脑，换一份再传"
TOO_LARGE_TO_SCAN: Final = "这个文件太大，安全检查做不完，不能收；请压缩以后再传"
NOT_STORED: Final = "这一件没有存好，请您再传一次"


def lies(told: str, real: FileKind) -> str:
    """Say that a file is not what its name says."""
    return f"文件名说它是{told}，里面其实是{FILE_KINDS[real]}；请核对是不是选错了，改对名字再传"


def too_large(kind: FileKind) -> str:
    """Say how large a file may be."""
    most = rules.MOST_BYTES[kind] // (1024 * 1024)
    return f"文件太大：{FILE_KINDS[kind]}最多 {most} MB，请压缩以后再传"


def too_many_pixels(most_pixels: int) -> str:
    """Say how large a picture may be."""
    return f"照片尺寸太大，最多 {most_pixels // 10_000} 万像素；请缩小以后再传"


def stuck(count: int) -> str:
    """Tell staff that files cannot be looked at."""
    return f"{count} 件送来的文件等安全检查超过 10 分钟：杀毒服务可能停了"
