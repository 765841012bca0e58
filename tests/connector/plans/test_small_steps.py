"""Steps 1, 3, 4 and 6: one small decision each."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from connector import microsoft
from connector.errors import ForbiddenError
from connector.microsoft import IMAP_ROLE, IMAP_ROLE_ID
from connector.observed import (
    Claims,
    CredentialPolicy,
    EnterpriseApplication,
    ExchangePrincipal,
    Resource,
    RoleAssignment,
)
from connector.plans import consent, enterprise_application, exchange, prerequisites
from connector.plans.plan import Action, Plan
from connector.wanted import Absent, Wanted
from tests.connector.plans.test_ownership import APPLICATION, seen

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GRANTED = NOW - timedelta(days=1)
CLAIMS = Claims(
    audience="a",
    tenant_id="t",
    application_id="i",
    object_id="o",
    issued=NOW,
    roles=frozenset({*prerequisites.GRAPH_ROLES, microsoft.EXCHANGE_ROLE}),
)
FIREWALL = ForbiddenError("vault", "ForbiddenByFirewall", "Client address is not authorized.")
ALL = prerequisites.Observed(CLAIMS, CLAIMS, frozenset(prerequisites.CMDLETS), vault_allowed=True, policy=None)
WANTED = Wanted(revision=1, display_name="UTM", mailboxes=["a@b.de"])


def without(role: str, issued: datetime = NOW) -> Claims:
    return dataclasses.replace(CLAIMS, roles=CLAIMS.roles - {role}, issued=issued)


@pytest.mark.parametrize(
    ("observed", "findings"),
    [
        (ALL, []),
        (dataclasses.replace(ALL, graph=without("Policy.Read.All")), [("role-missing", "Policy.Read.All", "warning")]),
        (
            dataclasses.replace(ALL, graph=without(microsoft.OWNED_BY)),
            [("role-missing", microsoft.OWNED_BY, "error")],
        ),
        (
            dataclasses.replace(ALL, graph=without("Policy.Read.All", GRANTED - timedelta(minutes=6))),
            [("token-stale", "Policy.Read.All", "warning")],
        ),
        (
            dataclasses.replace(ALL, graph=without("Policy.Read.All", GRANTED - timedelta(minutes=4))),
            [("role-missing", "Policy.Read.All", "warning")],
        ),
        (
            dataclasses.replace(ALL, exchange=without("Exchange.ManageAsApp"), cmdlets=None),
            [("role-missing", "Exchange.ManageAsApp", "warning")],
        ),
        (
            dataclasses.replace(ALL, graph=without("AppRoleAssignment.ReadWrite.All")),
            [("consent-by-hand", "AppRoleAssignment.ReadWrite.All", "info")],
        ),
        (
            dataclasses.replace(
                ALL, graph=dataclasses.replace(CLAIMS, roles=frozenset({microsoft.OWNED_BY, "Policy.Read.All"}))
            ),
            [("consent-by-hand", "AppRoleAssignment.ReadWrite.All, Application.Read.All", "info")],
        ),
        (
            dataclasses.replace(ALL, graph=without("Application.Read.All", GRANTED - timedelta(minutes=6))),
            [("token-stale", "Application.Read.All", "warning")],
        ),
        (dataclasses.replace(ALL, cmdlets=None), [("exchange-role-missing", "Exchange", "warning")]),
        (
            dataclasses.replace(ALL, cmdlets=frozenset(prerequisites.CMDLETS) - {"New-ServicePrincipal"}),
            [("cmdlet-missing", "New-ServicePrincipal", "warning")],
        ),
        (dataclasses.replace(ALL, vault_allowed=False), [("vault-right-missing", "Key Vault", "warning")]),
        (
            dataclasses.replace(ALL, vault_allowed=False, vault_refusal=FIREWALL),
            [("vault-firewall", "Key Vault", "warning")],
        ),
        (
            dataclasses.replace(ALL, policy_refusal=ForbiddenError("graph", "Authorization_RequestDenied", "No.")),
            [("policy-unread", "Policy.Read.All", "warning")],
        ),
        (
            dataclasses.replace(
                ALL,
                policy_refusal=ForbiddenError("graph", "Authorization_RequestDenied", "No."),
                graph=without("Policy.Read.All"),
            ),
            [("role-missing", "Policy.Read.All", "warning")],
        ),
        (
            dataclasses.replace(ALL, policy=CredentialPolicy(longest_days=0)),
            [("secret-lifetime-impossible", "", "warning")],
        ),
        (
            dataclasses.replace(ALL, policy=CredentialPolicy(secrets_allowed=False)),
            [("secrets-forbidden", "", "warning")],
        ),
    ],
)
def test_missing_rights_are_told_apart(observed: prerequisites.Observed, findings: list[tuple[str, str, str]]) -> None:
    found = prerequisites.plan(dataclasses.replace(observed, granted=GRANTED), WANTED).findings
    assert [(finding.code, finding.subject, finding.severity) for finding in found] == findings


def entry(found: EnterpriseApplication | None) -> Plan:
    return enterprise_application.plan(enterprise_application.Observed(None, "app", found), WANTED)


def test_an_enterprise_application_is_made_and_a_disabled_one_reported() -> None:
    assert [change.action for change in entry(None).changes] == [Action.CREATE_ENTERPRISE_APPLICATION]
    assert entry(EnterpriseApplication("sp", "app")).changes == ()
    disabled = entry(EnterpriseApplication("sp", "app", enabled=False))
    assert [finding.code for finding in disabled.findings] == ["enterprise-application-disabled"]


def test_consent_is_the_role_by_value_compared_with_the_known_id() -> None:
    resource = Resource("exo", {IMAP_ROLE: IMAP_ROLE_ID, "full_access_as_app": "dc890d15"})
    (change,) = consent.plan(consent.Observed(None, "sp", resource, ()), WANTED).changes
    assert change.action is Action.ASSIGN_ROLE
    held = (RoleAssignment("1", "exo", IMAP_ROLE_ID),)
    assert consent.plan(consent.Observed(None, "sp", resource, held), WANTED).changes == ()


@pytest.mark.parametrize(
    "assignment",
    [RoleAssignment("1", "another", IMAP_ROLE_ID), RoleAssignment("1", "exo", "dc890d15-9560-4a4c-9b7f-a736ec74ec40")],
)
def test_another_role_or_resource_is_no_consent(assignment: RoleAssignment) -> None:
    resource = Resource("exo", {IMAP_ROLE: IMAP_ROLE_ID})
    assert consent.plan(consent.Observed(None, "sp", resource, (assignment,)), WANTED).changes


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        (None, "exchange-resource-missing"),
        (Resource("exo", {IMAP_ROLE: "dc890d15"}), "imap-role-unexpected"),
        (Resource("exo", {}), "imap-role-unexpected"),
    ],
)
def test_an_unexpected_role_is_never_assigned(resource: Resource | None, code: str) -> None:
    result = consent.plan(consent.Observed(None, "sp", resource, ()), WANTED)
    assert ([finding.code for finding in result.findings], result.changes) == ([code], ())


def record(object_id: str | None, *accepted: str) -> Plan:
    principal = ExchangePrincipal("app", object_id, "UTM") if object_id is not None else None
    ours = seen(APPLICATION, accepted=accepted)
    return exchange.plan(exchange.Observed(ours, "app", "sp", principal), WANTED)


def test_the_exchange_principal_is_made_and_one_that_fits_is_left_alone() -> None:
    assert [change.action for change in record(None).changes] == [Action.CREATE_PRINCIPAL]
    assert record("SP").changes == ()


def test_a_stale_principal_is_replaced_only_when_accepted() -> None:
    result = record("wrong")
    assert (result.changes, result.blocked) == ((), True)
    assert result.findings[0].values["applicationId"] == "app"
    accepted = record("wrong", result.findings[0].id)
    assert [change.action for change in accepted.changes] == [Action.REPLACE_PRINCIPAL]


@pytest.mark.parametrize("orphaned", [False, True])
def test_a_record_that_nobody_can_name_any_more_does_not_hold_a_removal_up(*, orphaned: bool) -> None:
    seen = exchange.Observed(None, "app", "", ExchangePrincipal("app", "sp", "UTM"), orphaned=orphaned)
    plan = exchange.plan(seen, Absent(revision=1))
    assert [one.code for one in plan.findings] == (["principal-gone"] if orphaned else [])
    assert [one.action for one in plan.changes] == ([] if orphaned else [Action.REMOVE_PRINCIPAL])
