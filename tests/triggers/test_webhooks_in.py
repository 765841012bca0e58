"""Other systems' webhooks start something here by the address alone, whatever they send and however they begin."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.triggers.served import NAME, PATH, Served, running
from triggers.route import ROUTES

BODIES = Path(__file__).with_name("webhooks")
JSON = "application/json; charset=utf-8"
SENT = {
    "an action group of Azure Monitor": (JSON, (BODIES / "action-group.json").read_bytes(), {}),
    "Event Grid in its own schema": (
        JSON,
        (BODIES / "event-grid.json").read_bytes(),
        {"aeg-event-type": "Notification", "aeg-delivery-count": "0"},
    ),
    "Event Grid in CloudEvents": (
        "application/cloudevents+json; charset=utf-8",
        (BODIES / "cloud-events.json").read_bytes(),
        {"aeg-event-type": "Notification"},
    ),
    "Power Automate": ("application/json", b'{"reason":"Mailbox moved"}', {"User-Agent": "azure-logic-apps/1.0"}),
    "an RMM's curl": ("application/x-www-form-urlencoded", b"alert=1&host=UTM", {"User-Agent": "curl/8.5.0"}),
    "an RMM's PowerShell": ("application/x-www-form-urlencoded", b"", {}),
    "a body that is none": ("text/plain", b"\xff\xfe\x00{", {}),
    "one without a type": ("", b"[", {}),
    "what looks like a handshake and is none": (JSON, b'[{"data":{}}]', {"aeg-event-type": "SubscriptionValidation"}),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with running(tmp_path_factory.mktemp("store")) as served:
        await served.set_up({"name": NAME, "mailboxes": served.tenant.addresses})
        yield served


def address(served: Served, verb: str = "verify", function: str = "verify_connection") -> str:
    """Return what is pasted into the other system: with the function's own key in it."""
    return f"{served.host.url}{PATH}/{verb}?code={served.host.function_keys[function]}"


async def rest(one: Served) -> None:
    await one.until(lambda seen: seen["state"] == "ready")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("sender", SENT)
async def test_whatever_another_system_sends_a_verification_begins(one: Served, sender: str) -> None:
    content_type, body, headers = SENT[sender]
    sent = {**headers, **({"Content-Type": content_type} if content_type else {})}
    async with httpx.AsyncClient() as client:
        answer = await client.post(address(one), content=body, headers=sent)
    assert answer.status_code == 202, answer.text
    await rest(one)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_body_in_chunks_begins_it_too(one: Served) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"a":'
        yield b"1}"

    async with httpx.AsyncClient() as client:
        assert (await client.post(address(one), content=chunks())).status_code == 202
    await rest(one)


@pytest.mark.asyncio(loop_scope="module")
async def test_event_grid_gets_its_code_back_and_nothing_begins(one: Served) -> None:
    body = (BODIES / "event-grid-validation.json").read_bytes()
    sent = {"aeg-event-type": "SubscriptionValidation", "Content-Type": JSON}
    async with httpx.AsyncClient() as client, one.nothing_happens():
        answer = await client.post(address(one), content=body, headers=sent)
        wrong = await client.post(f"{one.host.url}{PATH}/verify", content=body, headers=sent)
    code = json.loads(body)[0]["data"]["validationCode"]
    assert (answer.status_code, answer.json()) == (200, {"validationResponse": code})
    assert wrong.status_code == 401


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("verb", "function"), [("verify", "verify_connection"), ("rotate", "rotate_secret")])
async def test_a_sender_of_cloud_events_is_let_in_by_its_question(one: Served, verb: str, function: str) -> None:
    asks = {"WebHook-Request-Origin": "eventgrid.azure.net", "WebHook-Request-Rate": "120"}
    async with httpx.AsyncClient() as client, one.nothing_happens():
        answer = await client.options(address(one, verb, function), headers=asks)
        wrong = await client.options(f"{one.host.url}{PATH}/{verb}", headers=asks)
    assert answer.status_code == 200
    assert answer.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"
    assert answer.headers["WebHook-Allowed-Rate"] == "120"
    assert wrong.status_code == 401


@pytest.mark.asyncio(loop_scope="module")
async def test_a_key_of_one_function_starts_nothing_else(one: Served) -> None:
    key = one.host.function_keys["verify_connection"]
    async with httpx.AsyncClient() as client:
        for verb in ("rotate", "cancel"):
            assert (await client.post(f"{one.host.url}{PATH}/{verb}?code={key}")).status_code == 401
        assert (await client.options(f"{one.host.url}{PATH}/cancel?code={one.host.key}")).status_code == 404


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("sender", SENT)
async def test_whatever_another_system_sends_a_look_begins(one: Served, sender: str) -> None:
    content_type, body, headers = SENT[sender]
    sent = {**headers, **({"Content-Type": content_type} if content_type else {})}
    key = one.host.function_keys["start_check"]
    async with httpx.AsyncClient() as client:
        await rest(one)
        answer = await client.post(f"{one.host.url}/api/check?code={key}&name={NAME}", content=body, headers=sent)
        asks = {"WebHook-Request-Origin": "eventgrid.azure.net"}
        assert (await client.options(f"{one.host.url}/api/check?code={key}", headers=asks)).status_code == 200
    assert answer.status_code == 202, answer.text


@pytest.mark.asyncio(loop_scope="module")
async def test_whatever_another_system_sends_a_rotation_begins_and_what_a_caller_says_is_heard(one: Served) -> None:
    to = address(one, "rotate", "rotate_secret")
    async with httpx.AsyncClient() as client:
        for content_type, body, headers in SENT.values():  # alerts come more than once, too
            sent = {**headers, **({"Content-Type": content_type} if content_type else {})}
            answer = await client.post(to, content=body, headers=sent)
            assert answer.status_code == 202, answer.text
        # Who names our own field means us, and whoever sends the key in the header.
        assert (await client.post(to, json={"credential": "password"})).status_code == 422
        headers = {"x-functions-key": one.host.function_keys["rotate_secret"]}
        answer = await client.post(to.partition("?")[0], json={"schemaId": "-"}, headers=headers)
        assert answer.status_code == 422


@pytest.mark.parametrize("page", ["docs/how-to/webhooks-in.md", "docs/how-to/webhooks-in.de.md"])
def test_the_recipes_name_only_what_other_systems_may_start(page: str) -> None:
    text = Path(page).read_text("utf-8")
    hooked = {one.path.replace("{name}", "<name>"): name for name, one in ROUTES.items() if one.hooked}
    shown = re.findall(r"azurewebsites\.net(/api/[^?\s]+)\?code=<([^>]+)>", text)
    assert {path for path, _ in shown} == {*hooked}
    named = {path: words.split()[-1] for path, words in shown if "_" in words}
    assert named == hooked
