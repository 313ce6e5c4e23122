"""Settings: every mistake is named at once with its remedy; production refuses what is unsafe."""

import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from wx_archive.core.errors import SettingsError
from wx_archive.core.settings import (
    DEMO_CREDENTIALS,
    AccountKind,
    Encryption,
    Profile,
    Settings,
)

REAL: dict[str, Any] = {
    "profile": Profile.PRODUCTION,
    "public_url": "https://archive.example.org",
    "wechat_token": SecretStr("a-real-token"),
    "wechat_app_id": "wx1234567890abcdef",
    "wechat_app_secret": SecretStr("a-real-secret"),
    "wechat_aes_key": SecretStr("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"),
    "wechat_original_id": "gh_1234567890ab",
}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Start from an empty folder and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"WX_ARCHIVE_{name.upper()}", raising=False)
        monkeypatch.delenv(f"WX_ARCHIVE_{name.upper()}_FILE", raising=False)


def problems(**overrides: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.load(**overrides)
    return caught.value.problems


def refusals(**changes: Any) -> list[str]:
    """What stands against serving with real credentials, bent by ``changes``."""
    with pytest.raises(SettingsError) as caught:
        Settings.load(**(REAL | changes)).require_servable()
    return caught.value.problems


def test_without_any_setting_it_is_a_sealed_service_account_in_production() -> None:
    settings = Settings.load()
    assert settings.profile is Profile.PRODUCTION
    assert (settings.host, settings.port, settings.simulator_port) == ("127.0.0.1", 8000, 8001)
    assert settings.wechat_encryption is Encryption.SAFE
    assert settings.wechat_account is AccountKind.SERVICE
    assert settings.wechat_api_url == "https://api.weixin.qq.com"
    assert settings.database.startswith("sqlite:////")
    assert settings.database.endswith("/wx-archive-data/archive.db")


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WX_ARCHIVE_PORT", "9000")
    monkeypatch.setenv("WX_ARCHIVE_WECHAT_ENCRYPTION", "compatible")
    settings = Settings.load()
    assert settings.port == 9000
    assert settings.wechat_encryption is Encryption.COMPATIBLE


def test_every_mistake_is_named_at_once_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WX_ARCHIVE_PORT", "eight")
    monkeypatch.setenv("WX_ARCHIVE_PROFILE", "live")
    monkeypatch.setenv("WX_ARCHIVE_WECHAT_ENCRYPTION", "none")
    monkeypatch.setenv("WX_ARCHIVE_WECHT_TOKEN", "x")
    told = problems()
    assert len(told) == 4
    text = "\n".join(told)
    assert "WX_ARCHIVE_PORT" in text
    assert "'demo', 'dev' 或 'production'" in text
    assert "'safe', 'compatible' 或 'plain'" in text
    assert "WX_ARCHIVE_WECHT_TOKEN：没有这个设置，是不是 WX_ARCHIVE_WECHAT_TOKEN？" in text


@pytest.mark.parametrize("port", ["0", "65536", "-1", "8000.5"])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("WX_ARCHIVE_PORT", port)
    (told,) = problems()
    assert told == f"WX_ARCHIVE_PORT：'{port}' 不能用，要填1 到 65535 之间的整数"


def test_account_and_simulator_cannot_share_a_port() -> None:
    assert problems(port=8001) == [
        "WX_ARCHIVE_SIMULATOR_PORT：不能和 WX_ARCHIVE_PORT 相同，请换一个"
    ]


def test_an_unknown_name_that_is_near_nothing_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WX_ARCHIVE_XYZZY_QQQQQQQQQQQQQQQQQQQQ", "1")
    assert problems() == ["WX_ARCHIVE_XYZZY_QQQQQQQQQQQQQQQQQQQQ：没有这个设置"]


@pytest.mark.parametrize("name", ["public_url", "wechat_api_url"])
@pytest.mark.parametrize("value", ["archive.example.org", "ftp://archive", "https://"])
def test_an_address_that_is_none_is_refused(name: str, value: str) -> None:
    (told,) = problems(**{name: value})
    assert told.startswith(f"WX_ARCHIVE_{name.upper()}：")
    assert "https://" in told


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    monkeypatch.setenv("WX_ARCHIVE_WECHAT_TOKEN_FILE", str(tmp_path / "token"))
    assert Settings.load().wechat_token.get_secret_value() == "from-a-file"


def test_the_environment_wins_over_a_secret_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("from-a-file")
    monkeypatch.setenv("WX_ARCHIVE_WECHAT_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("WX_ARCHIVE_WECHAT_TOKEN", "given")
    assert Settings.load().wechat_token.get_secret_value() == "given"


def test_a_secret_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WX_ARCHIVE_WECHAT_TOKEN_FILE", "nowhere")
    (told,) = problems()
    assert told.startswith("WX_ARCHIVE_WECHAT_TOKEN_FILE：读不到 nowhere")


def test_a_dotenv_file_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("WX_ARCHIVE_PORT=9100\nWX_ARCHIVE_HOST=127.0.0.2\nOTHER=1\n")
    monkeypatch.setenv("WX_ARCHIVE_PORT", "9200")
    settings = Settings.load()
    assert (settings.host, settings.port) == ("127.0.0.2", 9200)


def test_settings_never_change_again() -> None:
    settings = Settings.load()
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


def test_secrets_do_not_show_in_print() -> None:
    settings = Settings.load(**REAL)
    for shown in (repr(settings), str(settings)):
        assert "a-real-token" not in shown
        assert "a-real-secret" not in shown


def test_real_credentials_may_serve() -> None:
    Settings.load(**REAL).require_servable()


def test_a_production_without_anything_set_lists_all_that_is_missing() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load().require_servable()
    names = {line.partition("：")[0] for line in caught.value.problems}
    assert names == {
        "WX_ARCHIVE_WECHAT_TOKEN",
        "WX_ARCHIVE_WECHAT_APP_ID",
        "WX_ARCHIVE_WECHAT_ORIGINAL_ID",
        "WX_ARCHIVE_WECHAT_AES_KEY",
    }


@pytest.mark.parametrize("name", ["wechat_token", "wechat_app_id", "wechat_original_id"])
def test_a_missing_credential_is_named_with_the_place_to_find_it(name: str) -> None:
    (told,) = refusals(**{name: ""})
    assert told.startswith(f"WX_ARCHIVE_{name.upper()}：没有填。在公众平台")


@pytest.mark.parametrize("key", ["", "short", "x" * 42, "x" * 44, "x" * 42 + "=", "钥" * 43])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    (told,) = refusals(wechat_aes_key=SecretStr(key))
    assert "43 个字符的 EncodingAESKey" in told
    if key:
        (told,) = refusals(wechat_previous_aes_key=SecretStr(key))
        assert told.startswith("WX_ARCHIVE_WECHAT_PREVIOUS_AES_KEY：")


def test_plain_mode_in_production_needs_an_explicit_word() -> None:
    (told,) = refusals(wechat_encryption=Encryption.PLAIN, wechat_aes_key=SecretStr(""))
    assert "WX_ARCHIVE_ALLOW_PLAIN=1" in told
    plain = REAL | {"wechat_encryption": Encryption.PLAIN, "allow_plain": True}
    Settings.load(**plain).require_servable()


def test_production_gives_citizens_no_unsealed_address() -> None:
    (told,) = refusals(public_url="http://archive.example.org")
    assert told.startswith("WX_ARCHIVE_PUBLIC_URL：")
    for url in ("", "http://127.0.0.1:8000", "https://archive.example.org"):
        Settings.load(**REAL | {"public_url": url}).require_servable()


def test_every_letter_of_base64_may_stand_in_a_key() -> None:
    key = SecretStr("+/" + "A" * 40 + "E")
    Settings.load(**REAL | {"wechat_aes_key": key}).require_servable()


def test_what_keeps_it_from_serving_is_told_together_with_what_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WX_ARCHIVE_PORT", "abc")
    monkeypatch.setenv("WX_ARCHIVE_WECHAT_ENCRYPTION", "plain")
    monkeypatch.setenv("WX_ARCHIVE_STORAGE_URL", "ftp://x")
    with pytest.raises(SettingsError) as caught:
        Settings.load(servable=True)
    told = "\n".join(caught.value.problems)
    for name in ("PORT", "WECHAT_ENCRYPTION", "STORAGE_URL", "WECHAT_TOKEN", "WECHAT_APP_ID"):
        assert f"WX_ARCHIVE_{name}：" in told


def test_a_secret_file_may_be_named_in_dotenv(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    (tmp_path / ".env").write_text(f"WX_ARCHIVE_WECHAT_TOKEN_FILE={tmp_path / 'token'}\n")
    assert Settings.load().wechat_token.get_secret_value() == "from-a-file"


@pytest.mark.parametrize("name", DEMO_CREDENTIALS)
def test_production_refuses_each_credential_of_the_demo(name: str) -> None:
    (told,) = refusals(**{name: DEMO_CREDENTIALS[name]})
    assert told == f"WX_ARCHIVE_{name.upper()}：这是演示用的值，正式运行请换成自己账号的"


def test_the_demo_needs_nothing() -> None:
    settings = Settings.for_demo()
    settings.require_servable()
    assert settings.profile is Profile.DEMO
    assert settings.wechat_api_url == "http://127.0.0.1:8001"
    assert settings.origin == "http://127.0.0.1:8000"


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    made = Settings.load(data_dir=folder).secret()
    assert len(made) >= 43
    assert stat.S_IMODE((folder / "secret.key").stat().st_mode) == 0o600
    assert Settings.load(data_dir=folder).secret() == made
    assert Settings.load(data_dir=tmp_path / "other").secret() != made


def test_a_given_secret_is_used_and_none_is_made(tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path / "data", secret_key=SecretStr("given"))
    assert settings.secret() == "given"
    assert not (tmp_path / "data").exists()


def test_a_child_process_reads_the_very_same_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings.for_demo(port=9300, data_dir=Path("data"), wechat_verified=False)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    child = Settings.load()
    assert child.model_dump() == settings.model_dump() | {"data_dir": tmp_path / "data"}


def test_the_site_is_the_folder_that_has_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="WX_ARCHIVE_SITE_DIR"):
        Settings.load(site_dir=tmp_path).site()
    for name in ("menus", "content"):
        (tmp_path / name).mkdir()
    assert Settings.load(site_dir=tmp_path).site() == tmp_path
    assert Settings.load().site() == tmp_path  # the working directory


def test_a_folder_without_a_site_gets_the_sample() -> None:
    assert (Settings.load().site() / "content" / "replies.yaml").exists()
