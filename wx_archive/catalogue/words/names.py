"""Telling the names of private people from words, so that none enters the vocabulary.

Without a dictionary this errs on the side of silence: what could be a name is a word only where
documents, offices or the list below know it as one.
"""

from collections.abc import Collection
from typing import Final

SURNAMES: Final = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓韩冯曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚"
    "卢姜崔钟谭陆汪范石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温"
    "康施牛樊葛邢安齐庄辛鲁殷翟俞聂阳翁甄章路喻柳喜关岳童欧闵时梅盛童焦纪项祝屈詹左涂符席连骆艾曲甘耿"
)
"""The hundred and fifty commonest, nine Chinese in ten."""
_DOUBLE: Final = ("欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "司徒", "夏侯", "令狐", "慕容")
_WORDS: Final = """
    安全 安置 安装 安排 安居 安保 万元 万人 万亩 方案 方法 方面 方针 高等 高中 高考 高速 高级
    高度 高校 高新 高龄 成立 林业 林场 林地 林权 林木 林区 江河 江水 石油 石材 石料 黄河 黄金
    马路 田间 田地 夏季 夏收 夏粮 白酒 常务 常委 常住 常年 武装 武器 武术 龙头 历史 陆地 陆路
    陆军 余额 程序 程度 温度 温室 温泉 康复 施工 施行 牛羊 牛奶 毛纺 毛巾 任务 任免 任命 任职
    任期 范围 金融 金额 钱粮 严格 严重 严禁 路线 路面 路灯 路桥 关系 关闭 时间 时效 时期 纪念
    纪律 纪检 纪要 项目 项下 连锁 连续 章程 阳光 童工 向上 向下 左右 符合 甘薯 席位 梅花 孔庙
    江南 高压 高温 高山 陶瓷 钟表 雷电 雷达 雷锋 石膏 黄牛 黄姜 黄酒 姜黄 苏区 韩国 唐山 公路
    铁路 道路 线路 电路 水路 同时 临时 及时 小时 工时 建成 完成 组成 形成 平安 治安 公安 保安
    西安 正常 日常 经常 水温 气温 保温 地方 对方 双方 各方 作文 公文 语文 发文 论文 中文 外文
    全文 人文 天文 水文 矿石 岩石 宝石 化石 空白 方向 转向 机关 海关 相关 事项 专项 款项 立项
    主席 出席 首席 实施 设施 措施 提高 最高 森林 造林 园林 农林 营林 护林 国林 现金 资金 基金
    奖金 税金 租金 五金 冶金 长江 汉江 沿江 丹江 儿童 农田 油田 耕田 良田 桥梁 江苏 浙江 黑龙
    宁夏 内江 学员 水库 文献 文教 文字 文书 文凭 高寒 高产 高科 白云 方式 石碑 石桥 石刻 江堤
    林产 金属 金库 马上 万里 时代 时候 路政 路段 成果 成人 成员 成绩 成本 成品 安徽 安康 安监
"""
_ORDINARY: Final = frozenset(_WORDS.split())
"""Pairs of characters of which one may be a surname, and in these is none."""


def could_be_name(text: str) -> bool:
    """Tell whether the whole of ``text`` has the form of a Chinese name."""
    if text[:2] in _DOUBLE:
        return 3 <= len(text) <= 4
    return 2 <= len(text) <= 3 and text[0] in SURNAMES and text[:2] not in _ORDINARY


def may_hold_name(text: str, known: Collection[str]) -> bool:
    """Tell whether a name may be in ``text``, or a part of one.

    Args:
        text: normalised, Chinese characters only.
        known: pairs of characters that public documents and offices use as words.
    """
    for at, char in enumerate(text[:-1]):  # nobody is named by a surname at the end alone
        if char not in SURNAMES:
            continue
        before, after = text[at - 1 : at + 1] if at else "", text[at : at + 2]
        if not (_is_word(before, known) or _is_word(after, known)):
            return True
    return False


def _is_word(pair: str, known: Collection[str]) -> bool:
    return len(pair) == 2 and (pair in known or pair in _ORDINARY)
