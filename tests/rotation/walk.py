"""Any order of what people, the clock and others do, and what has to hold after each of it."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

from connector.case import Kind
from connector.credential import CertificateRecord, CredentialRecord
from connector.model import Connection
from connector.rotation import handed_out, used
from connector.steps import ConnectionState
from tests.rotation.life import KilledError, Life, another


class Walk:
    """A connection, its UTM, and those who act on both."""

    def __init__(self, life: Life, seed: int) -> None:
        self.life, self.dice = life, random.Random(seed)  # noqa: S311 - a walk is repeatable, and no secret
        self.done: list[str] = []
        """What has happened, to be read when something is wrong."""
        self.utm: str | None = None
        """The key that the UTM has."""
        self.disturbed = False
        """Whether others have taken something away since we have last looked and put in order."""
        self.given = another()
        """The certificate of the UTM that is given next."""

    async def step(self) -> None:
        """Do one thing, now and then killed in the midst of it, and check what has to hold."""
        acts: dict[Callable[[], Awaitable[None]], int] = {
            self.set_up: 5, self.verify: 3, self.rotate: 5, self.give: 4, self.enter: 6, self.abandon: 2, self.timer: 8,
            self.wait: 8, self.steal: 2, self.disable: 1, self.delete: 1, self.lose: 1, self.cancel: 1, self.remove: 1,
        }  # fmt: skip
        (act,) = self.dice.choices([*acts], [*acts.values()])
        before = self.life.live()
        killed = self.dice.random() < 0.2
        self.life.knife.arm(self.dice.randint(1, 12) if killed else 0, before=self.dice.random() < 0.5)
        try:
            await act()
        except KilledError:
            self.done.append("killed")
            await self.life.recovered()
        self.life.knife.arm(0, before=False)
        await self.check(before)

    async def check(self, before: set[str]) -> None:
        """Raise where anything does not hold."""
        live, one = self.life.live(), await self.life.connection()
        story = "\n".join(self.done)
        # Nobody of us takes from the UTM what it has, unless somebody has confirmed another one.
        taken = self.utm in before and self.utm not in live and not self.done[-1].startswith(("steal", "wait"))
        assert not taken, story
        if one is not None and one.state is ConnectionState.REMOVED:
            assert self.life.left() == [], f"{story}\n{self.life.left()}"
        if one is None or self.disturbed or one.operation.ended is None:
            return
        if self.done[-1] in {"set-up", "rotate"} and one.secret_accepted:
            ours = used(one)
            assert ours is not None, story
            assert ours.key_id in live, story
        out = handed_out(one, self.life.current_utc_datetime)
        if out is not None and out.expires_on > self.life.current_utc_datetime:
            assert out.key_id in live, story
        if one.rotation is None and one.secret is not None and self.done[-1] == "timer":
            assert len(live) <= 1, f"{story}\n{live}"
        assert len(live) <= 2, f"{story}\n{live}"
        if _is_certificate(one.secret) and self.done[-1] in {"set-up", "timer"} and one.state is ConnectionState.READY:
            assert self.life.trusts() == 1, story

    async def set_up(self) -> None:
        """Set up; the UTM gets the first secret without a word."""
        self.done.append("set-up")
        first = self.utm is None
        await self.life.ask(Kind.SET_UP)
        self.disturbed = False
        one = await self.life.connection()
        assert one is not None
        if first and one.rotation is None and one.secret is not None:
            self.utm = one.secret.key_id
        elif self.utm in self.life.live() and one.rotation is None and one.secret is not None:
            assert one.secret.key_id == self.utm, "\n".join(self.done)

    async def verify(self) -> None:
        """Look at everything."""
        self.done.append("verify")
        await self.life.ask(Kind.VERIFY)

    async def rotate(self) -> None:
        """Ask for the next secret, where there is a certificate too."""
        self.done.append("rotate")
        if await self.life.ask(Kind.ROTATE, credential=self.dice.choice([None, "secret"])) != "done":
            self.done[-1] = "rotate refused"

    async def give(self) -> None:
        """Give a certificate, now and then one that was given before."""
        self.done.append("give")
        if self.dice.random() < 0.8:
            self.given = another()
        said = await self.life.ask(Kind.CERTIFICATE, certificate=self.given)
        self.done[-1] = f"give {self.given.key_id[:4]}: {said}"

    async def enter(self) -> None:
        """Enter what is handed out in the UTM, and say so, where a secret is offered."""
        self.done.append("enter")
        one = await self.life.connection()
        out = handed_out(one, self.life.current_utc_datetime) if one is not None else None
        if one is None or out is None or not _is_offered(one):
            return
        self.utm = out.key_id
        await self.life.ask(Kind.CONFIRM, out.key_id)
        self.done[-1] = f"enter {out.key_id[:4]}"

    async def abandon(self) -> None:
        """Give the next one up."""
        self.done.append("abandon")
        one = await self.life.connection()
        rotation = one.rotation if one is not None else None
        if rotation is not None:
            said = await self.life.ask(Kind.ABANDON, rotation.next.key_id if rotation.next is not None else "")
            self.done[-1] = f"abandon: {said}"

    async def timer(self) -> None:
        """Let the hour strike."""
        self.done.append("timer")
        await self.life.timer()

    async def remove(self) -> None:
        """Take the connection back; the UTM's values are worth nothing from then on, and are forgotten."""
        self.done.append("remove")
        known, self.utm = await self.life.connection() is not None, None
        said = await self.life.ask(Kind.REMOVE)
        if known:
            assert said == "done", said

    async def cancel(self) -> None:
        """Cancel what runs; nothing does."""
        self.done.append("cancel")
        await self.life.ask(Kind.CANCEL)

    async def wait(self) -> None:
        """Let time pass."""
        days = self.dice.choice([0.05, 1.01, 1.01, 7, 30, 80])
        self.done.append(f"wait {days}")
        self.life.pass_days(days)

    async def steal(self) -> None:
        """Somebody removes a credential in Entra."""
        live = sorted(self.life.live())
        if live:
            key = self.dice.choice(live)
            self.done.append(f"steal {key[:4]}")
            self.life.take_away(key)
            self.life.pass_days(0.05)
            self.disturbed = True
        else:
            self.done.append("nothing to steal")

    async def disable(self) -> None:
        """Somebody disables the version of the present secret in the vault."""
        enabled = [one for one in self.life.versions() if one.enabled]
        self.done.append("disable")
        if enabled and len(self.life.live()) < 2:
            self.dice.choice(enabled).enabled = False
            self.disturbed = True

    async def delete(self) -> None:
        """Somebody deletes the secret in the vault."""
        self.done.append("delete")
        known = await self.life.connection() is not None  # who has lost both knows of nothing
        for name in [*self.life.world.secrets] if known else []:
            self.life.tenant.administrator.delete_secret(name)
            self.disturbed = True

    async def lose(self) -> None:
        """The store is lost."""
        self.done.append("lose")
        if self.life.world.deleted_secrets:
            return
        store = self.life.clients.store
        for path in await store.paths("connections/"):
            found = await store.get(path)
            if found is not None:
                await store.delete(path, found[1])


def _is_offered(one: Connection) -> bool:
    return one.rotation is not None and one.rotation.state == "offered"


def _is_certificate(record: CredentialRecord | None) -> bool:
    return isinstance(record, CertificateRecord)
