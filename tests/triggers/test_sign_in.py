"""Who comes in by which door: every route and every caller. A route that no row of ``ROWS`` names fails here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization

from connector.services import close_services
from local.tenant import Tenant
from local.tenant.people import ROLES
from tests.triggers.served import NAME, Served, app_routes
from triggers.caller import SIGNED_IN
from triggers.route import OPEN, ROUTES, Role

pytestmark = pytest.mark.asyncio(loop_scope="module")
R, O, A, S = (frozenset({role}) for role in ROLES)  # noqa: E741 - one letter a role
ANY = R | O | A | S
BOTH = O | S
ROWS: Mapping[str, frozenset[str]] = {
    "list_connections": ANY,
    "read_connection": ANY,
    "read_history": ANY,
    "read_plan": ANY,
    "read_report": ANY,
    "read_health": ANY,
    "read_caller": ANY,
    "read_status": ANY,
    "list_targets": ANY,
    "read_target": ANY,
    "list_deliveries": ANY,
    "start_check": O,
    "test_alarm": O,
    "snooze_finding": O,
    "wake_finding": O,
    "snooze_foreign_finding": A,
    "put_target": O,
    "remove_target": O,
    "test_target": O,
    "resend_delivery": O,
    "read_parameters": S,
    "create_connection": O,
    "verify_connection": O,
    "cancel_connection": O,
    "repair_connection": O,
    "remove_connection": O,
    "confirm_secret": O,
    "rotate_secret": O,
    "abandon_rotation": O,
    "accept_finding": A,
    "withdraw_acceptance": A,
}
"""Which of the roles alone opens a route, written down a second time: what a route declares is not believed."""
EXTRA: Mapping[str, frozenset[str]] = {"give_certificate": frozenset({"Operator", "SecretReader"})}
"""Routes that take two roles together."""


@dataclass(frozen=True)
class Caller:
    """Who calls: the headers, and the roles that they are worth; None is nobody."""

    headers: Mapping[str, str]
    roles: frozenset[str] | None


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def hs256(tenant: Tenant) -> str:
    """Sign with the public key, which everybody may read."""
    people = tenant.people
    kid = people.published()["keys"][0]["kid"]
    pem = people.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    claims = people.claims(people.with_roles(*ROLES), tenant.issuer)
    text = f"{part({'alg': 'HS256', 'kid': kid})}.{part(claims)}"
    return f"{text}.{base64.urlsafe_b64encode(hmac.digest(pem, text.encode(), hashlib.sha256)).rstrip(b'=').decode()}"


def unsigned(tenant: Tenant) -> str:
    people = tenant.people
    kid = people.published()["keys"][0]["kid"]
    return f"{part({'alg': 'none', 'kid': kid})}.{part(people.claims(people.with_roles(*ROLES), tenant.issuer))}."


def forged(tenant: Tenant) -> dict[str, str]:
    """Return what App Service's own sign-in and a front end would say, as anybody may send it."""
    person = tenant.people.with_roles(*ROLES)
    claims = [{"typ": "roles", "val": role} for role in ROLES]
    principal = base64.b64encode(json.dumps({"auth_typ": "aad", "claims": claims}).encode()).decode()
    return {
        "X-MS-CLIENT-PRINCIPAL": principal,
        "X-MS-CLIENT-PRINCIPAL-ID": person.id,
        "X-MS-CLIENT-PRINCIPAL-NAME": person.address,
        "X-MS-CLIENT-PRINCIPAL-IDP": "aad",
        "X-MS-TOKEN-AAD-ACCESS-TOKEN": "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.e30.",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Host": "login.microsoftonline.com",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-User": person.address,
        "X-Original-URL": "/api/openapi.json",
        "X-HTTP-Method-Override": "GET",
    }


def with_token(token: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **headers}


