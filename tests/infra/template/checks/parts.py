"""What each part is: the app, its settings, the vault, the logs."""

from __future__ import annotations

from tests.infra.template.checks.register import (
    COMPONENT,
    IDENTITY,
    SITE,
    VAULT,
    Template,
    app_logs,
    audit_logs,
    check,
    settings,
)
from tests.infra.template.deployment import deploy


@check
def the_app_is_as_ordered_and_closed(template: Template) -> None:
    deployed = deploy(template, maximumInstances=77)
    assert deployed.one("Microsoft.Web/serverfarms").body["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    app = deployed.one(SITE)
    assert app.body["identity"] == {
        "type": "UserAssigned",
        "userAssignedIdentities": {deployed.one(IDENTITY).identifier: {}},
    }
    functions = app.properties["functionAppConfig"]
    assert functions["runtime"] == {"name": "python", "version": "3.12"}
    assert functions["scaleAndConcurrency"] == {
        "instanceMemoryMB": 2048,
        "maximumInstanceCount": 77,
        "triggers": {"http": {"perInstanceConcurrency": 32}},
    }
    assert app.properties["httpsOnly"] is True
    site = app.properties["siteConfig"]
    assert (site["minTlsVersion"], site["scmMinTlsVersion"], site["ftpsState"]) == ("1.2", "1.2", "Disabled")
    assert site["http20Enabled"] is True
    assert settings(deployed)["AzureWebJobsDisableHomepage"] == "true"
    for way in ("/ftp", "/scm"):
        policy = deployed.one("Microsoft.Web/sites/basicPublishingCredentialsPolicies", way)
        assert policy.properties == {"allow": False}


@check
def only_allowed_addresses_reach_the_app(template: Template) -> None:
    site = deploy(template).one(SITE).properties["siteConfig"]
    assert (site["ipSecurityRestrictionsDefaultAction"], site["ipSecurityRestrictions"]) == ("Allow", [])
    ranges = ["203.0.113.7", "198.51.100.0/24", "2001:db8::7", "2001:db8::/32"]
    site = deploy(template, allowedAddresses=ranges).one(SITE).properties["siteConfig"]
    assert site["ipSecurityRestrictionsDefaultAction"] == "Deny"
    rules = site["ipSecurityRestrictions"]
    assert [rule["ipAddress"] for rule in rules] == [
        "203.0.113.7/32", "198.51.100.0/24", "2001:db8::7/128", "2001:db8::/32",
    ]  # fmt: skip
    assert {rule["action"] for rule in rules} == {"Allow"}
    assert len({rule["priority"] for rule in rules}) == len({rule["name"] for rule in rules}) == len(ranges)


@check
def a_second_deployment_changes_nothing_and_keeps_what_was_set_since(template: Template) -> None:
    first = deploy(template, customerName="Contoso")
    since = {"CONNECTOR_GRANTED": "2026-11-24T08:00:00Z", "CONNECTOR_SECRET_LIFETIME_DAYS": "90"}
    second = deploy(template, {**settings(first), **since}, customerName="Contoso")
    assert settings(second) == {**settings(first), **since}
    unchanged = [[one for one in run.resources if not one.name.endswith("/appsettings")] for run in (first, second)]
    assert unchanged[0] == unchanged[1]
    # Azure keeps the settings of a site that is written without any; with a list here it would drop them.
    assert "appSettings" not in second.one(SITE).properties["siteConfig"]
    assert (
        deploy(template, settings(first), customerName="Fabrikam")
        .one("Microsoft.Web/sites/config")
        .properties["CONNECTOR_LABEL"]
        == "Fabrikam"
    )


@check
def the_vault_works_by_roles_keeps_what_is_deleted_and_tells_who_read(template: Template) -> None:
    deployed = deploy(template)
    vault = deployed.one(VAULT)
    assert vault.properties["enableRbacAuthorization"] is True
    assert vault.properties["enableSoftDelete"] is True
    assert vault.properties["softDeleteRetentionInDays"] == 90
    assert vault.properties["enablePurgeProtection"] is True
    assert vault.properties["createMode"] == "default"
    assert deploy(template, purgeProtection=False).one(VAULT).properties["enablePurgeProtection"] is None
    assert deploy(template, recoverVault=True).one(VAULT).properties["createMode"] == "recover"
    audit = deployed.one("Microsoft.Insights/diagnosticSettings")
    assert audit.scope == vault.identifier
    assert audit.properties["workspaceId"] == audit_logs(deployed).identifier
    assert audit.properties["logAnalyticsDestinationType"] == "Dedicated"
    assert audit.properties["logs"] == [{"category": "AuditEvent", "enabled": True}]


@check
def logs_take_entra_tokens_alone_and_have_an_end_and_those_of_the_app_a_cap(template: Template) -> None:
    deployed = deploy(template, logRetentionDays=200, dailyLogCapGb=3)
    workspace, component = app_logs(deployed), deployed.one(COMPONENT)
    for one, cap in ((workspace, 3), (audit_logs(deployed), -1)):
        assert one.properties["retentionInDays"] == 200
        assert one.properties["workspaceCapping"] == {"dailyQuotaGb": cap}
        assert one.properties["features"]["disableLocalAuth"] is True
    assert component.properties["DisableLocalAuth"] is True
    assert component.properties["WorkspaceResourceId"] == workspace.identifier
    found = settings(deployed)
    assert (
        found["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"] == f"ClientId={found['AZURE_CLIENT_ID']};Authorization=AAD"
    )
    assert found["APPLICATIONINSIGHTS_CONNECTION_STRING"] == f"<{COMPONENT}/{component.name}>.ConnectionString"
