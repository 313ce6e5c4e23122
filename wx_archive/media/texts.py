"""What people read about media files, above all why one is not taken."""

from typing import Final

from wx_archive.media.rules import KIND_NAMES, MOST_PIXELS, MediaKind

EMPTY: Final = "这是一个空文件，请重新选一个"
UNKNOWN: Final = (
    "认不出这个文件。图片收 JPEG、PNG、WebP、GIF，视频收 MP4，音频收 MP3、AMR；请转成其中一种再上传"
)
SVG: Final = "这是 SVG 矢量图，里面可以藏程序，不能收；请另存为 PNG 再上传"
HEIC: Final = (
    "这是 HEIC 照片，很多手机和电脑看不了；请在手机的相机设置里选“兼容性最佳”，或另存为 JPEG 再上传"
)
TIFF: Final = "这是 TIFF 图片，网页和微信都不能用；请另存为 JPEG 或 PNG 再上传"
PDF: Final = "这是 PDF，不是图片；请把要用的那一页另存为 JPEG 再上传"
BROKEN_PICTURE: Final = "图片不完整或者已经损坏，读不出来；请从原处重新取一份"
TWOFOLD: Final = "这个文件里除了图片还藏着别的东西，不能收；请用看图软件打开，另存为 JPEG 再上传"
TOO_MANY_PIXELS: Final = (
    f"图片尺寸太大，最多 {MOST_PIXELS // 10_000} 万像素；请缩小以后再上传（网页上只用 1080 像素宽）"
)
TOO_MANY_FRAMES: Final = "这张动图的画面太多，不能收；请截取要用的一段再上传"
TOO_HARD: Final = "读这张图片要用的内存或时间太多，不能收；请用看图软件打开，另存为 JPEG 再上传"
BROKEN_FILM: Final = "视频不完整或者已经损坏，读不出来；请重新导出一份 MP4"
NO_FILM: Final = "这个 MP4 里没有画面；只有声音的请转成 MP3 再上传"
NOT_H264: Final = "这段视频不是 H.264 编码，很多手机放不出来；请用 H.264 重新导出 MP4"
QUICKTIME: Final = "这是 QuickTime 视频（.mov）；请导出成 MP4 再上传"
M4A: Final = "这是 M4A 音频，微信只收 MP3 和 AMR；请转成 MP3 再上传"
BROKEN_RECORDING: Final = "音频不完整或者已经损坏，读不出来；请重新导出一份 MP3"
WITHDRAWN: Final = "这个文件以前收过，后来撤下了；要再用它，请先在媒体库里恢复"
UNTITLED: Final = "未命名"


def lies(told: MediaKind, real: MediaKind) -> str:
    """Say that a file is not what its name says."""
    return (
        f"文件名说它是{KIND_NAMES[told]}，里面其实是{KIND_NAMES[real]}；"
        "请核对是不是选错了，改对扩展名再上传"
    )


def too_large(kind: MediaKind, most_bytes: int) -> str:
    """Say how large a file may be."""
    return f"文件太大：{KIND_NAMES[kind]}最多 {most_bytes // 1_000_000} MB，请压缩以后再上传"


GIVEN: Final = "这是市民珍档的图片，能不能用由授权决定；请到“珍档”里办"
GIVEN_ELSEWHERE: Final = "媒体库里已经有一张一模一样的图片，请先把那一张撤下"
