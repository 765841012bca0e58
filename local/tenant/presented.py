"""Which credential somebody presents to the token endpoint: a secret, or an assertion.

Those of the application and those of its service principal count alike: a password that was added to the service
principal signs in as the application (learn.microsoft.com/graph/api/serviceprincipal-addpassword).
"""

from __future__ import annotations

from local.tenant.assertions import asserted
from local.tenant.simulation import Simulation
from local.tenant.world import Application, Credential


def presented(simulation: Simulation, application: Application, form: dict[str, str]) -> Credential | None:
    """Return the credential that the request proves, expired or not; None where its secret is none that is known yet.

    Raises:
        AssertionRefusedError: its assertion proves none.
    """
    principal = simulation.world.service_principal(application.app_id)
    credentials = [*application.credentials, *(principal.credentials if principal is not None else ())]
    known = [entry for entry in credentials if entry.value and entry.effective <= simulation.clock.now()]
    secret, assertion = form.get("client_secret"), form.get("client_assertion")
    if assertion is not None:
        return asserted(simulation, application, known, assertion)
    return next((entry for entry in known if entry.kind == "secret" and entry.value == secret), None)
