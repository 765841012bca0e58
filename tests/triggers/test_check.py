"""``POST /api/check``, what the daily look has seen, and the snoozes, over HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.check import digest
from connector.checks import Answer, Check, Item, Seen
from connector.finding import Finding
from connector.model import Connection
from connector.services import services
from connector.steps import StepName
from tests.triggers.served import NAME, Served, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = f"/api/connections/{NAME}"
SNOOZE = f"{PATH}/snooze"


async def shown(hq: Served) -> dict[str, Any]:
    answer = await hq.client.get(PATH)
    document: dict[str, Any] = answer.json()
    return document


async def looked(hq: Served) -> dict[str, Any]:
    """Return what is shown once the look is over."""
    async with asyncio.timeout(60):
        return await hq.until(lambda one: one["health"]["lookedOn"] and not one["health"]["looking"])


async def seen(*drift: Finding, unread: tuple[Finding, ...] = (), **more: Any) -> None:
    """Let a look have seen this."""
    found = await services().documents.load(NAME)
    assert found is not None
    basis = found.connection.operation.id
    items = [
        Item(step=step, answer=Answer.DRIFTED if any(one.step is step for one in drift) else Answer.GOOD)
        for step in StepName
    ]
    came = Seen(on=services().now(), basis=basis, items=items, drift=[*drift], unread=[*unread], **more)
    await services().checks.update(NAME, lambda _: Check(name=NAME, seen=came))


def until(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


async def test_a_look_that_is_asked_for_is_made_and_shown_and_changes_nothing(hq: Served) -> None:
    hq.tenant.forget_requests()
    before = await shown(hq)
    answer = await hq.client.post(f"/api/check?name={NAME}", content=b"\xff whatever", headers={"Content-Type": "x/y"})
    assert (answer.status_code, answer.json()) == (202, {"started": [NAME], "skipped": []})
    assert answer.headers["Location"] == PATH
    after = await looked(hq)
    health = after["health"]
    assert (health["answer"], health["current"], health["mailboxes"]) == ("good", True, {"good": 3})
    assert {one["answer"] for one in health["items"]} == {"good"}
    assert hq.tenant.writes() == []
    assert {**after, "health": None} == {**before, "health": None}
    for _ in range(100):  # what it has worked with goes just after
        if await services().looks.load(NAME) is not None:
            await asyncio.sleep(0.05)
    assert await services().looks.load(NAME) is None
    summary = (await hq.client.get("/api/connections")).json()["items"][0]
    assert (summary["health"], summary["lookedOn"]) == ("good", health["lookedOn"])


async def test_all_are_looked_at_and_one_that_is_looked_at_already_is_not_begun_again(hq: Served) -> None:
    first, second = [(await hq.client.post("/api/check")).json() for _ in range(2)]
    assert (first["started"], second["skipped"]) == ([NAME], [NAME])
    await looked(hq)


async def test_what_is_not_there_is_not_looked_at(hq: Served) -> None:
    problem(await hq.client.post("/api/check?name=nobody"), 404, "unknown-connection")
    problem(await hq.client.post("/api/check?nam=hq"), 422, "unknown-query")


async def test_nobody_looks_while_somebody_works(hq: Served) -> None:
    def works(connection: Connection) -> None:
        connection.operation.ended = None

    kept = await services().documents.load(NAME)
    assert kept is not None
    await services().documents.update(NAME, works)
    problem(await hq.client.post(f"/api/check?name={NAME}"), 409, "check-not-now")
    assert (await hq.client.post("/api/check")).json() == {"started": [], "skipped": [NAME]}
    found = await services().documents.load(NAME)
    assert found is not None
    await services().documents.save(kept.connection, found.etag)


async def test_drift_needs_a_person_and_what_is_not_readable_does_not(hq: Served) -> None:
    lost = Finding(code="access-missing", step=StepName.MAILBOXES, subject=hq.tenant.addresses[0])
    blind = Finding(code="not-readable", severity="warning", step=StepName.EXCHANGE, subject="exchange")
    await seen(unread=(blind,))
    connection = await shown(hq)
    assert (connection["state"], connection["verified"], connection["findings"]) == ("ready", True, [])
    assert [one["code"] for one in connection["health"]["unread"]] == ["not-readable"]
    await seen(lost)
    connection = await shown(hq)
    assert (connection["state"], connection["verified"]) == ("action-required", False)
    assert connection["health"]["drift"] == [lost.id] == [one["id"] for one in connection["findings"]]
    assert connection["findings"][0]["action"]["command"]
    assert (await hq.client.get("/api/connections")).json()["items"][0]["findings"] == ["access-missing"]


async def test_a_snooze_puts_one_finding_to_sleep_until_its_end_or_until_somebody_wakes_it(hq: Served) -> None:
    lost = Finding(code="access-missing", step=StepName.MAILBOXES, subject=hq.tenant.addresses[0])
    await seen(lost)
    body = {"id": lost.id, "reason": "on leave until the new year", "until": until(days=30)}
    health = (await hq.client.post(SNOOZE, json=body)).json()
    (kept,) = health["snoozed"]
    assert (kept["id"], kept["reason"], health["drift"]) == (lost.id, body["reason"], [])
    assert kept["by"].endswith(", snooze_finding")
    assert kept["message"]
    assert (await shown(hq))["state"] == "ready"
    check = await services().checks.load(NAME)
    assert check.snoozed[0].digest == digest(lost)
    health = (await hq.client.delete(f"{SNOOZE}/{kept['key']}")).json()
    problem(await hq.client.delete(f"{SNOOZE}/{kept['key']}"), 404, "unknown-finding")
    assert (health["snoozed"], health["drift"]) == ([], [lost.id])
    history = (await hq.client.get(f"{PATH}/history")).json()["items"]
    assert [(one["action"], one["findings"]) for one in history[1:3]] == [
        ("wake", ["access-missing"]),
        ("snooze", ["access-missing"]),
    ]


async def test_what_protects_against_others_is_put_to_sleep_by_a_right_of_its_own(hq: Served) -> None:
    foreign = Finding(code="foreign-owner", step=StepName.APPLICATION, subject="0" * 8)
    await seen(foreign)
    body = {"id": foreign.id, "reason": "our other administrator", "until": until(days=30)}
    problem(await hq.client.post(SNOOZE, json=body), 422, "snooze-foreign")
    assert (await hq.client.post(f"{SNOOZE}/foreign", json=body)).json()["drift"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": "tomorrow"},
        {"until": "2027-01-31T18:00:00"},
        {"until": "9999-12-31T23:59:59-23:59"},
        {"reason": ""},
        {"reason": "x" * 301},
        {"reason": "a\u202eb"},
        {"id": 7},
        {"other": "x"},
    ],
)
async def test_a_snooze_without_reason_or_end_is_refused(hq: Served, wrong: dict[str, Any]) -> None:
    lost = Finding(code="access-missing", step=StepName.MAILBOXES, subject="a@contoso.example")
    await seen(lost)
    body = {"id": lost.id, "reason": "known", "until": until(days=30), **wrong}
    problem(await hq.client.post(SNOOZE, json=body), 422, "snooze-invalid")
    assert (await services().checks.load(NAME)).snoozed == []


@pytest.mark.parametrize("end", ["2020-01-31T18:00:00Z", "2999-01-31T18:00:00Z"])
async def test_nothing_sleeps_for_ever(hq: Served, end: str) -> None:
    lost = Finding(code="access-missing", step=StepName.MAILBOXES, subject="a@contoso.example")
    await seen(lost)
    problem(await hq.client.post(SNOOZE, json={"id": lost.id, "reason": "known", "until": end}), 409, "snooze-end")


async def test_only_what_is_seen_now_can_be_put_to_sleep(hq: Served) -> None:
    await seen()
    body = {"id": "access-missing:a@contoso.example", "reason": "known", "until": until(days=30)}
    problem(await hq.client.post(SNOOZE, json=body), 404, "unknown-finding")


async def test_the_hand_over_names_a_mailbox_as_it_is_called_now(hq: Served) -> None:
    old, new = hq.tenant.addresses[0], "new@contoso.example"
    changed = Finding(code="address-changed", step=StepName.MAILBOXES, subject=old, values={"address": new})
    await seen(changed, renamed={old: new})
    parameters = (await hq.client.get(f"{PATH}/parameters?secret=reference")).json()
    assert new in parameters["imap"]["mailboxes"]
    assert old not in parameters["imap"]["mailboxes"]
    assert not parameters["verified"]


async def test_a_document_that_cannot_be_read_is_as_if_nobody_had_looked_and_the_next_look_writes_it_anew(
    hq: Served,
) -> None:
    path = hq.store / "checks" / f"{NAME}.json"
    path.write_bytes(b"{broken")
    assert (await shown(hq))["health"] is None
    await hq.client.post(f"/api/check?name={NAME}")
    assert (await looked(hq))["health"]["answer"] == "good"
