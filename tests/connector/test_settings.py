"""Settings are read on first use, and a wrong one is named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.errors import SettingsError
from connector.microsoft import Protocol
from connector.settings import load

GOOD = {"CONNECTOR_KEY_VAULT_URI": "https://vault.example/", "CONNECTOR_STORE": "folder:store"}
CUSTOM = {
    "CONNECTOR_CLOUD": "custom",
    "CONNECTOR_AUTHORITY": "https://a.example",
    "CONNECTOR_GRAPH": "https://g.example/",
    "CONNECTOR_EXCHANGE": "https://e.example",
    "CONNECTOR_IMAP": "i.example:1993",
    "CONNECTOR_SMTP": "s.example:1587",
    "CONNECTOR_PORTAL": "https://p.example/",
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
        ("CONNECTOR_PORTAL", "javascript:alert()"),
        ("CONNECTOR_PORTAL", "http://p.example"),
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
    assert cloud.place(Protocol.SMTP) == ("s.example", 1587)
    assert cloud.place(Protocol.POP) == ("", 0)
    assert not cloud.verifies_vault_host
    assert cloud.portal == "https://p.example"
    monkeypatch.delenv("CONNECTOR_PORTAL")
    assert load().endpoints().portal is None
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


@pytest.mark.parametrize(
    ("store", "folder"),
    [
        ("https://st.blob.core.windows.net/connections", None),
        ("https://st.blob.core.windows.net/connections/", None),
        ("https://127.0.0.1:10000/devstoreaccount1/connections", None),
        ("folder:store", "store"),
        ("folder:/var/lib/connections/", "/var/lib/connections"),
        (r"folder:C:\store", r"C:\store"),
    ],
)
def test_the_store_is_a_container_or_a_folder(monkeypatch: pytest.MonkeyPatch, store: str, folder: str | None) -> None:
    monkeypatch.setenv("CONNECTOR_STORE", store)
    found = load()
    assert (None if found.folder is None else str(found.folder)) == folder
    assert not found.store.endswith("/")


@pytest.mark.parametrize(
    "store",
    [
        "",
        " ",
        "store",
        "/var/lib/connections",
        "./store",
        "folder:",
        "folder: ",
        "folder",
        "Folder:store",
        "file:///var/lib",
        "http://st.blob.core.windows.net/connections",
        "http://127.0.0.1:10000/devstoreaccount1/connections",
        "https:/st.blob.core.windows.net/connections",
        "htps://st.blob.core.windows.net/connections",
        "https://st.blob.core.windows.net",
        "https://st.blob.core.windows.net/",
        "https:///connections",
        "https://st.blob.core.windows.net/a/b/c",
        "https://st.blob.core.windows.net/connections?sv=2026-01-01&sig=abc",
        "https://user:word@st.blob.core.windows.net/connections",
        "DefaultEndpointsProtocol=https;AccountName=st;AccountKey=abc",
        "@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/x)",
    ],
)
def test_any_other_store_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch, store: str) -> None:
    monkeypatch.setenv("CONNECTOR_STORE", store)
    with pytest.raises(SettingsError) as caught:
        load()
    assert list(caught.value.problems) == ["CONNECTOR_STORE"]
    told = caught.value.problems["CONNECTOR_STORE"]
    assert "https://<account>.blob.core.windows.net/<container>" in told
    assert "folder:<path>" in told
    assert len(store) < 8 or store not in told


def test_a_folder_is_refused_in_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "func-utm")
    with pytest.raises(SettingsError) as caught:
        load()
    assert "folder is refused in Azure" in caught.value.problems["CONNECTOR_STORE"]
    monkeypatch.setenv("CONNECTOR_STORE", "https://st.blob.core.windows.net/connections")
    assert load().site_name == "func-utm"


def test_an_empty_site_name_is_no_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "")
    assert str(load().folder) == "store"
