"""What a target is sent: every event in every format and language, and nothing in it that becomes markup or a call."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path

import pytest

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


def test_many_findings_make_no_long_message() -> None:
    many = example(EventType.ACTION_REQUIRED)
    many.data = Data(connection="hq", state="action-required", findings=[f"finding-{number}" for number in range(200)])
    for form in (Format.TEAMS, Format.SLACK):
        text = body(form, many, HERE, "de")[1].decode().replace("\\", "")
        assert "(+180)" in text
        assert "finding-20," not in text
