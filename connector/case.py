"""What is asked for, of which connection, and what it may come to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.caller import By
from connector.credential import CertificateRecord, CredentialKind
from connector.errors import RequestError
from connector.lost import Live, lost
from connector.model import Connection
from connector.wanted import Wanted


class Kind(StrEnum):
    """What is asked for. ``RESTORE`` repairs the document itself.

    ``RECOVER``, ``RENEW`` and ``RETIRE`` are asked by the hourly timer alone.
    """

    SET_UP = "set-up"
    DRY_RUN = "dry-run"
    VERIFY = "verify"
    CANCEL = "cancel"
    CONFIRM = "confirm"
    ROTATE = "rotate"
    CERTIFICATE = "certificate"
    RENEW = "renew"
    ABANDON = "abandon"
    RETIRE = "retire"
    ACCEPT = "accept"
    WITHDRAW = "withdraw"
    RECOVER = "recover"
    REPAIR = "repair"
    RESTORE = "restore"
    REMOVE = "remove"
    PLAN_REMOVAL = "plan-removal"


@dataclass(frozen=True, slots=True)
class Removal:
    """From how many mailboxes of ``total`` a wanted list takes the access, and how many the request allows."""

    removed: int
    total: int
    allowed: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for, parsed; what a kind does not need is left out."""

    kind: Kind
    name: str
    id: str
    """The id of the operation that it begins, if it begins one."""
    wanted: Wanted | None = None
    """Its revision does not count: the connection's is counted on."""
    removal: Removal | None = None
    """None where the wanted list takes nobody's access."""
    key_id: str = ""
    if_match: str | None = None
    """The condition under which it is meant (RFC 9110, 13.1.1)."""
    by_hand: bool = False
    """Of a removal: whether somebody says that what the app may not look at was taken back."""
    credential: CredentialKind | None = None
    """Of a rotation: what the next one is to be; None is as before."""
    certificate: CertificateRecord | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """An attempt is to be started on the connection."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Wake:
    """The run that works comes to it by itself; its wait is to be cut short."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Replace:
    """The connection is to be written under the run that works, which takes it up; its wait is to be cut short."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Settled:
    """Nobody has to run for it; ``stored`` where there is nothing to write either."""

    connection: Connection
    stored: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing is done, and why."""

    error: RequestError


Admitted = Start | Wake | Replace | Settled
Ruling = Admitted | Refuse
"""What a request comes to: ``connector/admission.py`` asks for it, ``triggers/performing.py`` carries it out."""


@dataclass(frozen=True, slots=True)
class Case:
    """A request for a connection that there is, with what Durable says of its run."""

    request: Request
    connection: Connection
    live: Live
    now: datetime
    by: By | None = None
    """Who asks."""

    @property
    def how(self) -> str | None:
        """Return how the run was lost; None where none is."""
        return lost(self.connection, self.live, self.now)

    @property
    def works(self) -> bool:
        """Return whether a run works, or is about to be started."""
        return self.connection.operation.ended is None and self.how is None

    @property
    def unchanged(self) -> bool:
        """Return whether what is asked for is what is wanted already."""
        return self.request.wanted is None or self.wanted(0) == self.connection.wanted

    def wanted(self, more: int) -> Wanted:
        """Return what is wanted from now on, ``more`` revisions later."""
        present = self.connection.wanted
        return (self.request.wanted or present).model_copy(update={"revision": present.revision + more})
