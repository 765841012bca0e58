"""Step 5: is there a client secret that can be used, and are there orphans of an earlier attempt?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from connector.credential import Intent, SecretRecord
from connector.microsoft import MAX_LIFETIME_DAYS, REPLICATION_TIME
from connector.model import Absent, Finding
from connector.observed import Credential, SecretVersion
from connector.plans.ownership import Registration, guarded
from connector.plans.plan import Action, Change, Goal, Plan
from connector.steps import StepName

_MARGIN = timedelta(hours=1)
CLAIM = timedelta(minutes=5)
"""For so long an open intent is taken to be worked on: longer than any activity may run."""
IN_THE_MAKING = "secret-in-the-making"
STATE = "state"
"""The vault's tag by which the story of a secret can be read where the store is lost."""
NEW, NEXT, CURRENT = "new", "next", "current"

Proof = Literal["accepted", "refused", "expired", "application-unknown"]


@dataclass(frozen=True, slots=True)
class Observed:
    """What step 5 looks at."""

    versions: tuple[SecretVersion, ...]
    """Every version in the vault, newest first."""
    credentials: tuple[Credential, ...]
    """Every credential on the application."""
    intents: tuple[Intent, ...]
    proof: Proof | None
    """What the token endpoint said to the newest usable version; None where there was nothing to ask it."""
    now: datetime
    deleted: bool = False
    """Whether the vault holds a deleted secret of the name, which can be brought back."""
    recovered: bool = False
    """Whether it was brought back in this operation."""
    held: Finding | None = None
    """What the vault has had against a new secret a moment ago; None where it may be asked."""
    begun: int = 0
    """How many secrets had been begun before this look."""
    subject: str = ""
    """The secret's name in the vault."""
    registration: Registration | None = None
    key_ids: frozenset[str] = frozenset()
    """Of all credentials that the vault's tags, the document or an intent call ours."""
    kept: tuple[str, ...] = ()
    """Names of all secrets that the vault holds for the connection: of former applications, and left probes, too."""
    blind: Finding | None = None
    """Why the vault cannot be looked into, where a removal must not wait for that; None where it can."""
    unsure: bool = False
    """Whether an application that is not shown may be there."""


def secret_name(connection: str, application_id: str) -> str:
    """Return the name in the vault; at most 40 + 1 + 36 characters of the 127 allowed."""
    return f"{connection}-{application_id}"


def probe_name(name: str, intent_id: str) -> str:
    """Return the name under which it is tried whether the vault takes a secret; at most 92 characters."""
    return f"{name}-probe-{intent_id[:8]}"


def kept_names(connection: str) -> re.Pattern[str]:
    """Return how the secrets of a connection are called, whatever application they are of, and the probes for them."""
    guid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    return re.compile(f"{re.escape(connection)}-{guid}(?:-probe-[0-9a-f]{{8}})?", re.IGNORECASE)


def credential_name(intent_id: str) -> str:
    """Return the display name that a credential gets, by which its intent is found again."""
    return f"utm-mail-connect {intent_id}"


def lifetime(wish: int | None, default: int, longest: int | None) -> timedelta:
    """Return the lifetime: the wish or the default, clamped to two years and to the tenant's policy, in days.

    All that a policy allows is an hour less: Entra counts from its own clock, which may be behind ours. A policy of
    less than a day (0) allows nothing that makes sense; the application may be exempt from it, so the wish is tried.
    """
    days = min(wish or default, longest or MAX_LIFETIME_DAYS, MAX_LIFETIME_DAYS)
    return timedelta(days=days) - (_MARGIN if days == longest else timedelta())


def state_of(version: SecretVersion) -> str:
    """Return what the vault's tag says of a version; one of 0.1.0 has none, and was in use.

    ``new`` until the token endpoint has accepted it, ``next`` as long as the UTM may have an earlier one still,
    ``current`` otherwise.
    """
    return version.tags.get(STATE, CURRENT)


def succession(before: SecretRecord | None, versions: tuple[SecretVersion, ...]) -> SecretRecord | None:
    """Return the record of the newest version, which the token endpoint has accepted, with whether the UTM has it.

    Where the store knows of no secret the vault's tags tell whether an earlier one was accepted: it may have been lost.
    """
    newest = versions[0]
    if newest.key_id is None or newest.expires is None or (before is not None and before.version == newest.version):
        return before
    record = SecretRecord(uri=newest.uri, version=newest.version, key_id=newest.key_id, expires_on=newest.expires)
    if before is None:
        earlier = [] if state_of(newest) == CURRENT else [one for one in versions[1:] if state_of(one) != NEW]
        record.replaces = next((one.key_id for one in earlier if one.key_id not in {None, newest.key_id}), None)
    elif before.key_id == newest.key_id:  # the same value under another version
        record.replaces, record.confirmed_on = before.replaces, before.confirmed_on
    else:
        record.replaces = before.key_id
    return record


