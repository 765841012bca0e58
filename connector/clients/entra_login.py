"""Entra's login, as far as this app asks it: which tokens are taken, and by which keys they are signed."""

from __future__ import annotations

import asyncio

from connector.bearer import Bearer, Registration, bearer, key_id
from connector.clients.bounds import SIGN_IN, Bounds
from connector.clients.identity import Identity
from connector.clients.login_keys import LoginKeys, asking
from connector.clock import passed
from connector.clouds import Cloud
from connector.errors import ServiceError, SignInError

PAUSE = 5.0
"""Seconds for which an identity without a token is not asked again: anybody may knock at this door."""
_STORAGE = "https://storage.azure.com/.default"
"""A scope of which a token may be asked for at any time, in every cloud (learn.microsoft.com/azure/storage/blobs/
authorize-access-azure-active-directory)."""


class EntraLogin:
    """The sign-in of this deployment. Its tenant is the own identity's: no setting and no token names it."""

    def __init__(self, cloud: Cloud, client_id: str, identity: Identity, bounds: Bounds = SIGN_IN) -> None:
        self._cloud = cloud
        self._client_id = client_id
        self._identity = identity
        self._bounds = bounds
        self._finding = asyncio.Lock()
        self._failed: tuple[float, ServiceError] | None = None
        self._known: tuple[Registration, LoginKeys] | None = None

    async def registration(self) -> Registration:
        """Return for which application and tenant tokens are taken.

        Raises:
            ServiceError: the identity has no token at present, so its tenant is not known.
        """
        return (await self._door())[0]

    async def read(self, token: str) -> Bearer:
        """Return whose token it is.

        Raises:
            SignInError: it opens nothing here.
            ServiceError: nothing is known yet by which it could be read.
        """
        registration, keys = await self._door()
        found = await keys.find(key_id(token))
        if found is None:
            raise SignInError("token-refused", why="key")
        return bearer(token, found, registration)

    async def _door(self) -> tuple[Registration, LoginKeys]:
        async with self._finding:
            if self._known is None:
                tenant = await self._tenant()
                keys = LoginKeys(asking(self._cloud, tenant, self._bounds))
                self._known = (Registration(self._client_id, tenant, self._cloud.authority), keys)
            return self._known

    async def _tenant(self) -> str:
        if self._failed is not None and passed() - self._failed[0] < PAUSE:
            raise self._failed[1].with_traceback(None)  # else it would keep each request that it was raised for
        try:
            return (await self._identity.claims(_STORAGE)).tenant_id
        except ServiceError as error:
            self._failed = (passed(), error)
            raise
