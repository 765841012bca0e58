"""Accepting: only what is shown, only what may be, only for the application that it is about; and withdrawing it."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from connector.finding import Finding
from connector.steps import StepName
from tests.triggers.served import NAME, PATH, Served, problem, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
OTHER = "0a1b2c3d-0000-4000-8000-00000000000b"
ACCEPT = f"{PATH}/accept"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stuck(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve a connection that a foreign owner has stopped, and that a person has then cancelled."""
    async with running(tmp_path_factory.mktemp("store")) as one:
        body = {"name": NAME, "mailboxes": one.tenant.addresses}
        await one.set_up(body)
        (application,) = one.tenant.world.applications.values()
        one.tenant.administrator.add_owner(application)
        await one.set_up(body)
        await one.client.post(f"{PATH}/cancel")
        await one.until(lambda seen: seen["state"] == "cancelled")
        yield one


async def finding(one: Served, code: str = "foreign-owner") -> dict[str, Any]:
    findings: list[dict[str, Any]] = (await one.client.get(PATH)).json()["findings"]
    return next(each for each in findings if each["code"] == code)


def chosen(found: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"id": found["id"], "applicationId": found["applicationId"], **other}


async def test_a_finding_names_the_application_that_it_is_about(stuck: Served) -> None:
    found, (application,) = await finding(stuck), stuck.tenant.world.applications.values()
    assert found["applicationId"] == application.app_id
    assert found["action"]["accept"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "id"),
        ({"id": "foreign-owner:x"}, "applicationId"),
        ({"applicationId": OTHER}, "id"),
        ({"id": "", "applicationId": OTHER}, "id"),
        ({"id": "x" * 201, "applicationId": OTHER}, "id"),
        ({"id": ["foreign-owner:x"], "applicationId": OTHER}, "id"),
        ({"id": "foreign-owner:x", "applicationId": None}, "applicationId"),
        ({"id": "foreign-owner:x", "applicationId": "*"}, "applicationId"),
        ({"id": "foreign-owner:x", "applicationId": f"{{{OTHER}}}"}, "applicationId"),
        ({"id": "foreign-owner:x", "applicationId": f"{OTHER}\n"}, "applicationId"),
        ({"id": "foreign-owner:x", "applicationId": OTHER, "by": "nobody"}, "by"),
        ({"ids": ["foreign-owner:x"], "id": "foreign-owner:x", "applicationId": OTHER}, "ids"),
        ([], "body"),
    ],
)
async def test_an_acceptance_that_does_not_say_which_and_of_what_is_refused(
    stuck: Served, body: Any, field: str
) -> None:
    async with stuck.nothing_happens():
        for language in ("de", "en"):
            answer = await stuck.client.post(ACCEPT, json=body, headers={"Accept-Language": language})
            assert problem(answer, 422, "acceptance-invalid")["field"] == field


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "not-json"),
        (b'{"id": "\xff"}', "application/json", 400, "not-utf8"),
        (b"{}", "text/plain", 415, "media-type"),
        (b'{"id": "a", "id": "b", "applicationId": "c"}', "application/json", 422, "field-doubled"),
        (b" " * 1_000_001, "application/json", 413, "body-too-large"),
    ],
)
async def test_an_acceptance_that_cannot_be_read_is_refused(
    stuck: Served, content: bytes, content_type: str, status: int, code: str
) -> None:
    async with stuck.nothing_happens():
        answer = await stuck.client.post(ACCEPT, content=content, headers={"Content-Type": content_type})
        problem(answer, status, code)


@pytest.mark.parametrize("change", [{"id": "foreign-owner:nobody"}, {"id": "foreign-owner"}, {"id": "*"}])
async def test_what_nothing_shows_cannot_be_accepted(stuck: Served, change: dict[str, str]) -> None:
    found = await finding(stuck)
    async with stuck.nothing_happens():
        answer = await stuck.client.post(ACCEPT, json=chosen(found, **change))
        assert change["id"] in problem(answer, 404, "unknown-finding")["detail"]


