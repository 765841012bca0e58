"""What holds of all tests."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pytest
from hypothesis import settings

# The checks of the template are not test modules, and say what they found all the same, whoever imports them first.
pytest.register_assert_rewrite("tests.infra.template.checks", "tests.infra.template.deployment")
# An example may take as long as it likes: machines are noisy. Under CI its choice is always the same, as before.
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")
# httpcore looks for it at each lock of each request. Where it is not there, it is looked for in vain at each.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]
