"""The tenant's servers: a TLS port for each service, and plain HTTP for the managed identity as in App Service."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

import trustme
from aiohttp import web

from local.tenant.calls import Answer, Call, Refusal, Service, Subject
from local.tenant.exchange import Exchange
from local.tenant.graph import Graph
from local.tenant.imap import Imap
from local.tenant.mail_lines import LineServer, LineSession
from local.tenant.mail_logins import Spoken
from local.tenant.managed_identity import ManagedIdentityEndpoint
from local.tenant.misbehaviour import Fault
from local.tenant.pop import PopSession
from local.tenant.record import Record, Request
from local.tenant.simulation import Simulation
from local.tenant.submission import SubmissionSession
from local.tenant.token_endpoint import TokenEndpoint
from local.tenant.vault import Vault

HOST = "127.0.0.1"
PLAIN = "identity"
Stops = Callable[[Literal["before", "after"]], bool]
Away = Callable[[str], bool]
_Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_UNAUTHORIZED = 401
_GOODBYE = 1.0
"""Seconds that a client has to take leave in TLS before the connection is broken off."""


class Servers:
    """Everything that listens."""

    def __init__(
        self, simulation: Simulation, record: Record, identity: ManagedIdentityEndpoint, latencies: Mapping[str, float]
    ) -> None:
        self._simulation = simulation
        self._record = record
        self._latencies = latencies
        self._services: dict[str, Service] = {
            "token": TokenEndpoint(simulation),
            "graph": Graph(simulation, record),
            "exchange": Exchange(simulation),
            "vault": Vault(simulation),
            "identity": identity,
        }
        self._imap = Imap(simulation, record, latencies)
        self._listening: list[asyncio.Server] = []
        self._http: list[web.Server] = []
        self.ports: dict[str, int] = {}
        """By service, once it listens."""
        self._sessions: set[asyncio.Task[None]] = set()
        self.stops: Stops = lambda _: False
        """Asked around each write whether somebody has stopped the client: then it gets no answer."""
        self.away: Away = lambda _: False
        """Asked for each request whether that service has an outage."""

    async def start(self, authority: trustme.CA, ports: Mapping[str, int] | None = None) -> dict[str, str]:
        """Listen; return the base address of each service, of mail servers ``host:port``.

        ``ports`` are those that the services had before; they get them again where they are free.
        """
        self.ports = dict(ports or {})
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(HOST, "localhost").configure_cert(context)
        addresses = {name: await self._listen(name, context) for name in self._services}
        return {
            **addresses,
            "imap": await self._spoken("imap", self._imap.serve, context),
            "pop": await self._spoken("pop", self._by_lines("pop", PopSession, context), context),
            "smtp": await self._spoken("smtp", self._by_lines("smtp", SubmissionSession, context), None),
        }

    def _by_lines(self, spoken: Spoken, session: type[LineSession], context: ssl.SSLContext) -> _Talk:
        server = LineServer(self._simulation, self._record, self._latencies, spoken, context)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await session(server, reader, writer).talk()

        return serve

    async def _spoken(self, spoken: Spoken, talk: _Talk, context: ssl.SSLContext | None) -> str:
        """Listen for a mail protocol; without a context TLS is begun by the client."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._talk(spoken, talk, reader, writer)

        goodbye = _GOODBYE if context is not None else None
        bound = self._socket(spoken)
        self._listening.append(await asyncio.start_server(serve, sock=bound, ssl=context, ssl_shutdown_timeout=goodbye))
        return f"{HOST}:{self.ports[spoken]}"

    async def stop(self) -> None:
        """Stop listening and break off every connection."""
        for server in self._listening:
            await shut(server)
        for http in self._http:
            for connection in http.connections:
                if connection.transport is not None:
                    connection.transport.abort()
            await http.shutdown(0)
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _listen(self, name: str, context: ssl.SSLContext) -> str:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            return await self._handle(name, request)

        http = web.Server(handle, access_log=None)
        self._http.append(http)
        loop = asyncio.get_running_loop()
        secure = None if name == PLAIN else context
        goodbye = None if secure is None else _GOODBYE
        server = await loop.create_server(http, sock=self._socket(name), ssl=secure, ssl_shutdown_timeout=goodbye)
        self._listening.append(server)
        return f"{'http' if secure is None else 'https'}://{HOST}:{self.ports[name]}"

    def _socket(self, name: str) -> socket.socket:
        """Return a socket on the port that a service had before, or on any that is free."""
        try:
            bound = socket.create_server((HOST, self.ports.get(name, 0)))
        except OSError:
            bound = socket.create_server((HOST, 0))
        self.ports[name] = bound.getsockname()[1]
        return bound

    async def _talk(
        self, spoken: Spoken, talk: _Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._sessions.add(task)
            task.add_done_callback(self._sessions.discard)
        try:
            if self.away(spoken):
                return
            await talk(reader, writer)
            writer.close()
            await writer.wait_closed()
        except OSError:
            return  # The client has gone, or we have broken off.
        finally:
            writer.transport.abort()

    async def _handle(self, name: str, request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(self._latencies.get(name, 0.0))
        service = self._services[name]
        if self.away(name):
            return _outage(service)
        call = Call(
            service=name,
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers={key.lower(): value for key, value in request.headers.items()},
            body=await request.read(),
            base=self._simulation.bases.get(name, f"{request.scheme}://{request.host}"),
        )
        subject = service.subject(call)
        watched = subject.is_write and call.token is not None
        if watched and self.stops("before"):
            return _broken(request)
        answer = self._answer(service, call, subject)
        is_write = subject.is_write and (answer is None or answer.status != _UNAUTHORIZED)
        status = 0 if answer is None else answer.status
        self._record.add(Request(name, call.method, call.path, subject.names, is_write, status, subject.key))
        if answer is None or (watched and self.stops("after")):
            return _broken(request)
        return _response(answer)

    def _answer(self, service: Service, call: Call, subject: Subject) -> Answer | None:
        """Return the answer, or None for a connection that breaks."""
        misbehaviour = self._simulation.misbehaviour
        # What carries no token is only challenged; the two that give tokens are asked without one.
        if call.token is None and call.service not in ("token", "identity"):
            return _served(service, call)
        still = misbehaviour.insists(call.service, subject.key)
        if still is not None:
            return service.throttled(still)
        fault = misbehaviour.fault(call.service, subject.key, is_write=subject.is_write)
        return _served(service, call) if fault is None else self._faulty(service, call, subject, fault)

    def _faulty(self, service: Service, call: Call, subject: Subject, fault: Fault) -> Answer | None:
        misbehaviour = self._simulation.misbehaviour
        match fault:
            case Fault.THROTTLED:
                return service.throttled(misbehaviour.retry_after(call.service, subject.key))
            case Fault.UNAVAILABLE:
                return service.unavailable()
            case Fault.CONCURRENT if isinstance(service, Graph | Exchange):
                return service.concurrent()
            case Fault.NUL_BODY if isinstance(service, Exchange):
                return service.mute()
            case Fault.LOST:
                _served(service, call)
                return None
            case _:
                return None


async def shut(server: asyncio.Server) -> None:
    """Let nobody in any more, and break off every connection: asyncio leaves those open that it has not yet set up.

    One that is accepted and not yet set up it forgets when its server is closed (``_accept_connection2`` of
    ``asyncio.selector_events``), and one that is shaking hands stays until its client goes: on a busy machine that
    happens, and nobody else knows of either.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    through = asyncio.create_task(server.wait_closed())  # asked after it is closed, Python 3.11 waits for nobody
    for _ in range(3):
        await asyncio.sleep(0)
    server.close()
    for transport in [*getattr(loop, "_transports", {}).values()]:
        if getattr(transport, "_server", None) is server:
            transport.abort()
    await asyncio.wait([through], timeout=_GOODBYE)


def _outage(service: Service) -> web.Response:
    """Return the 503 of a service that is away for long, with the time after which it wants to be asked again.

    With ``Retry-After`` no SDK sleeps and asks again by itself (RFC 9110, 10.2.3): hours pass in no time in a test.
    """
    answer = service.unavailable()
    answer.headers["Retry-After"] = "1"
    return _response(answer)


def _broken(request: web.BaseRequest) -> web.Response:
    """Break the connection off; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _served(service: Service, call: Call) -> Answer:
    try:
        return service.answer(call)
    except Refusal as refusal:
        return refusal.answer


def _response(answer: Answer) -> web.Response:
    headers = dict(answer.headers)
    body = answer.body()
    if body and "Content-Type" not in headers:
        headers["Content-Type"] = "application/json; charset=utf-8"
    return web.Response(status=answer.status, headers=headers, body=body or None)
