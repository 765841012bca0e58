"""Step 5, "Geheimen Clientschlüssel erstellen": made, put into Key Vault and proven within one activity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from activities import credentials as credential
from activities import ownership, secret_removal
from activities.proving import signed_in
from activities.run import Run
from activities.secret_making import end, make, whose
from activities.stage import Stage
from connector.credential import Intent
from connector.errors import ForbiddenError, RefusedError
from connector.finding import Finding
from connector.log import log
from connector.microsoft import TOKEN_REFUSALS
from connector.model import Connection
from connector.observed import CredentialVersion
from connector.plans import secret
from connector.plans.certificates import Proof, certificate_versions
from connector.plans.plan import KNOWN_AFTER_APPLY, TAKES_BACK, Action, Change
from connector.plans.secret_names import secret_name
from connector.plans.secret_observed import Observed, credential_name, usable
from connector.plans.settled import labels, settle
from connector.plans.succession import recognized, told
from connector.rotation import offered
from connector.steps import OperationKind, StepName
from connector.together import together
from connector.waiting import TIMER_SLACK, refused_wait
from connector.wanted import Absent

_REMEMBERED = timedelta(days=1)
_PROOFS: dict[str, Proof] = {
    "secret-refused": "refused",
    "secret-expired": "expired",
    "federation-refused": "refused",
    "application-unknown": "application-unknown",
}
"""What a refusal of the token endpoint says of a secret."""


class _Secret(Stage[Observed]):
    step = StepName.SECRET
    plan = staticmethod(secret.plan)

    async def observe(self) -> Observed:
        if self.run.takes_back:
            return await secret_removal.observe(self.run, early=self.too_early)
        name, connection = _name(self.run), self.run.connection
        begun, kind = connection.secrets_begun, connection.operation.kind
        found, kept, trust = await together(
            ownership.by_ids(self.run), self.run.services.vault.versions(name), credential.trust_of(self.run)
        )
        credentials = found.application.credentials if found is not None and found.application is not None else ()
        certificates = certificate_versions(connection.secret, connection.rotation, credentials, self.run.now)
        known = recognized(kept, connection.secret, connection.rotation)
        versions, trusted = (*certificates, *known), bool(trust.found(credentials))
        seen = told(versions, connection.secret, connection.rotation)
        proof = await _proof(self.run, seen.current, trusted=trusted)
        # With the next one nobody of ours signs in without need: its use shall show that the UTM has it.
        needed = kind is OperationKind.ROTATE or proof != "accepted"
        observed = Observed(
            versions=versions,
            credentials=credentials,
            intents=tuple(connection.intents),
            proof=proof,
            next_proof=await _next_proof(self.run, seen.next, trusted=trusted) if needed else None,
            now=self.run.now,
            kind=kind,
            secret=connection.secret,
            rotation=connection.rotation,
            accepted=connection.secret_accepted,
            only_looks=self.run.looks_daily or (connection.operation.verifies and self.run.looks(StepName.SECRET)),
            last=self.run.order.part.last and not self.run.dry,  # a look tries before replication has had its time
            trust=trust,
            given=frozenset(connection.given),
            deleted=not kept and seen.current is None and await self.run.services.vault.deleted(name),
            recovered=connection.recovered_in == self.run.operation,
            held=_held(self.run),
            begun=begun,
            subject=name if connection.ids.application_id is not None else KNOWN_AFTER_APPLY,
            untold=frozenset(one.version for one, other in zip(known, kept, strict=True) if one is not other),
            registration=found,
        )
        if not self.run.dry:
            await _mark(self.run, name, observed)
        return observed

    async def apply(self, observed: Observed, changes: Sequence[Change]) -> None:
        for some in secret_removal.phases(changes):
            await super().apply(observed, some)
            if self.run.takes_back and await secret_removal.left(self.run, early=self.too_early):
                return  # what the vault holds of a credential is taken away when that is read to be gone

    async def make(self, observed: Observed, change: Change) -> None:
        if change.action in TAKES_BACK:
            await secret_removal.make(self.run, observed, change)
            return
        if change.action is Action.REMOVE_ORPHAN:
            await credential.remove(self.run, observed.credentials, change.subject)
        elif change.action is Action.REMOVE_SECRET:
            await end(self.run, observed, change)
        elif change.action is Action.RECOVER_SECRET:
            await self.run.update(lambda connection: setattr(connection, "recovered_in", self.run.operation))
            await self.run.services.vault.recover(change.subject)
        elif change.action is Action.ADD_SECRET:
            await make(self.run, change.subject, change.reason, observed.begun)
        else:
            await _make_keyless(self.run, observed, change)

    @staticmethod
    def record(observed: Observed, connection: Connection) -> None:
        if isinstance(connection.goal, Absent):
            return  # what is ours must be known to the end
        connection.intents = [*_known(observed, connection.intents)]
        settle(connection, observed)


def _known(observed: Observed, intents: Sequence[Intent]) -> Iterator[Intent]:
    """Yield the intents that are to be kept, with the key id of what came of them.

    One is known as long as the application shows its credential: the vault's tags say the same, and may be taken away.
    What came to nothing is forgotten after a day: no replica shows its credential as late as that.
    """
    kept, present = {one.key_id for one in observed.versions}, {one.key_id for one in observed.credentials}
    made = {one.display_name: one.key_id for one in observed.credentials}
    for intent in intents:
        key_id = intent.key_id or made.get(credential_name(intent.id))
        new = observed.now - intent.started < _REMEMBERED
        if intent.key_id is None and key_id in kept and key_id is not None:  # only the note of it was lost, in a crash
            yield intent.model_copy(update={"key_id": key_id})
        elif new or key_id in present:
            yield intent


async def _make_keyless(run: Run, observed: Observed, change: Change) -> None:
    """Make a change of what has no value in the vault."""
    if change.action is Action.ADD_CERTIFICATE:
        await credential.give(run, observed.credentials)
    elif change.action is Action.ADD_FEDERATED:
        await credential.federate(run, observed.trust)
    else:
        await credential.remove(run, observed.credentials, change.subject)


async def _mark(run: Run, name: str, observed: Observed) -> None:
    """Let the vault's tags say which secret is which, before the document does: it may be lost."""
    ids = whose(run)
    for version, tags in labels(observed):
        lost = ids if version.version in observed.untold else {}
        try:
            await run.services.vault.label(name, version.version, {**tags, **lost})
        except ForbiddenError as error:  # mail does not wait for a label
            log("vault-label-refused", connection=run.order.name, code=error.code, requestId=error.request_id)


