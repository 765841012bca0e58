"""IMAP as Exchange Online speaks it to an application: XOAUTH2, and the two ways in which it says no.

Dialogue: learn.microsoft.com/exchange/client-developer/legacy-protocols (how to authenticate an IMAP, POP or SMTP
application by using OAuth) and logs of MailKit's users. ``NO AUTHENTICATE failed.`` means that the token or the
Exchange principal is not right; ``BAD User is authenticated but not connected.`` that the mailbox cannot be opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from local.tenant.mail_logins import Logins
from local.tenant.misbehaviour import Fault
from local.tenant.record import Record, Request
from local.tenant.simulation import Simulation
from local.tenant.world import Mailbox

_CAPABILITIES = "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"
_READ_ONLY = frozenset({"CAPABILITY", "AUTHENTICATE", "EXAMINE", "STATUS", "LIST", "NOOP", "ID", "LOGOUT"})


class Imap:
    """The server; each connection is a ``Session``."""

    def __init__(self, simulation: Simulation, record: Record, latencies: Mapping[str, float]) -> None:
        self.simulation = simulation
        self.record = record
        self.latency = latencies.get("imap", 0.0)
        self.logins = Logins(simulation, "imap")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client until it leaves.

        Raises:
            OSError: the connection broke.
        """
        await _Session(self, reader, writer).talk()


class _Session:
    """One connection."""

    def __init__(self, server: Imap, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._simulation = server.simulation
        self._reader = reader
        self._writer = writer
        self._authenticated = False
        self._mailbox: Mailbox | None = None

    async def talk(self) -> None:
        await self._say("* OK The Microsoft Exchange IMAP4 service is ready. [QU0wUFIwN0NBMDAwNQ==]")
        while True:
            line = await self._read()
            if line is None:
                return
            tag, _, rest = line.partition(" ")
            command, _, argument = rest.partition(" ")
            if not await self._handle(tag, command.upper(), argument):
                return

    async def _handle(self, tag: str, command: str, argument: str) -> bool:
        """Answer one command; return whether the connection goes on."""
        match command:
            case "CAPABILITY":
                await self._say(f"* CAPABILITY {_CAPABILITIES}")
                return await self._close(tag, command, "", "OK", "CAPABILITY completed.")
            case "NOOP" | "ID":
                return await self._close(tag, command, "", "OK", f"{command} completed.")
            case "LOGOUT":
                self._note(command, "", "OK")
                bye = "* BYE Microsoft Exchange Server IMAP4 server signing off."
                await self._say(bye, f"{tag} OK LOGOUT completed.")
                return False
            case "AUTHENTICATE":
                return await self._authenticate(tag, argument)
            case "EXAMINE" | "SELECT":
                return await self._open(tag, command, argument.strip('"'))
            case _:
                return await self._close(tag, command, argument, "BAD", "Command Error. 12")

    async def _authenticate(self, tag: str, argument: str) -> bool:
        mechanism, _, initial = argument.partition(" ")
        if mechanism.upper() != "XOAUTH2":
            return await self._close(tag, "AUTHENTICATE", "", "NO", "AUTHENTICATE failed.")
        if not initial:
            await self._say("+ ")
            initial = await self._read() or ""
        await asyncio.sleep(self._server.latency)
        user = self._server.logins.user(initial)
        fault = self._simulation.misbehaviour.fault("imap", user, is_write=False)
        if fault is not None:
            await self._hang_up(tag, fault)
            return False
        login = self._server.logins.tried(initial)
        if not login.accepted:
            return await self._close(tag, "AUTHENTICATE", user, "NO", "AUTHENTICATE failed.")
        self._mailbox = login.mailbox
        if self._mailbox is None and self._says_no_at_once(user):
            text = f'AUTHENTICATE failed. Error="AuthFailed:LogonDenied-None-OAuthLog:AuthExc_Auth Failed. User:{user}"'
            return await self._close(tag, "AUTHENTICATE", user, "NO", text)
        self._authenticated = True
        return await self._close(tag, "AUTHENTICATE", user, "OK", "AUTHENTICATE completed.")

    async def _hang_up(self, tag: str, fault: Fault) -> None:
        self._note("AUTHENTICATE", "", "BYE")
        if fault is Fault.THROTTLED:
            await self._say(f"{tag} BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds")
        elif fault is Fault.UNAVAILABLE:
            await self._say("* BYE Connection is closed. 13")
        else:
            self._writer.transport.abort()

    def _says_no_at_once(self, user: str) -> bool:
        """Return whether this mailbox, when it cannot be opened, is refused a step earlier: both are reported."""
        preset = self._simulation.misbehaviour.preset
        return preset.imap_lag[1] > 0 and self._simulation.chance.draw("no at once", user) < 0.3  # noqa: PLR2004

    async def _open(self, tag: str, command: str, name: str) -> bool:
        if not self._authenticated:
            return await self._close(tag, command, name, "BAD", "Command received in Invalid state.")
        if self._mailbox is None:
            await self._close(tag, command, name, "BAD", "User is authenticated but not connected.")
            await self._say("* BYE Connection closed. 14")
            return False
        if name.upper() != "INBOX":
            return await self._close(tag, command, name, "NO", f"{name} doesn't exist.")
        await self._say(
            f"* {self._mailbox.messages} EXISTS",
            "* 0 RECENT",
            r"* FLAGS (\Seen \Answered \Flagged \Deleted \Draft $MDNSent)",
            "* OK [PERMANENTFLAGS ()] Permanent flags",
            "* OK [UIDVALIDITY 14] UIDVALIDITY value",
            f"* OK [UIDNEXT {self._mailbox.messages + 1}] The next unique identifier value",
        )
        mode = "READ-ONLY" if command == "EXAMINE" else "READ-WRITE"
        return await self._close(tag, command, name, "OK", f"[{mode}] {command} completed.")

    async def _close(self, tag: str, command: str, argument: str, status: str, text: str) -> bool:
        """End a command with its tagged answer; return that the connection goes on."""
        self._note(command, argument, status)
        await self._say(f"{tag} {status} {text}")
        return True

    def _note(self, command: str, argument: str, status: str) -> None:
        is_write = command not in _READ_ONLY
        self._server.record.add(Request("imap", command, argument, (), is_write, status))

    async def _read(self) -> str | None:
        line = await self._reader.readline()
        return line.decode(errors="replace").rstrip("\r\n") if line else None

    async def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self._writer.drain()
