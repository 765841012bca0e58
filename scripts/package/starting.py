"""``python -m scripts.package.starting``: note which modules a start and the first requests import.

After a rest a person waits for just these. The list is in the order of the imports: the package holds the bytecode of
as many, from the first on, as it has room for.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from local.tenant import Tenant

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("started-modules.txt")
_ASK = """
import asyncio, json, sys
from pathlib import Path
from local.client import ApiClient
from local.environment import serving, settings

async def ask(endpoints, folder):
    async with serving(settings(endpoints, Path(folder))) as host, ApiClient(host) as client:
        for path in ("/", "/api/connections", "/api/health"):
            (await client.get(path)).raise_for_status()

asyncio.run(ask(json.loads(sys.argv[1]), sys.argv[2]))
found = [name for name, module in sys.modules.items() if getattr(module, "__file__", None)]
print(json.dumps(found))
"""


async def _started() -> list[str]:
    """Return what an app imports that is started and asked in a process of its own, apart from the tenant."""
    with tempfile.TemporaryDirectory() as folder:
        async with Tenant(preset="calm", mailboxes=1) as tenant:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                _ASK,
                json.dumps(tenant.endpoints),
                folder,
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
            )
            answer, _ = await process.communicate()
    names: list[str] = json.loads(answer)
    return names


def main() -> int:
    """Write the list: whatever was imported; what the package does not hold is no matter."""
    names = asyncio.run(_started())
    LIST.write_text("\n".join(["# made by python -m scripts.package.starting; do not edit", *names]) + "\n", "ascii")
    sys.stderr.write(f"{len(names)} modules\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
