"""Microsoft Graph's ``$batch``: what it takes, and that each part fares as it would alone."""

from __future__ import annotations

from typing import Any

from local.tenant import Tenant
from local.tenant.misbehaviour import Fault, Preset
from tests.local.tenant.clients import Clients, OpenClients

POLICY = {"id": "p", "method": "GET", "url": "/policies/defaultAppManagementPolicy?$select=isEnabled"}
NOBODY = {"id": "n", "method": "GET", "url": "applications/00000000-0000-0000-0000-000000000000"}


def asked(*requests: dict[str, Any]) -> dict[str, Any]:
    return {"requests": list(requests)}


async def test_each_part_has_an_answer_of_its_own_in_any_order(clients: Clients) -> None:
    orders = set()
    for _ in range(20):
        told = (await clients.ask_graph("POST", "/$batch", asked(POLICY, NOBODY))).json()["responses"]
        orders.add(tuple(one["id"] for one in told))
        found = {one["id"]: one for one in told}
        assert {id_: one["status"] for id_, one in found.items()} == {"p": 200, "n": 404}
        assert set(found["p"]["body"]) == {"@odata.context", "isEnabled"}
        assert found["n"]["body"]["error"]["code"] == "Request_ResourceNotFound"
        assert found["n"]["headers"]["request-id"]
    assert orders == {("p", "n"), ("n", "p")}


async def test_a_batch_is_one_call_and_its_parts_are_on_the_record(clients: Clients) -> None:
    tenant = clients.tenant
    await clients.token("graph")
    tenant.forget_requests()
    await clients.ask_graph("POST", "/$batch", asked(POLICY, NOBODY))
    assert tenant.calls == {"graph": 1}
    assert [(one.path, one.status, one.part, one.is_write) for one in tenant.requests] == [
        ("/v1.0/policies/defaultAppManagementPolicy", 200, True, False),
        ("/v1.0/applications/00000000-0000-0000-0000-000000000000", 404, True, False),
        ("/v1.0/$batch", 200, False, False),
    ]


async def test_what_a_part_changes_is_changed_and_recorded_as_a_write(clients: Clients) -> None:
    body = {"displayName": "UTM", "signInAudience": "AzureADMyOrg"}
    write = {"id": "w", "method": "POST", "url": "/applications", "headers": {"Content-Type": "application/json"}}
    (told,) = (await clients.ask_graph("POST", "/$batch", asked({**write, "body": body}))).json()["responses"]
    assert (told["status"], told["body"]["displayName"]) == (201, "UTM")
    assert [one.path for one in clients.tenant.writes()] == ["/v1.0/applications"]
    assert len(clients.tenant.world.applications) == 1


async def test_a_batch_that_graph_does_not_take_is_refused_whole(clients: Clients) -> None:
    many = [{**POLICY, "id": str(number)} for number in range(21)]
    refused: list[dict[str, Any]] = [
        asked(), asked(*many), asked(POLICY, {**NOBODY, "id": "P"}), asked({"id": "1", "method": "GET"}), {},
        {"requests": ["GET"]},
    ]  # fmt: skip
    for body in refused:
        assert (await clients.ask_graph("POST", "/$batch", body)).status_code == 400
    assert (await clients.ask_graph("POST", "/$batch", asked(*many[:20]))).status_code == 200
    assert (await clients.ask_graph("GET", "/$batch")).status_code == 400
    url = f"{clients.tenant.endpoints['graph']}/v1.0/$batch"
    assert (await clients.http.post(url, json=asked(POLICY))).status_code == 401


async def test_parts_fail_one_by_one_and_insist_for_themselves(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        parts = [{**NOBODY, "id": str(number), "url": f"/applications/{number}"} for number in range(12)]
        rates = {Fault.THROTTLED: 0.2, Fault.UNAVAILABLE: 0.1, Fault.DROPPED: 0.1, Fault.LOST: 0.1}
        tenant.misbehave(Preset(faults={"graph": rates}, in_a_row=1, retry_after=(40, 40)))
        answer = await clients.ask_graph("POST", "/$batch", asked(*parts))
        while not answer.is_success:
            tenant.advance(60)
            answer = await clients.ask_graph("POST", "/$batch", asked(*parts))
        told = answer.json()["responses"]
        assert {one["status"] for one in told} == {404, 429, 503}
        first = next(one for one in told if one["status"] == 429)
        assert first["headers"]["Retry-After"] == "40"
        alone = await clients.ask_graph("GET", f"/applications/{first['id']}")
        assert alone.status_code == 429
