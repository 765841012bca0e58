"""Which generation of the UTM can use a connection, for what, and where its values go; nothing that it does not say."""

from __future__ import annotations

import pytest

from connector.credential import CredentialKind
from connector.messages import LANGUAGES
from connector.microsoft import Protocol
from triggers.generations import generations

IMAP, POP, SMTP = Protocol
NEW, OLD = "UTM 14.1", "UTM 12.6"


@pytest.mark.parametrize(
    ("kind", "protocols", "named"),
    [
        ("secret", [IMAP], {NEW: [IMAP], OLD: [IMAP]}),
        ("secret", [SMTP], {NEW: [SMTP]}),
        ("secret", [IMAP, POP, SMTP], {NEW: [IMAP, POP, SMTP], OLD: [IMAP, POP]}),
        ("certificate", [IMAP], {NEW: [IMAP]}),
        ("certificate", [IMAP, SMTP], {NEW: [IMAP, SMTP]}),
    ],
)
def test_a_generation_is_named_where_it_can_use_the_connection(
    kind: CredentialKind, protocols: list[Protocol], named: dict[str, list[Protocol]]
) -> None:
    found = generations(kind, "the provider", protocols)
    assert {one.name: one.protocols for one in found} == named
    assert [one.provider for one in found] == ["the provider", None][: len(found)]
    assert all({*one.where} == {*LANGUAGES} and all(one.where.values()) for one in found)


def test_each_generation_is_described_by_its_own_buttons() -> None:
    new, old = generations("secret", "p", [IMAP])
    assert "Authentifizierung › OAuth 2" in new.where["de"]
    assert "OAuth 2 Verbindung hinzufügen" in new.where["de"]
    assert "Add OAuth 2 connection" in new.where["en"]
    for lang in LANGUAGES:  # how the English interface of 12.6 calls them nobody has written down
        assert "OAuth2 Verbindung hinzufügen" in old.where[lang]
        assert "Mail-Connector-Dienst hinzufügen" in old.where[lang]
