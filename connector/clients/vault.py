"""Key Vault: where the client secret lives.

Sources: learn.microsoft.com/rest/api/keyvault/secrets and
learn.microsoft.com/azure/key-vault/general/soft-delete-overview.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.secrets import SecretProperties
from azure.keyvault.secrets.aio import SecretClient
from pydantic import SecretStr

from connector.clients.bounded_azure import BoundedTransport
from connector.clients.bounds import VAULT, Bounds, collect
from connector.clients.identity import BriefRetry, limits
from connector.clients.unreadable import translated
from connector.clients.vault_errors import require_said, vault_error
from connector.clouds import Cloud
from connector.errors import NotFoundError, RefusedError, ReplicationError, ServiceError, UnavailableError
from connector.log import log
from connector.observed import CredentialVersion

CONTENT_TYPE = "Microsoft Entra client secret"
PROBE_TYPE = "UTM Mail Connect: may a secret be written here?"
_RECOVERY_SECONDS = 45
_DISCARD_SECONDS = 2
"""For so long a deletion is watched; Key Vault goes on with it by itself."""


_told = translated("vault", vault_error, AzureError)


class Vault:
    """The secrets of one vault. Every call raises ``ForbiddenError``, ``ThrottledError`` or ``UnavailableError``."""

    def __init__(self, cloud: Cloud, vault_uri: str, credential: AsyncTokenCredential, bounds: Bounds = VAULT) -> None:
        self._bounds = bounds
        self._client = SecretClient(
            vault_uri,
            credential,
            verify_challenge_resource=cloud.verifies_vault_host,
            transport=BoundedTransport(cloud, bounds),
            retry_policy=BriefRetry(**limits(bounds)),
            **limits(bounds),
        )

    @_told
    async def versions(self, name: str) -> tuple[CredentialVersion, ...]:
        """Return the versions, newest first; none where the secret does not exist or is deleted."""
        try:
            found = await collect(self._client.list_properties_of_secret_versions(name), "vault", self._bounds)
        except ResourceNotFoundError as error:
            require_said(error)
            return ()
        return tuple(sorted(map(_version, found), key=lambda entry: entry.created, reverse=True))

    @_told
    async def named(self, name: re.Pattern[str], connection: str) -> tuple[str, ...]:
        """Return the names of the secrets that are called so and, by their tag, a connection has; none that is deleted.

        Who may write into the vault could tag any secret: the tag alone says nothing, nor does a name.
        """
        found = await collect(self._client.list_properties_of_secrets(), "vault", self._bounds)
        named = [one for one in found if one.name and (one.tags or {}).get("connection") == connection]
        return tuple(sorted(str(one.name) for one in named if name.fullmatch(str(one.name))))

    @_told
    async def write(
        self,
        name: str,
        value: SecretStr,
        *,
        tags: dict[str, str],
        expires: datetime | None,
        content_type: str = CONTENT_TYPE,
    ) -> CredentialVersion:
        """Write a new version and return it; a soft-deleted secret of that name is recovered first.

        Raises:
            ReplicationError: the deletion or the recovery of that secret is not through yet.
        """
        try:
            return await self._set(name, value, tags, expires, content_type)
        except ResourceExistsError:
            await self._recover(name)
        return await self._set(name, value, tags, expires, content_type)

    @_told
    async def deleted(self, name: str) -> bool:
        """Return whether there is a deleted secret of that name, which can be brought back."""
        try:
            await self._client.get_deleted_secret(name)
        except ResourceNotFoundError as error:
            require_said(error)
            return False
        return True

    @_told
    async def recover(self, name: str) -> None:
        """Bring a deleted secret back, with all its versions as they were.

        Raises:
            ReplicationError: it takes longer, or another delivery has begun it.
        """
        await self._recover(name)

    @_told
    async def probe(self, name: str, *, tags: dict[str, str], expires: datetime) -> None:
        """Find out whether the vault takes a secret: write one that is disabled, read it back, and remove it.

        Raises:
            ReplicationError: the vault says yes and shows none.
        """
        made = await self._client.set_secret(
            name, "-", enabled=False, tags=tags, expires_on=expires, content_type=PROBE_TYPE
        )
        written = _version(made.properties)
        shown = {(one.version, one.enabled) for one in await self.versions(name)}
        if (written.version, False) not in shown:
            raise ReplicationError("vault", "replication", "what was written is not shown")
        await self.discard(name)

    async def discard(self, name: str) -> None:
        """Delete a secret that is worth nothing, where the role lets us: what stays is disabled, and harms nobody."""
        try:
            await self._delete(name)
        except ServiceError as error:
            log("vault-probe-left", code=error.code)

    @_told
    async def label(self, name: str, version: str, tags: dict[str, str], *, enabled: bool | None = None) -> None:
        """Give a version other tags, and disable or enable it where that is said; all else stays as it is.

        Raises:
            ReplicationError: the vault says yes and shows others.
        """
        shown = await self._client.update_secret_properties(name, version, tags=tags, enabled=enabled)
        if (shown.tags or {}) != tags or enabled not in {None, shown.enabled}:
            raise ReplicationError("vault", "replication", "the tags are not as they were written")

    @_told
    async def disable(self, name: str, version: str) -> None:
        """Let nobody read a version any more; one that is not there is as good.

        Raises:
            ReplicationError: the vault says yes and shows it enabled.
        """
        try:
            shown = await self._client.update_secret_properties(name, version, enabled=False)
        except ResourceNotFoundError as error:
            require_said(error)
            return
        if shown.enabled is not False:
            raise ReplicationError("vault", "replication", "the version is still enabled")

    @_told
    async def delete(self, name: str) -> None:
        """Delete a secret with all its versions; it can be recovered for as long as the vault keeps it."""
        await self._delete(name)

    @_told
    async def read(self, name: str, version: str) -> SecretStr:
        """Return the value of one version.

        Raises:
            NotFoundError: there is no such version.
            RefusedError: ``secret-disabled``, the version is disabled.
        UnavailableError: the answer holds no value.
        """
        secret = await self._client.get_secret(name, version)
        if not secret.value:  # it would be taken for a secret that Entra refuses, and another be made
            raise UnavailableError("vault", "unavailable", "unreadable: no value")
        return SecretStr(secret.value)

    async def read_or_none(self, name: str, version: str) -> SecretStr | None:
        """Return the value of one version, or None where there is none that can be read any more."""
        try:
            return await self.read(name, version)
        except (NotFoundError, RefusedError):
            return None

    async def close(self) -> None:
        """Let go of connections; the credential is its owner's to close."""
        await self._client.close()

    @_told
    async def _delete(self, name: str) -> None:
        try:
            async with asyncio.timeout(_DISCARD_SECONDS):
                await self._client.delete_secret(name)
        except TimeoutError:
            return  # it is on its way
        except ResourceNotFoundError as error:
            require_said(error)

    async def _set(
        self, name: str, value: SecretStr, tags: dict[str, str], expires: datetime | None, content_type: str
    ) -> CredentialVersion:
        secret = await self._client.set_secret(
            name, value.get_secret_value(), tags=tags, expires_on=expires, content_type=content_type
        )
        return _version(secret.properties)

    async def _recover(self, name: str) -> None:
        try:
            async with asyncio.timeout(_RECOVERY_SECONDS):
                await self._client.recover_deleted_secret(name)
        except (TimeoutError, ResourceNotFoundError) as error:
            require_said(error)
            raise ReplicationError("vault", "replication", "the secret is still being recovered") from None


def _version(properties: SecretProperties) -> CredentialVersion:
    if not properties.version or properties.created_on is None:  # of each the vault says both
        raise UnavailableError("vault", "unavailable", "unreadable: a version without id or date")
    return CredentialVersion(
        uri=str(properties.id),
        version=str(properties.version),
        enabled=properties.enabled is not False,
        created=properties.created_on,
        expires=properties.expires_on,
        tags=dict(properties.tags or {}),
    )
