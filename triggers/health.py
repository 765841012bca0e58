"""``GET /api/health``: what this deployment is, what its identity may do, and what is missing."""

from __future__ import annotations

from typing import Any

import azure.functions as func

from connector import __version__
from connector.errors import GrantMissingError, ServiceError
from connector.model import Finding, Ids
from connector.observed import Claims
from connector.plans import prerequisites
from connector.plans.prerequisites import Observed
from connector.rights import look
from connector.services import Services, services
from connector.steps import StepName
from triggers.answers import answered, json_answer, language, query
from triggers.blueprint import blueprint
from triggers.findings import context_of, finding_view
from triggers.views import Health


@blueprint.function_name("read_health")
@blueprint.route(route="api/health", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answered
async def read_health(req: func.HttpRequest) -> func.HttpResponse:
    """Return 200 whatever is missing in the tenant; only a wrong setting is an error of this deployment."""
    clients = services()
    query(req)
    observed, findings = await _observe(clients)
    lang = language(req)
    context = context_of(clients, ids=_ids(observed))
    body = Health(
        status="action-required" if any(finding.severity != "info" for finding in findings) else "ok",
        version=__version__,
        package="utm-mail-connect",
        label=clients.settings.label,
        cloud=clients.cloud.name,
        tenant_id=observed.graph.tenant_id if observed is not None else None,
        secret_lifetime_days=clients.settings.secret_lifetime_days,
        identity=_identity(observed),
        missing=[finding_view(finding, lang, context) for finding in findings],
    )
    return json_answer(body)


async def _observe(clients: Services) -> tuple[Observed | None, tuple[Finding, ...]]:
    try:
        observed = await look(clients)
    except GrantMissingError:
        return None, (Finding(code="grant-missing", step=StepName.PREREQUISITES),)
    except ServiceError as error:
        values = {"code": error.code, "reason": error.reason[:300]}
        finding = Finding(
            code="service-refused",
            step=StepName.PREREQUISITES,
            subject=error.service,
            values=dict(values),
            request_id=error.request_id,
        )
        return None, (finding,)
    return observed, prerequisites.plan(observed, clients.settings.granted).findings


def _ids(observed: Observed | None) -> Ids:
    if observed is None:
        return Ids()
    return Ids(tenant_id=observed.graph.tenant_id, identity_object_id=observed.graph.object_id)


def _identity(observed: Observed | None) -> dict[str, Any]:
    if observed is None:
        return {}
    return {
        "objectId": observed.graph.object_id,
        "graph": _roles(observed.graph),
        "exchange": _roles(observed.exchange),
        "cmdlets": sorted(observed.cmdlets or ()),
        "vault": observed.vault_allowed,
    }


def _roles(claims: Claims) -> list[str]:
    return sorted(claims.roles)
