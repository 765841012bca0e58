"""What ``azd up`` runs after the deployment, in a real shell: it asks, or says beforehand that it may not ask."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
OUTPUTS = {
    "AZURE_SUBSCRIPTION_ID": "33333333-3333-4000-8000-333333333333",
    "AZURE_RESOURCE_GROUP": "rg-mail",
    "APP_NAME": "utmmail-abc123def4567",
    "PRINCIPAL_ID": "22222222-2222-4000-8000-222222222222",
    "TENANT_ID": "11111111-1111-4000-8000-111111111111",
}


def ran(folder: Path, **environment: str) -> list[str]:
    """Return what the hook hands to the grant script, run without a terminal."""
    (folder / "infra").mkdir()
    (folder / "infra/grant.sh").write_text('printf "%s\\n" "$@"\n', "utf-8")
    az = folder / "az"
    az.write_text("#!/bin/sh\n", "utf-8")
    az.chmod(0o755)
    hook = yaml.safe_load((ROOT / "azure.yaml").read_text("utf-8"))["hooks"]["postprovision"]
    done = subprocess.run(  # noqa: S603 - our own hook
        [f"/bin/{hook['shell']}", "-c", hook["run"]],
        cwd=folder,
        env={"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", **OUTPUTS, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("said", [None, "", "false"])
def test_where_nobody_can_answer_the_rights_are_only_shown(said: str | None, tmp_path: Path) -> None:
    environment = {} if said is None else {"GRANT_YES": said}
    arguments = ran(tmp_path, **environment)
    assert arguments[-1] == "--what-if"
    assert arguments[:4] == ["--resource-group", "rg-mail", "--app", "utmmail-abc123def4567"]


def test_who_has_said_yes_beforehand_is_not_asked(tmp_path: Path) -> None:
    assert ran(tmp_path, GRANT_YES="true")[-1] == "--yes"


@pytest.mark.parametrize(("said", "parts"), [(None, 0), ("", 0), ("false", 0), ("true", 1)])
def test_people_are_let_in_where_that_is_wanted(said: str | None, parts: int, tmp_path: Path) -> None:
    environment = {"GRANT_YES": "true"} | ({} if said is None else {"SIGN_IN": said})
    arguments = ran(tmp_path, **environment)
    assert arguments.count("sign-in") == arguments.count("--part") == parts
    assert arguments.count("--yes") == 1 + parts
