"""Longer, with other seeds: ``WALKS=500 python -m pytest tests/rotation/test_walks.py``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.flow.app import running
from tests.rotation.life import Life
from tests.rotation.walk import Walk

WALKS = int(os.environ.get("WALKS", "3"))
FIRST = int(os.environ.get("FIRST", "1"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WALKS))
async def test_one_secret_is_always_valid_and_nobody_gets_a_new_one_untold(tmp_path: Path, seed: int) -> None:
    async with running(tmp_path, mailboxes=1) as app:
        walk = Walk(Life(app.tenant), seed)
        await walk.set_up()
        try:
            for _ in range(25):
                await walk.step()
        except AssertionError as error:
            raise AssertionError("; ".join([f"seed {seed}", *walk.done])) from error
