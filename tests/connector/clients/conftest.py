"""The tenant that each client is tried against."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from local.tenant import Tenant


@pytest.fixture
async def tenant(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tenant]:
    async with Tenant(preset="calm") as made:
        monkeypatch.setenv("IDENTITY_ENDPOINT", made.endpoints["identityEndpoint"])
        monkeypatch.setenv("IDENTITY_HEADER", made.endpoints["identityHeader"])
        yield made
