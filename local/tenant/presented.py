"""Which credential somebody presents to the token endpoint: a secret, or an assertion signed with a certificate's key.

Those of the application and those of its service principal count alike: a password that was added to the service
principal signs in as the application (learn.microsoft.com/graph/api/serviceprincipal-addpassword). The assertion:
learn.microsoft.com/entra/identity-platform/certificate-credentials.
"""

from __future__ import annotations

import jwt

from local.tenant.simulation import Simulation
from local.tenant.world import Application, Credential


def presented(simulation: Simulation, application: Application, form: dict[str, str]) -> Credential | None:
    """Return the credential that the request proves, expired or not; None where it proves none that is known yet."""
    principal = simulation.world.service_principal(application.app_id)
    credentials = [*application.credentials, *(principal.credentials if principal is not None else ())]
    known = [entry for entry in credentials if entry.value and entry.effective <= simulation.clock.now()]
    secret, assertion = form.get("client_secret"), form.get("client_assertion")
    if assertion is not None:
        return next((entry for entry in known if _signed(entry, assertion, application.app_id)), None)
    return next((entry for entry in known if entry.kind == "secret" and entry.value == secret), None)


def _signed(entry: Credential, assertion: str, app_id: str) -> bool:
    if entry.kind != "certificate":
        return False
    try:
        claims = jwt.decode(assertion, entry.value, algorithms=["RS256", "PS256"], options={"verify_aud": False})
    except jwt.InvalidTokenError:
        return False
    return claims.get("iss") == claims.get("sub") == app_id
