"""Ways to lose what is kept, and to tell nobody."""

from __future__ import annotations

from typing import Any

from tests.infra.template.breaks import caught_by, first, module, wanted
from tests.infra.template.checks.register import RULE, SITE, STORAGE, Template

_SERVICE = f"{STORAGE}/blobServices"
_NAMES = "an_alert_names_the_customer_and_says_where_to_read_on"
_LINE = "a_line_of_the_app_is_told_once_with_connection_and_date"
_SILENCE = "a_day_without_a_sign_of_life_is_told_but_not_on_the_first"
_READER = "whoever_else_opens_the_vault_is_told"


def rules(template: Template) -> dict[str, Any]:
    """Return the template of the rules of the app's workspace."""
    found: dict[str, Any] = module(module(template, "monitoring")["properties"]["template"], "alerts")["properties"]
    return found


def told(template: Template, of: str, name: str) -> dict[str, Any]:
    """Return one alert as its module describes it."""
    variables = module(template, of)["properties"]["template"]["variables"]
    (found,) = (one for one in [*variables["told"], *variables.get("onReading", [])] if one["name"] == name)
    alert: dict[str, Any] = found
    return alert


def replaced(alert: dict[str, Any], old: str, new: str) -> None:
    assert old in alert["query"]
    alert["query"] = alert["query"].replace(old, new)


@caught_by("the_connections_have_an_account_of_their_own")
def the_connections_beside_the_package(template: Template) -> None:
    wanted(template)["CONNECTOR_STORE"] = "[parameters('packages')]"


@caught_by("the_connections_have_an_account_of_their_own")
def everybody_reads_the_connections(template: Template) -> None:
    first(template, f"{_SERVICE}/containers", "connections")["properties"]["publicAccess"] = "Blob"


