"""Microsoft Graph's record of when each credential of an application was last used (beta).

learn.microsoft.com/graph/api/reportroot-list-appcredentialsigninactivities and
learn.microsoft.com/graph/api/resources/appcredentialsigninactivity: needs ``AuditLog.Read.All`` and Entra ID P1, in the
global cloud only. Its samples are dated at midnight, so the time of day is dropped; how late it is nobody says, the
sign-in reports beside it lag by a day and more. Every sign-in counts, whoever made it. Without the right, and without
the licence, the errors are those of the audit logs (learn.microsoft.com/graph/api/signin-list, learn.microsoft.com/
troubleshoot/entra/entra-id/app-integration/graph-api-reports-premium-license).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from local.tenant.calls import Answer, Call, Refusal
from local.tenant.graph_answers import error, many
from local.tenant.graph_caller import Caller
from local.tenant.simulation import Simulation, timestamp
from local.tenant.world import SignIn

RIGHT = "AuditLog.Read.All"
PATH = "/reports/appCredentialSignInActivities"


class SignInReport:
    """The report, for one caller."""

    def __init__(self, simulation: Simulation, caller: Caller) -> None:
        self._simulation = simulation
        self._caller = caller

    def all(self, call: Call, match: re.Match[str]) -> Answer:  # noqa: ARG002 - a handler
        """``GET /beta/reports/appCredentialSignInActivities``: one row for each credential that was used."""
        world = self._simulation.world
        if world.sign_in_report == "absent":
            return error(400, "BadRequest", "Resource not found for the segment 'appCredentialSignInActivities'.")
        if RIGHT not in self._caller.claims.roles:
            message = f"Calling principal does not have required MSGraph permissions {RIGHT}"
            raise Refusal(error(403, "Authentication_MSGraphPermissionMissing", message))
        if not world.premium:
            message = "Neither tenant is B2C or tenant doesn't have premium license"
            raise Refusal(error(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", message))
        rows = [] if world.sign_in_report == "empty" else [self._printed(entry) for entry in self._last()]
        return many(call, "reports/appCredentialSignInActivities", rows)

    def _last(self) -> list[SignIn]:
        """Return the last use of each credential that the report knows of by now."""
        now = self._simulation.clock.now()
        known = [entry for entry in list(self._simulation.world.sign_ins) if entry.reported <= now]
        return list({entry.key_id: entry for entry in sorted(known, key=lambda entry: entry.at)}.values())

    def _printed(self, entry: SignIn) -> dict[str, Any]:
        principal = self._simulation.world.service_principal(entry.app_id)
        return {
            "id": entry.key_id,
            "appId": entry.app_id,
            "appObjectId": entry.application_id,
            "keyId": entry.key_id,
            "keyType": "certificate" if entry.kind == "certificate" else "clientSecret",
            "keyUsage": "verify" if entry.kind == "certificate" else "sign",
            "credentialOrigin": entry.origin,
            "createdDateTime": None,
            "expirationDateTime": timestamp(entry.ends),
            "resourceId": entry.resource,
            "servicePrincipalObjectId": principal.id if principal else None,
            "signInActivity": {"lastSignInDateTime": timestamp(midnight(entry.at)), "lastSignInRequestId": entry.id},
        }


def midnight(moment: datetime) -> datetime:
    """Return the beginning of the day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def note(simulation: Simulation, app_id: str, key_id: str, resource: str | None = None) -> None:
    """Enter a sign-in with a credential; the report shows it when it has got round to it."""
    world = simulation.world
    application, principal = world.application(app_id), world.service_principal(app_id)
    for origin, thing in (("application", application), ("servicePrincipal", principal)):
        for entry in thing.credentials if thing is not None else ():
            # Whether the report knows federated credentials nobody has said.
            if entry.key_id == key_id and entry.kind != "federated" and application is not None:
                misbehaviour = simulation.misbehaviour
                world.sign_ins.append(
                    SignIn(
                        id=simulation.chance.guid("sign-in", key_id, str(simulation.chance.nth("sign-in", key_id))),
                        app_id=app_id,
                        application_id=application.id,
                        key_id=key_id,
                        kind=entry.kind,
                        origin=origin,
                        ends=entry.end,
                        at=simulation.clock.date(),
                        reported=misbehaviour.later(misbehaviour.preset.report_lag, "report", key_id),
                        resource=resource,
                    )
                )


def delayed(days: float) -> tuple[float, float]:
    """Return a lag of so many days, for ``Preset``."""
    seconds = timedelta(days=days).total_seconds()
    return seconds, seconds
