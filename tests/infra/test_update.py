"""update.sh deploys the code and nothing else, after comparing its checksum, and can go back."""

from __future__ import annotations

import hashlib
import json
import tomllib

import pytest

from tests.infra.shell import APP, HERE, ROOT, Shell

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NAME, RELEASES = PROJECT["name"], f"{PROJECT['urls']['Repository']}/releases"


def publish(shell: Shell, *versions: str, releases: str = RELEASES, spoil: bool = False) -> None:
    """Put releases where the stand-in finds them; the last one is the newest."""
    for version in versions:
        package, sums = f"{NAME}-{version}.zip", shell.folder / f"SHA256SUMS-{version}"
        content = f"package {version} \x00\r\n".encode()
        (shell.folder / package).write_bytes(content + b"!" * spoil)
        lines = [(hashlib.sha256(b"bill").hexdigest(), f"{NAME}-{version}.sbom.cdx.json")]
        lines.append((hashlib.sha256(content).hexdigest(), package))
        sums.write_text("".join(f"{digest}  {name}\n" for digest, name in lines), "ascii")
        for folder in (f"{releases}/download/v{version}", f"{releases}/latest/download"):
            shell.world["files"][f"{folder}/{package}"] = str(shell.folder / package)
            shell.world["files"][f"{folder}/SHA256SUMS"] = str(sums)


def deployed_by_the_button(shell: Shell, version: str) -> None:
    uri = {"type": "String", "value": f"{RELEASES}/download/v{version}/{NAME}-{version}.zip"}
    properties = {"provisioningState": "Succeeded", "timestamp": "2026-11-01T00:00:00Z"}
    for name in ("Microsoft.Template-20261101", "utm-mail-connect-app"):
        shell.world["deployments"].append(
            {"name": name, "properties": {**properties, "parameters": {"packageUri": uri}}}
        )
    shell.world["deployments"].append(
        {"name": "utm-mail-connect-vault", "properties": {**properties, "parameters": None}}
    )


@pytest.fixture
def running(shell: Shell) -> Shell:
    """Return a world in which 0.1.0 runs and 0.2.0 is the newest release."""
    publish(shell, "0.1.0", "0.2.0")
    deployed_by_the_button(shell, "0.1.0")
    shell.world["apps"][APP]["settings"]["CONNECTOR_GRANTED"] = "2026-11-24T02:00:00Z"
    return shell


def test_the_newest_release_is_deployed_and_waited_for(running: Shell) -> None:
    ended = running.run("update.sh", *HERE)
    assert (ended.code, ended.err) == (0, "")
    assert running.world["apps"][APP]["version"] == "0.2.0"
    assert "version 0.1.0 now, 0.2.0 is asked for" in ended.out
    assert "0.2.0 is running" in ended.out
    assert (running.folder / "sleeps").read_text().split() == ["5", "5"]


def test_an_az_that_flattens_its_answer_is_understood_too(running: Shell) -> None:
    running.world["trouble"] = {"flattening_az": True}
    assert running.run("update.sh", *HERE).code == 0


def test_nothing_but_the_code_is_touched(running: Shell) -> None:
    before = running.tenant
    running.run("update.sh", *HERE)
    after = running.tenant
    assert running.writes == ["deployment group create"]
    for part in ("version", "before"):
        before["apps"][APP].pop(part), after["apps"][APP].pop(part)
    assert {**before, "deployments": None} == {**after, "deployments": None}


def test_a_second_update_changes_nothing(running: Shell) -> None:
    running.run("update.sh", *HERE)
    ended = running.run("update.sh", *HERE)
    assert (ended.code, running.writes) == (0, [])
    assert "nothing was changed" in ended.out


def test_what_if_shows_the_version_and_writes_nothing(running: Shell) -> None:
    ended = running.run("update.sh", *HERE, "--what-if")
    assert (ended.code, running.writes) == (0, [])
    assert "0.2.0 is asked for" in ended.out


def test_a_newer_version_than_the_newest_release_is_left_alone(running: Shell) -> None:
    running.world["apps"][APP]["version"] = "0.10.0"
    ended = running.run("update.sh", *HERE)
    assert (ended.code, running.writes) == (0, [])


