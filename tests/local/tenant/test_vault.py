"""Key Vault by its own SDK."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from local.tenant import Tenant
from tests.local.tenant.clients import Clients


async def test_versions_keep_their_tags_and_dates(clients: Clients) -> None:
    ends = datetime(2030, 1, 1, tzinfo=UTC)
    await clients.vault.set_secret("hq", "one", tags={"keyId": "1"}, expires_on=ends, content_type="text/plain")
    second = await clients.vault.set_secret("hq", "two", tags={"keyId": "2"})
    listed = [version async for version in clients.vault.list_properties_of_secret_versions("hq")]
    versions = {(version.tags or {})["keyId"]: version for version in listed}
    assert (await clients.vault.get_secret("hq")).value == "two"
    assert versions["1"].expires_on == ends
    assert versions["1"].content_type == "text/plain"
    assert versions["2"].version == second.properties.version
    assert [secret.name async for secret in clients.vault.list_properties_of_secrets()] == ["hq"]


async def test_lists_come_in_pages_of_25(clients: Clients) -> None:
    for number in range(27):
        await clients.vault.set_secret("hq", str(number))
    assert len([version async for version in clients.vault.list_properties_of_secret_versions("hq")]) == 27
    assert sum(request.path == "/secrets/hq/versions" for request in clients.tenant.requests) == 2


async def test_a_disabled_version_is_not_readable(clients: Clients) -> None:
    kept = await clients.vault.set_secret("hq", "one", tags={"keyId": "1"})
    changed = await clients.vault.update_secret_properties("hq", kept.properties.version, enabled=False)
    assert changed.enabled is False
    assert changed.tags == {"keyId": "1"}
    with pytest.raises(HttpResponseError) as error:
        await clients.vault.get_secret("hq")
    assert error.value.status_code == 403
    assert "disabled secret" in str(error.value)


async def test_a_deleted_secret_is_recovered_with_its_versions(clients: Clients) -> None:
    await clients.vault.set_secret("hq", "one")
    deleted = await clients.vault.delete_secret("hq")
    assert deleted.name == "hq"
    with pytest.raises(ResourceNotFoundError):
        await clients.vault.get_secret("hq")
    refused = await clients.ask_vault("PUT", "/secrets/hq", {"value": "two"})
    assert refused.status_code == 409
    assert refused.json()["error"]["innererror"]["code"] == "ObjectIsDeletedButRecoverable"
    assert [secret.name async for secret in clients.vault.list_deleted_secrets()] == ["hq"]
    assert (await clients.vault.recover_deleted_secret("hq")).name == "hq"
    assert (await clients.vault.get_secret("hq")).value == "one"


async def test_a_purged_secret_is_gone(clients: Clients) -> None:
    await clients.vault.set_secret("hq", "one")
    await clients.vault.delete_secret("hq")
    assert (await clients.vault.get_deleted_secret("hq")).name == "hq"
    await clients.vault.purge_deleted_secret("hq")
    with pytest.raises(ResourceNotFoundError):
        await clients.vault.get_deleted_secret("hq")


async def test_a_person_deletes_and_disables(clients: Clients) -> None:
    for name in ("hq", "branch"):
        await clients.vault.set_secret(name, "one")
    clients.tenant.administrator.delete_secret("hq")
    clients.tenant.administrator.disable_secret("branch")
    assert (await clients.vault.get_deleted_secret("hq")).name == "hq"
    assert [secret.enabled async for secret in clients.vault.list_properties_of_secrets()] == [False]


async def test_a_caller_without_access_is_forbidden(clients: Clients) -> None:
    clients.tenant.world.identity.vault_access = False
    with pytest.raises(HttpResponseError) as error:
        await clients.vault.set_secret("hq", "one")
    assert error.value.status_code == 403
    assert "not authorized" in str(error.value)


async def test_a_token_for_another_service_is_only_challenged(clients: Clients) -> None:
    token = await clients.token("graph")
    url = f"{clients.tenant.endpoints['vault']}/secrets/hq?api-version=2026-04-01"
    answer = await clients.http.get(url, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert 'resource="https://vault.azure.net"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/secrets/not_a_name", {"value": "x"}),
        ("/secrets/hq", {}),
        ("/secrets/hq", {"value": "x", "tags": {"long": "x" * 257}}),
    ],
)
async def test_a_bad_parameter_is_refused(clients: Clients, path: str, body: dict[str, object]) -> None:
    answer = await clients.ask_vault("PUT", path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadParameter"


async def test_a_challenge_is_no_write(clients: Clients) -> None:
    """Asked without the SDK, which remembers what a host and port demand for the whole process; ports come again."""
    tenant: Tenant = clients.tenant
    url = f"{tenant.endpoints['vault']}/secrets/hq?api-version=2026-04-01"
    await clients.http.put(url, json={})
    await clients.ask_vault("PUT", "/secrets/hq", {"value": "one"})
    assert [(request.status, request.is_write) for request in tenant.requests if request.service == "vault"] == [
        (401, False),
        (200, True),
    ]
