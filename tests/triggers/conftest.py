"""The app of a module: one finished connection of three mailboxes, ``hq``."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.triggers.served import NAME, Served, running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hq(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve the app for a whole module, which must leave the connection as it is."""
    async with running(tmp_path_factory.mktemp("store"), mailboxes=3, CONNECTOR_LABEL="Contoso") as one:
        await one.set_up({"name": NAME, "mailboxes": one.tenant.addresses, "displayName": "UTM HQ"})
        yield one
