"""What is known of one connection at this moment, from its documents and from Durable, not from the tenant."""

from __future__ import annotations

import azure.durable_functions as df

from connector.checks import Check, check_in, check_path
from connector.clients.recent import View
from connector.documents import connection_in, path_of
from connector.errors import UnknownConnectionError, UnreadableError
from connector.lost import Live
from connector.model import Connection
from connector.services import services
from connector.status import Known
from connector.together import together
from triggers import operations


async def named() -> tuple[list[str], View]:
    """Return the names of all connections, sorted, and their documents as they are now.

    Raises:
        ServiceError: the store does not answer.
    """
    return await together(services().documents.names(), services().recent.view("connections/", "checks/"))


async def known(client: df.DurableOrchestrationClient, documents: View, name: str) -> Known | None:
    """Return what is known of a connection: its name alone where it cannot be read; None where it is gone meanwhile."""
    try:
        (connection, live), check = await together(_with_run(client, documents, name), _check(documents, name))
    except UnknownConnectionError:
        return None
    except UnreadableError:
        return Known(name)
    return Known(name, connection, operations.standing_now(connection, live, check), check)


async def _with_run(client: df.DurableOrchestrationClient, documents: View, name: str) -> tuple[Connection, Live]:
    found = await documents.get(path_of(name))
    connection = connection_in(name, found[0]) if found is not None else None
    if connection is not None and connection.operation.ended is not None:
        return connection, Live()
    return await operations.load_with_run(client, name)


async def _check(documents: View, name: str) -> Check | None:
    """Return what the looks have seen; None where that cannot be read."""
    found = await documents.get(check_path(name))
    try:
        return check_in(name, found[0]) if found is not None else Check(name=name)
    except UnreadableError:
        return None
