"""These tests need Chromium and axe-core; under CI they have to be there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local.browser import EXECUTABLE

AXE = Path("node_modules/axe-core/axe.min.js")


@pytest.fixture(autouse=True, scope="session")
def _browser() -> None:
    missing = [name for name, there in (("chromium", EXECUTABLE), ("npm's axe-core", AXE.exists())) if not there]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"SKIPPED: no {' and no '.join(missing)} on this machine, so the page is not tested in a browser")
    assert missing == []
