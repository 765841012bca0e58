"""Ways to break a copy of the template, each with the check that has to notice it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.infra.template.checks.register import ASSIGNMENT, COMPONENT, RULE, SITE, STORAGE, VAULT, WORKSPACE, nested

Template = dict[str, Any]
BREAKS: list[tuple[str, Callable[[Template], object]]] = []
_CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


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


@caught_by("the_identity_gets_exactly_these_roles_on_exactly_these_scopes")
def contributor_instead_of_a_role(template: Template) -> None:
    variables = module(template, "vault")["properties"]["template"]["variables"]
    variables["secretsOfficer"] = _CONTRIBUTOR


@caught_by("the_identity_gets_exactly_these_roles_on_exactly_these_scopes")
def one_role_more(template: Template) -> None:
    module(template, "storage")["properties"]["template"]["variables"]["roles"]["more"] = _CONTRIBUTOR


@caught_by("the_identity_gets_exactly_these_roles_on_exactly_these_scopes")
def one_role_less(template: Template) -> None:
    del module(template, "storage")["properties"]["template"]["variables"]["roles"]["tables"]


@caught_by("the_identity_gets_exactly_these_roles_on_exactly_these_scopes")
def the_role_stands_at_another_resource(template: Template) -> None:
    assignment = first(template, ASSIGNMENT, "metricsPublisher")
    assignment["scope"] = assignment["scope"].replace(COMPONENT, WORKSPACE)
    assignment["dependsOn"] = [one.replace(COMPONENT, WORKSPACE) for one in assignment["dependsOn"]]


@caught_by("the_identity_gets_exactly_these_roles_on_exactly_these_scopes")
def somebody_else_gets_the_role(template: Template) -> None:
    module(template, "vault")["properties"]["parameters"]["principalId"]["value"] = "11111111-somebody-else"


@caught_by("no_other_role_is_even_named")
def a_role_that_no_check_evaluates(template: Template) -> None:
    template["variables"]["later"] = _CONTRIBUTOR


@caught_by("the_name_of_an_assignment_depends_on_scope_principal_and_role")
def assignments_of_one_name(template: Template) -> None:
    first(template, ASSIGNMENT)["name"] = "[guid(resourceGroup().id)]"


@caught_by("the_app_is_made_after_every_role_assignment")
def the_app_waits_for_no_vault(template: Template) -> None:
    app = module(template, "app")
    app["dependsOn"] = [one for one in app["dependsOn"] if "-vault" not in one]
    app["properties"]["parameters"]["vaultUri"]["value"] = "https://vault.example"


@caught_by("the_code_comes_last")
def the_code_waits_for_no_settings(template: Template) -> None:
    code = first(template, "Microsoft.Web/sites/extensions")
    code["dependsOn"] = [one for one in code["dependsOn"] if "-settings" not in one]


@caught_by("the_code_is_the_package_as_it_was_built")
def azure_builds_the_code(template: Template) -> None:
    first(template, "Microsoft.Web/sites/extensions")["properties"]["remoteBuild"] = True


@caught_by("the_code_is_the_package_as_it_was_built")
def the_package_is_always_the_same(template: Template) -> None:
    first(template, "Microsoft.Web/sites/extensions")["properties"]["packageUri"] = "https://example.com/other.zip"


@caught_by("storage_is_reached_by_identity_alone")
def shared_keys_are_allowed(template: Template) -> None:
    first(template, STORAGE)["properties"]["allowSharedKeyAccess"] = True


@caught_by("storage_is_reached_by_identity_alone")
def the_package_is_stored_by_connection_string(template: Template) -> None:
    storage = first(template, SITE)["properties"]["functionAppConfig"]["deployment"]["storage"]
    storage["authentication"] = {"type": "StorageAccountConnectionString"}


@caught_by("nothing_is_key_based")
def a_connection_string_for_the_host(template: Template) -> None:
    wanted(template)["AzureWebJobsStorage"] = "[parameters('blobs')]"


@caught_by("nothing_is_key_based")
def a_key_is_read(template: Template) -> None:
    template["variables"]["key"] = "[listKeys(resourceId('Microsoft.Storage/storageAccounts', 'x'), '2025-06-01')]"


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


@caught_by("logs_take_entra_tokens_alone_and_have_an_end_and_a_cap")
def logs_by_instrumentation_key(template: Template) -> None:
    first(template, COMPONENT)["properties"]["DisableLocalAuth"] = False


@caught_by("logs_take_entra_tokens_alone_and_have_an_end_and_a_cap")
def no_cap(template: Template) -> None:
    first(template, WORKSPACE)["properties"]["workspaceCapping"] = {"dailyQuotaGb": -1}


@caught_by("an_alert_names_customer_connection_and_date_and_says_where_to_read_on")
def nobody_is_told(template: Template) -> None:
    first(template, RULE)["properties"]["actions"]["actionGroups"] = []


@caught_by("an_alert_names_customer_connection_and_date_and_says_where_to_read_on")
def the_alert_looks_for_another_line(template: Template) -> None:
    alert = module(template, "monitoring")["properties"]["template"]["variables"]["alerts"][0]
    alert["query"] = alert["query"].replace("secret-expiry", "secret-expires")


@caught_by("an_alert_names_customer_connection_and_date_and_says_where_to_read_on")
def the_subject_says_not_whose(template: Template) -> None:
    module(template, "monitoring")["properties"]["template"]["variables"]["customer"] = ""


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
