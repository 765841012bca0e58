"""What goes wrong on purpose: when it does, when it does not, and that it is the same in every run.

Time stands still in these tests (``clock=0``) and passes only by ``advance``: nothing depends on how fast they run.
"""

from __future__ import annotations

import asyncio
import imaplib
from collections.abc import Awaitable, Callable, Mapping

import httpx
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError

from local.tenant import PresetName, Tenant
from local.tenant.chance import Chance
from local.tenant.clock import Clock
from local.tenant.misbehaviour import PRESETS, Fault, Misbehaviour, Preset
from local.tenant.replication import REPLICAS, Replication
from tests.local.tenant.clients import Clients, OpenClients, Registered

MAILBOX = "invoices@contoso.example"
NAMED = "/applications(uniqueName='utm-mail-connect-hq')"
MISLEADING = (
    "When using this permission, the backing application of the service principal being created must in the local "
    "tenant"
)
LONG_ENOUGH = 3600
MANY = 400


def misbehaving(preset: Preset, seed: int = 1, clock: Clock | None = None) -> Misbehaviour:
    return Misbehaviour(preset, Chance(seed), clock or Clock(0))


def always(service: str, fault: Fault) -> Preset:
    """Return a preset in which every first try of a request to a service meets this fault."""
    return Preset(faults={service: {fault: 1.0}}, in_a_row=1, retry_after=(7, 7))


def suffering(service: str, fault: Fault) -> Tenant:
    tenant = Tenant(preset="calm", clock=0)
    tenant.misbehave(always(service, fault))
    return tenant


async def eventually(request: Callable[[], Awaitable[httpx.Response]], status: int) -> int:
    """Repeat a request until it is answered so; return how often it was not."""
    for tries in range(100):
        if (await request()).status_code == status:
            return tries
    raise AssertionError(status)


@pytest.mark.parametrize("preset", ["normal", "hostile"])
@pytest.mark.parametrize("service", ["graph", "exchange", "vault", "token", "identity", "imap"])
def test_faults_come_about_as_often_as_the_preset_says(preset: PresetName, service: str) -> None:
    misbehaviour = misbehaving(PRESETS[preset])
    met = [misbehaviour.fault(service, f"request {number}", is_write=True) for number in range(MANY)]
    for fault, rate in PRESETS[preset].faults.get(service, {}).items():
        assert 0 < met.count(fault) < 3 * rate * MANY
    assert {fault for fault in met if fault} == PRESETS[preset].faults.get(service, {}).keys()


def test_a_calm_tenant_never_misbehaves() -> None:
    misbehaviour = misbehaving(PRESETS["calm"])
    assert not any(misbehaviour.fault("graph", str(number), is_write=True) for number in range(MANY))
    assert misbehaviour.later(PRESETS["calm"].imap_lag, "x") == 0


@pytest.mark.parametrize("preset", ["normal", "hostile"])
def test_the_same_request_is_not_struck_for_ever(preset: PresetName) -> None:
    misbehaviour = misbehaving(PRESETS[preset])
    struck = [misbehaviour.fault("graph", "PATCH /x", is_write=True) is not None for _ in range(MANY)]
    longest = max(len(run) for run in "".join("x" if hit else " " for hit in struck).split(" "))
    assert 1 <= longest <= PRESETS[preset].in_a_row


def test_reads_do_not_collide() -> None:
    misbehaviour = misbehaving(always("graph", Fault.CONCURRENT))
    assert misbehaviour.fault("graph", "GET /x", is_write=False) is None
    assert misbehaviour.fault("graph", "PATCH /x", is_write=True) is Fault.CONCURRENT


def test_decisions_depend_on_the_seed_and_on_what_is_asked_not_on_the_order() -> None:
    def decisions(seed: int, order: range) -> dict[int, Fault | None]:
        misbehaviour = misbehaving(PRESETS["hostile"], seed)
        return {number: misbehaviour.fault("graph", str(number), is_write=True) for number in order}

    assert decisions(1, range(MANY)) == decisions(1, range(MANY - 1, -1, -1))
    assert decisions(1, range(MANY)) != decisions(2, range(MANY))


