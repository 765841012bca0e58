"""POP as Exchange Online speaks it to an application.

Dialogue: learn.microsoft.com/exchange/client-developer/legacy-protocols (POP protocol exchange) and logs of MailKit's,
getmail's and email-oauth2-proxy's users. ``AUTH XOAUTH2`` wants the SASL string on a line of its own; with it on the
same line the connection ends, ``-ERR Protocol error. Connection is closed. 10``. Of what opens nothing it says no more
than that the name or the password is wrong, in one case and another.
"""

from __future__ import annotations

from local.tenant.mail_lines import LineSession
from local.tenant.misbehaviour import Fault
from local.tenant.world import Mailbox

_NO = "-ERR Authentication failure: unknown user name or bad password."
_AT_LOGIN = 0.5
"""So often a mailbox that cannot be opened is refused at the login, else at the first command: both are reported."""


class PopSession(LineSession):
    """One connection."""

    greeting = "+OK The Microsoft Exchange POP3 service is ready. [QU0wUFIwN0NBMDAwNQ==]"
    harmless = frozenset({"CAPA", "AUTH", "STAT", "NOOP", "QUIT"})
    _mailbox: Mailbox | None = None
    _authenticated = False

    async def handle(self, command: str, argument: str) -> bool:
        """Answer one command; return whether the connection goes on."""
        match command:
            case "CAPA":
                await self.answer(command, "", "+OK", "TOP", "UIDL", "SASL PLAIN XOAUTH2", "USER", ".")
            case "QUIT":
                await self.answer(command, "", "+OK Microsoft Exchange Server POP3 server signing off.")
                return False
            case "AUTH":
                return await self._authenticate(argument)
            case "STAT" | "RETR" | "DELE" | "TOP" | "LIST" | "UIDL":
                return await self._of_the_mailbox(command, argument)
            case _:
                await self.answer(command, "", "-ERR Command is not valid in this state.", status="ERR")
        return True

    async def _authenticate(self, argument: str) -> bool:
        if argument.upper() != "XOAUTH2":
            await self.answer("AUTH", "", "-ERR Protocol error. Connection is closed. 10", status="ERR")
            return False
        await self.say("+ ")
        sasl = await self.read() or ""
        user = self.server.logins.user(sasl)
        if (fault := await self.fault(user)) is not None:
            return await self._hang_up(fault)
        login = self.server.logins.tried(sasl)
        said_at_once = self.simulation.chance.draw("pop says no", user) < _AT_LOGIN
        if not login.accepted or (login.mailbox is None and said_at_once):
            await self.answer("AUTH", user, _NO, status="ERR")
            return True
        self._mailbox, self._authenticated = login.mailbox, True
        await self.answer("AUTH", user, "+OK User successfully authenticated [QU0wUFIwN0NBMDAwNQ==]")
        return True

    async def _hang_up(self, fault: Fault) -> bool:
        if fault is Fault.UNAVAILABLE:
            await self.answer("AUTH", "", "-ERR [SYS/TEMP] Server Unavailable. 21", status="BYE")
        else:
            await self.answer("AUTH", "", status="BYE")
            self.writer.transport.abort()
        return False

    async def _of_the_mailbox(self, command: str, argument: str) -> bool:
        if not self._authenticated:
            await self.answer(command, "", "-ERR Command is not valid in this state.", status="ERR")
            return True
        if self._mailbox is None:
            await self.answer(command, argument, "-ERR User is authenticated but not connected.", status="ERR")
            return False
        number = self._mailbox.messages
        counted = f"+OK {number} {number * 2048}"
        lines = {"STAT": (counted,), "DELE": ("+OK",)}.get(command, ("+OK", "."))
        await self.answer(command, argument, *lines)
        return True
