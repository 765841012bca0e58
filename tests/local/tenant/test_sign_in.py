"""The simulated login gives what Entra gives, and refuses what Entra refuses."""

from __future__ import annotations

import base64
import hashlib
import ssl
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from local.tenant import Tenant

VERIFIER = "v" * 64
HOME = "http://127.0.0.1:7071/"
ORIGIN = {"Origin": "http://127.0.0.1:7071"}


def asked(tenant: Tenant, **changes: str | None) -> dict[str, str]:
    digest = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    usual = {
        "client_id": tenant.people.client_id,
        "redirect_uri": HOME,
        "response_type": "code",
        "response_mode": "fragment",
        "scope": f"openid profile offline_access {tenant.people.client_id}/access",
        "state": "s",
        "nonce": "n",
        "code_challenge": digest,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


class Login:
    """A browser without a page."""

    def __init__(self, tenant: Tenant, client: httpx.AsyncClient) -> None:
        self.tenant = tenant
        self.client = client
        self.path = f"/{tenant.world.tenant_id}/oauth2/v2.0"

    async def code(self, *roles: str) -> str:
        person = self.tenant.people.with_roles(*roles)
        answer = await self.client.get(f"{self.path}/authorize", params=asked(self.tenant, person=person.id))
        assert answer.status_code == 302
        back = urlsplit(answer.headers["location"])
        assert (f"{back.scheme}://{back.netloc}{back.path}", back.query) == (HOME, "")
        said = parse_qs(back.fragment)
        assert said["state"] == ["s"]
        return said["code"][0]

    async def token(self, headers: dict[str, str] = ORIGIN, **changes: Any) -> httpx.Response:
        form = {"client_id": self.tenant.people.client_id, "redirect_uri": HOME, "code_verifier": VERIFIER, **changes}
        return await self.client.post(f"{self.path}/token", data=form, headers=headers)


@pytest.fixture
async def login(tenant: Tenant) -> Any:
    trust = ssl.create_default_context(cafile=tenant.endpoints["caBundle"])
    async with httpx.AsyncClient(base_url=tenant.endpoints["authority"], verify=trust) as client:
        yield Login(tenant, client)


async def test_a_code_gives_tokens_once_and_is_renewed(login: Login) -> None:
    code = await login.code("Operator")
    given = (await login.token(grant_type="authorization_code", code=code)).json()
    access = jwt.decode(given["access_token"], options={"verify_signature": False})
    told = jwt.decode(given["id_token"], options={"verify_signature": False})
    assert (access["scp"], access["roles"], access["ver"]) == ("access", ["Operator"], "2.0")
    assert access["aud"] == told["aud"] == login.tenant.people.client_id
    assert (told["nonce"], "scp" in told) == ("n", False)
    again = await login.token(grant_type="authorization_code", code=code)
    assert (again.status_code, "AADSTS70008" in again.text) == (400, True)
    scope = asked(login.tenant)["scope"]
    renewed = await login.token(grant_type="refresh_token", refresh_token=given["refresh_token"], scope=scope)
    assert renewed.headers["access-control-allow-origin"] == ORIGIN["Origin"]
    assert set(renewed.json()) >= {"access_token", "refresh_token", "expires_in"}
    without = await login.token(grant_type="refresh_token", refresh_token=given["refresh_token"])
    assert "AADSTS90009" in without.text
    login.tenant.people.end_sessions()
    ended = await login.token(grant_type="refresh_token", refresh_token=given["refresh_token"], scope=scope)
    assert "AADSTS700084" in ended.text


@pytest.mark.parametrize(
    ("headers", "changes", "code"),
    [({}, {}, "AADSTS9002327"), (ORIGIN, {"code_verifier": "w" * 64}, "AADSTS501481"),
     (ORIGIN, {"redirect_uri": "http://127.0.0.1:1/"}, "AADSTS50011"), (ORIGIN, {"client_id": "x"}, "AADSTS700016")],
)  # fmt: skip
async def test_a_code_is_worth_nothing_to_others(
    login: Login, headers: dict[str, str], changes: dict[str, str], code: str
) -> None:
    given = await login.token(headers, grant_type="authorization_code", code=await login.code("Reader"), **changes)
    assert (given.status_code, code in given.text) == (400, True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"client_id": "x"}, "AADSTS700016"), ({"redirect_uri": "https://evil.example/"}, "AADSTS50011"),
     ({"code_challenge": None}, "AADSTS9002325"), ({"code_challenge_method": "plain"}, "AADSTS9002325"),
     ({"response_type": "token"}, "AADSTS9002325"), ({"scope": "openid api://x/access"}, "AADSTS90009")],
)  # fmt: skip
async def test_what_the_registration_does_not_allow_never_leads_back(
    login: Login, changes: dict[str, str | None], code: str
) -> None:
    answer = await login.client.get(f"{login.path}/authorize", params=asked(login.tenant, **changes))
    assert (answer.status_code, code in answer.text) == (400, True)


async def test_a_key_that_is_changed_stays_known_unless_it_is_withdrawn(login: Login) -> None:
    people = login.tenant.people
    old = people.published()["keys"][0]["kid"]
    people.change_keys()
    assert [key["kid"] for key in people.published()["keys"]][1:] == [old]
    people.change_keys(at_once=True)
    listed = (await login.client.get(f"/{login.tenant.world.tenant_id}/discovery/v2.0/keys")).json()["keys"]
    assert (len(listed), listed[0]["kid"] == old) == (1, False)
