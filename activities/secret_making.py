"""How a client secret is made: claimed, the vault tried out, the credential added, its value put away.

All in one activity: the value is shown once, and nothing of it may pass through Durable. Activities are delivered at
least once, so two deliveries may be at it at the same moment: the intent in the document is the claim of one of them.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from activities.credentials import remove, taken
from activities.run import Run
from connector.credential import Intent, Refused
from connector.diagnosis import refusal
from connector.errors import ForbiddenError, RefusedError, ReplicationError, ServiceError, WaitError
from connector.log import log
from connector.microsoft import LIFETIME_REFUSED
from connector.model import Connection
from connector.patience import patiently
from connector.plans.plan import Action, Change
from connector.plans.secret import IN_THE_MAKING
from connector.plans.secret_names import lifetime, probe_name
from connector.plans.secret_observed import Observed, claimed, credential_name
from connector.plans.settled import failed
from connector.plans.succession import GIVEN_UP, NEXT, RETIRED, ROTATION, STATE, is_offered, state_of
from connector.probes import Probed
from connector.rotation import not_to_be_entered
from connector.steps import OperationKind, StepName
from connector.wanted import Absent

if TYPE_CHECKING:
    from connector.clients.graph import NewPassword

_INSIST = 60.0
"""Seconds for which the vault is asked to take a value that is in hand: nobody will see it again."""
_PROBE_LIVES = timedelta(days=1)


async def make(run: Run, name: str, reason: str, begun: int) -> None:
    """Add a credential and put its value into the vault under ``name``; ``begun`` is how many had been begun before.

    A stop in between leaves a credential whose intent is unfinished, which a later delivery removes.

    Raises:
        ReplicationError: ``secret-in-the-making``, another delivery is at it, or has been since this one looked.
        ServiceError: the vault would not take the secret, so none was made; or Entra made none.
    """
    intent, left = await _claim(run, begun)
    try:
        for one in left:
            await run.services.vault.discard(probe_name(name, one.id))
        await _probe(run, name, intent, Change(Action.ADD_SECRET, name, reason))
        made = await _credential(run, intent)
        await _require_claim(run, intent, made, begun + 1)
        tags = {**whose(run), "keyId": made.key_id, STATE: NEXT, **_of_rotation(run)}
        vault = run.services.vault
        await patiently("vault", lambda: vault.write(name, made.secret, tags=tags, expires=made.ends), _INSIST, _INSIST)
    except Exception:
        await run.update(lambda connection: _give_up(connection, intent))
        raise
    await run.update(lambda connection: _complete(connection, intent, made.key_id))


def whose(run: Run) -> dict[str, str]:
    """Return the tags that say whose secret it is."""
    return {"connection": run.order.name, "applicationId": run.connection.ids.known("application_id")}


def _of_rotation(run: Run) -> dict[str, str]:
    """Return the tag of what nobody is to have before it is proven."""
    rotation = run.connection.rotation
    made_for_it = run.connection.operation.kind is OperationKind.ROTATE
    return {ROTATION: rotation.id} if rotation is not None and made_for_it else {}


async def end(run: Run, observed: Observed, change: Change) -> None:
    """Remove a credential, then disable its value: whoever comes after a stop in between sees what is left to do.

    Of one that is offered the document says before that it must not be entered: whatever ends the run in between.
    """
    await run.note(lambda connection: not_to_be_entered(connection, change.subject))
    await remove(run, observed.credentials, change.subject)
    for version in (one for one in observed.versions if one.key_id == change.subject):
        if version.kind == "certificate":
            await run.update(partial(taken, thumbprint=version.version))
            continue
        over = RETIRED if state_of(version) != NEXT or is_offered(version) else GIVEN_UP
        tags = {**version.tags, STATE: over}
        await run.services.vault.label(observed.subject, version.version, tags, enabled=False)
    if change.reason == "rotation-failed":
        rotation = run.connection.rotation
        why = (rotation.failing if rotation is not None else None) or observed.wrong_next() or ""
        await run.note(lambda connection: failed(connection, why, run.now))


async def _claim(run: Run, begun: int) -> tuple[Intent, list[Intent]]:
    """Note the intent, unless another delivery has noted one since; return it, and those that were left unfinished."""
    intent, left = Intent(id=str(uuid4()), started=run.now), list[Intent]()

    def note(connection: Connection) -> None:
        if connection.secrets_begun != begun or claimed(connection.intents, run.now):
            raise ReplicationError("vault", IN_THE_MAKING, "another delivery of this step makes it")
        left[:] = [one for one in connection.intents if one.key_id is None and not one.given_up]
        connection.intents.append(intent)
        connection.secrets_begun += 1

    await run.update(note)
    return intent, left


async def _probe(run: Run, name: str, intent: Intent, change: Change) -> None:
    """Try whether the vault takes a secret: one that is disabled and worth nothing, under a name of its own."""
    tags = {"connection": run.order.name, "purpose": "probe"}
    try:
        await run.services.vault.probe(probe_name(name, intent.id), tags=tags, expires=run.now + _PROBE_LIVES)
    except WaitError:
        raise
    except ServiceError as error:
        finding = refusal(StepName.SECRET, error, change)

        def note(connection: Connection) -> None:
            before = connection.refused
            tries = before.tries if before is not None and before.operation == run.operation else 0
            connection.refused = Refused(operation=run.operation, on=run.now, tries=tries + 1, finding=finding)

        await run.update(note)
        await run.services.probes.save(Probed(on=run.now, connection=run.order.name, finding=finding))
        raise
    await run.services.probes.save(Probed(on=run.now, connection=run.order.name))


async def _credential(run: Run, intent: Intent) -> NewPassword:
    ids, rights = run.connection.ids, run.connection.rights
    lives = lifetime(
        run.connection.wanted.lifetime_days, run.services.settings.secret_lifetime_days, rights.longest_secret_days
    )
    try:
        return await run.services.graph.add_password(
            ids.known("object_id"), display_name=credential_name(intent.id), ends=run.now + lives
        )
    except (RefusedError, ForbiddenError) as error:
        await run.update(lambda connection: _forget(connection, intent))  # a refusal has made nothing
        if error.code == LIFETIME_REFUSED and rights.longest_secret_days == 0:
            raise RefusedError("graph", "lifetime-below-a-day", error.reason, error.request_id) from None
        raise


async def _require_claim(run: Run, intent: Intent, made: NewPassword, number: int) -> None:
    """Take the credential back where somebody else has begun meanwhile: this delivery was held up for too long.

    Likewise where a removal has taken the run's place: nobody is to have it.
    """
    found = await run.services.documents.load(run.order.name)
    if found is not None and _holds(found.connection, intent, number):
        return
    await run.services.graph.remove_password(run.connection.ids.known("object_id"), made.key_id)
    log("secret-overtaken", connection=run.order.name)
    raise ReplicationError("vault", IN_THE_MAKING, "another delivery of this step has taken over")


def _holds(present: Connection, intent: Intent, number: int) -> bool:
    """Return whether an intent is still the last one that was begun, of a connection that is still wanted."""
    last = present.secrets_begun == number and intent.id in {one.id for one in present.intents}
    return last and not isinstance(present.goal, Absent)


def _complete(connection: Connection, intent: Intent, key_id: str) -> None:
    for entry in connection.intents:
        if entry.id == intent.id:
            entry.key_id = key_id
    connection.refused = None


def _give_up(connection: Connection, intent: Intent) -> None:
    for entry in connection.intents:
        if entry.id == intent.id:
            entry.given_up = True


def _forget(connection: Connection, intent: Intent) -> None:
    connection.intents = [entry for entry in connection.intents if entry.id != intent.id]
