"""``python -m scripts.events``: write the parts about each event into ``docs/reference/events.md`` and ``.de.md``."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector.caller import CHECKS, RENEWS, TELLS, WATCHES, By
from connector.event import FIELDS, Data, Event, EventType, event
from connector.formats import Origin, body
from connector.messages import LANGUAGES, Language, catalogue, text
from connector.status import status
from connector.target import Format

ROOT = Path(__file__).parents[1]
PAGES: dict[Language, str] = {"en": "docs/reference/events.md", "de": "docs/reference/events.de.md"}
_HEADS: dict[Language, str] = {"en": "## Each event", "de": "## Jedes Ereignis"}
_COLUMNS: dict[Language, str] = {"en": "| field in `data` | what it says |", "de": "| Feld in `data` | was es sagt |"}
_AT = datetime(2026, 11, 27, 6, 30, tzinfo=UTC)
_ORIGIN = Origin("Contoso", "utmmail-contoso.azurewebsites.net")
_KEYS = ("9d0c1b1e-6d3f-4c37-8a51-3f0a5b6f9a10", "1f6a7c52-0b0e-4f7e-9c1d-52f9b1c7d3aa")
_STATES = {
    EventType.READY: ("ready", []),
    EventType.ACTION_REQUIRED: ("action-required", ["consent-by-hand"]),
    EventType.FAILED: ("failed", ["unexpected"]),
    EventType.DRIFTED: ("ready", ["imap-disabled"]),
    EventType.NOT_READABLE: ("ready", ["not-readable"]),
    EventType.RECOVERED: ("ready", []),
}
_PERSON = By(
    kind="person", function="create_connection", id="0c9a5f1e-3b7d-4e52-9a66-2f4d8e1b7c35", name="Otto Operator"
)
_ROTATES = _PERSON.model_copy(update={"function": "rotate_secret"})
_BY = {
    EventType.DRIFTED: CHECKS,
    EventType.NOT_READABLE: CHECKS,
    EventType.RECOVERED: CHECKS,
    EventType.REMOVED: By(function="remove_connection", key="8c1f03be"),
    EventType.EXPIRING: WATCHES,
    EventType.OFFERED: _ROTATES,
    EventType.OVERDUE: RENEWS,
    EventType.CONFIRMED: _PERSON.model_copy(update={"function": "confirm_secret"}),
    EventType.RETIRED: RENEWS,
    EventType.ROTATION_FAILED: _ROTATES,
    EventType.STATUS: TELLS,
    EventType.TEST: By(kind="program", function="test_target", id="5e2b6f70-8d1c-4a3e-b7f9-6c0d9e8a1b42"),
}
"""Who has asked; for the others it is who has set up."""
_STATUS = status([], version="0.1.0", customer="Contoso", now=_AT).model_dump(mode="json", by_alias=True)


def example(kind: EventType) -> Event:
    """Return an event of a type, with all that it may say."""
    state, findings = _STATES.get(kind, ("removed", ["rotation-failed"]))
    known = {
        "connection": "utm-headquarters",
        "state": state,
        "revision": 3,
        "findings": findings,
        "keyId": _KEYS[0],
        "expiresOn": _AT + timedelta(days=180),
        "oldKeyId": _KEYS[1],
        "oldWorksUntil": _AT + timedelta(days=30),
        "daysLeft": 14,
        "triesAgainOn": _AT + timedelta(days=1),
        "removedOn": _AT,
        "by": _BY.get(kind, _PERSON),
        "status": _STATUS,
    }
    data = Data.model_validate({field: known[field] for field in FIELDS[kind] if field in known})
    return event(kind, _AT, "6b6f1f0e-7a52-4b8f-a8d7-0d3d2f5f7c11", "utm-headquarters", data=data)


def section(kind: EventType, lang: Language) -> str:
    """Return what the page says of one event: what it means, its fields, and one as it is sent."""
    fields = ("customer", *FIELDS[kind])
    rows = [f"| `{field}` | {text(lang, 'eventAbout', field)} |" for field in fields]
    sent = json.loads(body(Format.CLOUDEVENTS, example(kind), _ORIGIN, lang)[1])
    shown = json.dumps(sent, indent=2, ensure_ascii=False)
    table = "\n".join((_COLUMNS[lang], "|---|---|", *rows))
    words = text(lang, "event", kind, "text")
    return f"### `{kind}`\n\n{words}\n\n{table}\n\n```json\n{shown}\n```\n"


def page(lang: Language) -> str:
    """Return a page as it should be: what stands before its parts, and these."""
    before, _, _ = (ROOT / PAGES[lang]).read_text("utf-8").partition(_HEADS[lang])
    return before + "\n".join((f"{_HEADS[lang]}\n", *(section(kind, lang) for kind in EventType)))


if __name__ == "__main__":
    assert set(catalogue("en", "event")) == {*EventType}  # noqa: S101 - nothing is left out, and nothing is too much
    for one in LANGUAGES:
        (ROOT / PAGES[one]).write_text(page(one), "utf-8")
