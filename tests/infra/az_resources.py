"""The commands of az about the account, the app, its identity, the resource group and its deployments."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.infra import az_storage
from tests.infra.az_errors import AzError, UnknownCallError, need, unauthorized

World = dict[str, Any]
Options = dict[str, str]
WEBSITE = ("Website Contributor", "Contributor", "Owner")
CONTRIBUTOR = ("Contributor", "Owner")
ACCESS = ("User Access Administrator", "Owner")


def answer(world: World, words: str, options: Options) -> Any:
    """Return what the command answers."""
    if words not in COMMANDS:
        raise UnknownCallError(words)
    command, known = COMMANDS[words]
    if options.keys() - known:
        raise UnknownCallError(f"{words}: {sorted(options.keys() - known)}")
    if world["account"]["tenantId"] is None:
        raise AzError("Please run 'az login' to setup account.")
    return command(world, options)


def _account(world: World, _: Options) -> Any:
    return {"tenantId": world["account"]["tenantId"], "user": world["account"]["user"]}


def _choose(world: World, options: Options) -> None:
    if options["--subscription"] not in world.get("subscriptions", ["s"]):
        raise AzError(f"The subscription of '{options['--subscription']}' doesn't exist in cloud 'AzureCloud'.")


def _cloud(world: World, _: Options) -> Any:
    return {"name": world["cloud"], "endpoints": {"microsoftGraphResourceId": "https://graph.microsoft.com/"}}


def _app(world: World, options: Options) -> dict[str, Any]:
    need(world, unauthorized("Microsoft.Web/sites/read", options["--name"]), "Reader", *WEBSITE)
    app: dict[str, Any] | None = world["apps"].get(options["--name"])
    if app is None or options["--resource-group"] not in world["groups"]:
        raise AzError(f"(ResourceNotFound) The Resource 'Microsoft.Web/sites/{options['--name']}' was not found.")
    return app


def _show(world: World, options: Options) -> Any:
    host = _app(world, options)["defaultHostName"]
    if world["trouble"].get("flattening_az"):
        return {"defaultHostName": host}
    return {"properties": {"defaultHostName": host}}


def _identities(world: World, options: Options) -> Any:
    identities = {key: world["identities"][key] for key in _app(world, options)["identities"]}
    return {"type": "UserAssigned", "userAssignedIdentities": identities}


def _identity(world: World, options: Options) -> Any:
    need(world, unauthorized("Microsoft.ManagedIdentity/read", options["--ids"]), "Reader", *WEBSITE)
    return world["identities"][options["--ids"]]


def _settings(world: World, options: Options) -> Any:
    app = _app(world, options)
    need(world, unauthorized("Microsoft.Web/sites/config/list/action", options["--name"]), *WEBSITE)
    return [{"name": name, "slotSetting": False, "value": value} for name, value in app["settings"].items()]


def _set_settings(world: World, options: Options) -> Any:
    app = _app(world, options)
    need(world, unauthorized("Microsoft.Web/sites/config/write", options["--name"]), *WEBSITE)
    name, _, value = options["--settings"].partition("=")
    app["settings"][name] = value
    return [{"name": name, "value": None}]


def _delete_settings(world: World, options: Options) -> Any:
    app = _app(world, options)
    need(world, unauthorized("Microsoft.Web/sites/config/write", options["--name"]), *WEBSITE)
    app["settings"].pop(options["--setting-names"], None)
    return [{"name": name, "value": None} for name in app["settings"]]


def _keys(world: World, options: Options) -> Any:
    app = _app(world, options)
    need(world, unauthorized("Microsoft.Web/sites/functions/listkeys/action", options["--name"]), *WEBSITE)
    return {"default": app["keys"][options["--function-name"]]}


def _group_exists(world: World, options: Options) -> Any:
    return options["--name"] in world["groups"]


def _resources(world: World, options: Options) -> Any:
    return [{"type": kind, "name": name} for kind, name in world["groups"][options["--resource-group"]]]


def _delete_group(world: World, options: Options) -> None:
    need(
        world, unauthorized("Microsoft.Resources/subscriptions/resourceGroups/delete", options["--name"]), *CONTRIBUTOR
    )
    if "--yes" not in options:
        raise UnknownCallError("az would ask")
    del world["groups"][options["--name"]]
    world["apps"].clear()
    world["identities"].clear()


def _deployments(world: World, options: Options) -> Any:
    _app(world, {**options, "--name": next(iter(world["apps"]))})
    return world["deployments"]


def _deploy(world: World, options: Options) -> Any:
    """Deploy the template as Azure would: only what stands in it; the package's version becomes the app's."""
    need(world, unauthorized("Microsoft.Resources/deployments/write", options["--name"]), *CONTRIBUTOR)
    if options["--template-file"].endswith("azuredeploy.json"):
        return _deploy_whole(world, options)
    given = dict(pair.split("=", 1) for pair in options["--parameters"].splitlines())
    template = json.loads(Path(options["--template-file"]).read_text("utf-8"))
    if given.keys() != template["parameters"].keys():
        raise UnknownCallError(f"parameters {sorted(given)}")
    (resource,) = template["resources"]
    expected = ("Microsoft.Web/sites/extensions", "[format('{0}/onedeploy', parameters('app'))]", False)
    found = (resource["type"], resource["name"], resource["properties"]["remoteBuild"])
    if found != expected or options.get("--mode", "Incremental") != "Incremental":
        raise UnknownCallError(f"template {found}")
    app = world["apps"][given["app"]]
    package = given["packageUri"]
    if package not in world["files"]:
        raise AzError(f"(PackageNotFound) {package}")
    if not world["trouble"].get("broken_package"):
        version = package.rpartition("-")[2].removesuffix(".zip")
        app.update(before=app["version"], version=version, starting=world["trouble"].get("slow_start", 2))
    stamp = f"2026-11-24T04:{len(world['deployments']):02}:00Z"
    parameters = {name: {"type": "String", "value": value} for name, value in given.items()}
    properties = {"provisioningState": "Succeeded", "timestamp": stamp, "parameters": parameters}
    world["deployments"].append({"name": options["--name"], "properties": properties})
    return None


def _create_group(world: World, options: Options) -> Any:
    need(world, unauthorized("Microsoft.Resources/subscriptions/resourceGroups/write", options["--name"]), *CONTRIBUTOR)
    world["groups"].setdefault(options["--name"], [])
    return {"name": options["--name"], "location": options["--location"]}


def _deploy_whole(world: World, options: Options) -> Any:
    """Take the template of the whole deployment, with just the parameters that it has and all that it needs."""
    given = dict(pair.split("=", 1) for pair in options["--parameters"].splitlines())
    template = json.loads(Path(options["--template-file"]).read_text("utf-8"))
    needed = {name for name, one in template["parameters"].items() if "defaultValue" not in one}
    if (
        not needed <= given.keys() <= template["parameters"].keys()
        or options["--resource-group"] not in world["groups"]
    ):
        raise UnknownCallError(f"parameters {sorted(given)}")
    for kind, brought in world.pop("template_brings", {}).items():
        world[kind] |= brought
    outputs = {name: {"type": one["type"], "value": name} for name, one in template["outputs"].items()}
    return {"properties": {"provisioningState": "Succeeded", "outputs": outputs}}


def _push(world: World, options: Options) -> Any:
    """Take a package for a Flex Consumption app, which keeps it in the storage that the app names.

    learn.microsoft.com/azure/azure-functions/flex-consumption-how-to#deploy-your-code-project
    """
    app = _app(world, options)
    need(world, unauthorized("Microsoft.Web/sites/publish/Action", options["--name"]), *WEBSITE)
    app["version"] = options["--src"].rpartition("-")[2].removesuffix(".zip")
    return {"status": 4}


def _vault(world: World, options: Options) -> Any:
    if ["Microsoft.KeyVault/vaults", options["--name"]] not in world["groups"].get(options["--resource-group"], []):
        raise AzError(f"(ResourceNotFound) The Resource 'Microsoft.KeyVault/vaults/{options['--name']}' was not found.")
    return {"id": f"/vaults/{options['--name']}"}


def _vault_roles(world: World, options: Options) -> Any:
    name = options["--name"]
    return [{"name": "88888888-8888-4000-8000-888888888888", "roleName": name}] if name in world["vaultRoles"] else []


def _unassign_vault_role(world: World, options: Options) -> None:
    need(world, unauthorized("Microsoft.Authorization/roleAssignments/delete", options["--scope"]), *ACCESS)
    world["vaultRoles"][options["--role"]] = [
        scope for scope in world["vaultRoles"][options["--role"]] if scope != options["--scope"]
    ]


def _delete_vault_role(world: World, options: Options) -> None:
    name = options["--name"]
    need(world, unauthorized("Microsoft.Authorization/roleDefinitions/delete", name), *ACCESS)
    if world["vaultRoles"].get(name):
        raise AzError("(RoleDefinitionHasAssignments) There are existing role assignments referencing role.")
    world["vaultRoles"].pop(name, None)


def _unassign(world: World, options: Options) -> None:
    """Take a role from whoever has it: ours on the vault, or a person's on the store."""
    if options["--role"] in world["vaultRoles"]:
        _unassign_vault_role(world, options)
    else:
        az_storage.unassign(world, options)


