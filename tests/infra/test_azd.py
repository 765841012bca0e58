"""What ``azd up`` runs around the deployment, in a real shell: it puts the package in, and asks about rights."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PACKAGE = "utm-mail-connect-0.1.0.zip"
OUTPUTS = {
    "AZURE_SUBSCRIPTION_ID": "33333333-3333-4000-8000-333333333333",
    "AZURE_RESOURCE_GROUP": "rg-mail",
    "APP_NAME": "utmmail-abc123def4567",
    "PRINCIPAL_ID": "22222222-2222-4000-8000-222222222222",
    "TENANT_ID": "11111111-1111-4000-8000-111111111111",
}


PUT = "functionapp deployment source config-zip --resource-group rg-mail --name {APP_NAME} --src".format(**OUTPUTS)
AZ = """echo "$@" >>az-calls
case $1:$(cat refusals 2>/dev/null) in functionapp:?*) cut -c2- refusals >fewer && mv fewer refusals; exit 1 ;; esac
"""


def clone(folder: Path, *packages: str, refusals: int = 0) -> Path:
    """Make a clone with these packages, whose az refuses so many times to take one."""
    (folder / "infra/azd").mkdir(parents=True)
    (folder / "infra/grant.sh").write_text('printf "%s\\n" "$@"\n', "utf-8")
    shutil.copy(ROOT / "infra/azd/package.sh", folder / "infra/azd")
    (folder / "dist").mkdir()
    for package in packages:
        (folder / "dist" / package).touch()
    (folder / "refusals").write_text("x" * refusals, "utf-8")
    for name, lines in (("az", AZ), ("sleep", "")):
        (folder / name).write_text(f"#!/bin/sh\n{lines}", "utf-8")
        (folder / name).chmod(0o755)
    return folder


def run(folder: Path, name: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a hook as azd does, without a terminal."""
    hook = yaml.safe_load((ROOT / "azure.yaml").read_text("utf-8"))["hooks"][name]
    return subprocess.run(  # noqa: S603 - our own hook
        [f"/bin/{hook['shell']}", "-c", hook["run"]],
        cwd=folder,
        env={"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", **OUTPUTS, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def ran(folder: Path, **environment: str) -> list[str]:
    """Return what the hook hands to the grant script."""
    done = run(clone(folder, PACKAGE), "postprovision", **environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def put(folder: Path) -> list[str]:
    """Return the packages that az was handed."""
    calls = (folder / "az-calls").read_text("utf-8").splitlines()
    return [call.removeprefix(PUT).split()[0] for call in calls if call.startswith(PUT)]


def test_the_package_of_the_clone_is_put_into_the_app_before_the_rights_are_asked_for(tmp_path: Path) -> None:
    assert run(clone(tmp_path, PACKAGE), "preprovision").returncode == 0
    assert not (tmp_path / "az-calls").exists()
    done = run(tmp_path, "postprovision")
    assert (done.returncode, done.stdout != "", put(tmp_path)) == (0, True, [f"dist/{PACKAGE}"])


def test_without_a_package_nothing_is_deployed(tmp_path: Path) -> None:
    done = run(clone(tmp_path), "preprovision")
    assert done.returncode == 1
    assert "make package" in done.stderr


def test_where_a_release_is_named_the_template_fetches_it(tmp_path: Path) -> None:
    released = {"PACKAGE_URI": "https://files.contoso.example/utm-mail-connect-0.1.0.zip"}
    for name in ("preprovision", "postprovision"):
        assert run(tmp_path if name != "preprovision" else clone(tmp_path), name, **released).returncode == 0
    assert put(tmp_path) == []
    asked = json.loads((ROOT / "infra/azd/main.parameters.json").read_text("utf-8"))["parameters"]
    assert asked["packageUri"] == {"value": "${PACKAGE_URI=}"}


@pytest.mark.parametrize(("refusals", "code"), [(4, 0), (5, 1)])
def test_a_role_that_has_not_arrived_is_waited_for_and_not_for_ever(refusals: int, code: int, tmp_path: Path) -> None:
    done = run(clone(tmp_path, PACKAGE, refusals=refusals), "postprovision")
    assert (done.returncode, len(put(tmp_path)), done.stdout != "") == (code, 5, code == 0)


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
