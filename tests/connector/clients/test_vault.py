"""The vault client against the simulated Key Vault, and its errors one by one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ServiceRequestError
from azure.identity import CredentialUnavailableError
from pydantic import SecretStr

from connector.clients import vault as module
from connector.clients.identity import Identity
from connector.clients.vault import CONTENT_TYPE, Vault
from connector.clients.vault_errors import vault_error
from connector.clouds import Cloud
from connector.errors import (
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ReplicationError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from local.tenant import Tenant
from local.tenant.misbehaviour import Fault, Preset
from local.tenant.vault_roles import ALL, READER, USER

NAME = "utm-11111111-2222-3333-4444-555555555555"
TAGS = {"connection": "utm", "keyId": "key-1"}
ENDS = datetime(2031, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
async def vault(tenant: Tenant) -> AsyncIterator[Vault]:
    found = tenant.endpoints
    cloud = Cloud(
        "custom", found["authority"], found["graph"], found["exchange"], "localhost", ca_bundle=found["caBundle"]
    )
    identity = Identity(cloud, tenant.world.identity.client_id)
    made = Vault(cloud, found["vault"], identity.credential)
    yield made
    await made.close()
    await identity.close()


def misbehave(tenant: Tenant, **faults: float) -> None:
    rates = {Fault[name]: rate for name, rate in faults.items()}
    tenant._simulation.misbehaviour.preset = Preset(faults={"vault": rates}, in_a_row=1000, retry_after=(7, 7))


async def test_what_was_written_can_be_read_and_is_labelled(tenant: Tenant, vault: Vault) -> None:
    written = await vault.write(NAME, SecretStr("value-1"), tags=TAGS, expires=ENDS)
    assert (written.enabled, written.expires, written.tags) == (True, ENDS, TAGS)
    assert written.key_id == "key-1"
    assert written.uri.startswith(f"{tenant.endpoints['vault']}/secrets/{NAME}/")
    assert written.uri.endswith(written.version)
    assert (await vault.read(NAME, written.version)).get_secret_value() == "value-1"
    assert tenant.world.secrets[NAME].versions[0].content_type == CONTENT_TYPE


async def test_versions_come_newest_first(tenant: Tenant, vault: Vault) -> None:
    for number in range(30):
        await vault.write(NAME, SecretStr(f"value-{number}"), tags={"keyId": f"key-{number}"}, expires=ENDS)
    for number, version in enumerate(tenant.world.secrets[NAME].versions):
        version.created = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
    found = await vault.versions(NAME)
    assert [version.key_id for version in found] == [f"key-{number}" for number in reversed(range(30))]


async def test_a_secret_that_does_not_exist_has_no_versions(vault: Vault) -> None:
    assert await vault.versions(NAME) == ()


async def test_a_deleted_secret_has_no_versions_and_is_recovered_by_the_next_write(
    tenant: Tenant, vault: Vault
) -> None:
    await vault.write(NAME, SecretStr("value-1"), tags=TAGS, expires=ENDS)
    tenant.administrator.delete_secret(NAME)
    assert await vault.versions(NAME) == ()
    again = await vault.write(NAME, SecretStr("value-2"), tags=TAGS, expires=ENDS)
    assert (await vault.read(NAME, again.version)).get_secret_value() == "value-2"
    assert len(await vault.versions(NAME)) == 2


async def test_a_deletion_that_is_not_through_is_waited_for(tenant: Tenant, vault: Vault) -> None:
    await vault.write(NAME, SecretStr("value-1"), tags=TAGS, expires=ENDS)
    tenant.administrator.delete_secret(NAME)
    tenant.world.deleted_secrets[NAME].busy_until = float("inf")
    with pytest.raises(ReplicationError) as raised:
        await vault.write(NAME, SecretStr("value-2"), tags=TAGS, expires=ENDS)
    assert raised.value.code == "replication"


async def test_a_recovery_that_takes_long_is_waited_for(
    tenant: Tenant, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    await vault.write(NAME, SecretStr("value-1"), tags=TAGS, expires=ENDS)
    tenant.administrator.delete_secret(NAME)
    tenant._simulation.misbehaviour.preset = Preset(vault_lag=(3600, 3600))
    monkeypatch.setattr(module, "_RECOVERY_SECONDS", 0.3)
    for _ in range(2):
        with pytest.raises(ReplicationError):
            await vault.write(NAME, SecretStr("value-2"), tags=TAGS, expires=ENDS)


async def test_a_write_that_is_throttled_after_the_recovery_says_so(
    tenant: Tenant, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    await vault.write(NAME, SecretStr("value-1"), tags=TAGS, expires=ENDS)
    tenant.administrator.delete_secret(NAME)
    recover = vault._recover

    async def recover_and_throttle(name: str) -> None:
        await recover(name)
        misbehave(tenant, THROTTLED=1.0)

    monkeypatch.setattr(vault, "_recover", recover_and_throttle)
    with pytest.raises(ThrottledError):
        await vault.write(NAME, SecretStr("value-2"), tags=TAGS, expires=ENDS)


async def test_a_disabled_version_is_refused(tenant: Tenant, vault: Vault) -> None:
    written = await vault.write(NAME, SecretStr("value-1"), tags=TAGS, expires=ENDS)
    tenant.administrator.disable_secret(NAME)
    assert [version.enabled for version in await vault.versions(NAME)] == [False]
    with pytest.raises(RefusedError) as raised:
        await vault.read(NAME, written.version)
    assert raised.value.code == "secret-disabled"


async def test_an_unknown_version_is_not_found(vault: Vault) -> None:
    with pytest.raises(NotFoundError):
        await vault.read(NAME, "0" * 32)


async def test_without_the_right_everything_is_forbidden(tenant: Tenant, vault: Vault) -> None:
    tenant.world.identity.vault_access = False
    for call in (
        vault.versions(NAME),
        vault.read(NAME, "0" * 32),
        vault.write(NAME, SecretStr("value"), tags=TAGS, expires=ENDS),
    ):
        with pytest.raises(ForbiddenError) as raised:
            await call
        assert raised.value.service == "vault"
        assert "\n" not in raised.value.reason


async def test_a_throttled_call_says_for_how_long_and_is_not_repeated(tenant: Tenant, vault: Vault) -> None:
    await vault.versions(NAME)
    misbehave(tenant, THROTTLED=1.0)
    tenant.forget_requests()
    with pytest.raises(ThrottledError) as raised:
        await vault.versions(NAME)
    assert raised.value.seconds == 7
    assert tenant.calls["vault"] == 1


async def test_a_call_that_fails_is_repeated_twice_at_most(tenant: Tenant, vault: Vault) -> None:
    await vault.versions(NAME)
    misbehave(tenant, UNAVAILABLE=1.0)
    tenant.forget_requests()
    with pytest.raises(UnavailableError) as raised:
        await vault.versions(NAME)
    assert (raised.value.service, raised.value.code) == ("vault", "unavailable")
    assert tenant.calls["vault"] == 3


class Answered:
    """An answer as far as azure-core's errors look at one."""

    content_type = "application/json"
    reason = "because"

    def __init__(self, status: int, body: str, headers: dict[str, str]) -> None:
        self.status_code = status
        self.headers = headers
        self._body = body

    def text(self) -> str:
        return self._body


