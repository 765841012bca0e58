"""The keys by which Entra signs tokens: asked for when they are needed, and not more often than once a minute.

Source: learn.microsoft.com/entra/identity-platform/signing-key-rollover: they change at any time and without notice,
so who meets an unknown one asks again. Who may send any token must not be able to make the app ask each time.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from connector.clients.bounded_http import BoundedHttp, direct_or_by_proxy
from connector.clients.bounds import SIGN_IN, Bounds, unanswered
from connector.clock import passed
from connector.clouds import Cloud
from connector.errors import UnavailableError

PAUSE = 60.0
"""Seconds between two requests for the keys, whatever came of the first one."""
FRESH = 3_600.0
"""Seconds after which known keys are asked for again: one that Entra has withdrawn opens nothing for longer."""
LONGEST = 86_400.0
"""Seconds for which known keys hold while Entra does not answer."""
_SHORTEST = 2048
_OK = 200

Ask = Callable[[], Awaitable[bytes]]


class LoginKeys:
    """The keys of one tenant. ``ask`` fetches the document, ``clock`` counts seconds."""

    def __init__(self, ask: Ask, clock: Callable[[], float] = passed) -> None:
        self._ask = ask
        self._clock = clock
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._read = self._asked = -LONGEST
        self._asking = asyncio.Lock()

    async def find(self, kid: str) -> RSAPublicKey | None:
        """Return a key, or None where Entra has none of that name as far as is known.

        Raises:
            UnavailableError: no keys are known, and Entra does not give any.
        """
        known, under_way = kid in self._keys, self._asking.locked()
        if (under_way and not known) or (self._due(kid) and not under_way):
            await self._renew(kid)
        if self._clock() - self._read > LONGEST:
            raise UnavailableError("token", "unavailable", "the keys by which tokens are signed cannot be read")
        return self._keys.get(kid)

    def _due(self, kid: str) -> bool:
        now = self._clock()
        return now - self._asked >= PAUSE and (kid not in self._keys or now - self._read >= FRESH)

    async def _renew(self, kid: str) -> None:
        async with self._asking:
            if not self._due(kid):
                return  # somebody else has asked while this request has waited
            self._asked = self._clock()
            try:
                found = parsed(await self._ask())
            except UnavailableError:
                return  # what is known holds
            if found:
                self._keys, self._read = found, self._clock()


def parsed(document: bytes) -> dict[str, RSAPublicKey]:
    """Return the keys of a document by their ids; what is none that signs tokens here is left out."""
    try:
        listed = json.loads(document)["keys"]
        entries = [one for one in listed if isinstance(one, dict) and isinstance(one.get("kid"), str)]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    found = {one["kid"]: _key(one) for one in entries if one.get("use", "sig") == "sig"}
    return {kid: key for kid, key in found.items() if key is not None}


def _key(entry: dict[str, object]) -> RSAPublicKey | None:
    try:
        key = jwt.PyJWK({name: entry.get(name) for name in ("kty", "n", "e")}, algorithm="RS256").key
    except Exception:  # noqa: BLE001 - a key that cannot be read signs nothing
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= _SHORTEST else None


def asking(cloud: Cloud, tenant_id: str, bounds: Bounds = SIGN_IN) -> Ask:
    """Return how the keys of a tenant are asked for; the address is made of nothing that a token says."""

    async def ask() -> bytes:
        url = cloud.keys_url(tenant_id)
        direct = direct_or_by_proxy(url, ssl.create_default_context(cafile=cloud.ca_bundle))
        try:
            async with httpx.AsyncClient(transport=BoundedHttp(direct, bounds), timeout=bounds.seconds) as client:
                answer = await client.get(url)
        except httpx.HTTPError as error:
            raise unanswered("token", error) from None
        if answer.status_code != _OK:
            raise UnavailableError("token", "unavailable", f"status {answer.status_code}")
        return answer.content

    return ask
