"""Ways to break a copy of the template, each with the check that has to notice it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.infra.template.checks.register import (
    COMPONENT,
    SITE,
    VAULT,
    WORKSPACE,
    nested,
)

Template = dict[str, Any]
BREAKS: list[tuple[str, Callable[[Template], object]]] = []


def caught_by(check: str) -> Callable[[Callable[[Template], object]], Callable[[Template], object]]:
    def register(change: Callable[[Template], object]) -> Callable[[Template], object]:
        BREAKS.append((check, change))
        return change

    return register


def first(template: Template, kind: str, ending: str = "") -> dict[str, Any]:
    """Return the first resource of a type, as it stands in the template or in one nested in it."""
    for one in nested(template):
        for resource in one["resources"]:
            if resource["type"] == kind and ending in resource["name"]:
                found: dict[str, Any] = resource
                return found
    raise LookupError(kind)


def module(template: Template, name: str) -> dict[str, Any]:
    (found,) = (one for one in template["resources"] if one["name"].endswith(f"-{name}"))
    inner: dict[str, Any] = found
    return inner


def wanted(template: Template) -> dict[str, Any]:
    """Return the app settings as the template sets them."""
    settings = first(template, "Microsoft.Resources/deployments", "-settings")
    values: dict[str, Any] = settings["properties"]["parameters"]["wanted"]["value"]
    return values


@caught_by("the_app_is_as_ordered_and_closed")
def plain_http(template: Template) -> None:
    first(template, SITE)["properties"]["httpsOnly"] = False


@caught_by("the_app_is_as_ordered_and_closed")
def publishing_by_password(template: Template) -> None:
    first(template, "Microsoft.Web/sites/basicPublishingCredentialsPolicies", "scm")["properties"]["allow"] = True


@caught_by("the_app_is_as_ordered_and_closed")
def a_second_identity(template: Template) -> None:
    first(template, SITE)["identity"]["type"] = "SystemAssigned, UserAssigned"


@caught_by("only_allowed_addresses_reach_the_app")
def every_address_is_let_in(template: Template) -> None:
    first(template, SITE)["properties"]["siteConfig"]["ipSecurityRestrictionsDefaultAction"] = "Allow"


@caught_by("only_allowed_addresses_reach_the_app")
def the_ranges_are_not_passed_on(template: Template) -> None:
    module(template, "app")["properties"]["parameters"]["allowedAddresses"]["value"] = []


@caught_by("a_second_deployment_changes_nothing_and_keeps_what_was_set_since")
def the_settings_are_replaced(template: Template) -> None:
    first(template, "Microsoft.Web/sites/config")["properties"] = "[parameters('wanted')]"


@caught_by("a_second_deployment_changes_nothing_and_keeps_what_was_set_since")
def the_site_is_written_with_settings(template: Template) -> None:
    first(template, SITE)["properties"]["siteConfig"]["appSettings"] = []


@caught_by("a_second_deployment_changes_nothing_and_keeps_what_was_set_since")
def the_old_value_wins(template: Template) -> None:
    first(template, "Microsoft.Web/sites/config")["properties"] = "[union(parameters('wanted'), parameters('present'))]"


@caught_by("the_vault_works_by_roles_keeps_what_is_deleted_and_tells_who_read")
def nobody_sees_who_read(template: Template) -> None:
    first(template, "Microsoft.Insights/diagnosticSettings")["properties"]["logs"][0]["enabled"] = False


@caught_by("the_vault_works_by_roles_keeps_what_is_deleted_and_tells_who_read")
def purge_protection_is_fixed(template: Template) -> None:
    first(template, VAULT)["properties"]["enablePurgeProtection"] = True


@caught_by("the_vault_works_by_roles_keeps_what_is_deleted_and_tells_who_read")
def access_policies(template: Template) -> None:
    first(template, VAULT)["properties"]["enableRbacAuthorization"] = False


@caught_by("logs_take_entra_tokens_alone_and_have_an_end_and_those_of_the_app_a_cap")
def logs_by_instrumentation_key(template: Template) -> None:
    first(template, COMPONENT)["properties"]["DisableLocalAuth"] = False


@caught_by("logs_take_entra_tokens_alone_and_have_an_end_and_those_of_the_app_a_cap")
def no_cap(template: Template) -> None:
    first(template, WORKSPACE)["properties"]["workspaceCapping"] = {"dailyQuotaGb": -1}


@caught_by("logs_take_entra_tokens_alone_and_have_an_end_and_those_of_the_app_a_cap")
def a_cap_for_the_vault(template: Template) -> None:
    inner = module(template, "audit")["properties"]["template"]
    first(inner, WORKSPACE)["properties"]["workspaceCapping"] = {"dailyQuotaGb": 1}


@caught_by("the_vault_works_by_roles_keeps_what_is_deleted_and_tells_who_read")
def the_vault_logs_where_the_app_does(template: Template) -> None:
    monitoring = module(template, "monitoring")
    monitoring["properties"]["template"]["outputs"]["workspaceId"] = {
        "type": "string",
        "value": f"[resourceId('{WORKSPACE}', parameters('name'))]",
    }
    vault = module(template, "vault")
    given = vault["properties"]["parameters"]["workspaceId"]
    given["value"] = given["value"].replace("-audit'", "-monitoring'")
    vault["dependsOn"] = [one.replace("-audit'", "-monitoring'") for one in vault["dependsOn"]]


@caught_by("every_parameter_is_described_used_and_limited")
def a_parameter_for_nothing(template: Template) -> None:
    template["parameters"]["spare"] = {"type": "bool", "defaultValue": True, "metadata": {"description": "Nothing."}}


@caught_by("every_parameter_is_described_used_and_limited")
def a_number_without_an_end(template: Template) -> None:
    template["parameters"]["logRetentionDays"]["maxValue"] = 10


@caught_by("every_parameter_is_described_used_and_limited")
def a_parameter_without_a_word(template: Template) -> None:
    template["parameters"]["nameSuffix"]["metadata"]["description"] = ""


@caught_by("every_output_is_described_and_right")
def the_client_id_for_the_object_id(template: Template) -> None:
    outputs = module(template, "identity")["properties"]["template"]["outputs"]
    outputs["principalId"]["value"] = outputs["clientId"]["value"]


@caught_by("every_output_is_described_and_right")
def the_command_leaves_out_the_group(template: Template) -> None:
    command = template["outputs"]["grantCommand"]
    command["value"] = command["value"].replace("resourceGroup().name", "'rg'")


@caught_by("every_name_is_within_its_limits_and_the_suffix_changes_it")
def a_hyphen_in_the_storage_account(template: Template) -> None:
    module(template, "storage")["properties"]["parameters"]["name"]["value"] = "[variables('name')]"


@caught_by("every_name_is_within_its_limits_and_the_suffix_changes_it")
def a_name_too_long_for_the_vault(template: Template) -> None:
    template["variables"]["name"] = template["variables"]["name"].replace("utmmail-", "utm-mail-connect-")


@caught_by("every_name_is_within_its_limits_and_the_suffix_changes_it")
def the_suffix_is_left_out(template: Template) -> None:
    template["variables"]["unique"] = "[uniqueString(resourceGroup().id)]"
