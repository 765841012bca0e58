"""Look whose the application is, with the service principal: before each write that gives it anything, and at the end.

Two round trips by name in step 2; afterwards the ids are known, and Graph is asked once.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar
from uuid import uuid4

from activities.run import Run
from connector.acceptances import same_guid
from connector.errors import ForbiddenError, ReplicationError
from connector.log import log
from connector.model import Connection
from connector.objects import Made, Making
from connector.observed import Application, EnterpriseApplication
from connector.plans import ownership
from connector.plans.application import unique_name
from connector.plans.ownership import Identity, Registration
from connector.plans.secret_names import secret_name
from connector.plans.secret_observed import credential_name
from connector.plans.succession import ours
from connector.steps import StepName
from connector.together import together

T = TypeVar("T", bound=tuple[Application | None, EnterpriseApplication | None])


async def by_name(run: Run) -> Registration:
    """Return what carries the connection's name, and whose it is."""
    graph = run.services.graph
    found, identity = await together(graph.application(unique_name(run.order.name)), _identity(run))
    if found is None:
        return _registration(run, identity, None, None, frozenset())
    application_id = found.application_id

    async def look() -> tuple[Application | None, EnterpriseApplication | None]:
        return found, await graph.enterprise_application(application_id)

    (found, enterprise), kept = await _with_kept(run, application_id, look())
    return _registration(run, identity, found, enterprise, kept)


async def by_ids(run: Run, *, renewed: bool = False) -> Registration | None:
    """Return the application that step 2 has settled, with its service principal where step 3 has, as they are now.

    None in a dry run of what is still to be made. ``renewed``: the service principal may be another one than before.
    Where what was settled is gone and somebody else's has its name, that one: it stops the step, and says who made it.

    Raises:
        ReplicationError: what was settled is not readable at present.
        MissingIdError: no id was settled.
    """
    ids = run.connection.ids
    if run.dry and ids.application_id is None:
        return None
    application_id, object_id = ids.known("application_id"), ids.known("object_id")
    try:
        return await _settled(run, application_id, object_id, renewed=renewed)
    except ReplicationError:
        another = await by_name(run)
        if another.application is None or same_guid(another.application.object_id, object_id):
            raise
        if not ownership.judge(another, StepName.APPLICATION).blocked:
            raise  # never one of two ids: the next operation settles it from step 2 on
        return another


async def _settled(run: Run, application_id: str, object_id: str, *, renewed: bool) -> Registration:
    ids, graph = run.connection.ids, run.services.graph
    look = graph.registration(application_id, object_id, None if renewed else ids.enterprise_application_id)
    ((found, enterprise), kept), identity = await together(_with_kept(run, application_id, look), _identity(run))
    return _registration(run, identity, found, enterprise, kept)


async def begin_making(run: Run, step: StepName) -> Making:
    """Keep that an object is about to be created, and return under which note; the one of an attempt that was lost."""
    present = next((one for one in run.connection.makings if one.step is step), None)
    making = present or Making(id=str(uuid4()), started=run.now, step=step)

    def note(connection: Connection) -> None:
        others = [one for one in connection.makings if one.id != making.id]
        connection.makings = [*others, making.model_copy(update={"tries": making.tries + 1})]

    await run.update(note)
    return making


async def end_making(run: Run, making: Making, object_id: str | None) -> None:
    """Keep that an object was created by us, or forget the making: what was there before is somebody else's.

    Where an earlier attempt was lost the object may be that one's: then its note decides.
    """

    def note(connection: Connection) -> None:
        if object_id is not None:
            connection.made.append(Made(object_id=object_id, on=run.now))
        elif making.tries:
            return
        connection.makings = [one for one in connection.makings if one.id != making.id]

    await run.update(note)


def remember(connection: Connection, seen: Registration, thing: Application | EnterpriseApplication) -> None:
    """Take what a crash has interrupted as made, by its note; forget what is settled."""
    making = ownership.making_of(connection.makings, thing)
    if making is None:
        return
    object_id = ownership.object_id_of(thing)
    if all(one.object_id != object_id for one in connection.made):
        connection.made.append(Made(object_id=object_id, on=seen.now))
    connection.makings = [one for one in connection.makings if one.id != making.id]


def _registration(
    run: Run,
    identity: Identity,
    application: Application | None,
    enterprise: EnterpriseApplication | None,
    kept: frozenset[str],
) -> Registration:
    connection = run.connection
    intents = connection.intents
    return Registration(
        application=application,
        enterprise=enterprise,
        identity=identity,
        now=run.now,
        key_ids=kept | {intent.key_id for intent in intents if intent.key_id is not None},
        given=frozenset(connection.given),
        unfinished={credential_name(intent.id) for intent in intents if intent.key_id is None},
        makings=tuple(connection.makings),
        made=tuple(connection.made),
        accepted=run.accepted_for(application.application_id if application is not None else None),
    )


async def _identity(run: Run) -> Identity:
    claims = await run.services.identity.claims(run.services.cloud.graph_scope)
    trusts = run.services.cloud.trusts(claims.tenant_id, claims.object_id)
    return Identity(client_id=claims.application_id, object_id=claims.object_id, trusts=trusts)


async def _with_kept(run: Run, application_id: str, look: Awaitable[T]) -> tuple[T, frozenset[str]]:
    """Return a look at the two, and the key ids of what we keep: there is nothing to tell where none of them has any.

    Where the document knows of a secret both are asked at once.
    """
    if run.connection.secrets_begun or any(run.connection.secret_records()):
        return await together(look, _kept(run, application_id))
    seen = await look
    bears = any(one is not None and one.credentials for one in seen)
    return seen, await _kept(run, application_id) if bears else frozenset()


async def _kept(run: Run, application_id: str) -> frozenset[str]:
    """Return the key ids of what we keep; where the vault may not be read, of the secret that the document knows."""
    connection = run.connection
    its_own = connection.ids.application_id == application_id
    known = ours((), (), connection.secret_records()) if its_own else frozenset[str]()
    try:
        versions = await run.services.vault.versions(secret_name(run.order.name, application_id))
    except ForbiddenError as error:
        log("vault-not-readable", connection=run.order.name, code=error.code, requestId=error.request_id)
        return known
    return known | ours(versions, ())
