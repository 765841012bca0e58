"""``serve --store DIR``: who starts it again finds the tenant, its secrets and its time with the connections."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.client import ApiClient
from local.environment import serving, settings
from local.tenant import Tenant
from local.tenant.kept import FILE, UnreadableTenantError
from tests.flow.app import NAME


async def test_a_tenant_that_is_started_again_is_the_same_one(tmp_path: Path) -> None:
    body: dict[str, Any] = {"name": NAME}
    async with Tenant(preset="calm", clock=60, mailboxes=2, folder=tmp_path) as tenant:
        body["mailboxes"] = tenant.addresses
        ports = tenant.endpoints["vault"]
        async with serving(settings(tenant.endpoints, tmp_path), clock=60) as host, ApiClient(host) as client:
            assert (await client.set_up(body))["state"] == "ready"
        tenant.advance(86_400)
        before = tenant.now()
    async with Tenant(preset="calm", seed=9, clock=60, mailboxes=50, folder=tmp_path) as tenant:
        assert tenant.endpoints["vault"] == ports
        assert before <= tenant.now() < before + timedelta(minutes=30)
        assert before > datetime.now(UTC) + timedelta(hours=23)
        async with (
            serving(settings(tenant.endpoints, tmp_path), clock=60, now=tenant.begin) as host,
            ApiClient(host) as client,
        ):
            again = await client.set_up(body)
            assert again["state"] == "ready"
            assert again["verified"]
            assert [step["changes"] for step in again["steps"]] == [0] * 8
        assert len(tenant.world.applications) == 1
        assert tenant.writes() == []


async def test_time_begins_when_the_app_is_served_for_the_tenant_and_for_the_app_alike(tmp_path: Path) -> None:
    async with Tenant(preset="calm", clock=36_000, mailboxes=1) as tenant:
        began = tenant.now()
        await asyncio.sleep(0.1)  # the imports of a start: an hour of the tenant's
        asked = list[datetime]()

        def begin() -> datetime:
            asked.append(tenant.begin())
            return asked[0]

        async with serving(settings(tenant.endpoints, tmp_path), clock=36_000, now=begin) as host:
            assert abs(host.clock.now() - tenant.now()) < timedelta(minutes=5)
        assert asked[0] <= began + timedelta(minutes=5)


def test_a_file_that_holds_no_tenant_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"world": {}}), "utf-8")
    with pytest.raises(UnreadableTenantError, match=FILE):
        Tenant(folder=tmp_path)
