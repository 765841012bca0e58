"""The commands of az about blobs that have versions and come back.

What the blob service does: https://learn.microsoft.com/azure/storage/blobs/soft-delete-blob-overview and
https://learn.microsoft.com/azure/storage/blobs/versioning-overview: a deleted blob leaves versions, none of
them current, an overwritten one an earlier version; a deleted version cannot be read before it is undeleted, and is not
current then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.infra.az_errors import AzError, UnknownCallError

World = dict[str, Any]
Options = dict[str, str]
NOW = "2026-11-26T09:00:00.0000000Z"
ROLE = "Storage Blob Data Contributor"


def _account(world: World, options: Options) -> Any:
    return {"id": f"/storageAccounts/{options['--name']}"} if options["--name"] == world["store"]["account"] else None


def _assign(world: World, options: Options) -> None:
    if options["--scope"] != f"/storageAccounts/{world['store']['account']}":
        raise UnknownCallError(options["--scope"])
    world["store"]["roles"].append(options["--role"])


def unassign(world: World, options: Options) -> None:
    """Take a role on the store away."""
    world["store"]["roles"].remove(options["--role"])


def _power(running: bool) -> Callable[[World, Options], None]:
    def command(world: World, options: Options) -> None:
        world["apps"][options["--name"]]["running"] = running

    return command


def _store(world: World, options: Options) -> dict[str, Any]:
    """Return the store for somebody who has a role there, which only a login brings in."""
    store: dict[str, Any] = world["store"]
    if options["--auth-mode"] != "login" or options["--account-name"] != store["account"]:
        raise UnknownCallError(str(options))
    if ROLE not in store["roles"]:
        raise AzError("You do not have the required permissions needed to perform this operation.")
    return store


def _versions(world: World, options: Options) -> list[dict[str, Any]]:
    store = _store(world, options)
    if options["--container-name"] != "connections" or store["deleted"]:
        raise AzError("The specified container does not exist. ErrorCode:ContainerNotFound")
    found: list[dict[str, Any]] = store["versions"]
    name = options.get("--name")
    return [one for one in found if name in {None, one["name"]}]


def _containers(world: World, options: Options) -> Any:
    store = _store(world, options)
    return [{"name": "connections", "version": store["version"], "deleted": store["deleted"] or None}]


def _restore(world: World, options: Options) -> None:
    store = _store(world, options)
    if not store["deleted"] or options["--deleted-version"] != store["version"]:
        raise AzError("The specified container does not exist. ErrorCode:ContainerNotFound")
    store["deleted"] = False


def _list(world: World, options: Options) -> Any:
    if options["--num-results"] != "*":
        raise UnknownCallError("az stops at 5,000")
    deleted = "d" in options["--include"]
    return [one for one in _versions(world, options) if deleted or not one["deleted"]]


def _undelete(world: World, options: Options) -> None:
    for one in _versions(world, options):
        one["deleted"] = None


def _download(world: World, options: Options) -> None:
    for one in _versions(world, options):
        if one["versionId"] == options["--version-id"] and not one["deleted"]:
            world["store"]["files"][options["--file"]] = one["content"]
            return
    raise AzError("The specified blob does not exist. ErrorCode:BlobNotFound")


def _delete(world: World, options: Options) -> None:
    current = [one for one in _versions(world, options) if one["isCurrentVersion"]]
    if not current:
        raise AzError("The specified blob does not exist. ErrorCode:BlobNotFound")
    current[0]["isCurrentVersion"] = None


def _upload(world: World, options: Options) -> None:
    for one in _versions(world, options):
        one["isCurrentVersion"] = None
    content = world["store"]["files"][options["--file"]]
    world["store"]["versions"].append(version(options["--name"], NOW, content, current=True))


def version(name: str, time: str, content: str, *, current: bool = False, deleted: bool = False) -> dict[str, Any]:
    """Return one version of a document."""
    return {
        "name": name,
        "versionId": time,
        "content": content,
        "isCurrentVersion": current or None,
        "deleted": deleted or None,
    }


_BLOB = {"--account-name", "--auth-mode", "--container-name"}
_APP = {"--resource-group", "--name"}
COMMANDS: dict[str, tuple[Callable[[World, Options], Any], set[str]]] = {
    "storage account show": (_account, _APP),
    "role assignment create": (_assign, {"--assignee", "--role", "--scope"}),
    "functionapp stop": (_power(running=False), _APP),
    "functionapp start": (_power(running=True), _APP),
    "storage container list": (_containers, {"--account-name", "--auth-mode", "--include-deleted"}),
    "storage container restore": (_restore, {"--account-name", "--auth-mode", "--name", "--deleted-version"}),
    "storage blob list": (_list, _BLOB | {"--include", "--num-results"}),
    "storage blob undelete": (_undelete, _BLOB | {"--name"}),
    "storage blob download": (_download, _BLOB | {"--name", "--version-id", "--file"}),
    "storage blob upload": (_upload, _BLOB | {"--name", "--file", "--overwrite"}),
    "storage blob delete": (_delete, _BLOB | {"--name"}),
}
