"""``python -m tests.fuzz [NAME …] --seconds 60``: fuzz for longer than the tests do."""

from __future__ import annotations

import argparse
import secrets
import sys
import time

from tests.fuzz.mutations import mutated
from tests.fuzz.targets import TARGETS


def main() -> int:
    """Run each target for its seconds; print what broke it, and how to see it again."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(TARGETS):
        parser.error(f"there is no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    for name in arguments.names or TARGETS:
        target, shapes = TARGETS[name]
        ends, tried = time.monotonic() + arguments.seconds, 0
        for data in mutated(shapes, arguments.seed):
            if time.monotonic() >= ends:
                break
            try:
                target(data)
            except Exception:
                sys.stderr.write(f"{name}, seed {arguments.seed}, after {tried}: {data!r}\n")
                raise
            tried += 1
        sys.stdout.write(f"{name}: {tried} inputs, seed {arguments.seed}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
