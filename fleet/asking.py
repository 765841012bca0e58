"""Ask every deployment for its status, a few at a time; one that does not answer keeps none of the others waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx

from fleet.deployment import Deployment, FleetError, key_of
from fleet.overview import MOST, Row, read, unreachable

AT_ONCE = 16
SECONDS = 10.0
"""For all of an answer: a status is there in one second, and a deployment that sleeps is up in a few."""


async def ask(
    client: httpx.AsyncClient, deployments: Sequence[Deployment], token: str | None = None, seconds: float = SECONDS
) -> list[Row]:
    """Return how each deployment is, in their order."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(deployment: Deployment) -> Row:
        async with gate:
            return await _asked(client, deployment, token, seconds)

    return [*await asyncio.gather(*(one(deployment) for deployment in deployments))]


async def _asked(client: httpx.AsyncClient, deployment: Deployment, token: str | None, seconds: float) -> Row:
    name, url, customer = deployment.name, deployment.url, deployment.customer
    if deployment.problem is not None:
        return unreachable(name, url, customer, deployment.problem)
    try:
        async with asyncio.timeout(seconds):
            key = deployment.key or await key_of(client, token or "", deployment)
            return await _status(client, deployment, key)
    except FleetError as error:
        return unreachable(name, url, customer, str(error))
    except TimeoutError:
        return unreachable(name, url, customer, f"no answer within {seconds:g} seconds")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        return unreachable(name, url, customer, f"no answer ({type(error).__name__})")


async def _status(client: httpx.AsyncClient, deployment: Deployment, key: str) -> Row:
    name, url, customer = deployment.name, deployment.url, deployment.customer
    headers = {"x-functions-key": key, "Accept": "application/json"}
    async with client.stream("GET", f"{url}/api/status", headers=headers, follow_redirects=False) as answer:
        if answer.status_code != httpx.codes.OK:
            return unreachable(name, url, customer, _WHY.get(answer.status_code, f"status {answer.status_code}"))
        body = b""
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > MOST:
                return unreachable(name, url, customer, "its answer is too long")
    return read(name, url, customer, body)


_WHY = {
    401: "the key is wrong (status 401)",
    403: "the key, or this address, is not let in (status 403)",
    404: "it has no status: an older version, or no such app (status 404)",
}
