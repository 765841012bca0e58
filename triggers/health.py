"""``GET /api/health``: what this deployment is, what its identity may do, and what is missing."""

from __future__ import annotations

from typing import Any

import azure.functions as func

from connector import __version__
from connector.errors import GrantMissingError, ServiceError
from connector.finding import Finding
from connector.messages import Language, text
from connector.microsoft import READ_ORGANIZATION
from connector.objects import Ids
from connector.observed import Claims
from connector.patience import patiently
from connector.probes import Probed
from connector.rights import Glance, Unread, glance
from connector.services import Services, services
from connector.steps import StepName
from connector.visible import visible
from triggers.answers import json_answer, language
from triggers.findings import context_of, finding_view
from triggers.health_view import Health, VaultWrite
from triggers.query import query
from triggers.route import STORE, Role, Route
from triggers.target_findings import of_targets


@Route(
    "GET", "/api/health", Role.READER, "What the identity may do, and what is missing", {200: Health}, problems=STORE
)
async def read_health(req: func.HttpRequest) -> func.HttpResponse:
    """Return 200 whatever is missing or not readable in the tenant; only a wrong setting is this deployment's error."""
    clients = services()
    query(req)
    seen, findings = await _observe(clients)
    lang, probed = language(req), await clients.probes.load()
    findings = (*_with_vault(findings, probed), *await of_targets())
    context = context_of(clients, ids=_ids(seen))
    body = Health(
        status="action-required" if any(finding.severity != "info" for finding in findings) else "ok",
        version=__version__,
        package="utm-mail-connect",
        label=clients.settings.label,
        cloud=clients.cloud.name,
        tenant_id=_ids(seen).tenant_id,
        tenant_name=await _tenant_name(clients, seen),
        secret_lifetime_days=clients.settings.secret_lifetime_days,
        identity=_identity(seen),
        vault_write=_vault_write(probed, lang),
        missing=[finding_view(finding, lang, context) for finding in findings],
    )
    return json_answer(body)


async def _observe(clients: Services) -> tuple[Glance | None, tuple[Finding, ...]]:
    try:
        seen = await glance(clients)
    except GrantMissingError:
        return None, (Finding(code="grant-missing", step=StepName.PREREQUISITES),)
    return seen, seen.findings(clients.settings.granted)


async def _tenant_name(clients: Services, seen: Glance | None) -> str | None:
    """Return what the tenant calls itself; it is only asked where the token says that it may be."""
    if seen is None or isinstance(seen.graph, Unread) or READ_ORGANIZATION.isdisjoint(seen.graph.roles):
        return None
    try:
        return visible(await patiently("graph", clients.graph.tenant_name))
    except ServiceError:
        return None  # the label or the id serves as well


def _with_vault(findings: tuple[Finding, ...], probed: Probed | None) -> tuple[Finding, ...]:
    """Return the findings with what the vault had against the last secret: being allowed to read does not tell it."""
    if probed is None or probed.finding is None or probed.finding.code in {finding.code for finding in findings}:
        return findings
    told = probed.finding.model_copy(update={"step": StepName.PREREQUISITES, "severity": "warning"})
    return (*findings, told)


def _vault_write(probed: Probed | None, lang: Language) -> VaultWrite:
    if probed is None:
        return VaultWrite(outcome="not-known-yet", on=None, message=text(lang, "vaultWrite", "unknown"))
    outcome = "ok" if probed.finding is None else probed.finding.code
    said = text(lang, "vaultWrite", "ok" if probed.finding is None else "refused")
    return VaultWrite(outcome=outcome, on=probed.on, message=said)


def _ids(seen: Glance | None) -> Ids:
    if seen is None or isinstance(seen.graph, Unread):
        return Ids()
    return Ids(tenant_id=seen.graph.tenant_id, identity_object_id=seen.graph.object_id)


def _identity(seen: Glance | None) -> dict[str, Any]:
    """Return what the identity holds; None for what could not be read."""
    if seen is None:
        return {}
    return {
        "objectId": _ids(seen).identity_object_id,
        "graph": _roles(seen.graph),
        "exchange": _roles(seen.exchange),
        "cmdlets": None if isinstance(seen.cmdlets, Unread) else sorted(seen.cmdlets or ()),
        "vault": None if isinstance(seen.vault, Unread) else seen.vault is None,
    }


def _roles(claims: Claims | Unread) -> list[str] | None:
    return None if isinstance(claims, Unread) else sorted(claims.roles)
