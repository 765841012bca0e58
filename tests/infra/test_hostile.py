"""The scripts in tenants whose names are hostile; ``python -m tests.infra.hostile`` goes on for longer."""

from __future__ import annotations

import pytest

from tests.infra.hostile import play


@pytest.mark.parametrize("seed", range(9))
def test_no_name_gets_more_than_it_has_or_acts_on_the_terminal(seed: int) -> None:
    play(seed)