def _held(run: Run) -> Finding | None:
    """Return what the vault had against a new secret, as long as it is not to be asked again in this operation."""
    refused = run.connection.refused
    if refused is None or refused.operation != run.operation:
        return None
    ends = refused.on + timedelta(seconds=refused_wait(refused.tries))
    return refused.finding if run.now + TIMER_SLACK < ends else None


async def _proof(run: Run, version: CredentialVersion | None, *, trusted: bool) -> Proof | None:
    """Ask the token endpoint whether it accepts this version; None where there is nothing to ask it.

    With a certificate it is asked by our own token, where the application trusts that.
    """
    if version is None or not usable(version, run.now) or (version.kind == "certificate" and not trusted):
        return None
    try:
        await signed_in(run, version)
    except RefusedError as error:
        proof = proof_of(error)
        if proof is None:
            raise
        return proof
    return "accepted"


async def _next_proof(run: Run, version: CredentialVersion | None, *, trusted: bool) -> Proof | None:
    """Ask about the next one. Where it is offered already that is noted before: the record of sign-ins shows it too.

    A dry run can note nothing, and asks nothing then.
    """
    if offered(run.connection) is None or not usable(version, run.now):
        return await _proof(run, version, trusted=trusted)
    if run.dry:
        return None
    now = run.now

    def note(connection: Connection) -> None:
        if connection.rotation is not None:
            connection.rotation = connection.rotation.model_copy(update={"ours_on": now})

    await run.update(note)
    return await _proof(run, version, trusted=trusted)


def proof_of(error: RefusedError) -> Proof | None:
    """Return what a refusal of the token endpoint says of the secret; None where it is about something else."""
    return _PROOFS.get(TOKEN_REFUSALS.get(error.code, ""))


def _name(run: Run) -> str:
    return secret_name(run.order.name, run.connection.ids.application_id or KNOWN_AFTER_APPLY)


STAGE = _Secret