def answered(status: int, code: str, text: str, inner: str = "", **headers: str) -> HttpResponseError:
    kind: Any = ClientAuthenticationError if status == 401 else HttpResponseError
    nested = f', "innererror": {{"code": "{inner}"}}' if inner else ""
    body = f'{{"error": {{"code": "{code}", "message": "{text}"{nested}}}}}'
    named = {"x-ms-request-id": "id-1"} | {name.replace("_", "-"): value for name, value in headers.items()}
    error: HttpResponseError = kind(response=Answered(status, body, named))
    return error


CLOSED = (
    r"Client address is not authorized and caller is not a trusted service.\r\nClient address: 20.1.2.3\r\nCaller: x"
)


def test_a_firewall_names_whom_it_has_to_let_in() -> None:
    reason = vault_error(answered(403, "Forbidden", CLOSED, "ForbiddenByFirewall")).reason
    assert reason == "Client address is not authorized and caller is not a trusted service. Client address: 20.1.2.3"


@pytest.mark.parametrize(
    ("error", "kind", "service", "code"),
    [
        (answered(401, "Unauthorized", "no"), ForbiddenError, "vault", "Unauthorized"),
        (answered(403, "Forbidden", "no", "ForbiddenByRbac"), ForbiddenError, "vault", "ForbiddenByRbac"),
        (answered(403, "Forbidden", "no", "SecretDisabled"), RefusedError, "vault", "secret-disabled"),
        (answered(403, "Forbidden", "not allowed on a disabled secret."), RefusedError, "vault", "secret-disabled"),
        (answered(403, "Forbidden", CLOSED, "ForbiddenByFirewall"), ForbiddenError, "vault", "ForbiddenByFirewall"),
        (answered(403, "Forbidden", CLOSED), ForbiddenError, "vault", "ForbiddenByFirewall"),
        (answered(404, "SecretNotFound", "no"), NotFoundError, "vault", "SecretNotFound"),
        (answered(409, "Conflict", "no", "ObjectIsBeingDeleted"), ReplicationError, "vault", "replication"),
        (answered(429, "Throttled", "no", Retry_After="3"), ThrottledError, "vault", "throttled"),
        (answered(500, "Internal", "no"), UnavailableError, "vault", "unavailable"),
        (answered(408, "RequestTimeout", "no"), UnavailableError, "vault", "unavailable"),
        (answered(400, "BadParameter", "no"), UnexpectedAnswerError, "vault", "BadParameter"),
        (ServiceRequestError("no route"), UnavailableError, "vault", "unavailable"),
        (CredentialUnavailableError("no identity"), UnavailableError, "identity", "unavailable"),
    ],
)
def test_what_the_vault_says(error: AzureError, kind: type[ServiceError], service: str, code: str) -> None:
    ours = vault_error(error)
    assert (type(ours), ours.service, ours.code) == (kind, service, code)
    assert ours.request_id == ("id-1" if isinstance(error, HttpResponseError) and error.response else None)
    assert not isinstance(ours, ThrottledError) or ours.seconds == 3


