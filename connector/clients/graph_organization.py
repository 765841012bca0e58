"""What the tenant calls itself, for people: one read, which few identities may make."""

from __future__ import annotations

from msgraph.graph_request_adapter import GraphRequestAdapter

from connector.clients.graph_reads import plain
from connector.errors import UnexpectedAnswerError


async def display_name(adapter: GraphRequestAdapter, base: str) -> str:
    """Return the display name of the tenant. ``base`` is Graph's address with its version.

    Raises:
        ForbiddenError: without one of ``READ_ORGANIZATION``.
        UnexpectedAnswerError: what came is not a tenant with a name.
        ServiceError: as ``graph_errors`` says.
    """
    page = await plain(adapter, f"{base}/organization?$select=displayName")
    rows = page.get("value") if page is not None else None
    first = rows[0] if isinstance(rows, list) and rows else None
    name = first.get("displayName") if isinstance(first, dict) else None
    if not isinstance(name, str) or not name.strip():
        raise UnexpectedAnswerError("graph", "organization", "the answer is no tenant with a name")
    return name
