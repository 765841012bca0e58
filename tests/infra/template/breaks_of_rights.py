"""Ways to give somebody more, or to let somebody in."""

from __future__ import annotations

from tests.infra.template.breaks import caught_by, first, module, wanted
from tests.infra.template.checks.register import (
    ASSIGNMENT,
    COMPONENT,
    DEFINITION,
    SITE,
    STORAGE,
    WORKSPACE,
    Template,
)

_CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


@caught_by("the_identity_gets_exactly_these_roles_on_exactly_these_scopes")
def contributor_instead_of_a_role(template: Template) -> None:
    variables = module(template, "vault")["properties"]["template"]["variables"]
    variables["role"] = _CONTRIBUTOR


@caught_by("the_identity_gets_exactly_these_roles_on_exactly_these_scopes")
def the_store_as_its_owner(template: Template) -> None:
    variables = module(template, "store")["properties"]["template"]["variables"]
    variables["blobDataContributor"] = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"


@caught_by("the_identity_gets_exactly_these_roles_on_exactly_these_scopes")
def the_whole_account_for_one_container(template: Template) -> None:
    assignment = first(template, ASSIGNMENT, "blobDataContributor")
    assignment["scope"] = "[resourceId('Microsoft.Storage/storageAccounts', parameters('name'))]"


@caught_by("the_identity_gets_exactly_these_roles_on_exactly_these_scopes")
def the_custom_role_cannot_be_left_out(template: Template) -> None:
    del first(template, DEFINITION)["condition"]


@caught_by("the_role_of_our_own_does_what_the_app_does_and_nothing_else")
def the_role_may_purge(template: Template) -> None:
    permission = first(template, DEFINITION)["properties"]["permissions"][0]
    permission["dataActions"].append("Microsoft.KeyVault/vaults/secrets/purge/action")


@caught_by("the_role_of_our_own_does_what_the_app_does_and_nothing_else")
def the_role_may_do_everything_with_a_secret(template: Template) -> None:
    first(template, DEFINITION)["properties"]["permissions"][0]["dataActions"] = ["Microsoft.KeyVault/vaults/secrets/*"]


@caught_by("the_role_of_our_own_does_what_the_app_does_and_nothing_else")
def the_role_may_be_given_in_the_whole_subscription(template: Template) -> None:
    first(template, DEFINITION)["properties"]["assignableScopes"] = ["[subscription().id]"]


@caught_by("the_role_of_our_own_does_what_the_app_does_and_nothing_else")
def the_role_has_one_name_for_every_deployment(template: Template) -> None:
    first(template, DEFINITION)["properties"]["roleName"] = "UTM Mail Connect"


@caught_by("only_allowed_addresses_reach_the_app")
def nobody_is_let_in(template: Template) -> None:
    first(template, SITE)["properties"]["siteConfig"]["ipSecurityRestrictionsDefaultAction"] = "Deny"


@caught_by("every_parameter_is_described_used_and_limited")
def from_everywhere_without_a_word(template: Template) -> None:
    template["parameters"]["allowedAddresses"]["defaultValue"] = []


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
