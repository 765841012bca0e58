"""SMTP submission as ``smtp.office365.com`` speaks it to an application, on a port like 587.

Sources: learn.microsoft.com/exchange/client-developer/legacy-protocols (SMTP protocol exchange); learn.microsoft.com/
exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission (the two switches);
learn.microsoft.com/exchange/mail-flow-best-practices/continuous-error-throttling-smtp-auth-submissions (``5.2.25x``)
and .../fix-issues-with-printers-scanners-and-lob-applications-that-send-email-using-off (``5.7.60``, ``5.1.8``);
transcripts of MailKit's and email-oauth2-proxy's users for the capabilities and ``5.7.3``, which is all that is said
where the role, Exchange's record or the access is missing, or the name is another. Whoever sends as another address
needs ``SendAs`` for the **mailbox** that logs in, not for the application (Notifuse #250); many report that it is
looked at only after ``DATA`` (``checks_sender_late``).
"""

from __future__ import annotations

import re

from local.tenant.mail_lines import LineSession
from local.tenant.misbehaviour import Fault
from local.tenant.world import Mailbox, Recipient

_SERVER = "AM0PR04CA0001.outlook.office365.com"
_HERE = "[AM0PR04CA0001.eurprd04.prod.outlook.com 2026-11-27T10:00:00.000Z 08DE2D0000000001]"
_PATH = re.compile(r"(?:FROM|TO):<([^<>\s]*)>(?: .*)?", re.IGNORECASE)
_EXTENSIONS = (
    "SIZE 157286400",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "SMTPUTF8",
)
_OFF = (
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the {}. "
    "Visit https://aka.ms/smtp_auth_disabled for more information."
)
_UNLICENSED = "550 5.2.253 Sender throttled due to continuous invalid license errors."
_BLOCKED = "550 5.1.8 Access denied, bad outbound sender AS(42004)"
_NOT_AS = "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
_FAULTS = {
    Fault.UNAVAILABLE: "451 4.7.0 Temporary server error. Please try again later. PRX4",
    Fault.THROTTLED: "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded",
}


class SubmissionSession(LineSession):
    """One connection."""

    greeting = f"220 {_SERVER} Microsoft ESMTP MAIL Service ready at Fri, 27 Nov 2026 10:00:00 +0000"
    harmless = frozenset({"EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "RSET", "NOOP", "QUIT"})
    _secure = False
    _mailbox: Mailbox | None = None
    _sender: str | None = None

    async def handle(self, command: str, argument: str) -> bool:
        """Answer one command; return whether the connection goes on."""
        match command:
            case "EHLO":
                offered = (*_EXTENSIONS, "AUTH LOGIN XOAUTH2" if self._secure else "STARTTLS")
                lines = (f"{_SERVER} Hello [127.0.0.1]", *offered)
                await self.answer(command, "", *(f"250-{one}" for one in lines[:-1]), f"250 {lines[-1]}")
            case "STARTTLS" if not self._secure:
                await self.answer(command, "", "220 2.0.0 SMTP server ready")
                await self.writer.start_tls(self.server.tls)
                self._secure = True
            case "QUIT":
                await self.answer(command, "", "221 2.0.0 Service closing transmission channel")
                return False
            case "NOOP" | "RSET":
                self._sender = None
                await self.answer(command, "", "250 2.0.0 Resetting" if command == "RSET" else "250 2.0.0 OK")
            case "AUTH" if self._secure:
                return await self._authenticate(argument)
            case "MAIL" | "RCPT" | "DATA" | "BDAT":
                return await self._mail(command, argument)
            case _:
                await self.answer(command, "", f"500 5.3.3 Unrecognized command '{command}' {_HERE}", status="500")
        return True

    async def _authenticate(self, argument: str) -> bool:
        mechanism, _, sasl = argument.partition(" ")
        if mechanism.upper() != "XOAUTH2":
            await self.answer("AUTH", "", f"504 5.7.4 Unrecognized authentication type {_HERE}", status="504")
            return True
        if not sasl:
            await self.say("334 ")
            sasl = await self.read() or ""
        user = self.server.logins.user(sasl)
        if (fault := await self.fault(user)) is not None:
            return await self._hang_up(fault)
        login = self.server.logins.tried(sasl)
        refusal = self._switched_off(user) if login.accepted and login.mailbox is None else None
        if refusal or login.mailbox is None:
            await self.answer(
                "AUTH", user, f"{refusal or '535 5.7.3 Authentication unsuccessful'} {_HERE}", status="535"
            )
            return True
        self._mailbox = login.mailbox
        await self.answer("AUTH", user, "235 2.7.0 Authentication successful")
        return True

    def _switched_off(self, user: str) -> str | None:
        """Return what is said of a mailbox that may not submit, by its own setting or by the tenant's."""
        world = self.simulation.world
        mailbox = world.mailboxes.get(user.lower())
        if mailbox is None or world.may_submit(mailbox):
            return None
        return _OFF.format("Mailbox" if mailbox.submission_disabled else "Tenant")

    async def _hang_up(self, fault: Fault) -> bool:
        if (said := _FAULTS.get(fault)) is not None:
            await self.answer("AUTH", "", f"{said} {_HERE}", status=said[:3])
            return True
        await self.answer("AUTH", "", status="BYE")
        self.writer.transport.abort()
        return False

    async def _mail(self, command: str, argument: str) -> bool:
        refusal = self._refusal(command, argument)
        said = refusal or {"MAIL": "250 2.1.0 Sender OK", "RCPT": "250 2.1.5 Recipient OK"}.get(
            command, "354 Start mail input"
        )
        found = _PATH.fullmatch(argument)
        if command == "MAIL" and refusal is None and found is not None:
            self._sender = found[1]
        await self.answer(
            command,
            found[1] if found else argument,
            f"{said} {_HERE}" if refusal else said,
            status=said[:3] if refusal else "OK",
        )
        return not said.startswith("354")  # nobody here takes in a message

    def _refusal(self, command: str, argument: str) -> str | None:
        if self._mailbox is None:
            return "530 5.7.57 Client not authenticated to send mail."
        if command != "MAIL":
            return None if self._sender is not None else "503 5.5.2 Need mail command"
        found = _PATH.fullmatch(argument)
        if found is None:
            return "501 5.1.7 Invalid address"
        if self._mailbox.blocked:
            return _BLOCKED
        if not self._mailbox.licensed:
            return _UNLICENSED
        late = self.simulation.world.checks_sender_late
        return None if late or self._may_send_as(self._mailbox, found[1]) else _NOT_AS

    def _may_send_as(self, mailbox: Mailbox, sender: str) -> bool:
        world = self.simulation.world
        other: Mailbox | Recipient | None = world.mailbox(sender) or world.recipients.get(sender.lower())
        if other is mailbox:
            return True
        effective = other.send_as.get(mailbox.guid) if other is not None else None
        return effective is not None and effective <= self.simulation.clock.now()
