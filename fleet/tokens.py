"""Tokens of whoever is signed in, for Azure and for the sign-in of a deployment, the way in where keys are off."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Protocol, Self

from fleet.deployment import FleetError

if TYPE_CHECKING:
    from azure.identity.aio import DefaultAzureCredential

_ROLES = frozenset({"Reader", "Operator", "SecretReader", "Approver"})
"""Of a deployment's registration (``infra/grant/sign_in.sh``)."""
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_CHALLENGE = re.compile(rf'authorization_uri="https://[^/"]+/({_GUID})/[^"]*", client_id="({_GUID})"')


class Tokens(Protocol):
    """Whoever hands out tokens."""

    async def token(self, scope: str, tenant: str | None = None) -> str:
        """Return one for a scope, in a tenant or in that of the caller.

        Raises:
            FleetError: nobody is signed in, or not for that.
        """


class OfAzure:
    """The tokens of ``azure-identity``: of a program by its environment or its managed identity, or of ``az login``."""

    def __init__(self) -> None:
        self._credential: DefaultAzureCredential | None = None

    async def __aenter__(self) -> Self:
        """Wait with everything until a token is needed: a file with keys needs none."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close what was opened."""
        if self._credential is not None:
            await self._credential.close()

    async def token(self, scope: str, tenant: str | None = None) -> str:
        """Return one for a scope.

        Raises:
            FleetError: there is none.
        """
        from azure.core.exceptions import ClientAuthenticationError  # noqa: PLC0415 - only who asks Azure needs it
        from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 - as above

        self._credential = self._credential or DefaultAzureCredential(additionally_allowed_tenants=["*"])
        try:
            return (await self._credential.get_token(scope, **({"tenant_id": tenant} if tenant else {}))).token
        except ClientAuthenticationError:
            msg = "no token for it: az login, or a program that has the role Reader there"
            raise FleetError(msg) from None


def challenged(header: str) -> tuple[str, str] | None:
    """Return tenant and application that a deployment names in ``WWW-Authenticate``; None where it names none."""
    found = _CHALLENGE.search(header)
    return (found[1].lower(), found[2].lower()) if found is not None else None


def of_ours_alone(token: str) -> bool:
    """Return whether a token is good for nothing but the sign-in of a deployment: for roles of ours, and none besides.

    The deployment itself has said which application it is for: without this it could have one for Graph sent to it.
    """
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        roles = claims["roles"]
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return False
    return isinstance(roles, list) and bool(roles) and all(isinstance(one, str) and one in _ROLES for one in roles)
