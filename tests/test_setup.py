"""The set-up says what is missing on a machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_a_machine_without_a_fitting_python_is_told_how_to_get_one(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit\nexit 1\n', "ascii")
    old.chmod(0o755)
    bash = shutil.which("bash")
    if bash is None:
        pytest.fail("bash is needed by the Makefile")
    done = subprocess.run(  # noqa: S603 - our own script
        [bash, "scripts/setup", str(tmp_path / "venv"), "requirements-dev.txt"],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed; found: Python 3.9.2" in done.stderr
    assert "apt-get install" in done.stderr