def callers(one: Served) -> dict[str, Caller]:
    """Return everybody who may come to the door for who signs in."""
    tenant, people, now = one.tenant, one.tenant.people, int(time.time())
    key = {"x-functions-key": one.host.key}

    def signed(*roles: str, **changes: Any) -> dict[str, str]:
        return with_token(tenant.token(*roles, **changes))

    def all_but(**changes: Any) -> Caller:
        return Caller(signed(*ROLES, **changes), None)

    everyone = people.with_roles(*ROLES)
    id_token = people.signed(people.id_claims(everyone, tenant.issuer, "nonce"))
    program = people.program("Reader", "Operator")
    for_program = people.signed(people.claims(program, tenant.issuer))
    claims = people.claims(everyone, tenant.issuer)
    strange = {
        "kid with path": "../../../keys",
        "unknown kid": "nobody-knows",
        "kid is an address": "https://evil.example",
    }
    return {
        **{role: Caller(signed(role), frozenset({role})) for role in ROLES},
        "two roles": Caller(signed("Operator", "SecretReader"), BOTH),
        "all roles": Caller(signed(*ROLES), ANY),
        "Reader, and forged headers": Caller(signed("Reader") | forged(tenant), R),
        "all roles, and a wrong key": Caller(signed(*ROLES) | {"x-functions-key": "wrong"}, ANY),
        "a role that there is not": Caller(signed("Reader", roles=["Owner", "reader", "Reader "]), frozenset()),
        "no role": Caller(with_token(people.signed(claims | {"roles": []})), frozenset()),
        "a program": Caller(with_token(for_program), R | O),
        "a program without roles": Caller(
            with_token(people.signed(people.claims(people.program(), tenant.issuer))), frozenset()
        ),
        "no credential": Caller({}, None),
        "host key": Caller(key, None),
        "host key as a token": Caller(with_token(one.host.key), None),
        "empty token": Caller({"Authorization": "Bearer"}, None),
        "no scheme": Caller({"Authorization": tenant.token(*ROLES)}, None),
        "other scheme": Caller({"Authorization": f"Basic {tenant.token(*ROLES)}"}, None),
        "two tokens": Caller(with_token(f"{tenant.token(*ROLES)},Bearer {tenant.token(*ROLES)}"), None),
        "token elsewhere": Caller(
            {"X-Authorization": f"Bearer {tenant.token(*ROLES)}", "Cookie": tenant.token("Reader")}, None
        ),
        "forged headers": Caller(forged(tenant), None),
        "forged headers and host key": Caller(forged(tenant) | key, None),
        "expired": all_but(exp=now - 120),
        "not yet valid": all_but(nbf=now + 3600),
        "other tenant": all_but(tid="99999999-0000-4000-8000-000000000000"),
        "other audience": all_but(aud="00000003-0000-0000-c000-000000000000"),
        "other issuer": all_but(iss="https://login.microsoftonline.com/common/v2.0"),
        "other tenant as issuer": all_but(iss=tenant.issuer.replace(tenant.world.tenant_id, "9" * 36)),
        "version 1": all_but(ver="1.0"),
        "no scp": all_but(scp=None),
        "other scp": all_but(scp="User.Read"),
        "program without its mark": Caller(
            with_token(people.signed(people.claims(program, tenant.issuer, idtyp=None))), None
        ),
        "id token": Caller(with_token(id_token), None),
        "alg none": Caller(with_token(unsigned(tenant)), None),
        "HS256 with the public key": Caller(with_token(hs256(tenant)), None),
        "no signature": Caller(with_token(tenant.token(*ROLES).rpartition(".")[0] + "."), None),
        "secret of the identity": Caller(with_token(tenant.endpoints["identityHeader"]), None),
        **{name: Caller(with_token(people.signed(claims, kid=kid)), None) for name, kid in strange.items()},
        "a key of one's own": Caller(
            with_token(jwt.encode(claims, "x" * 64, algorithm="HS256", headers={"kid": "x"})), None
        ),
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def everybody(hq: Served) -> dict[str, Caller]:
    return callers(hq)


async def test_each_route_that_takes_a_role_has_its_row() -> None:
    assert {*ROWS, *EXTRA} == {name for name, one in ROUTES.items() if one.role is not None}
    assert {one.path for one in ROUTES.values() if one.role is None} == OPEN


def opens(name: str, roles: frozenset[str]) -> bool:
    return EXTRA[name] <= roles if name in EXTRA else not ROWS[name].isdisjoint(roles)


async def test_the_door_for_who_signs_in_opens_to_the_right_ones(hq: Served, everybody: dict[str, Caller]) -> None:
    async with httpx.AsyncClient(base_url=hq.host.url) as client:
        for route in app_routes():
            if ROUTES[route.function].role is None:
                continue
            for who, one in everybody.items():
                answer = await client.request(route.method, f"{SIGNED_IN}{route.at('-')}", headers=one.headers)
                case = (route.function, who, answer.status_code, answer.text)
                if one.roles is None:
                    assert answer.status_code == 401, case
                    assert answer.headers["www-authenticate"].startswith("Bearer authorization_uri="), case
                elif opens(route.function, one.roles):
                    assert answer.status_code not in {401, 403, 500}, case
                else:
                    assert (answer.status_code, answer.json()["code"]) == (403, "role-missing"), case
                    assert any(role in answer.json()["detail"] for role in Role), case


async def test_the_door_for_keys_opens_to_keys_alone(hq: Served, everybody: dict[str, Caller]) -> None:
    async with httpx.AsyncClient(base_url=hq.host.url) as client:
        for route in app_routes():
            if ROUTES[route.function].role is None:
                continue
            another = next(key for name, key in hq.host.function_keys.items() if name != route.function)
            closed = [one.headers for one in everybody.values() if "x-functions-key" not in one.headers]
            closed += [{"x-functions-key": "wrong"}, {"x-functions-key": another}]
            for headers in closed:
                answer = await client.request(route.method, route.at("-"), headers=headers)
                assert (answer.status_code, answer.text) == (401, ""), (route.function, headers)
            for key in (hq.host.key, hq.host.function_keys[route.function]):
                answer = await client.request(route.method, route.at("-"), headers={"x-functions-key": key})
                assert answer.status_code not in {401, 403, 500}, (route.function, answer.text)


DISGUISED = (
    "?secret=reference&secret=value", "?secret=reference,value", "?SECRET=value", "?secret=", "?%73ecret=value",
    "?secret=reference&Secret=value", "?secret=reference%26secret=value", "?secret=REFERENCE",
)  # fmt: skip


async def test_the_value_of_the_secret_takes_a_role_of_its_own(hq: Served) -> None:
    path = f"{SIGNED_IN}/api/connections/{NAME}/parameters"
    async with httpx.AsyncClient(base_url=hq.host.url) as client:
        for role in ROLES:
            headers = with_token(hq.tenant.token(role))
            for query in ("", "?secret=value"):
                answer = await client.get(path + query, headers=headers)
                assert answer.status_code == (200 if role == "SecretReader" else 403), (role, query)
            reference = await client.get(f"{path}?secret=reference", headers=headers)
            assert reference.status_code == 200
            assert reference.json()["clientSecret"] is None
        # Whatever is made of a doubled or hidden name, it is made of it once.
        for query in DISGUISED:
            answer = await client.get(path + query, headers=with_token(hq.tenant.token("Reader")))
            assert answer.status_code in {403, 422}, query
            assert hq.tenant.issued.isdisjoint(answer.text.split('"'))


async def test_links_stay_among_the_routes_of_the_caller(hq: Served) -> None:
    async with httpx.AsyncClient(base_url=hq.host.url) as client:
        headers = with_token(hq.tenant.token(*ROLES))
        begun = await client.post(f"{SIGNED_IN}/api/connections/{NAME}/verify", headers=headers)
        assert begun.headers["location"] == begun.json()["location"] == f"{SIGNED_IN}/api/connections/{NAME}"
        for route in app_routes():
            if route.method == "GET" and ROUTES[route.function].role is not None:
                answer = await client.get(f"{SIGNED_IN}{route.at(NAME)}", headers=headers)
                assert '"/api/' not in answer.text, route.function
        while (await client.get(begun.headers["location"], headers=headers)).json()["state"] == "running":
            pass


async def test_who_asks_is_told_who_that_is_and_what_is_missing(hq: Served) -> None:
    async with httpx.AsyncClient(base_url=hq.host.url) as client:
        person = hq.tenant.people.with_roles("Operator")
        found = (await client.get(f"{SIGNED_IN}/api/caller", headers=with_token(hq.tenant.token("Operator")))).json()
        assert (found["kind"], found["id"], found["name"], found["roles"]) == (
            "person",
            person.id,
            person.name,
            ["Operator"],
        )
        assert found["may"]["create_connection"] == []
        assert found["may"]["read_parameters"] == ["SecretReader"]
        by_key = (await client.get("/api/caller", headers={"x-functions-key": hq.host.key})).json()
        assert (by_key["kind"], by_key["id"], by_key["roles"]) == ("key", None, [])
        assert not any(by_key["may"].values())


async def test_a_name_stands_with_everything_that_was_asked(hq: Served, caplog: pytest.LogCaptureFixture) -> None:
    people = hq.tenant.people
    program = people.program("SecretReader")
    tokens = {
        people.with_roles("SecretReader").id: hq.tenant.token("SecretReader"),
        program.app_id: people.signed(people.claims(program, hq.tenant.issuer)),
    }
    path = f"/api/connections/{NAME}/parameters"
    async with httpx.AsyncClient(base_url=hq.host.url) as client:
        with caplog.at_level("INFO", logger="connector"):
            for token in tokens.values():
                (await client.get(SIGNED_IN + path, headers=with_token(token))).raise_for_status()
            (await client.get(path, headers={"x-functions-key": hq.host.key})).raise_for_status()
        reader = with_token(hq.tenant.token("Reader"))
        history = (await client.get(f"{SIGNED_IN}/api/connections/{NAME}/history?top=3", headers=reader)).json()[
            "items"
        ]
    by_key, by_program, by_person = (one["caller"] for one in history)
    assert (by_person["kind"], by_person["id"], by_person["name"]) == (
        "person",
        next(iter(tokens)),
        "Selma SecretReader",
    )
    assert (by_program["kind"], by_program["id"], by_program["name"]) == ("program", program.app_id, None)
    assert (by_key["kind"], by_key["id"], by_key["function"]) == ("key", None, "read_parameters")
    lines = [json.loads(one.getMessage()) for one in caplog.records]
    read = [(one["caller"], one.get("name")) for one in lines if one["event"] == "parameters-read"]
    person, of_program, of_key = read
    assert person == (f"person {by_person['id']}", "Selma SecretReader")
    assert of_program == (f"program {program.app_id}", None)
    assert of_key[0].startswith("key ")
    assert not any(token in one.getMessage() for one in caplog.records for token in tokens.values())


async def test_a_thousand_tokens_with_unknown_keys_make_entra_give_its_keys_once(hq: Served) -> None:
    people = hq.tenant.people
    claims = people.claims(people.with_roles(*ROLES), hq.tenant.issuer)
    hq.tenant.forget_requests()
    async with httpx.AsyncClient(base_url=hq.host.url) as client:
        for number in range(1_000):
            text = f"{part({'alg': 'RS256', 'kid': f'unknown-{number}'})}.{part(claims)}.c2lnbmF0dXJl"
            answer = await client.get(f"{SIGNED_IN}/api/caller", headers=with_token(text))
            assert answer.status_code == 401
    asked = [one for one in hq.tenant.requests if one.path.endswith("/discovery/v2.0/keys")]
    assert len(asked) <= 1


async def test_while_entra_is_away_who_has_a_known_key_still_comes_in(hq: Served) -> None:
    reader = with_token(hq.tenant.token("Reader"))
    async with httpx.AsyncClient(base_url=hq.host.url) as client:
        assert (await client.get(f"{SIGNED_IN}/api/caller", headers=reader)).status_code == 200
        hq.tenant.away = lambda service: service in {"token", "identity"}
        try:
            assert (await client.get(f"{SIGNED_IN}/api/caller", headers=reader)).status_code == 200
        finally:
            hq.tenant.away = lambda _: False


async def test_while_the_own_identity_has_no_token_nobody_comes_in_and_it_is_not_asked_for_each_request(
    hq: Served,
) -> None:
    token = with_token(hq.tenant.token("Reader"))
    await close_services()
    hq.tenant.forget_tokens()
    hq.tenant.forget_requests()
    hq.tenant.away = lambda service: service == "identity"
    try:
        async with httpx.AsyncClient(base_url=hq.host.url, timeout=60) as client:
            for _ in range(20):
                nobody = await client.get(f"{SIGNED_IN}/api/caller")
                assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")
                somebody = await client.get(f"{SIGNED_IN}/api/caller", headers=token)
                assert (somebody.status_code, somebody.json()["code"]) == (502, "service-failed")
    finally:
        hq.tenant.away = lambda _: False
        await close_services()
    assert hq.tenant.calls["identity"] <= 6  # azure-identity tries three times by itself


SWITCHED: list[tuple[dict[str, str], int, str, int, str]] = [
    ({"CONNECTOR_SIGN_IN": ""}, 200, "", 401, "sign-in-off"),
    ({"CONNECTOR_KEYS": "off"}, 403, "keys-off", 200, ""),
    ({"CONNECTOR_KEYS": "OFF "}, 403, "keys-off", 200, ""),
    ({"CONNECTOR_KEYS": "off", "CONNECTOR_VERIFY_MINUTES": "0"}, 403, "keys-off", 503, "settings-invalid"),
    ({"CONNECTOR_KEYS": "off", "CONNECTOR_SIGN_IN": ""}, 503, "settings-invalid", 503, "settings-invalid"),
    ({"CONNECTOR_KEYS": "perhaps"}, 503, "settings-invalid", 503, "settings-invalid"),
    ({"CONNECTOR_SIGN_IN": "my app"}, 503, "settings-invalid", 503, "settings-invalid"),
]


@pytest.mark.parametrize(("switches", "key", "key_code", "token", "token_code"), SWITCHED)
async def test_each_way_in_is_switched_by_a_setting(
    hq: Served,
    monkeypatch: pytest.MonkeyPatch,
    switches: dict[str, str],
    key: int,
    key_code: str,
    token: int,
    token_code: str,
) -> None:
    by_token, by_key = with_token(hq.tenant.token("Reader")), {"x-functions-key": hq.host.key}
    await close_services()
    with monkeypatch.context() as environment:
        for name, value in switches.items():
            environment.setenv(name, value)
        async with httpx.AsyncClient(base_url=hq.host.url) as client:
            for path, headers, status, code in (
                ("/api/caller", by_key, key, key_code),
                (f"{SIGNED_IN}/api/caller", by_token, token, token_code),
            ):
                answer = await client.get(path, headers=headers)
                assert (answer.status_code, answer.json().get("code", "")) == (status, code)
                assert answer.status_code == 200 or "CONNECTOR_VERIFY" not in answer.text
        await close_services()
