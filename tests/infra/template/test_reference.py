"""docs/reference/deployment.md says what the template does."""

from __future__ import annotations

import re
from typing import Any

from tests.infra.template.checks.register import ROLES, RULE
from tests.infra.template.deployment import deploy
from tests.infra.template.files import ROOT, template

TEXT = (ROOT / "docs/reference/deployment.md").read_text("utf-8")


def table(heading: str) -> list[list[str]]:
    """Return the rows of the table below a heading, without its head."""
    part = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    (section,) = (one for one in part if one.startswith(f"{heading}\n"))
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def default(parameter: dict[str, Any]) -> str:
    if "defaultValue" not in parameter:
        return "required"
    value = parameter["defaultValue"]
    if value in ("", []):
        return "empty"
    named = {"[resourceGroup().location]": "the group's"}
    if str(value).startswith("https://"):
        return "this version's release"
    return named.get(str(value), f"`{str(value).lower()}`")


def limits(parameter: dict[str, Any]) -> str:
    if "minValue" in parameter:
        return f"{parameter['minValue']} to {parameter['maxValue']}"
    unit = "entries" if parameter["type"] == "array" else "characters"
    match parameter.get("minLength"), parameter.get("maxLength"):
        case None, None:
            return ""
        case None, longest:
            return f"at most {longest} {unit}"
        case shortest, None:
            return f"at least {shortest} {unit}"
        case shortest, longest:
            return f"{shortest} to {longest} {unit}"


def test_every_parameter_is_told_with_its_default_its_range_and_its_description() -> None:
    assert table("Parameters") == [
        [f"`{name}`", one["type"], default(one), limits(one), one["metadata"]["description"]]
        for name, one in template()["parameters"].items()
    ]


def test_every_output_is_told() -> None:
    assert table("Outputs") == [
        [f"`{name}`", one["metadata"]["description"]] for name, one in template()["outputs"].items()
    ]


def test_every_resource_is_told_and_no_other() -> None:
    told = [row[0].strip("`") for row in table("Resources")]
    assert len(told) == len(set(told))
    assert set(told) == {resource.kind for resource in deploy(template()).resources}


def test_every_role_is_told_with_where_it_stands() -> None:
    places = {
        "the storage account": "Microsoft.Storage/storageAccounts",
        "the vault": "Microsoft.KeyVault/vaults",
        "the Application Insights component": "Microsoft.Insights/components",
    }
    told = [(places[row[1]], row[0]) for row in table("Roles of the identity")]
    assert sorted(told) == sorted((kind, name) for (kind, _), name in ROLES.items())


def test_every_alert_is_told() -> None:
    rules = {rule.properties["criteria"]["allOf"][0]["query"] for rule in deploy(template()).of(RULE)}
    for row in table("Alerts"):
        assert [query for query in rules if f'"{row[0].strip("`")}"' in query], row
    assert len(table("Alerts")) == len(rules)


def test_every_resource_that_costs_is_one_of_the_template() -> None:
    kinds = {resource.kind for resource in deploy(template()).resources}
    assert {row[0].strip("`") for row in table("Cost")} <= kinds
    assert not re.search(r"[€$]|\bEUR\b|\bUSD\b", TEXT.partition("## Cost")[2])
