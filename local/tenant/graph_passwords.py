"""Client secrets of an application and of a service principal, and the tenant's policy on them.

Sources: learn.microsoft.com/graph/api/application-addpassword, serviceprincipal-addpassword and learn.microsoft.com/
graph/api/resources/applicationauthenticationmethodpolicy. With the secret of a service principal one signs in as its
application. Where the application locks its service principals' credentials (``servicePrincipalLockConfiguration``,
learn.microsoft.com/entra/identity-platform/howto-configure-app-instance-property-locks) the answer is
``CannotUpdateLockedServicePrincipalProperty``, seen in the application's own tenant too (azure-cli #28734).
"""

from __future__ import annotations

import copy
import re
from datetime import datetime, timedelta
from typing import Any

from local.tenant.calls import Answer, Call, Refusal
from local.tenant.directory import APPLICATION, PRINCIPAL, Directory
from local.tenant.graph_answers import bad_request, error, moment, not_found, one, password
from local.tenant.graph_applications import addressed
from local.tenant.graph_caller import Caller
from local.tenant.simulation import Simulation
from local.tenant.world import Application, Credential, ServicePrincipal

_TRUSTED = "eec5ba11-2fc0-4113-83a2-ed986ed13743"
"""Of the tenant's list of certificate authorities."""
_DEFAULT_LIFETIME = timedelta(days=730)


class Passwords:
    """``addPassword``, ``removePassword`` and the default policy, for one caller and one replica."""

    def __init__(self, simulation: Simulation, caller: Caller, directory: Directory) -> None:
        self._simulation = simulation
        self._caller = caller
        self._directory = directory

    def add(self, call: Call, match: re.Match[str]) -> Answer:
        """``POST …/addPassword``: the only answer that shows the secret's text."""
        found = self._writable(match)
        wish = call.json().get("passwordCredential") or {}
        start = moment(wish["startDateTime"]) if wish.get("startDateTime") else self._simulation.clock.date()
        end = moment(wish["endDateTime"]) if wish.get("endDateTime") else start + _DEFAULT_LIFETIME
        self._check_policy(start, end)
        if end <= self._simulation.clock.date():
            raise bad_request("The end date of the credential must be in the future.", "CredentialInvalidEndDate")
        made = self._make(found, wish, start, end)
        before = copy.deepcopy(found)
        found.credentials.append(made)
        self._simulation.write_directory(_key(found), before)
        self._simulation.tokens.issued.add(made.value)
        return one(call, "microsoft.graph.passwordCredential", password(made, show=True))

    def remove(self, call: Call, match: re.Match[str]) -> Answer:
        """``POST …/removePassword``."""
        found = self._writable(match)
        key_id = call.json().get("keyId")
        gone = next((entry for entry in found.credentials if entry.key_id == key_id and entry.kind == "secret"), None)
        if gone is None:
            raise bad_request(f"No password credential found with keyId '{key_id}'.")
        self._simulation.write_directory(_key(found), found)
        found.credentials.remove(gone)
        return Answer(204)

    def policy(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``GET /policies/defaultAppManagementPolicy``."""
        policy = self._simulation.world.credential_policy
        self._caller.needs(*(() if policy.refused else ("Policy.Read.All",)))
        state = {"restrictForAppsCreatedAfterDateTime": "2019-10-19T10:37:00Z", "state": "enabled"}
        restrictions: list[dict[str, Any]] = []
        if policy.secrets_forbidden:
            restrictions.append({"restrictionType": "passwordAddition", "maxLifetime": None, **state})
        if policy.longest_secret is not None:
            restrictions.append({"restrictionType": "passwordLifetime", "maxLifetime": policy.longest_secret, **state})
        keys: list[dict[str, Any]] = []
        if policy.longest_certificate is not None:
            longest = {"restrictionType": "asymmetricKeyLifetime", "maxLifetime": policy.longest_certificate}
            keys.append({**longest, "certificateBasedApplicationConfigurationIds": [], **state})
        if policy.trusted_authorities_only:
            trusted = {"restrictionType": "trustedCertificateAuthority", "maxLifetime": None}
            keys.append({**trusted, "certificateBasedApplicationConfigurationIds": [_TRUSTED], **state})
        none: dict[str, Any] = {"passwordCredentials": [], "keyCredentials": []}
        return one(
            call,
            "policies/defaultAppManagementPolicy",
            {
                "id": "00000000-0000-0000-0000-000000000000",
                "displayName": "Default app management tenant policy",
                "description": "Default tenant policy that enforces app management restrictions.",
                "isEnabled": policy.enabled,
                "applicationRestrictions": {"passwordCredentials": restrictions, "keyCredentials": keys},
                "servicePrincipalRestrictions": none,
            },
        )

    def _writable(self, match: re.Match[str]) -> Application | ServicePrincipal:
        world = self._simulation.world
        found: Application | ServicePrincipal | None
        if match.string.startswith("/applications"):
            shown = self._directory.application(*addressed(match)).id
            found = world.applications.get(shown)
        else:
            shown = self._directory.service_principal(*addressed(match)).id
            found = world.service_principals.get(shown)
        if found is None:
            raise not_found(shown)
        self._caller.changes(found)
        if isinstance(found, ServicePrincipal) and world.locked(found):
            message = "Property passwordCredentials is invalid."
            raise bad_request(message, "CannotUpdateLockedServicePrincipalProperty")
        return found

    def _check_policy(self, start: datetime, end: datetime) -> None:
        policy = self._simulation.world.credential_policy
        if not policy.enabled:
            return
        if policy.secrets_forbidden:
            message = "Credential type not allowed as per assigned policy"
            raise Refusal(error(400, "CredentialTypeNotAllowedAsPerAppPolicy", message))
        found = re.fullmatch(r"P(?:(\d+)D)?(?:T(\d+)H)?", policy.longest_secret or "")
        # To the second, by the tenant's own clock: whoever asks for all of it is refused where his runs ahead.
        if found and end - start > timedelta(days=int(found[1] or 0), hours=int(found[2] or 0)):
            raise Refusal(
                error(
                    400,
                    "CredentialInvalidLifetimeAsPerAppPolicy",
                    "Credential lifetime exceeds the max value allowed as per assigned policy "
                    "'00000000-0000-0000-0000-000000000000'",
                    [{"code": "InvalidKeyEndDate", "target": "EndDate", "message": "The end date is too late."}],
                )
            )

    def _make(
        self, found: Application | ServicePrincipal, wish: dict[str, Any], start: datetime, end: datetime
    ) -> Credential:
        chance = self._simulation.chance
        nth = str(chance.nth("password", found.id))
        return Credential(
            key_id=chance.guid("password", found.id, nth),
            kind="secret",
            display_name=wish.get("displayName") or "",
            start=start,
            end=end,
            value=f"{chance.text(3, 'hint', found.id, nth)}8Q~{chance.text(34, 'secret', found.id, nth)}",
            effective=self._simulation.known_to_tokens("secret", found.id),
        )


def _key(found: Application | ServicePrincipal) -> str:
    return (APPLICATION if isinstance(found, Application) else PRINCIPAL) + found.id
