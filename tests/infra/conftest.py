"""One world for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.infra.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)
