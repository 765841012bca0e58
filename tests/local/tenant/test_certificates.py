"""Certificates and federated credentials of an application, and what signs in with them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from local.tenant import Tenant
from local.tenant.misbehaviour import Preset
from tests.local.tenant.clients import Clients, OpenClients, Registered
from tests.local.tenant.test_graph import code

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
EXCHANGE = "api://AzureADTokenExchange"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def certificate(key: Key = RSA, days: int = 365, ago: int = 0) -> str:
    """Return a certificate as Graph wants it: base64 of its DER."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "utm")])
    now = datetime.now(UTC).replace(microsecond=0)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=ago))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def entry(key: str, **more: Any) -> dict[str, Any]:
    return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": key, "displayName": "UTM", **more}


async def patch(clients: Clients, ours: Registered, *entries: dict[str, Any]) -> httpx.Response:
    return await clients.ask_graph("PATCH", f"/applications/{ours.id}", {"keyCredentials": list(entries)})


async def shown(clients: Clients, ours: Registered) -> list[dict[str, Any]]:
    answer = await clients.ask_graph("GET", f"/applications/{ours.id}?$select=keyCredentials")
    found: list[dict[str, Any]] = answer.json()["keyCredentials"]
    return found


async def sign_in(clients: Clients, ours: Registered, assertion: str) -> str:
    """Return the token endpoint's error code; an empty text for a token."""
    endpoints = clients.tenant.endpoints
    form = {
        "client_id": ours.app_id,
        "grant_type": "client_credentials",
        "scope": f"{endpoints['exchange']}/.default",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    answer = await clients.http.post(f"{endpoints['authority']}/{endpoints['tenantId']}/oauth2/v2.0/token", data=form)
    return str(answer.json().get("error_description", "")).partition(":")[0]


def signed(ours: Registered, key: Key = RSA, seconds: int = 300, **more: Any) -> str:
    now = int(datetime.now(UTC).timestamp())
    claims = {"iss": ours.app_id, "sub": ours.app_id, "aud": "token", "nbf": now - 10, "exp": now + seconds, **more}
    return jwt.encode(claims, key, algorithm="RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256")


async def test_the_collection_is_replaced_and_old_ones_are_sent_back_by_their_ids(clients: Clients) -> None:
    ours, first = await clients.register(), certificate()
    assert (await patch(clients, ours, entry(first))).status_code == 204
    (there,) = await shown(clients, ours)
    assert (there["key"], len(there["customKeyIdentifier"])) == (first, 40)
    back = {**there, "key": None}
    assert (await patch(clients, ours, back, entry(certificate()))).status_code == 204
    assert next(one["keyId"] for one in await shown(clients, ours)) == there["keyId"]
    assert len(await shown(clients, ours)) == 2
    assert await sign_in(clients, ours, signed(ours)) == ""
    assert (await patch(clients, ours)).status_code == 204
    assert await shown(clients, ours) == []
    assert await sign_in(clients, ours, signed(ours)) == "AADSTS700027"
    assert await clients.exchange_token(ours)  # secrets are no part of it


async def test_what_is_no_certificate_or_is_over_or_comes_twice_is_refused_and_changes_nothing(
    clients: Clients,
) -> None:
    ours, good = await clients.register(), certificate()
    await patch(clients, ours, entry(good))
    (there,) = before = await shown(clients, ours)
    over = entry(certificate(days=1), endDateTime=(datetime.now(UTC) + timedelta(days=9)).isoformat())
    refused = [
        [{**there, "key": None}, entry(good)],
        [{**there, "key": certificate()}],
        [{**there, "key": None, "displayName": "Another name"}],
        [{"keyId": there["keyId"][::-1], "key": None, "type": "AsymmetricX509Cert", "usage": "Verify"}],
        [entry("no base64")],
        [entry(base64.b64encode(b"no certificate").decode())],
        [entry(good, usage="Sign")],
        [over],
        [entry(certificate(days=-1, ago=9))],
    ]
    answers = [await patch(clients, ours, *entries) for entries in refused]
    assert [answer.status_code for answer in answers] == [400] * len(refused)
    assert code(answers[-1]) == "KeyCredentialsInvalidEndDate"
    assert await shown(clients, ours) == before


async def test_the_tenant_s_policy_limits_certificates(clients: Clients) -> None:
    ours = await clients.register()
    clients.tenant.administrator.limit_certificates(90)
    assert code(await patch(clients, ours, entry(certificate()))) == "CredentialInvalidLifetimeAsPerAppPolicy"
    assert (await patch(clients, ours, entry(certificate(days=80)))).status_code == 204
    clients.tenant.administrator.limit_certificates(trusted_only=True)
    assert code(await patch(clients, ours, entry(certificate()))) == "CredentialTypeNotAllowedAsPerAppPolicy"
    policy = (await clients.ask_graph("GET", "/policies/defaultAppManagementPolicy")).json()
    kinds = [one["restrictionType"] for one in policy["applicationRestrictions"]["keyCredentials"]]
    assert kinds == ["trustedCertificateAuthority"]


async def test_an_ec_certificate_is_accepted_and_does_not_sign_in(clients: Clients) -> None:
    ours = await clients.register()
    assert (await patch(clients, ours, entry(certificate(EC)))).status_code == 204
    assert await sign_in(clients, ours, signed(ours, EC)) == "AADSTS700027"


async def test_an_assertion_that_proves_nothing_is_refused(clients: Clients) -> None:
    ours = await clients.register()
    await patch(clients, ours, entry(certificate(days=30)))
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert await sign_in(clients, ours, signed(ours, other)) == "AADSTS700027"
    assert await sign_in(clients, ours, signed(ours, seconds=-5)) == "AADSTS700024"
    assert await sign_in(clients, ours, signed(ours, sub="somebody")) == "AADSTS700027"
    assert await sign_in(clients, ours, "no token") == "AADSTS50027"
    clients.tenant.advance(31 * 86_400)
    assert await sign_in(clients, ours, signed(ours)) == "AADSTS700027"


async def federate(clients: Clients, ours: Registered, **more: Any) -> httpx.Response:
    endpoints = clients.tenant.endpoints
    body = {
        "name": "proof",
        "issuer": f"{endpoints['authority']}/{endpoints['tenantId']}/v2.0",
        "subject": endpoints["managedIdentity"]["objectId"],
        "audiences": [EXCHANGE],
        **more,
    }
    return await clients.ask_graph("POST", f"/applications/{ours.id}/federatedIdentityCredentials", body)


async def our_token(clients: Clients) -> str:
    return str((await clients.credential.get_token(f"{EXCHANGE}/.default")).token)


async def test_a_federated_credential_lets_the_managed_identity_sign_in_as_the_application(clients: Clients) -> None:
    ours, token = await clients.register(), await our_token(clients)
    assert await sign_in(clients, ours, token) == "AADSTS70021"
    made = await federate(clients, ours)
    assert made.status_code == 201
    assert await sign_in(clients, ours, token) == ""
    assert (await federate(clients, ours)).status_code == 409
    assert (await federate(clients, ours, name="again")).status_code == 400
    path = f"/applications/{ours.id}/federatedIdentityCredentials/{made.json()['id']}"
    gone = [await clients.ask_graph("DELETE", path) for _ in range(2)]
    assert [answer.status_code for answer in gone] == [204, 404]
    assert await sign_in(clients, ours, token) == "AADSTS70021"


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"issuer": "https://login.example/v2.0"}, "AADSTS700211"),
        ({"subject": "somebody"}, "AADSTS700213"),
        ({"audiences": ["api://AzureADTokenExchangeChina"]}, "AADSTS700212"),
    ],
)
async def test_a_wrong_value_is_accepted_and_shows_itself_at_sign_in(
    clients: Clients, wrong: dict[str, Any], expected: str
) -> None:
    ours = await clients.register()
    assert (await federate(clients, ours, **wrong)).status_code == 201
    assert await sign_in(clients, ours, await our_token(clients)) == expected


