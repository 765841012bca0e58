"""What is served beside the app, under a path of its own."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class Beside:
    """Hands a request to what is served under the first part of its path, and any other one to the app."""

    def __init__(self, app: ASGIApp, others: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        first = scope.get("path", "").split("/", 2)[1:2]
        await self._others.get(first[0] if first else "", self._app)(scope, receive, send)
