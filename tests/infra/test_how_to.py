"""Every command that the how-to documents show is run, in their order, against the stand-in."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.docs.test_docs import blocks
from tests.infra import az
from tests.infra.shell import APP, GROUP, IDENTITY, ROOT, TENANT, Shell, application, enterprise
from tests.infra.test_grant import PROFILES
from tests.infra.test_grant_parts import REPOSITORY
from tests.infra.test_update import RELEASES, deployed_by_the_button, publish

DOCS = ROOT / "docs"
TUTORIAL, CLONE, AZD = "tutorial/from-button-to-utm", "how-to/from-a-clone", "how-to/azd"
NAMES = (TUTORIAL, CLONE, AZD, "how-to/grant-rights", "how-to/update-and-remove", "how-to/let-people-in")
DOCUMENTS = [DOCS / f"{name}{language}.md" for name in NAMES for language in ("", ".de")]
"""Both show the same commands, so those of the English ones alone are run."""
OUTPUTS = {
    "AZURE_SUBSCRIPTION_ID": "s",
    "AZURE_RESOURCE_GROUP": GROUP,
    "APP_NAME": APP,
    "PRINCIPAL_ID": IDENTITY,
    "TENANT_ID": TENANT,
}
"""What azd's hooks get of the deployment."""
ASKS_NO_PROFILE = {"--profile", "--revoke", "--consent", "--adopt", "exchange", "azure", "sign-in", "--assign"}
KEY, SP, APP_ID = (f"{digit * 8}-{digit * 4}-4000-8000-{digit * 12}" for digit in "ab9")


def commands(path: Path) -> list[list[str]]:
    """Return every command but those to the app itself, which tests/flow/test_tutorial.py runs."""
    text = re.sub(r"^ {3}", "", path.read_text("utf-8"), flags=re.MULTILINE)
    lines = [line for block in blocks(text, "sh") for line in block.replace("\\\n", " ").splitlines()]
    return [words for words in map(shlex.split, lines) if words and words[0] != "curl"]


def a_used_deployment(shell: Shell) -> None:
    """Two releases, and the connection that the documents name, consented to by nobody yet."""
    for releases in (RELEASES, "https://files.contoso.example/utm-mail-connect"):
        publish(shell, "0.1.0", "0.2.0", releases=releases)
    deployed_by_the_button(shell, "0.1.0")
    shell.world["servicePrincipals"].append(enterprise(SP, APP_ID, "hq"))
    shell.world["applications"].append(application(KEY, APP_ID, "hq"))
    shell.world["accounts"] = [
        {"id": f"{digit * 8}-{digit * 4}-4000-8000-{digit * 12}", "userPrincipalName": name, "displayName": name}
        for digit, name in (("6", "ben.kurz@contoso.example"), ("7", "anna.weber@contoso.example"))
    ]
    shell.world["apps"][APP]["connections"] = {"hq": {"ids": {}, "mailboxes": ["a@contoso.example"]}}


def nothing_yet(shell: Shell) -> None:
    """A subscription without any resource; the template brings them."""
    kinds = ("groups", "apps", "identities")
    shell.world["template_brings"] = {kind: shell.world[kind] for kind in kinds}
    shell.world |= {kind: {} for kind in kinds}


def azd(shell: Shell, words: list[str]) -> None:
    """Do what azd does: keep a setting, or deploy with the hooks around it."""
    if words[:2] == ["env", "set"]:
        shell.variables[words[2]] = words[3]
    elif words[0] == "up":
        run_hook(shell, "preprovision")
        shell.world |= shell.world.pop("template_brings", {})
        shell.variables |= OUTPUTS
        run_hook(shell, "postprovision")
    else:
        assert words[:2] in (["auth", "login"], ["env", "new"]), words


def run_hook(shell: Shell, name: str) -> None:
    hook = yaml.safe_load((ROOT / "azure.yaml").read_text("utf-8"))["hooks"][name]
    ended = shell.type(hook["run"])
    assert (ended.code, ended.err) == (0, ""), name


def walk(shell: Shell, path: Path) -> None:
    """Run every command of a document, in a clone."""
    home = shell.folder / "home"
    (home / "infra").symlink_to(ROOT / "infra")
    for script, *arguments in commands(path):
        if script == "make":
            assert f"{arguments[0]}:" in (ROOT / "Makefile").read_text("utf-8")
            (home / "dist").mkdir(exist_ok=True)
            (home / "dist" / "utm-mail-connect-0.1.0.zip").touch()
            continue
        if script == "az":
            assert arguments[0] in ("login", "account") or az.respond(shell.world, arguments)[::2] == (0, ""), arguments
            continue
        if script == "azd":
            azd(shell, arguments)
            continue
        if script == "gh":
            assert arguments[-2:] == ["--repo", urlsplit(REPOSITORY).path.strip("/")]
            continue
        asks_profile = script.endswith("grant.sh") and not ASKS_NO_PROFILE & {*arguments}
        answers = f"{GROUP}\n" if script.endswith("remove.sh") else "\ny\n" if asks_profile else "y\n"
        ended = shell.run(script.removeprefix("infra/"), *arguments, answers=answers)
        assert (ended.code, ended.err) == (0, ""), (script, arguments)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_of_a_document_works(shell: Shell, name: str) -> None:
    a_used_deployment(shell)
    walk(shell, DOCS / f"{name}.md")


@pytest.mark.parametrize("name", [TUTORIAL, CLONE, AZD])
def test_a_clone_leads_from_nothing_to_an_app_with_its_code_and_its_rights(shell: Shell, name: str) -> None:
    nothing_yet(shell)
    shell.variables["GRANT_YES"] = "true"  # who is at the terminal says yes
    walk(shell, DOCS / f"{name}.md")
    assert shell.world["apps"][APP]["version"] == "0.1.0"
    assert shell.rights == ["Application.ReadWrite.OwnedBy", "Exchange.ManageAsApp", "Policy.Read.All"]
    assert shell.granted is not None


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_show_the_same_commands_and_parts(name: str) -> None:
    german, english = (DOCS / f"{name}{language}.md" for language in (".de", ""))
    assert commands(german) == commands(english)
    shapes = [
        [line.split()[0] for line in path.read_text("utf-8").splitlines() if line.startswith(("#", "```", "|"))]
        for path in (german, english)
    ]
    assert shapes[0] == shapes[1]


def test_every_option_in_a_document_is_one_that_the_script_has(shell: Shell) -> None:
    helps = " ".join(shell.run(f"{script}.sh", "--help").out for script in ("grant", "update", "remove"))
    texts = " ".join(path.read_text("utf-8") for path in DOCUMENTS)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", texts)) - {
        "--allow-no-subscriptions",
        *("--location", "--name", "--parameters", "--query", "--src", "--template-file"),  # of az
        "--no-prompt",  # of azd
        "--repo",
    }
    assert named <= set(re.findall(r"--[a-z-]+", helps))


@pytest.mark.parametrize("profile", PROFILES)
def test_the_reference_names_the_rights_of_every_profile(profile: str) -> None:
    table = (ROOT / "docs" / "reference" / "permissions.md").read_text("utf-8").partition("## Profiles")[2]
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", table, re.MULTILINE)
    ]
    column = rows[0].index(f"`{profile}`")
    named = " ".join(row[0] for row in rows if row[column] == "yes")
    assert [right for right in PROFILES["automatic"] if right in named] == PROFILES[profile]
