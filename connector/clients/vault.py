"""Key Vault: where the client secret lives.

Sources: learn.microsoft.com/rest/api/keyvault/secrets and
learn.microsoft.com/azure/key-vault/general/soft-delete-overview.
"""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from http import HTTPStatus
from typing import ParamSpec, TypeVar

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.keyvault.secrets import SecretProperties
from azure.keyvault.secrets.aio import SecretClient
from pydantic import SecretStr

from connector.clients.bounded_azure import BoundedTransport
from connector.clients.bounds import VAULT, Bounds, collect, unanswered
from connector.clients.identity import BriefRetry, identity_error, limits, status_and_headers
from connector.clients.retry_after import passes, retry_after
from connector.clients.unreadable import unreadable
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
from connector.log import log
from connector.microsoft import SECRET_DISABLED, SECRET_MISSING
from connector.observed import SecretVersion

P = ParamSpec("P")
T = TypeVar("T")
CONTENT_TYPE = "Microsoft Entra client secret"
PROBE_TYPE = "UTM Mail Connect: may a secret be written here?"
_RECOVERY_SECONDS = 45
_DISCARD_SECONDS = 2
"""For so long a deletion is watched; Key Vault goes on with it by itself."""
_REASON = 1_000
_FIREWALL = ("client address is not authorized", "public network access is disabled", "not a trusted service")


def _told(call: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[object, object, T]]:
    """Return a call that raises our errors, whatever the SDK raises, and over whichever answer."""

    @functools.wraps(call)
    async def told(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await call(*args, **kwargs)
        except ServiceError:
            raise
        except AzureError as error:
            raise vault_error(error) from None
        except Exception as error:  # noqa: BLE001 - it tells which
            raise unreadable("vault", error) from None

    return told


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
    async def versions(self, name: str) -> tuple[SecretVersion, ...]:
        """Return the versions, newest first; none where the secret does not exist or is deleted."""
        try:
            found = await collect(self._client.list_properties_of_secret_versions(name), "vault", self._bounds)
        except ResourceNotFoundError as error:
            _require_said(error)
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
    ) -> SecretVersion:
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
            _require_said(error)
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
            _require_said(error)
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
            _require_said(error)

    async def _set(
        self, name: str, value: SecretStr, tags: dict[str, str], expires: datetime | None, content_type: str
    ) -> SecretVersion:
        secret = await self._client.set_secret(
            name, value.get_secret_value(), tags=tags, expires_on=expires, content_type=content_type
        )
        return _version(secret.properties)

    async def _recover(self, name: str) -> None:
        try:
            async with asyncio.timeout(_RECOVERY_SECONDS):
                await self._client.recover_deleted_secret(name)
        except (TimeoutError, ResourceNotFoundError) as error:
            _require_said(error)
            raise ReplicationError("vault", "replication", "the secret is still being recovered") from None


def _require_said(error: Exception) -> None:
    """Raise a 404 that is not the vault's own: it would be taken for a secret that is missing, and another be made."""
    if isinstance(error, ResourceNotFoundError) and _words(error)[0] != SECRET_MISSING:
        raise error


def vault_error(error: AzureError) -> ServiceError:
    """Return our error for an error of the vault, or of the identity on the way to it."""
    status, headers = status_and_headers(error)
    request_id = headers.get("x-ms-request-id")
    if request_id is None and isinstance(error, ClientAuthenticationError):
        return identity_error(error)
    if status is None or status < HTTPStatus.MULTIPLE_CHOICES:  # an answer that says yes, and cannot be read
        return unanswered("vault", error)
    _, _, reason = words = _words(error)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError("vault", "throttled", reason, request_id, retry_after(headers.get("Retry-After")))
    if passes(status) or (status == HTTPStatus.NOT_FOUND and words[0] != SECRET_MISSING):
        return UnavailableError("vault", "unavailable", reason, request_id)
    return _refusal(status, words, request_id)


def _refusal(status: int, words: tuple[str, str, str], request_id: str | None) -> ServiceError:
    """Return our error for an answer that asking again does not change."""
    code, inner, reason = words
    if status == HTTPStatus.FORBIDDEN and (inner == SECRET_DISABLED or "disabled secret" in reason):
        return RefusedError("vault", "secret-disabled", reason, request_id)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return ForbiddenError("vault", inner or code, reason, request_id)
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError("vault", code, reason, request_id)
    if status == HTTPStatus.CONFLICT:
        return ReplicationError("vault", "replication", reason, request_id)
    return UnexpectedAnswerError("vault", code, reason, request_id)


def _words(error: AzureError) -> tuple[str, str, str]:
    """Return the vault's code, its inner code and the first line of its text, with the caller's address."""
    found = error.error if isinstance(error, HttpResponseError) else None
    code = str((found and found.code) or type(error).__name__)
    inner = (found and found.innererror) or {}
    lines = str((found and found.message) or "").splitlines() or [""]
    # A firewall names where the caller came from, and that is what it has to let in.
    address = next((line.strip() for line in lines[1:] if line.startswith("Client address")), "")
    return code, str(inner.get("code") or _closed(lines[0])), f"{lines[0].strip()} {address}".strip()[:_REASON]


def _closed(text: str) -> str:
    """Return the inner code that a firewall's words stand for; some answers lack it."""
    return "ForbiddenByFirewall" if any(words in text.lower() for words in _FIREWALL) else ""


def _version(properties: SecretProperties) -> SecretVersion:
    if not properties.version or properties.created_on is None:  # of each the vault says both
        raise UnavailableError("vault", "unavailable", "unreadable: a version without id or date")
    return SecretVersion(
        uri=str(properties.id),
        version=str(properties.version),
        enabled=properties.enabled is not False,
        created=properties.created_on,
        expires=properties.expires_on,
        tags=dict(properties.tags or {}),
    )
