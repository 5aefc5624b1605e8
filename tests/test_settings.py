"""Settings: what is read from where, and what a bad value is told."""

import base64
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace.kit.sealing_keys import decode_key
from headrace.rest.resources import open_resources
from headrace.settings import Settings, SettingsError, load_settings

GOOD_KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"HEADRACE_{name.upper()}", raising=False)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "0", "greater than or equal to 1"),
        ("PORT", "65536", "less than or equal to 65535"),
        ("PORT", "http", "valid integer"),
        ("WORKERS", "-1", "greater than or equal to 0"),
        ("WORKER_THREADS", "0", "greater than or equal to 1"),
        ("WEB_THREADS", "1000", "less than or equal to 100"),
        ("RUN_ATTEMPTS", "0", "greater than or equal to 1"),
        ("WORKER_TIMEOUT_SECONDS", "1", "greater than or equal to 5"),
        ("LOG_FORMAT", "xml", "auto|text|json"),
        ("LOG_LEVEL", "loud", "debug|info|warning|error"),
        ("BASE_URLS", "facebook=http://x", "JSON object"),
        ("BASE_URLS", '["http://x"]', "not a JSON object"),
        ("BASE_URLS", '{"facebook": "ftp://x"}', "http:// or https://"),
        ("ALLOWED_PRIVATE_HOSTS", "[", "ALLOWED_PRIVATE_HOSTS"),
        ("DATABASE_URL", "localhost/headrace", "postgresql://user:password@host"),
        ("DATABASE_URL", "mysql://u:p@h/d", "postgresql://user:password@host"),
        ("DATABASE_URL", "postgresql://u:p@h:port/d", "postgresql://user:password@host"),
        ("RATE_LIMIT_PER_MINUTE", "-1", "greater than or equal to 0"),
        ("RATE_LIMIT_BURST", "0", "greater than or equal to 1"),
        ("AUDIT_RETENTION_DAYS", "7", "greater than or equal to 30"),
        ("TRUSTED_PROXIES", "proxy.internal", "IPv4 or IPv6 network"),
        ("CORS_ORIGINS", "*", "https://app.example.com"),
        ("CORS_ORIGINS", "app.example.com", "https://app.example.com"),
        ("CORS_ORIGINS", "https://app.example.com/path", "an origin alone"),
        ("CORS_ORIGINS", "https://user@app.example.com", "an origin alone"),
        ("PUBLIC_URL", "elt.example.com", "http:// or https://"),
        ("SECRET_KEY", "short", "openssl rand -base64 32"),
        ("SECRET_KEY", "changeme", "example key"),
        ("SECRET_KEY", "0" * 64, "example key"),
        ("SECRET_KEY", base64.b64encode(b"x" * 32).decode(), "openssl rand"),
        ("SECRET_KEY", base64.b64encode(b"x" * 16).decode(), "openssl rand"),
    ],
)
def test_a_bad_value_is_named_and_explained(  # S69
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"HEADRACE_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert f"HEADRACE_{name}" in str(caught.value)
    assert says in str(caught.value)


def test_a_lake_that_is_nowhere_is_named(tmp_path: Path) -> None:  # S69
    settings = load_settings(home=tmp_path, lake_url="gs://bucket", secret_key=GOOD_KEY)
    with pytest.raises(SettingsError, match=r"HEADRACE_LAKE_URL.*s3://bucket"):
        open_resources(settings, "postgresql://unused", threads=1)


def test_every_bad_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_PORT", "x")
    monkeypatch.setenv("HEADRACE_WORKERS", "y")
    with pytest.raises(SettingsError, match=r"HEADRACE_PORT(.|\n)*HEADRACE_WORKERS"):
        load_settings()


def test_no_message_repeats_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_SECRET_KEY", "canary-secret-key")
    monkeypatch.setenv("HEADRACE_DATABASE_URL", "postgresql://u:canary-password@h/d")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "canary" not in str(caught.value)
    settings = load_settings(secret_key=GOOD_KEY)
    assert "canary" not in repr(settings)
    assert GOOD_KEY not in repr(settings)


def test_an_external_database_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:  # S69
    monkeypatch.setenv("HEADRACE_DATABASE_URL", "postgresql://u:p@h/d")
    with pytest.raises(SettingsError, match="HEADRACE_SECRET_KEY is required"):
        load_settings()
    monkeypatch.setenv("HEADRACE_SECRET_KEY", GOOD_KEY)
    assert load_settings().sealing_key() == bytes(range(32))


@pytest.mark.parametrize("text", [GOOD_KEY, bytes(range(32)).hex(), bytes(range(32)).hex().upper()])
def test_a_key_is_base64_or_hex(text: str) -> None:
    assert decode_key(text) == bytes(range(32))


def test_a_key_is_made_once_beside_the_embedded_database(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home")
    key = settings.sealing_key()
    path = tmp_path / "home" / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert settings.sealing_key() == key
    assert load_settings(home=tmp_path / "home").sealing_key() == key
    assert load_settings(home=tmp_path / "other").sealing_key() != key


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = threads.map(lambda _: load_settings(home=tmp_path).sealing_key(), range(32))
        assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_a_damaged_key_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("torn")
    with pytest.raises(SettingsError, match=r"secret\.key is damaged.*Restore it"):
        load_settings(home=tmp_path).sealing_key()
    assert (tmp_path / "secret.key").read_text() == "torn"


def test_lists_are_written_with_commas_or_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_ALLOWED_PRIVATE_HOSTS", "DB.internal, 10.1.0.0/16,")
    monkeypatch.setenv("HEADRACE_FILE_IMPORT_ROOTS", '["/srv/a, b"]')
    settings = load_settings()
    assert settings.allowed_private_hosts == ["DB.internal", "10.1.0.0/16"]
    assert settings.file_import_roots == [Path("/srv/a, b")]
    assert {"db.internal", "10.1.0.0/16"} <= settings.outbound_policy.allowed_private_hosts


def test_base_urls_open_their_hosts_and_replace_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_BASE_URLS", '{"facebook": "http://graph.test:9000"}')
    settings = load_settings()
    assert settings.source_urls["facebook"] == "http://graph.test:9000"
    assert "graph.test" in settings.outbound_policy.allowed_private_hosts


def test_defaults_follow_home_and_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_HOME", "~/elsewhere")
    monkeypatch.setenv("HEADRACE_PORT", "9090")
    settings = load_settings()
    assert settings.home == Path.home() / "elsewhere"
    assert settings.lake == str(Path.home() / "elsewhere" / "lake")
    assert settings.public_address == "http://127.0.0.1:9090"
    assert settings.source_urls["demo_ads"].startswith("http://127.0.0.1:9090/")
    assert load_settings(public_url="https://h.example/").public_address == "https://h.example"


def test_keys_made_by_the_command_we_name_are_good() -> None:
    for _ in range(50):
        assert len(decode_key(base64.b64encode(secrets.token_bytes(32)).decode())) == 32
