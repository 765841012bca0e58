"""The scripts are clean, and their texts are equal in both languages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.shell import HERE, INFRA, Shell

SCRIPTS = sorted(INFRA.glob("*.sh"))
SOURCES = [*SCRIPTS, *sorted((INFRA / "grant").glob("*.sh"))]


def texts(language: str) -> dict[str, str]:
    content = (INFRA / "messages" / f"{language}.sh").read_text("utf-8")
    return dict(re.findall(r"^T_(\w+)='([^']*)'$", content, re.MULTILINE))


@pytest.mark.parametrize("path", [*SCRIPTS, INFRA / "azd" / "package.sh"], ids=lambda path: path.name)
def test_shellcheck_finds_nothing(path: Path) -> None:
    linter = shutil.which("shellcheck")
    if linter is None and os.environ.get("CI") != "true":
        pytest.skip("SKIPPED: shellcheck is not installed, so the scripts are not linted")
    assert linter is not None, "shellcheck is missing: .ci/run installs it"
    done = subprocess.run([linter, "-x", "-a", str(path)], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_executable_strict_and_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert os.access(path, os.X_OK)
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in text


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_file_is_longer_than_250_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 250


def test_both_languages_have_the_same_texts_with_the_same_values() -> None:
    german, english = texts("de"), texts("en")
    assert list(german) == list(english)
    for key, text in english.items():
        assert re.findall(r"%.|\{\d}", german[key]) == re.findall(r"%.|\{\d}", text), key
        assert set(re.findall(r"%.", text)) <= {"%s", "%%"}, key


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    code = re.sub(r"^ *#.*$", "", "\n".join(path.read_text("utf-8") for path in SOURCES), flags=re.MULTILINE)
    templates = "\n".join(path.read_text("utf-8") for path in (INFRA / "grant").glob("*.ps1"))
    known = set(texts("en"))
    called = set(re.findall(r"\b(?:say|confirm) ([a-z_]+)", code))
    called |= set(re.findall(r"\bfail \"\$\w+\" ([a-z_]+)", code)) | set(re.findall(r"\b(role_[a-z_]+)\b", code))
    called -= {"role_for"}
    assert called <= known
    shaped = {
        key for key in known if key.startswith(("why_", "exchange_not_", "kind_", "on_", "sign_in_to_", "assignment_"))
    }
    shaped |= {key for key in known if key.startswith("exchange_") and key[9:10].isupper() and key[9:] in templates}
    assert known - called - shaped == set()


@pytest.mark.parametrize(
    ("locale", "word"), [("de_DE.UTF-8", "Erteilen? (j/n)"), ("de_AT", "Erteilen? (j/n)"), ("fr_FR", "Grant this?")]
)
def test_the_locale_decides_the_language(shell: Shell, locale: str, word: str) -> None:
    shell.locale = locale
    ended = shell.run("grant.sh", *HERE, "--profile", "minimal", answers="j\n")
    assert (ended.code, ended.err) == (0, "")
    assert word in ended.out


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
@pytest.mark.parametrize("locale", ["de_DE.UTF-8", "C"])
def test_help_names_every_option_that_the_script_takes(shell: Shell, path: Path, locale: str) -> None:
    shell.locale = locale
    ended = shell.run(path.name, "--help")
    assert (ended.code, ended.err, shell.world["calls"]) == (0, "", [])
    parsed = re.search(r"^parse\(\) \{\n(.*?)^\}", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert parsed
    taken = set(re.findall(r"(--[a-z-]+)(?= \||\))", parsed[1]))
    assert set(re.findall(r"(?<![\w-])--[a-z-]+", ended.out)) == taken
