"""Targets and deliveries as the API shows them: of an address only its host, of a key nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from connector.delivery import Delivery, DeliveryState
from connector.document import Document
from connector.event import Event, EventType
from connector.messages import Language, catalogue, text
from connector.target import Format, Target

_VAULT = "vault-"


class TargetView(Document):
    """Who is told."""

    name: str
    format: Format
    language: Literal["de", "en"]
    host: str = Field(description="Of the address, which may be a secret itself: the rest lies in Key Vault alone.")
    events: list[EventType] = Field(description="Which it gets; empty: all.")
    enabled: bool
    gone_on: datetime | None = Field(description="When it answered 410 and was switched off by that.")
    failing_since: datetime | None = Field(description="Since when it has taken nothing.")
    needs_somebody: bool = Field(description="Whether it has taken nothing for a day, or is gone.")
    secret_uri: str = Field(description="Where in Key Vault its address and its signing key lie.")
    created: datetime
    changed: datetime


class TargetList(Document):
    """All targets."""

    items: list[TargetView]
    unreadable: list[str] = Field(description="Names of targets whose document cannot be read: put or remove them.")


class DeliveryView(Document):
    """One event on its way to a target."""

    id: str = Field(description="Of the event: `webhook-id`.")
    type: EventType
    connection: str | None
    time: datetime = Field(description="When it happened.")
    state: DeliveryState
    tries: int
    on: datetime | None = Field(description="When it was last tried.")
    due: datetime | None = Field(description="When it is tried next.")
    status: int | None = Field(description="The HTTP status that was answered.")
    code: str | None = Field(description="Why there was no answer.")
    message: str | None = Field(description="The same in words.")
    seconds: float | None = Field(description="How long the last try took.")


class DeliveryList(Document):
    """The last 50 deliveries of a target and what is under way, newest first, 200 at most."""

    target: str
    items: list[DeliveryView]
    more: int = Field(default=0, description="How many older ones are under way besides.")


class Sending(Document):
    """What is being sent."""

    target: str
    id: str = Field(description="Of the event, as the deliveries show it.")
    message: str


def target_view(target: Target, vault_uri: str, now: datetime) -> TargetView:
    """Return a target as it is shown."""
    shown = target.model_dump(exclude={"version", "failing"})
    uri = f"{vault_uri}/secrets/target-{target.name}/{target.version}"
    return TargetView(**shown, needs_somebody=target.fails(now), secret_uri=uri)


def delivery_view(event: Event, delivery: Delivery, lang: Language) -> DeliveryView:
    """Return a delivery as it is shown."""
    seen = delivery.model_dump(exclude={"run", "due"})
    waiting = delivery.state is DeliveryState.WAITING
    return DeliveryView(
        id=event.id,
        type=event.type,
        connection=event.data.connection,
        time=event.time,
        due=delivery.due if waiting else None,
        message=_words(delivery.code, lang),
        **seen,
    )


def _words(code: str | None, lang: Language) -> str | None:
    if code is None:
        return None
    known = code if code in catalogue(lang, "unsent") else "vault"
    return text(lang, "unsent", known, values={"code": code.removeprefix(_VAULT)})
