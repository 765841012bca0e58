"""The set-up says what is missing on a machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("C.UTF-8", "Python 3.11, 3.12 or 3.13 is needed; found"),
        ("de_DE.UTF-8", "3.12 oder 3.13 wird gebraucht; gefunden"),
    ],
)
def test_a_machine_without_a_fitting_python_is_told_how_to_get_one(tmp_path: Path, locale: str, said: str) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit\nexit 1\n', "ascii")
    old.chmod(0o755)
    bash = shutil.which("bash")
    if bash is None:
        pytest.fail("bash is needed by the Makefile")
    done = subprocess.run(  # noqa: S603 - our own script
        [bash, "scripts/setup", str(tmp_path / "venv"), "requirements-dev.txt"],
        cwd=ROOT,
        env={"PATH": str(tmp_path), "LANG": locale},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"{said}: Python 3.9.2" in done.stderr
    assert "apt-get install" in done.stderr


def test_the_demo_installs_a_part_of_what_developers_have_and_the_same_versions() -> None:
    def pinned(name: str) -> set[str]:
        return {line.split()[0] for line in (ROOT / name).read_text("utf-8").splitlines() if line[:1].isalnum()}

    demo, developers = pinned("requirements-demo.txt"), pinned("requirements-dev.txt")
    assert pinned("requirements.txt") < demo < developers
    assert not {line.partition("==")[0] for line in demo} & {"pytest", "mypy", "ruff", "playwright", "hypothesis"}
