"""Where the deployments are: a file that names them, or Azure Resource Graph, Lighthouse's among them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

MANAGEMENT = "https://management.azure.com"
SCOPE = f"{MANAGEMENT}/.default"
_GRAPH = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
_SITES = "2024-04-01"
_FUNCTION = "read_status"
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
"""Where ``http`` will do: a key is sent over nothing else in the clear."""
QUERY = """resources
| where type =~ 'microsoft.web/sites' and isnotempty(tags['utm-mail-connect'])
| project id, name, subscriptionId, tenantId, host = tostring(properties.defaultHostName),
    customer = tostring(tags['utm-mail-connect-customer']), version = tostring(tags['utm-mail-connect'])
| order by customer asc, name asc, id asc"""
"""Also in ``infra/fleet``, for who has no Python at hand."""


class FleetError(Exception):
    """The deployments cannot be found: a sentence for a person, without a key."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment, and how it is asked."""

    name: str
    url: str
    customer: str = ""
    key: str | None = field(default=None, repr=False)
    resource: str | None = None
    """Its id in Azure, by which its key is asked for; None where the file says the key."""
    sign_in: str | None = None
    """The application by which callers sign in to it, as the file says; with a key it is not needed."""
    tenant: str | None = None
    """Its tenant, where a token has to come from."""
    problem: str | None = None
    """Why it cannot be asked."""


def of_file(path: Path, environment: Mapping[str, str] = os.environ) -> list[Deployment]:
    """Return the deployments of a file: ``[{"name", "url", "key", "keyFrom" or "signIn", "tenant", "customer"}]``.

    Raises:
        FleetError: it is none of these.
    """
    try:
        entries = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read as JSON ({type(error).__name__})"
        raise FleetError(msg) from None
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        msg = f'{path} has to be a list of {{"name", "url", "keyFrom" or "signIn"}}'
        raise FleetError(msg)
    return [_entry(path, number, one, environment) for number, one in enumerate(entries, 1)]


def _entry(path: Path, number: int, entry: Mapping[str, Any], environment: Mapping[str, str]) -> Deployment:
    url = str(entry.get("url") or "").rstrip("/")
    address = urlsplit(url)
    local = address.scheme == "http" and address.hostname in _LOCAL
    if not address.hostname or not (address.scheme == "https" or local) or address.username or address.query:
        msg = f"{path}, entry {number}: url has to be https://<host>, without a user or a query"
        raise FleetError(msg)
    variable = str(entry.get("keyFrom") or "")
    key = environment.get(variable) if variable else entry.get("key")
    sign_in = str(entry.get("signIn") or "") or None
    lacks = f"{variable} is not set" if variable else "neither key, keyFrom nor signIn is given"
    return Deployment(
        str(entry.get("name") or address.hostname),
        url,
        str(entry.get("customer") or ""),
        str(key) if key else None,
        sign_in=sign_in,
        tenant=str(entry.get("tenant") or "") or None,
        problem=None if key or sign_in else f"no key: {lacks}",
    )


async def of_azure(client: httpx.AsyncClient, token: str, subscriptions: Sequence[str] = ()) -> list[Deployment]:
    """Return the deployments that the caller sees, in all his subscriptions or in those that are named.

    Raises:
        FleetError: Resource Graph does not answer, or not so.
    """
    found: list[Deployment] = []
    body: dict[str, Any] = {"query": QUERY, "options": {"resultFormat": "objectArray"}}
    if subscriptions:
        body["subscriptions"] = [*subscriptions]
    while True:
        page = await _posted(client, token, f"{MANAGEMENT}{_GRAPH}", body)
        rows = page.get("data")
        if not isinstance(rows, list):
            msg = "Resource Graph answers without data"
            raise FleetError(msg)
        found += [_found(one) for one in rows]
        if not (more := page.get("$skipToken")):
            return found
        body["options"]["$skipToken"] = more


def _found(row: Mapping[str, Any]) -> Deployment:
    host = str(row.get("host") or "")
    return Deployment(
        str(row.get("name")),
        f"https://{host}",
        str(row.get("customer") or ""),
        resource=str(row.get("id")),
        tenant=str(row.get("tenantId") or "") or None,
        problem=None if host else "it has no host name",
    )


async def key_of(client: httpx.AsyncClient, token: str, deployment: Deployment) -> str:
    """Return the key of its function ``read_status``, which opens nothing else. Reader is not enough to ask for it.

    Raises:
        FleetError: it is not handed out.
    """
    address = f"{MANAGEMENT}{deployment.resource}/functions/{_FUNCTION}/listkeys?api-version={_SITES}"
    key = (await _posted(client, token, address, {})).get("default")
    if not isinstance(key, str) or not key:
        msg = "its key is not handed out"
        raise FleetError(msg)
    return key


async def _posted(client: httpx.AsyncClient, token: str, address: str, body: object) -> Mapping[str, Any]:
    try:
        answer = await client.post(address, json=body, headers={"Authorization": f"Bearer {token}"})
        document = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        msg = f"Azure does not answer ({type(error).__name__})"
        raise FleetError(msg) from None
    if answer.status_code != httpx.codes.OK or not isinstance(document, dict):
        msg = f"Azure refuses it (status {answer.status_code})"
        raise FleetError(msg)
    return document
