"""A managed identity that does not keep a token which is none.

azure-identity keeps whatever the endpoint has called a token for as long as that says, a day as a rule, and the app
would wait for a day for a slip of a moment.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TypeVar

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.identity import CredentialUnavailableError
from azure.identity.aio import ManagedIdentityCredential

from connector.clock import until

Token = TypeVar("Token", AccessToken, AccessTokenInfo)
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_MOST = 64 * 1024
_LONGEST = 8 * 86_400.0
"""Seconds: those of a managed identity last for a day (learn.microsoft.com/entra/identity/managed-identities-azure-
resources/managed-identities-faq); beyond all measure they cannot be counted by azure-core."""
_NEVER = 2**32
"""A date that can be one; what is later is as far off."""
_ANEW = "{}"
"""With claims, whichever, the SDK does not take the token that it keeps, but replaces it; the endpoint gets none."""


class SoundTokens(ManagedIdentityCredential):
    """The credential of the app's own identity."""

    async def get_token(self, *scopes: str, claims: str | None = None, **kwargs: object) -> AccessToken:
        """Return a token; one that is kept and is none is asked for again.

        Raises:
            CredentialUnavailableError: the endpoint gives none.
        """
        token: AccessToken = await super().get_token(*scopes, claims=claims, **kwargs)
        if not _sound(token):
            token = await super().get_token(*scopes, claims=_ANEW, **kwargs)
        return _checked(token)

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Return a token with what is known of it, as ``get_token``."""
        token: AccessTokenInfo = await super().get_token_info(*scopes, options=options)
        if not _sound(token):
            token = await super().get_token_info(*scopes, options={**(options or {}), "claims": _ANEW})
        return _checked(token)


def _sound(token: AccessToken | AccessTokenInfo) -> bool:
    shaped = len(token.token) <= _MOST and _TOKEN.fullmatch(token.token) is not None
    return shaped and until(datetime.fromtimestamp(max(0, min(token.expires_on, _NEVER)), UTC)) <= _LONGEST


def _checked(token: Token) -> Token:
    if not _sound(token):
        raise CredentialUnavailableError(message="what the endpoint gives is no token")
    return token
