"""What the tenant calls itself, for people: one read, which few identities may make."""

from __future__ import annotations

import json

from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.graph_request_adapter import GraphRequestAdapter

from connector.clients.graph_errors import done
from connector.errors import UnexpectedAnswerError


async def display_name(adapter: GraphRequestAdapter, base: str) -> str:
    """Return the display name of the tenant. ``base`` is Graph's address with its version.

    Raises:
        ForbiddenError: without one of ``READ_ORGANIZATION``.
        UnexpectedAnswerError: what came is not a tenant with a name.
        ServiceError: as ``graph_errors`` says.
    """
    request = RequestInformation(Method.GET)
    request.url = f"{base}/organization?$select=displayName"
    request.headers.try_add("Accept", "application/json")
    content = await done(adapter.send_primitive_async(request, "bytes", {"XXX": ODataError}))
    try:
        name = json.loads(content or b"")["value"][0]["displayName"]
    except (ValueError, RecursionError, LookupError, TypeError):
        name = None
    if not isinstance(name, str) or not name.strip():
        raise UnexpectedAnswerError("graph", "organization", "the answer is no tenant with a name")
    return name
