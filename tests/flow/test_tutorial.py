"""The tutorial's own lines, run as they stand there: in both languages they lead to the values for the UTM."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from local.client import RESTING
from tests.docs.test_docs import blocks
from tests.flow.app import NAME, App, running

TUTORIALS = {"en": "docs/tutorial/from-button-to-utm.md", "de": "docs/tutorial/from-button-to-utm.de.md"}
ROOT = Path(__file__).parents[2]


@dataclass
class Curl:
    """One line of the tutorial."""

    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None


def lines(path: str) -> list[Curl]:
    """Return every ``curl`` of a document; what comes before, tests/infra/test_how_to.py runs."""
    shown = blocks((ROOT / path).read_text("utf-8"), "sh")
    all_of_them = [line for block in shown for line in block.replace("\\\n", " ").splitlines()]
    return [curl(line) for line in all_of_them if line.startswith("curl ")]


def curl(line: str) -> Curl:
    words = iter(shlex.split(line))
    assert next(words) == "curl"
    found = Curl()
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            found.headers[name] = value
        elif word == "-d":
            found.body = next(words).replace("contoso.com", "contoso.example")
        else:
            found.path = word.removeprefix("https://$APP.azurewebsites.net")
    return found


async def send(app: App, line: Curl) -> httpx.Response:
    assert line.headers.pop("x-functions-key") == "$KEY"
    method = "GET" if line.body is None else "POST"
    answer = await app.client.request(method, line.path, headers=line.headers, content=line.body)
    answer.raise_for_status()
    if not line.path.endswith("/parameters"):
        app.answers.append(answer.text)
    return answer


@pytest.mark.parametrize("lang", TUTORIALS)
async def test_its_lines_lead_to_the_values_for_the_utm(lang: str, tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        health, dry_run, plan, set_up, read, parameters = lines(TUTORIALS[lang])
        assert (await send(app, health)).json()["status"] == "ok"
        assert (await send(app, dry_run)).headers["location"] == plan.path
        assert (await send(app, plan)).json()["name"] == NAME
        assert (await app.client.get("/api/connections")).json()["items"] == []
        assert (await send(app, set_up)).status_code == 202
        assert (await send(app, read)).json()["name"] == NAME
        finished = await app.until(lambda connection: connection["state"] in RESTING)
        assert finished["state"] == "ready"
        text = (await send(app, parameters)).text
        values = await app.parameters()
        for key in ("applicationId", "tenantId", "clientSecret"):
            assert f"{values['labels'][lang][key]}: {values[key]}" in text
        assert values["imap"]["mailboxes"] == ["invoices@contoso.example", "support@contoso.example"]
