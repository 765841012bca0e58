"""Settings are read on first use, and a wrong one is named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.errors import SettingsError
from connector.settings import load

GOOD = {"CONNECTOR_KEY_VAULT_URI": "https://vault.example/", "CONNECTOR_STORE": "folder"}
CUSTOM = {
    "CONNECTOR_CLOUD": "custom",
    "CONNECTOR_AUTHORITY": "https://a.example",
    "CONNECTOR_GRAPH": "https://g.example/",
    "CONNECTOR_EXCHANGE": "https://e.example",
    "CONNECTOR_IMAP": "i.example:1993",
    "CONNECTOR_CA_BUNDLE": "ca.pem",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def test_defaults() -> None:
    settings = load()
    assert settings.key_vault_uri == "https://vault.example"
    assert (settings.secret_lifetime_days, settings.verify_minutes, settings.mailbox_chunk) == (180, 60, 50)
    assert settings.granted is None
    assert settings.endpoints().exchange == "https://outlook.office365.com"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONNECTOR_KEY_VAULT_URI", "http://vault.example"),
        ("CONNECTOR_STORE", ""),
        ("CONNECTOR_SECRET_LIFETIME_DAYS", "731"),
        ("CONNECTOR_VERIFY_MINUTES", "0"),
        ("CONNECTOR_MAILBOX_CHUNK", "51"),
        ("CONNECTOR_GRANTED", "yesterday"),
        ("CONNECTOR_CLOUD", "moon"),
        ("CONNECTOR_IMAP", "host"),
        ("CONNECTOR_LABEL", "x" * 101),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert list(caught.value.problems) == [name]


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONNECTOR_STORE")
    with pytest.raises(SettingsError) as caught:
        load()
    assert list(caught.value.problems) == ["CONNECTOR_STORE"]


def test_the_us_government_cloud_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_CLOUD", "usgov")
    with pytest.raises(SettingsError) as caught:
        load()
    assert "Security & Compliance" in caught.value.problems["CONNECTOR_CLOUD"]


def test_a_custom_cloud_needs_every_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CUSTOM.items():
        monkeypatch.setenv(name, value)
    cloud = load().endpoints()
    assert (cloud.imap_host, cloud.imap_port, cloud.graph_scope) == ("i.example", 1993, "https://g.example/.default")
    assert not cloud.verifies_vault_host
    monkeypatch.delenv("CONNECTOR_GRAPH")
    with pytest.raises(SettingsError) as caught:
        load()
    assert list(caught.value.problems) == ["CONNECTOR_GRAPH"]


def test_china(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_CLOUD", "china")
    assert load().endpoints().token_url("t") == "https://login.partner.microsoftonline.cn/t/oauth2/v2.0/token"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", None),
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T10:00:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T11:00:00+01:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
    ],
)
def test_granted_is_a_time_in_utc(monkeypatch: pytest.MonkeyPatch, value: str, expected: datetime | None) -> None:
    monkeypatch.setenv("CONNECTOR_GRANTED", value)
    assert load().granted == expected
