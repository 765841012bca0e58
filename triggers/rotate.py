"""``POST /api/connections/{name}/rotate``: make the next secret beside the present one, and prove it."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from connector.body import Sent
from connector.case import Kind
from connector.errors import ConflictError, GrantMissingError
from connector.history import Asked
from connector.request_of_credential import RotateRequest, parse_rotation
from connector.services import services
from triggers import operations
from triggers.accepted import Accepted, accepted_answer
from triggers.answers import body_of
from triggers.asking import asking
from triggers.handshake import from_elsewhere
from triggers.performing import perform
from triggers.query import query
from triggers.route import CHANGED, READ, TAKEN_BACK, Role, Route


@Route(
    "POST",
    "/api/connections/{name}/rotate",
    Role.OPERATOR,
    "Make the next client secret beside the present one",
    {202: Accepted},
    body=RotateRequest,
    body_needed=False,
    tagged=True,
    hooked=True,
    problems=(
        *READ,
        CHANGED,
        GrantMissingError(),
        *TAKEN_BACK,
        *map(ConflictError, ("secret-not-ready", "secret-lost", "operation-running", "operation-cancelling")),
        ConflictError("rotation-open"),
    ),
)
async def rotate_secret(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Begin a rotation; ``202``. One that is open is answered as it is, and one that was interrupted goes on.

    The connection's state and steps stay as they are: ``rotation`` shows how far it is. Where the UTM has a certificate
    the next one has to be given; ``credential`` leads back to a secret.
    """
    name = req.route_params["name"]
    async with asking(req, "rotate_secret", Asked.ROTATE, name) as asked:
        query(req)
        services().require_grant()
        wish = parse_rotation(Sent(b"") if from_elsewhere(req, "credential") else body_of(req)).credential
        found = await operations.load(name)
        asked.entry.revision = found.connection.wanted.revision
        done = await perform(client, asked.request(Kind.ROTATE, credential=wish), asked.entry.caller, found)
        return accepted_answer(done.connection)
