"""What a set-up leaves in the tenant, without ids and times, so that two runs can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from local.tenant import Tenant
from local.tenant.catalogue import EXCHANGE_ROLES
from local.tenant.world import Application, World

FOREIGN = "another-app"
_ROLES = {id_: value for value, id_ in EXCHANGE_ROLES.items()}


def add_foreign(tenant: Tenant) -> None:
    """Put things in the tenant that are nobody's business: an application, its principal, its access."""
    administrator = tenant.administrator
    one = administrator.register_application(FOREIGN)
    administrator.add_credential(one)
    principal = administrator.create_enterprise_application(one)
    administrator.new_service_principal(one.app_id, principal.id, "Another app")
    administrator.add_mailbox_permission(tenant.addresses[0], one.app_id)


def end_state(world: World, name: str) -> dict[str, Any]:
    """Return what is there of the connection ``name``, and who else may open the mailboxes."""
    ours = [one for one in world.applications.values() if one.unique_name == f"utm-mail-connect-{name}"]
    apps = {one.app_id for one in ours}
    principals = [one for one in world.service_principals.values() if one.app_id in apps]
    ids = {one.id for one in principals}
    records = [one for one in world.exchange_principals.values() if one.app_id in apps]
    names = {one.sid: "ours" for one in records}
    return {
        "applications": [_application(one, world) for one in ours],
        "deleted applications": len(world.deleted_applications),
        "enterprise applications": [one.enabled for one in principals],
        "roles": sorted(_ROLES.get(one.role_id, "?") for one in world.assignments.values() if one.principal_id in ids),
        "Exchange principals": [one.object_id in ids for one in records],
        "access": {
            address: sorted((names.get(sid, "another"), *entry.rights) for sid, entry in mailbox.access.items())
            for address, mailbox in world.mailboxes.items()
        },
        "IMAP": {address: mailbox.imap_enabled for address, mailbox in world.mailboxes.items()},
        **_secrets(ours, world, name),
    }


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return which parts differ, in words."""
    return [f"{part}: {one.get(part)} and not {other[part]}" for part in other if one.get(part) != other[part]]


def _application(one: Application, world: World) -> dict[str, Any]:
    return {
        "display name": one.display_name,
        "audience": one.sign_in_audience,
        "tags": sorted(one.tags),
        "required": one.required_resource_access,
        "owned by us alone": one.owners == [world.identity.object_id],
    }


def _secrets(ours: Iterable[Application], world: World, name: str) -> dict[str, Any]:
    """Return the secrets: one live one on the application, the same in the vault, and no orphan."""
    live = [credential.key_id for one in ours for credential in one.credentials]
    kept = [
        version.tags.get("keyId")
        for secret, entry in world.secrets.items()
        if secret.startswith(f"{name}-")
        for version in entry.versions
        if version.enabled
    ]
    return {
        "live secrets": len(live),
        "orphans": len(set(live) - set(kept)),
        "the vault's newest is live": bool(kept) and kept[-1] in live,
        "deleted and enabled": sum(one.enabled for each in world.deleted_secrets.values() for one in each.versions),
        "secrets of deleted applications": sum(len(one.credentials) for one in world.deleted_applications.values()),
    }


def foreign(world: World, name: str) -> list[str]:
    """Return what is there beside the connection, with its ids: nothing of it may change."""
    ours = {one.app_id for one in world.applications.values() if one.unique_name == f"utm-mail-connect-{name}"}
    others = [one for one in world.applications.values() if one.app_id not in ours]
    records = [one for one in world.exchange_principals.values() if one.app_id not in ours]
    return sorted(
        [
            *(f"{one.unique_name} {one.owners} {[entry.key_id for entry in one.credentials]}" for one in others),
            *(f"{one.app_id} {one.object_id} {one.display_name}" for one in records),
        ]
    )
