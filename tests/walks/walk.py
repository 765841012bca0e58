"""A walk: things that people do, in any order, and what has to hold whenever the connection has come to rest.

The model knows no chunk, no round and no replica: a name means the mailbox that has it, or, when nobody has it any
more, the one that it meant before; what the list means is open to the application, and nothing else that was ever on
it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from connector.mailbox import Chunk
from connector.plans.mailbox_list import handed_over, removals
from connector.steps import ConnectionState, MailboxState, OperationKind
from local.tenant import PresetName
from tests.walks.acts import OTHER, Acts
from tests.walks.desk import NAME, Desk


@dataclass
class Walk(Acts):
    """A desk, those who act on it, and what has to be true of it."""

    meant: dict[str, str | None] = field(default_factory=dict)
    """By wanted name, the guid of the mailbox that it means."""
    called: dict[str, str] = field(default_factory=dict)
    """By wanted name, the user principal name of that mailbox when the connection last looked."""
    settled: set[str] = field(default_factory=set)
    owed: set[str] = field(default_factory=set)
    """Mailboxes that a verification has found to be on no list any more; the next set-up takes them back."""
    ever: set[str] = field(default_factory=set)
    """Mailboxes that have been on the list, and are not known to have been taken off it."""

    async def step(self) -> None:
        """Do one thing."""
        weights = {
            self.post: 8, self.verify: 2, self.rename: 4, self.alias: 6, self.license_again: 1, self.by_hand: 2,
            self.delete: 1, self.create: 1, self.imap: 1, self.lose: 1, self.wait: 2, self.others: 1,
        }  # fmt: skip
        (act,) = self.dice.choices([*weights], [*weights.values()])
        before = {guid: bool(self.reached(one)) for guid, one in self.by_guid.items()}
        looked = await act()
        if looked:
            await self.check(before, looked)

    # What the owner of the connection does.

    async def post(self) -> str:
        """Ask for another list; now and then see first whether the dry run says what is done."""
        wanted = self._list()
        imap = self.dice.random() < 0.3
        planned = None
        if self.dice.random() < 0.4:
            self.desk.pass_time(130)
            planned = await self.desk.plan(wanted, imap=imap)
        self.note(f"post {wanted} {imap} planned {planned}")
        before = {one.guid: self.reached(one) for one in self.desk.world.mailboxes.values()}
        lost = {one.guid: one.address for one in self.desk.world.mailboxes.values()}
        held = {guid for guid, has in before.items() if has}
        self.expect(wanted)
        await self._counted(wanted)
        await self.desk.ask(wanted, imap=imap)
        if planned is not None:
            after = {one.guid for one in self.desk.world.mailboxes.values() if self.reached(one)}
            done = [("grant-access", lost[guid]) for guid in after - held]
            done += [("revoke-access", lost[guid]) for guid in held - after]
            told = [one for one in planned if one[0] != "enable-imap"]
            assert sorted(done) == told, f"planned {told}, done {sorted(done)}"
        return "post"

    def _list(self) -> list[str]:
        """Return a list: mostly the present one with something more or less, else names at random."""
        names = self.names()
        if not self.listed or self.dice.random() < 0.3:
            return self.dice.sample(names, self.dice.randint(1, 5))
        kept = [name for name in self.listed if self.dice.random() < 0.75]
        more = [name for name in names if name not in kept]
        return kept + self.dice.sample(more, self.dice.randint(0 if kept else 1, 2))

    async def _counted(self, wanted: list[str]) -> None:
        """Hold that what a list takes away is counted in mailboxes; of names that have moved nobody knows yet."""
        if not self.desk.store.documents.get(f"connections/{NAME}.json"):
            return
        chunks = [Chunk(number=0, mailboxes=await self.desk.entries())]
        number, total = removals(chunks, wanted)
        assert number <= total == len({entry.key for entry in chunks[0].mailboxes if entry.wanted and entry.held})

    async def verify(self) -> str:
        """Ask only for a look."""
        if not self.listed or not self.desk.store.documents:
            return ""
        self.note("verify")
        old = dict(self.meant)
        self.expect(self.listed, keep=True)
        for name in self.listed:
            if old[name] and old[name] != self.meant[name] and name in self.settled:
                self.owed.add(str(old[name]))
        await self.desk.ask(self.listed, OperationKind.VERIFY)
        return "verify"

    async def lose(self) -> str:
        """Lose the store."""
        self.note("lost")
        self.desk.lose_store()
        self.listed, self.meant, self.called, self.settled, self.owed, self.ever = [], {}, {}, set(), set(), set()
        return ""

    async def wait(self) -> str:
        """Let some time pass."""
        self.desk.pass_time(self.dice.choice([5, 60, 130, 4000]))
        return ""

    # What has to hold.

    def expect(self, wanted: list[str], *, keep: bool = False) -> None:
        """Work out what the names of a list mean now."""
        carried = dict(self.meant)
        for old, address in self.called.items():  # who first names an alias and then the principal name means the same
            if old not in wanted and address in wanted and address not in self.meant and address not in carried:
                carried[address] = self.meant[old]
        meant: dict[str, str | None] = {}
        for name in wanted:
            found = self.desk.world.mailbox(name)
            before = carried.get(name)
            meant[name] = found.guid if found else before if before in self.by_guid else None
        self.listed, self.meant = wanted, meant
        self.settled = self.settled if keep else set()

    async def check(self, before: dict[str, bool], looked: str) -> None:
        """Hold that access is exactly what the list says, and that the state says so."""
        bound = {guid for guid in self.meant.values() if guid}
        entries = await self.desk.entries()
        ever = self.ever | bound
        for guid, mailbox in self.by_guid.items():
            has = self.reached(mailbox)
            if looked == "post" and guid in ever:
                assert has == (guid in bound), f"{mailbox.address} {has}"
            elif looked == "post":
                assert has == before.get(guid, False), f"{mailbox.address} was never on the list"
        assert all(OTHER in one.access for one in self.by_guid.values() if one.guid in self.strangers)
        good = {guid for guid in bound if self.reached(self.by_guid[guid]) and self.by_guid[guid].imap_enabled}
        open_ = all(guid in good for guid in self.meant.values())
        left = [entry for entry in entries if not entry.wanted]
        state = await self.desk.state()
        assert (state is ConnectionState.READY) == (open_ and not left), f"{state} {self.meant} {left}"
        if looked == "post":
            assert left == []
            self.owed.clear()
        for entry in entries:
            if entry.wanted:
                well = self.meant[entry.requested] in good
                assert (entry.state is MailboxState.OPEN) == well, f"{entry} {self.meant}"
                assert well or entry.finding is not None
        address = {guid: self.by_guid[guid].address for guid in bound}
        wanted = {address.get(guid or "", name) for name, guid in self.meant.items()}
        assert sorted(handed_over(entries)) == sorted(wanted)
        self.called = {name: address[guid] for name, guid in self.meant.items() if guid}
        self.settled |= {entry.requested for entry in entries if entry.wanted and entry.settled_in is not None}
        self.ever = bound | self.owed


async def walk(preset: PresetName, seed: int, steps: int = 12) -> Walk:
    """Walk so many steps.

    Raises:
        AssertionError: something does not hold; the notes say what was done.
    """
    dice = random.Random(f"{preset} {seed}")  # noqa: S311 - chance, no secret
    desk = Desk(preset, seed, chunk=dice.randint(1, 3), mailboxes=5, twice=dice.random() < 0.3)
    made = Walk(desk, dice)
    try:
        for _ in range(steps):
            await made.step()
    except AssertionError as error:
        error.add_note(f"{preset}, seed {seed}\n" + "\n".join(made.done))
        raise
    return made
