"""Microsoft Graph's objects, parsed once into the values of ``observed.py``, and the parts of what is written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from msgraph.generated.models.required_resource_access import RequiredResourceAccess
from msgraph.generated.models.resource_access import ResourceAccess
from msgraph.generated.models.service_principal_lock_configuration import ServicePrincipalLockConfiguration

from connector.observed import Application, Credential, CredentialPolicy, EnterpriseApplication, Owner

APPLICATION = (
    "id", "appId", "displayName", "signInAudience", "tags", "requiredResourceAccess", "passwordCredentials",
    "keyCredentials", "createdDateTime", "createdByAppId", "notes", "servicePrincipalLockConfiguration",
)  # fmt: skip
"""What is read of an application."""
ENTERPRISE_APPLICATION = (
    "id", "appId", "accountEnabled", "isDisabled", "disabledByMicrosoftStatus", "passwordCredentials",
    "keyCredentials", "createdByAppId", "notes",
)  # fmt: skip
"""What is read of a service principal."""
FEDERATED = ("id", "name", "issuer", "subject", "audiences")
"""What is read of a federated credential."""
_SEAL = 16
"""Hex digits of a SHA-256: nobody finds another certificate with the same ones."""
_KINDS: dict[str, Literal["user", "servicePrincipal"]] = {
    "#microsoft.graph.user": "user",
    "#microsoft.graph.servicePrincipal": "servicePrincipal",
}


def required(roles: Sequence[tuple[str, str]]) -> list[Any]:
    """Return ``requiredResourceAccess`` for pairs of resource appId and role id."""
    return [
        RequiredResourceAccess(
            resource_app_id=resource,
            resource_access=[ResourceAccess(id=UUID(role), type="Role") for owner, role in roles if owner == resource],
        )
        for resource in dict.fromkeys(resource for resource, _ in roles)
    ]


def lock() -> ServicePrincipalLockConfiguration:
    """Return what keeps the credentials of our service principals as they are until an owner takes the lock off.

    learn.microsoft.com/entra/identity-platform/howto-configure-app-instance-property-locks
    """
    return ServicePrincipalLockConfiguration(is_enabled=True, all_properties=True)


def application(found: Any, owning: frozenset[Owner] | None, federated: Iterable[Any]) -> Application:
    """Return an application as Graph answered it, with what had to be asked for beside it."""
    kept = found.service_principal_lock_configuration
    return Application(
        object_id=str(found.id),
        application_id=str(found.app_id),
        display_name=found.display_name or "",
        sign_in_audience=found.sign_in_audience,
        tags=frozenset(found.tags or ()),
        required_roles=frozenset(
            (str(access.resource_app_id), str(role.id))
            for access in found.required_resource_access or ()
            for role in access.resource_access or ()
            if role.type == "Role"
        ),
        owners=owning,
        credentials=(*_credentials(found), *map(_federated, federated)),
        created=utc(found.created_date_time),
        maker=found.created_by_app_id or None,
        notes=found.notes,
        locked=bool(kept is not None and kept.is_enabled and kept.all_properties),
    )


def enterprise_application(found: Any, owning: frozenset[Owner] | None) -> EnterpriseApplication:
    """Return a service principal as Graph answered it, with its owners."""
    return EnterpriseApplication(
        id=str(found.id),
        application_id=str(found.app_id),
        # Microsoft disables what it takes for harmful, whatever an administrator has switched on.
        enabled=found.account_enabled is not False
        and not found.is_disabled
        and found.disabled_by_microsoft_status in (None, "NotDisabled"),
        owners=owning,
        credentials=tuple(_credentials(found)),
        maker=found.created_by_app_id or None,
        notes=found.notes,
    )


def owners(found: Iterable[Any]) -> frozenset[Owner]:
    """Return owners, of which Graph says no more than id and type."""
    return frozenset(Owner(str(one.id).lower(), _KINDS.get(str(one.odata_type), "other")) for one in found)


def _credentials(found: Any) -> Iterator[Credential]:
    for one in found.password_credentials or ():
        yield Credential(str(one.key_id), "secret", one.display_name, utc(one.end_date_time))
    for one in found.key_credentials or ():
        # Graph shows ``key`` where one object is read with $select (graph/api/resources/keycredential).
        seal = _seal(str(one.key or (one.start_date_time, one.end_date_time)))
        thumbprint = hashlib.sha256(one.key).hexdigest().upper() if one.key else ""
        ends = utc(one.end_date_time)
        yield Credential(str(one.key_id), "certificate", one.display_name, ends, seal=seal, thumbprint=thumbprint)


def _federated(found: Any) -> Credential:
    trusts = (found.issuer or "", found.subject or "", *(found.audiences or ()))
    return Credential(str(found.id), "federated", found.name, None, trusts=trusts, seal=_seal(repr(trusts)))


def _seal(content: str) -> str:
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:_SEAL]


def policy(found: Any, now: datetime) -> CredentialPolicy:
    """Read the policy (learn.microsoft.com/graph/api/resources/passwordcredentialconfiguration).

    Likewise of certificates (…/keycredentialconfiguration). Whether they have to be of an authority v1.0 does not say:
    the SDK does not know that word. Others are refused then.
    """
    if not found.is_enabled or found.application_restrictions is None:
        return CredentialPolicy()
    secrets = [*_in_force(found.application_restrictions.password_credentials, now)]
    certificates = [*_in_force(found.application_restrictions.key_credentials, now)]
    return CredentialPolicy(
        secrets_allowed=all(one.restriction_type != "passwordAddition" for one in secrets),
        longest_days=_longest(secrets, "passwordLifetime"),
        longest_certificate_days=_longest(certificates, "asymmetricKeyLifetime"),
    )


def _in_force(found: Iterable[Any] | None, now: datetime) -> Iterator[Any]:
    for one in found or ():
        begins = utc(one.restrict_for_apps_created_after_date_time)
        if one.state != "disabled" and (begins is None or begins <= now):
            yield one


def _longest(found: Iterable[Any], kind: str) -> int | None:
    days = [one.max_lifetime.days for one in found if one.restriction_type == kind and one.max_lifetime is not None]
    return min(days, default=None)


def utc(moment: datetime | None) -> datetime | None:
    """Return the time in UTC; the SDK gives one without a zone where Graph's text has none."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
