"""``POST /api/connections/{name}/confirm``: somebody says that the UTM has the new secret."""

from __future__ import annotations

from datetime import datetime

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from connector.case import Kind
from connector.document import Document
from connector.errors import ConflictError
from connector.etag import etag
from connector.history import Asked
from connector.request_of_credential import ConfirmRequest, parse_confirmation
from connector.rotation import retires_on
from connector.services import services
from connector.standing import secret_of, standing
from connector.steps import ConnectionState
from connector.telling import hand_on
from triggers import operations
from triggers.answers import body_of, json_answer
from triggers.asking import asking
from triggers.performing import perform
from triggers.query import query
from triggers.route import CHANGED, READ, TAKEN_BACK, Role, Route


class Confirmed(Document):
    """Which secret the UTM has, as somebody has said."""

    name: str
    revision: int
    state: ConnectionState
    key_id: str
    confirmed_on: datetime
    retires_on: datetime | None = Field(
        default=None, description="When the old secret is taken away; null without one."
    )


_REFUSALS = ("secret-not-ready", "secret-lost", "key-not-offered", "rotation-preparing", "operation-running")


@Route(
    "POST",
    "/api/connections/{name}/confirm",
    Role.OPERATOR,
    "Say that the new secret has been entered in the UTM",
    {200: Confirmed},
    body=ConfirmRequest,
    tagged=True,
    problems=(*READ, CHANGED, *TAKEN_BACK, *map(ConflictError, _REFUSALS)),
)
async def confirm_secret(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Note that the UTM has the secret with this key id; ``200``, again too. A day later the old one is taken away.

    It works at any time, also while a run works, but for one that gives just this secret up: only the document is
    written, and the wanted state stays as it is.
    """
    name = req.route_params["name"]
    async with asking(req, "confirm_secret", Asked.CONFIRM, name) as asked:
        query(req)
        found = await operations.load(name)
        asked.entry.revision = found.connection.wanted.revision
        confirmed = parse_confirmation(body_of(req))
        request = asked.request(Kind.CONFIRM, key=confirmed.key_id)
        connection = (await perform(None, request, asked.entry.caller, found)).connection
        await hand_on(client)
        now, rotation = services().now(), connection.rotation
        secret = secret_of(connection, now)
        asked.entry.version = secret.version
        body = Confirmed(
            name=name,
            revision=connection.wanted.revision,
            state=standing(connection, connection.state, now).state,
            key_id=secret.key_id,
            confirmed_on=(rotation.confirmed_on if rotation is not None else None) or now,
            retires_on=retires_on(rotation) if rotation is not None else None,
        )
    return json_answer(body, headers={"ETag": etag(connection)})
