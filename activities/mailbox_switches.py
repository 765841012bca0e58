"""The protocols that we have switched on for a mailbox: as they were, once it leaves and nobody else needs them.

IMAP stays as it is: its owner's programs may fetch by it for years by then, and earlier versions have promised so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from activities.run import Run
from connector.errors import NotFoundError, ServiceError, UnreadableError, WaitError
from connector.finding import Finding, Severity
from connector.mailbox import MailboxRecord
from connector.microsoft import Protocol
from connector.observed import Mailbox
from connector.steps import ConnectionState, StepName

Found = tuple[MailboxRecord, Mailbox]
OF_SWITCHES = frozenset({"switch-stays", "switch-needed"})


class Switches:
    """What one delivery knows of them."""

    def __init__(self, run: Run, tenant_id: str) -> None:
        self._run, self._tenant_id = run, tenant_id
        self._needed: dict[tuple[Protocol, str], str] | None = None
        """Which other connection uses a mailbox, by any of its names, by a protocol."""
        self._unread: str | None = None
        """A connection that cannot be read: it may use any."""
        self._kept: dict[str, dict[Protocol, str]] = {}
        """Of each mailbox the protocols that stay switched on, and why."""
        self._connections: set[str] = set()
        self._refused: dict[tuple[str, Protocol], ServiceError | None] = {}

    async def on(self, found: Sequence[Found]) -> list[tuple[Protocol, ...] | ServiceError]:
        """Return for each mailbox what is to be switched back: ours, still on, and used by no other connection."""
        asked = [(entry, mailbox) for entry, mailbox in found if entry.switched]
        if not asked:
            return [() for _ in found]
        needed = await self._needs()
        seen = [mailbox for _, mailbox in asked]
        answers = await self._run.services.exchange.switches(self._tenant_id, seen, [*Protocol])
        by_key = {
            entry.key: self._of(entry, mailbox, answer, needed)
            for (entry, mailbox), answer in zip(asked, answers, strict=True)
        }
        return [by_key.get(entry.key, ()) for entry, _ in found]

    def _of(
        self,
        entry: MailboxRecord,
        mailbox: Mailbox,
        answer: dict[Protocol, bool | None] | ServiceError,
        needed: dict[tuple[Protocol, str], str],
    ) -> tuple[Protocol, ...] | ServiceError:
        self._kept.pop(entry.key, None)
        if isinstance(answer, WaitError):
            return answer
        if isinstance(answer, ServiceError):
            for protocol in () if isinstance(answer, NotFoundError) else entry.switched:
                self.stays(entry, protocol)
            return ()
        on = [protocol for protocol in entry.switched if answer[protocol] is True]
        names = {entry.key, mailbox.user_principal_name.lower(), *mailbox.names}
        users = {one: next((needed[one, name] for name in names if (one, name) in needed), self._unread) for one in on}
        for protocol, user in users.items():
            if user is not None:
                self._keep(entry, protocol, "switch-needed")
                self._connections.add(user)
        return tuple(protocol for protocol in on if users[protocol] is None)

    async def back(self, protocol: Protocol, todo: Sequence[Found]) -> None:
        """Switch a protocol back to what it was; what Exchange says to it is kept."""
        pairs = [(mailbox, protocol in entry.inherited) for entry, mailbox in todo]
        answers = await self._run.services.exchange.switch_back(self._tenant_id, pairs, protocol) if pairs else []
        self._refused |= {(entry.key, protocol): error for (entry, _), error in zip(todo, answers, strict=True)}

    def refused(self, entry: MailboxRecord, protocols: Sequence[Protocol]) -> ServiceError | None:
        """Return what Exchange has said against switching one back, where waiting does not change it."""
        said = (self._refused.get((entry.key, protocol)) for protocol in protocols)
        return next((error for error in said if error is not None and not isinstance(error, WaitError)), None)

    def stays(self, entry: MailboxRecord, protocol: Protocol) -> None:
        """Keep that a protocol stays switched on, since the app could not switch it back."""
        self._keep(entry, protocol, "switch-stays")

    def _keep(self, entry: MailboxRecord, protocol: Protocol, code: str) -> None:
        self._kept.setdefault(entry.key, {})[protocol] = code

    def findings(self, left: Collection[str], before: Sequence[Finding]) -> tuple[Finding, ...]:
        """Return what stays switched on, and why: of the mailboxes that have ``left`` now, and what was said before."""
        told = {one.id: one for one in before if one.code in OF_SWITCHES}
        users = ", ".join(sorted(self._connections)) or "-"
        why = Counter((code, one) for key in left for one, code in self._kept.get(key, {}).items())
        for (code, protocol), number in why.items():
            severity: Severity = "warning" if code == "switch-stays" else "info"
            one = Finding(code=code, severity=severity, step=StepName.MAILBOXES, subject=protocol.upper())
            earlier = told[one.id].values["number"] if one.id in told else 0
            told[one.id] = one.model_copy(update={"values": {"number": number + int(earlier), "connections": users}})
        return tuple(told.values())

    async def _needs(self) -> dict[tuple[Protocol, str], str]:
        """Read once what the other connections use."""
        if self._needed is None:
            documents, needed = self._run.services.documents, dict[tuple[Protocol, str], str]()
            for name in [one for one in await documents.names() if one != self._run.order.name]:
                try:
                    needed |= dict.fromkeys(await self._uses(name), name)
                except UnreadableError:
                    self._unread = name
            self._needed = needed
        return self._needed

    async def _uses(self, name: str) -> list[tuple[Protocol, str]]:
        documents = self._run.services.documents
        found = await documents.load(name)
        if found is None or found.connection.state is ConnectionState.REMOVED:
            return []
        wanted = found.connection.wanted
        names = {*wanted.mailboxes}
        async for chunk in documents.chunks(name, len(found.connection.chunks)):
            names |= {entry.key for entry in chunk.mailboxes if entry.wanted}
        return [(protocol, one) for protocol in wanted.protocols for one in names]