def test_a_package_with_another_checksum_is_refused(running: Shell) -> None:
    publish(running, "0.3.0", spoil=True)
    ended = running.run("update.sh", *HERE)
    assert (ended.code, running.writes) == (1, [])
    assert f"checksum of {RELEASES}/download/v0.3.0/{NAME}-0.3.0.zip" in ended.err


@pytest.mark.parametrize("missing", ["SHA256SUMS", f"{NAME}-0.2.0.zip"])
def test_what_cannot_be_fetched_is_named(running: Shell, missing: str) -> None:
    running.world["files"] = {name: file for name, file in running.world["files"].items() if not name.endswith(missing)}
    ended = running.run("update.sh", *HERE)
    assert (ended.code, running.writes) == (1, [])
    assert missing in ended.err


def test_it_goes_back_one_version_and_forward_again(running: Shell) -> None:
    running.run("update.sh", *HERE)
    assert running.run("update.sh", *HERE, "--back").code == 0
    assert running.world["apps"][APP]["version"] == "0.1.0"
    assert running.run("update.sh", *HERE, "--back").code == 0
    assert running.world["apps"][APP]["version"] == "0.2.0"


def test_without_an_earlier_package_there_is_no_way_back(running: Shell) -> None:
    ended = running.run("update.sh", *HERE, "--back")
    assert (ended.code, running.writes) == (1, [])
    assert "no earlier package" in ended.err


def test_going_back_compares_the_checksum_too(running: Shell) -> None:
    running.run("update.sh", *HERE)
    publish(running, "0.1.0", spoil=True)
    ended = running.run("update.sh", *HERE, "--back")
    assert (ended.code, running.writes) == (1, [])


def test_a_version_that_never_reports_itself_is_a_failure_that_names_the_way_back(running: Shell) -> None:
    running.world["trouble"] = {"broken_package": True}
    ended = running.run("update.sh", *HERE)
    assert ended.code == 1
    assert "health reports 0.1.0" in ended.err
    assert "--back" in ended.err


def test_an_app_that_does_not_answer_may_be_mended_by_an_update(running: Shell) -> None:
    running.world["trouble"] = {"app_unreachable": True}
    ended = running.run("update.sh", *HERE)
    assert running.writes == ["deployment group create"]
    assert (ended.code, "health reports ?" in ended.err) == (1, True)


@pytest.mark.parametrize(
    ("roles", "named"), [(["Reader"], "Website Contributor"), (["Website Contributor"], "Contributor")]
)
def test_a_missing_right_names_the_role(running: Shell, roles: list[str], named: str) -> None:
    running.world["account"]["roles"] = roles
    ended = running.run("update.sh", *HERE)
    assert (ended.code, running.world["deployments"][-1]["name"]) == (3, "utm-mail-connect-vault")
    assert f"the Azure role {named} on" in ended.err


def test_a_copy_of_the_releases_can_be_used(running: Shell) -> None:
    publish(running, "0.4.0", releases="https://mirror.example/utm")
    assert running.run("update.sh", *HERE, "--releases", "https://mirror.example/utm/").code == 0
    assert running.world["apps"][APP]["version"] == "0.4.0"


@pytest.mark.parametrize("arguments", [(), HERE[:2], (*HERE, "--version", "1"), (*HERE, "--releases", "http://x")])
def test_a_wrong_option_is_refused(running: Shell, arguments: tuple[str, ...]) -> None:
    assert running.run("update.sh", *arguments).code == 2
    assert running.world["calls"] == []


def test_the_template_deploys_the_code_as_the_main_one_does() -> None:
    script = (ROOT / "infra" / "update.sh").read_text("utf-8")
    (resource,) = json.loads(script.partition("<<'JSON'\n")[2].partition("\nJSON\n")[0])["resources"]
    modules = ROOT / "infra" / "modules" / "app.bicep"
    if modules.exists():
        assert f"'{resource['type']}@{resource['apiVersion']}'" in modules.read_text("utf-8")
    assert set(resource["properties"]) == {"packageUri", "remoteBuild"}


def test_no_key_of_the_app_is_shown(running: Shell) -> None:
    ended = running.run("update.sh", *HERE)
    assert "key-of-" not in ended.out + ended.err
