"""The PowerShell for the customer's Exchange administrator: whole, with ids filled in, and safe to run twice."""

from __future__ import annotations

import re

import pytest

from connector.microsoft import Cmdlet
from connector.plans.prerequisites import CMDLETS
from tests.infra.shell import CLIENT, HERE, IDENTITY, IDS, ROOT, TENANT, Shell

TEMPLATES = ("exchange.ps1", "exchange-remove.ps1")
# facts: the scoped role group, least privilege.
ROLE_GROUP = (
    "New-ServicePrincipal -AppId $AppId -ObjectId $ObjectId -DisplayName $DisplayName",
    "New-ManagementRole -Name $Registrar -Parent 'Role Management'",
    "'Get-ServicePrincipal', 'New-ServicePrincipal', 'Remove-ServicePrincipal', 'Test-ServicePrincipalAuthorization'",
    'Remove-ManagementRoleEntry "$Registrar\\$($_.Name)" -Confirm:$false',
    "New-ManagementRole -Name $Granter -Parent 'Mail Recipients'",
    "'Get-Mailbox', 'Get-Recipient', 'Get-MailboxPermission', 'Add-MailboxPermission', 'Remove-MailboxPermission', ",
    "'Get-CASMailbox', 'Set-CASMailbox', 'Get-RecipientPermission', 'Add-RecipientPermission', ",
    'Remove-ManagementRoleEntry "$Granter\\$($_.Name)" -Confirm:$false',
    "New-DistributionGroup -Name $Mailboxes -Type Security",
    "New-RoleGroup -Name $RoleGroup -Roles $Registrar",
    "-Role $Granter -RecipientGroupScope $Group.DistinguishedName",
    "New-ManagementScope -Name $Scope -RecipientRestrictionFilter \"MemberOfGroup -eq '$Name'\"",
    "-Role $Granter -CustomRecipientWriteScope $Scope",
    "Add-RoleGroupMember -Identity $RoleGroup -Member $ObjectId",
)


def shown(shell: Shell, *more: str) -> str:
    ended = shell.run("grant.sh", *IDS, "--part", "exchange", *more)
    assert (ended.code, ended.err) == (0, "")
    return ended.out


def test_each_line_of_the_scoped_role_group_is_there_with_the_ids(shell: Shell) -> None:
    text = shown(shell)
    for line in (f"$TenantId = '{TENANT}'", f"$AppId = '{CLIENT}'", f"$ObjectId = '{IDENTITY}'", *ROLE_GROUP):
        assert line in text


def test_what_is_shown_is_what_is_written(shell: Shell) -> None:
    text = shown(shell)
    path = shell.folder / "home" / "utm-mail-connect" / "exchange.ps1"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert path.read_text("utf-8-sig") in text
    assert str(path) in text


def test_the_roles_permit_exactly_the_cmdlets_that_the_app_calls() -> None:
    text = (ROOT / "infra" / "grant" / "exchange.ps1").read_text("utf-8")
    lists = re.findall(r"\$_\.Name -notin (('[\w-]+'(, )?)+) }", text)
    permitted = {name for found in lists for name in re.findall(r"'([\w-]+)'", found[0])}
    # The tenant's transport is only read, where that may be: else the login itself says that SMTP is off.
    called = {*Cmdlet.__args__} - {"Get-TransportConfig"}  # type: ignore[attr-defined]  # a Literal's members
    assert permitted == called
    assert set(CMDLETS) <= permitted


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_placeholder_is_left_and_every_text_is_there(shell: Shell, template: str) -> None:
    text = shown(shell, *(("--revoke",) if "remove" in template else ()))
    used = set(re.findall(r"\$Texts\.(\w+)", (ROOT / "infra" / "grant" / template).read_text("utf-8")))
    defined = set(re.findall(r"^    (\w+) = '.+'$", text, re.MULTILINE))
    assert used <= defined
    assert re.findall(r"<[A-Za-z][^>]*>|@[A-Z_]+@|\bTODO\b|%s", text) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_variable_has_a_value_before_it_is_used(shell: Shell, template: str) -> None:
    text = shown(shell, *(("--revoke",) if "remove" in template else ())).partition("$TenantId")
    script = re.sub(r"#.*|\"'+\"|'[^']*'", "", text[1] + text[2])
    known = {"_", "true", "false"}
    for match in re.finditer(r"\$(\w+)( = | in |\) \{)?", script):
        if match[2]:
            known.add(match[1])
        assert match[1] in known, match[0]


@pytest.mark.parametrize("template", TEMPLATES)
def test_nothing_is_made_or_removed_without_a_look(template: str) -> None:
    lines = (ROOT / "infra" / "grant" / template).read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        changes = re.search(r"\b(New|Remove|Add|Enable)-(?!Object)\w+", line)
        if changes and not line.lstrip().startswith(("#", "throw")):
            around = "\n".join(lines[max(0, number - 8) : number + 1])
            assert re.search(r"if \(|Get-ManagementRoleEntry|Get-ManagementRoleAssignment", around), line


def test_customization_is_asked_for_and_said_to_be_final(shell: Shell) -> None:
    text = shown(shell)
    assert text.index("IsDehydrated") < text.index("Read-Host") < text.index("\n    Enable-OrganizationCustomization")
    assert re.search(r"Customization = '.*cannot be undone.*'", text)


def test_a_name_with_quotes_stays_one_string(shell: Shell) -> None:
    shell.world["servicePrincipals"][0]["displayName"] = "id ‘mail’; Remove-Mailbox '*"
    assert "$DisplayName = 'id ‘‘mail’’; Remove-Mailbox ''*'\n" in shown(shell)


def test_china_signs_in_to_its_own_exchange(shell: Shell) -> None:
    shell.world["cloud"] = "AzureChinaCloud"
    assert "$Environment = 'O365China'" in shown(shell)


@pytest.mark.parametrize("profile", ["automatic", "minimal"])
def test_the_other_profiles_have_nothing_to_run(shell: Shell, profile: str) -> None:
    out = shell.run("grant.sh", *HERE, "--profile", profile, "--yes").out
    assert "Exchange Online: nothing to do" in out
    assert "New-RoleGroup" not in out


def test_german_texts_are_german(shell: Shell) -> None:
    shell.locale = "de_DE.UTF-8"
    text = shown(shell)
    assert "lässt sich nicht rückgängig machen. Weiter? (j/n)'" in text
    assert "Exchange-Administrator (Organization Management)" in text


def test_the_line_that_runs_it_is_one_word_in_powershell(shell: Shell) -> None:
    folder = shell.folder / "it’s $x"
    assert f"& '{shell.folder}/it’’s $x/exchange.ps1'" in shown(shell, "--folder", str(folder))
    assert (folder / "exchange.ps1").exists()


def test_a_folder_that_cannot_be_seen_whole_is_refused(shell: Shell) -> None:
    ended = shell.run("grant.sh", *IDS, "--part", "exchange", "--folder", f"{shell.folder}/a\u202eb")
    assert (ended.code, shell.world["calls"]) == (2, [])
    assert "\\u{202e}" in ended.err