async def test_a_deleted_secret_is_seen_and_brought_back_as_it_was(tenant: Tenant, vault: Vault) -> None:
    assert await vault.deleted(NAME) is False
    written = await vault.write(NAME, SecretStr("value-1"), tags=TAGS, expires=ENDS)
    assert await vault.deleted(NAME) is False
    tenant.administrator.delete_secret(NAME)
    assert await vault.deleted(NAME) is True
    await vault.recover(NAME)
    assert await vault.versions(NAME) == (written,)
    with pytest.raises(ReplicationError):  # another delivery was faster
        await vault.recover(NAME)


async def test_other_tags_change_nothing_else(vault: Vault) -> None:
    written = await vault.write(NAME, SecretStr("value-1"), tags=TAGS, expires=ENDS)
    await vault.label(NAME, written.version, {**TAGS, "state": "current"})
    (shown,) = await vault.versions(NAME)
    assert shown.tags == {**TAGS, "state": "current"}
    assert (shown.version, shown.expires, shown.enabled) == (written.version, ENDS, True)


async def test_a_probe_is_disabled_and_goes_away_again(tenant: Tenant, vault: Vault) -> None:
    await vault.probe(NAME, tags=TAGS, expires=ENDS)
    (left,) = tenant.world.deleted_secrets[NAME].versions
    assert (left.enabled, tenant.world.secrets) == (False, {})


async def test_a_probe_that_may_not_be_removed_has_still_shown_that_the_vault_takes_it(
    tenant: Tenant, vault: Vault
) -> None:
    tenant.administrator.limit_vault(ALL - {"Microsoft.KeyVault/vaults/secrets/delete"})
    await vault.probe(NAME, tags=TAGS, expires=ENDS)
    assert [version.enabled for version in tenant.world.secrets[NAME].versions] == [False]


@pytest.mark.parametrize("role", [USER, READER], ids=["Key Vault Secrets User", "Key Vault Reader"])
async def test_a_role_that_only_reads_lets_nobody_probe(tenant: Tenant, vault: Vault, role: frozenset[str]) -> None:
    tenant.administrator.limit_vault(role)
    assert await vault.versions(NAME) == ()
    with pytest.raises(ForbiddenError):
        await vault.probe(NAME, tags=TAGS, expires=ENDS)
    assert tenant.world.secrets == {}
