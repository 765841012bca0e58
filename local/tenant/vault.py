"""Key Vault's secrets with versions, soft deletion and the challenge that tells a client where to get a token.

Requests and errors: learn.microsoft.com/rest/api/keyvault/secrets and
learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from local.tenant.calls import Answer, Call, Refusal, Routes, Subject
from local.tenant.catalogue import VAULT_RESOURCE
from local.tenant.simulation import Simulation, request_id
from local.tenant.tokens import TokenRefusedError
from local.tenant.vault_answers import deleted_bundle, error, item, page, secret_bundle
from local.tenant.vault_roles import needed
from local.tenant.world import SecretVersion, VaultSecret

_NAMED = r"/secrets/(?P<name>[^/]+)"
_DELETED = r"/deletedsecrets/(?P<name>[^/]+)"
_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
_MOST_TAGS = 15
_LONGEST_TAG = 256


class Vault:
    """The service."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._routes = Routes(
            ("GET", "/secrets/?", self._list),
            ("PUT", _NAMED, self._set),
            ("GET", rf"{_NAMED}/versions", self._versions),
            ("GET", rf"{_NAMED}(?:/(?P<version>[^/]*))?", self._get),
            ("PATCH", rf"{_NAMED}/(?P<version>[^/]*)", self._update),
            ("DELETE", _NAMED, self._delete),
            ("GET", "/deletedsecrets/?", self._list_deleted),
            ("GET", _DELETED, self._get_deleted),
            ("POST", rf"{_DELETED}/recover", self._recover),
            ("DELETE", _DELETED, self._purge),
        )

    def subject(self, call: Call) -> Subject:
        """Return what the call is about."""
        return Subject(f"{call.method} {call.path}", (), is_write=call.method != "GET")

    def answer(self, call: Call) -> Answer:
        """Carry the call out."""
        self._authorize(call)
        found = self._routes.find(call.method, call.path)
        if found is None:
            return error(404, "NotFound", f"{call.method} {call.path} is not known.")
        handler, match = found
        answer = handler(call, match)
        answer.headers["x-ms-request-id"] = request_id()
        return answer

    def throttled(self, seconds: int) -> Answer:
        """Return Key Vault's 429."""
        answer = error(429, "Throttled", "Request was not processed because too many requests were received.")
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def unavailable(self) -> Answer:
        """Return Key Vault's 503."""
        return error(503, "ServiceUnavailable", "The service is temporarily unavailable. Please try again.")

    def _authorize(self, call: Call) -> None:
        world = self._simulation.world
        if call.token is None:
            raise Refusal(self._challenge("AKV10000: Request is missing a Bearer or PoP token."))
        try:
            claims = self._simulation.tokens.read(call.token, VAULT_RESOURCE)
        except TokenRefusedError as refused:
            raise Refusal(self._challenge(f"AKV10022: {refused}")) from None
        if claims.object_id != world.identity.object_id or not world.identity.vault_access:
            message = (
                "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or "
                "role definitions were changed recently, please observe propagation time.\r\nCaller: appid="
                f"{claims.application_id};oid={claims.object_id}"
            )
            raise Refusal(error(403, "Forbidden", message, "ForbiddenByRbac"))
        action = needed(call.method, call.path)
        if action is not None and action not in world.identity.vault_actions:
            message = (
                "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or "
                "role definitions were changed recently, please observe propagation time.\r\nCaller: appid="
                f"{claims.application_id};oid={claims.object_id}\r\nAction: '{action}'"
            )
            raise Refusal(error(403, "Forbidden", message, "ForbiddenByRbac"))

    def _challenge(self, message: str) -> Answer:
        answer = error(401, "Unauthorized", message)
        authority = f"{self._simulation.bases['authority']}/{self._simulation.world.tenant_id}"
        answer.headers["WWW-Authenticate"] = f'Bearer authorization="{authority}", resource="{VAULT_RESOURCE}"'
        return answer

    def _set(self, call: Call, match: re.Match[str]) -> Answer:
        world, body, name = self._simulation.world, call.json(), match["name"]
        if not _NAME.fullmatch(name) or not isinstance(body.get("value"), str):
            raise Refusal(
                error(400, "BadParameter", "The request URI contains an invalid name, or the value is missing.")
            )
        if name in world.deleted_secrets:
            message = (
                f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in "
                "this state, the secret can only be recovered or purged."
            )
            raise Refusal(error(409, "Conflict", message, "ObjectIsDeletedButRecoverable"))
        secret = world.secrets.get(name) or VaultSecret(name)
        self._check_idle(secret, "ObjectIsBeingRecovered")
        nth = str(self._simulation.chance.nth("vault-version", name))
        now = self._simulation.clock.date()
        version = SecretVersion(
            version=self._simulation.chance.text(32, "vault-version", name, nth),
            value=body["value"],
            enabled=True,
            created=now,
            updated=now,
        )
        _apply(version, body)
        secret.versions.append(version)
        world.secrets[name] = secret
        return Answer(200, secret_bundle(call.base, secret, version))

    def _get(self, call: Call, match: re.Match[str]) -> Answer:
        secret, version = self._version(match)
        if not version.enabled:
            raise Refusal(
                error(403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled")
            )
        return Answer(200, secret_bundle(call.base, secret, version))

    def _update(self, call: Call, match: re.Match[str]) -> Answer:
        secret, version = self._version(match)
        _apply(version, call.json())
        version.updated = self._simulation.clock.date()
        bundle = secret_bundle(call.base, secret, version)
        del bundle["value"]
        return Answer(200, bundle)

    def _list(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        secrets = sorted(self._simulation.world.secrets.values(), key=lambda secret: secret.name)
        return page(call, [item(call.base, secret, secret.versions[-1], versioned=False) for secret in secrets])

    def _versions(self, call: Call, match: re.Match[str]) -> Answer:
        secret = self._simulation.world.secrets.get(match["name"])
        if secret is None:
            raise _missing(match["name"])
        # In the order of their names, which says nothing about their age.
        versions = sorted(secret.versions, key=lambda version: version.version)
        return page(call, [item(call.base, secret, version, versioned=True) for version in versions])

    def _delete(self, call: Call, match: re.Match[str]) -> Answer:
        world = self._simulation.world
        secret = world.secrets.get(match["name"])
        if secret is None:
            raise _missing(match["name"])
        self._check_idle(secret, "ObjectIsBeingRecovered")
        del world.secrets[secret.name]
        world.deleted_secrets[secret.name] = secret
        secret.deleted = self._simulation.clock.date()
        secret.busy_until = self._through(secret.name)
        return Answer(200, deleted_bundle(call.base, secret, secret.deleted))

    def _list_deleted(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        secrets = [self._deleted(name) for name in sorted(self._simulation.world.deleted_secrets)]
        return page(call, [deleted_bundle(call.base, secret, deleted) for secret, deleted in secrets])

    def _get_deleted(self, call: Call, match: re.Match[str]) -> Answer:
        secret, deleted = self._deleted(match["name"])
        if secret.busy_until > self._simulation.clock.now():
            raise _missing(match["name"])
        return Answer(200, deleted_bundle(call.base, secret, deleted))

    def _recover(self, call: Call, match: re.Match[str]) -> Answer:
        secret, _ = self._deleted(match["name"])
        self._check_idle(secret, "ObjectIsBeingDeleted")
        world = self._simulation.world
        del world.deleted_secrets[secret.name]
        world.secrets[secret.name] = secret
        secret.deleted = None
        secret.busy_until = self._through(secret.name)
        bundle = secret_bundle(call.base, secret, secret.versions[-1])
        del bundle["value"]
        return Answer(200, bundle)

    def _purge(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        secret, _ = self._deleted(match["name"])
        self._check_idle(secret, "ObjectIsBeingDeleted")
        del self._simulation.world.deleted_secrets[secret.name]
        return Answer(204)

    def _version(self, match: re.Match[str]) -> tuple[VaultSecret, SecretVersion]:
        secret = self._simulation.world.secrets.get(match["name"])
        if secret is None or secret.busy_until > self._simulation.clock.now():
            raise _missing(match["name"])
        wanted = match["version"]
        version = (
            next((entry for entry in secret.versions if entry.version == wanted), None)
            if wanted
            else secret.versions[-1]
        )
        if version is None:
            raise _missing(f"{match['name']}/{wanted}")
        return secret, version

    def _deleted(self, name: str) -> tuple[VaultSecret, datetime]:
        secret = self._simulation.world.deleted_secrets.get(name)
        if secret is None or secret.deleted is None:
            raise _missing(name)
        return secret, secret.deleted

    def _check_idle(self, secret: VaultSecret, code: str) -> None:
        if secret.busy_until > self._simulation.clock.now():
            message = (
                f"Secret {secret.name} is currently being deleted or recovered and cannot be used; try again later."
            )
            raise Refusal(error(409, "Conflict", message, code))

    def _through(self, name: str) -> float:
        misbehaviour = self._simulation.misbehaviour
        return misbehaviour.later(misbehaviour.preset.vault_lag, "vault", name)


def _apply(version: SecretVersion, body: dict[str, Any]) -> None:
    """Change what the request names; a PATCH leaves the rest as it was."""
    attributes = body.get("attributes") or {}
    tags = body.get("tags")
    if tags is not None:
        if len(tags) > _MOST_TAGS or any(len(text) > _LONGEST_TAG for pair in tags.items() for text in pair):
            raise Refusal(error(400, "BadParameter", "A secret has at most 15 tags of 256 characters."))
        version.tags = dict(tags)
    version.content_type = body.get("contentType", version.content_type)
    version.enabled = attributes.get("enabled", version.enabled)
    version.not_before = attributes.get("nbf", version.not_before)
    version.expires = attributes.get("exp", version.expires)


def _missing(name: str) -> Refusal:
    message = (
        f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may "
        "be able to recover it using the correct recovery command. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125182"
    )
    return Refusal(error(404, "SecretNotFound", message))
