"""Who may do what: the identity gets its roles and nothing else gets in, and everything is made in that order."""

from __future__ import annotations

import json
import re

from tests.infra.template.checks.register import (
    ASSIGNMENT,
    CONTAINER,
    DEFINITION,
    GUID,
    IDENTITY,
    ROLES,
    SITE,
    STORAGE,
    VAULT,
    Template,
    check,
    host_account,
    nested,
    settings,
    store_account,
)
from tests.infra.template.deployment import Deployed, deploy
from tests.infra.template.expressions import Known, resource_id


@check
def the_identity_gets_exactly_these_roles_on_exactly_these_scopes(template: Template) -> None:
    for custom in (True, False):
        deployed = deploy(template, customVaultRole=custom)
        roles = {key for key in ROLES if key[0] != VAULT or not custom}
        roles |= {(VAULT, one.name) for one in deployed.of(DEFINITION)}
        assert sorted(_assigned(deployed)) == sorted(roles)
        assert len(deployed.of(DEFINITION)) == custom


def _assigned(deployed: Deployed) -> list[tuple[str, str]]:
    """Return the type of the scope and the role of every assignment, all of which are the identity's."""
    principal = Known(f"<{IDENTITY}/{deployed.one(IDENTITY).name}>.principalId")
    found = []
    for assignment in deployed.of(ASSIGNMENT):
        (target,) = (resource for resource in deployed.resources if resource.identifier == assignment.scope)
        found.append((target.kind, assignment.properties["roleDefinitionId"].rpartition("/")[2]))
        assert assignment.properties["principalId"] == principal
        assert assignment.properties["principalType"] == "ServicePrincipal"
        if target.kind == STORAGE:
            assert target == host_account(deployed)
        if target.kind == CONTAINER:
            assert target.name == f"{store_account(deployed).name}/default/connections"
    return found


@check
def the_role_of_our_own_does_what_the_app_does_and_nothing_else(template: Template) -> None:
    deployed = deploy(template)
    role = deployed.one(DEFINITION)
    (permission,) = role.properties["permissions"]
    secrets = "Microsoft.KeyVault/vaults/secrets"
    assert permission["dataActions"] == [
        f"{secrets}/delete",
        *(f"{secrets}/{verb}/action" for verb in ("getSecret", "readMetadata", "recover", "setSecret", "update")),
    ]
    assert (permission["actions"], permission["notActions"], permission["notDataActions"]) == ([], [], [])
    assert role.properties["assignableScopes"] == [resource_id("")[: -len("/providers/")]]
    assert deployed.one(VAULT).name in role.properties["roleName"]
    assert role.identifier in {*deployed.one(SITE).waits_for}
    assert role.name == deploy(template).one(DEFINITION).name != deploy(template, nameSuffix="x").one(DEFINITION).name


@check
def no_other_role_is_even_named(template: Template) -> None:
    named = set(GUID.findall(json.dumps(template)))
    assert named == {role for _, role in ROLES}


@check
def the_name_of_an_assignment_depends_on_scope_principal_and_role(template: Template) -> None:
    names, again, builtin = (
        [assignment.name for assignment in deploy(template, customVaultRole=custom).of(ASSIGNMENT)]
        for custom in (True, True, False)
    )
    assert len(set(names)) == len(ROLES)
    assert names == again
    assert len({*names} - {*builtin}) == 1
    for one in nested(template):
        for resource in one["resources"]:
            if resource["type"] == ASSIGNMENT:
                assert re.match(r"\[guid\(resourceId\(.*\), parameters\('principalId'\), ", resource["name"])


@check
def the_app_is_made_after_every_role_assignment(template: Template) -> None:
    deployed = deploy(template)
    assert {one.identifier for one in deployed.of(ASSIGNMENT)} <= deployed.one(SITE).waits_for


@check
def the_code_comes_last(template: Template) -> None:
    deployed = deploy(template)
    code = deployed.one("Microsoft.Web/sites/extensions")
    last = [one.identifier for one in deployed.resources if one.kind.startswith(SITE) and one is not code]
    assert len(last) == 4
    assert set(last) <= code.waits_for


@check
def the_code_is_the_package_as_it_was_built(template: Template) -> None:
    code = deploy(template, packageUri="https://example.com/a.zip").one("Microsoft.Web/sites/extensions", "/onedeploy")
    assert code.properties == {"packageUri": "https://example.com/a.zip", "remoteBuild": False}


@check
def storage_is_reached_by_identity_alone(template: Template) -> None:
    deployed = deploy(template)
    for account in (host_account(deployed), store_account(deployed)):
        assert account.properties["allowSharedKeyAccess"] is False
        assert account.properties["allowBlobPublicAccess"] is False
        assert account.properties["minimumTlsVersion"] == "TLS1_2"
        assert account.properties["supportsHttpsTrafficOnly"] is True
    store = deployed.one(SITE).properties["functionAppConfig"]["deployment"]["storage"]
    assert store["authentication"] == {
        "type": "UserAssignedIdentity",
        "userAssignedIdentityResourceId": deployed.one(IDENTITY).identifier,
    }
    found = settings(deployed)
    assert found["AzureWebJobsStorage__credential"] == "managedidentity"
    assert found["AzureWebJobsStorage__clientId"] == found["AZURE_CLIENT_ID"]
    for service in ("blob", "queue", "table"):
        assert (
            found[f"AzureWebJobsStorage__{service}ServiceUri"]
            == f"<{STORAGE}/{host_account(deployed).name}>.primaryEndpoints.{service}"
        )


@check
def nothing_is_key_based(template: Template) -> None:
    text = json.dumps(template)
    for word in ("AccountKey", "listKeys", "SharedAccess", "DefaultEndpointsProtocol", "InstrumentationKey="):
        assert word.lower() not in text.lower()
    found = settings(deploy(template))
    assert "AzureWebJobsStorage" not in found
    assert not [name for name in found if name.startswith("WEBSITE_") or name == "FUNCTIONS_WORKER_RUNTIME"]
