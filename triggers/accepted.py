"""What is answered when something was accepted: what, and where to watch it."""

from __future__ import annotations

import azure.functions as func
from pydantic import Field

from connector.document import Document
from connector.etag import etag
from connector.messages import Language
from connector.model import Connection
from connector.steps import ConnectionState
from triggers.answers import json_answer
from triggers.caller import here


class Accepted(Document):
    """What was accepted, and where to watch it."""

    name: str
    revision: int
    state: ConnectionState
    location: str
    plan: str | None = Field(default=None, description="Of a dry run: the `id` that its plan will have.")


def accepted_answer(connection: Connection, plan_in: Language | None = None) -> func.HttpResponse:
    """Return ``202`` with the address to watch: of the connection, or of the plan that is made of it ``plan_in``."""
    location = here(f"/api/connections/{connection.name}")
    headers = {"Retry-After": "5", "ETag": etag(connection)}
    body = Accepted(
        name=connection.name, revision=connection.wanted.revision, state=connection.state, location=location
    )
    if plan_in is not None:
        body.plan, body.state, body.location = connection.operation.id, ConnectionState.RUNNING, f"{location}/plan"
        headers = {"Retry-After": "3", "Content-Language": plan_in}
    return json_answer(body, 202, {"Location": body.location, **headers})
