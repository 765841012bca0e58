"""What a target is sent of an event: CloudEvents for machines, a card for Teams, a message for Slack. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from connector.caller import By
from connector.dates import written
from connector.event import FIELDS, Event, EventType
from connector.messages import Language, catalogue, text
from connector.target import Format

_GENERIC = "urn:utm-mail-connect"
_CARD = "application/vnd.microsoft.card.adaptive"
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""docs.slack.dev/messaging/formatting-message-text#escaping."""
_MARKDOWN = str.maketrans({one: f"\\{one}" for one in "\\`*_[]()<>#"})
"""Of an Adaptive Card's text (learn.microsoft.com/adaptive-cards/authoring-cards/text-features)."""
_CODES = 20
"""Findings that a card names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose event it is."""

    customer: str = ""
    """``CONNECTOR_LABEL``."""
    hostname: str | None = None

    @property
    def source(self) -> str:
        """Return the deployment's address, where it is known."""
        return f"https://{self.hostname}" if self.hostname else _GENERIC

    def link(self, connection: str | None) -> str | None:
        """Return where on the page the event is about."""
        if self.hostname is None:
            return None
        return f"{self.source}/#/c/{connection}" if connection is not None else f"{self.source}/"


def said(event: Event, origin: Origin) -> dict[str, object]:
    """Return ``data``: only what the event may say (``FIELDS``), and what is known of it."""
    known = event.data.model_dump(mode="json", by_alias=True, exclude_none=True)
    known |= {"link": origin.link(event.data.connection)} if origin.hostname else {}
    data = {field: known[field] for field in FIELDS[event.type] if field in known}
    return {"customer": origin.customer, **data} if origin.customer else data


def body(form: Format, event: Event, origin: Origin, language: Language) -> tuple[str, bytes]:
    """Return the content type and the body, the same each time the event is sent."""
    if form is Format.CLOUDEVENTS:
        return "application/cloudevents+json; charset=utf-8", _json(_cloud_event(event, origin))
    made = _card(event, origin, language) if form is Format.TEAMS else _slack(event, origin, language)
    return "application/json; charset=utf-8", _json(made)


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _cloud_event(event: Event, origin: Origin) -> dict[str, object]:
    """Return the event with the attributes of CloudEvents 1.0; ``timestamp`` is what Standard Webhooks ask for."""
    time = event.time.isoformat().replace("+00:00", "Z")
    subject = {"subject": event.data.connection} if event.data.connection is not None else {}
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": origin.source,
        "type": event.type.value,
        **subject,
        "time": time,
        "datacontenttype": "application/json",
        "timestamp": time,
        "data": said(event, origin),
    }


def _title(event: Event, language: Language) -> str:
    return text(language, "event", event.type, "title")


def _words(event: Event, language: Language) -> str:
    return text(language, "event", event.type, "text")


def _facts(event: Event, origin: Origin, language: Language) -> Iterator[tuple[str, str]]:
    """Yield what is known, in words: all but the link and what a machine alone makes use of."""
    labels = catalogue(language, "eventField")
    for field, value in said(event, origin).items():
        if field == "by" and event.data.by is not None:
            yield str(labels[field]), _asker(event.data.by, language)
        elif field in labels and field not in {"link", "status"}:
            yield str(labels[field]), _shown(field, value, language)
    if event.data.status is not None:
        yield str(labels["overall"]), str(event.data.status.get("overall"))
    if event.type is EventType.TEST:
        yield str(labels["source"]), origin.source


def _asker(by: By, language: Language) -> str:
    values = {"name": by.name or by.id or "-", "id": by.id or "-", "key": by.key or "-", "function": by.function or "-"}
    return text(language, "eventBy", by.kind, values=values)


def _shown(field: str, value: object, language: Language) -> str:
    if isinstance(value, list):
        names = ", ".join(map(str, value[:_CODES]))
        return names + (f" (+{len(value) - _CODES})" if len(value) > _CODES else "")
    if field == "state":
        return text(language, "state", str(value))
    if field.endswith(("On", "Until")):
        return written(language, value, "moment")
    return str(value)


def _card(event: Event, origin: Origin, language: Language) -> dict[str, object]:
    """Return an Adaptive Card as a workflow of Teams takes it."""
    facts = [{"title": title, "value": value.translate(_MARKDOWN)} for title, value in _facts(event, origin, language)]
    content: list[dict[str, object]] = [
        {"type": "TextBlock", "size": "Medium", "weight": "Bolder", "wrap": True, "text": _title(event, language)},
        {"type": "TextBlock", "wrap": True, "text": _words(event, language)},
    ]
    content += [{"type": "FactSet", "facts": facts}] if facts else []
    link = origin.link(event.data.connection)
    open_ = {"type": "Action.OpenUrl", "title": text(language, "eventField", "link"), "url": link}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": content,
        **({"actions": [open_]} if link is not None else {}),
    }
    return {"type": "message", "attachments": [{"contentType": _CARD, "content": card}]}


def _slack(event: Event, origin: Origin, language: Language) -> dict[str, object]:
    """Return a message of Slack; what others have written stands in it as plain text.

    ``mrkdwn`` has no way to escape ``*``, ``_`` or a bare address (docs.slack.dev/reference/block-kit/
    composition-objects/text-object).
    """
    title, words = _title(event, language), _words(event, language)
    facts = [f"{name}: {_escaped(value)}" for name, value in _facts(event, origin, language)]
    link = origin.link(event.data.connection)
    lines = [words, *([f"<{link}|{text(language, 'eventField', 'link')}>"] if link is not None else [])]
    blocks: list[dict[str, object]] = [
        {"type": "header", "text": {"type": "plain_text", "text": title}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines)}},
    ]
    if facts:
        blocks.append({"type": "section", "text": {"type": "plain_text", "text": "\n".join(facts), "emoji": False}})
    return {"text": f"{title}: {words}", "blocks": blocks}


def _escaped(value: str) -> str:
    return "".join(_ESCAPED.get(one, one) for one in value)
