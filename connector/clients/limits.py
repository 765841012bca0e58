"""What an answer may cost, of every service that this app talks to: handed to its clients in one piece."""

from __future__ import annotations

from dataclasses import dataclass

from connector.clients.bounds import EXCHANGE, GRAPH, SIGN_IN, STORE, TOKEN, VAULT, Bounds
from connector.clients.wire import TALK, TalkBounds


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of each client."""

    graph: Bounds = GRAPH
    exchange: Bounds = EXCHANGE
    vault: Bounds = VAULT
    token: Bounds = TOKEN
    identity: Bounds = TOKEN
    store: Bounds = STORE
    mail: TalkBounds = TALK
    """Of a login, by whatever protocol."""
    sign_in: Bounds = SIGN_IN