Command = Callable[[World, Options], Any]
_APP = {"--resource-group", "--name"}
_ROLE = {"--resource-group", "--custom-role-only", "--name"}
COMMANDS: dict[str, tuple[Command, set[str]]] = {
    **az_storage.COMMANDS,
    "keyvault show": (_vault, {"--resource-group", "--name"}),
    "role definition list": (_vault_roles, _ROLE),
    "role definition delete": (_delete_vault_role, _ROLE),
    "role assignment delete": (_unassign, {"--assignee", "--role", "--scope"}),
    "account show": (_account, set()),
    "account set": (_choose, {"--subscription"}),
    "cloud show": (_cloud, set()),
    "functionapp show": (_show, _APP),
    "functionapp identity show": (_identities, _APP),
    "functionapp config appsettings list": (_settings, _APP),
    "functionapp config appsettings set": (_set_settings, _APP | {"--settings"}),
    "functionapp config appsettings delete": (_delete_settings, _APP | {"--setting-names"}),
    "functionapp function keys list": (_keys, _APP | {"--function-name"}),
    "identity show": (_identity, {"--ids"}),
    "group exists": (_group_exists, {"--name"}),
    "group create": (_create_group, {"--name", "--location"}),
    "functionapp deployment source config-zip": (_push, _APP | {"--src"}),
    "group delete": (_delete_group, {"--name", "--yes"}),
    "resource list": (_resources, {"--resource-group"}),
    "deployment group list": (_deployments, {"--resource-group"}),
    "deployment group create": (
        _deploy,
        {"--resource-group", "--name", "--template-file", "--parameters", "--mode"},
    ),
}
