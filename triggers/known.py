"""What is known of one connection at this moment, from its documents and from Durable, not from the tenant."""

from __future__ import annotations

import azure.durable_functions as df

from connector.errors import UnknownConnectionError, UnreadableError
from connector.status import Known
from connector.together import together
from triggers import operations
from triggers.looking import check_of


async def known(client: df.DurableOrchestrationClient, name: str) -> Known | None:
    """Return what is known of a connection: its name alone where it cannot be read; None where it is gone meanwhile."""
    try:
        (connection, live), check = await together(operations.load_with_run(client, name), check_of(name))
    except UnknownConnectionError:
        return None
    except UnreadableError:
        return Known(name)
    return Known(name, connection, operations.standing_now(connection, live, check), check)
