"""Every command that the how-to documents show is run, in their order, against the stand-in."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.test_docs import blocks
from tests.infra import az
from tests.infra.shell import APP, GROUP, ROOT, Shell, application, enterprise
from tests.infra.test_grant import PROFILES
from tests.infra.test_grant_parts import REPOSITORY
from tests.infra.test_update import RELEASES, deployed_by_the_button, publish

HOW_TO = ROOT / "docs" / "how-to"
NAMES = ("from-a-clone", "grant-rights", "update-and-remove", "let-people-in")
DOCUMENTS = [HOW_TO / f"{name}{language}.md" for name in NAMES for language in ("", ".de")]
ASKS_NO_PROFILE = {"--profile", "--revoke", "--consent", "--adopt", "exchange", "azure", "sign-in", "--assign"}
KEY, SP, APP_ID = (f"{digit * 8}-{digit * 4}-4000-8000-{digit * 12}" for digit in "ab9")


def commands(path: Path) -> list[list[str]]:
    return [
        shlex.split(line)
        for block in blocks(path.read_text("utf-8"), "sh")
        for line in block.splitlines()
        if line.strip()
    ]


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


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_of_a_document_works(shell: Shell, path: Path) -> None:
    a_used_deployment(shell)
    for script, *arguments in commands(path):
        if script == "make":
            assert f"{arguments[0]}:" in (ROOT / "Makefile").read_text("utf-8")
            continue
        if script == "az":
            assert arguments[0] == "login" or az.respond(shell.world, arguments)[::2] == (0, ""), arguments
            continue
        if script == "gh":
            assert arguments[-2:] == ["--repo", urlsplit(REPOSITORY).path.strip("/")]
            continue
        asks_profile = script.endswith("grant.sh") and not ASKS_NO_PROFILE & {*arguments}
        answers = f"{GROUP}\n" if script.endswith("remove.sh") else "\ny\n" if asks_profile else "y\n"
        ended = shell.run(script.removeprefix("infra/"), *arguments, answers=answers)
        assert (ended.code, ended.err) == (0, ""), (script, arguments)


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_show_the_same_commands_and_parts(name: str) -> None:
    german, english = (HOW_TO / f"{name}{language}.md" for language in (".de", ""))
    assert commands(german) == commands(english)
    shapes = [
        [line.split()[0] for line in path.read_text("utf-8").splitlines() if line.startswith(("#", "```", "|"))]
        for path in (german, english)
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_option_in_a_document_is_one_that_the_script_has(shell: Shell, path: Path) -> None:
    helps = " ".join(shell.run(f"{script}.sh", "--help").out for script in ("grant", "update", "remove"))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", path.read_text("utf-8"))) - {
        "--allow-no-subscriptions",
        *("--location", "--name", "--parameters", "--src", "--template-file"),  # of az
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
