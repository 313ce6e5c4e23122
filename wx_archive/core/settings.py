"""All settings, read once from the environment, `.env` and `*_FILE`, checked together."""

import base64
import contextlib
import difflib
import os
import secrets
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from wx_archive.core.errors import SettingsError

PREFIX = "WX_ARCHIVE_"
SITE_FOLDERS = ("menus", "content")
DEMO_CREDENTIALS = {
    "wechat_token": "wx-archive-demo-token",
    "wechat_app_id": "wxdemo000000000001",
    "wechat_app_secret": "wx-archive-demo-app-secret",
    "wechat_aes_key": "wxArchiveDemoAesKeyNotForProduction00000001",
    "wechat_original_id": "gh_wxarchivedemo",
}
"""Credentials of the simulated account; `serve` in production refuses every one of them."""


Port = Annotated[int, Field(ge=1, le=65_535)]
Proxies = Annotated[int, Field(ge=0, le=9)]


class Profile(StrEnum):
    """What kind of installation this is."""

    DEMO = "demo"
    DEV = "dev"
    PRODUCTION = "production"


class Encryption(StrEnum):
    """How WeChat seals messages, as chosen in its console."""

    SAFE = "safe"
    COMPATIBLE = "compatible"
    PLAIN = "plain"


class AccountKind(StrEnum):
    """The two kinds of official account."""

    SERVICE = "service"
    SUBSCRIPTION = "subscription"


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads `WX_ARCHIVE_X_FILE=/run/secrets/x` as the value of `WX_ARCHIVE_X`."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the file's text for secret fields; what cannot be read is reported elsewhere."""
        path = _secret_path(field, field_name)
        text = _read_secret(path) if path else None
        return (text if isinstance(text, str) else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return all values that come from files."""
        found = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in found.items() if value is not None}


def _secret_path(field: FieldInfo, name: str) -> str | None:
    if field.annotation is not SecretStr:
        return None
    told = {**dotenv_values(".env"), **os.environ}  # noqa: TID251 -- settings
    return told.get(f"{PREFIX}{name.upper()}_FILE")


def _read_secret(path: str) -> str | OSError | UnicodeError:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as err:
        return err


class Settings(BaseSettings):
    """The installation's configuration; names and defaults are promised by the README."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_file_encoding="utf-8", frozen=True, extra="ignore"
    )

    host: str = "127.0.0.1"
    port: Port = 8000
    simulator_port: Port = 8001
    profile: Profile = Profile.PRODUCTION
    data_dir: Path = Path("wx-archive-data")
    site_dir: Path | None = None
    database_url: SecretStr = SecretStr("")
    redis_url: SecretStr = SecretStr("")
    storage_url: str = "file:"
    clamd_url: str = ""
    """Where ClamAV's daemon listens: nothing that citizens send is taken before it found it clean.
    """
    font: Path | None = None
    """A typeface with Chinese characters for what we draw; else one is found on the system."""
    metrics_token: SecretStr = SecretStr("")
    clock_url: str = ""
    public_url: str = ""
    trusted_proxies: Proxies = 0
    """How many reverse proxies of our own stand before us, each adding to `X-Forwarded-For`.

    Failed logins are counted, and the audit log written, by the address so found. Too many, and
    anybody can pretend to come from anywhere; too few, and everybody comes from the proxy.
    """
    secret_key: SecretStr = SecretStr("")
    allow_plain: bool = False
    wechat_token: SecretStr = SecretStr("")
    wechat_app_id: str = ""
    wechat_app_secret: SecretStr = SecretStr("")
    wechat_aes_key: SecretStr = SecretStr("")
    wechat_previous_aes_key: SecretStr = SecretStr("")
    wechat_original_id: str = ""
    wechat_encryption: Encryption = Encryption.SAFE
    wechat_account: AccountKind = AccountKind.SERVICE
    wechat_verified: bool = True
    wechat_api_url: str = "https://api.weixin.qq.com"
    wechat_clock_window_s: int = 300

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, that over secret files, those over `.env`."""
        del file_secret_settings
        return init_settings, env_settings, _SecretFiles(settings_cls), dotenv_settings

    @classmethod
    def load(cls, *, servable: bool = False, **overrides: object) -> Self:
        """Read the settings; with ``servable`` they must also be fit to serve.

        Raises:
            SettingsError: names every unreadable or misspelt variable at once.
        """
        problems = _unknown_names(cls) + _secret_file_problems(cls)
        try:
            settings = cls(**overrides)  # type: ignore[arg-type] # checked by pydantic itself
        except ValidationError as err:
            problems += [_explain(item) for item in err.errors()]
            wrong = {str(item["loc"][0]) for item in err.errors()}
            defaults = {name: cls.model_fields[name].get_default() for name in wrong}
            settings = cls(**{**overrides, **defaults})  # so that the rest is checked as well
        problems += _consistency_problems(settings)
        if servable:
            problems += settings.unfit_to_serve()
        if problems:
            raise SettingsError(problems)
        return settings

    @classmethod
    def for_demo(cls, **overrides: object) -> Self:
        """Return the demo's settings: simulated account, loopback, nothing to configure."""
        base = cls.load()
        demo: dict[str, object] = {
            **DEMO_CREDENTIALS,
            "profile": Profile.DEMO,
            "public_url": base.public_url or f"http://127.0.0.1:{base.port}",
            "wechat_api_url": f"http://127.0.0.1:{base.simulator_port}",
        }
        return cls.load(servable=False, **(demo | overrides))

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database."""
        given = self.database_url.get_secret_value()
        return given or f"sqlite:///{(self.data_dir / 'archive.db').absolute()}"

    @property
    def objects(self) -> Path:
        """The folder of the media files: `file:/path`, else in the data folder."""
        given = self.storage_url.removeprefix("file:").removeprefix("//")
        return Path(given) if given else self.data_dir.absolute() / "objects"

    @property
    def origin(self) -> str:
        """How citizens reach us, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def site(self) -> Path:
        """Return the folder with `menus/` and `content/`.

        The working directory if it has them, else the packaged sample, else the checkout.
        """
        package = Path(__file__).parent.parent
        places = [self.site_dir] if self.site_dir else [Path.cwd()]
        places += [] if self.site_dir else [package / "sample_site", package.parent]
        for place in places:
            if all((place / folder).is_dir() for folder in SITE_FOLDERS):
                return place.absolute()
        raise SettingsError(
            [f"{PREFIX}SITE_DIR：{places[0]} 里没有 menus/ 和 content/ 两个文件夹，请改正路径"]
        )

    def secret(self) -> str:
        """Return the installation's secret, made on first use in the data folder (mode 0600)."""
        if given := self.secret_key.get_secret_value():
            return given
        path = self.data_dir / "secret.key"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=self.data_dir)  # mode 0600
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(secrets.token_urlsafe(48))
            # Linked when it is whole: of several processes that start at once, one wins.
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            Path(draft).unlink()
        return path.read_text(encoding="utf-8").strip()

    def unfit_to_serve(self) -> list[str]:
        """List everything that has to be set right before serving; empty when it is safe."""
        problems = _credential_problems(self)
        if self.profile is Profile.PRODUCTION:
            problems += _production_problems(self)
        return problems

    def require_servable(self) -> None:
        """Refuse an unsafe start.

        Raises:
            SettingsError: lists everything that has to be set right before serving.
        """
        if problems := self.unfit_to_serve():
            raise SettingsError(problems)

    def environment(self) -> dict[str, str]:
        """Return the environment under which a child process reads these very settings."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}  # noqa: TID251 -- settings
        ours = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            if value is not None and value != "":
                ours[f"{PREFIX}{name.upper()}"] = (
                    str(value).lower() if value is True else str(value)
                )
        ours[f"{PREFIX}DATA_DIR"] = str(self.data_dir.absolute())
        return inherited | ours


def _unknown_names(cls: type[Settings]) -> list[str]:
    """List `WX_ARCHIVE_*` variables that mean nothing: nearly always a typing mistake."""
    known = {f"{PREFIX}{name.upper()}" for name in cls.model_fields}
    known |= {f"{name}_FILE" for name in known}
    problems = []
    for name in sorted({*os.environ, *dotenv_values(".env")}):  # noqa: TID251 -- settings
        if name.startswith(PREFIX) and name not in known and not name.startswith(PREFIX + "TEST_"):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"，是不是 {near[0]}？" if near else ""
            problems.append(f"{name}：没有这个设置{hint}")
    return problems


def _secret_file_problems(cls: type[Settings]) -> list[str]:
    problems = []
    for name, field in cls.model_fields.items():
        path = _secret_path(field, name)
        failure = _read_secret(path) if path else None
        if isinstance(failure, OSError | UnicodeError):
            why = failure.strerror if isinstance(failure, OSError) else "不是 UTF-8 文本"
            problems.append(f"{PREFIX}{name.upper()}_FILE：读不到 {path}（{why}）")
    return problems


def _explain(item: Any) -> str:
    name = PREFIX + "_".join(str(part) for part in item["loc"]).upper()
    allowed = str(item.get("ctx", {}).get("expected", "")).replace(" or ", " 或 ")
    match item["type"]:
        case "int_parsing" | "greater_than_equal" | "less_than_equal":
            limit = "1 到 65535 之间的整数" if name.endswith("PORT") else "整数"
            limit = "0 到 9 之间的整数" if name.endswith("PROXIES") else limit
            remedy = f"要填{limit}"
        case "bool_parsing":
            remedy = "要填 true 或 false"
        case _:
            remedy = f"可以填 {allowed}" if allowed else str(item["msg"])
    return f"{name}：{item.get('input')!r} 不能用，{remedy}"


def _consistency_problems(settings: Settings) -> list[str]:
    problems = []
    problems += _storage_problems(settings.storage_url)
    problems += _clamd_problems(settings.clamd_url)
    if settings.port == settings.simulator_port:
        problems.append(f"{PREFIX}SIMULATOR_PORT：不能和 {PREFIX}PORT 相同，请换一个")
    for name in ("public_url", "wechat_api_url"):
        value = getattr(settings, name)
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            problems.append(f"{PREFIX}{name.upper()}：{value!r} 要写成 https://域名 的样子")
    return problems


def _storage_problems(url: str) -> list[str]:
    name = f"{PREFIX}STORAGE_URL"
    if url.startswith("s3:"):
        return [f"{name}：这个版本还不会用 s3://，请写 file:（数据文件夹里）或 file:/绝对路径"]
    path = url.removeprefix("file:").removeprefix("//")
    if not url.startswith("file:") or (path and not Path(path).is_absolute()):
        return [f"{name}：{url!r} 不能用，请写 file:（数据文件夹里）或 file:/绝对路径"]
    return []


def _clamd_problems(url: str) -> list[str]:
    parts = urlsplit(url)
    try:
        is_host = parts.scheme == "tcp" and bool(parts.hostname and parts.port)
    except ValueError:  # the port is none
        is_host = False
    is_file = parts.scheme == "unix" and not parts.netloc and parts.path.startswith("/")
    if not url or is_host or is_file:
        return []
    remedy = "请写 tcp://主机:端口 或 unix:/绝对路径；没有装 ClamAV 就留空"
    return [f"{PREFIX}CLAMD_URL：{url!r} 不能用，{remedy}"]


def _credential_problems(settings: Settings) -> list[str]:
    problems = [
        f"{PREFIX}{name.upper()}：没有填。{where}"
        for name, where in (
            ("wechat_token", "在公众平台“设置与开发 → 基本配置”里自定"),
            ("wechat_app_id", "在公众平台“基本配置”里看到的 AppID"),
            ("wechat_original_id", "在公众平台“账号详情”里看到的原始 ID（gh_ 开头）"),
        )
        if not _plain(getattr(settings, name))
    ]
    key = settings.wechat_aes_key.get_secret_value()
    needs_key = settings.wechat_encryption is not Encryption.PLAIN
    if needs_key and not _is_aes_key(key):
        problems.append(f"{PREFIX}WECHAT_AES_KEY：要填公众平台里 43 个字符的 EncodingAESKey")
    previous = settings.wechat_previous_aes_key.get_secret_value()
    if previous and not _is_aes_key(previous):
        problems.append(f"{PREFIX}WECHAT_PREVIOUS_AES_KEY：要么留空，要么是 43 个字符的旧密钥")
    return problems


def _production_problems(settings: Settings) -> list[str]:
    problems = [
        f"{PREFIX}{name.upper()}：这是演示用的值，正式运行请换成自己账号的"
        for name, demo in DEMO_CREDENTIALS.items()
        if _plain(getattr(settings, name)) == demo
    ]
    if settings.wechat_encryption is Encryption.PLAIN and not settings.allow_plain:
        problems.append(
            f"{PREFIX}WECHAT_ENCRYPTION：明文模式谁都能伪造消息，请在公众平台改用安全模式；"
            f"确有必要才设 {PREFIX}ALLOW_PLAIN=1"
        )
    if settings.clock_url:
        problems.append(f"{PREFIX}CLOCK_URL：可移动的时钟只给演示和开发用，正式运行请去掉")
    url = urlsplit(settings.public_url)
    if url.scheme == "http" and url.hostname not in ("127.0.0.1", "localhost", "::1"):
        problems.append(f"{PREFIX}PUBLIC_URL：请填市民访问本服务的 https:// 网址，用于生成链接")
    return problems


def _plain(value: SecretStr | str) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _is_aes_key(key: str) -> bool:
    try:
        return len(key) == 43 and len(base64.b64decode(key + "=", validate=True)) == 32
    except ValueError:
        return False


__all__ = [
    "DEMO_CREDENTIALS",
    "PREFIX",
    "AccountKind",
    "Encryption",
    "Profile",
    "Settings",
]
