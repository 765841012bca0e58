"""Three persons, three parts: each part alone, and the ready command for the next person."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from scripts.package.contents import script_files
from tests.infra.shell import GROUP, HERE, IDS, ROOT, TENANT, Shell

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NAME, VERSION, REPOSITORY = PROJECT["name"], PROJECT["version"], PROJECT["urls"]["Repository"]
RELEASE, SCRIPTS = f"{REPOSITORY}/releases/download/v{VERSION}", f"{NAME}-scripts-{VERSION}.tar.gz"
FETCH = (
    f"curl -fsSL -O {RELEASE}/{SCRIPTS} -O {RELEASE}/SHA256SUMS && sha256sum --check --ignore-missing SHA256SUMS "
    f"&& tar xzf {SCRIPTS} && bash {NAME}-{VERSION}/infra/grant.sh"
)
ENTRA, EXCHANGE, AZURE = ["Privileged Role Administrator"], ["Exchange Administrator"], ["Website Contributor"]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return a shell for the scripts as a release brings them."""
    for name, content in script_files(ROOT).items():
        path = tmp_path / NAME / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Shell(tmp_path, scripts=tmp_path / NAME / "infra")


def test_from_a_clone_the_next_person_is_given_no_address_of_a_release(tmp_path: Path) -> None:
    out = run_as(Shell(tmp_path), ENTRA, *IDS, *HERE, "--part", "entra", "--yes")
    assert len(re.findall(r"^    bash infra/grant\.sh --", out, re.MULTILINE)) == 2
    assert REPOSITORY not in out


def commands(text: str) -> dict[str, list[str]]:
    """Return the commands that a run printed for the next persons, by their part."""
    lines = re.findall(rf"^    {re.escape(FETCH)} (.*)$", text, re.MULTILINE)
    found = [shlex.split(line) for line in lines]
    return {line[line.index("--part") + 1]: line for line in found}


def run_as(shell: Shell, roles: list[str], *arguments: str) -> str:
    shell.world["account"]["roles"] = roles
    ended = shell.run("grant.sh", *arguments)
    assert (ended.code, ended.err) == (0, "")
    return ended.out


def test_each_person_pastes_what_the_one_before_was_given(shell: Shell) -> None:
    after_entra = commands(run_as(shell, ENTRA, *IDS, *HERE, "--part", "entra", "--profile", "careful", "--yes"))
    assert shell.rights == ["Application.ReadWrite.OwnedBy", "Exchange.ManageAsApp", "Policy.Read.All"]
    assert shell.granted is None
    after_exchange = commands(run_as(shell, EXCHANGE, *after_entra["exchange"]))
    assert shell.writes == []
    assert after_exchange["azure"] == after_entra["azure"]
    out = run_as(shell, AZURE, *after_exchange["azure"], "--yes")
    assert shell.granted == after_entra["azure"][after_entra["azure"].index("--granted") + 1]
    assert commands(out) == {}
    assert [call["words"] for call in shell.world["calls"] if call["words"] == "rest"] == []


@pytest.mark.parametrize("profile", ["automatic", "minimal"])
def test_without_work_in_exchange_the_azure_part_is_next(shell: Shell, profile: str) -> None:
    out = run_as(shell, ENTRA, *IDS, *HERE, "--part", "entra", "--profile", profile, "--yes")
    assert commands(out).keys() == {"azure"}
    assert "Exchange Online: nothing to do" not in out


def test_the_entra_part_needs_no_subscription(shell: Shell) -> None:
    run_as(shell, ENTRA, *IDS, "--part", "entra", "--yes")
    words = {call["words"] for call in shell.world["calls"]}
    assert words == {"account show", "cloud show", "rest"}


def test_with_the_ids_alone_it_says_where_the_other_names_stand(shell: Shell) -> None:
    out = run_as(shell, ENTRA, *IDS, "--yes")
    assert "stand in the output of the deployment" in out
    assert commands(out)["azure"][-6:-4] == ["--app", "APP"]
    assert shell.granted is None


def test_the_azure_part_alone_reads_the_assignments_back_first(shell: Shell) -> None:
    ended = shell.run("grant.sh", *HERE, "--part", "azure", "--yes")
    assert ended.code == 1
    assert "not there yet: Application.ReadWrite.OwnedBy, Policy.Read.All, Exchange.ManageAsApp" in ended.err
    assert shell.writes == []
    run_as(shell, ENTRA, *IDS, "--part", "entra", "--yes")
    run_as(shell, AZURE, *HERE, "--part", "azure", "--yes")
    assert shell.granted is not None
    assert shell.writes == ["functionapp config appsettings set"]
    run_as(shell, AZURE, *HERE, "--part", "azure", "--yes")
    assert shell.writes == []


def test_the_azure_part_takes_the_time_without_asking_entra(shell: Shell) -> None:
    run_as(shell, AZURE, *HERE, "--part", "azure", "--granted", "2026-11-24T03:00:05Z", "--yes")
    assert shell.granted == "2026-11-24T03:00:05Z"


def test_a_part_that_breaks_off_is_finished_by_the_next_run(shell: Shell) -> None:
    shell.world["trouble"] = {"fail_at": 2, "after_effect": True}
    assert shell.run("grant.sh", *IDS, "--part", "entra", "--yes").code == 1
    shell.world["trouble"] = {}
    run_as(shell, ENTRA, *IDS, "--part", "entra", "--yes")
    assert len(shell.rights) == 3


@pytest.mark.parametrize("part", ["entra", "exchange", "azure"])
def test_what_if_of_a_part_writes_nothing(shell: Shell, part: str) -> None:
    if part == "azure":
        run_as(shell, ENTRA, *IDS, "--part", "entra", "--yes")
    before = shell.tenant
    run_as(shell, ["Reader", "Website Contributor"], *HERE, "--part", part, "--what-if")
    assert (shell.tenant, shell.writes) == (before, [])


def test_it_says_that_a_later_change_may_take_a_day(shell: Shell) -> None:
    assert "only after 24 hours" in run_as(shell, [*ENTRA, *AZURE], *HERE, "--yes")


@pytest.mark.parametrize("group", ["rg (mail)", "rg(prod)", "it's $x `id`", "’Büro‘"])
def test_any_name_survives_being_pasted(shell: Shell, group: str) -> None:
    shell.world["groups"] = {group: shell.world["groups"][GROUP]}
    arguments = (*IDS, "--resource-group", group, "--app", HERE[3])
    out = run_as(shell, ENTRA, *arguments, "--part", "entra", "--yes")
    azure = commands(out)["azure"]
    assert azure[azure.index("--resource-group") + 1] == group
    run_as(shell, AZURE, *azure, "--yes")
    assert shell.granted is not None
    assert f"az login --tenant {TENANT}" in out
