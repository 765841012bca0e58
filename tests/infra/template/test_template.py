"""The compiled template means what it should, and each check of that can fail."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.template import breaks_kept_and_told, breaks_of_rights  # noqa: F401 - registers more
from tests.infra.template.breaks import BREAKS
from tests.infra.template.checks import CHECKS
from tests.infra.template.files import TEMPLATE

Template = dict[str, Any]


@pytest.mark.parametrize("name", CHECKS)
def test_the_template_means_that(name: str) -> None:
    CHECKS[name](json.loads(TEMPLATE.read_text("utf-8")))


@pytest.mark.parametrize(("name", "change"), BREAKS, ids=[change.__name__ for _, change in BREAKS])
def test_a_broken_copy_is_found(name: str, change: Callable[[Template], object]) -> None:
    template = json.loads(TEMPLATE.read_text("utf-8"))
    broken = copy.deepcopy(template)
    change(broken)
    assert broken != template
    with pytest.raises(AssertionError):
        CHECKS[name](broken)


def test_every_check_is_seen_to_fail() -> None:
    assert {name for name, _ in BREAKS} == set(CHECKS)
