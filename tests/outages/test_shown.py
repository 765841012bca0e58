"""What a person sees of an outage, through the API of the running app; its clock is fast, ten minutes are a second."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from local.client import ApiClient
from local.environment import serving, settings
from local.tenant import Tenant
from tests.triggers.served import HANGS

NAME = "hq"
FAST = 600.0


def _codes(shown: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in shown["findings"]}


def _reasons(shown: dict[str, Any]) -> str:
    return " ".join(step["reason"] or "" for step in shown["steps"])


async def test_an_outage_is_told_with_its_service_and_its_begin_and_takes_nothing_from_what_works(
    tmp_path: Path,
) -> None:
    async with (
        Tenant(preset="calm", clock=FAST, mailboxes=1) as tenant,
        serving(settings(tenant.endpoints, tmp_path), clock=FAST) as host,
        ApiClient(host) as client,
        asyncio.timeout(HANGS),
    ):
        tenant.away = lambda service: service == "graph"
        await client.post("/api/connections", json={"name": NAME, "mailboxes": tenant.addresses})
        told = re.compile(r"Microsoft Graph has not answered as it should since \d+ \w{3} \d{4}, \d\d:\d\d \(UTC\): ")
        shown = await client.until(NAME, lambda seen: bool(told.search(_reasons(seen))))
        assert shown["state"] == "waiting"
        assert [one["state"] for one in (await client.get("/api/connections")).json()["items"]] == ["waiting"]
        shown = await client.until(NAME, lambda seen: "service-unavailable" in _codes(seen))
        assert shown["state"] == "waiting"

        tenant.away = lambda _: False
        shown = await client.until(NAME, lambda seen: seen["state"] == "ready")
        assert _codes(shown) == set()

        tenant.away = lambda service: service == "graph"
        await client.post(f"/api/connections/{NAME}/verify")
        shown = await client.until(NAME, lambda seen: seen["state"] == "ready")
        assert _codes(shown) == {"not-readable"}
        assert [one["state"] for one in shown["mailboxes"]["items"]] == ["open"]
        assert (await client.get(f"/api/connections/{NAME}/parameters")).json()["verified"] is True

        tenant.away = lambda _: False
        await client.post(f"/api/connections/{NAME}/verify")
        shown = await client.until(NAME, lambda seen: seen["state"] == "ready")
        assert _codes(shown) == set()