def service_of_the_store(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = first(module(template, "store")["properties"]["template"], _SERVICE)["properties"]
    return found


@caught_by("what_is_deleted_or_overwritten_there_can_be_had_for_a_month")
def overwritten_is_lost(template: Template) -> None:
    service_of_the_store(template)["isVersioningEnabled"] = False


@caught_by("what_is_deleted_or_overwritten_there_can_be_had_for_a_month")
def deleted_is_lost(template: Template) -> None:
    service_of_the_store(template)["deleteRetentionPolicy"]["enabled"] = False


@caught_by("what_is_deleted_or_overwritten_there_can_be_had_for_a_month")
def a_deleted_container_is_lost(template: Template) -> None:
    del service_of_the_store(template)["containerDeleteRetentionPolicy"]


@caught_by("what_is_deleted_or_overwritten_there_can_be_had_for_a_month")
def kept_for_a_day(template: Template) -> None:
    module(template, "store")["properties"]["template"]["variables"]["keptDays"] = 1


@caught_by("an_older_version_is_not_kept_for_ever")
def versions_for_ever(template: Template) -> None:
    policy = first(template, f"{STORAGE}/managementPolicies")["properties"]["policy"]
    policy["rules"][0]["enabled"] = False


@caught_by("an_older_version_is_not_kept_for_ever")
def the_documents_themselves_are_removed(template: Template) -> None:
    actions = first(template, f"{STORAGE}/managementPolicies")["properties"]["policy"]["rules"][0]["definition"][
        "actions"
    ]
    actions["baseBlob"] = actions.pop("version")


@caught_by("versions_do_not_pile_up_where_durable_writes")
def versions_of_everything(template: Template) -> None:
    inner = module(template, "storage")["properties"]["template"]
    first(inner, _SERVICE)["properties"] = {"isVersioningEnabled": True}


@caught_by(_NAMES)
def nobody_is_told(template: Template) -> None:
    first(template, RULE)["properties"]["actions"]["actionGroups"] = []


@caught_by(_NAMES)
def the_subject_says_not_whose(template: Template) -> None:
    rules(template)["template"]["variables"]["customer"] = ""


@caught_by(_NAMES)
def a_subject_that_is_cut_off(template: Template) -> None:
    told(template, "audit", "vault-reader")["subject"] += " somebody who is not the app has opened the vault:"


@caught_by(_NAMES)
def the_vault_is_looked_for_in_the_log_with_the_cap(template: Template) -> None:
    inner = module(module(template, "audit")["properties"]["template"], "alerts")
    inner["properties"]["parameters"]["workspaceId"]["value"] = (
        "[replace(resourceId('Microsoft.OperationalInsights/workspaces', parameters('name')), '-audit', '')]"
    )


@caught_by(_LINE)
def the_alert_looks_for_another_line(template: Template) -> None:
    replaced(told(template, "monitoring", "secret-expiry"), "secret-expiry", "secret-expires")


@caught_by(_LINE)
def the_alert_says_not_of_which_connection(template: Template) -> None:
    replaced(told(template, "monitoring", "verification-failed"), "tostring(line.connection)", '"somebody"')


@caught_by(_LINE)
def the_alert_says_not_who_has_asked(template: Template) -> None:
    told_of = module(template, "monitoring")["properties"]["template"]["variables"]
    told_of["asker"] = told_of["asker"].replace("tostring(line.by)", '"somebody"')


@caught_by("who_was_added_to_the_action_group_stays_where_that_is_wished")
def a_redeployment_writes_the_action_group_all_the_same(template: Template) -> None:
    del first(module(template, "monitoring")["properties"]["template"], "Microsoft.Insights/actionGroups")["condition"]


@caught_by(_LINE)
def asking_for_the_address_alone_is_told_too(template: Template) -> None:
    replaced(told(template, "monitoring", "parameters-read"), ' and tostring(line.outcome) == "value"', "")


@caught_by(_LINE)
def a_line_is_told_again_and_again(template: Template) -> None:
    rules(template)["template"]["variables"]["shapes"]["line"]["window"] = "PT1H"


@caught_by(_LINE)
def only_the_second_line_is_told(template: Template) -> None:
    rules(template)["template"]["variables"]["shapes"]["line"]["condition"]["threshold"] = 1


@caught_by(_SILENCE)
def silence_is_looked_for_in_a_day_that_is_too_short(template: Template) -> None:
    replaced(told(template, "monitoring", "heartbeat"), "ago(26h)", "ago(20h)")


@caught_by(_SILENCE)
def silence_from_the_first_minute_on(template: Template) -> None:
    heartbeat = told(template, "monitoring", "heartbeat")
    heartbeat["query"] = heartbeat["query"].rpartition(" | ")[0]


@caught_by(_SILENCE)
def silence_is_a_sign_of_life(template: Template) -> None:
    rules(template)["template"]["variables"]["shapes"]["silence"]["condition"]["operator"] = "GreaterThan"


@caught_by(_SILENCE)
def no_row_is_no_silence(template: Template) -> None:
    replaced(
        told(template, "monitoring", "heartbeat"),
        " | summarize lines = count()",
        " | summarize lines = count() by Message",
    )


@caught_by(_SILENCE)
def an_app_that_never_ran_is_not_missed(template: Template) -> None:
    heartbeat = told(template, "monitoring", "heartbeat")
    replaced(heartbeat, "union isfuzzy=true (datatable(TimeGenerated: datetime, Message: string) []), ", "")


@caught_by(_READER)
def the_app_itself_is_somebody_else(template: Template) -> None:
    module(template, "audit")["properties"]["parameters"]["principalId"]["value"] = "11111111-somebody-else"


@caught_by(_READER)
def somebody_who_carries_our_id_in_his_name_is_us(template: Template) -> None:
    replaced(told(template, "audit", "vault-reader"), "tostring(Identity.claim.oid)", "tostring(Identity)")


@caught_by(_READER)
def a_backup_is_no_reading(template: Template) -> None:
    replaced(told(template, "audit", "vault-reader"), 'startswith "Secret"', '== "SecretGet"')


@caught_by(_READER)
def every_first_request_of_a_client_is_told(template: Template) -> None:
    replaced(told(template, "audit", "vault-reader"), " and coalesce(HttpStatusCode, 200) < 300", "")


@caught_by("a_log_that_is_full_is_told")
def the_cap_is_looked_for_among_the_lines_of_the_app(template: Template) -> None:
    replaced(told(template, "monitoring", "log-cap"), "_LogOperation", "AppTraces")


@caught_by("readings_are_told_unless_that_is_switched_off")
def readings_are_told_whatever_is_wanted(template: Template) -> None:
    variables = module(template, "monitoring")["properties"]["template"]["variables"]
    variables["told"] += variables["onReading"]
    variables["onReading"] = []


@caught_by("whoever_holds_a_role_and_whatever_has_an_address_is_told_if_that_is_wished")
def nobody_by_role(template: Template) -> None:
    first(template, "Microsoft.Insights/actionGroups")["properties"]["armRoleReceivers"] = []


@caught_by("whoever_holds_a_role_and_whatever_has_an_address_is_told_if_that_is_wished")
def the_groups_of_others_are_forgotten(template: Template) -> None:
    rule = first(template, RULE)
    rule["properties"]["actions"]["actionGroups"] = ["[parameters('recipientsIds')[0]]"]


@caught_by("a_test_and_what_the_daily_look_finds_are_told_as_what_is_not_proven")
def no_test_is_told(template: Template) -> None:
    replaced(told(template, "monitoring", "verification-failed"), '"test-alarm"', '"test"')


@caught_by("every_resource_that_can_have_tags_is_found_by_them")
def an_app_that_no_fleet_finds(template: Template) -> None:
    del first(template, SITE)["tags"]


@caught_by("webhooks_come_through_by_service_tags_where_addresses_are_limited_and_that_is_wished")
def service_tags_as_addresses(template: Template) -> None:
    restrictions = first(template, SITE)["properties"]["siteConfig"]["copy"]
    del restrictions[0]["input"]["tag"]
