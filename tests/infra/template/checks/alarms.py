"""Who is told of what: which workspace each alert asks, for what, and how often."""

from __future__ import annotations

from typing import Any

from tests.infra.template.checks.register import (
    COMPONENT,
    IDENTITY,
    RULE,
    SITE,
    STORAGE,
    VAULT,
    WORKSPACE,
    Template,
    alerts,
    app_logs,
    audit_logs,
    check,
    condition,
)
from tests.infra.template.deployment import Resource, deploy
from tests.infra.template.expressions import NOW, Known

ABOUT = "${data.alertContext.condition.allOf[0].dimensions[0].value}"
LINES = {
    "secret-expiry": "tostring(line.expires)",
    "verification-failed": 'format_datetime(TimeGenerated, "yyyy-MM-dd")',
    "parameters-read": 'format_datetime(TimeGenerated, "yyyy-MM-dd")',
}
"""Alerts at a line of the app that names a connection, with the date that stands beside it."""
ASKER = (
    '| extend asker = strcat(coalesce(tostring(line.by), "-"), " ", '
    "coalesce(tostring(line.byName), tostring(line.byFunction)))"
)
READER = (
    '| extend asker = strcat(tostring(line.caller), " ", coalesce(tostring(line.name), tostring(line["function"])))'
)
"""Who has asked, by the fields that the lines have (``asker`` and ``Caller.fields`` in ``connector/caller.py``)."""
EACH = [{"name": name, "operator": "Include", "values": ["*"]} for name in ("about", "asker")]
"""``about`` is the first, as declared and by the alphabet: the subject takes the first."""
LONGEST = {
    "log-cap": len("2026-11-26"),
    "vault-reader": len("00000000-0000-0000-0000-000000000000, SecretListVersions"),
}
"""How long it can be what an alert is about; the name of a connection and a date where it is not here."""


@check
def an_alert_names_the_customer_and_says_where_to_read_on(template: Template) -> None:
    customer = "Contoso GmbH & Co. KG"
    deployed = deploy(template, customerName=customer, alertEmail="it@contoso.com")
    group = deployed.one("Microsoft.Insights/actionGroups")
    assert [one["emailAddress"] for one in group.properties["emailReceivers"]] == ["it@contoso.com"]
    rules = alerts(deployed)
    assert set(rules) == {*LINES, "heartbeat", "log-cap", "vault-reader"}
    for name, rule in rules.items():
        actions = rule.properties["actions"]
        subject = actions["actionProperties"]["Email.Subject"]
        assert subject.startswith(f"UTM Mail Connect ({customer}): ")
        assert len(subject.replace(customer, "c" * 24).replace(ABOUT, "x" * LONGEST.get(name, 52))) <= 128
        assert (ABOUT in subject) is (name != "heartbeat")
        assert actions["actionGroups"] == [group.identifier]
        assert actions["customProperties"]["guide"] in rule.properties["description"]
        assert rule.properties["enabled"] is True
        assert rule.properties["skipQueryValidation"] is True
        expected = audit_logs(deployed) if name == "vault-reader" else app_logs(deployed)
        assert rule.properties["scopes"] == [expected.identifier]


@check
def whoever_holds_a_role_and_whatever_has_an_address_is_told_if_that_is_wished(template: Template) -> None:
    group = deploy(template).one("Microsoft.Insights/actionGroups").properties
    assert (group["armRoleReceivers"], group["webhookReceivers"]) == ([], [])
    role, address, other = "749f88d5-cbae-40b8-bcfc-e573ddc772fa", "https://alerts.example/hook", "/subscriptions/x/ag"
    deployed = deploy(template, alertRoleId=role, alertWebhook=address, actionGroupIds=[other])
    group = deployed.one("Microsoft.Insights/actionGroups").properties
    assert [(one["roleId"], one["useCommonAlertSchema"]) for one in group["armRoleReceivers"]] == [(role, True)]
    assert [(one["serviceUri"], one["useCommonAlertSchema"]) for one in group["webhookReceivers"]] == [(address, True)]
    for rule in alerts(deployed).values():
        own = deployed.one("Microsoft.Insights/actionGroups").identifier
        assert rule.properties["actions"]["actionGroups"] == [own, other]


@check
def who_was_added_to_the_action_group_stays_where_that_is_wished(template: Template) -> None:
    own = deploy(template).one("Microsoft.Insights/actionGroups").identifier
    deployed = deploy(template, keepReceivers=True)
    assert deployed.of("Microsoft.Insights/actionGroups") == []
    assert {tuple(one.properties["actions"]["actionGroups"]) for one in alerts(deployed).values()} == {(own,)}


@check
def a_test_and_what_the_daily_look_finds_are_told_as_what_is_not_proven(template: Template) -> None:
    query = condition(alerts(deploy(template))["verification-failed"])["query"]
    for event in ("connection-drifted", "test-alarm"):
        assert f'tostring(line.event) == "{event}"' in query
        assert f'"{event}"' in query.split(" | ")[1]


