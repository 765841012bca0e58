"""Microsoft Graph's record of when each credential was last used, which is in beta and so in no SDK.

learn.microsoft.com/graph/api/reportroot-list-appcredentialsigninactivities. What is in it is taken as it comes: a row
that cannot be read, or is about another application, says nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from msgraph.graph_request_adapter import GraphRequestAdapter

from connector.clients.bounds import Bounds, walk
from connector.clients.graph_reads import plain
from connector.errors import UnavailableError, UnexpectedAnswerError

_REPORT = "/beta/reports/appCredentialSignInActivities"


async def last_uses(
    adapter: GraphRequestAdapter, host: str, application_id: str, bounds: Bounds
) -> dict[str, datetime]:
    """Return by key id when each credential of an application was last used; without those of which nothing is known.

    Args:
        adapter: what carries requests.
        host: Graph's address without a version.
        application_id: a GUID.
        bounds: what all pages together may cost.

    Raises:
        ForbiddenError: without ``AuditLog.Read.All`` or the licence.
        UnexpectedAnswerError: this cloud has no such record.
        ServiceError: as ``graph_errors`` says.
    """
    rows = await walk(
        _pages(adapter, host, f"{host}{_REPORT}?$filter=appId eq '{UUID(application_id)}'"), "graph", bounds
    )
    return _latest(rows, application_id)


async def _pages(adapter: GraphRequestAdapter, host: str, url: str) -> AsyncIterator[tuple[list[object], str | None]]:
    page = await _page(adapter, url)
    while link := page.get("@odata.nextLink"):
        yield _rows(page), str(link)
        if not str(link).startswith(f"{host}/"):
            raise UnexpectedAnswerError("graph", "next-page", "the next page is not on this host")
        page = await _page(adapter, str(link))
    yield _rows(page), None


async def _page(adapter: GraphRequestAdapter, url: str) -> Mapping[str, object]:
    page = await plain(adapter, url)
    if page is None:
        raise UnavailableError("graph", "unavailable", "the answer is no list")
    return page


def _rows(page: Mapping[str, object]) -> list[object]:
    rows = page.get("value")
    if not isinstance(rows, list):
        raise UnavailableError("graph", "unavailable", "the answer is no list")
    return rows


def _latest(rows: Iterable[object], application_id: str) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for row in rows:
        use = _use(row, application_id) if isinstance(row, dict) else None
        if use is not None:
            found[use[0]] = max(use[1], found.get(use[0], use[1]))
    return found


def _use(row: Mapping[str, object], application_id: str) -> tuple[str, datetime] | None:
    activity = row.get("signInActivity")
    if not isinstance(activity, dict):
        return None
    try:
        if UUID(str(row.get("appId"))) != UUID(application_id):
            return None
        used = datetime.fromisoformat(str(activity.get("lastSignInDateTime")))
        # A date without a zone is in UTC, as all of Graph's are.
        used = used if used.tzinfo is not None else used.replace(tzinfo=UTC)
        return str(UUID(str(row.get("keyId")))), used.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