async def test_a_finding_is_not_accepted_for_another_application_than_it_is_about(stuck: Served) -> None:
    found = await finding(stuck)
    async with stuck.nothing_happens():
        for language in ("de", "en"):
            answer = await stuck.client.post(
                ACCEPT, json=chosen(found, applicationId=OTHER), headers={"Accept-Language": language}
            )
            document = problem(answer, 409, "accept-other-application")
            assert found["applicationId"] in document["detail"]
            assert OTHER in document["detail"]


async def test_accepting_is_shown_logged_and_does_not_go_on_by_itself_where_nothing_runs(
    stuck: Served, caplog: pytest.LogCaptureFixture
) -> None:
    found = await finding(stuck)
    key = stuck.host.function_keys["accept_finding"]
    async with httpx.AsyncClient(base_url=stuck.host.url, headers={"x-functions-key": key}) as approver:
        with caplog.at_level(logging.INFO, "connector"):
            first = await approver.post(ACCEPT, json=chosen(found, applicationId=found["applicationId"].upper()))
            again = await approver.post(ACCEPT, json=chosen(found))
    assert first.status_code == again.status_code == 200
    assert first.headers["cache-control"] == "no-store"
    assert first.json() == again.json()
    assert not first.json()["goesOn"]
    assert "start the set-up" in first.json()["message"]
    (item,) = first.json()["items"]
    assert (item["id"], item["code"], item["applicationId"]) == (
        found["id"],
        "foreign-owner",
        found["applicationId"],
    )
    assert item["message"] == found["message"]
    assert item["by"].startswith("key ")
    assert item["by"].endswith(", accept_finding")
    assert key not in caplog.text
    lines = [json.loads(one.getMessage()) for one in caplog.records if '"accept"' in one.getMessage()]
    assert [(one["connection"], one["outcome"], one["findings"]) for one in lines] == [
        (NAME, "accepted", found["id"])
    ] * 2
    newest = (await stuck.client.get(f"{PATH}/history", params={"top": 1})).json()["items"][0]
    assert (newest["action"], newest["findings"]) == ("accept", [found["id"]])
    assert newest["caller"]["key"] in item["by"]
    assert (await stuck.client.get(PATH)).json()["acceptances"] == [item]
    shown = await stuck.set_up({"name": NAME, "mailboxes": stuck.tenant.addresses})
    assert shown["state"] == "ready"
    assert [each["severity"] for each in shown["findings"] if each["code"] == "foreign-owner"] == ["info"]
    assert shown["acceptances"] == [item]


async def test_what_is_withdrawn_stops_again_and_can_be_accepted_anew(stuck: Served) -> None:
    body = {"name": NAME, "mailboxes": stuck.tenant.addresses}
    found = await finding(stuck)
    await stuck.client.post(ACCEPT, json=chosen(found))
    assert (await stuck.set_up(body))["state"] == "ready"
    path = f"{ACCEPT}/{found['id'].upper().replace(':', '%3A')}"
    for _ in range(2):
        answer = await stuck.client.delete(path)
        assert (answer.status_code, answer.json()["items"]) == (200, [])
    assert (await stuck.set_up(body))["state"] == "action-required"
    running_on = await stuck.client.post(ACCEPT, json=chosen(found))
    assert running_on.json()["goesOn"]
    await stuck.until(lambda seen: seen["state"] == "ready")
    withdrawn = await stuck.client.delete(path)
    assert not withdrawn.json()["goesOn"]
    answer = await stuck.client.post(ACCEPT, json=chosen(found))
    assert [each["id"] for each in answer.json()["items"]] == [found["id"]]


