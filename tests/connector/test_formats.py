"""What a target is sent: every event in every format and language, and nothing in it that becomes markup or a call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from connector.caller import By
from connector.event import Data, EventType
from connector.formats import Origin, body, said
from connector.messages import LANGUAGES, Language
from connector.target import Format
from scripts.events import example

HERE = Origin("Contoso", "utm.example.net")
_MOST = 20_000
"""Bytes (Standard Webhooks 1.0, "Payload size")."""


@pytest.mark.parametrize(("kind", "form", "language"), list(product(EventType, Format, LANGUAGES)))
def test_every_event_has_a_body_in_every_format(kind: EventType, form: Format, language: Language) -> None:
    content_type, content = body(form, example(kind), HERE, language)
    assert content == body(form, example(kind), HERE, language)[1], "it is the same each time it is sent"
    assert content_type.endswith("charset=utf-8")
    assert len(content) < _MOST
    shown = json.loads(content)
    assert re.findall(r"(?:event|eventField)\.[a-z]+", content.decode()) == []
    if form is Format.CLOUDEVENTS:
        assert (shown["specversion"], shown["type"], shown["data"]["customer"]) == ("1.0", kind, "Contoso")
        assert shown["time"] == shown["timestamp"]
    else:
        assert re.findall(r"\d{4}-\d\d-\d\d", content.decode()) == [], "a date is written as people write it"


def test_a_link_leads_to_a_view_that_the_page_has() -> None:
    link = str(said(example(EventType.READY), HERE)["link"])
    host, _, view = link.partition("/#/")
    assert host == "https://utm.example.net"
    assert f"[`{view.partition('/')[0]}/${{NAME}}`, connection" in Path("web/main.js").read_text("utf-8")
    assert "link" not in said(example(EventType.READY), Origin())


@pytest.mark.parametrize(
    "label", ["<!channel> & <https://evil.example|here>", "[here](https://evil.example) *x* _y_ `z`"]
)
def test_a_customer_s_name_is_shown_as_it_is(label: str) -> None:
    slack = body(Format.SLACK, example(EventType.READY), Origin(label), "en")[1].decode()
    assert "<!channel>" not in slack
    assert "<https://evil.example" not in slack
    teams = body(Format.TEAMS, example(EventType.READY), Origin(label), "en")[1].decode()
    assert "[here](https" not in teams


HOSTILE = [
    "<!channel> <https://evil.example|Otto> &amp; <!subteam^S1>",
    "[Otto](https://evil.example) *x* _y_ ~z~ `w` # h",
    "https://evil.example/login :rotating_light:",
    "Otto\n*State:* Bereit\r\x00\x1b[31m\u202ered\u2028\u200b",
    "{{DATE(2017-02-14T06:08:39Z, SHORT)}} {name} {id} %s ${x}",
    "O" * 5_000,
    "<at>Everybody</at><script>alert(1)</script>",
    "\ud800lone",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(("form", "language"), list(product(Format, LANGUAGES)))
def test_whatever_somebody_is_called_is_one_short_line_of_plain_text(
    form: Format, language: Language, name: str
) -> None:
    event = example(EventType.READY)
    by = By(kind="person", function="x", id="0c9a5f1e-3b7d-4e52-9a66-2f4d8e1b7c35", name=name)
    event.data = event.data.model_copy(update={"by": by})
    content = body(form, event, HERE, language)[1]
    texts = [value for value in strings(json.loads(content)) if "0c9a5f1e" in value or "evil" in value]
    assert len(content) < _MOST
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u200b-\u202e\u2028\ud800]", "".join(strings(json.loads(content))))
    if form is Format.CLOUDEVENTS:
        assert json.loads(content)["data"]["by"]["name"] == by.name
        assert by.name is not None
        assert len(by.name) <= 100
    elif form is Format.SLACK:
        blocks = json.loads(content)["blocks"]
        marked = [one["text"]["text"] for one in blocks if one["text"]["type"] == "mrkdwn"]
        assert not any("evil" in one or "0c9a5f1e" in one for one in marked)
        plain = next(one["text"] for one in blocks if "0c9a5f1e" in one["text"]["text"])
        assert (plain["type"], plain["emoji"]) == ("plain_text", False)
        assert not re.search(r"<[!@h]", plain["text"])
        assert len([line for line in plain["text"].splitlines() if "0c9a5f1e" in line]) == 1
        assert not [line for line in plain["text"].splitlines() if line.startswith("*")]
    else:
        [shown] = texts
        assert not re.search(r"(?<!\\)[*_`\[\]()<>#]", shown)
        assert "\n" not in shown


def strings(value: object) -> Iterator[str]:
    """Yield every text in a parsed body."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def test_an_address_is_no_name() -> None:
    assert [By(kind="person", name=one).name for one in ("otto@contoso.example", "otto＠contoso.example", " ")] == [
        None
    ] * 3


def test_many_findings_make_no_long_message() -> None:
    many = example(EventType.ACTION_REQUIRED)
    many.data = Data(connection="hq", state="action-required", findings=[f"finding-{number}" for number in range(200)])
    for form in (Format.TEAMS, Format.SLACK):
        text = body(form, many, HERE, "de")[1].decode().replace("\\", "")
        assert "(+180)" in text
        assert "finding-20," not in text
