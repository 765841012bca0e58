"""``make package-trace``: run the whole test-suite, note which modules of msgraph it reaches, and write the list."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from scripts.package.modules import DISTRIBUTION, ModuleList, closure, reader, sources

ROOT = Path(__file__).parents[2]
_HOOK = Path(__file__).parent / "trace"


def main(arguments: Sequence[str]) -> int:
    """Trace the tests that pytest's arguments choose (all of them without any); return pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "modules"
        notes.touch()
        environment = {**os.environ, "MSGRAPH_TRACE": str(notes), "PYTHONPATH": str(_HOOK)}
        done = subprocess.run(  # noqa: S603 - our own interpreter, our own tests
            [sys.executable, "-m", "pytest", "-q", "--deselect", "tests/test_package.py", *arguments],
            cwd=ROOT,
            env=environment,
            check=False,
        )
        if done.returncode:
            sys.stderr.write("The tests failed: the list is left as it is.\n")
            return done.returncode
        seen = set(notes.read_text("ascii").split())
    known = sources(Path(sysconfig.get_path("purelib")))
    reached = seen & known.keys()
    shipped = closure(reached, reader(known))
    ModuleList(version(DISTRIBUTION), shipped).write()
    sys.stderr.write(f"{len(reached)} modules of {len(known)} were reached; {len(shipped)} are shipped.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
