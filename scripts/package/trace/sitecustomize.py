"""Put on PYTHONPATH by ``trace``: every process of the test-suite notes which modules of msgraph it looks for.

Each name is appended at once, so that a process that is killed loses nothing.
"""

# ruff: noqa: INP001 - Python looks for this very name on the path

import os
import sys
from importlib.machinery import ModuleSpec

_FILE = os.environ.get("MSGRAPH_TRACE")


class _Notes:
    """First of the finders; it finds nothing itself."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        del path, target
        if _FILE and name.partition(".")[0] == "msgraph":
            with open(_FILE, "a", encoding="ascii") as file:  # noqa: PTH123 - pathlib must not be imported this early
                file.write(f"{name}\n")
        return None


if _FILE:
    sys.meta_path.insert(0, _Notes)
