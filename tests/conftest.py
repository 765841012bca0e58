"""What holds of all tests."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

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

_ONCE_MORE = (
    *("attacks/", "browser/", "fuzz/", "infra/", "local/", "outages/", "package/", "rotation/", "walks/"),
    *("flow/test_accepting.py", "flow/test_causes.py", "flow/test_certified_look.py", "flow/test_end_to_end.py"),
    *("flow/test_log_lines.py", "flow/test_names.py", "flow/test_new_secret.py", "flow/test_protocols.py"),
    *("flow/test_requests.py", "flow/test_rights.py", "flow/test_tutorial.py", "triggers/test_contract.py"),
    *("activities/test_planned_is_done.py", "connector/test_public_address.py"),
)
"""Where lines are reached that the others reach too: to count them doubles the CPU that a test takes.

Single tests of which the same holds bear the mark themselves.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count no lines there."""
    for item in items:
        if item.path.relative_to(Path(__file__).parent).as_posix().startswith(_ONCE_MORE):
            item.add_marker(pytest.mark.no_cover)
