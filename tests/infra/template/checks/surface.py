"""What people see of the template: parameters, outputs and names."""

from __future__ import annotations

import json
import re

from tests.infra.template.checks.register import (
    ASSIGNMENT,
    COMPONENT,
    CONTAINER,
    DEFINITION,
    GUID,
    IDENTITY,
    RULE,
    SITE,
    STORAGE,
    VAULT,
    WORKSPACE,
    Template,
    check,
    nested,
    store_account,
)
from tests.infra.template.deployment import DEPLOYMENT, deploy
from tests.infra.template.expressions import GROUP, SUBSCRIPTION, TENANT

LIMITS = {
    ASSIGNMENT: GUID.pattern,
    DEFINITION: GUID.pattern,
    COMPONENT: r"[\w.()-]{1,259}[\w()-]",
    IDENTITY: r"[A-Za-z0-9][\w-]{2,127}",
    "Microsoft.Insights/actionGroups": r"[\w-]{1,260}",
    "Microsoft.Insights/diagnosticSettings": r"[\w-]{1,260}",
    RULE: r"[\w-]{1,260}",
    VAULT: r"(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]",
    WORKSPACE: r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
    STORAGE: r"[a-z0-9]{3,24}",
    f"{STORAGE}/blobServices": r"default",
    f"{STORAGE}/managementPolicies": r"default",
    CONTAINER: r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "Microsoft.Web/serverfarms": r"[A-Za-z0-9-]{1,60}",
    SITE: r"(?!-)[A-Za-z0-9-]{2,32}(?<!-)",  # 60 are allowed, but the host tells apps apart by the first 32
    f"{SITE}/basicPublishingCredentialsPolicies": r"ftp|scm",
    f"{SITE}/config": r"appsettings",
    f"{SITE}/extensions": r"onedeploy",
}
"""What Azure allows as a name, by type; https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"""


@check
def every_parameter_is_described_used_and_limited(template: Template) -> None:
    for one in nested(template):
        text = json.dumps({key: one.get(key) for key in ("variables", "resources", "outputs")})
        for name, parameter in one.get("parameters", {}).items():
            assert parameter["metadata"]["description"].endswith("."), name
            assert f"parameters('{name}')" in text, name
    for name, parameter in template["parameters"].items():
        if parameter["type"] == "int":
            assert parameter["minValue"] <= parameter["defaultValue"] <= parameter["maxValue"], name
    assert [name for name, one in template["parameters"].items() if "defaultValue" not in one] == [
        "alertEmail",
        "allowedAddresses",  # from everywhere only on purpose
    ]


@check
def every_output_is_described_and_right(template: Template) -> None:
    deployed = deploy(template)
    app, identity, vault = (deployed.one(kind).name for kind in (SITE, IDENTITY, VAULT))
    assert {**deployed.outputs, "grantCommand": None} == {
        "appAddress": f"https://<{SITE}/{app}>.defaultHostName",
        "appName": app,
        "principalId": f"<{IDENTITY}/{identity}>.principalId",
        "tenantId": TENANT,
        "vaultName": vault,
        "storeName": store_account(deployed).name,
        "grantCommand": None,
    }
    command = deployed.outputs["grantCommand"]
    assert command.startswith(f"az account set --subscription {SUBSCRIPTION} && ")
    assert command.endswith(
        f"/infra/grant.sh --resource-group '{GROUP}' --app {app} "
        f"--identity <{IDENTITY}/{identity}>.principalId --tenant {TENANT}"
    )
    for one in nested(template):
        for name, output in one.get("outputs", {}).items():
            assert output["metadata"]["description"].endswith("."), name


@check
def every_name_is_within_its_limits_and_the_suffix_changes_it(template: Template) -> None:
    plain, other = (deploy(template, nameSuffix=suffix) for suffix in ("", "abcdefgh"))
    for deployed in (plain, other):
        for resource in deployed.resources:
            assert re.fullmatch(LIMITS[resource.kind], resource.name.rpartition("/")[2]), resource.name
    for kind in (STORAGE, VAULT, SITE, IDENTITY, WORKSPACE, DEFINITION):
        assert not {one.name for one in plain.of(kind)} & {one.name for one in other.of(kind)}
    short = plain.one("Microsoft.Insights/actionGroups").properties["groupShortName"]
    assert 1 <= len(short) <= 12
    for one in nested(template):
        for resource in one["resources"]:
            if resource["type"] == DEPLOYMENT:
                assert len(resource["name"]) <= 64
