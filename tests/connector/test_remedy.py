"""What a person is shown to run, with a connection's ids in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.finding import Finding
from connector.objects import Ids
from connector.remedy import Context, remedy
from connector.steps import StepName

IDS = Ids(application_id="app", object_id="registration", enterprise_application_id="sp", tenant_id="t")
CONTEXT = Context("hq", "UTM d’Or", IDS, ("o'brien@b.de",), "https://entra.example", app="utm-1", resource_group="rg")


def finding(code: str, *causes: str) -> Finding:
    return Finding(code=code, step=StepName.VERIFICATION, subject="a@b.de", causes=list(causes))


@pytest.mark.parametrize(
    ("causes", "link", "words"),
    [
        (("consent", "principal", "propagation"), True, "--consent hq"),
        (("principal", "access", "propagation"), False, "New-ServicePrincipal"),
        (("access", "imap", "propagation"), False, "Add-MailboxPermission -Identity 'a@b.de'"),
    ],
)
def test_a_refused_login_leads_to_the_first_cause_that_remains(causes: tuple[str, ...], link: bool, words: str) -> None:
    found = remedy(finding("imap-login-refused", *causes), CONTEXT)
    assert (found.link is not None) is link
    assert words in (found.command or "")


def test_where_there_is_no_portal_no_link_leads_there() -> None:
    found = remedy(finding("consent-missing"), replace(CONTEXT, portal=None))
    assert found.link is None
    assert "--consent hq" in (found.command or "")


def test_quotation_marks_in_names_stay_in_the_string() -> None:
    command = remedy(finding("exchange-by-hand"), CONTEXT).command or ""
    assert "-DisplayName 'UTM d’’Or'" in command
    assert "-Identity 'o''brien@b.de'" in command
    assert "-ObjectId 'sp'" in command


def test_a_long_list_is_read_from_a_file() -> None:
    many = Context("hq", "UTM", IDS, tuple(f"{number}@b.de" for number in range(51)), "https://entra.example")
    command = remedy(finding("exchange-by-hand"), many).command or ""
    assert "Get-Content mailboxes.txt | ForEach-Object { Add-MailboxPermission -Identity $_ " in command


def test_of_a_long_list_that_leaves_the_first_are_named_since_the_run_names_the_next() -> None:
    leaving = tuple(f"{number}@b.de" for number in range(51))
    context = Context("hq", "UTM", IDS, (), "https://entra.example", leaving=leaving)
    lines = (remedy(finding("removal-by-hand"), context).command or "").splitlines()
    assert [line.split("'")[1] for line in lines[1:]] == [*leaving[:50]]


@pytest.mark.parametrize(
    ("context", "command"),
    [
        (CONTEXT, "infra/grant.sh --resource-group rg --app utm-1"),
        (
            Context("", "", Ids(tenant_id="t", identity_object_id="i"), (), ""),
            "infra/grant.sh --identity i --tenant t",
        ),
        (Context("", "", Ids(), (), ""), "infra/grant.sh --resource-group <name> --app <name>"),
    ],
)
def test_the_grant_script_is_told_which_deployment_it_is(context: Context, command: str) -> None:
    assert remedy(finding("role-missing"), context).command == command


def test_without_an_application_only_what_needs_none_of_its_ids_is_shown() -> None:
    nobody = Context("hq", "UTM", Ids(), (), "https://entra.example")
    assert remedy(finding("exchange-by-hand"), nobody).command is None
    assert remedy(finding("imap-disabled"), nobody).command is not None


@pytest.mark.parametrize(
    "code",
    [
        "exchange-by-hand",
        "principal-missing",
        "principal-stale",
        "access-missing",
        "removal-by-hand",
        "foreign-enterprise-credential",
        "enterprise-application-disabled",
    ],
)
def test_without_the_enterprise_application_no_line_is_shown_that_names_nobody(code: str) -> None:
    def shown(ids: Ids) -> tuple[str | None, str | None]:
        context = Context("hq", "UTM", ids, ("a@b.de",), "https://entra.example", leaving=("c@b.de",))
        found = remedy(finding(code), context)
        return found.link, found.command

    assert shown(IDS) != (None, None)
    assert shown(IDS.model_copy(update={"enterprise_application_id": None})) == (None, None)
