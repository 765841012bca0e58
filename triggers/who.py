"""``GET /api/caller``: who asks, and what that caller may do: for the page, and for who tries a token."""

from __future__ import annotations

from typing import Literal

import azure.functions as func
from pydantic import Field

from connector.document import Document
from connector.services import services
from triggers.answers import json_answer
from triggers.caller import caller, roles
from triggers.query import query
from triggers.route import ROUTES, Role, Route


class Who(Document):
    """Who asks."""

    kind: Literal["key", "person", "program"]
    id: str | None = Field(description="Of a person the object id in Entra, of a program the id of its application.")
    name: str | None = Field(description="How the person is called.")
    roles: list[Role] = Field(description="The roles of who has signed in; a key has none.")
    may: dict[str, list[Role]] = Field(
        description="Which roles each operation takes that this caller lacks; an empty list: it is allowed. A key that "
        "opens this may open others or not."
    )


@Route("GET", "/api/caller", Role.READER, "Read who asks, and what that caller may do", {200: Who})
async def read_caller(req: func.HttpRequest) -> func.HttpResponse:
    """Return who asks."""
    query(req)
    services()  # while a setting is wrong each route says so
    who = caller(req, "read_caller")
    held = roles()
    may = {
        name: [role for role in one.every if held is not None and not role.held(held)] for name, one in ROUTES.items()
    }
    return json_answer(
        Who(kind=who.kind, id=who.id, name=who.name, roles=[one for one in Role if one in (held or ())], may=may)
    )
