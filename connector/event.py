"""What somebody outside may want to know: the types of events, what each of them says, and how its id is made. Pure.

No event holds a secret or a mailbox address: ``Data`` has no field for either. The one name in it is that of who asked.
"""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from pydantic import AwareDatetime

from connector.caller import KeptBy
from connector.document import Document

_NAMESPACE = UUID("6f0d7b52-7c3e-5b8e-9d55-3c0c6d1f2a41")
"""Of the ids: one that is made of the same parts is the same for ever."""


class EventType(StrEnum):
    """What has happened. What an event says besides is in ``FIELDS``."""

    READY = "connection.ready"
    """Every wanted mailbox has opened."""
    ACTION_REQUIRED = "connection.action_required"
    """Nothing goes on before a person has acted."""
    FAILED = "connection.failed"
    """A run has ended with an error that nobody foresaw."""
    DRIFTED = "connection.drifted"
    """The daily check has found something in the tenant that is no longer as it was set up."""
    NOT_READABLE = "connection.not_readable"
    """The daily check could not read something: nobody knows how it is."""
    RECOVERED = "connection.recovered"
    """What had drifted, or could not be read, is as it should be again."""
    REMOVED = "connection.removed"
    """All that the connection had made is taken back."""
    EXPIRING = "secret.expiring"
    """The credential in use comes to its end."""
    OFFERED = "secret.offered"
    """A new credential is proven, and somebody has to enter it in the UTM."""
    OVERDUE = "secret.overdue"
    """A new credential is not entered yet, and the old one ends soon."""
    CONFIRMED = "secret.confirmed"
    """The UTM has the new credential."""
    RETIRED = "secret.retired"
    """The old credential is taken away."""
    ROTATION_FAILED = "secret.rotation_failed"
    """A rotation has come to nothing."""
    STATUS = "status"
    """The daily overview of the whole deployment."""
    TEST = "test"
    """Somebody has asked for it, to see whether events arrive."""


_STATE = ("connection", "state", "revision", "findings", "by", "link")
_SECRET = ("connection", "keyId", "expiresOn")
FIELDS: dict[EventType, tuple[str, ...]] = {
    EventType.READY: _STATE,
    EventType.ACTION_REQUIRED: _STATE,
    EventType.FAILED: _STATE,
    EventType.DRIFTED: _STATE,
    EventType.NOT_READABLE: _STATE,
    EventType.RECOVERED: _STATE,
    EventType.REMOVED: ("connection", "state", "revision", "removedOn", "by", "link"),
    EventType.EXPIRING: (*_SECRET, "daysLeft", "by", "link"),
    EventType.OFFERED: (*_SECRET, "oldKeyId", "oldWorksUntil", "by", "link"),
    EventType.OVERDUE: (*_SECRET, "oldKeyId", "oldWorksUntil", "daysLeft", "by", "link"),
    EventType.CONFIRMED: (*_SECRET, "oldKeyId", "oldWorksUntil", "by", "link"),
    EventType.RETIRED: ("connection", "keyId", "oldKeyId", "by", "link"),
    EventType.ROTATION_FAILED: ("connection", "findings", "triesAgainOn", "by", "link"),
    EventType.STATUS: ("status", "by", "link"),
    EventType.TEST: ("by", "link"),
}
"""What ``data`` of each event may say besides ``customer``; what is not known is left out."""


class Data(Document):
    """What an event says. There is a field for nothing that is secret, and for no mailbox."""

    connection: str | None = None
    state: str | None = None
    """Of the connection, in the words of the API."""
    revision: int | None = None
    findings: list[str] | None = None
    """Codes alone: what they are about may be a mailbox."""
    key_id: str | None = None
    """Of the credential that the event is about; Entra's name of it, which opens nothing."""
    expires_on: AwareDatetime | None = None
    """Of the same one."""
    old_key_id: str | None = None
    old_works_until: AwareDatetime | None = None
    days_left: int | None = None
    tries_again_on: AwareDatetime | None = None
    removed_on: AwareDatetime | None = None
    by: KeptBy = None
    """Who has asked for what has led to it."""
    status: dict[str, object] | None = None
    """The document of ``GET /api/status``."""


class Event(Document):
    """One event, as the store keeps it before and after it is delivered."""

    id: str
    type: EventType
    time: AwareDatetime
    data: Data = Data()


def event(kind: EventType, at: datetime, operation: str, *content: object, data: Data) -> Event:
    """Return an event. Its id is made of the operation, the type and the content, and so the same each time.

    The clock, which differs between two tries of one write, is no part of ``content``.
    """
    parts = json.dumps([operation, kind.value, *map(str, content)])
    return Event(id=str(uuid5(_NAMESPACE, parts)), type=kind, time=at, data=data)
