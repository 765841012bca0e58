"""Ask every deployment for its status, a few at a time; one that does not answer keeps none of the others waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from fleet.deployment import Deployment, FleetError, key_of
from fleet.overview import MOST, Row, read, unreachable
from fleet.tokens import Tokens, challenged, of_ours_alone

AT_ONCE = 16
SECONDS = 10.0
"""For all of an answer: a status is there in one second, and a deployment that sleeps is up in a few."""


async def ask(
    client: httpx.AsyncClient,
    deployments: Sequence[Deployment],
    tokens: Tokens,
    token: str | None = None,
    seconds: float = SECONDS,
) -> list[Row]:
    """Return how each deployment is, in their order; ``token`` is for Azure, of which the keys are asked."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(deployment: Deployment) -> Row:
        async with gate:
            return await _asked(_Asked(client, deployment, tokens, token or ""), seconds)

    return [*await asyncio.gather(*(one(deployment) for deployment in deployments))]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A deployment with all that it takes to ask it."""

    client: httpx.AsyncClient
    deployment: Deployment
    tokens: Tokens
    azure: str

    def unreachable(self, why: str) -> Row:
        return unreachable(self.deployment.name, self.deployment.url, self.deployment.customer, why)


async def _asked(one: _Asked, seconds: float) -> Row:
    if one.deployment.problem is not None:
        return one.unreachable(one.deployment.problem)
    try:
        async with asyncio.timeout(seconds):
            return await _answered(one)
    except FleetError as error:
        return one.unreachable(str(error))
    except TimeoutError:
        return one.unreachable(f"no answer within {seconds:g} seconds")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        return one.unreachable(f"no answer ({type(error).__name__})")


async def _answered(one: _Asked) -> Row:
    """Ask with the key; where there is none, or it opens nothing, with a token.

    Raises:
        FleetError: neither is to be had.
    """
    if one.deployment.key is None and one.deployment.sign_in is not None:
        return await _signed_in(one, one.deployment.sign_in)
    try:
        key = one.deployment.key or await key_of(one.client, one.azure, one.deployment)
    except FleetError:
        if (application := await _application(one)) is None:
            raise
        return await _signed_in(one, application)
    answer = await _status(one, "/api/status", {"x-functions-key": key})
    if isinstance(answer, Row) or answer != httpx.codes.FORBIDDEN:
        return answer if isinstance(answer, Row) else one.unreachable(_WHY.get(answer, f"status {answer}"))
    application = one.deployment.sign_in or await _application(one)
    return one.unreachable(_WHY[answer]) if application is None else await _signed_in(one, application)


async def _application(one: _Asked) -> str | None:
    """Return by which application a deployment of a known tenant has callers sign in; None where it does not say.

    Raises:
        FleetError: it names another tenant's.
    """
    if one.deployment.tenant is None:
        return None
    answer = await one.client.get(f"{one.deployment.url}{_SIGNED_IN}", follow_redirects=False)
    named = challenged(answer.headers.get("WWW-Authenticate", "")) if answer.status_code == _CHALLENGED else None
    if named is None:
        return None
    if named[0] != one.deployment.tenant.lower():
        msg = "it wants a token of another tenant than its own: none was asked for"
        raise FleetError(msg)
    return named[1]


async def _signed_in(one: _Asked, application: str) -> Row:
    """Ask with a token for the application by which callers sign in.

    Raises:
        FleetError: there is none, or it is good for something else.
    """
    token = await one.tokens.token(f"{application}/.default", one.deployment.tenant)
    if not of_ours_alone(token):
        msg = "the token has no role there (Reader), or is for something else: it was not sent"
        raise FleetError(msg)
    answer = await _status(one, _SIGNED_IN, {"Authorization": f"Bearer {token}"})
    return answer if isinstance(answer, Row) else one.unreachable(_WHY_NOT.get(answer, f"status {answer}"))


async def _status(one: _Asked, path: str, headers: dict[str, str]) -> Row | int:
    """Return the answer; its status where that is none."""
    name, url, customer = one.deployment.name, one.deployment.url, one.deployment.customer
    headers |= {"Accept": "application/json"}
    async with one.client.stream("GET", f"{url}{path}", headers=headers, follow_redirects=False) as answer:
        if answer.status_code != httpx.codes.OK:
            return answer.status_code
        body = b""
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > MOST:
                return one.unreachable("its answer is too long")
    return read(name, url, customer, body)


_SIGNED_IN = "/entra/api/status"
_CHALLENGED = 401
_WHY = {
    401: "the key is wrong (status 401)",
    403: "keys are switched off, or this address is not let in (status 403)",
    404: "it has no status: an older version, or no such app (status 404)",
}
_WHY_NOT = {
    401: "the token is not taken (status 401)",
    403: "the token has not the role Reader, or this address is not let in (status 403)",
    404: _WHY[404],
}
