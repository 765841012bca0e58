"""Where the files of the deployment are, and what is needed beside the repository to check them."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
INFRA = ROOT / "infra"
TEMPLATE = INFRA / "azuredeploy.json"
FORM = INFRA / "createUiDefinition.json"
BICEP_FILES = sorted(path.relative_to(ROOT).as_posix() for path in INFRA.rglob("*.bicep"))


def template() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(TEMPLATE.read_text("utf-8"))
    return found


def form() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FORM.read_text("utf-8"))
    return found


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return found


PACKAGE = "{0[urls][Repository]}/releases/download/v{0[version]}/{0[name]}-{0[version]}.zip".format(project())


def shared(*parts: str) -> Path:
    """Return a path in the folder beside the repository with schemas and compiler; skip where it is absent."""
    folder = Path(os.environ.get("SHARED", ROOT.parent / "shared"))
    found = folder.joinpath(*parts)
    if not found.exists():
        pytest.skip(f"NOT CHECKED: there is no {'/'.join(parts)} in a folder 'shared' beside the repository")
    return found


def bicep() -> str:
    """Return the Bicep compiler: the one on the path, or the one beside the repository."""
    return shutil.which("bicep") or str(shared("tools", "bicep"))
