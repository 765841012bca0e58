"""Access tokens: signed, with the claims of Entra's version 1.0 tokens, and really checked by every service.

Claims: learn.microsoft.com/entra/identity-platform/access-token-claims-reference. ``iat`` and ``nbf`` lie five minutes
before the issue, as in Entra.
"""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Any

import jwt

from local.tenant.catalogue import EVERY_APPLICATION
from local.tenant.clock import Clock
from local.tenant.world import ServicePrincipal, World

_BACKDATED = 300


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says."""

    audience: str
    application_id: str
    object_id: str
    roles: frozenset[str]
    directory_roles: frozenset[str]


class TokenRefusedError(Exception):
    """The token is not valid here; the text says why."""


class Tokens:
    """Issues tokens, remembers every one, and reads them."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self._key = secrets.token_bytes(64)
        self.issued: set[str] = set()
        """Every token and client secret that was ever handed out, and every SASL string made of one."""

    def issue(self, principal: ServicePrincipal, audience: str, resource_app_id: str | None, seconds: int) -> str:
        """Return a token for ``audience`` with the roles that the principal holds on that resource by now."""
        now = int(time.time())
        world = self._world
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{world.tenant_id}/",
            "iat": now - _BACKDATED,
            "nbf": now - _BACKDATED,
            "exp": now + seconds,
            "app_displayname": principal.display_name,
            "appid": principal.app_id,
            "appidacr": "2" if principal.kind == "ManagedIdentity" else "1",
            "idtyp": "app",
            "oid": principal.id,
            "sub": principal.id,
            "tid": world.tenant_id,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
            "wids": [EVERY_APPLICATION, *sorted(world.directory_roles.get(principal.id, ()))],
        }
        roles = world.roles_of(principal.id, resource_app_id, self._clock.now()) if resource_app_id else []
        if roles:
            claims["roles"] = roles
        token = jwt.encode(claims, self._key, algorithm="HS512")
        self.issued.add(token)
        return token

    def assertion(self, principal: ServicePrincipal, issuer: str, audience: str, seconds: int) -> str:
        """Return a token of version 2.0, by which an application may recognise a managed identity."""
        now = int(time.time())
        claims = {
            "aud": audience,
            "iss": issuer,
            "iat": now - _BACKDATED,
            "nbf": now - _BACKDATED,
            "exp": now + seconds,
            "azp": principal.app_id,
            "idtyp": "app",
            "oid": principal.id,
            "sub": principal.id,
            "tid": self._world.tenant_id,
            "ver": "2.0",
        }
        token = jwt.encode(claims, self._key, algorithm="HS512")
        self.issued.add(token)
        return token

    def read(self, token: str, audience: str) -> Claims:
        """Return the claims of a valid token for this audience.

        Raises:
            TokenRefusedError: the signature, the time or the audience is wrong.
        """
        try:
            claims = jwt.decode(token, self._key, algorithms=["HS512"], options={"verify_aud": False})
        except jwt.ExpiredSignatureError:
            raise TokenRefusedError("Lifetime validation failed, the token is expired.") from None
        except jwt.InvalidTokenError:
            raise TokenRefusedError("Signature validation failed.") from None
        if claims["aud"] != audience:
            raise TokenRefusedError("Invalid audience.")
        return Claims(
            audience=claims["aud"],
            application_id=str(claims.get("appid") or claims["azp"]),
            object_id=claims["oid"],
            roles=frozenset(claims.get("roles", ())),
            directory_roles=frozenset(claims.get("wids", ())),
        )
