"""Put the package together and write it, its bill of materials, the administrator's scripts, and all checksums."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.package.archive import tarred, zipped
from scripts.package.bytecode import bytecode, interpreter
from scripts.package.contents import app_files, script_files, wheel_files
from scripts.package.lock import AZURE, Target, pins
from scripts.package.materials import bill
from scripts.package.modules import ModuleList
from scripts.package.wheels import PackageError, wheels

LIMIT = 25_000_000
"""Bytes: what a person waits for, and what a cold start unpacks."""
BILL = "sbom.cdx.json"


@dataclass(frozen=True, slots=True)
class Package:
    """What was written."""

    archive: Path
    bill: Path
    scripts: Path
    checksums: Path
    compiled: bool
    """Whether it holds bytecode: only an interpreter of the target's version can write it."""


def build(root: Path, target: Target = AZURE, *, out: Path | None = None, cache: Path | None = None) -> Package:
    """Build the package of the sources below ``root``; by default into ``dist``, with wheels kept in ``build/wheels``.

    Raises:
        PackageError: with the reason, and what to do.
    """
    project: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    modules = ModuleList.read()
    fetched = wheels(pins(root / "requirements.txt", target), target, cache or root / "build" / "wheels")
    vendored = [json.loads(file.read_text("utf-8")) for file in sorted((root / "web" / "vendor").glob("*.json"))]
    materials = bill(project, fetched, target.environment, modules, vendored)
    files = {**app_files(root), **wheel_files(fetched, modules), BILL: materials}
    content = zipped(files)
    if len(content) > LIMIT:
        raise PackageError(f"the package has {len(content):,} bytes; at most {LIMIT:,} are allowed")
    python = interpreter(target)
    compiled = {} if python is None else bytecode(files, python, LIMIT - len(content))
    if compiled:
        content = zipped({**files, **compiled})
    folder = out or root / "dist"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{project['name']}-{project['version']}"
    scripts = folder / f"{project['name']}-scripts-{project['version']}.tar.gz"
    package = Package(folder / f"{name}.zip", folder / f"{name}.{BILL}", scripts, folder / "SHA256SUMS", bool(compiled))
    package.archive.write_bytes(content)
    package.bill.write_bytes(materials)
    package.scripts.write_bytes(_scripts(root, name))
    written = (package.archive, package.bill, package.scripts)
    sums = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}" for file in written)
    package.checksums.write_text("\n".join(sums) + "\n", "ascii")
    return package


def _scripts(root: Path, folder: str) -> bytes:
    """Return the archive of the scripts, which unpacks into one folder."""
    files = {f"{folder}/{path}": content for path, content in script_files(root).items()}
    return tarred(files, executable=[path for path in files if Path(path).match(f"{folder}/infra/*.sh")])
