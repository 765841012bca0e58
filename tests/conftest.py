"""Lets the checks of the template, which are not test modules, say what they found, whoever imports them first."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.infra.template.checks", "tests.infra.template.deployment")
