"""The protocols that we have switched on for a mailbox: as they were, once it leaves and nobody else needs them.

What another connection needs is left to it (``connector/left_there.py``): the last one that goes switches it back. IMAP
stays as it is: its owner's programs may fetch by it for years by then, and earlier versions have promised so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from activities.mailbox_stage import each
from activities.others import Other, Others
from activities.run import Run
from connector.errors import ServiceError, UnreadableError, WaitError
from connector.finding import Finding, Severity
from connector.left_there import Key, Left
from connector.log import unreadable
from connector.mailbox import MailboxRecord
from connector.microsoft import Protocol
from connector.observed import Mailbox
from connector.steps import StepName

Found = tuple[MailboxRecord, Mailbox]
OF_SWITCHES = frozenset({"switch-stays", "switch-needed"})


class Switches:
    """What one delivery knows of them."""

    def __init__(self, run: Run, tenant_id: str) -> None:
        self._run, self._tenant_id = run, tenant_id
        self._others = Others(run)
        self._left: dict[Key, Left] | None = None
        """What other connections have left switched on."""
        self._kept: dict[str, dict[Protocol, str]] = {}
        """Of each mailbox the protocols that stay switched on, and why."""
        self._users: dict[str, set[str]] = {}
        """Of each mailbox the connections for which they do."""
        self._refused: dict[tuple[str, Protocol], ServiceError | None] = {}

    async def adopt(self, entries: Sequence[MailboxRecord]) -> None:
        """Note of mailboxes that leave what another connection had switched on, and left to whoever comes last."""
        if self._left is None:
            self._left = await self._run.services.left_there.load()
        for entry in entries:
            for protocol in Protocol:
                left = self._left.get((entry.key, protocol))
                if left is not None:
                    entry.enabled(protocol, inherited=left.inherited)

    @property
    def left_any(self) -> bool:
        """Return whether other connections have left anything."""
        return bool(self._left)

    async def on(self, found: Sequence[Found]) -> list[tuple[Protocol, ...] | ServiceError]:
        """Return for each mailbox what is to be switched back: ours, still on, and used by no other connection."""
        asked = [(entry, mailbox) for entry, mailbox in found if entry.switched]
        if not asked:
            return [() for _ in found]
        seen = [mailbox for _, mailbox in asked]
        answers = await each(self._run.services.exchange.switches(self._tenant_id, seen, [*Protocol]), len(seen))
        by_key = await self._weighed(asked, answers)
        if await self._leave([entry for entry, _ in asked]):
            # Who has let go meanwhile may have looked for what is left to it before it was: then nobody is left.
            self._others = Others(self._run)
            by_key = await self._weighed(asked, answers)
        return [by_key.get(entry.key, ()) for entry, _ in found]

    async def _weighed(
        self, asked: Sequence[Found], answers: Sequence[dict[Protocol, bool | None] | ServiceError]
    ) -> dict[str, tuple[Protocol, ...] | ServiceError]:
        """Return what is to be switched back of each mailbox, by its key; keep why the rest is not."""
        others = await self._others.known()
        return {
            entry.key: self._of(entry, mailbox, answer, others)
            for (entry, mailbox), answer in zip(asked, answers, strict=True)
        }

    def _of(
        self,
        entry: MailboxRecord,
        mailbox: Mailbox,
        answer: dict[Protocol, bool | None] | ServiceError,
        others: Sequence[Other],
    ) -> tuple[Protocol, ...] | ServiceError:
        self._kept.pop(entry.key, None)
        self._users.pop(entry.key, None)
        if isinstance(answer, WaitError):
            return answer
        if isinstance(answer, ServiceError):
            for protocol in entry.switched:  # also where it is said of one that was just found that there is none
                self.stays(entry, protocol)
            return ()
        on = [protocol for protocol in entry.switched if answer[protocol] is True]
        names = {entry.key, mailbox.user_principal_name.lower(), *mailbox.names}
        using = [one for one in others if one.uses(names)]
        for protocol in on:
            users = [one.name for one in using if one.wanted is None or protocol in one.wanted.protocols]
            if users:
                self._keep(entry, protocol, "switch-needed")
                self._users.setdefault(entry.key, set()).update(users)
        return tuple(protocol for protocol in on if protocol not in self._kept.get(entry.key, ()))

    async def _leave(self, entries: Sequence[MailboxRecord]) -> bool:
        """Keep what stays on for others, before the connection forgets it; where that fails it is a person's.

        Return whether something was left that was not before.
        """
        known = self._left or {}
        new = [
            Left(mailbox=entry.key, what=protocol, inherited=protocol in entry.inherited)
            for entry in entries
            for protocol, code in self._kept.get(entry.key, {}).items()
            if code == "switch-needed" and (entry.key, protocol) not in known
        ]
        if not new or self._run.dry:
            return False
        try:
            await self._run.services.left_there.add(new)
        except UnreadableError as error:
            unreadable(error)
            for entry in entries:
                self._kept[entry.key] = dict.fromkeys(self._kept.get(entry.key, ()), "switch-stays")
            return False
        self._left = {**known, **{one.key: one for one in new}}
        return True

    async def settle(self, entries: Sequence[MailboxRecord]) -> None:
        """Forget of mailboxes that have left what was there for the last one to switch back, and is."""
        left = self._left or {}
        keys = [(entry.key, protocol) for entry in entries for protocol in Protocol]
        done = [(key, what) for key, what in keys if (key, what) in left and what not in self._kept.get(key, ())]
        if done and not self._run.dry:
            await self._run.services.left_there.forget(done)

    async def back(self, protocol: Protocol, todo: Sequence[Found]) -> None:
        """Switch a protocol back to what it was; what Exchange says to it is kept."""
        pairs = {entry.key: (mailbox, protocol in entry.inherited) for entry, mailbox in todo}
        admin = self._run.services.exchange
        if not pairs:
            return
        answers = await each(admin.switch_back(self._tenant_id, [*pairs.values()], protocol), len(pairs))
        self._refused |= {(key, protocol): error for key, error in zip(pairs, answers, strict=True)}

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
        users = ", ".join(sorted({one for key in left for one in self._users.get(key, ())})) or "-"
        why = Counter((code, one) for key in left for one, code in self._kept.get(key, {}).items())
        for (code, protocol), number in why.items():
            severity: Severity = "warning" if code == "switch-stays" else "info"
            one = Finding(code=code, severity=severity, step=StepName.MAILBOXES, subject=protocol.upper())
            earlier = told[one.id].values["number"] if one.id in told else 0
            told[one.id] = one.model_copy(update={"values": {"number": number + int(earlier), "connections": users}})
        return tuple(told.values())
