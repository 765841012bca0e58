"""``POST /api/connections/{name}/confirm``: somebody says that the UTM has the new secret."""

from __future__ import annotations

from datetime import datetime

import azure.functions as func

from connector.errors import ConflictError
from connector.etag import etag
from connector.history import Asked
from connector.model import Connection, Document
from connector.request import parse_confirmation
from connector.services import services
from connector.standing import secret_of, standing
from connector.steps import ConnectionState
from connector.verdict import conclude
from triggers import operations
from triggers.answers import answered, content, json_answer, query
from triggers.asking import asking
from triggers.blueprint import blueprint


class Confirmed(Document):
    """Which secret the UTM has, as somebody has said."""

    name: str
    revision: int
    state: ConnectionState
    key_id: str
    confirmed_on: datetime


@blueprint.function_name("confirm_secret")
@blueprint.route(route="api/connections/{name}/confirm", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answered
async def confirm_secret(req: func.HttpRequest) -> func.HttpResponse:
    """Note that the UTM has the secret with this key id; ``200``, again too. Nothing in the tenant is changed.

    It works at any time, also while a run works: only the document is written, and the wanted state stays as it is.
    """
    name = req.route_params["name"]
    async with asking(req, "confirm_secret", Asked.CONFIRM, name) as asked:
        query(req)
        found = (await operations.find(name)).connection
        key_id = parse_confirmation(content(req), req.headers.get("Content-Type", "")).key_id
        asked.meets(found)
        _check(found, key_id)
        now = services().now()
        connection = await services().documents.update(name, lambda present: _confirm(present, key_id, now))
        secret = secret_of(connection)
        asked.entry.version = secret.version
        body = Confirmed(
            name=name,
            revision=connection.wanted.revision,
            state=standing(connection, connection.state, now).state,
            key_id=secret.key_id,
            confirmed_on=secret.confirmed_on or now,
        )
    return json_answer(body, headers={"ETag": etag(connection)})


def _check(connection: Connection, key_id: str) -> None:
    """Refuse a key that is not the one that is handed out.

    Raises:
        ConflictError: there is no secret yet, or it is another one.
    """
    secret = secret_of(connection)
    if secret.key_id.lower() != key_id.lower():
        raise ConflictError("key-not-offered", name=connection.name, offered=secret.key_id)


def _confirm(connection: Connection, key_id: str, now: datetime) -> None:
    _check(connection, key_id)  # a run may have made another one since
    secret = secret_of(connection)
    if secret.confirmed_on is not None:
        return
    waited = secret.to_be_entered
    connection.secret = secret.model_copy(update={"confirmed_on": now})
    rests = connection.operation.ended is not None and connection.state is ConnectionState.ACTION_REQUIRED
    if waited and rests and conclude(connection, 0, now).state is ConnectionState.READY:
        connection.state, connection.since, connection.stuck_since = ConnectionState.READY, now, None
