"""``python -m scripts.package``: build the package for Azure, or for the interpreter at hand."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scripts.package.build import build
from scripts.package.lock import AZURE, at_hand
from scripts.package.wheels import PackageError

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Build; say what was written, or why it cannot be."""
    parser = argparse.ArgumentParser(prog="python -m scripts.package", description=__doc__)
    parser.add_argument("--out", type=Path, help="the folder to write to (default: dist)")
    parser.add_argument("--at-hand", action="store_true", help="build for this interpreter, to try the package here")
    arguments = parser.parse_args()
    try:
        package = build(ROOT, at_hand() if arguments.at_hand else AZURE, out=arguments.out)
    except PackageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{package.archive}: {package.archive.stat().st_size / 1e6:.1f} MB\n")
    if not package.compiled:
        sys.stderr.write("without bytecode: that needs a Python of the target's version here, for Azure python3.12\n")
    sys.stdout.write(package.checksums.read_text("ascii"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
