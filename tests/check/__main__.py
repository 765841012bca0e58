"""``python -m tests.check --days 365``: a quiet year under the normal preset; all that is told in it is false."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import tempfile
from pathlib import Path

from connector.microsoft import MAX_LIFETIME_DAYS
from tests.check.look import looked

_TOLD = ("connection-drifted", "connection-not-readable", "connection-recovered")


class _Alarms(logging.Handler):
    """What somebody was told."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if any(f'"{event}"' in line for event in _TOLD):
            self.heard.append(json.dumps(json.loads(line)))


async def _year(days: int, preset: str, seed: int) -> list[str]:
    alarms = _Alarms()
    logging.getLogger("connector").addHandler(alarms)
    logging.getLogger("connector").setLevel(logging.INFO)
    logging.getLogger("connector").propagate = False
    with tempfile.TemporaryDirectory() as folder:
        async with looked(Path(folder), "hostile" if preset == "hostile" else "normal", seed=seed) as app:
            for _ in range(days):
                app.pass_time(86_400)
                await app.look()
                app.tenant.forget_requests()
    return alarms.heard


def main() -> int:
    """Return 1 where there was a false alarm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--preset", default="normal", choices=["normal", "hostile"])
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    # Nobody renews here: one that ends within the year is told of, and rightly.
    os.environ["CONNECTOR_SECRET_LIFETIME_DAYS"] = str(MAX_LIFETIME_DAYS)
    heard = asyncio.run(_year(given.days, given.preset, given.seed))
    print(f"{given.days} days, preset {given.preset}, seed {given.seed}: {len(heard)} false alarms")  # noqa: T201
    print(*heard, sep="\n")  # noqa: T201
    return 1 if heard else 0


if __name__ == "__main__":
    raise SystemExit(main())
