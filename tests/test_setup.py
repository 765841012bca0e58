"""The set-up says what is missing on a machine."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
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


PYTHON = """#!/bin/sh
case "$2" in
venv) echo trace of venv >&2; mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; {venv} ;;
pip) echo trace of pip >&2; {pip} ;;
esac
[ "$1" = --version ] && echo Python 3.12.0
exit 0
"""
"""A Python that says that it fits, and then does as it is told."""


def set_up(folder: Path, **acts: str) -> subprocess.Popen[str]:
    python = folder / "python3"
    python.write_text(PYTHON.format(**{"venv": ":", "pip": ":", **acts}), "ascii")
    python.chmod(0o755)
    return subprocess.Popen(  # noqa: S603 - our own script
        # What was started in the background ignores Ctrl-C, and so would what it starts.
        [
            "/usr/bin/env",
            "--default-signal=INT",
            "bash",
            "scripts/setup",
            str(folder / "venv"),
            "requirements-demo.txt",
        ],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(python), "LANG": "de_DE.UTF-8"},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("acting", ["venv", "pip"])
def test_ctrl_c_while_it_installs_is_a_sentence_and_the_next_call_begins_anew(acting: str, tmp_path: Path) -> None:
    with set_up(tmp_path, **{acting: "echo on; sleep 30"}) as process:
        assert process.stderr is not None
        assert "eingerichtet" in process.stderr.readline()
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert (process.returncode, "trace" in said, "Abgebrochen" in said) == (130, False, True)
    assert not (tmp_path / "venv" / ".ready").exists()


@pytest.mark.parametrize("acting", ["venv", "pip"])
def test_what_venv_or_pip_complains_of_is_shown_where_it_fails(acting: str, tmp_path: Path) -> None:
    with set_up(tmp_path, **{acting: "exit 1"}) as process:
        _, said = process.communicate(timeout=20)
    assert (process.returncode, f"trace of {acting}" in said) == (1, True)
    assert not (tmp_path / "venv" / ".ready").exists()


def test_the_demo_installs_a_part_of_what_developers_have_and_the_same_versions() -> None:
    def pinned(name: str) -> set[str]:
        return {line.split()[0] for line in (ROOT / name).read_text("utf-8").splitlines() if line[:1].isalnum()}

    demo, developers = pinned("requirements-demo.txt"), pinned("requirements-dev.txt")
    assert pinned("requirements.txt") < demo < developers
    assert not {line.partition("==")[0] for line in demo} & {"pytest", "mypy", "ruff", "playwright", "hypothesis"}


def test_what_builds_the_package_is_among_what_the_demo_installs() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "\npackage: $(TRIED)/.ready" in makefile
    pinned = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements-demo.txt").read_text("utf-8"), re.MULTILINE)
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "scripts/package").glob("*.py"))
    imported = set(re.findall(r"^(?:from|import) (\w+)", sources, re.MULTILINE))
    assert imported - sys.stdlib_module_names - {"local", "scripts"} == {"packaging"} <= set(pinned)
