"""Step 8 of a rotation: a login to a few mailboxes with the next secret, before anybody is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from activities.proving import signed_in, tried
from activities.results import Result
from activities.run import Run
from activities.stage import Stage
from connector.credential import CredentialRecord, RotationState
from connector.errors import RefusedError, UnavailableError
from connector.mailbox import MailboxRecord
from connector.model import Connection
from connector.operation import StepRecord
from connector.orders import WAIT, Outcome
from connector.plans.plan import Goal, Plan
from connector.plans.succession import OFFERED
from connector.rotation import TRIED, offer
from connector.steps import MailboxState, StepName, StepState

if TYPE_CHECKING:
    from pydantic import SecretStr

    from connector.observed import LoginAnswer

_STEP = StepName.VERIFICATION
_SAID_NO = frozenset({"authenticate", "mailbox"})


@dataclass(frozen=True, slots=True)
class Observed:
    """How the logins went."""

    refused: int
    """How many mailboxes opened with the present secret alone."""
    last: bool
    now: datetime


class NextProof(Stage[Observed]):
    """The step as a rotation has it. The mailboxes' records stay as they are."""

    step = _STEP

    @staticmethod
    def plan(_: Observed, __: Goal) -> Plan:
        """Return nothing: there is never anything to be changed."""
        return Plan()

    async def observe(self) -> Observed:
        """Log in; where every mailbox opens that does with the present secret, the next one is offered."""
        rotation = self.run.connection.rotation
        if rotation is None or rotation.next is None or rotation.state is not RotationState.PREPARING:
            return Observed(0, self.run.order.part.last, self.run.now)
        refused = await _refused(self.run, rotation.next)
        if not refused:
            await _offer(self.run, rotation.next)
        return Observed(refused, self.run.order.part.last, self.run.now)

    async def told(self, observed: Observed, plan: Plan) -> Result:  # noqa: ARG002 - nothing is planned
        """Return that it is proven, or to be tried again as long as a server may not know the secret yet."""
        if not observed.refused:
            return Result(Outcome(StepState.DONE))
        return Result(Outcome(StepState.PENDING if observed.last else WAIT, "secret-not-known-yet"))

    @staticmethod
    def record(observed: Observed, connection: Connection) -> None:
        """Note that the secret is offered, or that step 5 is to give it up."""
        rotation = connection.rotation
        if rotation is None or rotation.state is not RotationState.PREPARING or rotation.next is None:
            return
        if not observed.refused:
            connection.rotation, connection.rest = offer(rotation, observed.now), None
        elif observed.last:
            connection.rotation = rotation.model_copy(update={"failing": "login-refused"})
            connection.records[StepName.SECRET] = StepRecord()


async def _refused(run: Run, new: CredentialRecord) -> int:
    """Return how many of a few mailboxes do not open with the next secret, and do with the present one.

    Raises:
        UnavailableError: a server has said nothing; an outage is nobody's failure.
    """
    entries = await _chosen(run)
    if not entries:
        return 0
    token = await _token(run, new)
    closed = [entry for entry in entries if (await _login(run, entry, token)).stage != "open"]
    old = run.connection.secret
    if not closed or old is None:
        return 0
    try:
        token = await _token(run, old)
    except RefusedError:  # there is nothing to compare with
        return 0
    return sum([(await _login(run, entry, token)).stage == "open" for entry in closed])


async def _chosen(run: Run) -> list[MailboxRecord]:
    """Return a few mailboxes, first of all such as have opened."""
    wanted = [entry async for chunk in run.chunks() for entry in chunk.mailboxes if entry.wanted]
    wanted.sort(key=lambda entry: entry.state is not MailboxState.OPEN)
    return wanted[:TRIED]


async def _token(run: Run, secret: CredentialRecord) -> SecretStr:
    return (await signed_in(run, secret)).token


async def _login(run: Run, entry: MailboxRecord, token: SecretStr) -> LoginAnswer:
    protocol, answer = await tried(run, entry, token)
    if answer.stage != "open" and (answer.lost or answer.stage not in _SAID_NO):
        raise UnavailableError(protocol, "unavailable", answer.text[:300])
    return answer


async def _offer(run: Run, new: CredentialRecord) -> None:
    """Let the vault say that the value is handed out from now on, before the document does; a certificate has none."""
    if new.kind == "certificate":
        return
    for version in await run.services.vault.versions(new.name):
        if version.version == new.version and OFFERED not in version.tags:
            tags = {**version.tags, OFFERED: run.now.isoformat(timespec="seconds")}
            await run.services.vault.label(new.name, new.version, tags)


STAGE = NextProof
