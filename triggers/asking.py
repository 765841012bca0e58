"""Who has asked for what: a log line for every request that changes something or hands out the secret, and the history.

The log line is always there. The history stands in nobody's way: where it cannot be written a set-up goes on, and an
error line says so. Only who asks for the secret's value does not get it then: mail does not wait for that, and a value
in somebody's hands cannot be taken back.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import azure.functions as func

from connector import clock
from connector.case import Kind, Removal, Request
from connector.credential import CertificateRecord, CredentialKind
from connector.errors import ConnectorError, ServiceError
from connector.etag import require_match
from connector.history import Asked, Entry
from connector.log import log
from connector.model import Connection
from connector.remembering import remembered
from connector.wanted import Wanted, is_name
from triggers.answers import meaning
from triggers.caller import caller
from triggers.performing import new_id

_FAILED = 500
_READINGS = {Asked.PARAMETERS: "value", Asked.REFERENCE: "reference"}


class Asking:
    """One request while it is answered; the handler adds what it learns. ``name`` is the connection's."""

    def __init__(self, entry: Entry, name: str | None) -> None:
        self.entry = entry
        self.name = name
        self.if_match: str | None = None
        """The condition under which the request is meant."""
        self.required = False
        """Whether nothing may be handed out unless the history says so."""

    def hold(self, present: Connection | None) -> None:
        """Check the condition now, for who writes before ``request`` is decided: it is not asked a second time.

        Raises:
            ConditionError: it does not hold, or is none.
        """
        require_match(self.if_match, self.name or "", present)
        self.if_match = None

    def compare(self, present: Connection | None, wanted: Wanted) -> None:
        """Note what the request would change: of addresses only their number."""
        before = set(present.wanted.mailboxes if present is not None else ())
        after = set(wanted.mailboxes)
        self.entry.revision = present.wanted.revision if present is not None else None
        self.entry.mailboxes = len(after)
        self.entry.added, self.entry.removed = len(after - before), len(before - after)
        self.entry.lifetime_days = wanted.lifetime_days

    def request(
        self,
        kind: Kind,
        wanted: Wanted | None = None,
        removal: Removal | None = None,
        key: str = "",
        *,
        by_hand: bool = False,
        credential: CredentialKind | None = None,
        certificate: CertificateRecord | None = None,
    ) -> Request:
        """Return what is asked for, under its ``If-Match``, for whoever decides what it means."""
        return Request(
            kind,
            self.name or "",
            new_id(),
            wanted,
            removal,
            key,
            self.if_match,
            by_hand=by_hand,
            credential=credential,
            certificate=certificate,
        )

    def refused(self, error: Exception) -> None:
        """Note why nothing came of it."""
        status, code = meaning(error)[:2] if isinstance(error, ConnectorError) else (_FAILED, "unforeseen")
        self.entry.outcome = "failed" if status >= _FAILED else "refused"
        self.entry.code = code


@asynccontextmanager
async def asking(req: func.HttpRequest, function: str, action: Asked, name: str | None = None) -> AsyncIterator[Asking]:
    """Note a request, whatever comes of it.

    Raises:
        ServiceError: the history cannot be written, and ``required`` says that it has to be.
    """
    entry = Entry(at=clock.now(), action=action, caller=caller(req, function))
    one = Asking(entry, name)
    one.if_match = req.headers.get("If-Match")
    try:
        yield one
    except Exception as error:
        one.refused(error)
        _say(one)
        await _kept(one, known=True)
        raise
    written = await _kept(one)
    unwritten = ServiceError("store", "history-unwritten", "the history cannot be written")
    if one.required and not written:
        one.refused(unwritten)
    _say(one)
    if one.required and not written:
        raise unwritten


async def _kept(one: Asking, *, known: bool = False) -> bool:
    """Write the entry; return whether it stands there. With ``known`` only where there is a connection of that name."""
    if one.name is None or not is_name(one.name):
        return False
    return await remembered(one.name, one.entry, known=known)


def _say(one: Asking) -> None:
    entry = one.entry
    name = one.name if one.name is not None and is_name(one.name) else None
    if entry.outcome == "accepted" and entry.action in _READINGS:
        form, version = _READINGS[entry.action], entry.version
        log("parameters-read", connection=name, outcome=form, version=version, **entry.caller.fields())
        return
    log(
        "request",
        level=logging.WARNING if entry.outcome == "failed" else logging.INFO,
        action=entry.action,
        connection=name,
        outcome=entry.outcome,
        code=entry.code,
        revision=entry.revision,
        mailboxes=entry.mailboxes,
        added=entry.added,
        removed=entry.removed,
        allowRemoval=entry.allow_removal,
        lifetimeDays=entry.lifetime_days,
        findings=" ".join(entry.findings) or None,
        **entry.caller.fields(),
    )
