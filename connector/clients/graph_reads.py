"""How Microsoft Graph is read: always with ``$select``, lists to their end, and what is missing told from nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

import connector.clients.graph_fields  # noqa: F401 - every object is read with it
from connector.clients.bounds import Bounds, walk
from connector.clients.graph_errors import done, root
from connector.clients.graph_objects import owners
from connector.errors import ForbiddenError, UnavailableError, UnexpectedAnswerError
from connector.observed import Owner


@dataclass
class _Query:
    """The query of a read: always with ``$select``, since Graph's answers are long and their cost is counted."""

    select: list[str] | None

    def get_query_parameter(self, name: str) -> str:
        """Return the parameter's name in the SDK's address templates."""
        return f"%24{name}"


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads by one adapter, of the SDK's builders. Each raises a ``ServiceError`` as ``graph_errors`` says."""

    adapter: GraphRequestAdapter
    bounds: Bounds

    @property
    def graph(self) -> GraphServiceClient:
        """Return a root of addresses for one request alone.

        Those by alternate key (``servicePrincipals(appId=…)``, ``applications(uniqueName=…)``) write the key into their
        root, and the address is made of it only when there is a token: of two requests at the same moment both would go
        to the same object, reads and writes (msgraph-sdk 1, ``ServicePrincipalsWithAppIdRequestBuilder.__init__``).
        """
        return GraphServiceClient(request_adapter=self.adapter)

    async def one(self, builder: Any, *names: str) -> Any:
        """Return one object. The SDK's request begins in here: one that is cancelled before it began is none."""
        return _present(await done(builder.get(_select(*names))))

    async def named(self, builder: Any, *names: str) -> Any:
        """Return one object by its name; None where there is none."""
        return await root(builder.get(_select(*names)))

    async def all(self, builder: Any, *names: str) -> list[Any]:
        """Return a whole collection, page by page."""
        return await walk(_pages(builder, names), "graph", self.bounds)

    async def owners(self, builder: Any) -> frozenset[Owner] | None:
        """Return who owns an object; None where we may not see it."""
        try:
            return owners(await self.all(builder, "id"))
        except ForbiddenError:
            return None


async def plain(adapter: GraphRequestAdapter, url: str) -> Mapping[str, object] | None:
    """Return an answer as it comes, read by no model of the SDK; None where it is no JSON object."""
    request = RequestInformation(Method.GET)
    request.url = url
    request.headers.try_add("Accept", "application/json")
    content = await done(adapter.send_primitive_async(request, "bytes", {"XXX": ODataError}))
    try:
        found: object = json.loads(content or b"")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


async def _pages(builder: Any, names: Sequence[str]) -> AsyncIterator[tuple[list[Any], str | None]]:
    base = builder.request_adapter.base_url
    page = _present(await done(builder.get(_select(*names))))
    while link := page.odata_next_link:
        yield _entries(page), link
        if not link.startswith(f"{base}/"):
            raise UnexpectedAnswerError("graph", "next-page", "the next page is not on this host")
        page = _present(await done(builder.with_url(link).get()))
    yield _entries(page), None


def _entries(page: Any) -> list[Any]:
    if page.value is None:
        raise UnavailableError("graph", "unavailable", "the answer is no list")
    return list(page.value)


def _present(answer: Any) -> Any:
    if answer is None:
        raise UnavailableError("graph", "unavailable", "the answer is empty")
    return answer


def _select(*names: str) -> Any:
    return RequestConfiguration(query_parameters=_Query(list(names)))
