"""What the API shows of a finished connection, and of the deployment."""

from __future__ import annotations

import re
from datetime import datetime

import httpx
import pytest

from connector import __version__
from connector.steps import StepName
from tests.triggers.served import NAME, PATH, Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_connection_is_read_with_exactly_the_documented_keys(hq: Served) -> None:
    answer = await hq.client.get(PATH)
    shown = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert set(shown) == {
        "name", "displayName", "revision", "state", "since", "verified", "label", "steps", "ids", "secret",
        "mailboxes", "findings", "acceptances", "wanted", "operation", "by", "setUpBy", "removed", "rotation",
        "health",
    }  # fmt: skip
    assert set(shown["wanted"]) == {
        *("lifetimeDays", "protocols", "roles", "enableImap", "enablePop", "enableSmtp", "roleBasedSending"),
        *("exchangeRoles", "sendAs", "arranged"),
    }
    assert all(
        set(step) == {"name", "state", "started", "ended", "changes", "waits", "reason", "times"}
        for step in shown["steps"]
    )
    assert set(shown["ids"]) == {"tenantId", "applicationId", "objectId", "enterpriseApplicationId"}
    assert set(shown["secret"]) == {"uri", "keyId", "expiresOn", "usedSince", "kind", "thumbprints"}
    assert set(shown["mailboxes"]) == {"total", "counts", "next", "items"}
    assert all(
        set(item) == {"requested", "address", "state", "accessGiven", "provenOn", "finding", "written"}
        for item in shown["mailboxes"]["items"]
    )


async def test_a_finished_connection_is_ready_with_every_step_settled_and_every_mailbox_open(hq: Served) -> None:
    shown = (await hq.client.get(PATH)).json()
    assert (shown["name"], shown["displayName"], shown["label"]) == (NAME, "UTM HQ", "Contoso")
    assert (shown["revision"], shown["state"], shown["verified"], shown["findings"]) == (1, "ready", True, [])
    assert [step["name"] for step in shown["steps"]] == [step.value for step in StepName]
    assert {step["state"] for step in shown["steps"]} <= {"done", "unchanged"}
    assert all(_time(step["started"]) <= _time(step["ended"]) for step in shown["steps"])
    assert (shown["mailboxes"]["total"], shown["mailboxes"]["counts"]) == (3, {"open": 3})
    assert [item["requested"] for item in shown["mailboxes"]["items"]] == hq.tenant.addresses
    assert all(_time(item["provenOn"]).tzinfo for item in shown["mailboxes"]["items"])


async def test_the_ids_are_those_of_the_tenant(hq: Served) -> None:
    shown = (await hq.client.get(PATH)).json()
    world = hq.tenant.world
    (application,) = [one for one in world.applications.values() if one.unique_name == f"utm-mail-connect-{NAME}"]
    principal = world.service_principal(application.app_id)
    assert principal is not None
    assert shown["ids"] == {
        "tenantId": world.tenant_id,
        "applicationId": application.app_id,
        "objectId": application.id,
        "enterpriseApplicationId": principal.id,
    }
    assert shown["secret"]["keyId"] == application.credentials[0].key_id


async def test_reading_asks_nothing_of_the_tenant(hq: Served) -> None:
    async with hq.nothing_happens():
        statuses = [(await hq.client.get(path)).status_code for path in (PATH, "/api/connections")]
    assert statuses == [200, 200]


@pytest.mark.parametrize("top", [1, 2, 3])
async def test_mailboxes_are_paged_to_the_end(hq: Served, top: int) -> None:
    seen: list[str] = []
    parameters: dict[str, str | int] = {"top": top}
    while True:
        page = (await hq.client.get(PATH, params=parameters)).json()["mailboxes"]
        assert 1 <= len(page["items"]) <= top
        assert page["total"] == 3
        seen += [item["requested"] for item in page["items"]]
        if page["next"] is None:
            break
        assert re.fullmatch(
            "[0-9a-f]{16}", page["next"]
        )  # what stands in a query is logged on the way: it names nobody
        parameters["after"] = page["next"]
    assert seen == hq.tenant.addresses


@pytest.mark.parametrize(("state", "number"), [("open", 3), ("waiting", 0), ("pending", 0), ("action-required", 0)])
async def test_mailboxes_are_filtered_by_state(hq: Served, state: str, number: int) -> None:
    page = (await hq.client.get(PATH, params={"state": state})).json()["mailboxes"]
    assert (len(page["items"]), page["total"], page["next"]) == (number, 3, None)


async def test_connections_are_listed_in_short(hq: Served) -> None:
    answer = await hq.client.get("/api/connections")
    listed, shown = answer.json(), (await hq.client.get(PATH)).json()
    assert answer.headers["cache-control"] == "no-store"
    assert listed == {
        "next": None,
        "items": [
            {
                **{key: shown[key] for key in ("name", "displayName", "revision", "state", "since", "verified")},
                "expiresOn": shown["secret"]["expiresOn"],
                "rotation": None,
                "mailboxes": {"open": 3},
                "findings": [],
                "health": None,
                "lookedOn": None,
            }
        ],
    }


async def test_health_tells_what_this_is_and_what_the_identity_may_do(hq: Served) -> None:
    answer = await hq.client.get("/api/health")
    shown = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert (shown["status"], shown["missing"], shown["label"]) == ("ok", [], "Contoso")
    assert (shown["version"], shown["package"]) == (__version__, "utm-mail-connect")
    assert shown["tenantName"] is None  # the identity may not read it, and nobody asks for it
    assert (shown["tenantId"], shown["cloud"]) == (hq.tenant.endpoints["tenantId"], "custom")
    assert "Application.ReadWrite.OwnedBy" in shown["identity"]["graph"]
    assert "New-ServicePrincipal" in shown["identity"]["cmdlets"]


async def test_the_description_is_served_to_everybody(hq: Served) -> None:
    async with httpx.AsyncClient(base_url=hq.host.url) as stranger:
        answer = await stranger.get("/api/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert (answer.json()["openapi"], answer.json()["info"]["version"]) == ("3.1.0", __version__)


async def test_no_answer_names_a_durable_address(hq: Served) -> None:
    answers = [
        await hq.client.get(PATH),
        await hq.client.get("/api/connections"),
        await hq.client.post(f"{PATH}/verify"),
    ]
    await hq.until(lambda seen: seen["state"] == "ready")
    for answer in answers:
        assert answer.is_success
        assert "runtime/webhooks" not in answer.text + str(answer.headers)


async def test_verify_proves_every_mailbox_again_and_ends_ready(hq: Served) -> None:
    before = (await hq.client.get(PATH)).json()
    hq.tenant.forget_requests()
    answer = await hq.client.post(f"{PATH}/verify")
    assert (answer.status_code, answer.headers["location"]) == (202, PATH)
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "name": NAME,
        "revision": before["revision"],
        "state": "running",
        "location": PATH,
        "plan": None,
    }
    after = await hq.until(lambda seen: seen["state"] == "ready")
    proven = [[_time(item["provenOn"]) for item in shown["mailboxes"]["items"]] for shown in (before, after)]
    assert all(new > old for old, new in zip(*proven, strict=True))
    assert (after["verified"], after["revision"]) == (True, before["revision"])
    assert hq.tenant.writes() == []


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