def test_delays_lie_within_their_bounds_and_differ() -> None:
    misbehaviour = misbehaving(PRESETS["normal"])
    low, high = PRESETS["normal"].imap_lag
    delays = [misbehaviour.later((low, high), str(number)) for number in range(MANY)]
    assert low <= min(delays) < max(delays) < high


def test_a_hostile_tenant_is_slower_in_everything() -> None:
    normal, hostile = PRESETS["normal"], PRESETS["hostile"]
    for name in ("directory_lag", "token_lag", "exchange_lag", "imap_lag", "role_lag", "vault_lag", "retry_after"):
        assert getattr(hostile, name) > getattr(normal, name)
    assert sum(map(total, hostile.faults.values())) > sum(map(total, normal.faults.values()))


def total(rates: Mapping[Fault, float]) -> float:
    return sum(rates.values())


def test_a_write_arrives_at_one_replica_after_the_other() -> None:
    clock = Clock(0)
    replication = Replication(clock)
    replication.writing("x", "old", arrives=10)
    shown = []
    for _ in range(3):
        shown.append([replication.seen("x", "new", replica) for replica in REPLICAS])
        clock.advance(5)
    assert shown == [["new", "old", "old"], ["new", "new", "old"], ["new", "new", "new"]]


def test_the_clock_runs_as_fast_as_it_is_told() -> None:
    clock = Clock(60)
    assert clock.real(120) == 2
    clock.advance(3600)
    assert clock.now() >= 3600
    assert Clock(0).now() == 0


async def statuses(seed: int, clients_of: OpenClients) -> list[int]:
    async with Tenant(preset="normal", seed=seed, clock=0) as tenant, clients_of(tenant) as clients:
        found = []
        for number in range(12):
            path = f"/applications(uniqueName='app-{number}')"
            for method in ("PATCH", "GET", "GET", "DELETE"):
                answer = await clients.ask_graph(method, path, {"displayName": "UTM"}, Prefer="create-if-missing")
                found.append(answer.status_code)
        return found


async def test_a_run_is_repeated_by_its_seed(clients_of: OpenClients) -> None:
    first = await statuses(1, clients_of)
    assert await statuses(1, clients_of) == first
    assert await statuses(2, clients_of) != first
    assert {201, 200, 204, 404, 409, 429} == set(first)


async def test_reads_flap_until_a_write_has_arrived(clients_of: OpenClients) -> None:
    async with Tenant(preset="normal", clock=0) as tenant, clients_of(tenant) as clients:
        await eventually(made(clients), 201)
        seen = {(await clients.ask_graph("GET", NAMED)).status_code for _ in range(20)}
        tenant.advance(LONG_ENOUGH)
        later = {(await clients.ask_graph("GET", NAMED)).status_code for _ in range(20)}
    assert {200, 404} <= seen <= {200, 404, 429}
    assert later <= {200, 429}


