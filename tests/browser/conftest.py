"""These tests need Chromium and axe-core; under CI they have to be there. One Chromium serves them all."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from local.browser import EXECUTABLE
from tests.browser.visitor import chromium

AXE = Path("node_modules/axe-core/axe.min.js")
AXE_IS_THERE = AXE.exists()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what visits the page in the loop of the browser that all visits share."""
    for item in items:
        if item.path.parent == Path(__file__).parent and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(autouse=True, scope="session", loop_scope="session")
async def _browser() -> AsyncIterator[None]:
    missing = [name for name, there in (("chromium", EXECUTABLE), ("npm's axe-core", AXE_IS_THERE)) if not there]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"SKIPPED: no {' and no '.join(missing)} on this machine, so the page is not tested in a browser")
    assert missing == []
    async with chromium():
        yield
