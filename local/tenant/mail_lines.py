"""What POP and SMTP have in common as a server: lines, the record of what came, and faults at the login."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ssl import SSLContext

from local.tenant.mail_logins import Logins, Spoken
from local.tenant.misbehaviour import Fault
from local.tenant.record import Record, Request
from local.tenant.simulation import Simulation

LONGEST = 16 * 1024
"""Of a line; a SASL string is below (RFC 4954, 4: 12,288)."""


class LineServer:
    """What all sessions of a protocol share."""

    def __init__(
        self, simulation: Simulation, record: Record, latencies: Mapping[str, float], spoken: Spoken, tls: SSLContext
    ) -> None:
        self.simulation, self.record, self.spoken, self.tls = simulation, record, spoken, tls
        self.latency = latencies.get(spoken, 0.0)
        self.logins = Logins(simulation, spoken)


class LineSession:
    """One connection."""

    greeting: str
    harmless: frozenset[str] = frozenset()
    """Commands that read or change nothing of anybody's; all others count as writes."""

    def __init__(self, server: LineServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.simulation = server, server.simulation
        self._reader, self.writer = reader, writer

    async def talk(self) -> None:
        """Talk to one client until it leaves.

        Raises:
            OSError: the connection broke.
        """
        await self.say(self.greeting)
        while (line := await self.read()) is not None:
            command, _, argument = line.partition(" ")
            if not await self.handle(command.upper(), argument):
                return

    async def handle(self, command: str, argument: str) -> bool:
        """Answer one command; return whether the connection goes on."""
        raise NotImplementedError

    async def fault(self, user: str) -> Fault | None:
        """Return what befalls a login, after the time that one takes."""
        await asyncio.sleep(self.server.latency)
        return self.simulation.misbehaviour.fault(self.server.spoken, user, is_write=False)

    async def answer(self, command: str, argument: str, *lines: str, status: str = "OK") -> None:
        """Note a command and answer it."""
        is_write = command not in self.harmless
        self.server.record.add(Request(self.server.spoken, command, argument, (), is_write, status))
        await self.say(*lines)

    async def read(self) -> str | None:
        """Return the next line; None where there is none."""
        line = await self._reader.readline()
        return line.decode(errors="replace").rstrip("\r\n") if line and len(line) <= LONGEST else None

    async def say(self, *lines: str) -> None:
        """Say lines."""
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self.writer.drain()
