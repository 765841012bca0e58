"""Rights to send that one connection has given and others use: left to these, until the last one takes them back.

A right belongs to the mailbox, whichever connection asked for it: what one takes back is gone for all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from activities.others import Other, Others
from activities.run import Run
from connector.address import folded
from connector.errors import NotFoundError, ServiceError, UnreadableError
from connector.left_there import Key, Left
from connector.log import unreadable
from connector.mailbox import SenderRecord
from connector.microsoft import Protocol
from connector.observed import Recipient
from connector.plans.senders import Pair


class SendersLeft:
    """What one delivery knows of them."""

    def __init__(self, run: Run, tenant_id: str) -> None:
        self._run, self._tenant_id = run, tenant_id
        self._others = Others(run)
        self._left: dict[Key, Left] = {}
        self._meant: dict[str, list[Recipient | ServiceError]] = {}
        """What the senders of another connection are, by its name."""
        self.strays: set[Key] = set()
        """Rights that this connection had nothing to do with, and that a removal takes back if nobody uses them."""

    async def adopt(self, records: Mapping[Key, SenderRecord], named: Mapping[str, str]) -> dict[Key, SenderRecord]:
        """Return the records with what was left to this connection: as if it had given it itself.

        One that goes may have been named as a user before it had looked at anything: it takes back all that is left
        and that nobody sends by.
        """
        left = await self._run.services.left_there.load()
        self._left = {key: one for key, one in left.items() if one.what not in {*Protocol}}  # those are switches
        adopted = dict(records)
        for mailbox, sender in self._left:
            known = adopted.get((mailbox, sender))
            if known is not None and not known.ours:
                adopted[mailbox, sender] = known.model_copy(update={"given": "given"})
            elif known is None and (mailbox in named or self._run.takes_back):
                self.strays |= set() if mailbox in named else {(mailbox, sender)}
                values = {"mailbox_name": named.get(mailbox, mailbox), "sender_name": sender}
                adopted[mailbox, sender] = SenderRecord(mailbox=mailbox, sender=sender, given="given", **values)
        return adopted

    async def users(self, pair: Pair) -> str:
        """Return the other connections that send by a right; one that cannot be read may do so."""
        names = {pair.mailbox, folded(pair.mailbox_name), *(pair.trustee.names if pair.trustee is not None else ())}
        using = [other for other in await self._others.known() if other.uses(names)]
        return ", ".join([other.name for other in using if await self._sends(other, pair)])

    async def _sends(self, other: Other, pair: Pair) -> bool:
        if other.wanted is None or not other.wanted.senders:
            return other.wanted is None
        if other.name not in self._meant:
            asked = self._run.services.exchange.recipients(self._tenant_id, other.wanted.senders)
            self._meant[other.name] = await asked
        return any(
            answer.identity.lower() == pair.sender
            if isinstance(answer, Recipient)
            else not isinstance(answer, NotFoundError) and address == folded(pair.sender_name)
            for address, answer in zip(other.wanted.senders, self._meant[other.name], strict=True)
        )

    async def leave(self, keys: Collection[Key]) -> Collection[Key]:
        """Keep what is left to others, before this connection forgets it; return what was not left before.

        Whose these are is to be asked once more: who has let go meanwhile may have looked for it before it was left.
        """
        new = {key: Left(mailbox=key[0], what=key[1]) for key in keys if key not in self._left}
        if not new:
            return ()
        try:
            await self._run.services.left_there.add(new.values())
        except UnreadableError as error:
            unreadable(error)
            return ()
        self._left |= new
        self._others, self._meant = Others(self._run), {}
        return new

    def left(self, key: Key) -> bool:
        """Return whether a right is left to whoever sends by it."""
        return key in self._left

    async def settle(self, keys: Collection[Key]) -> None:
        """Forget that something was left: it is noted as this connection's own, or is gone."""
        await self._run.services.left_there.forget(self._left.keys() & {*keys})
