"""A place in a list of mailboxes, for a query: what is called is logged on the way, so it names nobody."""

from __future__ import annotations

import hashlib

_DIGITS = 16
"""Hex digits: no two of 5,000 mailboxes are taken for one another."""


def place(connection: str, requested: str) -> str:
    """Return what ``next`` says of the last mailbox of a page: a digest, of another connection another one."""
    return hashlib.sha256(f"{connection} {requested}".encode()).hexdigest()[:_DIGITS]
