"""Each resource fits the published schema of its type, at the version that was read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from tests.infra.template.checks.register import nested
from tests.infra.template.deployment import DEPLOYMENT
from tests.infra.template.files import form, shared, template

WITHOUT_SCHEMA = {
    "Microsoft.Insights/actionGroups",
    "Microsoft.Insights/diagnosticSettings",
    "Microsoft.Insights/scheduledQueryRules",
    DEPLOYMENT,
}
"""Types whose schema does not lie beside the repository: the compiler's own types are all that checks them."""
_COMMON = "https://schema.management.azure.com/schemas"


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Return every schema, by its own address."""
    found = {}
    for path in sorted(shared("specs", "arm").rglob("*.json")):
        if path.name != "deploymentTemplate.json":  # refers to a hundred schemas that do not lie there
            schema = json.loads(path.read_text("utf-8"))
            found[schema["id"].rstrip("#")] = schema
    return found


@cache
def registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry(list(schemas().items()), draft=jsonschema_rs.Draft4)


def validator(address: str, pointer: str = "") -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft4Validator({"$ref": f"{address}#{pointer}"}, registry=registry())


@cache
def types() -> dict[tuple[str, str], tuple[str, str]]:
    """Return where the schema of each type and version is."""
    return {
        (kind["properties"]["type"]["enum"][0], kind["properties"]["apiVersion"]["enum"][0]): (
            address,
            f"/{part}/{name}",
        )
        for address, schema in schemas().items()
        for part in ("resourceDefinitions", "extension_resourceDefinitions")
        for name, kind in schema.get(part, {}).items()
    }


def resources() -> Iterator[dict[str, Any]]:
    for one in nested(template()):
        yield from one["resources"]


def literal(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a child named ``x/ending``: an expression would match every branch of the schema's ``oneOf``."""
    if resource["type"].count("/") == 1:
        return resource
    ending = resource["name"].rstrip(")]").rpartition("'")[0].rpartition("'")[2]
    return {**resource, "name": f"{'x/' * (resource['type'].count('/') - 1)}{ending}"}


def errors(address: str, pointer: str, instance: Any) -> list[str]:
    return [f"{error.instance_path}: {error.message}" for error in validator(address, pointer).iter_errors(instance)]


RESOURCES = {f"{resource['type']} {resource['name']}": resource for resource in resources()}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource_fits_the_schema_of_its_type_and_version(name: str) -> None:
    resource = RESOURCES[name]
    known = {kind for kind, _ in types()}
    if resource["type"] in WITHOUT_SCHEMA:
        assert resource["type"] not in known
        return
    assert resource["type"] in known
    address, pointer = types()[resource["type"], resource["apiVersion"]]
    assert errors(address, pointer, literal(resource)) == []


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Microsoft.Storage/storageAccounts", {"allowSharedKeyAccess": "no"}),
        ("Microsoft.Web/sites", {"httpsOnly": "yes"}),
        ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", {"allow": "never"}),
        ("Microsoft.KeyVault/vaults", {"createMode": "purge"}),
    ],
)
def test_a_wrong_value_would_be_found(kind: str, change: dict[str, Any]) -> None:
    resource = literal(next(one for one in resources() if one["type"] == kind))
    broken = {**resource, "properties": {**resource["properties"], **change}}
    address, pointer = types()[kind, resource["apiVersion"]]
    assert errors(address, pointer, resource) == []
    assert errors(address, pointer, broken)


def test_the_form_fits_its_schema() -> None:
    address = f"{_COMMON}/0.1.2-preview/CreateUIDefinition.MultiVm.json"
    definition = form()
    group = definition["parameters"]["config"]["basics"]["resourceGroup"]
    # The published schema does not know the validation by permission, which the portal's documentation describes:
    # https://learn.microsoft.com/azure/azure-resource-manager/managed-applications/create-uidefinition-overview
    (by_permission,) = group["constraints"].pop("validations")
    assert set(by_permission) == {"permission", "message"}
    assert errors(address, "", definition) == []
    del definition["parameters"]["outputs"]
    assert errors(address, "", definition)