async def test_what_only_a_dry_run_shows_is_accepted_for_a_name_without_a_connection(stuck: Served) -> None:
    """Whoever looks first can decide first; withdrawing needs no connection either."""
    name = "planned"
    planted = stuck.tenant.administrator.register_application(f"utm-mail-connect-{name}")
    planted.owners = [*planted.owners, stuck.tenant.world.identity.object_id]
    body = {"name": name, "mailboxes": stuck.tenant.addresses}
    location = (await stuck.client.post("/api/connections?dryRun=true", json=body)).headers["location"]
    while (answer := await stuck.client.get(location)).status_code == 202:
        pass
    ours = [found for found in answer.json()["findings"] if found["action"]["accept"]]
    for found in ours:
        assert found["applicationId"] == planted.app_id
        accepted = await stuck.client.post(f"/api/connections/{name}/accept", json=chosen(found))
        assert (accepted.status_code, accepted.json()["goesOn"]) == (200, False)
    assert {each["id"] for each in (await stuck.client.get(location)).json()["acceptances"]} == {
        found["id"] for found in ours
    }
    for found in ours:
        answer = await stuck.client.delete(f"/api/connections/{name}/accept/{found['id']}")
        assert answer.status_code == 200
    assert answer.json()["items"] == []
    assert (await stuck.client.get(f"/api/connections/{name}")).status_code == 404


async def test_an_acceptance_and_its_withdrawal_are_meant_for_what_was_read(stuck: Served) -> None:
    found, before = await finding(stuck), await stuck.client.get(PATH)
    path, stale = f"{ACCEPT}/{found['id']}", '"1-0123456789abcdef01234567"'
    await stuck.client.delete(path)
    for if_match, status, code in ((stale, 412, "if-match-failed"), ("abc", 400, "if-match-invalid")):
        async with stuck.nothing_happens():
            answer = await stuck.client.post(ACCEPT, json=chosen(found), headers={"If-Match": if_match})
            problem(answer, status, code)
    tag = before.headers["etag"]
    accepted = await stuck.client.post(ACCEPT, json=chosen(found), headers={"If-Match": tag})
    assert (accepted.status_code, accepted.headers["etag"]) == (200, tag)
    for if_match, status, code in ((stale, 412, "if-match-failed"), ("abc", 400, "if-match-invalid")):
        async with stuck.nothing_happens():
            problem(await stuck.client.delete(path, headers={"If-Match": if_match}), status, code)
    withdrawn = await stuck.client.delete(path, headers={"If-Match": tag})
    assert (withdrawn.status_code, withdrawn.headers["etag"], withdrawn.json()["items"]) == (200, tag, [])


async def test_a_plan_that_cannot_be_read_is_in_no_acceptances_way(stuck: Served) -> None:
    found, plan = await finding(stuck), stuck.store / f"plans/{NAME}.json"
    plan.parent.mkdir(exist_ok=True)
    plan.write_bytes(b"{")
    answer = await stuck.client.post(ACCEPT, json=chosen(found))
    assert [each["id"] for each in answer.json()["items"]] == [found["id"]]
    assert plan.read_bytes() == b"{"
    problem(await stuck.client.post(f"/api/connections/{NAME}/accept", json=chosen(found, id="x")), 404,
            "unknown-finding")  # fmt: skip
    plan.unlink()


async def test_a_connection_that_cannot_be_read_is_in_no_withdrawals_way(stuck: Served) -> None:
    found, document = await finding(stuck), stuck.store / f"connections/{NAME}.json"
    await stuck.client.post(ACCEPT, json=chosen(found))
    tag, good, path = (await stuck.client.get(PATH)).headers["etag"], document.read_bytes(), f"{ACCEPT}/{found['id']}"
    document.write_bytes(b"{")
    async with stuck.nothing_happens():
        problem(await stuck.client.delete(path, headers={"If-Match": tag}), 409, "document-unreadable")
        problem(await stuck.client.post(ACCEPT, json=chosen(found)), 409, "document-unreadable")
    answer = await stuck.client.delete(path)
    assert (answer.status_code, answer.json()["items"], answer.json()["goesOn"]) == (200, [], False)
    assert "etag" not in answer.headers
    assert document.read_bytes() == b"{"
    document.write_bytes(good)


@pytest.mark.parametrize("code", ["foreign-owner", "foreign-credential", "application-deleted", "principal-stale"])
async def test_a_finding_that_says_of_no_application_cannot_be_accepted(code: str) -> None:
    assert not Finding(code=code, step=StepName.APPLICATION, subject="x").acceptable
    assert Finding(code=code, step=StepName.APPLICATION, values={"applicationId": OTHER}).acceptable
