"""Which secret is which: by the vault's tags, so that it can be told after the store is lost, and by the document.

A tag is written before the document says the same. Only a confirmation is in the document first: it asks nobody.
Never is it the newest one that counts. A version without a tag is one of 0.1.0, and in use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from connector.credential import CredentialRecord, Intent, Rotation, RotationState, SecretRecord
from connector.observed import CredentialVersion

STATE, ROTATION, OFFERED = "state", "rotation", "offered"
"""The vault's tags. ``offered`` says since when the value is handed out; before that nobody has it."""
CURRENT, NEXT, RETIRING = "current", "next", "retiring"
RETIRED, GIVEN_UP = "retired", "given-up"
"""Of what is over: it was in use, or nobody was ever told of it."""
NEW = frozenset({NEXT, "new"})
"""``new`` is what versions before called a secret that the token endpoint had not accepted yet."""
_HAD = frozenset({CURRENT, RETIRING, RETIRED})


@dataclass(frozen=True, slots=True)
class Told:
    """The versions that count."""

    current: CredentialVersion | None = None
    next: CredentialVersion | None = None
    retiring: CredentialVersion | None = None


def state_of(version: CredentialVersion) -> str:
    """Return what the vault's tag says of a version."""
    return version.tags.get(STATE, CURRENT)


def recognized(
    versions: Iterable[CredentialVersion], secret: CredentialRecord | None, rotation: Rotation | None
) -> tuple[CredentialVersion, ...]:
    """Return the versions with what the document knows of those that do not say any more which they are.

    Who sets one tag in the portal or with ``az keyvault secret set-attributes --tags`` takes the others away. One
    without a state, of 0.1.0, is in use: so nothing is added to what says that already.
    """
    known = {record.version: tags for record, tags in _tags(secret, rotation)}

    def told_by(one: CredentialVersion) -> CredentialVersion:
        tags = known.get(one.version)
        if tags is None or ("keyId" in one.tags and (STATE in one.tags or tags[STATE] == CURRENT)):
            return one
        return replace(one, tags={**tags, **one.tags})

    return tuple(map(told_by, versions))


def recorded(secret: CredentialRecord | None, rotation: Rotation | None) -> list[tuple[CredentialRecord, str]]:
    """Return the credentials that the document knows, the newest first, each with the state that its tags say.

    One that was just confirmed is a next one until they say so too.
    """
    retires = rotation is not None and rotation.state is RotationState.RETIRING
    next_, old = (rotation.next, rotation.old) if rotation is not None else (None, None)
    found = ((next_, NEXT), (secret, NEXT if retires else CURRENT), (old, RETIRING))
    return [(record, state) for record, state in found if record is not None]


def _tags(secret: CredentialRecord | None, rotation: Rotation | None) -> Iterator[tuple[SecretRecord, dict[str, str]]]:
    """Yield what the tags of each secret were; of what the document names twice the newest comes last, and counts."""
    for record, state in reversed(recorded(secret, rotation)):
        if isinstance(record, SecretRecord):
            tags = {"keyId": record.key_id, STATE: state}
            if rotation is not None and record is rotation.next:
                tags |= {ROTATION: rotation.id, **({OFFERED: str(rotation.offered_on)} if rotation.offered_on else {})}
            yield record, tags


def told(versions: Iterable[CredentialVersion], secret: CredentialRecord | None, rotation: Rotation | None) -> Told:
    """Return which version is which; ``versions`` are the newest first."""
    every = [version for version in versions if version.key_id is not None]
    current = next((one for one in every if state_of(one) == CURRENT), None)
    retiring = next((one for one in every if state_of(one) == RETIRING), None)
    mine = next((one for one in every if secret is not None and one.version == secret.version), None)
    if mine is not None and state_of(mine) in NEW:  # confirmed, and the tags do not say it yet
        current, retiring = mine, retiring or current
    # A certificate stands before the vault's versions, and may be older: what was made in its place is the next one.
    new = max((one for one in every if state_of(one) in NEW and not _same(one, current)), key=_made, default=None)
    if new is not None and current is not None and new.created < current.created:
        new = None  # an earlier one that was never accepted
    if current is None and retiring is not None:  # they say half of it
        current, new = new, None
    confirmed = rotation.old if rotation is not None and rotation.state is RotationState.RETIRING else None
    if retiring is None and confirmed is not None:
        retiring = next((one for one in every if one.version == confirmed.version and one is not current), None)
        if retiring is not None and state_of(retiring) == RETIRED:
            retiring = None
    return Told(current, new, retiring)


def _made(one: CredentialVersion) -> datetime:
    return one.created


def _same(one: CredentialVersion, other: CredentialVersion | None) -> bool:
    """Return whether both hold the value of one credential: a write whose answer was lost is made again."""
    return other is not None and one.key_id == other.key_id


def is_over(version: CredentialVersion) -> bool:
    """Return whether nothing is left to be done about a version."""
    return state_of(version) in {RETIRED, GIVEN_UP} and not version.enabled


def is_offered(version: CredentialVersion) -> bool:
    """Return whether somebody may have the value of a next one; of those without a rotation nobody has kept it."""
    return OFFERED in version.tags or ROTATION not in version.tags


def was_in_use(versions: Iterable[CredentialVersion]) -> bool:
    """Return whether any version was ever in use: the UTM may have it."""
    return any(state_of(version) in _HAD for version in versions)


def record_of(version: CredentialVersion, *before: CredentialRecord | None) -> CredentialRecord | None:
    """Return what is kept of a version; what was noted of the same one ``before`` stays."""
    known = next((one for one in before if one is not None and one.version == version.version), None)
    if known is not None:
        made = {} if known.made_on is not None else {"made_on": version.created}
        return known.model_copy(update={**made, "key_id": version.key_id or known.key_id})
    if version.key_id is None or version.expires is None:
        return None
    return SecretRecord(
        uri=version.uri,
        version=version.version,
        key_id=version.key_id,
        expires_on=version.expires,
        made_on=version.created,
    )


def ours(
    versions: Iterable[CredentialVersion], intents: Iterable[Intent], records: Collection[CredentialRecord | None] = ()
) -> frozenset[str]:
    """Return the key ids of all credentials that this connection has made: nobody takes any other one away."""
    kept = (version.key_id for version in versions)
    made = (intent.key_id for intent in intents)
    known = (record.key_id for record in records if record is not None)
    return frozenset(key for key in (*kept, *made, *known) if key is not None)