@check
def every_resource_that_can_have_tags_is_found_by_them(template: Template) -> None:
    kinds = {STORAGE, VAULT, WORKSPACE, COMPONENT, IDENTITY, SITE, RULE}
    kinds |= {"Microsoft.Insights/actionGroups", "Microsoft.Web/serverfarms"}
    deployed = deploy(template, customerName="Contoso")
    for kind in kinds:
        for resource in deployed.of(kind):
            tags = resource.body.get("tags", {})
            assert tags.get("utm-mail-connect-customer") == "Contoso", resource.name
            assert tags.get("utm-mail-connect"), resource.name


@check
def webhooks_come_through_by_service_tags_where_addresses_are_limited_and_that_is_wished(template: Template) -> None:
    def rules(**given: Any) -> list[tuple[str | None, str, int]]:
        found = deploy(template, **given).one(SITE).properties["siteConfig"]["ipSecurityRestrictions"]
        assert {one["action"] for one in found} <= {"Allow"}
        return [(one.get("tag"), one["ipAddress"], one["priority"]) for one in found]

    assert rules(webhooksIn=True) == []  # whoever is let in from everywhere is let in
    office = ("Default", "203.0.113.7/32", 100)
    assert rules(allowedAddresses=["203.0.113.7"]) == [office]
    services = [("ServiceTag", "ActionGroup", 101), ("ServiceTag", "AzureEventGrid", 102)]
    assert rules(allowedAddresses=["203.0.113.7"], webhooksIn=True) == [office, *services]


@check
def a_line_of_the_app_is_told_once_with_connection_and_date(template: Template) -> None:
    rules = alerts(deploy(template))
    for event, date in LINES.items():
        query, asked = condition(rules[event])["query"], READER if event == "parameters-read" else ASKER
        assert f'tostring(line.event) == "{event}"' in query
        assert query.endswith(f'| extend about = strcat(tostring(line.connection), ", ", {date}) {asked}')
    assert '== "parameters-read" and tostring(line.outcome) == "value" ' in condition(rules["parameters-read"])["query"]
    for event in (*LINES, "log-cap", "vault-reader"):
        assert _told_each(rules[event])


def _told_each(rule: Resource) -> bool:
    """Say whether each value of ``about`` and ``asker`` is told, at the first line and once."""
    found = condition(rule)
    compared: tuple[Any, ...] = (found["timeAggregation"], found["operator"], found["threshold"])
    return (
        compared == ("Count", "GreaterThan", 0)
        and found["dimensions"] == EACH
        and rule.properties["windowSize"] == rule.properties["evaluationFrequency"] == "PT15M"
        and rule.properties["autoMitigate"] is False
    )


@check
def a_day_without_a_sign_of_life_is_told_but_not_on_the_first(template: Template) -> None:
    rule = alerts(deploy(template))["heartbeat"]
    assert rule.properties["windowSize"] == "P2D"  # the shortest that holds 26 hours
    assert rule.properties["evaluationFrequency"] == "PT1H"
    assert rule.properties["autoMitigate"] is True
    found = condition(rule)
    assert (found["metricMeasureColumn"], found["timeAggregation"]) == ("lines", "Total")
    assert (found["operator"], found["threshold"], found["dimensions"]) == ("LessThan", 1, [])
    stages = found["query"].split(" | ")
    # A table that is not there yet must not be an error, or an app that never ran would not be missed.
    assert stages[0] == "union isfuzzy=true (datatable(TimeGenerated: datetime, Message: string) []), AppTraces"
    assert stages[1].startswith("where TimeGenerated > ago(26h) and ")
    assert 'where tostring(line.event) == "heartbeat"' in stages
    assert stages[-2] == "summarize lines = count()"
    assert stages[-1] == f"extend lines = lines + iff(now() < datetime({NOW}) + 26h, 1, 0)"


@check
def whoever_else_opens_the_vault_is_told(template: Template) -> None:
    deployed = deploy(template)
    query = condition(alerts(deployed)["vault-reader"])["query"]
    principal = Known(f"<{IDENTITY}/{deployed.one(IDENTITY).name}>.principalId")
    operation = 'OperationName startswith "Secret" and OperationName !endswith "EventGridNotification"'
    assert query.split(" | ") == [
        "AZKVAuditLogs",
        f"where {operation} and coalesce(HttpStatusCode, 200) < 300",
        "extend reader = tostring(Identity.claim.oid)",
        f'where reader !~ "{principal}"',
        'extend asker = iff(isempty(reader), "?", reader)',
        'extend about = strcat(asker, ", ", OperationName)',
    ]


@check
def a_log_that_is_full_is_told(template: Template) -> None:
    query = condition(alerts(deploy(template))["log-cap"])["query"]
    assert query.startswith('_LogOperation | where Category =~ "Ingestion" | where Detail contains "OverQuota" | ')


@check
def readings_are_told_unless_that_is_switched_off(template: Template) -> None:
    told = set(alerts(deploy(template)))
    assert told - set(alerts(deploy(template, alertOnReading=False))) == {"parameters-read"}
