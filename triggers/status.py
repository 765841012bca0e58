"""``GET /api/status``: the whole deployment in one small document, for whoever looks at many of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import azure.durable_functions as df
import azure.functions as func

from connector import __version__
from connector.clients.recent import View
from connector.rotation import used
from connector.services import services
from connector.status import Known, StatusView, status
from connector.together import AT_ONCE, bounded
from triggers.answers import json_answer
from triggers.known import known, named
from triggers.parameters import provider_of
from triggers.query import query
from triggers.route import STORE, Role, Route


@Route(
    "GET",
    "/api/status",
    Role.READER,
    "Read the whole deployment in short: no addresses, below 10 kB",
    {200: StatusView},
    problems=STORE,
)
async def read_status(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return how the deployment is, and which connections need somebody; nothing is asked of the tenant."""
    query(req)
    return json_answer(await status_now(client))


async def status_now(client: df.DurableOrchestrationClient) -> StatusView:
    """Return how the deployment is now."""
    clients = services()
    names, documents = await named()
    found = await bounded(AT_ONCE, (partial(_known, client, documents, name) for name in names))
    missing = ["grant-missing"] if clients.settings.granted is None else []
    return status(
        [one for one in found if one is not None],
        version=__version__,
        customer=clients.settings.label,
        now=clients.now(),
        missing=missing,
    )


async def _known(client: df.DurableOrchestrationClient, documents: View, name: str) -> Known | None:
    """Return what is known of a connection, with what it is called in the UTM; None where it is gone meanwhile."""
    found = await known(client, documents, name)
    secret = used(found.connection) if found is not None and found.connection is not None else None
    return replace(found, provider=provider_of(secret)) if found is not None and secret is not None else found
