"""The Bicep sources compile without a word, and the committed template is what they compile to."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.infra.template.deployment import deploy
from tests.infra.template.expressions import GROUP, SUBSCRIPTION, TENANT
from tests.infra.template.files import BICEP_FILES, INFRA, PACKAGE, ROOT, bicep, template

GAPS = {"infra/modules/app.bicep": ["BCP187"]}
"""Warnings switched off in a file, each at one line and with its reason there: gaps of the published types."""


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}  # the machine may have no ICU library
    return subprocess.run(  # noqa: S603 - the compiler, on our own sources
        [bicep(), *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def without_generator(value: Any) -> Any:
    """Leave out which compiler it was, and the checksum that it made of its own output."""
    if isinstance(value, dict):
        return {key: without_generator(inner) for key, inner in value.items() if key != "_generator"}
    return [without_generator(inner) for inner in value] if isinstance(value, list) else value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(INFRA, tmp_path / "infra"))


@pytest.mark.parametrize("command", ["build", "lint"])
def test_every_source_compiles_and_the_linter_says_nothing(command: str, folder: Path) -> None:
    done = run(command, "--pattern", "**/*.bicep", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_source_is_formatted(folder: Path) -> None:
    assert run("format", "--pattern", "**/*.bicep", cwd=folder).returncode == 0
    for path in BICEP_FILES:
        assert (folder.parent / path).read_text("utf-8") == (ROOT / path).read_text("utf-8"), path


def test_the_linter_would_say_something(tmp_path: Path) -> None:
    (tmp_path / "bicepconfig.json").write_text((INFRA / "bicepconfig.json").read_text("utf-8"), "utf-8")
    (tmp_path / "main.bicep").write_text(
        "param unused string\noutput location string = resourceGroup().location\n", "utf-8"
    )
    linted = run("lint", "main.bicep", cwd=tmp_path)
    assert linted.returncode == 1
    assert "no-unused-params" in linted.stdout + linted.stderr
    assert "Error no-loc-expr-outside-params" in linted.stdout + linted.stderr


def test_the_committed_template_is_what_the_sources_compile_to() -> None:
    compiled = json.loads(run("build", "--stdout", "infra/main.bicep").stdout)
    assert without_generator(template()) == without_generator(compiled), (
        "run: bicep build infra/main.bicep --outfile infra/azuredeploy.json"
    )


@pytest.mark.parametrize("path", BICEP_FILES)
def test_only_known_gaps_are_switched_off_each_at_one_line(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    assert re.findall(r"#disable-next-line (\S+)", text) == GAPS.get(path, [])
    assert "#disable-diagnostics" not in text


def test_what_is_evaluated_here_agrees_with_what_the_compiler_predicts(tmp_path: Path) -> None:
    """Compare what this folder's evaluation finds with the compiler's own prediction, wherever that is a value."""
    source = os.path.relpath(INFRA / "main.bicep", tmp_path)
    ranges = ["203.0.113.7", "2001:db8::/32"]
    (tmp_path / "main.bicepparam").write_text(
        f"using '{source}'\nparam alertEmail = 'it@contoso.com'\nparam customerName = 'Contoso'\n"
        f"param packageUri = '{PACKAGE}'\n"
        f"param allowedAddresses = {json.dumps(ranges).replace(chr(34), chr(39))}\n",
        "utf-8",
    )
    place = ("--subscription-id", SUBSCRIPTION, "--resource-group", GROUP, "--tenant-id", TENANT)
    done = run("snapshot", "main.bicepparam", "--mode", "overwrite", *place, "--location", "westeurope", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    predicted = json.loads((tmp_path / "main.snapshot.json").read_text("utf-8"))["predictedResources"]
    ours = deploy(template(), customerName="Contoso", allowedAddresses=ranges)
    theirs = {(one["type"], _plain(one["name"])): one for one in predicted if not one["name"].startswith("[")}
    found = {(one.kind, _plain(one.name)): one for one in ours.resources if one.kind in {kind for kind, _ in theirs}}
    assert set(found) == set(theirs)
    assert len(ours.resources) == len(predicted)
    for key, one in found.items():
        expected, evaluated = _comparable(theirs[key].get("properties")), _comparable(one.body.get("properties"))
        assert _agree(evaluated, expected), (key, evaluated, expected)


def _plain(text: str) -> str:
    """Return a text without what differs: uniqueString's 13 characters, and the ids that guid makes (version 5)."""
    text = re.sub(r"\b[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b", "guid", text)
    return re.sub(r"(utmmail-?|utmstore)[a-z0-9]{13}", r"\1…", text)


def _agree(ours: Any, theirs: Any) -> bool:
    """Return whether what is evaluated here is what the compiler predicts, where it does; a secret is never known."""
    if theirs == "?" or (ours == "?" and theirs is None):
        return True
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return all(_agree(ours.get(key), theirs.get(key)) for key in ours.keys() | theirs.keys())
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(_agree, ours, theirs))
    return bool(ours == theirs)


def _comparable(value: Any) -> Any:
    """Return a value without nothing, which is not sent; ``?`` for what only a deployment can know."""
    if isinstance(value, dict):
        inner = {_plain(key): _comparable(one) for key, one in value.items()}
        return {key: one for key, one in inner.items() if one is not None}
    if isinstance(value, list):
        return [_comparable(one) for one in value]
    if isinstance(value, str):
        return "?" if value.startswith("[") or "<Microsoft." in value else _plain(value)
    return value
