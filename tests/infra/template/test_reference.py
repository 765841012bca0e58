"""docs/reference/deployment.md says what the template does."""

from __future__ import annotations

import re
from typing import Any

from tests.infra.template.checks.register import CONTAINER, DEFINITION, ROLES, STORAGE, VAULT, alerts
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
        "the host's storage account": STORAGE,
        "the container `connections`": CONTAINER,
        "the vault": VAULT,
        "the Application Insights component": "Microsoft.Insights/components",
    }
    told = [(places[row[1]], row[0]) for row in table("Roles of the identity") if len(row) == 4]
    builtin = {(kind, name) for (kind, _), name in ROLES.items()}
    assert sorted(told) == sorted({*builtin, (VAULT, "UTM Mail Connect, made for it")})


def test_every_data_action_of_the_role_of_our_own_is_told() -> None:
    role = deploy(template()).one(DEFINITION).properties
    assert role["roleName"].startswith("UTM Mail Connect utmmail-")
    told = re.findall(
        r"^\| `([a-zA-Z/]+)` \|", TEXT.partition("| data action under")[2].partition("\n\n")[0], re.MULTILINE
    )
    assert [f"Microsoft.KeyVault/vaults/secrets/{one}" for one in told] == role["permissions"][0]["dataActions"]


def test_every_alert_is_told() -> None:
    rules = alerts(deploy(template()))
    rows = {row[0].strip("`"): row for row in table("Alerts")}
    assert set(rows) == set(rules)
    for name, row in rows.items():
        (page,) = re.findall(r"\]\(\.\.(/how-to/[\w-]+\.md)", row[-1])
        assert rules[name].properties["actions"]["customProperties"]["guide"].endswith(f"/docs{page}")


def test_every_resource_that_costs_is_one_of_the_template() -> None:
    kinds = {resource.kind for resource in deploy(template()).resources}
    assert {row[0].strip("`") for row in table("Cost")} <= kinds


def test_what_a_year_costs_is_the_sum_of_its_rows_and_has_a_date_wherever_it_is_said() -> None:
    rows = [[float(part) for part in row[-1].split(" to ")] for row in table("Cost")]
    low, high = (round(sum(row[end] for row in rows)) for end in (0, -1))
    said = {
        "docs/reference/deployment.md": rf"\*\*{low} to {high} US dollars a year\*\*.*November 2026",
        "docs/reference/deployment.de.md": rf"\*\*{low} bis {high} US-Dollar im Jahr\*\*.*Stand November 2026",
        "README.md": rf"{low} to {high} US dollars a year .*\(November 2026\)",
        "README.de.md": rf"{low} bis {high} US-Dollar im Jahr \(Stand November 2026\)",
    }
    for path, pattern in said.items():
        assert re.search(pattern, (ROOT / path).read_text("utf-8")), path
