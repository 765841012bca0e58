"""``python -m tests.walks --seconds 60``: walk for longer than the tests do, through all presets."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import secrets
import sys
import time
import traceback
from itertools import count

from connector.services import close_services
from local.tenant.misbehaviour import PRESETS
from tests.walks.walk import walk


async def _walk(seconds: float, first: int) -> int:
    """Walk until the time is over; return how often something did not hold."""
    ends, wrong, walked = time.monotonic() + seconds, 0, 0
    for seed in count(first):
        for preset in PRESETS:
            if time.monotonic() >= ends:
                sys.stdout.write(f"{walked} walks, {wrong} of them went wrong.\n")
                return wrong
            walked += 1
            try:
                await walk(preset, seed)
            except AssertionError as error:
                wrong += 1
                sys.stdout.writelines(traceback.format_exception(error, limit=-1))
    return wrong


def main() -> int:
    """Return 0 when everything held."""
    parser = argparse.ArgumentParser(prog="python -m tests.walks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    arguments = parser.parse_args()
    os.environ.update(CONNECTOR_STORE="folder:store", CONNECTOR_KEY_VAULT_URI="https://vault.example")
    logging.disable()

    async def run() -> int:
        try:
            return await _walk(arguments.seconds, arguments.seed)
        finally:
            await close_services()

    return 1 if asyncio.run(run()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
