"""The checks by name, and what they look for in a template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.infra.template.deployment import DEPLOYMENT, Deployed, Resource

Template = dict[str, Any]
CHECKS: dict[str, Callable[[Template], None]] = {}

STORAGE, VAULT = "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"
WORKSPACE, COMPONENT = "Microsoft.OperationalInsights/workspaces", "Microsoft.Insights/components"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
ASSIGNMENT, SITE, RULE = (
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.Web/sites",
    "Microsoft.Insights/scheduledQueryRules",
)
CONTAINER, DEFINITION = f"{STORAGE}/blobServices/containers", "Microsoft.Authorization/roleDefinitions"
ROLES = {
    (STORAGE, "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"): "Storage Blob Data Owner",
    (STORAGE, "974c5e8b-45b9-4653-ba55-5f855dd0fb88"): "Storage Queue Data Contributor",
    (STORAGE, "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"): "Storage Table Data Contributor",
    (CONTAINER, "ba92f5b4-2d11-453d-a403-e4e96bc7bd5b"): "Storage Blob Data Contributor",
    (VAULT, "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"): "Key Vault Secrets Officer",
    (COMPONENT, "3913510d-42f4-4e42-8a64-420c390055eb"): "Monitoring Metrics Publisher",
}
"""The only built-in roles that anybody gets. That of the vault gives way to one of our own, unless that cannot be."""
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def check(function: Callable[[Template], None]) -> Callable[[Template], None]:
    CHECKS[function.__name__] = function
    return function


def nested(template: Template) -> Iterator[Template]:
    """Yield the template and every template in it."""
    yield template
    for resource in template["resources"]:
        if resource["type"] == DEPLOYMENT:
            yield from nested(resource["properties"]["template"])


def host_account(deployed: Deployed) -> Resource:
    """Return the storage account of the host: Durable and the package."""
    return deployed.first_named(STORAGE, "utmmail")


def store_account(deployed: Deployed) -> Resource:
    """Return the storage account of the connections."""
    return deployed.first_named(STORAGE, "utmstore")


def app_logs(deployed: Deployed) -> Resource:
    """Return the workspace of the app's logs."""
    return deployed.one(WORKSPACE, deployed.one(VAULT).name)


def audit_logs(deployed: Deployed) -> Resource:
    """Return the workspace of the vault's log."""
    return deployed.one(WORKSPACE, "-audit")


def alerts(deployed: Deployed) -> dict[str, Resource]:
    """Return the alert rules, by what their names end with."""
    beginnings = re.compile(rf"{deployed.one(VAULT).name}-(?:audit-)?")
    return {beginnings.sub("", rule.name): rule for rule in deployed.of(RULE)}


def condition(rule: Resource) -> dict[str, Any]:
    """Return the one condition of an alert rule."""
    (found,) = rule.properties["criteria"]["allOf"]
    inner: dict[str, Any] = found
    return inner


def settings(deployed: Deployed) -> dict[str, Any]:
    return deployed.one("Microsoft.Web/sites/config", "/appsettings").properties