def candidate(observed_versions: tuple[SecretVersion, ...], now: datetime) -> SecretVersion | None:
    """Return the newest version if it could be used: enabled, not expired, and it knows its credential."""
    newest = observed_versions[0] if observed_versions else None
    if newest is None or not newest.enabled or newest.key_id is None:
        return None
    return None if newest.expires is not None and newest.expires <= now else newest


def claimed(intents: Sequence[Intent], now: datetime) -> tuple[Intent, ...]:
    """Return the intents that a delivery may be working on at this moment: nobody touches what comes of them."""
    return tuple(one for one in intents if one.key_id is None and not one.given_up and now - one.started < CLAIM)


def orphans(observed: Observed) -> tuple[Credential, ...]:
    """Return the credentials whose intent came to nothing and that no version in the vault carries.

    Every other credential that the vault does not know is left alone: it may be the one that the UTM uses, or the one
    that another delivery is just putting into the vault.
    """
    worked_on = claimed(observed.intents, observed.now)
    unfinished = {credential_name(one.id) for one in observed.intents if one.key_id is None and one not in worked_on}
    kept = {version.key_id for version in observed.versions}
    return tuple(
        credential
        for credential in observed.credentials
        if credential.kind == "secret" and credential.display_name in unfinished and credential.key_id not in kept
    )


@guarded(StepName.SECRET)
def plan(observed: Observed, wanted: Goal) -> Plan:
    """Return which orphans to remove and whether a new secret is needed; where none is wanted, how all go."""
    return _back(observed) if isinstance(wanted, Absent) else _usable(observed)


def _usable(observed: Observed) -> Plan:
    subject = observed.subject
    removals = tuple(
        Change(Action.REMOVE_ORPHAN, credential.key_id, "secret-orphan") for credential in orphans(observed)
    )
    reason = _reason(observed)
    if reason is None:
        return Plan(removals, _recovered(observed))
    if reason in {"secret-not-known-yet", "secret-not-listed-yet"}:
        return Plan(removals, wait=reason)
    if reason == "application-unknown":
        return Plan(findings=(Finding(code=reason, step=StepName.SECRET, subject=subject),))
    if reason == "secret-deleted":
        return Plan((*removals, Change(Action.RECOVER_SECRET, subject, reason)))
    if claimed(observed.intents, observed.now):
        return Plan(removals, wait=IN_THE_MAKING)
    if observed.held is not None:
        return Plan(removals) if removals else Plan(findings=(observed.held,))
    return Plan((*removals, Change(Action.ADD_SECRET, subject, reason)))


def _back(observed: Observed) -> Plan:
    """Return how all of ours is taken back: the credentials first, and what the vault holds of them when they are gone.

    Of an intent that came to nothing the credential bears the name; one that was begun a moment ago may still come.
    """
    names = {credential_name(one.id) for one in observed.intents if one.key_id is None}
    ours = [
        one
        for one in observed.credentials
        if one.kind == "secret" and (one.key_id in observed.key_ids or one.display_name in names)
    ]
    begun = [one for one in observed.intents if one.key_id is None and observed.now - one.started < CLAIM]
    changes = [Change(Action.REMOVE_CREDENTIAL, one.key_id, "credential-left") for one in ours]
    changes += [Change(Action.DISABLE_VERSION, one.version, "secret-left") for one in observed.versions if one.enabled]
    changes += [Change(Action.DELETE_SECRET, name, "secret-left") for name in observed.kept]
    if not ours and (begun or observed.unsure):
        return Plan(wait=IN_THE_MAKING if begun else "replication")
    told = (observed.blind,) if observed.blind is not None and not ours else ()
    return Plan(tuple(changes), told)


def _recovered(observed: Observed) -> tuple[Finding, ...]:
    told = Finding(code="secret-recovered", severity="info", step=StepName.SECRET, subject=observed.subject)
    return (told,) if observed.recovered else ()


def _reason(observed: Observed) -> str | None:
    """Return why a new secret is needed, or why to wait; None where the present one can be used."""
    if not observed.versions:
        return "secret-deleted" if observed.deleted else "secret-missing"
    newest = candidate(observed.versions, observed.now)
    if newest is None:
        return "secret-disabled" if not observed.versions[0].enabled else "secret-expired"
    young = observed.now - newest.created < REPLICATION_TIME
    if not any(credential.key_id == newest.key_id for credential in observed.credentials):
        return "secret-not-listed-yet" if young else "secret-gone"
    if observed.proof == "accepted":
        return None
    if observed.proof == "expired":
        return "secret-expired"
    if young:
        return "secret-not-known-yet"
    return "application-unknown" if observed.proof == "application-unknown" else "secret-refused"
