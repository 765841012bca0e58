"""``make policy``: what checkov finds in the template is what ``infra/policy/accepted.yaml`` gives reasons for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "infra/azuredeploy.json"
ACCEPTED = ROOT / "infra/policy/accepted.yaml"
CHECKOV = ROOT / ".venv-policy/bin/checkov"
"""In an environment of its own: it pins other versions of our libraries."""
Findings = dict[tuple[str, str], str]
"""Resource type and check, with what the check says."""


def accepted() -> Findings:
    """Return what is accepted, with its reason."""
    document: dict[str, dict[str, str]] = yaml.safe_load(ACCEPTED.read_text("utf-8"))
    return {(kind, check): reason for kind, checks in document.items() for check, reason in checks.items()}


def findings(template: Path = TEMPLATE) -> Findings:
    """Return what checkov finds in a compiled template. It needs no network.

    Raises:
        RuntimeError: checkov could not read the template.
    """
    command = [CHECKOV, "-f", template, "--framework", "arm", "--skip-download", "--quiet", "--compact", "-o", "json"]
    environment = {**os.environ, "BC_SKIP_MAPPING": "TRUE", "LOG_LEVEL": "ERROR"}
    done = subprocess.run(  # noqa: S603 - our own pinned tool on our own file
        list(map(str, command)), capture_output=True, text=True, check=False, env=environment
    )
    report: dict[str, Any] = json.loads(done.stdout or "{}")
    if "results" not in report or report["summary"]["parsing_errors"] or not report["summary"]["resource_count"]:
        raise RuntimeError(f"checkov could not read {template.name}: {done.stderr[-2000:]}")
    return {
        (check["resource"].partition(".[")[0], check["check_id"]): check["check_name"]
        for check in report["results"]["failed_checks"]
    }


def main() -> int:
    """Print what is new and what no longer occurs; return 0 where there is neither."""
    found, reasons = findings(), accepted()
    for kind, check in sorted(found.keys() - reasons.keys()):
        sys.stdout.write(f"NEW       {kind} {check}: {found[kind, check]}\n")
    for kind, check in sorted(reasons.keys() - found.keys()):
        sys.stdout.write(f"GONE      {kind} {check}: no longer found; take it out of {ACCEPTED.relative_to(ROOT)}\n")
    if found.keys() == reasons.keys():
        sys.stdout.write(f"{len(found)} findings, each accepted with its reason in {ACCEPTED.relative_to(ROOT)}\n")
    return int(found.keys() != reasons.keys())


if __name__ == "__main__":
    sys.exit(main())