async def test_a_token_that_entra_did_not_sign_is_no_assertion(clients: Clients) -> None:
    ours = await clients.register()
    await federate(clients, ours)
    claims = jwt.decode(await our_token(clients), options={"verify_signature": False})
    assert (
        await sign_in(clients, ours, jwt.encode(claims, "somebody's own key" * 4, algorithm="HS512")) == "AADSTS50013"
    )


async def test_no_more_than_twenty_and_only_by_the_owner(clients: Clients) -> None:
    ours = await clients.register()
    answers = [await federate(clients, ours, name=f"proof-{n}", subject=f"s{n}") for n in range(21)]
    assert [answer.status_code for answer in answers] == [201] * 20 + [400]
    foreign = clients.tenant.administrator.register_application("foreign")
    body = {"name": "proof", "issuer": "https://x", "subject": "y", "audiences": [EXCHANGE]}
    refused = await clients.ask_graph("POST", f"/applications/{foreign.id}/federatedIdentityCredentials", body)
    assert refused.status_code == 403


async def test_both_take_time_to_arrive(clients_of: OpenClients) -> None:
    async with Tenant(preset="calm", clock=0) as tenant, clients_of(tenant) as clients:
        ours, token = await clients.register(), await our_token(clients)
        tenant.misbehave(Preset(token_lag=(60, 60)))
        await patch(clients, ours, entry(certificate()))
        await federate(clients, ours)
        assert await sign_in(clients, ours, signed(ours)) == "AADSTS700027"
        assert await sign_in(clients, ours, token) == "AADSTS70021"
        tenant.advance(61)
        assert await sign_in(clients, ours, signed(ours)) == ""
        assert await sign_in(clients, ours, token) == ""
