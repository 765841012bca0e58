"""``make leaks``: no committed file holds a secret, but for what ``scripts/leaks.yaml`` gives reasons for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
ACCEPTED = ROOT / "scripts/leaks.yaml"
CHECKOV = ROOT / ".venv-policy/bin/checkov"
"""It looks for keys and for texts that are too random; pinned with hashes in infra/policy."""
ENTRA = re.compile(rb"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])")
"""A client secret of Entra, which checkov does not know: three characters, a digit, ``Q~``, at most 40 in all."""
Leaks = set[tuple[str, str]]
"""Path and what it is."""


def accepted() -> dict[tuple[str, str], str]:
    """Return what is accepted, with its reason."""
    document: dict[str, dict[str, str]] = yaml.safe_load(ACCEPTED.read_text("utf-8"))
    return {(path, kind): reason for path, kinds in document.items() for kind, reason in kinds.items()}


def committed(root: Path) -> list[str]:
    """Return the paths that git keeps."""
    git = shutil.which("git") or "git"
    listed = subprocess.run(  # noqa: S603 - our own call
        [git, "-C", str(root), "ls-files", "-z"], capture_output=True, text=True, check=True
    )
    return [path for path in listed.stdout.split("\0") if path and (root / path).is_file()]


def leaks(root: Path, paths: list[str]) -> Leaks:
    """Return what looks like a secret in these files below ``root``. It needs no network, and shows no value.

    Raises:
        RuntimeError: checkov could not look.
    """
    entra = {(path, "Entra client secret") for path in paths if ENTRA.search((root / path).read_bytes())}
    command = [CHECKOV, "--framework", "secrets", "--enable-secret-scan-all-files", "--skip-download", "--quiet"]
    command += ["--compact", "-o", "json", "-f", *paths]
    environment = {**os.environ, "BC_SKIP_MAPPING": "TRUE", "LOG_LEVEL": "ERROR"}
    done = subprocess.run(  # noqa: S603 - our own pinned tool on our own files
        list(map(str, command)), cwd=root, capture_output=True, text=True, check=False, env=environment
    )
    report: dict[str, Any] = json.loads(done.stdout or "{}")
    if "checkov_version" not in report.get("summary", report):
        raise RuntimeError(f"checkov could not look: {done.stderr[-2000:]}")
    failed = report.get("results", {}).get("failed_checks", [])
    found = {(check["file_path"].lstrip("/"), check["check_name"]) for check in failed}
    return entra | {(path, kind) for path, kind in found if path in set(paths)}


def main() -> int:
    """Print what is new and what no longer occurs; return 0 where there is neither."""
    found, reasons = leaks(ROOT, committed(ROOT)), accepted()
    for path, kind in sorted(found - reasons.keys()):
        sys.stdout.write(f"NEW       {path}: {kind}\n")
    for path, kind in sorted(reasons.keys() - found):
        sys.stdout.write(f"GONE      {path}: {kind}; take it out of {ACCEPTED.relative_to(ROOT)}\n")
    return int(found != reasons.keys())


if __name__ == "__main__":
    sys.exit(main())
