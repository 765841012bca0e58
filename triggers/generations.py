"""Where the two generations of the UTM take the values, as its own interface calls it.

Both call the three values alike. What differs: 14.1 has a page for OAuth 2 with a list of providers, whose connections
the Mailrelay uses too; in 12.6 only the Mail-Connector knows OAuth 2, with a client secret, and asks for no provider
(wiki.securepoint.de: *UTM/AUTH/OAuth2*, and the Mail-Connector of 12.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.credential import CredentialKind
from connector.messages import LANGUAGES, text
from connector.microsoft import PROTOCOLS, Protocol
from triggers.utm import GenerationView


@dataclass(frozen=True, slots=True)
class Generation:
    """What one generation can do with OAuth 2."""

    name: str
    kinds: frozenset[CredentialKind]
    sends: bool
    """Whether its Mailrelay knows OAuth 2, and not the Mail-Connector alone."""
    asks_provider: bool


GENERATIONS = (
    Generation("v14", frozenset({"secret", "certificate"}), sends=True, asks_provider=True),
    Generation("v12", frozenset({"secret"}), sends=False, asks_provider=False),
)


def generations(kind: CredentialKind, provider: str, protocols: Sequence[Protocol]) -> list[GenerationView]:
    """Return those that can use a connection with such a credential by one of its protocols at least, newest first."""
    found = []
    for one in GENERATIONS:
        usable = [protocol for protocol in protocols if one.sends or not PROTOCOLS[protocol].sends]
        if usable and kind in one.kinds:
            found.append(
                GenerationView(
                    name=text("en", "generation", one.name, "name"),
                    provider=provider if one.asks_provider else None,
                    where={lang: text(lang, "generation", one.name, kind) for lang in LANGUAGES},
                    protocols=usable,
                )
            )
    return found
