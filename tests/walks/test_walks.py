"""Any sequence of lists, renames, moved names, second names, removals, answers that lie and lost stores."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connector.services import close_services
from local.tenant import PresetName
from tests.walks.walk import walk


@pytest.fixture
async def settings(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setenv("CONNECTOR_STORE", "folder:store")
    monkeypatch.setenv("CONNECTOR_KEY_VAULT_URI", "https://vault.example")
    await close_services()
    yield
    await close_services()


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("preset", ["calm", "normal", "hostile"])
async def test_at_rest_access_is_exactly_what_the_list_says_and_the_state_says_so(preset: PresetName) -> None:
    """Longer, with chance seeds: ``python -m tests.walks --seconds 600``."""
    for seed in range(20):
        await walk(preset, seed)
