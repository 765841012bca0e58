"""What a person types into the UTM, as the API hands it out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connector.document import Document
from connector.microsoft import Protocol
from triggers.secret_view import RotationView, SecretView


class ServerView(Document):
    """A server by which the UTM uses the mailboxes; each logs in with the address of the mailbox as its user."""

    protocol: Protocol
    host: str
    port: int
    security: Literal["TLS", "STARTTLS"]
    uses: dict[str, str] = Field(description="What of the UTM uses it, and what is chosen there, by language.")


class GenerationView(Document):
    """A generation of the UTM, and where it takes the values."""

    name: str
    provider: str | None = Field(
        description="What is chosen there in the list of providers; null where it asks for none."
    )
    where: dict[str, str] = Field(description="The page and its buttons as the interface calls them, by language.")
    protocols: list[Protocol] = Field(description="Those of the connection that it uses with OAuth 2.")


class MailView(Document):
    """The mailboxes, as the UTM needs them."""

    mailboxes: list[str]
    written: dict[str, str] = Field(
        default={}, description="How people write those of them whose domain is an international one."
    )
    unproven: list[str] = Field(description="Those among `mailboxes` that have never opened, or no longer do.")


class ImapView(MailView):
    """The same with the server of IMAP."""

    host: str
    port: int
    security: str = "TLS"


class OAuthView(Document):
    """The token endpoint and scope that the UTM uses by itself."""

    token_url: str
    scope: str


class Parameters(Document):
    """What a person types into the UTM."""

    connection: str
    provider: str
    verified: bool
    application_id: str
    tenant_id: str
    client_secret: str | None = Field(
        repr=False, description="The secret's value; null with ?secret=reference, and of a certificate."
    )
    labels: dict[str, dict[str, str]]
    secret: SecretView
    rotation: RotationView | None = Field(
        default=None, description="While a new secret is under way: whether it is this one, and how long the old works."
    )
    servers: list[ServerView]
    generations: list[GenerationView] = Field(
        default=[], description="Where each generation of the UTM takes them that can; of another product none."
    )
    mail: MailView
    imap: ImapView | None = Field(default=None, description="`mail` with its server, where the connection uses IMAP.")
    oauth2: OAuthView
