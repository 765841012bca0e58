"""The checks by name, and what they look for in a template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.infra.template.deployment import DEPLOYMENT, Deployed

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
ROLES = {
    (STORAGE, "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"): "Storage Blob Data Owner",
    (STORAGE, "974c5e8b-45b9-4653-ba55-5f855dd0fb88"): "Storage Queue Data Contributor",
    (STORAGE, "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"): "Storage Table Data Contributor",
    (VAULT, "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"): "Key Vault Secrets Officer",
    (COMPONENT, "3913510d-42f4-4e42-8a64-420c390055eb"): "Monitoring Metrics Publisher",
}
"""The only roles that anybody gets, each on the one resource of that type."""
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


def settings(deployed: Deployed) -> dict[str, Any]:
    return deployed.one("Microsoft.Web/sites/config", "/appsettings").properties
