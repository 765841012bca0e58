"""Step 5 of a removal: all credentials of ours are taken away, and then what the vault holds of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from activities.credentials import remove, trust_of
from activities.run import Run
from connector.diagnosis import refusal
from connector.errors import ForbiddenError
from connector.finding import Finding
from connector.observed import Application, CredentialVersion
from connector.plans import secret
from connector.plans.application import unique_name
from connector.plans.plan import Action, Change
from connector.plans.secret_names import kept_names, secret_name
from connector.plans.secret_observed import Observed
from connector.plans.succession import ours
from connector.steps import StepName
from connector.together import together


async def observe(run: Run, *, early: bool) -> Observed:
    """Look at the credentials, and at all that the vault holds; ``early`` is whether what is not shown may be there."""
    connection = run.connection
    found, (kept, versions, blind), trust = await together(_application(run), _kept(run), trust_of(run))
    return Observed(
        versions=versions,
        credentials=found.credentials if found is not None else (),
        intents=tuple(connection.intents),
        proof=None,
        now=run.now,
        trust=trust,
        given=frozenset(connection.given),
        kept=kept,
        key_ids=ours(versions, connection.intents, connection.secret_records()),
        blind=blind,
        unsure=connection.ids.object_id is not None and found is None and early,
    )


def phases(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Yield the credentials, the versions, and the rest: of each all are gone before the next is begun."""
    first, second = Action.REMOVE_CREDENTIAL, Action.DISABLE_VERSION
    for some in (
        [one for one in changes if one.action is first],
        [one for one in changes if one.action is second],
        [one for one in changes if one.action not in {first, second}],
    ):
        if some:
            yield some


async def left(run: Run, *, early: bool) -> bool:
    """Return whether a credential of ours is still shown."""
    seen = secret.plan(await observe(run, early=early), run.connection.goal)
    return seen.wait is not None or any(one.action is Action.REMOVE_CREDENTIAL for one in seen.changes)


async def make(run: Run, observed: Observed, change: Change) -> None:
    """Make one change."""
    if change.action is Action.REMOVE_CREDENTIAL:
        await remove(run, observed.credentials, change.subject)
    elif change.action is Action.DISABLE_VERSION:
        (uri,) = {one.uri for one in observed.versions if one.version == change.subject}
        await run.services.vault.disable(uri.split("/")[-2], change.subject)
    else:
        await run.services.vault.delete(change.subject)


async def _application(run: Run) -> Application | None:
    """Return the application that is the connection's; another one of its name is none."""
    found = await run.services.graph.application(unique_name(run.order.name))
    return found if found is not None and found.object_id == run.connection.ids.object_id else None


async def _kept(run: Run) -> tuple[tuple[str, ...], tuple[CredentialVersion, ...], Finding | None]:
    """Return what the vault holds; where it may not be looked into, why, and the credentials go all the same.

    What is ours by the document is looked for by its name: whoever may write into the vault can take the tags away.
    """
    vault, application_id = run.services.vault, run.connection.ids.application_id
    own = {secret_name(run.order.name, application_id)} if application_id is not None else set[str]()
    try:
        tagged = await vault.named(kept_names(run.order.name), run.order.name)
        names = (*tagged, *sorted(own - {*tagged}))
        found = dict(zip(names, await together(*(vault.versions(name) for name in names)), strict=True))
    except ForbiddenError as error:
        return (), (), refusal(StepName.SECRET, error)
    kept = tuple(name for name, versions in found.items() if versions or name in tagged)
    return kept, tuple(one for versions in found.values() for one in versions), None