async def test_a_change_flaps_too(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        registered = await clients.register()
        tenant.misbehave(Preset(directory_lag=(30, 30)))
        path = f"/applications/{registered.id}"
        await clients.ask_graph("PATCH", path, {"displayName": "Neu"})
        early = {(await clients.ask_graph("GET", path)).json()["displayName"] for _ in range(9)}
        tenant.advance(30)
        late = {(await clients.ask_graph("GET", path)).json()["displayName"] for _ in range(9)}
    assert early == {"UTM", "Neu"}
    assert late == {"Neu"}


async def test_a_role_takes_time_to_appear_in_tokens(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        registered = await clients.register()
        tenant.administrator.withdraw_consent(registered.app_id)
        tenant.misbehave(Preset(token_lag=(30, 30)))
        tenant.administrator.consent(registered.app_id)
        assert "roles" not in claims_of(await clients.exchange_token(registered))
        tenant.advance(30)
        assert claims_of(await clients.exchange_token(registered))["roles"] == ["IMAP.AccessAsApp"]


async def test_a_role_group_takes_time_to_count(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        tenant.administrator.set_directory_roles()
        tenant.misbehave(Preset(exchange_lag=(30, 30)))
        tenant.administrator.put_in_role_group({"Get-Mailbox"})
        with pytest.raises(httpx.DecodingError):
            await clients.cmdlet("Get-Mailbox")
        tenant.advance(30)
        assert (await clients.cmdlet("Get-Mailbox")).status_code == 200


def claims_of(token: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def test_an_access_given_by_cmdlet_takes_time_to_reach_imap(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        registered = await clients.register()
        await clients.connect(registered)
        tenant.misbehave(Preset(imap_lag=(300, 300)))
        await clients.connect(registered, MAILBOX)
        token = await clients.exchange_token(registered)
        assert await sign_in(clients, token) != "opened"
        tenant.advance(300)
        assert await sign_in(clients, token) == "opened"


def made(clients: Clients) -> Callable[[], Awaitable[httpx.Response]]:
    return lambda: clients.ask_graph("PATCH", NAMED, {"displayName": "UTM"}, Prefer="create-if-missing")


async def test_an_application_that_has_not_arrived_is_explained_misleadingly(clients_of: OpenClients) -> None:
    said = set()
    for seed in range(1, 7):
        async with Tenant(preset="normal", seed=seed, clock=0) as tenant, clients_of(tenant) as clients:
            await eventually(made(clients), 201)
            app_id = next(iter(tenant.world.applications.values())).app_id
            path = f"/servicePrincipals(appId='{app_id}')"
            for _ in range(12):
                answer = await clients.ask_graph("PATCH", path, {}, Prefer="create-if-missing")
                if answer.status_code in (400, 403):
                    said.add((answer.status_code, answer.json()["error"]["message"].replace(app_id, "…")))
    assert sorted(said) == [
        (400, "The appId '…' of the service principal does not reference a valid application object."),
        (403, MISLEADING),
    ]


async def test_an_assignment_to_what_has_not_arrived_is_refused_in_two_ways(clients_of: OpenClients) -> None:
    said = set()
    for seed in range(1, 7):
        async with Tenant(preset="normal", seed=seed, clock=0) as tenant, clients_of(tenant) as clients:
            application = tenant.administrator.register_application("mine")
            application.owners = [tenant.world.identity.object_id]
            path = f"/servicePrincipals(appId='{application.app_id}')"
            await eventually(lambda: clients.ask_graph("PATCH", path, {}, Prefer="create-if-missing"), 201)  # noqa: B023
            principal = tenant.world.service_principal(application.app_id)
            resource = tenant.world.service_principal("00000002-0000-0ff1-ce00-000000000000")
            assert principal is not None
            assert resource is not None
            body = {"principalId": principal.id, "resourceId": resource.id, "appRoleId": "wrong"}
            for _ in range(6):
                answer = await clients.ask_graph("POST", f"/servicePrincipals/{resource.id}/appRoleAssignedTo", body)
                said.add((answer.status_code, answer.json()["error"]["message"][:32]))
    assert (400, "Not a valid reference update.") in said
    assert any(status == 404 for status, _ in said)


async def settled(tenant: Tenant, clients: Clients) -> Registered:
    """Register an application in a tenant that is put to rest for that."""
    preset = tenant.misbehave(PRESETS["calm"])
    registered = await clients.register()
    tenant.misbehave(preset)
    return registered


async def test_a_fresh_secret_is_refused_at_first(clients_of: OpenClients) -> None:
    async with Tenant(preset="normal", clock=0) as tenant, clients_of(tenant) as clients:
        registered = await settled(tenant, clients)
        add = f"/applications/{registered.id}/addPassword"
        answer = await clients.ask_graph("POST", add, {})
        while answer.status_code != 200:
            tenant.advance(10)
            answer = await clients.ask_graph("POST", add, {})
        fresh = Registered(registered.id, registered.app_id, registered.principal_id, answer.json()["secretText"], "")
        with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
            await clients.exchange_token(fresh)
        tenant.advance(LONG_ENOUGH)
        assert await clients.exchange_token(fresh)


async def test_imap_takes_minutes_to_know_an_access(clients_of: OpenClients) -> None:
    async with Tenant(preset="normal", clock=0) as tenant, clients_of(tenant) as clients:
        registered = await settled(tenant, clients)
        tenant.administrator.new_service_principal(registered.app_id, registered.principal_id)
        token = await clients.exchange_token(registered)
        assert await sign_in(clients, token) == "authenticate"
        tenant.advance(LONG_ENOUGH)
        tenant.administrator.add_mailbox_permission(MAILBOX, registered.app_id)
        assert await sign_in(clients, token) in ("authenticate", "open")
        tenant.advance(LONG_ENOUGH)
        assert await sign_in(clients, token) == "opened"


async def sign_in(clients: Clients, token: str) -> str:
    """Return how far a sign-in gets, once the connection is not dropped."""
    while True:
        try:
            return (await asyncio.to_thread(clients.open_mailbox, MAILBOX, token))[0]
        except (imaplib.IMAP4.abort, OSError):
            continue


async def test_a_throttled_request_is_refused_until_the_time_is_over(clients_of: OpenClients) -> None:
    async with suffering("graph", Fault.THROTTLED) as tenant, clients_of(tenant) as clients:
        first = await clients.ask_graph("GET", "/applications")
        tenant.advance(4)
        second = await clients.ask_graph("GET", "/applications")
        tenant.advance(3)
        third = await clients.ask_graph("GET", "/applications")
    assert [answer.status_code for answer in (first, second, third)] == [429, 429, 200]
    assert (first.headers["Retry-After"], second.headers["Retry-After"]) == ("7", "3")


async def test_exchange_throttles_in_plain_text(clients_of: OpenClients) -> None:
    async with suffering("exchange", Fault.CONCURRENT) as tenant, clients_of(tenant) as clients:
        answer = await clients.cmdlet("New-ServicePrincipal", AppId="a", ObjectId="b")
    assert answer.status_code == 429
    assert answer.text.startswith("You have reached the maximum number of concurrent requests per tenant.")
    assert answer.headers["Rate-Limit-Remaining"] == "0"
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("service", ["graph", "exchange", "vault", "token", "identity"])
@pytest.mark.parametrize(("fault", "status"), [(Fault.THROTTLED, 429), (Fault.UNAVAILABLE, 503)])
async def test_every_service_has_its_own_way_to_say_so(
    clients_of: OpenClients, service: str, fault: Fault, status: int
) -> None:
    async with suffering(service, fault) as tenant, clients_of(tenant) as clients:
        answer = await ask(clients, service)
    assert answer.status_code == status
    assert tenant.requests[-1].status == status


async def ask(clients: Clients, service: str) -> httpx.Response:
    endpoints = clients.tenant.endpoints
    match service:
        case "graph":
            return await clients.ask_graph("GET", "/applications")
        case "exchange":
            return await clients.cmdlet("Get-Mailbox")
        case "vault":
            return await clients.ask_vault("GET", "/secrets")
        case "token":
            return await clients.http.post(f"{endpoints['authority']}/{endpoints['tenantId']}/oauth2/v2.0/token")
        case _:
            return await clients.http.get(endpoints["identityEndpoint"])


async def test_a_collision_is_a_409(clients_of: OpenClients) -> None:
    async with suffering("graph", Fault.CONCURRENT) as tenant, clients_of(tenant) as clients:
        answer = await made(clients)()
        assert answer.json()["error"]["code"] == "Directory_ConcurrencyViolation"
        assert (await made(clients)()).status_code == 201


async def test_a_mute_403_comes_and_goes(clients_of: OpenClients) -> None:
    async with suffering("exchange", Fault.NUL_BODY) as tenant, clients_of(tenant) as clients:
        with pytest.raises(httpx.DecodingError):
            await clients.cmdlet("Get-Mailbox")
        assert tenant.requests[-1].status == 403
        assert (await clients.cmdlet("Get-Mailbox")).status_code == 200


@pytest.mark.parametrize(("fault", "applications"), [(Fault.DROPPED, 0), (Fault.LOST, 1)])
async def test_a_connection_breaks_before_or_after_the_effect(
    clients_of: OpenClients, fault: Fault, applications: int
) -> None:
    async with suffering("graph", fault) as tenant, clients_of(tenant) as clients:
        with pytest.raises(httpx.TransportError):
            await made(clients)()
        assert len(tenant.world.applications) == applications
        assert (tenant.requests[-1].status, tenant.requests[-1].is_write) == (0, True)


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.UNAVAILABLE])
async def test_imap_breaks_off(clients_of: OpenClients, fault: Fault) -> None:
    async with suffering("imap", fault) as tenant, clients_of(tenant) as clients:
        with pytest.raises((imaplib.IMAP4.abort, OSError)):
            await asyncio.to_thread(clients.open_mailbox, MAILBOX, "token")
        assert tenant.requests[-1].status == "BYE"


async def test_writes_may_answer_with_nothing_and_warn_twice(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        tenant.misbehave(Preset(empty_answers=1, odd_answers=1))
        parameters = {"Identity": MAILBOX, "User": "b", "AccessRights": ["FullAccess"]}
        made = await clients.cmdlet("New-ServicePrincipal", AppId="a", ObjectId="b")
        await clients.cmdlet("Add-MailboxPermission", **parameters)
        again = await clients.cmdlet("Add-MailboxPermission", **parameters)
        read = await clients.cmdlet("Get-ServicePrincipal", Identity="a")
    assert made.json()["value"] == []
    assert len(again.json()["@adminapi.warnings"]) == 2
    assert read.json()["value"][0]["AppId"] == "a"


async def test_an_error_comes_in_any_shape_and_with_any_status(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        tenant.misbehave(Preset(odd_answers=1))
        answers = [await clients.cmdlet("Get-Mailbox", Identity="nobody@contoso.example") for _ in range(30)]
    assert {answer.status_code for answer in answers} == {400, 404, 500}
    assert {answer.json()["error"]["details"][0]["message"][0] for answer in answers} == {"|", "E", "{"}


async def test_requests_of_a_batch_fail_one_by_one(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        tenant.misbehave(Preset(faults={"exchange": {Fault.THROTTLED: 0.3, Fault.UNAVAILABLE: 0.3}}, in_a_row=1))
        requests = [
            {"id": address, "body": {"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {"Identity": address}}}}
            for address in [*tenant.addresses, *(f"nobody{number}@contoso.example" for number in range(7))]
        ]
        answers = []
        for _ in range(6):
            answers.append(await clients.exchange({"requests": requests}, route="$batch"))
            tenant.advance(60)
    found = {part["status"] for answer in answers if answer.is_success for part in answer.json()["responses"]}
    assert found == {200, 404, 429, 503}


async def test_a_vault_that_is_busy_says_so(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        tenant.misbehave(Preset(vault_lag=(5, 5)))
        await clients.ask_vault("PUT", "/secrets/hq", {"value": "one"})
        await clients.ask_vault("DELETE", "/secrets/hq")
        deleting = await clients.ask_vault("POST", "/deletedsecrets/hq/recover")
        unseen = await clients.ask_vault("GET", "/deletedsecrets/hq")
        tenant.advance(5)
        recovered = await clients.ask_vault("POST", "/deletedsecrets/hq/recover")
        recovering = await clients.ask_vault("PUT", "/secrets/hq", {"value": "two"})
        tenant.advance(5)
        written = await clients.ask_vault("PUT", "/secrets/hq", {"value": "two"})
    assert deleting.json()["error"]["innererror"]["code"] == "ObjectIsBeingDeleted"
    assert unseen.status_code == 404
    assert recovered.status_code == 200
    assert recovering.json()["error"]["innererror"]["code"] == "ObjectIsBeingRecovered"
    assert written.status_code == 200


async def test_exchange_does_not_resolve_a_principal_at_once(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        tenant.misbehave(Preset(exchange_lag=(30, 30)))
        await clients.cmdlet("New-ServicePrincipal", AppId="a", ObjectId="b")
        parameters = {"Identity": MAILBOX, "User": "b", "AccessRights": ["FullAccess"]}
        early = {
            (await clients.cmdlet("Get-MailboxPermission", Identity=MAILBOX, User="b")).status_code for _ in range(9)
        }
        tenant.advance(30)
        late = {(await clients.cmdlet("Add-MailboxPermission", **parameters)).status_code for _ in range(9)}
    assert early == {200, 404}
    assert late == {200}
