"""Three people work with one connection, each as themselves: what they did has their names wherever it is told."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import httpx
import pytest

from local.tenant.people import Person
from tests.flow.app import NAME, App, running

AT = f"/entra/api/connections/{NAME}"


def by(app: App, *roles: str) -> tuple[Person, dict[str, str]]:
    """Return a person with these roles, and how that person calls."""
    return app.tenant.people.with_roles(*roles), {"Authorization": f"Bearer {app.tenant.token(*roles)}"}


def shown(person: Person, function: str) -> dict[str, str | None]:
    """Return how the API shows who has asked."""
    return {"kind": "person", "function": function, "key": None, "id": person.id, "name": person.name}


async def until(client: httpx.AsyncClient, headers: dict[str, str], state: str) -> dict[str, object]:
    async with asyncio.timeout(60):
        while True:
            seen: dict[str, object] = (await client.get(AT, headers=headers)).json()
            if seen["state"] == state:
                return seen
            await asyncio.sleep(0.05)


async def test_a_set_up_a_rotation_and_a_reading_each_have_a_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as app, httpx.AsyncClient(base_url=app.host.url) as client:
        (otto, sets_up), (dora, rotates), (selma, reads) = (
            by(app, "Operator"), by(app, "Operator", "SecretReader"), by(app, "SecretReader"))  # fmt: skip
        caplog.set_level(logging.INFO, logger="connector")
        wish = {"name": NAME, "mailboxes": app.tenant.addresses}
        begun = await client.post("/entra/api/connections", json=wish, headers=sets_up)
        assert (begun.status_code, begun.headers["location"]) == (202, AT)
        seen = await until(client, sets_up, "ready")
        assert seen["by"] == seen["setUpBy"] == shown(otto, "create_connection")
        assert (await client.post(f"{AT}/rotate", headers=rotates)).status_code == 202
        assert (await client.get(f"{AT}/parameters", headers=reads)).status_code == 200
        assert (await client.get(f"{AT}/parameters", headers=sets_up)).status_code == 403
        history = (await client.get(f"{AT}/history", headers=sets_up)).json()["items"]
        told = {one["action"]: (one["caller"]["kind"], one["caller"]["id"], one["caller"]["name"]) for one in history}
        assert told == {
            "set-up": ("person", otto.id, otto.name),
            "rotate": ("person", dora.id, dora.name),
            "parameters": ("person", selma.id, selma.name),
        }
        lines = [json.loads(one.getMessage()) for one in caplog.records if one.name == "connector"]
        said = {(one["event"], one.get("action"), one["caller"], one["name"]) for one in lines if "caller" in one}
        assert said == {
            ("request", "set-up", f"person {otto.id}", otto.name),
            ("request", "rotate", f"person {dora.id}", dora.name),
            ("parameters-read", None, f"person {selma.id}", selma.name),
            ("role-missing", None, f"person {otto.id}", otto.name),
        }
        removed = await client.delete(f"{AT}?allowRemoval=2", headers=rotates)
        assert removed.status_code == 202
        tombstone = await until(client, rotates, "removed")
        assert isinstance(tombstone["removed"], dict)
        assert tombstone["removed"]["by"] == shown(dora, "remove_connection")
        lines = [json.loads(one.getMessage()) for one in caplog.records if one.name == "connector"]
        named = {(one["by"], one["byName"]) for one in lines if one["event"] == "operation" and "by" in one}
        assert named == {(f"person {otto.id}", otto.name), (f"person {dora.id}", dora.name)}
