"""What all services of the tenant share."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from local.tenant.catalogue import EXCHANGE_APP_ID, EXCHANGE_RESOURCE, GRAPH_APP_ID, STORAGE_RESOURCE, VAULT_RESOURCE
from local.tenant.chance import Chance
from local.tenant.clock import Clock
from local.tenant.misbehaviour import Misbehaviour
from local.tenant.people import People
from local.tenant.replication import REPLICAS, Replication
from local.tenant.tokens import Tokens
from local.tenant.world import World


@dataclass(slots=True)
class Simulation:
    """The state of the tenant, its time, its chance, its tokens; ``bases`` are the addresses of the services."""

    world: World
    clock: Clock
    chance: Chance
    misbehaviour: Misbehaviour
    replication: Replication
    tokens: Tokens
    people: People
    bases: dict[str, str] = field(default_factory=dict)

    def resource(self, audience: str) -> tuple[bool, str | None]:
        """Return whether tokens are issued for this audience, and the application id of the resource behind it."""
        known = {
            self.bases["graph"]: GRAPH_APP_ID,
            self.bases["exchange"]: EXCHANGE_APP_ID,
            VAULT_RESOURCE: None,
            STORAGE_RESOURCE: None,
            EXCHANGE_RESOURCE: None,
        }
        return audience in known, known.get(audience)

    def replica(self, *what: str) -> float:
        """Return the replica that answers this request."""
        return self.chance.choose(REPLICAS, "replica", *what, str(self.chance.nth("replica", *what)))

    def write_directory(self, key: str, before: object | None) -> None:
        """Note a write to the directory that is about to happen."""
        arrives = self.misbehaviour.later(self.misbehaviour.preset.directory_lag, key)
        self.replication.writing(key, before, arrives)

    def write_exchange(self, key: str, before: object | None) -> None:
        """Note a write in Exchange that is about to happen."""
        arrives = self.misbehaviour.later(self.misbehaviour.preset.exchange_lag, key)
        self.replication.writing(key, before, arrives)

    def known_to_tokens(self, *what: str) -> float:
        """Return the tenant second from which the token endpoint knows what is written now."""
        return self.misbehaviour.later(self.misbehaviour.preset.token_lag, "token", *what)

    def known_to_imap(self, *what: str) -> float:
        """Return the tenant second from which IMAP honours what is written now."""
        return self.misbehaviour.later(self.misbehaviour.preset.imap_lag, "imap", *what)

    def known_by_role(self, *what: str) -> float:
        """Return the tenant second from which mail servers go by a role that an application is assigned now."""
        return self.misbehaviour.later(self.misbehaviour.preset.role_lag, "role", *what)


def utc_now() -> datetime:
    """Return the time now, in UTC."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """Return a date as Microsoft's services print it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def request_id() -> str:
    """Return a fresh id, as services give to each request."""
    return str(uuid.uuid4())
