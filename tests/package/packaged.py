"""Run by a test with a package first on the path: one set-up from it; says what was imported from elsewhere.

``python packaged.py PACKAGE REPOSITORY``. What stands in for Azure and Microsoft 365 comes from the repository and from
the ordinary environment, which lie behind the package on the path.
"""

from __future__ import annotations

import asyncio
import json
import sys
import sysconfig
import tempfile
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FrameType
from typing import Any

PACKAGE, REPOSITORY = (Path(argument).resolve() for argument in sys.argv[1:])
STANDARD = Path(sysconfig.get_path("stdlib")).resolve()
asked_for: set[str] = set()


def importer(frame: FrameType | None) -> Path:
    """Return the file with the import statement: the first frame that is not the import machinery."""
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith("<frozen importlib") and Path(file).parent != STANDARD / "importlib":
            return Path(file)
        frame = frame.f_back
    return Path()


class Watch:
    """First of the finders: notes what the package's own files ask for, and finds nothing itself."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        del path, target
        if importer(sys._getframe(1)).is_relative_to(PACKAGE):
            asked_for.add(name)
        return None


def origin(name: str) -> str | None:
    """Return where a module came from, if that is neither the package nor Python itself."""
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if module is None or file is None:
        return None
    path = Path(file).resolve()
    own = path.is_relative_to(PACKAGE)
    python = path.is_relative_to(STANDARD) and "site-packages" not in path.parts
    return None if own or python else str(path)


async def set_up() -> dict[str, Any]:
    from local.client import ApiClient  # noqa: PLC0415 - the path has to be set before
    from local.environment import serving, settings  # noqa: PLC0415
    from local.tenant import Tenant  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        async with (
            Tenant(preset="calm", seed=1, clock=20, mailboxes=2) as tenant,
            serving(settings(tenant.endpoints, Path(folder)), clock=20) as host,
            ApiClient(host) as client,
        ):
            return await client.set_up({"name": "hq", "mailboxes": tenant.addresses}, patience=20)


def main() -> None:
    sys.meta_path.insert(0, Watch)
    sys.path.append(str(REPOSITORY))
    connection = asyncio.run(set_up())
    elsewhere = {name: file for name in sorted(asked_for) if (file := origin(name))}
    own = [name for name in sys.modules if name.partition(".")[0] in {"activities", "connector", "function_app"}]
    report = {
        "state": connection["state"],
        "asked": len(asked_for),
        "elsewhere": elsewhere,
        "own": {name: origin(name) for name in own},
        "msgraph": sum(name.startswith("msgraph.") for name in sys.modules),
    }
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
